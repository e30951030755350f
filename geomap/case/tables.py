"""Tables of figures read in as movements, each row with its line as evidence."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from geomap.errors import DocumentError
from geomap.gazetteer import Gazetteer
from geomap.model import (
    LARGEST,
    Basis,
    DatePrecision,
    Document,
    Evidence,
    Measure,
    Mention,
    Movement,
    MovementKind,
    Parsed,
    Quantifier,
    Quantity,
    Unit,
    When,
)

# UNHCR's columns of people who crossed in a year, of which a row fills at least one.
_PEOPLE: Final = ("refugees", "asylum_seekers", "refugee_like", "oip")
_NEEDED: Final = ("year", "coo_iso", "coa_iso")


def read_unhcr_flows(path: str | os.PathLike[str], gazetteer: Gazetteer) -> Iterator[Parsed]:
    """Yield UNHCR's forced displacement flows (CSV, may be gzipped) as one document a year.

    One movement a row.

    Parameters
    ----------
    path
        A table with the columns year, coo_iso, coa_iso (ISO 3166-1 alpha-3) and any of refugees,
        asylum_seekers, refugee_like and oip, whose sum is the figure of the row: people who crossed
        from one country into another
        in that year. The years must stand together.
    gazetteer
        Where countries are found; a code that is none is kept without a place.

    Raises
    ------
    DocumentError
        When a column is missing or a cell is no number; names the line.

    """
    name = Path(path).name
    with _opened(Path(path)) as file:
        header = next(csv.reader([file.readline()]), [])
        missing = [c for c in _NEEDED if c not in header]
        if missing:
            raise DocumentError(
                name,
                f"it has no column {missing[0]!r}; UNHCR's flows have"
                f" {', '.join((*_NEEDED, *_PEOPLE))}",
            )
        year, start = "", 2
        lines: list[str] = []
        for number, line in enumerate(file, start=2):
            told = (
                line.split(",", 1)[0]
                if header[0] == "year"
                else dict(zip(header, next(csv.reader([line])), strict=False))["year"]
            )
            if told != year and lines:
                yield _year(name, year, header, lines, start, gazetteer)
                lines, start = [], number
            year = told
            lines.append(line.rstrip("\r\n"))
        if lines:
            yield _year(name, year, header, lines, start, gazetteer)


def _opened(path: Path) -> IO[str]:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise DocumentError(path.name, f"it cannot be read: {error.strerror or error}") from error
    return io.TextIOWrapper(
        gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw,
        encoding="utf-8-sig",
        newline="",
    )


def _year(
    name: str, year: str, header: list[str], lines: list[str], start: int, gazetteer: Gazetteer
) -> Parsed:
    ident = f"{name}:{year.partition('.')[0]}"
    try:
        first = dt.date(int(float(year)), 1, 1)
    except (ValueError, OverflowError) as error:
        raise DocumentError(f"{name}:{start}", f"year is {year!r}; it must be a year") from error
    when = When(
        first, dt.date(first.year, 12, 31), DatePrecision.YEAR, Basis.EXPLICIT, str(first.year)
    )
    doc = Document(ident, "\n".join(lines), f"UNHCR flows {first.year}", "UNHCR", "", None)
    movements, at = [], 0
    for number, (line, row) in enumerate(zip(lines, csv.DictReader(lines, header), strict=True)):
        count = _people(row, f"{name}:{start + number}")
        evidence = Evidence(ident, at, at + len(line), line)
        quantity = Quantity(count, count, count, Quantifier.EXACT, Unit.PERSON, str(count))
        origin, destination = (
            _country(row[f"{side}_iso"], at, line, gazetteer) for side in ("coo", "coa")
        )
        movements.append(
            Movement(
                f"{ident}#m{number + 1}",
                MovementKind.DISPLACEMENT,
                (origin,),
                (destination,),
                quantity=quantity,
                measure=Measure.NEW,
                when=when,
                claimed_by="UNHCR",
                evidence=(evidence,),
                score=1.0,
            )
        )
        at += len(line) + 1
    return Parsed(doc, (), (), tuple(movements))


def _people(row: dict[str, str], where: str) -> int:
    try:
        count = sum(float(row.get(c) or 0) for c in _PEOPLE)
    except ValueError as error:
        raise DocumentError(
            where, f"{error}; the columns {', '.join(_PEOPLE)} must be numbers or empty"
        ) from error
    if not 0 <= count < LARGEST:  # the comparison refuses NaN, too
        raise DocumentError(
            where, f"{count:g} people; their sum must be a number from 0 to {LARGEST - 1:,}"
        )
    return int(count)


def _country(iso3: str, at: int, line: str, gazetteer: Gazetteer) -> Mention:
    start = at + max(0, line.find(iso3))
    place = gazetteer.country(iso3)
    return Mention(
        iso3,
        start,
        start + len(iso3),
        place,
        "" if place else f"{iso3!r} is no country of the gazetteer",
    )
