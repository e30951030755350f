"""The gazetteer: names of places, what they may mean, and where that is."""

from geomap.gazetteer.compile import ABBREVIATION, ALTERNATE, DEMONYM, KINDS, PRIMARY
from geomap.gazetteer.index import Gazetteer, check_degrees, find_source, haversine_km
from geomap.gazetteer.names import fold, key

__all__ = [
    "ABBREVIATION",
    "ALTERNATE",
    "DEMONYM",
    "KINDS",
    "PRIMARY",
    "Gazetteer",
    "check_degrees",
    "find_source",
    "fold",
    "haversine_km",
    "key",
]
