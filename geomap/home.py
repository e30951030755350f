"""Where a reader's interest lies and where an outlet is at home.

What a bare name means when the text is silent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from geomap.errors import OptionError
from geomap.gazetteer import ABBREVIATION, DEMONYM, Gazetteer, haversine_km
from geomap.model import Document, Kind

Bias = str | tuple[float, float] | tuple[float, float, float, float]
_NEAR_KM = 150.0
# Country domains that outlets of all countries use.
_GENERIC = frozenset("co io tv me ai ly fm to cc ws eu gg vc la".split())
_NEWS_WORDS = re.compile(
    (
        r"(?:the|daily|weekly|sunday|morning|evening|news|times|post|herald|tribune|journal"
        r"|gazette|star|sun|press|today|online|media|local|this|is|my|www)"
    ),
    re.IGNORECASE,
)
_KNOWN = 12.0  # prominence: a town of twenty thousand under its primary name
_LARGE = 1_000_000  # inhabitants of a country that outlets are named for


@dataclass(frozen=True, slots=True)
class Area:
    """Countries (positions in the gazetteer), boxes (west.

    South, east, north) and points (lon, lat), in degrees.
    """

    countries: frozenset[int] = frozenset()
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    points: tuple[tuple[float, float], ...] = ()

    def share(self, country: int, lon: float, lat: float) -> float:
        """Return how far a place belongs to the area.

        1 in a country or box, falling with the distance from a point.
        """
        if country in self.countries:
            return 1.0
        if any(
            west <= lon <= east and south <= lat <= north for west, south, east, north in self.boxes
        ):
            return 1.0
        return max(
            (math.exp(-haversine_km(lon, lat, x, y) / _NEAR_KM) for x, y in self.points),
            default=0.0,
        )


NOWHERE = Area()


def read_bias(bias: Sequence[Bias], gaz: Gazetteer) -> Area:
    """Return what a reader is interested in.

    Parameters
    ----------
    bias
        ISO 3166-1 alpha-3 codes, points `(lon, lat)` and boxes `(west, south, east, north)` in
        degrees; points and boxes also as
        text, "44.5,40.2".
    gaz
        The gazetteer that knows the countries.

    Raises
    ------
    OptionError
        For an unknown country or numbers out of range.

    """
    countries, boxes, points = set(), [], []
    for item in bias:
        numbers = _numbers(item)
        if numbers is None:
            if gaz.country(str(item)) is None:
                raise OptionError(
                    "bias",
                    item,
                    "an ISO 3166-1 alpha-3 code such as AZE, a point lon,lat or a box"
                    " west,south,east,north",
                )
            countries.add(gaz.country_position(str(item)))
            continue
        if len(numbers) not in {2, 4} or not all(
            abs(x) <= limit for x, limit in zip(numbers, (180, 90, 180, 90), strict=False)
        ):
            raise OptionError(
                "bias", item, "a point lon,lat or a box west,south,east,north in degrees"
            )
        if len(numbers) == 2:
            points.append((numbers[0], numbers[1]))
        else:
            boxes.append((numbers[0], numbers[1], numbers[2], numbers[3]))
    return Area(frozenset(countries), tuple(boxes), tuple(points))


def _numbers(item: Bias) -> tuple[float, ...] | None:
    if not isinstance(item, str):
        return tuple(float(x) for x in item)
    if not re.fullmatch(r"[-+\d.]+(?:\s*,\s*[-+\d.]+)+", item.strip()):
        return None
    return tuple(float(x) for x in item.split(","))


def home_of(doc: Document, gaz: Gazetteer) -> Area:
    """Return where the outlet of a document is at home.

    By its name ("Kyiv Post", "Times of India") and the country of its domain; empty when nothing
    tells.
    """
    host = urlsplit(doc.url or doc.source).hostname or ""
    countries, points = set[int](), list[tuple[float, float]]()
    top = host.rpartition(".")[2]
    if len(top) == 2 and top not in _GENERIC:
        countries |= {
            position
            for position, code in enumerate(gaz.iso2_codes)
            if code == {"uk": "GB"}.get(top, top.upper())
        }
    for name in _names("" if host else doc.source):
        ranked = sorted(
            (
                (gaz.prominence(row, how), row)
                for row, how in gaz.postings(name)
                if how not in {DEMONYM, ABBREVIATION}
            ),
            reverse=True,
        )
        places = [gaz.place_at(row) for prominence, row in ranked if prominence >= _KNOWN]
        # A paper is named for a large country or for its town: "Norfolk Daily News" is not the
        # island's.
        best = next(
            (
                p
                for p in places
                if p.kind is Kind.SETTLEMENT or (p.kind is Kind.COUNTRY and p.population >= _LARGE)
            ),
            None,
        )
        if best is not None and best.kind is Kind.COUNTRY:
            countries.add(gaz.country_position(best.country))
        elif best is not None and best.lon is not None and best.lat is not None:
            points.append((best.lon, best.lat))
    return Area(frozenset(countries), (), tuple(points[:2]))


def _names(source: str) -> list[str]:
    """Return the runs of capitalised words of an outlet's name that are no words for newspapers."""
    words = [w for w in re.findall(r"[A-Z][\w’'-]+", source) if not _NEWS_WORDS.fullmatch(w)]
    return [" ".join(words[i:j]) for i in range(len(words)) for j in range(len(words), i, -1)][:10]
