"""What may enter a case: everything that could not be written or read again is refused before."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from geomap.errors import DocumentError, OptionError
from geomap.model import Document, When, day_of

# Dates that a reader sets; what a text tells is kept as told.
EARLIEST, LATEST = dt.date(1000, 1, 1), dt.date(2999, 12, 31)
_TEXTS: Final = ("id", "text", "title", "source", "url", "lang")


def as_json(name: str, value: Any) -> str:
    """Return a value as compact JSON that can be written in UTF-8 and read again.

    Raises
    ------
    OptionError
        For infinity and what is no number, half an emoji, a number of thousands of digits, and
        what JSON does not know.

    """
    try:
        told = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        told.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise OptionError(name, value, f"something a file can hold ({error})") from error
    return told


def check_text(name: str, value: object) -> None:
    """Refuse what is no text, or none that UTF-8 can hold.

    Raises
    ------
    OptionError
        When it is not.

    """
    if not isinstance(value, str) or storable(value) != value:
        raise OptionError(name, value, "text without half a character (a lone surrogate)")


def check_document(doc: Document) -> None:
    """Refuse a document that a case cannot hold.

    Raises
    ------
    DocumentError
        When a field that is text is none, or cannot be written in UTF-8, or the publication date is
        no date.

    """
    for name in _TEXTS:
        value = getattr(doc, name)
        if not isinstance(value, str):
            raise DocumentError(
                storable(doc.id), f"its {name} is {type(value).__name__}; it must be text"
            )
        if not value.isascii() and storable(value) != value:
            raise DocumentError(
                storable(doc.id), f"its {name} holds half a character (a lone surrogate)"
            )
    if doc.published is not None and not isinstance(doc.published, dt.date):
        raise DocumentError(
            doc.id, f"published is {type(doc.published).__name__}; it must be a date or None"
        )


def check_times(when: When) -> None:
    """Refuse a time that a reader would not mean.

    Raises
    ------
    OptionError
        When a day is not of the years 1000 to 2999, or the end lies before the start.

    """
    for name in ("start", "end", "as_of"):
        moment = getattr(when, name)
        if moment is not None and not EARLIEST <= day_of(moment) <= LATEST:
            raise OptionError(name, str(moment), f"a date from {EARLIEST} to {LATEST}")
    if when.start is not None and when.end is not None and day_of(when.end) < day_of(when.start):
        raise OptionError("end", str(when.end), f"a date from {when.start} on")


def storable(text: object) -> str:
    """Return a text with what UTF-8 cannot hold written out."""
    return str(text).encode("utf-8", "backslashreplace").decode()
