"""The value types that flow through geomap.

All are frozen and slotted, know `to_dict` and `from_dict`, and compare by value. Offsets are
Unicode code points into
`Document.text`, half open. Coordinates are WGS 84 degrees, properties say `lon` and `lat`. Dates
are ISO 8601.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from enum import StrEnum
from typing import Any, Final, Self

from geomap.errors import DocumentError, OptionError, half_pair

LARGEST: Final = 10**10  # more people than ever lived at once: a figure is below it


class Use(StrEnum):
    """How a place name is used."""

    LITERAL = "literal"
    ASSOCIATIVE = "associative"
    DEMONYM = "demonym"


class Kind(StrEnum):
    """What a place is."""

    SETTLEMENT = "settlement"
    ADMIN1 = "admin1"
    ADMIN2 = "admin2"
    COUNTRY = "country"
    DISPUTED_AREA = "disputed_area"
    REGION = "region"
    FORMER_STATE = "former_state"
    WATER = "water"
    TERRAIN = "terrain"
    SITE = "site"


class Precision(StrEnum):
    """How closely a place is known, from the finest to none."""

    SITE = "site"
    SETTLEMENT = "settlement"
    NEAR = "near"
    ADMIN2 = "admin2"
    ADMIN1 = "admin1"
    AREA = "area"
    COUNTRY = "country"
    NONE = "none"


class Status(StrEnum):
    """Whether something happened."""

    OCCURRED = "occurred"
    ONGOING = "ongoing"
    EXPECTED = "expected"
    PLANNED = "planned"
    DENIED = "denied"
    BACKGROUND = "background"


class MovementKind(StrEnum):
    """What kind of population movement a record tells of."""

    DISPLACEMENT = "displacement"
    EVACUATION = "evacuation"
    RETURN = "return"
    EXPULSION = "expulsion"
    STOCK = "stock"


class Measure(StrEnum):
    """What a figure counts; figures of different measures are never added."""

    NEW = "new"
    CUMULATIVE = "cumulative"
    STOCK = "stock"
    UNSPECIFIED = "unspecified"


class Quantifier(StrEnum):
    """How a figure is bounded in the text."""

    EXACT = "exact"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    UP_TO = "up_to"
    NEARLY = "nearly"
    ABOUT = "about"
    RANGE = "range"
    VAGUE = "vague"


class Unit(StrEnum):
    """What a figure counts one of."""

    PERSON = "person"
    HOUSEHOLD = "household"


class DatePrecision(StrEnum):
    """How closely a time is known."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    RANGE = "range"


class Basis(StrEnum):
    """What a time was read from."""

    EXPLICIT = "explicit"
    RELATIVE = "relative"
    PUBLICATION = "publication"
    INFERRED = "inferred"


class EventType(StrEnum):
    """ACLED's six types and what ACLED lacks."""

    BATTLE = "battle"
    EXPLOSION = "explosion"
    VIOLENCE_AGAINST_CIVILIANS = "violence_against_civilians"
    PROTEST = "protest"
    RIOT = "riot"
    STRATEGIC = "strategic"
    AGREEMENT = "agreement"
    DIPLOMACY = "diplomacy"
    BLOCKADE = "blockade"
    TERRITORIAL_CLAIM = "territorial_claim"
    AID = "aid"
    STATEMENT = "statement"


