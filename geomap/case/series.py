"""Figures of one movement over time.

Which one counts, what it adds to the one before, and why the others do not count.

The rule: of the figures for one day the most exact counts, then the one of the better source, then
the higher. A later figure
takes the place of an earlier one unless it only repeats or rounds it. A count since the start
cannot fall, so a later figure that
is lower is kept beside and flagged. Figures for disjoint periods ("new") each count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from geomap.case.tellings import EXACTNESS, Told, best_of, direction, evidence_of, measured
from geomap.model import Basis, Measure, Movement, Quantifier, Quantity, When, day_of

_NEW_WAVE_DAYS: Final = 365
_APART: Final = 0.15  # two approximate figures closer than this may be one
# Who counts people as their work; others repeat them.
_OFFICIAL = re.compile(
    r"\b(?:UNHCR|IOM|OCHA|UNICEF|UN|United Nations|IDMC|Red Cross|Red"
    r" Crescent|government|ministry|minister|authorit|agency|registration|census|commission"
    r"|immigration|migration)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a series with all its tellings.

    `role` is `recommended` for the one that counts and `triangulation` for the others; `why` says
    so in words; `increment` is what
    it adds to the figure before.
    """

    movement: Movement
    members: tuple[str, ...]
    series: str
    as_of: dt.date | None
    role: str
    why: str
    increment: int | None = None
    conflict: str = ""
    apart: bool = False


def figures(block: str, tellings: Sequence[Told]) -> list[Figure]:
    """Return the figures of one block of movements, oldest first.

    `tellings` may come in any order.
    """
    out: list[Figure] = []
    for number, told in enumerate(sorted((t for t in tellings if t.apart), key=lambda t: t.ident)):
        out += _series(f"{block}|apart{number}", [told], apart=True)
    together = [t for t in tellings if not t.apart]
    if together and measured(_movement(together[0])) == "new":
        for number, group in enumerate(_periods(together)):
            out += _series(f"{block}|{number}", group)
    elif together:
        for number, group in enumerate(_waves(together)):
            out += _series(f"{block}|{number}", group)
    return out


def _movement(told: Told) -> Movement:
    if not isinstance(told.record, Movement):
        raise TypeError(told.ident)
    return told.record


def moment_of(when: When | None, published: str) -> dt.date | None:
    """Return the day that a figure holds for.

    Its own `as_of`, else the end of its time, else the publication day.
    """
    told = None if when is None else when.as_of or when.end or when.start
    if told is not None:
        return day_of(told)
    return dt.date.fromisoformat(published[:10]) if published else None


def _waves(tellings: Sequence[Told]) -> list[list[Told]]:
    """Cut snapshots where more than a year later the count begins anew."""
    order = sorted(tellings, key=lambda t: (_sortable(t), t.ident))
    out: list[list[Told]] = []
    peak, last = 0, ""
    for told in order:
        day, value = _sortable(told), best_of(_movement(told).quantity) or 0
        gap = (dt.date.fromisoformat(day) - dt.date.fromisoformat(last)).days if day and last else 0
        if not out or (gap > _NEW_WAVE_DAYS and value < peak / 2):
            out.append([])
            peak = 0
        out[-1].append(told)
        peak, last = max(peak, value), day or last
    return out


def _sortable(told: Told) -> str:
    moment = moment_of(_movement(told).when, told.published)
    return moment.isoformat() if moment is not None else ""


def _periods(tellings: Sequence[Told]) -> list[list[Told]]:
    """Put figures together whose periods overlap: they are tellings or parts of one flow."""
    order = sorted(tellings, key=lambda t: (_period(t), t.ident))
    out: list[list[Told]] = []
    until = ""
    for told in order:
        start, end = _period(told)
        if not out or start > until:
            out.append([])
            until = end
        out[-1].append(told)
        until = max(until, end)
    return out


