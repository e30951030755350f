"""Files and folders -> Documents.

Texts, web pages, Word and PDF files, tables, archives and folders of them, or standard input ("-").
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from geomap.errors import DocumentError, reading, shown, well_formed
from geomap.model import Document, read_date
from geomap.text.markup import decoded_page, text_of_html
from geomap.text.office import members_of_zip, rows_of_parquet, text_of_docx, text_of_pdf

SUFFIXES = (".txt", ".html", ".htm", ".docx", ".pdf", ".jsonl", ".csv", ".parquet", ".zip")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].{1,40})?$")
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What a row may say of its text; the other columns of a table are not looked at.
_COLUMNS: Final = ("id", "text", "title", "source", "url", "published", "date")
# The largest number that the csv module takes everywhere; a cell may hold a whole article.
_LARGEST_CELL: Final = 2**31 - 1

Read = Document | DocumentError  # a bad row or file does not end a batch
Front = Mapping[str, Any]  # what a file beside a text says of it: published, source, url, title


def read_documents(source: str) -> Iterator[Read]:
    """Yield the documents of a file, a folder or "-".

    What cannot be read, a file or one row of it, is yielded as its error, and the rest go on.

    Raises
    ------
    DocumentError
        When `source` itself is missing, a folder without texts, or of a kind that is not read.

    """
    if source == "-":
        yield from read_file("-", sys.stdin.buffer)
        return
    for path in files_of(source):
        yield from _guarded(path.name, _opened(path))


def files_of(source: str) -> list[Path]:
    """Return the files of a folder that are read, in order, or the one file.

    Raises
    ------
    DocumentError
        When `source` is missing, a folder without texts, or of a kind that is not read.

    """
    path = Path(source)
    with reading(source):
        if path.is_dir():
            files = sorted(
                p for p in path.rglob("*") if p.suffix.casefold() in SUFFIXES and p.is_file()
            )
            if not files:
                raise DocumentError(source, f"the folder holds no {', '.join(SUFFIXES)} file")
            return files
        if not path.exists():
            raise DocumentError(source, "no such file or folder")
    if path.suffix.casefold() not in SUFFIXES:
        raise DocumentError(
            source, f"files of kind '{path.suffix}' are not read; use {', '.join(SUFFIXES)}"
        )
    return [path]


def read_file(name: str, file: BinaryIO, front: Front | None = None) -> Iterator[Read]:
    """Yield the documents of an open file; its name tells the kind, and nothing else is opened.

    The boundary of a file: whatever goes wrong in it is yielded as an error that names it, or its
    row.
    """
    reader = _READERS.get(Path(name).suffix.casefold(), _read_text)
    yield from _guarded(name, reader(name, file, front or {}))


def _opened(path: Path) -> Iterator[Read]:
    with path.open("rb") as file:
        yield from read_file(path.name, file, _front(path))


def _guarded(name: str, found: Iterator[Read]) -> Iterator[Read]:
    """Pass on what is found in a file; what ends that early is yielded as the file's error."""
    try:
        with reading(name):
            yield from found
    except DocumentError as error:
        yield error


def _one(where: str, make: Callable[[], Front]) -> Read:
    """Return the document of one row or file, or its error: the boundary of a document."""
    try:
        with reading(where):
            return _document(make(), where)
    except DocumentError as error:
        return error


def _front(path: Path) -> Front:
    """Return what the file of the same name with the suffix .toml says of a text."""
    front = path.with_suffix(".toml")
    if not front.exists():
        return {}
    with reading(path.name, f"mend {front.name}, which tells of it, or take that file away"):
        return tomllib.loads(front.read_text(encoding="utf-8"))


def _document(values: Front, where: str) -> Document:
    text = values.get("text")
    if not isinstance(text, str):
        raise DocumentError(where, "it has no 'text'")
    if not text.strip():
        raise DocumentError(where, "the text is empty")
    told = {
        name: _words(value, where, name)
        for name in ("id", "title", "source", "url")
        if (value := values.get(name)) is not None and value != ""
    }
    # Programs that cut texts by their own units leave half a character at the end.
    return Document(
        told.pop("id", well_formed(where)),
        well_formed(text),
        published=_published(values.get("published") or values.get("date")),
        **told,
    )


def _words(value: object, where: str, name: str) -> str:
    if isinstance(value, list | dict | tuple | bytes):
        raise DocumentError(where, f"its {name} is {shown(value)}; it must be text or a number")
    return well_formed(str(value))


