from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import jsonschema
import pytest
from conftest import SEED

from geomap.cli import main
from geomap.geoparser import Geoparser

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "docs" / "schema" / "parsed.schema.json").read_text(
        encoding="utf-8"
    )
)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_parse_writes_lines_that_keep_the_schema(tmp_path):
    out = tmp_path / "seed.jsonl"
    assert main(["parse", str(SEED), "--published", "2023-09-25", "-o", str(out)]) == 0
    (line,) = lines(out)
    jsonschema.validate(line, SCHEMA)
    assert line["published"] == "2023-09-25"
    assert len(line["movements"]) == 3


def test_parse_without_out_prints_a_summary(capsys):
    assert main(["parse", str(SEED)]) == 0
    printed = capsys.readouterr().out
    assert "2,900 from Nagorno-Karabakh to Armenia [occurred, cumulative]" in printed


def test_map_and_export_write_files(tmp_path):
    assert main(["map", str(SEED), "-o", str(tmp_path / "map.html")]) == 0
    assert (tmp_path / "map.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["export", str(SEED), "-o", str(tmp_path / "layers")]) == 0
    assert sorted(p.name for p in (tmp_path / "layers").iterdir()) == [
        "event_areas.geojson",
        "events.geojson",
        "movements.geojson",
        "places.geojson",
    ]


@pytest.fixture
def bad(tmp_path):
    def make(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return make


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.txt", b"  \n", "empty"),
        ("binary.txt", b"MZ\x00\x01", "binary"),
        ("latin.txt", "Düsseldorf fällt".encode("latin-1"), "UTF-8"),
        ("table.csv", b"id,body\n1,x\n", "'text'"),
        ("page.pdf", b"%PDF", "cannot be read"),
        ("page.odt", b"x", "not read"),
    ],
)
def test_a_bad_file_is_one_clear_line_and_a_code(bad, capsys, name, content, says):
    assert main(["parse", bad(name, content)]) == 1
    err = capsys.readouterr().err.strip().split("\n")
    assert says in err[0]
    assert name in err[0]
    assert all(line.startswith("geomap:") for line in err)


def test_a_missing_file_and_an_empty_folder(tmp_path, capsys):
    assert main(["parse", str(tmp_path / "none.txt")]) == 1
    assert main(["parse", str(tmp_path)]) == 1
    assert "holds no .txt" in capsys.readouterr().err


def test_a_date_that_is_none(capsys):
    assert main(["parse", str(SEED), "--published", "tomorrow"]) == 1
    assert "'tomorrow'" in capsys.readouterr().err


def test_a_batch_goes_on_and_marks_what_it_skipped(bad, tmp_path, capsys):
    rows = [
        {"id": "a", "text": "People fled Goma."},
        {"id": "b"},
        {"id": "c", "text": "People fled Rafah.", "date": "2024-05-15"},
        {"id": "d", "text": "x", "published": "2024-99-99"},
    ]
    source = bad("many.jsonl", ("\n".join(json.dumps(r) for r in rows) + "\nnot json\n").encode())
    out = tmp_path / "out.jsonl"
    assert main(["parse", source, "-o", str(out)]) == 0
    written = lines(out)
    assert [bool(line.get("error")) for line in written] == [False, True, False, True, True]
    for line in written:
        jsonschema.validate(line, SCHEMA)
    assert "2 documents read, 3 skipped" in capsys.readouterr().err
    assert main(["parse", source, "-o", str(out), "--strict"]) == 1


def test_five_megabytes_in_one_line(bad, tmp_path):
    source = bad("long.txt", b"Thousands fled Goma for Rwanda. " * 20_000)
    assert main(["parse", source, "-o", str(tmp_path / "o.jsonl")]) == 0


def test_nothing_half_written_when_the_input_is_bad(tmp_path):
    out = tmp_path / "out.jsonl"
    assert main(["parse", str(tmp_path / "none.txt"), "-o", str(out)]) == 1
    assert list(tmp_path.iterdir()) == []


def test_html_is_read_without_its_scripts(bad, tmp_path):
    source = bad(
        "page.html",
        b"<html><head><title>Flight</title><script>Paris</script></head><body><p>People fled"
        b" Goma.</p><script>London</script></body></html>",
    )
    out = tmp_path / "o.jsonl"
    assert main(["parse", source, "-o", str(out)]) == 0
    assert [t["name"] for t in lines(out)[0]["toponyms"]] == ["Goma"]
    assert lines(out)[0]["title"] == "Flight"


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": io.BytesIO(b"People fled Goma.")})())
    assert main(["parse", "-"]) == 0
    assert "Goma (COD)" in capsys.readouterr().out