def _period(told: Told) -> tuple[str, str]:
    when = _movement(told).when
    if when is None or (when.start is None and when.end is None):
        day = _sortable(told)
        return day, day
    start, end = (
        day_of(d).isoformat()
        for d in (when.start or when.end, when.end or when.start)
        if d is not None
    )
    if when.basis is Basis.PUBLICATION:
        start = (dt.date.fromisoformat(start) - dt.timedelta(days=1)).isoformat()
    return start, end


def _series(name: str, tellings: Sequence[Told], *, apart: bool = False) -> list[Figure]:
    told: dict[tuple[object, ...], list[Told]] = {}
    for item in tellings:
        movement = _movement(item)
        quantity = movement.quantity
        period = _period(item) if measured(movement) == "new" else ()
        told.setdefault(
            (*period, *((quantity.value, quantity.minimum, quantity.maximum) if quantity else ())),
            [],
        ).append(item)
    joint = [_joint(name, group, apart=apart) for group in told.values()]
    joint.sort(key=lambda f: (str(f.as_of or ""), *_rank(f), f.movement.id))
    if measured(joint[0].movement) == "new":
        return _longest_counts(joint)
    return _latest_counts(joint)


def _joint(name: str, group: Sequence[Told], *, apart: bool) -> Figure:
    """Return the tellings of one figure as one movement, dated by the earliest."""
    order = sorted(group, key=lambda t: (_sortable(t) or "9", -t.record.score, t.ident))
    movements = [_movement(t) for t in order]
    first = movements[0]
    measure = next((m.measure for m in movements if m.measure is Measure.CUMULATIVE), first.measure)
    movement = (
        replace(
            first,
            id=min(t.ident for t in group),
            measure=measure,
            evidence=evidence_of(group),
            claimed_by=next((m.claimed_by for m in movements if _OFFICIAL.search(m.claimed_by)), "")
            or next((m.claimed_by for m in movements if m.claimed_by), ""),
            group=next((m.group for m in movements if m.group), ""),
            score=max(m.score for m in movements),
        )
        if len(movements) > 1
        else first
    )
    return Figure(
        movement,
        tuple(sorted(t.ident for t in group)),
        name,
        moment_of(first.when, order[0].published),
        "triangulation",
        "",
        apart=apart,
    )


def _rank(figure: Figure) -> tuple[bool, int, bool, int]:
    """Return how good a figure is among those of one day; the highest is best."""
    quantity = figure.movement.quantity
    return (
        figure.movement.measure is Measure.CUMULATIVE,
        EXACTNESS[quantity.quantifier] if quantity else -1,
        bool(_OFFICIAL.search(figure.movement.claimed_by)),
        best_of(quantity) or 0,
    )


def _longest_counts(group: Sequence[Figure]) -> list[Figure]:
    def length(figure: Figure) -> int:
        when = figure.movement.when
        return (
            (day_of(when.end) - day_of(when.start)).days
            if when is not None and when.start is not None and when.end is not None
            else 0
        )

    chosen = max(group, key=lambda f: (length(f), str(f.as_of or ""), *_rank(f), f.movement.id))
    return [
        (
            replace(
                f,
                role="recommended",
                why="the figure for the whole period" if len(group) > 1 else "the only figure",
            )
            if f is chosen
            else replace(
                f,
                why=f"its period overlaps that of {_told(chosen)}: the same people may be in both",
            )
        )
        for f in group
    ]


