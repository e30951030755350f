from __future__ import annotations

import datetime as dt
import io
import json
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomap
from geomap.errors import (
    DocumentError,
    GazetteerError,
    MissingExtraError,
    OptionError,
    reading,
    shown,
    well_formed,
)
from geomap.model import Document, read_date
from geomap.text.markup import decoded_page, text_of_html
from geomap.text.reading import read_documents, read_file

GOOD = "Thousands fled Goma on Monday."


def read(name: str, raw: bytes) -> list[Document | DocumentError]:
    return list(read_file(name, io.BytesIO(raw)))


def row(**values) -> bytes:
    return json.dumps({"id": "a", "text": GOOD, **values}).encode()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


# One boundary


def test_whatever_goes_wrong_in_a_document_is_an_error_that_names_it():
    for fault in (
        ZeroDivisionError("x"),
        RecursionError(),
        MemoryError(),
        KeyError("k"),
        OSError(5),
    ):
        with pytest.raises(DocumentError, match=r"^a\.txt: it ") as caught, reading("a.txt"):
            raise fault
        assert caught.value.source == "a.txt"
        assert caught.value.__cause__ is fault


def test_what_is_no_fault_of_the_document_is_not_said_to_be_one():
    with pytest.raises(GazetteerError, match="damaged"), reading("a.txt"):
        raise GazetteerError("damaged")
    with pytest.raises(KeyboardInterrupt), reading("a.txt"):
        raise KeyboardInterrupt
    with pytest.raises(DocumentError, match="pip install"), reading("a.pdf"):
        raise MissingExtraError("pypdf", "documents")


def test_a_text_on_which_the_parse_fails_is_one_document_that_fails(monkeypatch, gaz):
    def fail(_story):
        raise OverflowError("date value out of range")

    monkeypatch.setattr("geomap.geoparser.find_events", fail)
    parser = geomap.Geoparser(gaz)
    with pytest.raises(DocumentError, match=r"^7: it cannot be read \(OverflowError"):
        parser.parse(Document("7", GOOD))
    assert [doc.id for doc, _ in parser.parse_many([Document("7", GOOD)])] == ["7"]


def test_a_message_is_short_whatever_the_value():
    assert len(shown("x" * 10**6)) < 120
    assert "too large" in shown(10**5000)
    assert len(str(DocumentError("a", "x" * 10**6))) < 600
    assert len(str(OptionError("published", ["x"] * 10**5, "a date"))) < 200


# One bad file, row or member fails alone: the table of the attack


