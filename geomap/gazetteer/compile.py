"""Compile the committed tables into the memory-mapped index (see `layout`).

Once for each version of the data.
"""

from __future__ import annotations

import csv
import gc
import hashlib
import io
import json
import lzma
import math
import os
import tempfile
import time
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from geomap.errors import GazetteerError
from geomap.gazetteer.layout import (
    COLUMNS,
    FORMAT,
    NO_POINT,
    NO_YEAR,
    TEXTS,
    Writer,
    remove,
    strangers,
)
from geomap.gazetteer.names import key, skeleton, sound_of_key, without_article
from geomap.integrity import fault, make_private, private
from geomap.model import Kind

KINDS = tuple(Kind)
PRIMARY, ALTERNATE, DEMONYM, ABBREVIATION = range(4)  # how a name belongs to its place
NONE = -1
_BUILDING = "building-"
_DAY_S = 86_400
# A settlement's points lie within about this radius: 1 km for a village, 32 km for a city of ten
# million.
_KM_PER_ROOT_INHABITANT = 0.01


def digest(source: Path) -> str:
    """Return what identifies the product in `source`.

    Its manifest, the hand-written tables and the format.
    """
    h = hashlib.sha256(str(FORMAT).encode())
    for path in [source / "manifest.json", *sorted((source / "supplement").glob("*.tsv"))]:
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def compile_index(source: Path, cache: Path) -> Path:
    """Return the folder of the index of `source`, compiling it into `cache` on first use.

    The folder is put in place by one rename, so that a killed or parallel build leaves nothing half
    written. A damaged index is compiled anew. An index is neither kept in nor loaded from a folder
    that other users can change.

    Raises
    ------
    GazetteerError
        When the tables are damaged, or no folder can hold the index.

    """
    name = digest(source)
    for folder in (cache, _own_temporary()):
        try:
            make_private(folder)
        except OSError:
            continue
        if not private(folder):
            continue
        target = folder / name
        if target.exists() and private(target) and not fault(target):
            return target
        if os.access(folder, os.W_OK):
            return _compiled(source, target)
    msg = (
        f"the gazetteer index has no place: {cache} cannot be written, or others can change what is"
        " in it; set GEOMAP_CACHE to a folder of your own"
    )
    raise GazetteerError(msg)


def _own_temporary() -> Path:
    """Return where the index lives when the cache cannot hold it, as with a read-only home."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"geomap-{user}"


def _compiled(source: Path, target: Path) -> Path:
    _sweep(target.parent)
    work = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=target.parent))
    try:
        with _no_collection():
            _Builder(source).write(work)
        if target.exists() and fault(target):
            _set_aside(target)
        work.rename(target)
    except OSError as error:
        # Another process may have been quicker; what it wrote serves as well.
        if not target.exists() or fault(target):
            msg = (
                f"the gazetteer index cannot be written to {target}: {error}; free space there or"
                " set GEOMAP_CACHE to another folder"
            )
            raise GazetteerError(msg) from error
    finally:
        if work.exists():
            remove(work)
    return target


def _set_aside(target: Path) -> None:
    """Take a damaged index out of the way; other processes may still have its files open."""
    aside = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=target.parent))
    moved = target.rename(aside / target.name)
    if not strangers(moved):
        remove(moved)
        aside.rmdir()


def _sweep(cache: Path) -> None:
    """Remove what builds that were killed left behind; one takes half a minute, not a day."""
    for left in cache.glob(f"{_BUILDING}*"):
        if time.time() - left.stat().st_mtime > _DAY_S and not strangers(left):
            remove(left)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector from walking millions of new lists, none of which is garbage.

    A fifth of the time otherwise.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def checked(path: Path) -> bytes:
    """Return a file of the product, which must agree with the manifest beside it.

    Raises
    ------
    GazetteerError
        When it is missing, or its SHA-256 is not the manifest's.

    """
    source = next((p for p in path.parents if (p / "manifest.json").exists()), path.parent)
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        msg = f"{path} is missing; reinstall geomap"
        raise GazetteerError(msg) from error
    wanted = _manifest(source).get(path.relative_to(source).as_posix())
    if wanted != hashlib.sha256(raw).hexdigest():
        msg = f"{path} is damaged: it does not agree with manifest.json; reinstall geomap"
        raise GazetteerError(msg)
    return raw


@cache
def _manifest(source: Path) -> dict[str, str]:
    path = source / "manifest.json"
    try:
        files: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        msg = f"{path} is missing or damaged ({error}); reinstall geomap"
        raise GazetteerError(msg) from error
    return files


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated table, compressed or not."""
    raw = checked(path)
    try:
        text = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode("utf-8")
    except (lzma.LZMAError, UnicodeDecodeError) as error:
        msg = f"{path} is damaged ({error}); reinstall geomap"
        raise GazetteerError(msg) from error
    yield from csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)


