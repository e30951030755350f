"""Web pages -> their title and readable text, in time linear in the page.

The parser of the standard library takes 20 s for 40 kB of tags that are never closed, so pages are
cut into tags and text here.
"""

from __future__ import annotations

import codecs
import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

# What is never text for a reader: programs, and what stands in the fields of a form.
_PROGRAMS: Final = frozenset({"script", "style"})
_UNREAD: Final = _PROGRAMS | frozenset(
    {"noscript", "template", "svg", "select", "textarea", "button", "datalist"}
)
# What stands around an article, when it is closed again: a page may forget to.
_AROUND: Final = frozenset({"nav", "footer", "aside"})
_LEFT_OUT: Final = _UNREAD | _AROUND
_BLOCKS: Final = frozenset(
    {"p", "div", "br", "li", "h1", "h2", "h3", "h4", "tr", "section", "article", "blockquote"}
)
_NAME: Final = re.compile(r"<(/?)([A-Za-z][^\s/<>]{0,40})")
_END_OR_VALUE: Final = re.compile(r">|=\s{0,9}([\"'])")
_LONG_NUMBER: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")  # no character has one of 9 digits
_CLOSED: Final = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in _PROGRAMS}
_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE
)
_HEAD: Final = 4096  # bytes in which a page names its encoding; the HTML standard wants it in 1024
# The HTML standard reads these as what pages that say so are written in.
_AS_READ: Final = dict.fromkeys(
    ("iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii"), "cp1252"
)


def text_of_html(page: str) -> tuple[str, str]:
    """Return the title and the readable text of an HTML page.

    Menus, margins and fields of forms are left out, but never the whole page: what a page forgot to
    close, and an article that stands in a margin alone, are text.
    """
    found = _Text()
    for piece in _pieces(page):
        found.take(piece)
    return " ".join("".join(found.title).split()), found.text()


def decoded_page(page: bytes, declared: str = "") -> str | None:
    """Return a page as text by its own bytes or what is declared, or None where neither tells.

    Parameters
    ----------
    page
        The page as it came.
    declared
        The encoding that the server named; without it the page's own `<meta>` counts.

    """
    if page[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return page.decode("utf-16", "replace")
    try:
        return page.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = _CHARSET.search(page[:_HEAD])
    # A page whose tags are read as ASCII is not in UTF-16, whatever it says of itself.
    own = found[1].decode("ascii", "replace").casefold() if found else ""
    for name in (declared, "" if own.startswith(("utf-16", "utf-32")) else own):
        try:
            if name:
                return page.decode(_AS_READ.get(name.casefold(), name), "replace")
        except (LookupError, ValueError):  # no encoding, or one of Python's that is none of text
            continue
    return None


class _Piece(NamedTuple):
    """A stretch of text, or the name of a tag."""

    kind: Literal["text", "start", "end", "empty"]
    value: str


def _pieces(page: str) -> Iterator[_Piece]:
    """Cut a page into text and tags; each search goes on where the last one ended."""
    at, last, quotes, comments = 0, page.rfind(">"), True, True
    while (opening := page.find("<", at)) >= 0 and opening < last:
        name = _NAME.match(page, opening)
        if name is None and page[opening + 1] not in "!?/":
            yield _Piece("text", page[at : opening + 1])
            at = opening + 1
            continue
        yield _Piece("text", page[at:opening])
        if name is not None:
            at = _end_of_tag(page, name.end()) if quotes else -1
            if at < 0:
                # A value that is never closed: from here on no quote is trusted.
                quotes, at = False, page.find(">", name.end()) + 1
            tag = name[2].casefold()
            empty = page[at - 2] == "/" and not name[1]
            yield _Piece("end" if name[1] else "empty" if empty else "start", tag)
            if tag in _PROGRAMS and not name[1] and not empty:
                closed = _CLOSED[tag].search(page, at)
                # A program that is never closed is the rest of the page, as browsers have it.
                at = closed.start() if closed else len(page)
            continue
        if comments and page.startswith("<!--", opening):
            closing = page.find("-->", opening + 2)
            comments = closing >= 0
            if comments:
                at = closing + 3
                continue
        # Any other declaration ends at the next ">", as the HTML standard has it.
        at = page.find(">", opening) + 1
    yield _Piece("text", page[at:])


def _end_of_tag(page: str, at: int) -> int:
    """Return where a tag ends, past ">" in quoted values, or -1 when it does not."""
    while found := _END_OR_VALUE.search(page, at):
        if found[1] is None:
            return found.end()
        at = page.find(found[1], found.end()) + 1
        if at == 0:
            break
    return -1


class _Text:
    """Collects the readable text of a page; paragraphs become lines."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.title: list[str] = []
        self.in_title = False
        # Each element to leave out that is open, and how many parts stood before it.
        self.open: list[tuple[str, int]] = []
        self.is_open: Counter[str] = Counter()
        self.left_out: list[tuple[int, int]] = []

    def take(self, piece: _Piece) -> None:
        """Take the next piece of the page."""
        kind, value = piece
        if kind == "text":
            told = html.unescape(_LONG_NUMBER.sub("\ufffd", value)) if "&" in value else value
            (self.title if self.in_title else self.parts).append(told)
            return
        # A title ends where markup begins, also when nobody closed it.
        self.in_title = kind == "start" and value == "title" and not (self.title or self.open)
        if value in _LEFT_OUT and kind == "start":
            self.open.append((value, len(self.parts)))
            self.is_open[value] += 1
        elif value in _LEFT_OUT and kind == "end" and self.is_open[value]:
            self._leave_out(value)
        if value in _BLOCKS:
            self.parts.append("\n")

    def _leave_out(self, tag: str) -> None:
        """Leave out what stands in the innermost such element, with all that is open in it."""
        name = ""
        while name != tag:
            name, start = self.open.pop()
            self.is_open[name] -= 1
        while self.left_out and self.left_out[-1][0] >= start:
            self.left_out.pop()
        self.left_out.append((start, len(self.parts)))

    def text(self) -> str:
        """Return the lines without what was left out, or with it where nothing else is there."""
        kept = list(self.parts)
        for start, end in self.left_out:
            kept[start:end] = [""] * (end - start)
        return _lines(kept) or _lines(self.parts)


def _lines(parts: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n\n".join(line for line in lines if line)
