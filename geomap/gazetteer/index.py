"""Ask a gazetteer: name -> candidates, id -> place, point -> nearest, place -> parents."""

from __future__ import annotations

import bisect
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import platformdirs

from geomap.errors import GazetteerError, GazetteerNotFoundError, OptionError
from geomap.gazetteer.compile import ABBREVIATION, ALTERNATE, DEMONYM, KINDS, PRIMARY, compile_index
from geomap.gazetteer.layout import COLUMNS, NO_POINT, NO_YEAR, Tries, opened
from geomap.gazetteer.names import key, skeleton, sound, sound_of_key, without_article
from geomap.integrity import private
from geomap.model import Kind, Place, Precision

EARTH_KM = 6371.0088  # mean radius, IUGG
PRECISION_OF = {
    Kind.SITE: Precision.SITE,
    Kind.SETTLEMENT: Precision.SETTLEMENT,
    Kind.ADMIN2: Precision.ADMIN2,
    Kind.ADMIN1: Precision.ADMIN1,
    Kind.DISPUTED_AREA: Precision.AREA,
    Kind.REGION: Precision.AREA,
    Kind.WATER: Precision.AREA,
    Kind.TERRAIN: Precision.AREA,
    Kind.FORMER_STATE: Precision.COUNTRY,
    Kind.COUNTRY: Precision.COUNTRY,
}
# What a reader means by a bare name, in units of the natural logarithm of inhabitants.
_KIND_BONUS = {
    Kind.COUNTRY: 12.0,
    Kind.FORMER_STATE: 14.0,
    Kind.DISPUTED_AREA: 18.0,
    Kind.REGION: 17.0,
    Kind.WATER: 15.0,
    Kind.TERRAIN: 15.0,
    Kind.SITE: 11.0,
    Kind.ADMIN1: 1.0,
    Kind.ADMIN2: -2.5,
    Kind.SETTLEMENT: 0.0,
}
_FEATURE_BONUS = (0.0, 0.3, 0.6, 1.5, 3.0, -1.5)
# Sounds this alike are taken for one name (see `sounding_like`); set on pairs of spellings that no
# test holds.
_ALIKE = 0.6
_NEAR_BEST = 0.25
_NAME_BONUS = {PRIMARY: 2.5, ALTERNATE: 0.0, ABBREVIATION: 0.0, DEMONYM: 0.0}


def haversine_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance in km between two points in degrees."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = (
        math.sin((p2 - p1) / 2) ** 2
        + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(a)))


def check_degrees(lon: float, lat: float) -> None:
    """Raise `OptionError` for a point outside -180..180 and -90..90."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise OptionError("lon, lat", (lon, lat), "degrees within -180..180 and -90..90")


BUNDLED = "bundled"


def find_source(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of the bundled tables and shapes, or of the tables in `path`.

    Tried in order: `path`, the entries of the environment variable `GEOMAP_GAZETTEER`, the data of
    the installed wheel, the checkout.

    Raises
    ------
    GazetteerNotFoundError
        When none of them holds `places.tsv.xz`; a given path is never passed over silently.

    """
    package = Path(__file__).parent.parent
    bundled = [package / "_gazetteer", package.parent / "gazetteer" / "data"]
    tried = [Path(path)] if path else [*(Path(e) for e in _named() if e != BUNDLED), *bundled]
    for folder in tried:
        if (folder / "places.tsv.xz").exists():
            return folder
    raise GazetteerNotFoundError(tried)


def added_folder() -> Path:
    """Return the folder of the gazetteers that `geomap gazetteer add` keeps.

    `GEOMAP_GAZETTEERS` or the user's data folder.
    """
    return Path(
        os.environ.get("GEOMAP_GAZETTEERS")
        or Path(platformdirs.user_data_dir("geomap", appauthor=False)) / "gazetteers"
    )