class _Builder:
    """Collects rows and names, then writes them; lives for one compilation."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.columns = {name: array(code) for name, code in COLUMNS.items()}
        self.texts: dict[str, list[str]] = {"id": [], "name": [], "note": []}
        self.postings: dict[str, list[int]] = defaultdict(list)
        self.row_of: dict[str, int] = {}
        self.countries: list[dict[str, Any]] = []
        self.country_of: dict[str, int] = {}
        self.division_of: dict[str, int] = {}
        self.arabic: set[int] = set()

    def add(self, ident: str, name: str, kind: Kind, lon: str, lat: str, **values: Any) -> int:
        row = len(self.texts["id"])
        self.row_of[ident] = row
        for column, text in (("id", ident), ("name", name), ("note", values.get("note", ""))):
            self.texts[column].append(text)
        defaults: dict[str, Any] = {
            "country": NONE,
            "admin1": NONE,
            "admin2": NONE,
            "valid_from": NO_YEAR,
            "valid_to": NO_YEAR,
        }
        defaults |= {
            "lon": round(float(lon) * 1e5) if lon else NO_POINT,
            "lat": round(float(lat) * 1e5) if lat else NO_POINT,
            "kind": KINDS.index(kind),
        }
        for column, numbers in self.columns.items():
            numbers.append(values.get(column, defaults.get(column, 0)))
        self.name(row, name, PRIMARY)
        return row

    def name(self, row: int, name: str, how: int) -> None:
        self.key(row, key(name), how)

    def key(self, row: int, folded: str, how: int) -> None:
        posting = row << 2 | how
        # "Qamishli" is what news calls Al Qamishli; "Paso" is not what it calls El Paso.
        if (
            self.columns["country"][row] in self.arabic
            and how != DEMONYM
            and (bare := without_article(folded))
        ):
            self.key(row, bare, ALTERNATE)
        known = self.postings[folded]
        if how == DEMONYM:  # some sources list the adjective as a name of the country
            known[:] = [p for p in known if p >> 2 != row]
        if not known or (folded and not any(p >> 2 == row and p & 3 <= how for p in known)):
            known.append(posting)

    def read(self) -> None:
        self.add_countries()
        self.add_divisions()
        self.add_settlements()
        self.add_supplement()
        self.add_demonyms()

    def add_countries(self) -> None:
        nominal = {
            p["iso3"]: (p["lon"], p["lat"])
            for p in read_table(self.source / "supplement" / "country_points.tsv")
        }
        for position, c in enumerate(read_table(self.source / "countries.tsv")):
            lon, lat = nominal.get(c["iso3"], (c["lon"], c["lat"]))
            radius = math.sqrt(float(c["area_km2"] or 1) / math.pi)
            self.country_of[c["iso3"]] = self.country_of[c["iso2"]] = position
            if c["iso3"] in _ARABIC:
                self.arabic.add(position)
            self.countries.append(
                {"iso3": c["iso3"], "iso2": c["iso2"], "name": c["name"], "capital": c["capital"]}
            )
            row = self.add(
                f"geonames:{c['geonameid']}",
                c["name"],
                Kind.COUNTRY,
                lon,
                lat,
                country=position,
                population=int(c["population"]),
                uncertainty=_tenths(radius),
            )
            for column, cell in c.items():
                if column == "aliases" or len(column) == 2:
                    for alias in filter(None, cell.split("|")):
                        self.name(
                            row,
                            alias,
                            ABBREVIATION if len(alias) <= 3 and alias.isascii() else ALTERNATE,
                        )

    def add_divisions(self) -> None:
        for d in read_table(self.source / "divisions.tsv.xz"):
            if not d["geonameid"]:
                continue
            iso2, _, rest = d["code"].partition(".")
            kind = Kind.ADMIN1 if d["level"] == "1" else Kind.ADMIN2
            admin1 = self.division_of.get(f"{iso2}.{rest.partition('.')[0]}", NONE)
            row = self.add(
                f"geonames:{d['geonameid']}",
                d["name"],
                kind,
                d["lon"],
                d["lat"],
                country=self.country_of.get(iso2, NONE),
                population=int(d["population"]),
                admin1=admin1 if kind is Kind.ADMIN2 else len(self.texts["id"]),
                uncertainty=_tenths(place_radius_km(kind, 0)),
            )
            self.division_of[d["code"]] = row
            if d["iso_3166_2"]:
                self.row_of[d["iso_3166_2"]] = row
            # "Syunik Province" is also called "Syunik".
            bare = d["name"].removesuffix(f" {d['type']}") if d["type"] else d["name"]
            for alias in [
                bare,
                *d["aliases"].split("|"),
                *(_bare(a) for a in [d["name"], *d["aliases"].split("|")]),
            ]:
                self.name(row, alias, ALTERNATE)

    def add_settlements(self) -> None:
        spread: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for p in read_table(self.source / "places.tsv.xz"):
            population = int(p["population"])
            one = self.division_of.get(f"{p['country']}.{p['admin1']}", NONE)
            two = (
                self.division_of.get(f"{p['country']}.{p['admin1']}.{p['admin2']}", NONE)
                if p["admin2"]
                else NONE
            )
            row = self.add(
                f"geonames:{p['geonameid']}",
                p["name"],
                Kind.SETTLEMENT,
                p["lon"],
                p["lat"],
                country=self.country_of.get(p["country"], NONE),
                admin1=one,
                admin2=two,
                population=population,
                feature=FEATURES.get(p["feature"], 0),
                uncertainty=_tenths(place_radius_km(Kind.SETTLEMENT, population)),
            )
            for folded in p["keys"].split("|"):
                self.key(row, folded, ALTERNATE)
            for division in (one, two):
                spread[division].append((self.columns["lon"][row], self.columns["lat"][row]))
        for division, points in spread.items():
            if division != NONE:
                self.columns["uncertainty"][division] = _tenths(_radius_km(points))

    def add_supplement(self) -> None:
        folder = self.source / "supplement"
        for r in read_table(folder / "regions.tsv"):
            # A region that is one admin-1 division gives its names to that division.
            same = self.row_of.get(r["parts"])
            row = (
                same
                if same is not None
                else self.add(
                    r["id"],
                    r["name"],
                    Kind(r["kind"]),
                    r["lon"],
                    r["lat"],
                    country=self.country_of.get(r["country"], NONE),
                    note=r["note"],
                    uncertainty=_tenths(float(r["uncertainty_km"] or 0)),
                    disputed=int(r["disputed"] or 0),
                    valid_from=_year(r["valid_from"]),
                    valid_to=_year(r["valid_to"]),
                )
            )
            self.row_of[r["id"]], self.texts["name"][row] = row, r["name"]
            for alias in filter(None, [r["name"], *r["aliases"].split("|")]):
                self.name(row, alias, PRIMARY if alias == r["name"] else ALTERNATE)
        for s in read_table(folder / "settlements.tsv"):
            row = self.largest(*s["target"].split("@"))
            for alias in s["aliases"].split("|"):
                self.name(row, alias, PRIMARY)
        for a in read_table(folder / "abbreviations.tsv"):
            if (row := self.division_of.get(a["target"], NONE)) != NONE:
                self.name(row, a["newswire"], ALTERNATE)
                self.name(row, a["newswire"].replace(".", ". "), ALTERNATE)  # "W. Va."
                self.name(row, a["postal"], ABBREVIATION)

    def largest(self, name: str, country: str) -> int:
        wanted = self.country_of[country]
        rows = [
            p >> 2
            for p in self.postings.get(key(name), ())
            if self.columns["country"][p >> 2] == wanted
        ]
        rows = [row for row in rows if self.columns["kind"][row] == KINDS.index(Kind.SETTLEMENT)]
        if not rows:
            msg = f"supplement/settlements.tsv names {name}@{country}, which no settlement carries"
            raise GazetteerError(msg)
        return max(rows, key=lambda row: self.columns["population"][row])

    def add_demonyms(self) -> None:
        for d in read_table(self.source / "supplement" / "demonyms.tsv"):
            target = d["target"]
            row = self.row_of.get(target, self.country_of.get(target, NONE))
            if row == NONE:
                msg = f"supplement/demonyms.tsv names {target}, which is not in the gazetteer"
                raise GazetteerError(msg)
            for cell in (d["singular_and_adjective"], d["plural"]):
                for word in filter(None, cell.split("|")):
                    self.name(row, word, DEMONYM)

    def write(self, folder: Path) -> None:
        self.read()
        del self.postings[""]
        with Writer(folder) as writer:
            for name, numbers in self.columns.items():
                writer.section(name, numbers.typecode, [numbers])
            for name in TEXTS:
                writer.texts(name, [[text.encode("utf-8") for text in self.texts[name]]])
            # Rows sorted by their id, so that an id is found by bisection without building a
            # dictionary.
            writer.section(
                "by_id",
                "I",
                [
                    array(
                        "I",
                        sorted(
                            range(len(self.texts["id"])),
                            key=lambda row: self.texts["id"][row].encode(),
                        ),
                    )
                ],
            )
            writer.names((name, sorted(self.postings[name])) for name in sorted(self.postings))
            writer.loose(sorted(filter(None, map(loose_entry, self.postings))))
            writer.close(
                countries=self.countries,
                country_rows={c["iso3"]: row for row, c in enumerate(self.countries)},
                digest=digest(self.source),
            )


def loose_entry(folded: str) -> str:
    """Return the entry of a key in the loose index: skeleton, tab, key.

    Empty when too little is left to compare.

    Names in native scripts are left out: a place has a romanised one too, and asking in a native
    script romanises the question.
    """
    bones = skeleton(sound_of_key(folded)) if folded.isascii() else ""
    return f"{bones}\t{folded}" if bones else ""


# How much more a seat of government is meant than its inhabitants say; GeoNames feature codes.
FEATURES = {
    "PPL": 0,
    "PPLA5": 1,
    "PPLA4": 1,
    "PPLA3": 1,
    "PPLA2": 2,
    "PPLA": 3,
    "PPLG": 3,
    "PPLC": 4,
    "PPLX": 5,
}
# Where place names carry the Arabic article.
_ARABIC = frozenset(
    "DZA BHR DJI EGY IRQ JOR KWT LBN LBY MRT MAR OMN PSE QAT SAU SDN SYR TUN ARE YEM ESH TCD SOM"
    " ERI ISR".split()
)
_TYPE_WORDS = frozenset(
    "province governorate region oblast district county state prefecture department division krai"
    " republic muhafazah wilayat rayon raion municipality".split()
)


def place_radius_km(kind: Kind, population: int) -> float:
    """Return about how far the points of a place lie from its own, by kind and inhabitants."""
    if kind is Kind.SETTLEMENT:
        return 1 + _KM_PER_ROOT_INHABITANT * math.sqrt(population)
    return _RADIUS_KM.get(kind, 10.0)


# Half the width of a middling one of its kind.
_RADIUS_KM = {
    Kind.ADMIN1: 150.0,
    Kind.ADMIN2: 30.0,
    Kind.COUNTRY: 300.0,
    Kind.SITE: 1.0,
    Kind.WATER: 30.0,
    Kind.TERRAIN: 30.0,
    Kind.REGION: 50.0,
}


def _bare(name: str) -> str:
    """Drop a leading or trailing type word: "Donetsk Oblast" -> "Donetsk"."""
    words = name.split(" ")
    if len(words) > 1 and words[-1].casefold() in _TYPE_WORDS:
        return " ".join(words[:-1])
    return name


def _tenths(km: float) -> int:
    return round(km * 10)


def _year(cell: str) -> int:
    return int(cell) if cell else NO_YEAR


def _radius_km(points: list[tuple[int, int]]) -> float:
    """Twice the mean distance of the members from their centre, at least 5 km."""
    lon = sum(p[0] for p in points) / len(points)
    lat = sum(p[1] for p in points) / len(points)
    squeeze = math.cos(math.radians(lat / 1e5))
    mean = sum(math.hypot((p[0] - lon) * squeeze, p[1] - lat) for p in points) / len(points)
    return max(5.0, min(1500.0, 2 * mean / 1e5 * 111.2))
