from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import pytest
from conftest import SEED

from geomap.cli import main

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
