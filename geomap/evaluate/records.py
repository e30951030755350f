"""Events and movements as an annotator or a reader gives them, in one form.

What is compared and no more; read from the lines of annotated articles, and from the records of
`geomap parse`. Offsets are code points, coordinates WGS 84.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from geomap.errors import OptionError, shown
from geomap.model import Status

Row = Mapping[str, Any]
Span = tuple[int, int]
CURRENT = frozenset({Status.OCCURRED, Status.ONGOING})  # what is drawn as having happened


@dataclass(frozen=True, slots=True)
class Spot:
    """A place; `names` as written and as resolved, best label last.

    `resolved` is False for a name that was read without knowing where it lies.
    """

    names: tuple[str, ...]
    span: Span | None = None
    kind: str | None = None
    country: str | None = None
    lon: float | None = None
    lat: float | None = None
    resolved: bool = True

    @property
    def label(self) -> str:
        """Its name with its country, for a person to read."""
        where = [self.kind or "place", self.country] if self.resolved else ["not resolved"]
        return f"{self.names[-1]} ({', '.join(filter(None, where))})"


class Days(NamedTuple):
    """The first and the last day of a time; None where that side is open."""

    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def known(self) -> bool:
        """Whether there is any day."""
        return self.start is not None or self.end is not None

    @property
    def label(self) -> str:
        """The days for a person to read."""
        if not self.known:
            return "no date"
        if self.start == self.end:
            return str(self.start)
        return f"{self.start or '?'} to {self.end or '?'}"


@dataclass(frozen=True, slots=True)
class Toll:
    """How many were killed or injured, at least and at most; "about n" is n on both sides.

    `in_words` is False where the text gives no figure and the annotator counted.
    """

    minimum: float | None
    maximum: float | None
    in_words: bool = True

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """What two tolls must share to be the same."""
        return self.minimum, self.maximum


class Figure(NamedTuple):
    """How many people move, with bounds."""

    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None


NO_DAYS: Final = Days()
NO_FIGURE: Final = Figure()


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event; `hard` as an annotator says, `score` and `shown` as a reader does."""

    type: str
    status: str
    evidence: tuple[Span, ...]
    grain: str = "single"
    places: tuple[Spot, ...] = ()
    days: Days = NO_DAYS
    killed: Toll | None = None
    injured: Toll | None = None
    hard: bool = False
    score: float | None = None
    shown: bool | None = None

    @property
    def current(self) -> bool:
        """Whether it happened or goes on."""
        return self.status in CURRENT


@dataclass(frozen=True, slots=True)
class ReadMovement:
    """A movement; `counted` is False where an annotator saw no figure, so that none has a unit."""

    kind: str | None
    status: str | None
    measure: str | None
    evidence: tuple[Span, ...]
    origins: tuple[Spot, ...] = ()
    destinations: tuple[Spot, ...] = ()
    within: tuple[Spot, ...] = ()
    figure: Figure = NO_FIGURE
    unit: str | None = None
    counted: bool = True

    @property
    def placed(self) -> bool:
        """Whether the map can draw it: an end, or where it goes on, has a point."""
        spots = (*self.origins, *self.destinations, *self.within)
        return any(spot.lat is not None for spot in spots)


def gold_event(row: Row) -> ReadEvent:
    """Return an annotated event."""
    return ReadEvent(
        type=str(row["type"]),
        status=str(row["status"]),
        evidence=_spans(row),
        grain=row.get("grain", "single"),
        places=tuple(map(_gold_spot, row["places"])),
        days=_days(row.get("when")),
        killed=_toll(row.get("killed")),
        injured=_toll(row.get("injured")),
        hard=bool(row.get("hard")),
    )


def read_event(row: Row) -> ReadEvent:
    """Return an event of a line of `geomap parse`."""
    return ReadEvent(
        type=str(row["type"]),
        status=str(row["status"]),
        evidence=_sentences(row),
        grain=row.get("grain", "single"),
        places=tuple(map(_mentioned, row.get("places") or ())),
        days=_days(row.get("when")),
        killed=_toll(row.get("fatalities")),
        injured=_toll(row.get("injuries")),
        score=_score(row.get("score")),
        shown=bool(row["shown"]) if "shown" in row else None,
    )


