"""Files and folders -> Documents.

Texts, web pages, Word and PDF files, tables, archives and folders of them, or standard input ("-").
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geomap.errors import DocumentError, MissingExtraError, OptionError
from geomap.model import Document, read_date
from geomap.text.office import members_of_zip, text_of_docx, text_of_pdf

SUFFIXES = (".txt", ".html", ".htm", ".docx", ".pdf", ".jsonl", ".csv", ".parquet", ".zip")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].{1,40})?$")
Read = Document | DocumentError  # a bad row does not end a batch


def read_documents(source: str) -> Iterator[Read]:
    """Yield the documents of a file, a folder or "-".

    A document that cannot be read is yielded as its error.

    Raises
    ------
    DocumentError
        When `source` itself is missing, a folder without texts, or of a kind that is not read.

    """
    if source == "-":
        yield _guarded("-", sys.stdin.buffer.read())
        return
    path = Path(source)
    if path.is_dir():
        files = sorted(
            p for p in path.rglob("*") if p.suffix.casefold() in SUFFIXES and p.is_file()
        )
        if not files:
            raise DocumentError(source, f"the folder holds no {', '.join(SUFFIXES)} file")
        for file in files:
            yield from _read_file(file)
        return
    if not path.exists():
        raise DocumentError(source, "no such file or folder")
    if path.suffix.casefold() not in SUFFIXES:
        raise DocumentError(
            source, f"files of kind '{path.suffix}' are not read; use {', '.join(SUFFIXES)}"
        )
    yield from _read_file(path)


def _read_file(path: Path) -> Iterator[Read]:
    suffix = path.suffix.casefold()
    if suffix in {".txt", ".html", ".htm"}:
        yield _guarded(path.name, path.read_bytes(), markup=suffix != ".txt", front=_front(path))
    elif suffix == ".jsonl":
        yield from _read_jsonl(path)
    elif suffix == ".csv":
        yield from _read_csv(path)
    elif suffix in _OFFICE:
        yield _office(path.name, path.read_bytes(), suffix, _front(path))
    elif suffix == ".zip":
        yield from _read_zip(path)
    else:
        yield from _read_parquet(path)


_OFFICE = {".docx": text_of_docx, ".pdf": text_of_pdf}


def _office(name: str, raw: bytes, suffix: str, front: dict[str, Any]) -> Read:
    try:
        text = _OFFICE[suffix](name, raw)
    except DocumentError as error:
        return error
    return _document({**front, "id": Path(name).stem, "text": text}, name)


def _read_zip(path: Path) -> Iterator[Read]:
    """Yield the documents of an archive; an archive within it is not opened."""
    with tempfile.TemporaryDirectory() as folder:
        for name, raw in members_of_zip(path.name, path.read_bytes()):
            suffix = Path(name).suffix.casefold()
            if suffix not in SUFFIXES or suffix == ".zip":
                yield DocumentError(
                    f"{path.name}/{name}", f"files of kind '{suffix}' in an archive are not read"
                )
                continue
            member = Path(folder) / name
            member.write_bytes(raw)
            try:
                yield from _read_file(member)
            except DocumentError as error:
                yield error


def _front(path: Path) -> dict[str, Any]:
    """Return what a front file beside a text says: published, source, url, title."""
    front = path.with_suffix(".toml")
    return tomllib.loads(front.read_text(encoding="utf-8")) if front.exists() else {}


def _guarded(
    ident: str, raw: bytes, *, markup: bool = False, front: dict[str, Any] | None = None
) -> Read:
    try:
        text = decode(ident, raw)
    except DocumentError as error:
        return error
    title = ""
    if markup:
        title, text = text_of_html(text)
    return _document(
        {
            **(front or {}),
            "id": Path(ident).stem,
            "text": text,
            "title": (front or {}).get("title", title),
        },
        ident,
    )


def decode(name: str, raw: bytes) -> str:
    """Return UTF-8 (or UTF-16 with its mark) as text.

    Raises
    ------
    DocumentError
        For binary files, and for other encodings with the offset of the first bad byte.

    """
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16")
    if b"\0" in raw[:4096]:
        raise DocumentError(name, "this is a binary file, not a text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            name, f"byte {error.start} is not UTF-8; save the text as UTF-8"
        ) from error


def _document(values: dict[str, Any], where: str) -> Read:
    text = values.get("text")
    if not isinstance(text, str):
        return DocumentError(where, "it has no 'text'")
    if not text.strip():
        return DocumentError(where, "the text is empty")
    published = values.get("published") or values.get("date")
    if isinstance(published, str):
        try:
            published = (
                read_date(published.strip().replace(" ", "T", 1))
                if _DATE.match(published.strip())
                else None
            )
        except OptionError as error:
            return DocumentError(where, str(error))
    optional = {name: str(values[name]) for name in ("title", "source", "url") if values.get(name)}
    return Document(str(values.get("id", where)), text, published=published, **optional)


def _read_jsonl(path: Path) -> Iterator[Read]:
    for number, line in enumerate(decode(path.name, path.read_bytes()).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            yield DocumentError(where, f"this line is no JSON ({error})")
            continue
        yield (
            _document(values, where)
            if isinstance(values, dict)
            else DocumentError(where, "this line is no JSON object")
        )


def _read_csv(path: Path) -> Iterator[Read]:
    csv.field_size_limit(2**31 - 1)
    rows = csv.DictReader(io.StringIO(decode(path.name, path.read_bytes())))
    if "text" not in (rows.fieldnames or ()):
        raise DocumentError(
            path.name,
            f"no column 'text'; the columns are {', '.join(rows.fieldnames or ()) or 'none'}",
        )
    for number, row in enumerate(rows, start=2):
        yield _document(dict(row), f"{path.name}:{number}")


def _read_parquet(path: Path) -> Iterator[Read]:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    for number, row in enumerate(pq.read_table(path).to_pylist(), start=1):
        yield _document(row, f"{path.name}:{number}")


class _Text(html.parser.HTMLParser):
    """Collects the readable text of a page; paragraphs become lines."""

    _SKIPPED = frozenset(
        {"script", "style", "noscript", "template", "head", "nav", "footer", "aside", "form", "svg"}
    )
    _BLOCKS = frozenset(
        {"p", "div", "br", "li", "h1", "h2", "h3", "h4", "tr", "section", "article", "blockquote"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self.depth = 0
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.depth += tag in self._SKIPPED
        self.in_title = self.in_title or tag == "title"
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.depth = max(0, self.depth - (tag in self._SKIPPED))
        self.in_title = self.in_title and tag != "title"
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title.append(data)
        elif not self.depth:
            self.parts.append(data)


def text_of_html(page: str) -> tuple[str, str]:
    """Return the title and the readable text of an HTML page."""
    parser = _Text()
    parser.feed(page)
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return " ".join("".join(parser.title).split()), "\n\n".join(line for line in lines if line)
