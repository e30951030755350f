"""Read places from what users have.

GeoNames dumps, and tables of places (CSV, GeoJSON, GeoPackage; UCDP GED and ACLED exports).
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from geomap.errors import GazetteerError, MissingExtraError
from geomap.model import Kind

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a source.

    `country` is an ISO 3166-1 code or a name; `admin1` and `admin2` are GeoNames codes ("SY.09").
    """

    ident: str
    name: str
    kind: Kind
    lon: float
    lat: float
    country: str = ""
    admin1: str = ""
    admin2: str = ""
    population: int = 0
    feature: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a place of a GeoNames dump."""

    geonameid: int
    name: str


# GeoNames feature classes: https://www.geonames.org/export/codes.html (CC BY 4.0).
_KIND_OF_CLASS = {
    "P": Kind.SETTLEMENT,
    "H": Kind.WATER,
    "U": Kind.WATER,
    "T": Kind.TERRAIN,
    "V": Kind.TERRAIN,
    "L": Kind.REGION,
    "S": Kind.SITE,
    "R": Kind.SITE,
    "A": Kind.ADMIN2,
}
_NO_NAMES = frozenset(
    {"link", "wkdt", "post", "iata", "icao", "faac", "unlc", "phon", "piny", "tcid"}
)
_GEONAMES_FIELDS, _ALTERNATE_FIELDS = 19, 8
_LINE = 65_536  # GeoNames allows 10,000 characters of alternate names in a line
_CELL = 1_000_000  # characters of a cell; event tables quote whole articles
_MOST_ID, _MOST_PEOPLE = 2**53, 20_000_000_000
_UNKNOWN = frozenset({"", "-", "n/a", "na", "nan", "none", "null", "unknown"})
_HEAD = 65_536  # bytes at the start of a layer in which its kind stands
_GEOJSON = re.compile(rb'"type"\s{0,9}:\s{0,9}"Feature(?:Collection)?"')
_TOLD = 200  # characters of another library's message


def read_geonames(path: Path) -> Iterator[Entry | Alias]:
    """Yield the places or alternate names of a GeoNames dump (`allCountries.zip`, `SY.zip`.

    `SY.txt`, `alternateNamesV2.zip`), in file order.

    Raises
    ------
    GazetteerError
        For a file that is no such dump, is cut off, or holds coordinates out of range; names the
        line.

    """
    with _boundary(path), _lines(path) as lines:
        for number, line in enumerate(lines, 1):
            cells = line.rstrip("\n").split("\t")
            where = f"{path.name}, line {number}"
            if len(cells) == _GEONAMES_FIELDS:
                yield _geonames_entry(cells, where)
            elif 4 <= len(cells) <= _ALTERNATE_FIELDS + 2 and _is_number(cells[1]):
                if cells[2] not in _NO_NAMES and cells[3]:
                    yield Alias(_number(cells[1], _MOST_ID, "id", where), cells[3])
            else:
                msg = (
                    f"{where}: {len(cells)} columns where a GeoNames dump has {_GEONAMES_FIELDS}"
                    f" (alternate names: {_ALTERNATE_FIELDS} or more); the file is cut off or of"
                    " another format"
                )
                raise GazetteerError(msg)


def _geonames_entry(cells: list[str], where: str) -> Entry:
    if not _is_number(cells[0]):
        msg = f"{where}: the id {cells[0]!r} is no number; this is no GeoNames dump"
        raise GazetteerError(msg)
    lat, lon = degrees(cells[4], cells[5], where)
    code, country = cells[7], cells[8]
    kind = _KIND_OF_CLASS.get(cells[6], Kind.SITE)
    if code.startswith("PCL"):
        kind = Kind.COUNTRY
    elif code == "ADM1":
        kind = Kind.ADMIN1
    one = f"{country}.{cells[10]}" if cells[10] else ""
    two = f"{one}.{cells[11]}" if one and cells[11] else ""
    aliases = tuple(filter(None, (cells[2], *cells[3].split(","))))
    population = _number(cells[14] or "0", _MOST_PEOPLE, "population", where)
    ident = _number(cells[0], _MOST_ID, "id", where)
    return Entry(
        f"geonames:{ident}",
        cells[1],
        kind,
        lon,
        lat,
        country,
        one,
        two,
        population,
        code,
        aliases,
    )


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdecimal()


def _number(cell: str, most: int, what: str, where: str) -> int:
    """Return the number of a cell, rounded, which is from 0 to `most`."""
    try:
        number = float(cell.replace(",", ""))
    except ValueError:
        number = math.nan
    if not 0 <= number <= most:
        msg = f"{where}: the {what} {cell[:40]!r} is no number from 0 to {most:,}"
        raise GazetteerError(msg)
    return round(number)


@contextmanager
def _boundary(path: Path) -> Iterator[None]:
    """Turn whatever a damaged or hostile file raises into an error that names the file."""
    try:
        yield
    except (GazetteerError, MissingExtraError):
        raise
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:_TOLD]
        msg = f"{path} cannot be read: it is cut off, damaged or of another format ({told})"
        raise GazetteerError(msg) from error


def degrees(lat: str | float, lon: str | float, where: str) -> tuple[float, float]:
    """Return latitude and longitude as numbers.

    Raises
    ------
    GazetteerError
        When they are none or lie outside -90..90 and -180..180.

    """
    try:
        y, x = float(lat), float(lon)
    except ValueError as error:
        msg = f"{where}: latitude {lat!r} and longitude {lon!r} are no numbers"
        raise GazetteerError(msg) from error
    if not (-90 <= y <= 90 and -180 <= x <= 180):
        msg = (
            f"{where}: latitude {y} and longitude {x} are out of range (-90..90, -180..180); are"
            " they swapped?"
        )
        raise GazetteerError(msg)
    return y, x


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    """Open the text of a dump, zipped or not; a zip holds one table beside its readme."""
    if path.suffix.casefold() != ".zip":
        with path.open(encoding="utf-8", newline="\n") as file:
            yield _bounded(file, path)
        return
    with zipfile.ZipFile(path) as archive:
        tables = [
            n
            for n in archive.namelist()
            if n.endswith(".txt")
            and "readme" not in n.casefold()
            and "iso-languagecodes" not in n.casefold()
        ]
        if len(tables) != 1:
            msg = (
                f"{path} holds {len(tables)} tables ({', '.join(archive.namelist()[:5])}); a"
                " GeoNames zip holds one .txt"
            )
            raise GazetteerError(msg)
        with archive.open(tables[0]) as raw:
            yield _bounded(io.TextIOWrapper(raw, encoding="utf-8", newline="\n"), path)


def _bounded(file: TextIO, path: Path) -> Iterator[str]:
    """Yield the lines of a dump, none of which may fill the memory."""
    for number, line in enumerate(iter(lambda: file.readline(_LINE), ""), 1):
        if len(line) == _LINE:
            msg = (
                f"{path.name}, line {number} is longer than {_LINE:,} characters: no GeoNames dump"
            )
            raise GazetteerError(msg)
        yield line


# --- tables of places
# ----------------------------------------------------------------------

# Column names by what they mean, the first that is there counts; UCDP GED and ACLED names lead.
_COLUMNS = {
    "name": (
        "where_coordinates",
        "location",
        "name",
        "place",
        "placename",
        "place_name",
        "asciiname",
        "name_en",
        "title",
        "label",
        "toponym",
    ),
    "lat": ("latitude", "lat", "y"),
    "lon": ("longitude", "lon", "lng", "long", "x"),
    "country": (
        "country",
        "iso3",
        "country_code",
        "countrycode",
        "iso",
        "iso2",
        "cc",
        "adm0_pcode",
    ),
    "id": ("geonameid", "place_id", "pcode", "fid", "id"),
    "aliases": ("aliases", "alternatenames", "alternate_names", "other_names", "altnames", "alias"),
    "kind": ("kind", "place_type", "feature_type"),
    "population": ("population", "pop"),
}
# Event tables: many rows a place, and their id is the event's.
_EVENT_TABLES = ("where_coordinates", "event_id_cnty")
# Rows of events known only to a district, a province or a country carry that area's middle, not
# a place.
_EXACT = {"where_prec": {"1", "2"}, "geo_precision": {"1", "2"}}


def read_table(path: Path) -> Iterator[Entry]:
    """Yield the places of a table, once each.

    Raises
    ------
    GazetteerError
        When no column holds names or coordinates, a coordinate is out of range, or an id stands
        twice; names the row.

    """
    with _boundary(path):
        yield from _table_entries(path)


def _table_entries(path: Path) -> Iterator[Entry]:
    rows = (
        _csv_rows(path)
        if path.name.casefold().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
        else _layer_rows(path)
    )
    columns: dict[str, str] = {}
    events, seen = False, dict[Any, str]()
    for number, row in enumerate(rows, 1):
        where = f"{path.name}, row {number}"
        if number == 1:
            columns = _columns(list(row), path)
            events = any(name in row for name in _EVENT_TABLES)
        if not row[columns["name"]].strip() or (events and not _exact(row)):
            continue
        entry = _table_entry(row, columns, path, number, where, events=events)
        same = (
            (entry.name, round(entry.lat, 4), round(entry.lon, 4), entry.country)
            if events or "id" not in columns
            else entry.ident
        )
        if same not in seen:
            seen[same] = where
            yield entry
        elif "id" in columns and not events:
            msg = (
                f"{where}: the id {row[columns['id']]!r} stands also in {seen[same]}; make ids"
                " unique or leave the column out"
            )
            raise GazetteerError(msg)


def _exact(row: dict[str, str]) -> bool:
    return all(
        row.get(column, "1").removesuffix(".0") in allowed for column, allowed in _EXACT.items()
    )


def _columns(names: list[str], path: Path) -> dict[str, str]:
    by_low = {name.casefold().strip(): name for name in names}
    found = {
        what: by_low[low] for what, lows in _COLUMNS.items() for low in lows[::-1] if low in by_low
    }
    for what, wanted in (("name", "name"), ("lat", "latitude"), ("lon", "longitude")):
        if what not in found:
            msg = (
                f"{path.name} has no column with the {wanted} of a place; it has"
                f" {', '.join(names[:12])}; call one of them {' or '.join(_COLUMNS[what][:4])}"
            )
            raise GazetteerError(msg)
    return found


def _table_entry(
    row: dict[str, str],
    columns: dict[str, str],
    path: Path,
    number: int,
    where: str,
    *,
    events: bool,
) -> Entry:
    def cell(what: str) -> str:
        return row[columns[what]].strip() if what in columns else ""

    lat, lon = degrees(cell("lat"), cell("lon"), where)
    kinds = {str(kind): kind for kind in Kind}
    kind = kinds.get(cell("kind").casefold(), Kind.SETTLEMENT)
    ident = f"{path.name.split('.')[0]}:{number if events or not cell('id') else cell('id')}"
    aliases = tuple(
        filter(
            None,
            (a.strip() for a in cell("aliases").replace(";", "|").replace(",", "|").split("|")),
        )
    )
    name = cell("name")
    if events:
        aliases = (*aliases, *bare_names(name))
    return Entry(
        ident,
        name,
        kind,
        lon,
        lat,
        cell("country"),
        population=_number(
            "0" if cell("population").casefold() in _UNKNOWN else cell("population"),
            _MOST_PEOPLE,
            "population",
            where,
        ),
        aliases=aliases,
    )


def bare_names(name: str) -> Iterator[str]:
    """Yield what a place of an event table is called.

    "Tadmur/Palmyra town" is Tadmur and Palmyra.
    """
    words = name.split(" ")
    bare = (
        " ".join(words[:-1])
        if len(words) > 1 and words[-1] in {"town", "village", "city"}
        else name
    )
    yield from (part.strip() for part in {bare, *bare.split("/")} if part.strip() != name)


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    import gzip

    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    csv.field_size_limit(_CELL)
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            head = file.readline(_CELL)
            file.seek(0)
            delimiter = max("\t;,|", key=head.count)
            for row in csv.DictReader(file, delimiter=delimiter):
                yield {
                    name: value or ""
                    for name, value in row.items()
                    if name is not None and not isinstance(value, list)
                }
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read as a table ({error}); save it as CSV in UTF-8"
        raise GazetteerError(msg) from error


def _check_layer(path: Path) -> None:
    """Refuse what is neither GeoJSON nor GeoPackage by its first bytes.

    GDAL goes by the content and knows formats that name other files and addresses to be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"SQLite format 3\0"):
        return
    if not _GEOJSON.search(head) or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        msg = f"{path} cannot be read as GeoJSON or GeoPackage: it is neither"
        raise GazetteerError(msg)
    if b"gdal_streamed_alg" in head:
        msg = f"{path} names other data to be read; a table of places holds them itself"
        raise GazetteerError(msg)


def _layer_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a vector layer with a point inside each shape, in WGS 84."""
    try:
        import geopandas as gpd
    except ImportError as error:  # pragma: no cover - geopandas is a dependency
        raise MissingExtraError("geopandas", "all") from error
    _check_layer(path)
    frame: Any = gpd.read_file(path)
    if not isinstance(frame, gpd.GeoDataFrame):
        msg = f"{path} has no shapes; a table of places is CSV, GeoJSON or GeoPackage"
        raise GazetteerError(msg)
    yield from _with_points(frame)


def _with_points(frame: gpd.GeoDataFrame) -> Iterator[dict[str, str]]:
    import pandas as pd

    shapes = frame.geometry.to_crs("EPSG:4326") if frame.crs else frame.geometry
    points = shapes.representative_point()
    lons, lats = points.x, points.y
    for (_, row), lon, lat in zip(
        frame.drop(columns=frame.geometry.name).iterrows(), lons, lats, strict=True
    ):
        cells = {str(name): "" if pd.isna(value) else str(value) for name, value in row.items()}
        if not pd.isna(lon):  # a row without a shape has no point
            yield cells | {"longitude": str(lon), "latitude": str(lat)}