def test_gazetteer_questions(capsys):
    assert main(["gazetteer", "lookup", "Stepanakert"]) == 0
    assert "geonames:146970" in capsys.readouterr().out
    assert main(["gazetteer", "lookup", "Zxqville"]) == 1
    assert main(["gazetteer", "info"]) == 0


@pytest.mark.parametrize(
    "command", [[], ["parse"], ["map"], ["export"], ["dashboard"], ["gazetteer"]]
)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert "usage: geomap" in capsys.readouterr().out


# A batch that is stopped, and one of which a part fails


@pytest.fixture
def batch(tmp_path):
    rows = [{"id": f"d{n}", "text": f"{n} people fled Goma." if n != 2 else ""} for n in range(6)]
    source = tmp_path / "in" / "many.jsonl"
    source.parent.mkdir()
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return source


@pytest.fixture
def at_document(monkeypatch):
    """Have something happen when a document comes to be parsed."""
    read = Geoparser.parse
    parsed = []

    def begin(ident, happen):
        def parse(self, doc, **options):
            if doc.id == ident:
                happen()
            parsed.append(doc.id)
            return read(self, doc, **options)

        monkeypatch.setattr(Geoparser, "parse", parse)
        parsed.clear()
        return parsed

    return begin


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_stopped_batch_is_one_line_and_goes_on_where_it_stopped(
    batch, tmp_path, capsys, at_document, number, code
):
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert main(["parse", str(batch), "-o", str(whole)]) == 0
    capsys.readouterr()
    at_document("d4", lambda: os.kill(os.getpid(), number))
    assert main(["parse", str(batch), "-o", str(out)]) == code
    said = [x for x in capsys.readouterr().err.splitlines() if "skipped" not in x]
    (part,) = tmp_path.glob("*.part")
    assert said == [
        f"geomap: stopped; 4 finished lines are kept in {part}; the same command goes on there"
    ]
    assert not out.exists()
    parsed = at_document("", lambda: None)
    assert main(["parse", str(batch), "-o", str(out)]) == 0
    assert parsed == ["d4", "d5"]
    assert out.read_bytes() == whole.read_bytes()
    assert "5 documents read, 1 skipped" in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"in", "whole.jsonl", "out.jsonl"}
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_stop_that_an_extension_turns_into_an_error_of_its_own_is_still_a_stop(
    batch, tmp_path, capsys, at_document
):
    def loading():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(100):
                pass
        except KeyboardInterrupt as error:
            raise ImportError("numpy failed to import") from error

    at_document("d4", loading)
    assert main(["parse", str(batch), "-o", str(tmp_path / "out.jsonl")]) == 143
    assert "d4" not in capsys.readouterr().err
    (part,) = tmp_path.glob("*.part")
    assert [line["id"] for line in lines(part)] == ["d0", "d1", "many.jsonl:3", "d3"]


def test_a_batch_that_is_stopped_before_anything_is_finished_leaves_nothing(
    batch, tmp_path, at_document
):
    at_document("d0", lambda: os.kill(os.getpid(), signal.SIGTERM))
    for command in (["parse", "-o", "o.jsonl"], ["map", "-o", "m.html"], ["export", "-o", "l"]):
        name = str(tmp_path / command[2])
        assert main([command[0], str(batch), "-o", name]) == 143
        assert {p.name for p in tmp_path.iterdir()} == {"in"}