def _published(value: object) -> dt.date | dt.datetime | None:
    """Return a date of publication; text that is no ISO date is none, and the parse says so."""
    if isinstance(value, str):
        value = value.strip().replace(" ", "T", 1)
        if not _DATE.match(value):
            return None
    return read_date(value) if value else None  # type: ignore[arg-type]


# The readers, one a kind


def _read_text(name: str, file: BinaryIO, front: Front) -> Iterator[Read]:
    yield _one(name, lambda: {**front, "id": Path(name).stem, "text": decode(name, file.read())})


def _read_html(name: str, file: BinaryIO, front: Front) -> Iterator[Read]:
    def page() -> Front:
        raw = file.read()
        title, text = text_of_html((b"\0" not in raw and decoded_page(raw)) or decode(name, raw))
        return {"title": title, **front, "id": Path(name).stem, "text": text}

    yield _one(name, page)


def _read_office(name: str, file: BinaryIO, front: Front) -> Iterator[Read]:
    text_of = text_of_docx if Path(name).suffix.casefold() == ".docx" else text_of_pdf
    yield _one(name, lambda: {**front, "id": Path(name).stem, "text": text_of(name, file.read())})


def _read_zip(name: str, file: BinaryIO, _front: Front) -> Iterator[Read]:
    """Yield the documents of an archive; an archive within it is not opened."""
    for member, content in members_of_zip(name, file.read()):
        suffix = Path(member).suffix.casefold()
        if isinstance(content, DocumentError):
            yield content
        elif suffix not in SUFFIXES or suffix == ".zip":
            yield DocumentError(
                f"{name}/{member}", f"files of kind '{suffix}' in an archive are not read"
            )
        else:
            yield from read_file(member, io.BytesIO(content))


def _read_jsonl(name: str, file: BinaryIO, _front: Front) -> Iterator[Read]:
    for number, line in enumerate(_lines(name, file), start=1):
        if not line.strip():
            continue
        where = f"{name}:{number}"

        yield _one(where, partial(_object, where, line))


def _object(where: str, line: bytes | str) -> Front:
    text = line if isinstance(line, str) else decode(where, line)
    try:
        told = json.loads(text)
    except ValueError as error:
        raise DocumentError(where, f"this line is no JSON ({error})") from error
    if not isinstance(told, dict):
        raise DocumentError(where, "this line is no JSON object")
    return told


def _lines(name: str, file: BinaryIO) -> Iterator[bytes | str]:
    """Yield the lines of a file, undecoded, so that one bad byte costs one line."""
    mark = file.read(2)
    file.seek(0)
    yield from decode(name, file.read()).split("\n") if mark in _UTF16 else file


def _read_csv(name: str, file: BinaryIO, _front: Front) -> Iterator[Read]:
    csv.field_size_limit(_LARGEST_CELL)
    # Lines may end in a bare CR, as old spreadsheets write them; breaks within cells stay.
    rows = csv.DictReader(io.StringIO(decode(name, file.read()), newline=""))
    columns = rows.fieldnames or ()
    if "text" not in columns:
        raise DocumentError(
            name, f"no column 'text'; the columns are {', '.join(columns) or 'none'}"
        )
    for number, row in enumerate(rows, start=2):
        yield _one(f"{name}:{number}", partial(dict, row))


def _read_parquet(name: str, file: BinaryIO, _front: Front) -> Iterator[Read]:
    for number, row in enumerate(rows_of_parquet(name, file, _COLUMNS), start=1):
        yield _one(f"{name}:{number}", row)


_READERS: Final[Mapping[str, Callable[[str, BinaryIO, Front], Iterator[Read]]]] = {
    ".html": _read_html,
    ".htm": _read_html,
    ".docx": _read_office,
    ".pdf": _read_office,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".zip": _read_zip,
}


def decode(name: str, raw: bytes) -> str:
    """Return UTF-8 (or UTF-16 with its mark) as text.

    Raises
    ------
    DocumentError
        For binary files, and for other encodings with the offset of the first bad byte.

    """
    kind = "UTF-16" if raw[:2] in _UTF16 else "UTF-8"
    if kind == "UTF-8" and b"\0" in raw[:4096]:
        raise DocumentError(name, "this is a binary file, not a text")
    try:
        return raw.decode("utf-16" if kind == "UTF-16" else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            name, f"byte {error.start} is not {kind}; save the text as UTF-8"
        ) from error