class Record:
    """Mixin of the value types: JSON-ready dictionaries and back."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary of JSON values (dates as ISO text, enumerations as their text)."""
        return {name: _encoded(getattr(self, name)) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the value that `to_dict` described; unknown keys are ignored."""
        told = {}
        for name, read in _readers(cls).items():  # type: ignore[arg-type]
            if name in values:
                value = values[name]
                told[name] = value if value is None or read is None else read(value)
        return cls(**told)


_HALF_ROUND_KM: Final = 20_040.0  # half the equator: no circle around a point is larger
_PLAIN = frozenset({str, int, float, bool, type(None)})


def _encoded(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, dt.datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def day_of(moment: dt.date | dt.datetime) -> dt.date:
    """Return the day of a date or datetime, in its own zone."""
    return moment.date() if isinstance(moment, dt.datetime) else moment


def iso(moment: dt.date | dt.datetime) -> str:
    """Return a date, or an aware datetime in UTC with `Z`, as ISO text."""
    if isinstance(moment, dt.datetime):
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return moment.isoformat()


# No text in English is older, and "300 years ago" still is a date. What programs write for "no
# date" (0001-01-01 in .NET, 9999-12-31 in SQL) lies outside.
FIRST_YEAR: Final = 1000
LAST_YEAR: Final = 2999


def read_date(value: dt.date | dt.datetime | str) -> dt.date | dt.datetime:
    """Return a date of publication: an ISO date or aware datetime.

    Raises
    ------
    OptionError
        When `value` is none, or lies outside the years `FIRST_YEAR` to `LAST_YEAR`.

    """
    if isinstance(value, dt.date):
        moment: dt.date | dt.datetime = value
    elif not isinstance(value, str):
        raise OptionError("published", value, "an ISO date such as 2023-09-25")
    else:
        try:
            moment = (
                dt.date.fromisoformat(value)
                if len(value) <= 10
                else dt.datetime.fromisoformat(value)
            )
        except ValueError as error:
            raise OptionError("published", value, "an ISO date such as 2023-09-25") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise OptionError(
            "published",
            moment.isoformat(),
            f"within the years {FIRST_YEAR} to {LAST_YEAR}; leave it out where it is not known",
        )
    if isinstance(moment, dt.datetime) and moment.tzinfo is None:
        return moment.date()
    return moment


@functools.cache
def _readers(cls: type[Record]) -> dict[str, Callable[[Any], Any] | None]:
    """Return for each field what makes its value from JSON; None for what is JSON already."""
    return {
        name: _reader(hint)
        for name, hint in typing.get_type_hints(cls).items()
        if not name.startswith("_")
    }


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if isinstance(hint, types.UnionType):
        options = [a for a in typing.get_args(hint) if a is not types.NoneType]
        return (
            _read_moment
            if dt.date in options
            else _reader(options[0])
            if len(options) == 1
            else None
        )
    if typing.get_origin(hint) is tuple:
        item = _reader(typing.get_args(hint)[0])
        return tuple if item is None else lambda values: tuple(map(item, values))
    if is_dataclass(hint):
        return hint.from_dict  # type: ignore[union-attr, no-any-return]
    return hint if isinstance(hint, type) and issubclass(hint, StrEnum) else None


def _read_moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return dt.datetime.fromisoformat(value) if "T" in value else dt.date.fromisoformat(value)


def _check_published(name: str, moment: object) -> None:
    if moment is None:
        return
    if not isinstance(moment, dt.date):
        raise DocumentError(name, f"published is {type(moment).__name__}; it must be a date")
    try:
        _check_moment("published", moment)
    except OptionError as error:
        raise DocumentError(name, "published lies outside the calendar") from error


def _within(name: str, degrees: float | None, most: float) -> None:
    # The comparison also refuses NaN, which is on no side of anything.
    if degrees is not None and not (isinstance(degrees, int | float) and -most <= degrees <= most):
        raise OptionError(name, degrees, f"degrees from -{most:g} to {most:g}, or None")


def _check_moment(name: str, moment: Any) -> None:
    if moment is None:
        return
    if not isinstance(moment, dt.date) or not 1 <= moment.year <= dt.MAXYEAR:
        raise OptionError(name, moment, "a date, an aware datetime or None")
    # Within a day of either end of the calendar, a moment may lie outside it in UTC.
    if isinstance(moment, dt.datetime) and not 1 < moment.year < dt.MAXYEAR:
        try:
            iso(moment)
        except OverflowError as error:
            raise OptionError(name, moment, "a moment of the years 1 to 9999 in UTC") from error


@dataclass(frozen=True, slots=True)
class Document(Record):
    """A text and what is known of it; `published` is a date, an aware datetime or None.

    Raises
    ------
    DocumentError
        When a field is of another type, or such that no file can hold it.

    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    url: str = ""
    published: dt.date | dt.datetime | None = None
    lang: str = "en"

    def __post_init__(self) -> None:
        """Refuse what could be read but never written."""
        name = self.id if isinstance(self.id, str) else "document"
        for part in ("id", "text", "title", "source", "url", "lang"):
            value = getattr(self, part)
            if not isinstance(value, str):
                raise DocumentError(name, f"its {part} is {type(value).__name__}; it must be str")
            if (at := half_pair(value)) >= 0:
                raise DocumentError(
                    name,
                    f"its {part} holds half of a character pair (U+{ord(value[at]):04X} at {at});"
                    " take it out, or put geomap.errors.well_formed(text) in",
                )
        _check_published(name, self.published)


@dataclass(frozen=True, slots=True)
class Place(Record):
    """A referent in the gazetteer.

    `id` carries its source ("geonames:587084", "geomap:soviet-union"); `country` is ISO 3166-1
    alpha-3; `valid_from` and
    `valid_to` are years; `uncertainty_km` is the radius within which the place lies around its
    point.

    Raises
    ------
    OptionError
        When a coordinate is no number of degrees on Earth, or population or radius no number from 0
        up.

    """

    id: str
    name: str
    lon: float | None
    lat: float | None
    kind: Kind
    country: str = ""
    country_name: str = ""
    admin1: str = ""
    admin1_name: str = ""
    admin2_name: str = ""
    population: int = 0
    uncertainty_km: float = 0.0
    precision: Precision = Precision.NONE
    valid_from: int | None = None
    valid_to: int | None = None
    disputed: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what is nowhere on Earth."""
        _within("lon", self.lon, 180.0)
        _within("lat", self.lat, 90.0)
        if not 0 <= self.population < LARGEST:
            raise OptionError("population", self.population, f"a number from 0 to {LARGEST - 1:,}")
        if not 0 <= self.uncertainty_km <= _HALF_ROUND_KM:
            raise OptionError(
                "uncertainty_km", self.uncertainty_km, f"a number from 0 to {_HALF_ROUND_KM:,}"
            )

    @property
    def geonameid(self) -> int | None:
        """The GeoNames number, or None for a place of another source."""
        source, _, number = self.id.partition(":")
        return int(number) if source == "geonames" else None


@dataclass(frozen=True, slots=True)
class Toponym(Record):
    """A place name in a text; `score` is the probability that span and referent are both right."""

    start: int
    end: int
    name: str
    use: Use = Use.LITERAL
    place: Place | None = None
    score: float = 0.0
    alternatives: tuple[Place, ...] = ()
    reasons: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mention(Record):
    """A place as an event or movement names it; `reason` says why `place` is None."""

    name: str
    start: int
    end: int
    place: Place | None = None
    reason: str = ""

    @property
    def ident(self) -> str:
        """What tells two mentions of one place apart from two places.

        The place's id, else the name as written.
        """
        return self.place.id if self.place else self.name

    @property
    def label(self) -> str:
        """The place's name, else the name as written."""
        return self.place.name if self.place else self.name


@dataclass(frozen=True, slots=True)
class When(Record):
    """A time; `start` and `end` are inclusive.

    `as_of` is the moment a cumulative figure holds for.

    Raises
    ------
    OptionError
        When a moment is no date, or has no day in UTC within the years 1 to 9999.

    """

    start: dt.date | dt.datetime | None = None
    end: dt.date | dt.datetime | None = None
    precision: DatePrecision | None = None
    basis: Basis | None = None
    text: str = ""
    as_of: dt.date | dt.datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what is no moment of the calendar."""
        for name in ("start", "end", "as_of"):
            _check_moment(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Quantity(Record):
    """A figure with its bounds, after DESIGN.

    "more than 2,900" is value and minimum 2900, no maximum.

    Raises
    ------
    OptionError
        When a bound is no whole number from 0 to below `LARGEST`.

    """

    value: int | None
    minimum: int | None
    maximum: int | None
    quantifier: Quantifier
    unit: Unit | None = None
    text: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no number of people."""
        for name in ("value", "minimum", "maximum"):
            count = getattr(self, name)
            if count is not None and (type(count) is not int or not 0 <= count < LARGEST):
                raise OptionError(name, count, f"a whole number from 0 to {LARGEST - 1:,}, or None")


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """The sentence behind a record."""

    doc_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Actor(Record):
    """Who takes part in an event; `country` is ISO 3166-1 alpha-3 or empty."""

    name: str
    role: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Event(Record):
    """Something that happened or may happen; the first place is the best.

    `score` is the probability that it is what its document is about, with country, town and year
    right.
    """

    id: str
    type: EventType
    sub_type: str = ""
    actors: tuple[Actor, ...] = ()
    places: tuple[Mention, ...] = ()
    when: When | None = None
    status: Status = Status.OCCURRED
    fatalities: Quantity | None = None
    injuries: Quantity | None = None
    claimed_by: str = ""
    evidence: tuple[Evidence, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Movement(Record):
    """People who left, crossed, arrived, returned, will do so, or stay somewhere displaced."""

    id: str
    kind: MovementKind
    origins: tuple[Mention, ...] = ()
    destinations: tuple[Mention, ...] = ()
    within: tuple[Mention, ...] = ()
    quantity: Quantity | None = None
    group: str = ""
    measure: Measure = Measure.UNSPECIFIED
    status: Status = Status.OCCURRED
    when: When | None = None
    claimed_by: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Parsed(Record):
    """What geomap read in one document; `warnings` say what a reader must know of it."""

    document: Document
    toponyms: tuple[Toponym, ...] = ()
    events: tuple[Event, ...] = ()
    movements: tuple[Movement, ...] = ()
    warnings: tuple[str, ...] = field(default=())