def test_a_line_that_a_kill_cut_off_is_written_anew(batch, tmp_path, at_document):
    out = tmp_path / "out.jsonl"
    at_document("d4", lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["parse", str(batch), "-o", str(out)]) == 143
    (part,) = tmp_path.glob("*.part")
    for cut in (-1, -20, "é".encode()[:1]):
        raw = part.read_bytes()
        part.write_bytes(raw + cut if isinstance(cut, bytes) else raw[:cut])
        at_document("d5", lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert main(["parse", str(batch), "-o", str(out)]) == 143
    at_document("", lambda: None)
    assert main(["parse", str(batch), "-o", str(out)]) == 0
    assert [line["id"] for line in lines(out)] == ["d0", "d1", "many.jsonl:3", "d3", "d4", "d5"]


def test_another_run_does_not_go_on_with_what_this_one_left(batch, tmp_path, capsys, at_document):
    out = tmp_path / "out.jsonl"
    at_document("d4", lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert main(["parse", str(batch), "-o", str(out)]) == 143
    (part,) = tmp_path.glob("*.part")
    kept = part.read_bytes()
    parsed = at_document("", lambda: None)
    assert main(["parse", str(batch), "-o", str(out), "--published", "2024-05-15"]) == 0
    assert len(parsed) == 5
    assert f"{part} is of a run on other files or with other options" in capsys.readouterr().err
    with batch.open("a") as file:
        file.write("\n")
    parsed.clear()
    assert main(["parse", str(batch), "-o", str(out)]) == 0
    assert len(parsed) == 5
    assert part.read_bytes() == kept


def test_two_runs_of_one_command_do_not_write_into_each_other(batch, tmp_path, capsys, at_document):
    out = tmp_path / "out.jsonl"
    codes = []
    at_document("d4", lambda: codes.append(main(["parse", str(batch), "-o", str(out)])))
    assert main(["parse", str(batch), "-o", str(out)]) == 0
    assert codes == [1]
    assert "another process is writing" in capsys.readouterr().err
    assert len(lines(out)) == 6


def test_a_document_that_cannot_be_read_or_written_fails_alone(
    batch, tmp_path, capsys, monkeypatch, at_document
):
    out = tmp_path / "out.jsonl"

    def fail():
        raise OverflowError("date value out of range")

    import geomap.geoparser

    find = geomap.geoparser.find_events
    monkeypatch.setattr(
        "geomap.geoparser.find_events",
        lambda story: fail() if story.doc.id == "d3" else find(story),
    )
    assert main(["parse", str(batch), "-o", str(out)]) == 0
    assert [bool(line.get("error")) for line in lines(out)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    err = capsys.readouterr().err.splitlines()
    assert err[-1] == "geomap: 4 documents read, 2 skipped"
    assert [line for line in err if "d3" in line] == [
        "geomap: skipped d3: it cannot be read (OverflowError: date value out of range)"
    ]
    assert main(["parse", str(batch), "-o", str(out), "--strict"]) == 1
    for command in ("map", "export"):
        assert main([command, str(batch), "-o", str(tmp_path / command)]) == 0
        assert "4 documents read, 2 skipped" in capsys.readouterr().err


def test_a_folder_with_every_bad_file_of_the_attack_still_gives_its_good_texts(tmp_path, capfd):
    from test_reading import BAD

    folder = tmp_path / "in"
    folder.mkdir()
    for name, raw in BAD.items():
        (folder / name).write_bytes(raw)
    for name in ("a.txt", "z.txt"):
        (folder / name).write_text("People fled Goma.", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["parse", str(folder), "-o", str(out)]) == 0
    assert [line["id"] for line in lines(out) if "error" not in line] == ["a", "z"]
    for line in lines(out):
        jsonschema.validate(line, SCHEMA)
    err = capfd.readouterr().err.splitlines()
    assert len(err) == len(BAD) + 1  # what libraries log of a damaged file is not said again
    assert all(line.startswith("geomap: ") for line in err)


def test_a_missing_file_a_bad_table_and_a_dead_feed_do_not_keep_a_case_from_the_rest(
    tmp_path, capsys
):
    case, good = str(tmp_path / "c.gpkg"), tmp_path / "good.txt"
    good.write_text("People fled Goma for Rwanda.", encoding="utf-8")
    bad, table = tmp_path / "bad.csv", tmp_path / "flows.csv"
    header = "year,coo_iso,coa_iso,refugees\n"
    bad.write_text(f"{header}2020,SYR,TUR,5\n2021,SYR,TUR,1e30\n", encoding="utf-8")
    table.write_text(f"{header}2022,SYR,TUR,7\n", encoding="utf-8")
    assert main(["case", "new", case]) == 0
    words = ["case", "add", case, str(tmp_path / "none.txt"), str(good)]
    words += [
        "--feed",
        "file:///etc/hostname",
        "--unhcr-flows",
        str(bad),
        "--unhcr-flows",
        str(table),
    ]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "1 added, 0 known before, 3 failed, 2 years of flows" in told.out
    assert len(told.err.splitlines()) == 3
    assert main([*words, "--strict"]) == 1


def test_the_help_of_parse_says_how_a_stopped_run_goes_on(capsys):
    with pytest.raises(SystemExit):
        main(["parse", "--help"])
    assert "the same command on the same files goes on from there" in " ".join(
        capsys.readouterr().out.split()
    )
