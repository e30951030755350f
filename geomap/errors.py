"""Every error that geomap raises on purpose.

    GeomapError
    ├── DocumentError (ValueError)              a text that cannot be read
    ├── OptionError (ValueError)                an argument outside what is allowed
    ├── GazetteerError
    │   └── GazetteerNotFoundError (FileNotFoundError)
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

from collections.abc import Sequence
from pathlib import Path

_SHOWN = 200  # characters of a value that a message shows


def _shown(value: object) -> str:
    """Return a value as a message shows it: not a gigabyte of it, and never a second error."""
    try:
        told = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return f"a {type(value).__name__} too long to write out"
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}… ({len(told):,} characters)"


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
        self.source = source
        super().__init__(f"{source}: {problem}")


class OptionError(GeomapError, ValueError):
    """Raised when an argument is outside what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name, self.value = name, value
        super().__init__(f"{name} is {_shown(value)}; it must be {allowed}")


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