def find_stack(paths: Sequence[str | os.PathLike[str]] | None = None) -> list[Path]:
    """Return the folders of the gazetteers that are asked, in order.

    The first that holds an id or a name leads.

    `paths`, or else the entries of `GEOMAP_GAZETTEER` (parted as in PATH; "bundled" is the bundled
    one), or else the bundled one and
    then the added ones by name. A folder holds the tables or an index built by `geomap gazetteer
    build` or `add`.

    Raises
    ------
    GazetteerNotFoundError

    """
    named = [os.fspath(path) for path in paths] if paths else _named()
    if not named:
        return [find_source(), *_added()]
    stack = [find_source() if entry == BUNDLED else Path(entry) for entry in named]
    missing = [
        folder
        for folder in stack
        if not (folder / "index.bin").exists() and not (folder / "places.tsv.xz").exists()
    ]
    if missing:
        raise GazetteerNotFoundError(missing)
    return stack


def _added() -> list[Path]:
    """Return the gazetteers that were added, by name; found without asking, so kept private."""
    folders = sorted(f for f in added_folder().glob("*") if (f / "index.bin").exists())
    for folder in [added_folder(), *folders] if folders else []:
        if not private(folder):
            msg = (
                f"others can change what is in {folder}; take that right away (chmod go-w) or name"
                " the gazetteer in GEOMAP_GAZETTEER"
            )
            raise GazetteerError(msg)
    return folders


def _named() -> list[str]:
    return [entry for entry in os.environ.get("GEOMAP_GAZETTEER", "").split(os.pathsep) if entry]