PARQUET = b"PAR1 this is none PAR1"
BAD = {
    "bad.parquet": PARQUET,
    "bad.csv": b"id,body\n1,x\n",
    "odd.txt": "People".encode("utf-16") + b"\0",
    "deep.jsonl": b'{"id": "d", "text": ' + b"[" * 100_000,
    "latin.jsonl": '{"id": "d", "text": "Düsseldorf"}'.encode("latin-1"),
    "first.jsonl": row(published="0001-01-01T00:00:00"),
    "last.jsonl": row(published="9999-12-31T23:59:59-12:00"),
    "number.jsonl": row(published=20240515),
    "list.jsonl": row(id=[["a"]]),
    "title.jsonl": row(title={"a": 1}),
    "notext.jsonl": row(text=5),
    "huge.jsonl": b'{"id": ' + b"9" * 5_000 + b', "text": "x"}',
    "broken.zip": b"PK\x03\x04 broken",
    "broken.docx": zipped({"word/document.xml": b"<a"}),
    "broken.pdf": b"%PDF-1.4 broken",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_between_two_good_ones_costs_itself_alone(tmp_path, name):
    (tmp_path / "a.txt").write_text(GOOD)
    (tmp_path / "z.txt").write_text(GOOD)
    (tmp_path / name).write_bytes(BAD[name])
    found = list(read_documents(str(tmp_path)))
    assert [d.id for d in found if isinstance(d, Document)] == ["a", "z"]
    (error,) = (d for d in found if isinstance(d, DocumentError))
    assert error.source.startswith(name)


@pytest.mark.parametrize(
    "front", [b"published = ", b"\xff", b"published = 10:00:00", b"title = [1]"]
)
def test_a_bad_file_beside_a_text_costs_that_text_and_is_named(tmp_path, front):
    (tmp_path / "a.txt").write_text(GOOD)
    (tmp_path / "z.txt").write_text(GOOD)
    (tmp_path / "a.toml").write_bytes(front)
    error, good = read_documents(str(tmp_path))
    assert isinstance(error, DocumentError)
    assert error.source == "a.txt"
    assert good.id == "z"


def test_one_bad_line_costs_one_line():
    latin = '{"id": "l", "text": "Düsseldorf"}'.encode("latin-1")
    found = read("a.jsonl", b"\n".join([row(id=1), latin, b"[" * 100_000, b"7", row(id=2)]))
    assert [getattr(d, "id", "") for d in found] == ["1", "", "", "", "2"]
    assert [d.source for d in found[1:4]] == ["a.jsonl:2", "a.jsonl:3", "a.jsonl:4"]


def test_lines_of_a_table_may_end_as_old_spreadsheets_end_them():
    for end in ("\n", "\r\n", "\r"):
        found = read("a.csv", end.join(["id,text", f'a,"{GOOD}\r\nMore."', f"b,{GOOD}"]).encode())
        assert [d.id for d in found] == ["a", "b"]
        assert found[0].text == f"{GOOD}\r\nMore."


def test_a_utf16_file_of_lines_is_read():
    assert [d.id for d in read("a.jsonl", (row(id="ü") + b"\n").decode().encode("utf-16"))] == ["ü"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_of_an_archive_costs_itself_alone(method):
    raw = zipped({"a.txt": (GOOD * 99).encode(), "b.txt": (GOOD * 98).encode()}, method)
    at = raw.index(b"a.txt") + 25
    error, good = read("pack.zip", raw[:at] + b"\xff" * 8 + raw[at + 8 :])
    assert isinstance(error, DocumentError)
    assert error.source == "pack.zip/a.txt"
    assert good.id == "b"


def test_names_in_an_archive_never_become_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = read(
        "pack.zip", zipped({"x" * 300 + ".txt": GOOD.encode(), "../up.txt": GOOD.encode()})
    )
    assert [d.id for d in found] == ["x" * 300, "up"]
    assert list(tmp_path.iterdir()) == []


# What is read can be written


def test_half_a_character_in_a_file_is_a_mark_of_its_own_length():
    (doc,) = read("a.jsonl", rb'{"id": "\ud83d", "text": "Many fled \ud83d", "title": "\udc00"}')
    assert (doc.id, doc.text, doc.title) == ("\ufffd", "Many fled \ufffd", "\ufffd")
    (whole,) = read("a.jsonl", rb'{"text": "Many fled Goma \ud83d\ude00"}')
    assert whole.text.endswith("😀")


@given(st.text(st.characters(codec=None), max_size=20))
def test_well_formed_text_can_be_written_and_keeps_its_offsets(text):
    told = well_formed(text)
    assert len(told) == len(text)
    assert told.encode().decode() == told
    assert well_formed(told) == told


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"id": 1}, "its id is int"),
        ({"text": b"x"}, "its text is bytes"),
        ({"title": None}, "its title is NoneType"),
        ({"text": "a \ud83d b"}, r"half of a character pair \(U\+D83D at 2\)"),
        ({"published": "2024-05-15"}, "published is str"),
        ({"published": dt.datetime.fromisoformat("9999-12-31T23:59:59-12:00")}, "the calendar"),
    ],
)
def test_a_document_that_no_file_could_hold_is_not_made(values, says):
    with pytest.raises(DocumentError, match=says):
        Document(**{"id": "a", "text": GOOD, **values})


@pytest.mark.parametrize("day", ["0001-01-01T00:00:00", "9999-12-31", "0999-12-31", "3000-01-01"])
def test_a_day_of_publication_at_the_end_of_the_calendar_is_refused(day):
    with pytest.raises(OptionError, match="within the years 1000 to 2999"):
        read_date(day)
    with pytest.raises(DocumentError, match="within the years"):
        geomap.parse(Document("a", GOOD, published=dt.date.fromisoformat(day[:10])))
    for value in (5, [], b"2024-05-15"):
        with pytest.raises(OptionError, match="an ISO date"):
            read_date(value)


def test_a_day_without_a_zone_is_the_day_that_it_says_wherever_it_is_read():
    doc = Document("a", GOOD, published=dt.datetime(2024, 5, 15, 23, 30))  # noqa: DTZ001
    assert geomap.parse(doc).document.published == dt.date(2024, 5, 15)


def test_a_date_of_another_notation_is_none_and_that_is_said():
    (doc,) = read("a.jsonl", row(published="15 May 2024"))
    assert doc.published is None
    assert any("no publication date" in w for w in geomap.parse(doc).warnings)


# Web pages


@pytest.mark.parametrize(
    "page",
    [
        f"<form action=x><h1>News</h1><p>{GOOD}</p></form>",
        f"<aside>Advertisement<p>{GOOD}</p><footer>(c)</footer>",
        f"<nav><a href=/>Menu</a><p>{GOOD}</p>",
        f"<aside><p>{GOOD}</p></aside>",
        f"<head><title>News<body><p>{GOOD}",
        f"<p title='never closed>{GOOD}</p><p>{GOOD}</p>",
        f"<svg/><p>{GOOD}</p>",
        f"{GOOD} <![CDATA[x]]><![if x]><![CD",
        f"<p>{GOOD}</p><!-- never closed",
        f"<p>&#{'9' * 6_000}; {GOOD}</p>",
        f"1 < 2 <b>{GOOD}</b",
    ],
)
def test_a_page_keeps_its_text_whatever_it_forgot_to_close(page):
    assert GOOD in text_of_html(page)[1]


