"""geomap turns conflict news into a map that can be checked: places, events and population movements with their sentences."""

from geomap.errors import DocumentError, GazetteerError, GazetteerNotFoundError, GeomapError, OptionError
from geomap.frames import to_frames
from geomap.gazetteer import Gazetteer
from geomap.geoparser import Geoparser, parse
from geomap.maps import to_html
from geomap.model import Document, Event, Movement, Parsed, Place, Toponym

__all__ = [
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