class Layer:
    """One index, opened by memory map; processes share its pages."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.source = folder
        self.index = folder if (folder / "index.bin").exists() else compile_index(folder, cache)
        self.header, self.columns = opened(self.index)
        self.names = Tries(self.index, "names", self.header["tries"]["names"])
        self.countries: list[dict[str, str]] = self.header["countries"]

    def __len__(self) -> int:
        return len(self.columns["kind"])

    @cached_property
    def sounds(self) -> Tries:
        """The loose index: skeleton, tab, key."""
        return Tries(self.index, "loose", self.header["tries"]["loose"])

    def postings(self, folded: str) -> memoryview | tuple[()]:
        """Return `row << 2 | how` of every place with this key."""
        position = self.names.position(folded)
        if position is None:
            return ()
        starts = self.columns["starts"]
        return self.columns["postings"][starts[position] : starts[position + 1]]

    def row(self, ident: str) -> int | None:
        """Return the row of an id, or None."""
        order, wanted = self.columns["by_id"], ident.encode("utf-8")
        at = bisect.bisect_left(order, wanted, key=lambda row: self.raw("id", row))
        return order[at] if at < len(order) and self.raw("id", order[at]) == wanted else None

    def raw(self, column: str, row: int) -> bytes:
        """Return a text in UTF-8."""
        offsets = self.columns[f"{column}_offsets"]
        return bytes(self.columns[f"{column}_text"][offsets[row] : offsets[row + 1]])


class _Stacked:
    """A column over several layers, by row of the stack.

    Rows and countries inside it are moved to those of the stack.
    """

    def __init__(
        self, parts: list[memoryview], bases: list[int], moved: list[Callable[[int], int]]
    ) -> None:
        self._parts, self._bases, self._moved = parts, bases, moved

    def __getitem__(self, row: int) -> int:
        layer = bisect.bisect_right(self._bases, row) - 1
        return self._moved[layer](self._parts[layer][row - self._bases[layer]])

    def __len__(self) -> int:
        return sum(map(len, self._parts))


class Gazetteer:
    """One gazetteer or a stack of them.

    Parameters
    ----------
    path
        Folder with tables or an index, or several in the order in which they lead; by default the
        bundled one and what was added
        (see `find_stack`).
    cache
        Folder for the compiled index of tables; by default `GEOMAP_CACHE` or the user's cache
        folder. The first use compiles it
        (some seconds, once a version of the data).

    Raises
    ------
    GazetteerNotFoundError, GazetteerError

    """

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        *,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        paths = [path] if isinstance(path, str | os.PathLike) else path
        stored = Path(
            cache
            or os.environ.get("GEOMAP_CACHE")
            or platformdirs.user_cache_dir("geomap", appauthor=False)
        )
        self.layers = [Layer(folder, stored) for folder in find_stack(paths)]
        self.source = self.layers[0].source
        self._bases = [0]
        for layer in self.layers:
            self._bases.append(self._bases[-1] + len(layer))
        self._countries = _merged_countries(self.layers)
        self._columns: dict[str, memoryview] = {name: self._column(name) for name in COLUMNS}  # type: ignore[misc]
        self.place_at = lru_cache(maxsize=20_000)(self._place_at)

    def __len__(self) -> int:
        """Return the number of places."""
        return self._bases[-1]

    @cached_property
    def digest(self) -> str:
        """What identifies the data, for files that leave."""
        return "+".join(layer.header["digest"] for layer in self.layers)

    def counts(self) -> list[tuple[Path, dict[Kind, int]]]:
        """Return the folder of each gazetteer of the stack and its number of places by kind."""
        tables = [(layer.source, Counter(bytes(layer.columns["kind"]))) for layer in self.layers]
        return [
            (folder, {KINDS[kind]: number for kind, number in sorted(count.items())})
            for folder, count in tables
        ]

    def _column(self, name: str) -> memoryview | _Stacked:
        parts = [layer.columns[name] for layer in self.layers]
        if len(parts) == 1:
            return parts[0]
        return _Stacked(
            parts, self._bases[:-1], [self._move(name, position) for position in range(len(parts))]
        )

    def _move(self, column: str, position: int) -> Callable[[int], int]:
        if column in {"admin1", "admin2"}:
            base = self._bases[position]
            return lambda row: row + base if row >= 0 else row
        if column == "country":
            place_of = {country["iso3"]: at for at, country in enumerate(self._countries)}
            table = [place_of[country["iso3"]] for country in self.layers[position].countries]
            return lambda at: table[at] if at >= 0 else at
        return lambda value: value

    def postings(self, name: str) -> list[tuple[int, int]]:
        """Return `(row, how)` of every place called `name`.

        `how` tells a primary name from an alternate, demonym or abbreviation.

        A place with the id of one in a gazetteer before it is left out.
        """
        folded = key(name)
        found = self._postings(folded)
        if not found and (bare := without_article(folded)):
            return self._postings(bare)
        return found

    def _postings(self, folded: str) -> list[tuple[int, int]]:
        found = [(p >> 2, p & 3) for p in self.layers[0].postings(folded)]
        if len(self.layers) == 1:
            return found
        for base, layer in zip(self._bases[1:-1], self.layers[1:], strict=True):
            found += [
                (base + (p >> 2), p & 3)
                for p in layer.postings(folded)
                if self._leads(layer, p >> 2)
            ]
        return found

    def _leads(self, layer: Layer, row: int) -> bool:
        ident = layer.raw("id", row).decode("utf-8")
        return all(
            earlier.row(ident) is None for earlier in self.layers[: self.layers.index(layer)]
        )

    def knows(self, folded: str) -> bool:
        """Tell whether a key (see `names.key`) is in the gazetteer."""
        return any(layer.names.position(folded) is not None for layer in self.layers)

    def extends(self, folded: str) -> bool:
        """Tell whether some name starts with this key and has more words."""
        return any(
            next(layer.names.starting(folded + " "), None) is not None for layer in self.layers
        )

    def column(self, name: str) -> memoryview:
        """Return a column of numbers by row (`kind`, `population`, `country`, `lon`, ...).

        As stored.
        """
        return self._columns[name]

    def prominence(self, row: int, how: int = PRIMARY) -> float:
        """Return how likely a bare name means this place.

        Log inhabitants, with a bonus for what news speaks of.
        """
        c = self._columns
        kind = KINDS[c["kind"][row]]
        return (
            math.log1p(max(0, c["population"][row]))
            + _KIND_BONUS[kind]
            + _FEATURE_BONUS[c["feature"][row]]
            + _NAME_BONUS[how]
        )

    def candidates(self, name: str, *, loose: bool = False) -> list[Place]:
        """Return the places called `name`, the most likely first without any context.

        Parameters
        ----------
        name
            A place name or demonym, in any script and spelling that the gazetteer holds.
        loose
            Also what other romanisations of the name find ("Maarat al-Numaan" for "Ma`arrat an
            Nu`man"), after what is found as it stands.

        """
        ranked = sorted(self.postings(name), key=lambda p: (-self.prominence(*p), p[0]))
        rows = dict.fromkeys(row for row, _ in ranked)
        if loose:
            # "Tadmur/Palmyra" and "Al-Rai (Choban Bey)" are two spellings each.
            for spelling in filter(None, (part.strip() for part in re.split(r"[/()]", name))):
                rows |= dict.fromkeys(row for row, _ in self.sounding_like(spelling))
        return [self.place_at(row) for row in rows]

    def sounding_like(self, name: str) -> list[tuple[int, float]]:
        """Return `(row, likeness)` of places whose name sounds alike, the most alike first.

        Such a name has the same consonants and like vowels.
        Likeness is one minus the edit distance of the sounds (see `names.sound`) over the longer
        one's length; from `_ALIKE` on, and
        no more than `_NEAR_BEST` under the best. Demonyms are left out.
        """
        from rapidfuzz.distance import Levenshtein

        wanted = sound(name)
        bones = skeleton(wanted)
        best: dict[int, float] = {}
        for layer, base in zip(self.layers, self._bases[:-1], strict=True):
            for entry in layer.sounds.starting(f"{bones}\t") if bones else ():
                folded = entry.partition("\t")[2]
                likeness = Levenshtein.normalized_similarity(
                    wanted, sound_of_key(folded), score_cutoff=_ALIKE
                )
                for p in layer.postings(folded) if likeness else ():
                    if p & 3 != DEMONYM and self._leads(layer, p >> 2):
                        best[base + (p >> 2)] = max(likeness, best.get(base + (p >> 2), 0.0))
        bound = max(best.values(), default=0.0) - _NEAR_BEST
        kept = [(row, likeness) for row, likeness in best.items() if likeness >= bound]
        return sorted(kept, key=lambda r: (-r[1], -self.prominence(r[0]), r[0]))

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
        for layer, base in zip(self.layers, self._bases[:-1], strict=True):
            row = layer.row(ident)
            if row is not None:
                return base + row
        return None

    def country(self, iso3: str) -> Place | None:
        """Return the country with this ISO 3166-1 alpha-3 code, or None."""
        row = self._country_rows.get(iso3)
        return None if row is None else self.place_at(row)

    def country_position(self, iso3: str) -> int:
        """Return the position of a country in the country column, or -2 for an unknown code."""
        return self._country_positions.get(iso3, -2)

    @cached_property
    def iso2_codes(self) -> list[str]:
        """The ISO 3166-1 alpha-2 codes by position in the country column."""
        return [country["iso2"] for country in self._countries]

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

    def nearest(
        self, lon: float, lat: float, *, kinds: Iterable[Kind] = (Kind.SETTLEMENT,)
    ) -> tuple[Place, float]:
        """Return the nearest place to a point in degrees and its distance in km.

        Raises
        ------
        OptionError
            When the point is outside -180..180 and -90..90.
        GazetteerError
            When there is no place of these kinds.

        """
        import numpy as np

        check_degrees(lon, lat)
        best: tuple[float, int] | None = None
        for base, x, y, wanted in self._points(kinds):
            if len(wanted):
                # Squared chord on the unit sphere grows with the distance, also across the
                # antimeridian and at the poles.
                p, q = np.radians(lat), np.radians(y[wanted] / 1e5)
                chord = (
                    np.sin((q - p) / 2) ** 2
                    + np.cos(p) * np.cos(q) * np.sin(np.radians(x[wanted] / 1e5 - lon) / 2) ** 2
                )
                at = int(chord.argmin())
                if best is None or chord[at] < best[0]:
                    best = (float(chord[at]), base + int(wanted[at]))
        if best is None:
            msg = f"the gazetteer {self.source} holds no place of the kinds {', '.join(kinds)}"
            raise GazetteerError(msg)
        place = self.place_at(best[1])
        return place, 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(best[0])))

    def within(
        self,
        area: Place | tuple[float, float, float, float],
        *,
        kinds: Iterable[Kind] = (Kind.SETTLEMENT,),
    ) -> list[Place]:
        """Return the places of these kinds inside an area, the most prominent first.

        Parameters
        ----------
        area
            A country, admin-1 or admin-2 division, whose members are returned; or a box `(west,
            south, east, north)` in degrees, in which
            `west` greater than `east` crosses the antimeridian.
        kinds
            The kinds of place.

        """
        import numpy as np

        rows: list[int] = []
        for (base, x, y, wanted), layer in zip(self._points(kinds), self.layers, strict=True):
            if isinstance(area, Place):
                column, value = self._members(area)
                numbers = np.asarray(layer.columns[column])[wanted]
                here = (
                    [i for i, c in enumerate(layer.countries) if c["iso3"] == area.country]
                    if column == "country"
                    else [value - base]
                )
                inside = np.isin(numbers, here)
            else:
                west, south, east, north = (v * 1e5 for v in area)
                across = (
                    (x[wanted] >= west) & (x[wanted] <= east)
                    if west <= east
                    else (x[wanted] >= west) | (x[wanted] <= east)
                )
                inside = across & (y[wanted] >= south) & (y[wanted] <= north)
            rows += [base + int(row) for row in wanted[inside]]
        rows.sort(key=lambda row: (-self.prominence(row), row))
        return [self.place_at(row) for row in rows]

    def _points(self, kinds: Iterable[Kind]) -> Iterator[tuple[int, Any, Any, Any]]:
        import numpy as np

        wanted = [KINDS.index(kind) for kind in kinds]
        for layer, base in zip(self.layers, self._bases[:-1], strict=True):
            x, y = np.asarray(layer.columns["lon"]), np.asarray(layer.columns["lat"])
            yield (
                base,
                x,
                y,
                np.flatnonzero(
                    np.isin(np.asarray(layer.columns["kind"]), wanted) & (x != NO_POINT)
                ),
            )

    def _members(self, place: Place) -> tuple[str, int]:
        if place.kind is Kind.COUNTRY:
            return "country", self.country_position(place.country)
        row = self.row(place.id)
        if row is None or place.kind not in {Kind.ADMIN1, Kind.ADMIN2}:
            raise OptionError(
                "area",
                place.id,
                "a country, an admin-1 or admin-2 division of this gazetteer, or a box of four"
                " numbers",
            )
        return str(place.kind), row

    @cached_property
    def _country_rows(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for layer, base in zip(self.layers, self._bases[:-1], strict=True):
            for iso3, row in layer.header["country_rows"].items():
                rows.setdefault(iso3, base + row)
        return rows

    @cached_property
    def _country_positions(self) -> dict[str, int]:
        return {country["iso3"]: position for position, country in enumerate(self._countries)}

    def _text(self, column: str, row: int) -> str:
        layer = bisect.bisect_right(self._bases, row) - 1
        return self.layers[layer].raw(column, row - self._bases[layer]).decode("utf-8")

    def _place_at(self, row: int) -> Place:
        c = self._columns
        kind = KINDS[c["kind"][row]]
        country = (
            self._countries[c["country"][row]]
            if c["country"][row] >= 0
            else {"iso3": "", "name": ""}
        )
        known = c["lon"][row] != NO_POINT
        one, two = c["admin1"][row], c["admin2"][row]
        return Place(
            id=self._text("id", row),
            name=self._text("name", row),
            kind=kind,
            precision=PRECISION_OF[kind],
            lon=c["lon"][row] / 1e5 if known else None,
            lat=c["lat"][row] / 1e5 if known else None,
            country=country["iso3"],
            country_name=country["name"],
            population=c["population"][row],
            admin1=self._text("id", one) if one >= 0 else "",
            admin1_name=self._text("name", one) if one >= 0 else "",
            admin2_name=self._text("name", two) if two >= 0 else "",
            uncertainty_km=c["uncertainty"][row] / 10,
            valid_from=_known_year(c["valid_from"][row]),
            valid_to=_known_year(c["valid_to"][row]),
            disputed=bool(c["disputed"][row]),
            note=self._text("note", row),
        )


def _known_year(year: int) -> int | None:
    return None if year == NO_YEAR else year


def _merged_countries(layers: list[Layer]) -> list[dict[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for layer in layers:
        for country in layer.countries:
            merged.setdefault(country["iso3"], country)
    return list(merged.values())
