"""geomap turns conflict news into a map that can be checked.

Places, events and population movements with their sentences.

The names below are loaded on first use, so that `import geomap` and the command line start at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geomap.case import Case
    from geomap.errors import (
        DocumentError,
        GazetteerError,
        GazetteerNotFoundError,
        GeomapError,
        OptionError,
    )
    from geomap.frames import to_frames
    from geomap.gazetteer import Gazetteer
    from geomap.geoparser import Geoparser, parse
    from geomap.maps import to_html
    from geomap.model import Document, Event, Movement, Parsed, Place, Toponym

__all__ = [
    "Case",
    "Document",
    "DocumentError",
    "Event",
    "Gazetteer",
    "GazetteerError",
    "GazetteerNotFoundError",
    "GeomapError",
    "Geoparser",
    "Movement",
    "OptionError",
    "Parsed",
    "Place",
    "Toponym",
    "parse",
    "to_frames",
    "to_html",
]
_HOMES = {
    "case": ("Case",),
    "errors": (
        "DocumentError",
        "GazetteerError",
        "GazetteerNotFoundError",
        "GeomapError",
        "OptionError",
    ),
    "frames": ("to_frames",),
    "gazetteer": ("Gazetteer",),
    "geoparser": ("Geoparser", "parse"),
    "maps": ("to_html",),
    "model": ("Document", "Event", "Movement", "Parsed", "Place", "Toponym"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"geomap.{module}"), name)
    raise AttributeError(f"module 'geomap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
