"""Every error that geomap raises on purpose.

    GeomapError
    ├── DocumentError (ValueError)              a text that cannot be read
    ├── OptionError (ValueError)                an argument outside what is allowed
    ├── GazetteerError
    │   └── GazetteerNotFoundError (FileNotFoundError)
    ├── WeightsError                            learned weights that are missing or damaged
    ├── RegionError (LookupError)               a region layer or outline that does not exist
    ├── CaseError (ValueError)                  a case file that cannot be opened, read or written
    │   └── CaseLockedError (TimeoutError)      another process writes into it
    ├── CorrectionError (LookupError)           a correction that names something that is not there
    ├── FeedError (ValueError)                  a feed or page that cannot or must not be read
    ├── ExportError (ValueError)                a table that cannot be written in a format
    └── MissingExtraError (ImportError)         an optional dependency that is not installed

Catch them all with::

    try:
        parsed = geomap.parse(text)
    except geomap.GeomapError as error:
        print(error)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SHOWN: Final = 100  # code points of a value in a message: one line of a terminal
_LONGEST: Final = 500  # code points of a whole message: a screen, whatever a file puts into it


def well_formed(text: str) -> str:
    """Return the text with U+FFFD for each half of a character pair, as browsers do.

    No file can hold half a pair. One code point takes the place of one, so that offsets stay.
    """
    if half_pair(text) < 0:
        return text
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def half_pair(text: str) -> int:
    """Return where the first half of a character pair stands in a text, or -1."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return -1


def shown(value: object) -> str:
    """Return a value as a message shows it: at most about one line, whatever it is."""
    if isinstance(value, str | bytes):
        text = repr(value[:_SHOWN])
        return text if len(value) <= _SHOWN else f"{text}…"
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits, a list in 1,000 lists
        return f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class GeomapError(Exception):
    """Base of all errors of geomap.

    Its message says what happened, with which value, and what to do.
    """


class DocumentError(GeomapError, ValueError):
    """Raised when a text cannot be read.

    Attributes
    ----------
    source
        The file, row or argument that holds the text.

    """

    def __init__(self, source: str, problem: str) -> None:
        self.source = well_formed(source)
        short = problem if len(problem) <= _LONGEST else f"{problem[:_LONGEST]}…"
        super().__init__(f"{self.source}: {well_formed(short)}")


class OptionError(GeomapError, ValueError):
    """Raised when an argument is outside what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name, self.value = name, value
        super().__init__(f"{name} is {shown(value)}; it must be {allowed}")


class GazetteerError(GeomapError):
    """Raised when a gazetteer is there but cannot be used."""


class GazetteerNotFoundError(GazetteerError, FileNotFoundError):
    """Raised when no gazetteer is found; names every place that was tried."""

    def __init__(self, tried: Sequence[Path]) -> None:
        self.tried = tuple(tried)
        places = ", ".join(str(path) for path in tried)
        super().__init__(
            f"no gazetteer in {places}; reinstall geomap or set GEOMAP_GAZETTEER to a folder with"
            " places.tsv.xz"
        )

    def __str__(self) -> str:
        """Return the message (`FileNotFoundError` would format it as an errno)."""
        return str(self.args[0])


class WeightsError(GeomapError):
    """Raised when a file of learned weights is missing or damaged."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"{path} {problem}; reinstall geomap, or unset GEOMAP_WEIGHTS if that names the folder"
        )


class RegionError(GeomapError, LookupError):
    """Raised when a region layer or an outline does not exist."""


class CaseError(GeomapError, ValueError):
    """Raised when a case file cannot be opened, read or written; the file stays as it was."""


class CaseLockedError(CaseError, TimeoutError):
    """Raised when another process has been writing into the case for longer than we wait."""


class CorrectionError(GeomapError, LookupError):
    """Raised when a correction names a document, mention, record or place that is not there."""


class FeedError(GeomapError, ValueError):
    """Raised when a feed or page cannot be read, or must not be.

    Too large, another scheme, a private address.
    """


class ExportError(GeomapError, ValueError):
    """Raised when a table cannot be written in the wanted format."""


class MissingExtraError(GeomapError, ImportError):
    """Raised when an optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(
            f"{package} is not installed; install it with: pip install 'geomap[{extra}]'"
        )


@contextmanager
def reading(source: str, mend: str = "") -> Iterator[None]:
    """Turn whatever goes wrong inside into a `DocumentError` of `source`.

    The one boundary of a document and of a file: every reader and the parse pass through it, so
    that one document fails alone. What is no fault of the document goes through as it is.

    Parameters
    ----------
    source
        The file, row or document that is read.
    mend
        What to do when its reader fails in a way of its own, such as "save it as .txt".

    Raises
    ------
    DocumentError
        For any exception inside, with that as its cause.
    GeomapError
        When it is no fault of the document, such as a gazetteer that cannot be used: then no
        document can be read.

    """
    try:
        yield
    except Exception as error:
        if isinstance(error, GeomapError) and not isinstance(error, _OF_WHAT_IS_READ):
            raise
        raise DocumentError(source, _problem(error, mend)) from error


# What a value in a document, or the kind of file that it is, brings about.
_OF_WHAT_IS_READ: Final = (OptionError, RegionError, FeedError, MissingExtraError)


def _problem(error: Exception, mend: str) -> str:
    if isinstance(error, GeomapError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read: {error.strerror}"
    if isinstance(error, MemoryError):
        return "it needs more memory than this machine gives; split it"
    if isinstance(error, RecursionError):
        return "it is nested too deeply to be read"
    told = " ".join(str(error).split())[:_SHOWN]
    return f"it cannot be read ({type(error).__name__}{f': {told}' if told else ''})" + (
        f"; {mend}" if mend else ""
    )
