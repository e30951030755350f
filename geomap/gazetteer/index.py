"""Ask a gazetteer: name -> candidates, id -> place, point -> nearest, place -> parents."""

from __future__ import annotations

import bisect
import json
import math
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import marisa_trie
import platformdirs

from geomap.errors import GazetteerError, GazetteerNotFoundError
from geomap.gazetteer.compile import _NO_POINT, _NO_YEAR, ABBREVIATION, ALTERNATE, DEMONYM, KINDS, PRIMARY, compile_index
from geomap.gazetteer.names import key
from geomap.model import Kind, Place, Precision

EARTH_KM = 6371.0088  # mean radius, IUGG
PRECISION_OF = {
    Kind.SITE: Precision.SITE, Kind.SETTLEMENT: Precision.SETTLEMENT, Kind.ADMIN2: Precision.ADMIN2, Kind.ADMIN1: Precision.ADMIN1,
    Kind.DISPUTED_AREA: Precision.AREA, Kind.REGION: Precision.AREA, Kind.WATER: Precision.AREA, Kind.TERRAIN: Precision.AREA,
    Kind.FORMER_STATE: Precision.COUNTRY, Kind.COUNTRY: Precision.COUNTRY,
}  # fmt: skip
# What a reader means by a bare name, in units of the natural logarithm of inhabitants.
_KIND_BONUS = {
    Kind.COUNTRY: 12.0, Kind.FORMER_STATE: 14.0, Kind.DISPUTED_AREA: 18.0, Kind.REGION: 17.0, Kind.WATER: 15.0, Kind.TERRAIN: 15.0,
    Kind.SITE: 11.0, Kind.ADMIN1: 1.0, Kind.ADMIN2: -2.5, Kind.SETTLEMENT: 0.0,
}  # fmt: skip
_FEATURE_BONUS = (0.0, 0.3, 0.6, 1.5, 3.0, -1.5)
_NAME_BONUS = {PRIMARY: 2.0, ALTERNATE: 0.0, ABBREVIATION: 0.0, DEMONYM: 0.0}


def haversine_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance in km between two points in degrees."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(a)))