def gold_movement(row: Row) -> ReadMovement:
    """Return an annotated movement; one place may stand without a list around it."""
    return ReadMovement(
        kind=_word(row.get("kind")),
        status=_word(row.get("status")),
        measure=_word(row.get("measure")),
        evidence=_spans(row),
        origins=_gold_spots(row.get("origin")),
        destinations=_gold_spots(row.get("destination")),
        within=_gold_spots(row.get("within")),
        figure=_figure(row.get("count"), row.get("count_min"), row.get("count_max")),
        unit=_word(row.get("unit") or None),
        counted=row.get("count_text") is not None,
    )


def read_movement(row: Row) -> ReadMovement:
    """Return a movement of a line of `geomap parse`."""
    quantity = row.get("quantity") or {}
    return ReadMovement(
        kind=_word(row.get("kind")),
        status=_word(row.get("status")),
        measure=_word(row.get("measure")),
        evidence=_sentences(row),
        origins=tuple(map(_mentioned, row.get("origins") or ())),
        destinations=tuple(map(_mentioned, row.get("destinations") or ())),
        within=tuple(map(_mentioned, row.get("within") or ())),
        figure=_figure(*(quantity.get(side) for side in Figure._fields)),
        unit=_word(quantity.get("unit") or None),
    )


def _spans(row: Row) -> tuple[Span, ...]:
    return tuple(_span(start, end) for start, end in row["evidence"])


def _sentences(row: Row) -> tuple[Span, ...]:
    return tuple(_span(sentence["start"], sentence["end"]) for sentence in row["evidence"])


def _span(start: Any, end: Any) -> Span:
    return int(start), int(end)


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> float | None:
    """Return a number as it stands; words in its place would fail far from their line."""
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{shown(value)} is no number")
    return value


def _score(value: Any) -> float | None:
    score = _number(value)
    if score is not None and not 0 <= score <= 1:
        raise OptionError("score", score, "a probability from 0 to 1, or null")
    return score


def _gold_spot(row: Row) -> Spot:
    resolved = row.get("resolved") or ""
    names = (row.get("text") or "", resolved.split(",")[0], resolved)
    return Spot(
        tuple(filter(None, names)) or ("",),
        _span(*row["span"]) if row.get("span") else None,
        _word(row.get("kind")),
        _word(row.get("country")),
        _number(row.get("lon")),
        _number(row.get("lat")),
    )


def _gold_spots(rows: Any) -> tuple[Spot, ...]:
    listed = rows if isinstance(rows, list) else [rows] if rows is not None else []
    return tuple(map(_gold_spot, listed))


def _mentioned(row: Row) -> Spot:
    place = row.get("place") or {}
    names = (row.get("name") or "", place.get("name") or "")
    start = row.get("start")
    return Spot(
        tuple(filter(None, names)) or ("",),
        None if start is None else _span(start, row["end"]),
        _word(place.get("kind")),
        _word(place.get("country")),
        _number(place.get("lon")),
        _number(place.get("lat")),
        resolved=bool(place),
    )


def _days(row: Row | None) -> Days:
    told = row or {}
    return Days(_day(told.get("start")), _day(told.get("end")))


def _day(moment: str | None) -> dt.date | None:
    """Return the day of an ISO date or datetime."""
    return dt.date.fromisoformat(moment[:10]) if moment else None


def _toll(row: Row | None) -> Toll | None:
    if not row:
        return None
    low = _number(row.get("minimum", row.get("min")))
    high = _number(row.get("maximum", row.get("max")))
    if low is None and high is None:
        low = high = _number(row.get("value"))
    return Toll(low, high, in_words=bool(row.get("text", "no text is asked for")))


def _figure(*sides: Any) -> Figure:
    """Return a figure; one with both bounds the same has that value."""
    value, low, high = map(_number, sides)
    return Figure(low if value is None and low == high else value, low, high)