def _latest_counts(group: Sequence[Figure]) -> list[Figure]:
    """Walk through the snapshots in time.

    Each that brings news takes the place of the one before.
    """
    out: list[Figure] = []
    chosen: int | None = None
    falls = direction(group[0].movement.kind) == "stock" or measured(group[0].movement) == "stock"
    days: dict[dt.date | None, list[Figure]] = {}
    for figure in group:
        days.setdefault(figure.as_of, []).append(figure)
    for day in days.values():
        best = day[-1]
        for figure in day[:-1]:
            out.append(
                replace(
                    figure,
                    why=f"for the same day {_told(best)} is more exact or better sourced",
                    conflict=_contradicts(figure, best),
                )
            )
        now = out[chosen] if chosen is not None else None
        news = _news(now, best, falls=falls)
        if news:
            out.append(replace(best, why=news))
            continue
        if now is not None and chosen is not None:
            out[chosen] = replace(
                now, why=f"an earlier count of the same people; {_told(best)} is later"
            )
        step = _value(best) - _value(now) if now is not None else _value(best)
        chosen = len(out)
        out.append(
            replace(
                best,
                why="the latest figure" if len(group) > 1 else "the only figure",
                increment=step if best.movement.quantity is not None else None,
            )
        )
    if chosen is not None:
        out[chosen] = replace(out[chosen], role="recommended")
    return out


def _news(now: Figure | None, later: Figure, *, falls: bool) -> str:
    """Return why `later` does not take the place of `now`, or the empty text when it does."""
    if now is None:
        return ""
    a, b = now.movement.quantity, later.movement.quantity
    if b is None or (
        now.movement.measure is Measure.CUMULATIVE
        and later.movement.measure is not Measure.CUMULATIVE
        and _value(later) <= _value(now)
    ):
        return (
            f"it has no measure of its own; {_told(now)} is a count since the start"
            if b is not None
            else "it tells no figure"
        )
    if a is not None and _rounds(b, best_of(a) or 0):
        return f"it repeats or rounds {_told(now)}"
    return (
        f"lower than {_told(now)}, and a count since the start cannot fall"
        if not falls and _value(later) < _value(now)
        else ""
    )


def _rounds(told: Quantity, value: int) -> bool:
    """Tell whether a figure is but a looser word for `value`.

    "more than 100,000", "about 115,000", "115,000" for 115,366.
    """
    n = best_of(told) or 0
    loose = told.quantifier in {Quantifier.MORE_THAN, Quantifier.AT_LEAST, Quantifier.VAGUE}
    if loose:
        return n <= value
    if (
        told.quantifier in {Quantifier.UP_TO, Quantifier.LESS_THAN, Quantifier.NEARLY}
        and n >= value
    ):
        return n - value <= _APART * n
    if told.quantifier is Quantifier.ABOUT:
        return abs(n - value) <= _APART * value and n <= value
    step: int = 10 ** (len(str(n)) - len(str(n).rstrip("0"))) if n else 1
    return n == value or (step >= 100 and abs(n - value) < step and n <= value)


def _contradicts(one: Figure, other: Figure) -> str:
    quantity = one.movement.quantity
    low, high = sorted((_value(one), _value(other)))
    if (
        quantity is None
        or not low
        or high - low <= _APART * high
        or _rounds(quantity, _value(other))
    ):
        return ""
    return f"{low:,} to {high:,} for one day"


def _value(figure: Figure) -> int:
    return best_of(figure.movement.quantity) or 0


def _told(figure: Figure) -> str:
    quantity = figure.movement.quantity
    number = f"{_value(figure):,}" if quantity is not None else "no figure"
    return f"{number} as of {figure.as_of}" if figure.as_of else number


def bounds(quantity: Quantity | None) -> tuple[int | None, int | None, int | None]:
    """Return low, best and high of a figure.

    An open upper bound is None, and what is only approximate is taken as told.
    """
    best = best_of(quantity)
    if quantity is None or best is None:
        return None, None, None
    low = (
        quantity.minimum
        if quantity.minimum is not None
        else 0
        if quantity.quantifier in {Quantifier.UP_TO, Quantifier.LESS_THAN}
        else best
    )
    opened = quantity.quantifier in {Quantifier.MORE_THAN, Quantifier.AT_LEAST, Quantifier.VAGUE}
    return low, best, None if opened else quantity.maximum if quantity.maximum is not None else best