def find_source(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of the gazetteer's tables.

    Tried in order: `path`, the environment variable `GEOMAP_GAZETTEER`, the data of the installed wheel, the checkout.

    Raises
    ------
    GazetteerNotFoundError
        When none of them holds `places.tsv.xz`; a given path or variable is never passed over silently.

    """
    package = Path(__file__).parent.parent
    named = path or os.environ.get("GEOMAP_GAZETTEER")
    tried = [Path(named)] if named else [package / "_gazetteer", package.parent / "gazetteer" / "data"]
    for folder in tried:
        if (folder / "places.tsv.xz").exists():
            return folder
    raise GazetteerNotFoundError(tried)


class Gazetteer:
    """A gazetteer opened by memory map; processes share its pages.

    Parameters
    ----------
    path
        Folder with the tables; by default the bundled one (see `find_source`).
    cache
        Folder for the compiled index; by default `GEOMAP_CACHE` or the user's cache folder. The first use compiles it
        (some seconds, once a version of the data).

    Raises
    ------
    GazetteerNotFoundError, GazetteerError

    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, cache: str | os.PathLike[str] | None = None) -> None:
        self.source = find_source(path)
        folder = Path(cache or os.environ.get("GEOMAP_CACHE") or platformdirs.user_cache_dir("geomap", appauthor=False))
        self._index = compile_index(self.source, folder)
        self._trie = marisa_trie.Trie().mmap(str(self._index / "names.marisa"))
        with (self._index / "index.bin").open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        (length,) = struct.unpack_from("<Q", self._map)
        try:
            header: dict[str, Any] = json.loads(self._map[8 : 8 + length])
        except ValueError as error:
            msg = f"{self._index} is damaged; delete it and it will be compiled again"
            raise GazetteerError(msg) from error
        view, base = memoryview(self._map), 8 + length
        self._columns = {name: view[base + at : base + at + size].cast(code) for name, (code, at, size) in header["layout"].items()}
        self._countries: list[dict[str, str]] = header["countries"]
        self.place_at = lru_cache(maxsize=20_000)(self._place_at)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._columns["kind"])

    @cached_property
    def digest(self) -> str:
        """What identifies the data, for files that leave."""
        return self._index.name

    def postings(self, name: str) -> list[tuple[int, int]]:
        """Return `(row, how)` of every place called `name`; `how` tells a primary name from an alternate, demonym or abbreviation."""
        position = self._trie.get(key(name))
        if position is None:
            return []
        starts, postings = self._columns["starts"], self._columns["postings"]
        return [(p >> 2, p & 3) for p in postings[starts[position] : starts[position + 1]]]

    def knows(self, folded: str) -> bool:
        """Tell whether a key (see `names.key`) is in the gazetteer."""
        return folded in self._trie

    def extends(self, folded: str) -> bool:
        """Tell whether some name starts with this key and has more words."""
        return next(self._trie.iterkeys(folded + " "), None) is not None

    def column(self, name: str) -> memoryview:
        """Return a column of numbers by row (`kind`, `population`, `country`, `lon`, ...), as stored."""
        return self._columns[name]

    def prominence(self, row: int, how: int = PRIMARY) -> float:
        """Return how likely a bare name means this place: log inhabitants, with a bonus for what news speaks of."""
        c = self._columns
        kind = KINDS[c["kind"][row]]
        return (
            math.log1p(max(0, c["population"][row])) + _KIND_BONUS[kind] + _FEATURE_BONUS[c["feature"][row]] + _NAME_BONUS[how]
        )  # fmt: skip

    def candidates(self, name: str) -> list[Place]:
        """Return the places called `name`, the most likely first without any context.

        Parameters
        ----------
        name
            A place name or demonym, in any script and spelling that the gazetteer holds.

        """
        ranked = sorted(self.postings(name), key=lambda p: (-self.prominence(*p), p[0]))
        return [self.place_at(row) for row in dict.fromkeys(row for row, _ in ranked)]

    def place(self, ident: str) -> Place:
        """Return the place with this id ("geonames:587084", "geomap:donbas").

        Raises
        ------
        GazetteerError
            When there is none.

        """
        row = self.row(ident)
        if row is None:
            msg = f"no place {ident!r} in the gazetteer {self.source}"
            raise GazetteerError(msg)
        return self.place_at(row)

    def row(self, ident: str) -> int | None:
        """Return the row of an id, or None."""
        order = self._columns["by_id"]
        at = bisect.bisect_left(order, ident, key=lambda row: self._text("id", row))
        return order[at] if at < len(order) and self._text("id", order[at]) == ident else None

    def country(self, iso3: str) -> Place | None:
        """Return the country with this ISO 3166-1 alpha-3 code, or None."""
        row = self._country_rows.get(iso3)
        return None if row is None else self.place_at(row)

    def country_position(self, iso3: str) -> int:
        """Return the position of a country in the country column, or -2 for an unknown code."""
        return self._country_rows.get(iso3, -2)

    def name_at(self, row: int) -> str:
        """Return the name of a place."""
        return self._text("name", row)

    def parents(self, place: Place) -> Iterator[Place]:
        """Yield the divisions and the country that contain `place`, the smallest first."""
        row = self.row(place.id)
        if row is None:
            return
        for column in ("admin2", "admin1"):
            parent = self._columns[column][row]
            if parent not in {-1, row}:
                yield self.place_at(parent)
        country = self.country(place.country)
        if country is not None and country.id != place.id:
            yield country

    def nearest(self, lon: float, lat: float, *, kinds: Iterable[Kind] = (Kind.SETTLEMENT,)) -> tuple[Place, float]:
        """Return the nearest place to a point in degrees and its distance in km."""
        wanted = {KINDS.index(kind) for kind in kinds}
        c, squeeze = self._columns, math.cos(math.radians(lat)) ** 2
        x, y = round(lon * 1e5), round(lat * 1e5)
        best = min(
            (row for row, kind in enumerate(c["kind"]) if kind in wanted and c["lon"][row] != _NO_POINT),
            key=lambda row: (c["lon"][row] - x) ** 2 * squeeze + (c["lat"][row] - y) ** 2,
        )
        place = self.place_at(best)
        return place, haversine_km(lon, lat, c["lon"][best] / 1e5, c["lat"][best] / 1e5)

    @cached_property
    def _country_rows(self) -> dict[str, int]:
        return {country["iso3"]: row for row, country in enumerate(self._countries)}

    def _text(self, column: str, row: int) -> str:
        offsets = self._columns[f"{column}_offsets"]
        return bytes(self._columns[f"{column}_text"][offsets[row] : offsets[row + 1]]).decode("utf-8")

    def _place_at(self, row: int) -> Place:
        c = self._columns
        kind = KINDS[c["kind"][row]]
        country = self._countries[c["country"][row]] if c["country"][row] >= 0 else {"iso3": "", "name": ""}
        known = c["lon"][row] != _NO_POINT
        one, two = c["admin1"][row], c["admin2"][row]
        return Place(
            id=self._text("id", row), name=self._text("name", row), kind=kind, precision=PRECISION_OF[kind],
            lon=c["lon"][row] / 1e5 if known else None, lat=c["lat"][row] / 1e5 if known else None,
            country=country["iso3"], country_name=country["name"], population=c["population"][row],
            admin1=self._text("id", one) if one >= 0 else "", admin1_name=self._text("name", one) if one >= 0 else "",
            admin2_name=self._text("name", two) if two >= 0 else "", uncertainty_km=c["uncertainty"][row] / 10,
            valid_from=_known_year(c["valid_from"][row]), valid_to=_known_year(c["valid_to"][row]),
            disputed=bool(c["disputed"][row]), note=self._text("note", row),
        )  # fmt: skip


def _known_year(year: int) -> int | None:
    return None if year == _NO_YEAR else year
