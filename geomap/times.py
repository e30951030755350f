"""Dates and times in text -> When, anchored on the publication date.

`dateparser` and `parsedatetime` read single dates but neither knows bounds ("as of", "since"), nor
that "last week" before a
Monday is the calendar week before; so the rules are our own (the comparison stands in
`docs/times.md`). Weeks begin on Monday.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from geomap.model import Basis, DatePrecision, When, day_of
from geomap.text.segment import MONTHS

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        [
            "monday mon",
            "tuesday tue tues",
            "wednesday wed",
            "thursday thu thur thurs",
            "friday fri",
            "saturday sat",
            "sunday sun",
        ]
    )
    for name in names.split()
}
# Offsets in hours of the zones that news names; daylight saving is in the name or not at all.
ZONES = {
    "gmt": 0,
    "utc": 0,
    "bst": 1,
    "cet": 1,
    "cest": 2,
    "eet": 2,
    "eest": 3,
    "msk": 3,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "ist": 5.5,
    "pkt": 5,
    "wat": 1,
    "cat": 2,
    "eat": 3,
    "ast": 3,
    "gst": 4,
    "jst": 9,
}
_NUMBERS = {
    w: n
    for n, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 3}


class Role(StrEnum):
    """What the words before a time make of it."""

    AT = "at"
    AS_OF = "as_of"
    SINCE = "since"
    UNTIL = "until"
    BY = "by"
    AFTER = "after"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Time:
    """A time found in a text: offsets, role and value.

    `when` is None for a relative time without a publication date.
    """

    start: int
    end: int
    role: Role
    when: When | None
    future: bool = False


_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_COUNT = r"(?:\d{1,3}|" + "|".join(_NUMBERS) + r"|a couple of)"
_UNITS = r"(?:days?|weeks?|months?|years?|decades?|hours?|fortnight)"
_CLOCK = (
    r"(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s{0,9}(?P<half>[ap]\.?m\.?)"
    r"?(?:\s{0,9}(?P<zone>[A-Z]{2,4}T?))?(?:\s{0,9}local"
    r" time)?"
    r"(?:\s{0,9}\((?P<hour2>\d{1,2})[:.]?(?P<minute2>\d\d)\s{0,9}(?P<zone2>GMT|UTC)\))?)"
)
_PATTERNS: dict[str, str] = {
    "iso": rf"(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)",
    "between": (
        rf"(?:between|from)\s{{1,9}}(?P<d1>{_DAY})(?:\s{{1,9}}(?P<m1>{_MONTH}))"
        rf"?(?:,?\s{{1,9}}(?P<y1>{_YEAR}))"
        rf"?\s{{1,9}}(?:and|to|until|through|-|–)\s{{1,9}}(?P<d2>{_DAY})\s{{1,9}}(?P<m2>{_MONTH})"
        rf"(?:,?\s{{1,9}}(?P<y2>{_YEAR}))?"
    ),
    "between_us": (
        rf"(?:between|from)\s{{1,9}}(?P<m1>{_MONTH})\s{{1,9}}(?P<d1>{_DAY})"
        rf"(?:,\s{{0,9}}(?P<y1>{_YEAR}))"
        rf"?\s{{1,9}}(?:and|to|until|through|-|–)\s{{1,9}}(?:(?P<m2>{_MONTH})\s{{1,9}})"
        rf"?(?P<d2>{_DAY})"
        rf"(?:,\s{{0,9}}(?P<y2>{_YEAR}))?"
    ),
    "span": (
        rf"(?P<d1>{_DAY})\s?[-–]\s?(?P<d2>{_DAY})\s{{1,9}}(?P<m2>{_MONTH})"
        rf"(?:,?\s{{1,9}}(?P<y2>{_YEAR}))?"
    ),
    "span_us": (
        rf"(?P<m1>{_MONTH})\s{{1,9}}(?P<d1>{_DAY})\s?[-–]\s?(?P<d2>{_DAY})"
        rf"(?:,\s{{0,9}}(?P<y2>{_YEAR}))?"
    ),
    "months": (
        rf"(?:between|from)\s{{1,9}}(?P<m1>{_MONTH})(?:\s{{1,9}}(?P<y1>{_YEAR}))"
        rf"?\s{{1,9}}(?:and|to|until"
        rf"|through)\s{{1,9}}(?P<m2>{_MONTH})(?:,?\s{{1,9}}(?P<y2>{_YEAR}))?"
    ),
    "years": (
        rf"(?:from\s{{1,9}}|between\s{{1,9}})?(?P<y1>{_YEAR})\s{{0,9}}(?:to|and|until|till|-|–"
        rf"|—)\s{{0,9}}(?P<y2>{_YEAR}|\d\d)(?!\d)"
    ),
    "dmy": (
        rf"(?:(?P<wd>{_WEEKDAY}),?\s{{1,9}})?(?:the\s{{1,9}})?(?P<d>{_DAY})"
        rf"\s{{1,9}}(?:of\s{{1,9}})?(?P<m>{_MONTH})"
        rf"(?:,?\s{{1,9}}(?P<y>{_YEAR}))?"
    ),
    "mdy": (
        rf"(?:(?P<wd>{_WEEKDAY}),?\s{{1,9}})?(?P<m>{_MONTH})\s{{1,9}}(?P<d>{_DAY})(?!\d)"
        rf"(?:,?\s{{0,9}}(?P<y>{_YEAR}))?"
    ),
    "my": (
        r"(?P<part>early|mid|late|the end of|the start of|the beginning of)?[-"
        rf" ]?(?P<m>{_MONTH})(?:\s{{1,9}}of)?,?\s{{1,9}}(?P<y>{_YEAR})"
    ),
    "slash": rf"(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})/(?P<y>{_YEAR})",
    "ago": (
        r"(?:(?:about|around|nearly|almost|more"
        rf" than|over|some)\s{{1,9}})?(?P<n>{_COUNT})\s{{1,9}}(?P<unit>{_UNITS})"
        rf"\s{{1,9}}(?:ago|earlier)"
    ),
    "past": (
        r"(?:the\s{1,9}|these\s{1,9})?(?P<way>last|past|previous|preceding|recent|next"
        rf"|coming)\s{{1,9}}(?:(?P<n>{_COUNT})\s{{1,9}})?(?P<unit>days|weeks?|months?|years?"
        rf"|decades?"
        r"|\d{1,3}\s{1,9}hours|hours|fortnight|weekend)\b"
    ),
    "weekend": r"(?:over|during|at) (?P<weekend>the weekend)",
    "this": (
        r"(?:(?P<edge>earlier|later|early|late)\s{1,9})?(?P<this>this)\s{1,9}(?P<unit>week"
        r"|month|year"
        r"|weekend|morning|afternoon|evening)"
    ),
    "named": (
        r"(?P<named>the day before yesterday|yesterday|today|tonight|tomorrow|now|last"
        r" night|overnight)"
    ),
    "weekday": (
        r"(?:(?P<way>last|next|this|past|the"
        rf" following|coming)\s{{1,9}})?(?P<wd>{_WEEKDAY})(?:\s{{1,9}}(?:morning|afternoon|evening"
        rf"|night))?(?:\s{{1,9}}(?P<back>last"
        r" week|this week|next week))?"
    ),
    "in_month": (
        r"(?P<way>last|next|this)?\s{0,9}(?P<m>(?:january|february|march|april|june|july|august"
        r"|september|october|november|december))|(?<=in"
        r" )(?P<may>May)\b"
    ),
    "decade": r"the\s{1,9}(?P<part>early|mid|late)?[- ]?(?P<y>(?:1[5-9]|20)\d0)s",
    "year": (
        r"(?P<part>early|mid|late)?[-"
        rf" ]?(?P<y>{_YEAR})(?![\d,.]\d|%|\s{{0,9}}(?:people|persons|refugees|families|displaced"
        rf"|civilians))"
    ),
}
_ROLE = re.compile(
    r"(?:(?P<as_of>as of|as at)|(?P<since>(?:ever )?since|starting(?: on| in)?|beginning(?: on|"
    r" in)?)|(?P<until>until|till|up"
    r" to|through)|(?P<by>by)|(?P<after>after|following)|(?P<before>before|prior to))"
    r"\s{1,9}(?:late |early |the |mid-?)?(?:about |around )?$",
    re.IGNORECASE,
)
_COMPILED = [
    (name, re.compile(rf"(?:(?<![\w$€£-])|(?<=\b[Mm]id-))(?:{pattern})(?!\w)", re.IGNORECASE))
    for name, pattern in _PATTERNS.items()
]
_CLOCK_RE = re.compile(rf"{_CLOCK}\s{{0,9}}(?:,|on)?\s{{0,9}}$", re.IGNORECASE)
_AFTER_CLOCK = re.compile(rf"\s{{0,9}}(?:at|,)\s{{1,9}}{_CLOCK}", re.IGNORECASE)
_CUE = re.compile(
    (
        r"\d|day|week|month|year|ago|night|now|morning|decade|january|february|march|april|may"
        r"|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep"
        r"|oct|nov|dec|tomorrow|recent"
    ),
    re.IGNORECASE,
)


def find_times(
    text: str,
    start: int,
    end: int,
    published: dt.date | dt.datetime | None,
    *,
    future: bool = False,
) -> list[Time]:
    """Return the times in one sentence, left to right.

    Parameters
    ----------
    text, start, end
        The document's text and the sentence's offsets.
    published
        Publication date; without it relative times keep their words and get no dates.
    future
        Whether the sentence speaks of what is to come, so that a bare weekday is the next one.

    """
    if not _CUE.search(text, start, end):
        return []
    anchor = published.date() if isinstance(published, dt.datetime) else published
    found: list[Time] = []
    taken: list[tuple[int, int]] = []
    for name, pattern in _COMPILED:
        for match in pattern.finditer(text, start, end):
            if any(match.start() < b and match.end() > a for a, b in taken) or (
                name == "in_month"
                and match.group().strip().casefold() in {"march", "may"}
                and not _in_before(text, match)
            ):
                continue
            time = _time(name, text, start, match, anchor, future=future)
            if time is None:
                continue
            taken.append(match.span())
            found.append(time)
    return sorted(found, key=lambda t: t.start)


def _time(
    name: str, text: str, start: int, match: re.Match[str], anchor: dt.date | None, *, future: bool
) -> Time | None:
    """Return the time that a match tells, or None.

    None as well where it lies outside the calendar, which ends with the years 1 and 9999: "the past
    999 years" on 5 May 450 has no first day.
    """
    near = max(start, match.start() - _BEFORE)
    try:
        when = _READERS[name](match, anchor, future)
        if when is _NOTHING:
            return None
        when = _part_of(when, text[near : match.start()] + match.group())
        return _with_role(text, near, match, when, anchor)
    except (OverflowError, ValueError):
        return None


# Code points before a time in which the words stand that change it: "in the first half of".
_BEFORE = 80
_PART = re.compile(
    r"\b(early|mid|late|(?:the )?(?:beginning|start|end) of)[- ](?:in )?(?:the"
    r" )?(?=\S{1,60}(?:\s{1,9}(?:of\s{1,9})?\S{1,60})?$)",
    re.IGNORECASE,
)
_SEASON = re.compile(
    r"\b(spring|summer|autumn|fall|winter)\s{1,9}(?:of\s{1,9})?\d{4}$", re.IGNORECASE
)
_FRACTION = re.compile(
    r"\b(first|second|third|fourth|last)\s{1,9}(half|quarter)\s{1,9}of\s{1,9}\d{4}$", re.IGNORECASE
)
_SEASONS = {
    "spring": 3,
    "summer": 6,
    "autumn": 9,
    "fall": 9,
    "winter": 12,
}  # first month, in the northern half


def _part_of(when: When | None, words: str) -> When | None:
    """Return the part of a month or year that the words before it name.

    "late April", "mid-2023", "the spring of 2022", "the first half of 2023".

    A month has thirds of ten days, a year thirds of four months; seasons are those of the northern
    half.
    """
    if (
        when is None
        or when.start is None
        or when.precision not in {DatePrecision.MONTH, DatePrecision.YEAR}
    ):
        return when
    first = day_of(when.start)
    if when.precision is DatePrecision.YEAR and (season := _SEASON.search(words)):
        month = _SEASONS[season.group(1).casefold()]
        last = _shift_months(dt.date(first.year, month, 1), 2)
        return _ranged(when, dt.date(first.year, month, 1), _last_of(last.year, last.month))
    if when.precision is DatePrecision.YEAR and (fraction := _FRACTION.search(words)):
        months = 6 if fraction.group(2).casefold() == "half" else 3
        at = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": 12 // months - 1}[
            fraction.group(1).casefold()
        ]
        return (
            _ranged(
                when,
                dt.date(first.year, at * months + 1, 1),
                _last_of(first.year, (at + 1) * months),
            )
            if (at + 1) * months <= 12
            else when
        )
    part = _PART.search(words)
    if part is None:
        return when
    third = {"early": 0, "beginning": 0, "start": 0, "mid": 1, "late": 2, "end": 2}[
        next(
            w
            for w in re.findall(r"[a-z]{1,60}", part.group(1).casefold())
            if w not in {"the", "of"}
        )
    ]
    if when.precision is DatePrecision.YEAR:
        return _ranged(
            when, dt.date(first.year, 4 * third + 1, 1), _last_of(first.year, 4 * third + 4)
        )
    last_day = _last_of(first.year, first.month)
    return _ranged(
        when,
        first.replace(day=10 * third + 1),
        last_day if third == 2 else first.replace(day=10 * third + 10),
    )


def _ranged(when: When, first: dt.date, last: dt.date) -> When:
    return replace(when, start=first, end=last, precision=DatePrecision.RANGE)


def _in_before(text: str, match: re.Match[str]) -> bool:
    return (
        bool(
            re.search(
                r"\b(?:in|since|until|by|during|last|early|late|mid|of|from)[\s-]{1,9}$",
                text[max(0, match.start() - 8) : match.start()],
                re.IGNORECASE,
            )
        )
        and match.group().strip()[0].isupper()
    )


_NOTHING = When()


def _with_role(
    text: str, start: int, match: re.Match[str], when: When | None, anchor: dt.date | None
) -> Time:
    begin, before = match.start(), text[start : match.start()]
    clock = _CLOCK_RE.search(before)
    moment = None
    if (
        clock
        and (clock["half"] or clock["zone"] or clock["hour2"] or clock["minute"])
        and when is not None
    ):
        moment, begin = _moment(clock, when), start + clock.start()
    elif (
        when is not None
        and (after := _AFTER_CLOCK.match(text, match.end()))
        and (after["half"] or after["zone"] or after["minute"])
    ):
        moment = _moment(after, when)
    role_match = _ROLE.search(text[start:begin].removesuffix("on "))
    role = (
        Role(next(name for name, value in role_match.groupdict().items() if value))
        if role_match
        else Role.AT
    )
    if role_match:
        begin = start + role_match.start()
    if when is not None:
        words = text[begin : match.end()]
        if moment is not None:
            when = When(
                when.start,
                when.end,
                when.precision,
                when.basis,
                words,
                moment if role is Role.AS_OF else None,
            )
        else:
            when = When(when.start, when.end, when.precision, when.basis, words)
    ahead = (
        when is not None
        and anchor is not None
        and when.start is not None
        and day_of(when.start) > anchor
    )
    return Time(begin, match.end(), role, when, ahead)


def _moment(clock: re.Match[str], when: When) -> dt.datetime | None:
    """Return the aware time of a clock on the day of `when`.

    None without a zone, for a zone is never guessed.
    """
    if when.start is None or when.start != when.end:
        return None
    hour, minute, zone = clock["hour"], clock["minute"], (clock["zone"] or "").casefold()
    half = (clock["half"] or "").replace(".", "").casefold()
    local = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour)
    if clock["hour2"]:
        hours, minutes, offset = int(clock["hour2"]), int(clock["minute2"]), 0.0
    elif zone in ZONES:
        hours, minutes, offset = local, int(minute or 0), float(ZONES[zone])
    else:
        return None
    if hours > 23 or minutes > 59:
        return None
    day = day_of(when.start)
    moment = dt.datetime(
        day.year, day.month, day.day, hours, minutes, tzinfo=dt.timezone(dt.timedelta(hours=offset))
    ).astimezone(dt.UTC)
    # A local clock after midnight whose GMT is the evening before: 2 am (22:00 GMT) on Monday.
    if clock["hour2"] and local - hours < -12:
        moment -= dt.timedelta(days=1)
    return moment


def _month_of(word: str) -> int:
    return MONTHS[word.rstrip(".").casefold()]


def _day_of(word: str) -> int:
    return int(re.sub(r"\D", "", word))


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _last_of(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _nearest_year(month: int, day: int, anchor: dt.date | None, *, future: bool) -> int | None:
    """Return the year in which a day without one lies.

    The last such day, or the next one in a sentence on the future.
    """
    if anchor is None:
        return None
    candidate = _date(anchor.year, month, min(day, calendar.monthrange(anchor.year, month)[1]))
    if candidate is None:
        return anchor.year
    gap = (candidate - anchor).days
    if future:
        return anchor.year if gap >= -7 else anchor.year + 1
    return anchor.year if gap <= 31 else anchor.year - 1


def _single(day: dt.date, basis: Basis) -> When:
    return When(day, day, DatePrecision.DAY, basis)


def _read_day(m: re.Match[str], anchor: dt.date | None, future: bool) -> When | None:
    month, day = (_month_of(m["m"]) if not m["m"].isdigit() else int(m["m"])), _day_of(m["d"])
    year = int(m["y"]) if m["y"] else _nearest_year(month, day, anchor, future=future)
    if year is None:
        return None
    found = _date(year, month, day) if 1 <= month <= 12 else None
    return (
        _NOTHING if found is None else _single(found, Basis.EXPLICIT if m["y"] else Basis.INFERRED)
    )


def _read_between(m: re.Match[str], anchor: dt.date | None, future: bool) -> When | None:
    groups = m.groupdict()
    month2 = _month_of(groups.get("m2") or groups["m1"])
    month1 = _month_of(groups["m1"]) if groups.get("m1") else month2
    year2 = (
        int(groups["y2"])
        if groups.get("y2")
        else (
            int(groups["y1"])
            if groups.get("y1")
            else _nearest_year(month2, _day_of(groups["d2"]), anchor, future=future)
        )
    )
    if year2 is None:
        return None
    year1 = int(groups["y1"]) if groups.get("y1") else year2 - (month1 > month2)
    first, last = (
        _date(year1, month1, _day_of(groups["d1"])),
        _date(year2, month2, _day_of(groups["d2"])),
    )
    if first is None or last is None or first > last:
        return _NOTHING
    explicit = groups.get("y2") or groups.get("y1")
    return When(first, last, DatePrecision.RANGE, Basis.EXPLICIT if explicit else Basis.INFERRED)


def _read_months(m: re.Match[str], anchor: dt.date | None, future: bool) -> When | None:
    month1, month2 = _month_of(m["m1"]), _month_of(m["m2"])
    year2 = int(m["y2"]) if m["y2"] else _nearest_year(month2, 1, anchor, future=future)
    if year2 is None:
        return None
    year1 = int(m["y1"]) if m["y1"] else year2 - (month1 > month2)
    return When(
        dt.date(year1, month1, 1),
        _last_of(year2, month2),
        DatePrecision.RANGE,
        Basis.EXPLICIT if m["y2"] else Basis.INFERRED,
    )


def _read_years(m: re.Match[str], _anchor: dt.date | None, _future: bool) -> When | None:
    first = int(m["y1"])
    last = int(m["y2"]) if len(m["y2"]) == 4 else first // 100 * 100 + int(m["y2"])
    return (
        _NOTHING
        if last <= first
        else When(dt.date(first, 1, 1), dt.date(last, 12, 31), DatePrecision.YEAR, Basis.EXPLICIT)
    )


def _read_month(m: re.Match[str], _anchor: dt.date | None, _future: bool) -> When | None:
    year, month = int(m["y"]), _month_of(m["m"])
    return When(dt.date(year, month, 1), _last_of(year, month), DatePrecision.MONTH, Basis.EXPLICIT)


def _read_in_month(m: re.Match[str], anchor: dt.date | None, future: bool) -> When | None:
    month = _month_of(m["m"] or m["may"])
    way = (m["way"] or "").casefold()
    year = _nearest_year(month, 1, anchor, future=future or way == "next")
    if year is None:
        return None
    return When(dt.date(year, month, 1), _last_of(year, month), DatePrecision.MONTH, Basis.INFERRED)


def _read_year(m: re.Match[str], _anchor: dt.date | None, _future: bool) -> When | None:
    year = int(m["y"])
    return When(dt.date(year, 1, 1), dt.date(year, 12, 31), DatePrecision.YEAR, Basis.EXPLICIT)


def _read_decade(m: re.Match[str], _anchor: dt.date | None, _future: bool) -> When | None:
    year = int(m["y"])
    return When(dt.date(year, 1, 1), dt.date(year + 9, 12, 31), DatePrecision.RANGE, Basis.EXPLICIT)


def _week(day: dt.date, basis: Basis = Basis.RELATIVE) -> When:
    monday = day - dt.timedelta(days=day.weekday())
    return When(monday, monday + dt.timedelta(days=6), DatePrecision.WEEK, basis)


def _shift_months(day: dt.date, months: int) -> dt.date:
    position = day.year * 12 + day.month - 1 + months
    year, month = divmod(position, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _count(word: str | None) -> int:
    word = (word or "1").casefold()
    return (
        int(word)
        if word.isdigit()
        else _NUMBERS.get(word.removeprefix("a ").removesuffix(" of").strip() or "a", 1)
    )


def _read_ago(m: re.Match[str], anchor: dt.date | None, _future: bool) -> When | None:
    if anchor is None:
        return None
    n, unit = _count(m["n"]), m["unit"].casefold().rstrip("s")
    if n > 200:
        return _NOTHING
    if unit == "hour":
        return _single(anchor - dt.timedelta(hours=n), Basis.RELATIVE)
    if unit == "day":
        return _single(anchor - dt.timedelta(days=n), Basis.RELATIVE)
    if unit in {"week", "fortnight"}:
        return _week(anchor - dt.timedelta(weeks=n * (2 if unit == "fortnight" else 1)))
    if unit == "month":
        day = _shift_months(anchor, -n)
        return When(
            day.replace(day=1), _last_of(day.year, day.month), DatePrecision.MONTH, Basis.RELATIVE
        )
    year = anchor.year - n * (10 if unit == "decade" else 1)
    return (
        When(dt.date(year, 1, 1), dt.date(year, 12, 31), DatePrecision.YEAR, Basis.RELATIVE)
        if year > 0
        else _NOTHING
    )


def _read_past(m: re.Match[str], anchor: dt.date | None, _future: bool) -> When | None:
    if anchor is None:
        return None
    way, unit = m["way"].casefold(), m["unit"].casefold()
    ahead = way in {"next", "coming"}
    sign = 1 if ahead else -1
    if unit == "weekend":
        saturday = (
            anchor - dt.timedelta(days=(anchor.weekday() - 5) % 7 or 7)
            if not ahead
            else anchor + dt.timedelta(days=(5 - anchor.weekday()) % 7)
        )
        return When(saturday, saturday + dt.timedelta(days=1), DatePrecision.RANGE, Basis.RELATIVE)
    if m["n"] or unit.endswith("s") or way in {"past", "recent", "coming"}:
        return _window(
            anchor, _count(m["n"]) if m["n"] else (3 if unit.endswith("s") else 1), unit, sign
        )
    if unit.startswith("week"):
        return _week(anchor + sign * dt.timedelta(weeks=1))
    if unit.startswith("month"):
        day = _shift_months(anchor.replace(day=1), sign)
        return When(day, _last_of(day.year, day.month), DatePrecision.MONTH, Basis.RELATIVE)
    if unit.startswith("year"):
        return When(
            dt.date(anchor.year + sign, 1, 1),
            dt.date(anchor.year + sign, 12, 31),
            DatePrecision.YEAR,
            Basis.RELATIVE,
        )
    return _window(anchor, 1, unit, sign)


def _window(anchor: dt.date, n: int, unit: str, sign: int) -> When:
    """Return the span of `n` units that ends (or begins) on the anchor."""
    digits = re.match(r"\d{1,20}", unit)
    name = unit.lstrip("0123456789 ").rstrip("s")
    if name == "hour":
        other = anchor + sign * dt.timedelta(
            hours=int(digits.group()) if digits else n if n > 3 else 24
        )
    elif name == "month":
        other = _shift_months(anchor, sign * n)
    elif name in {"year", "decade"}:
        other = _shift_months(anchor, sign * n * (120 if name == "decade" else 12))
    else:
        other = anchor + sign * dt.timedelta(
            days=n * {"day": 1, "week": 7, "fortnight": 14}.get(name, 1)
        )
    first, last = sorted((anchor, other))
    return When(first, last, DatePrecision.RANGE, Basis.RELATIVE)


def _last_weekend(anchor: dt.date) -> When:
    saturday = anchor - dt.timedelta(days=(anchor.weekday() - 5) % 7)
    return When(saturday, saturday + dt.timedelta(days=1), DatePrecision.RANGE, Basis.RELATIVE)


def _read_weekend(_m: re.Match[str], anchor: dt.date | None, _future: bool) -> When | None:
    return None if anchor is None else _last_weekend(anchor)


def _read_this(m: re.Match[str], anchor: dt.date | None, _future: bool) -> When | None:
    if anchor is None:
        return None
    unit = m["unit"].casefold()
    if unit == "week":
        return _week(anchor)
    if unit == "month":
        return When(
            anchor.replace(day=1),
            _last_of(anchor.year, anchor.month),
            DatePrecision.MONTH,
            Basis.RELATIVE,
        )
    if unit == "year":
        return When(
            dt.date(anchor.year, 1, 1),
            dt.date(anchor.year, 12, 31),
            DatePrecision.YEAR,
            Basis.RELATIVE,
        )
    if unit == "weekend":
        saturday = anchor + dt.timedelta(
            days=5 - anchor.weekday() if anchor.weekday() < 5 else -(anchor.weekday() - 5)
        )
        return When(saturday, saturday + dt.timedelta(days=1), DatePrecision.RANGE, Basis.RELATIVE)
    return _single(anchor, Basis.RELATIVE)


_NAMED = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "now": 0,
    "tomorrow": 1,
    "last night": -1,
    "overnight": 0,
    "the day before yesterday": -2,
}


def _read_named(m: re.Match[str], anchor: dt.date | None, _future: bool) -> When | None:
    word = m["named"].casefold()
    if word == "now":
        return _NOTHING
    return (
        None
        if anchor is None
        else _single(anchor + dt.timedelta(days=_NAMED[word]), Basis.RELATIVE)
    )


def _read_weekday(m: re.Match[str], anchor: dt.date | None, future: bool) -> When | None:
    if anchor is None:
        return None
    wanted, way, back = (
        WEEKDAYS[m["wd"].casefold()],
        (m["way"] or "").casefold(),
        (m["back"] or "").casefold(),
    )
    ago = (anchor.weekday() - wanted) % 7
    if back:
        monday = (
            anchor
            - dt.timedelta(days=anchor.weekday())
            + dt.timedelta(weeks={"last week": -1, "this week": 0, "next week": 1}[back])
        )
        return _single(monday + dt.timedelta(days=wanted), Basis.RELATIVE)
    if way in {"next", "coming", "the following"} or (future and way not in {"last", "past"}):
        ahead = (wanted - anchor.weekday()) % 7
        return _single(anchor + dt.timedelta(days=ahead or (7 if way else 0)), Basis.RELATIVE)
    return _single(
        anchor - dt.timedelta(days=ago or (7 if way in {"last", "past"} else 0)), Basis.RELATIVE
    )


_Reader = Callable[[re.Match[str], dt.date | None, bool], When | None]
_READERS: dict[str, _Reader] = {
    "iso": _read_day,
    "between": _read_between,
    "between_us": _read_between,
    "span": _read_between,
    "span_us": _read_between,
    "months": _read_months,
    "years": _read_years,
    "dmy": _read_day,
    "mdy": _read_day,
    "my": _read_month,
    "slash": _read_day,
    "ago": _read_ago,
    "past": _read_past,
    "weekend": _read_weekend,
    "this": _read_this,
    "named": _read_named,
    "weekday": _read_weekday,
    "in_month": _read_in_month,
    "decade": _read_decade,
    "year": _read_year,
}
