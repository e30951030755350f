"""Tables of figures read in as movements, each row with its line as evidence."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from geomap.errors import DocumentError, reading, shown
from geomap.gazetteer import Gazetteer
from geomap.model import (
    FIRST_YEAR,
    LARGEST,
    LAST_YEAR,
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
# A file that is packed may hold anything; UNHCR's of 1962 to 2023 has 5.5 MB, 105 letters a line
# at most and 4,187 rows a year.
LONGEST_TABLE: Final = 100_000_000  # characters, unpacked
LONGEST_LINE: Final = 10_000  # characters
MOST_ROWS: Final = 62_500  # a year: each of 250 countries with each


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
    with reading(name, "unpack it, or fetch it again"), _opened(Path(path)) as file:
        lines = _lines(name, file)
        header = next(csv.reader([next(lines, (1, ""))[1]]), [])
        missing = [c for c in _NEEDED if c not in header]
        if missing:
            raise DocumentError(
                name,
                f"it has no column {missing[0]!r}; UNHCR's flows have"
                f" {', '.join((*_NEEDED, *_PEOPLE))}",
            )
        column = header.index("year")
        for year, rows in itertools.groupby(lines, key=lambda line: _cell(line[1], column)):
            told = list(itertools.islice(rows, MOST_ROWS + 1))
            if len(told) > MOST_ROWS:
                raise DocumentError(
                    f"{name}:{told[-1][0]}",
                    f"{shown(year)} has more than {MOST_ROWS:,} rows, more than countries have"
                    " pairs; these are no yearly flows",
                )
            yield _year(name, year, header, told, gazetteer)


def _cell(line: str, column: int) -> str:
    if column == 0 and not line.startswith('"'):
        return line.partition(",")[0]
    cells = next(csv.reader([line]), [])
    return cells[column] if column < len(cells) else ""


def _lines(name: str, file: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that are not empty, bounded in length and in sum."""
    size = 0
    for number in itertools.count(1):
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        size += len(line)
        if len(line) > LONGEST_LINE or size > LONGEST_TABLE:
            raise DocumentError(
                f"{name}:{number}",
                f"the line has more than {LONGEST_LINE:,} characters, or the table more than"
                f" {LONGEST_TABLE:,}; UNHCR's flows have lines of about 100 and 6 MB in all",
            )
        if line.strip():
            yield number, line.rstrip("\r\n")


def _opened(path: Path) -> IO[str]:
    raw = path.open("rb")
    return io.TextIOWrapper(
        gzip.GzipFile(fileobj=raw) if path.suffix.casefold() == ".gz" else raw,
        encoding="utf-8-sig",
        newline="",
    )


def _year(
    name: str, year: str, header: list[str], told: list[tuple[int, str]], gazetteer: Gazetteer
) -> Parsed:
    first = dt.date(_number_of(year, f"{name}:{told[0][0]}"), 1, 1)
    ident = f"{name}:{first.year}"
    lines = [line for _, line in told]
    when = When(
        first, dt.date(first.year, 12, 31), DatePrecision.YEAR, Basis.EXPLICIT, str(first.year)
    )
    doc = Document(ident, "\n".join(lines), f"UNHCR flows {first.year}", "UNHCR", "", None)
    movements: list[Movement] = []
    at = 0
    for number, line in told:
        where = f"{name}:{number}"
        row = dict(zip(header, next(csv.reader([line]), []), strict=False))
        if not all(c in row for c in _NEEDED):
            raise DocumentError(where, f"the row is cut off; it must have {', '.join(_NEEDED)}")
        count = _people(row, where)
        evidence = Evidence(ident, at, at + len(line), line)
        quantity = Quantity(count, count, count, Quantifier.EXACT, Unit.PERSON, str(count))
        origin, destination = (
            _country(row[f"{side}_iso"], at, line, gazetteer) for side in ("coo", "coa")
        )
        movements.append(
            Movement(
                f"{ident}#m{len(movements) + 1}",
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


def _number_of(year: str, where: str) -> int:
    try:
        number = float(year)
    except ValueError:
        number = 0.0
    if not (FIRST_YEAR <= number <= LAST_YEAR and number.is_integer()):
        raise DocumentError(where, f"year is {shown(year)}; it must be a year")
    return int(number)


def _people(row: dict[str, str], where: str) -> int:
    try:
        count = sum(float(row.get(c) or 0) for c in _PEOPLE)
    except ValueError as error:
        raise DocumentError(
            where, f"{error}; the columns {', '.join(_PEOPLE)} must be numbers or empty"
        ) from error
    if not 0 <= count < LARGEST:  # which also refuses what is no number at all
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
