"""What may enter a case: everything that could not be written or read again is refused before."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from geomap.errors import OptionError, half_pair
from geomap.model import FIRST_YEAR, LAST_YEAR, When, day_of

# Dates that a reader sets; what a text tells is kept as told.
EARLIEST: Final = dt.date(FIRST_YEAR, 1, 1)
LATEST: Final = dt.date(LAST_YEAR, 12, 31)


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
    if not isinstance(value, str) or half_pair(value) >= 0:
        raise OptionError(name, value, "text without half a character (a lone surrogate)")


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
