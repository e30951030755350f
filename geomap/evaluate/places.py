"""Whether a place that was read is the annotated one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from geomap.evaluate.measures import Verdict
from geomap.evaluate.records import Spot
from geomap.gazetteer import haversine_km
from geomap.model import Kind

_CAMP: Final = "camp"  # annotators tell camps from other sites
_POINTS: Final = frozenset({Kind.SETTLEMENT, Kind.SITE, _CAMP})
NEAR_KM: Final = 161.0  # 100 miles, the field's custom
_NEAR_POINT_KM: Final = 25.0  # a town is told from its neighbours
_INSIDE_KM: Final = 400.0  # the middle of a large province lies that far from a town in it
# Who reads one of these as a finer place has put a pin where the text knows only an area.
_NO_PIN: Final = frozenset({Kind.COUNTRY, Kind.ADMIN1, Kind.REGION})
_COUNTRY_SIZE, _AREA_SIZE, _TOWN_SIZE, _SITE_SIZE = 5, 3, 1, 0
_SIZES: Final = {
    Kind.SITE: _SITE_SIZE,
    _CAMP: _SITE_SIZE,
    Kind.SETTLEMENT: _TOWN_SIZE,
    Kind.TERRAIN: 2,
    Kind.WATER: 2,
    Kind.ADMIN2: 2,
    Kind.ADMIN1: _AREA_SIZE,
    Kind.DISPUTED_AREA: _AREA_SIZE,
    Kind.REGION: 4,
    Kind.FORMER_STATE: 4,
    Kind.COUNTRY: _COUNTRY_SIZE,
}
_LEADING_ARTICLE: Final = re.compile(r"^the ")
_GENERIC: Final = re.compile(
    r"\b(?:the|city|province|state|district|county|governorate|oblast|region|town|village|of)\b"
)


def compare(gold: Spot, read: Spot) -> Verdict:
    """Return whether the place of an event is right, coarse or wrong.

    Right: the same name in the same country, or as near as its kind allows and no coarser. Coarse:
    the province or country of a town. A finer place of another name for a country, province or
    region is wrong, however near.
    """
    if not read.resolved or _other_country(gold, read):
        return Verdict.WRONG
    size, read_size = _size(gold), _size(read)
    coarser = read_size > size
    if _shared_name(gold, read) and not (coarser and read.kind == Kind.COUNTRY):
        return Verdict.RIGHT
    if gold.kind in _NO_PIN and read_size < size:
        return Verdict.WRONG
    km = _distance(gold, read)
    near = km is not None and km <= (_NEAR_POINT_KM if gold.kind in _POINTS else NEAR_KM)
    if near and not (coarser and read_size >= _AREA_SIZE):
        return Verdict.RIGHT
    around = read.kind == Kind.COUNTRY or (km is not None and km <= _INSIDE_KM)
    known_country = bool(gold.country) and gold.country == read.country
    return Verdict.COARSE if coarser and known_country and around else Verdict.WRONG


def same_place(gold: Spot, read: Spot) -> bool:
    """Tell whether an end of a movement is the annotated one.

    Not in another country, and the same words of the text or a name in common.
    """
    if _other_country(gold, read):
        return False
    if (
        gold.span
        and read.span
        and max(gold.span[0], read.span[0]) < min(gold.span[1], read.span[1])
    ):
        return True
    return bool(_names(gold, _LEADING_ARTICLE) & _names(read, _LEADING_ARTICLE))


def same_places(gold: tuple[Spot, ...], read: tuple[Spot, ...]) -> bool:
    """Tell whether two lists of places match one to one.

    An annotated place without a country ("higher ground", "Europe") may be left out.
    """
    left = list(read)
    for spot in sorted(gold, key=lambda spot: not spot.country):
        hit = next((other for other in left if same_place(spot, other)), None)
        if hit is not None:
            left.remove(hit)
        elif spot.country:
            return False
    return not left


def _other_country(gold: Spot, read: Spot) -> bool:
    return bool(gold.country and read.country and gold.country != read.country)


def _shared_name(gold: Spot, read: Spot) -> bool:
    return bool(_names(gold, _GENERIC) & _names(read, _GENERIC))


def _names(spot: Spot, left_out: re.Pattern[str]) -> set[str]:
    """Return its names without case, accents, punctuation and the words left out."""
    return {_bare(name, left_out) for name in spot.names} - {""}


def _bare(name: str, left_out: re.Pattern[str]) -> str:
    letters = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in letters if not unicodedata.combining(c)).casefold()
    words = " ".join(re.findall(r"\w+", plain))
    return " ".join(left_out.sub(" ", words).split())


def _size(spot: Spot) -> int:
    """Return how large a place of its kind is; what is of no kind is taken for an area."""
    return _SIZES.get(spot.kind or "", _AREA_SIZE)


def _distance(gold: Spot, read: Spot) -> float | None:
    if gold.lon is None or gold.lat is None or read.lon is None or read.lat is None:
        return None
    return haversine_km(gold.lon, gold.lat, read.lon, read.lat)