def test_menus_margins_programs_and_fields_are_no_text():
    title, text = text_of_html(
        "<title>Flight &amp; return</title><script>if (a<b) 'Paris'</script><nav>Menu</nav>"
        f"<form><p>{GOOD}</p><select><option>Ukraine</select><button>Send</button></form>"
        "<aside>Read <aside>more</aside> here</aside><svg><title>Icon</title></svg>"
        "<footer>(c)</footer>"
        "<a title='x > y'>there</a><style>London"
    )
    assert (title, text) == ("Flight & return", f"{GOOD}\n\nthere")


@pytest.mark.parametrize(
    "pattern",
    [
        "<a ",
        "<p ",
        "<a b='",
        "<!--",
        "<![CD",
        "</",
        "<nav>",
        "<nav></aside>",
        "<script>",
        "&#1",
        "<a =",
    ],
)
def test_a_page_costs_its_length(pattern):
    since = time.process_time()
    text_of_html(pattern * (200_000 // len(pattern)) + ">")
    assert time.process_time() - since < 1.5  # the parser of the standard library: minutes


@pytest.mark.parametrize(
    ("encoding", "declared", "meta"),
    [
        ("windows-1252", "windows-1252", ""),
        ("windows-1252", "", "windows-1252"),
        ("windows-1252", "iso-8859-1", ""),
        ("windows-1252", "no-such-encoding", "iso-8859-1"),
        ("windows-1252", "zlib", "utf-16"),
        ("utf-8", "iso-8859-1", "iso-8859-1"),
        ("utf-16", "", ""),
    ],
)
def test_a_page_keeps_its_letters(encoding, declared, meta):
    page = f"<meta charset='{meta}'><p>Près de Béni — 4 000".encode(encoding)
    told = decoded_page(page, declared)
    if (declared, meta) == ("zlib", "utf-16"):  # neither can be true, so that nothing is known
        assert told is None
    else:
        assert told.endswith("Près de Béni — 4 000")


def test_a_saved_page_is_read_in_the_encoding_that_it_names():
    page = f"<meta charset=windows-1252><p>Près de Béni. {GOOD}".encode("cp1252")
    assert read("a.html", page)[0].text.startswith("Près de Béni.")


# Bounds on what is unpacked


def parquet(columns, **options) -> bytes:
    pa = pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    pq = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd", **options)
    return out.getvalue()


def test_a_parquet_table_is_read_with_its_days_and_its_missing_cells():
    day = dt.datetime(2024, 5, 15, 10, tzinfo=dt.UTC)
    found = read(
        "a.parquet", parquet({"id": [1, 2], "text": [GOOD, None], "published": [day, None]})
    )
    assert (found[0].id, found[0].published) == ("1", day)
    assert found[1].source == "a.parquet:2"


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({"text": ["x" * 1_000_000] * 50}, {}),
        ({"text": [f"{n}" + "x" * 1_000_000 for n in range(20)]}, {"use_dictionary": False}),
        ({"text": ["x"] * 30_000}, {}),
        ({"text": [""] * 30_000}, {}),
    ],
)
def test_a_parquet_table_that_unpacks_to_too_much_says_so_before_it_does(columns, options):
    raw = parquet(columns, **options)
    found = read("bomb.parquet", raw)
    assert "unpacks to" in str(found[-1])
    assert sum(len(d.text) for d in found if isinstance(d, Document)) <= 200 * max(len(raw), 10_000)


def test_a_parquet_table_of_lists_or_without_text_is_told():
    for columns in ({"text": [[["x" * 1_000] * 1_000]] * 50}, {"body": ["x"]}):
        (*_, error) = read("a.parquet", parquet(columns))
        assert "no 'text'" in str(error) or "no column 'text'" in str(error)


def test_a_damaged_parquet_table_does_not_end_the_process():
    raw = parquet({"id": ["a", "b"], "text": [None, ""], "published": ["2024-05-15", None]})
    # Each byte of the description at the end of the file, which pyarrow believes in places.
    for at in range(len(raw) - 8 - int.from_bytes(raw[-8:-4], "little"), len(raw), 3):
        for value in (0, raw[at] ^ 1, 0xFF):
            found = read("a.parquet", raw[:at] + bytes([value]) + raw[at + 1 :])
            assert all(isinstance(d, Document | DocumentError) for d in found)
