"""Which records of different documents tell of one event, and what the joint record says.

The order of adding plays no part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from geomap.model import (
    Basis,
    Event,
    Evidence,
    Kind,
    Measure,
    Movement,
    MovementKind,
    Quantifier,
    Quantity,
    Status,
    When,
    day_of,
)

_SLACK_DAYS: Final = 1  # what has only its publication day happened on it or the day before
# tellings known to a week or less may be of one event; coarser ones only when they name the same
# span
_ALIKE_DAYS: Final = 7
_TOLL_RATIO: Final = 3  # tolls further apart on one day in one town are two events
_PLACES, _ACTORS = 4, 6
REAL: Final = frozenset({Status.OCCURRED, Status.ONGOING})
EXACTNESS: Final = {
    q: n
    for n, q in enumerate(
        (
            Quantifier.VAGUE,
            Quantifier.UP_TO,
            Quantifier.LESS_THAN,
            Quantifier.RANGE,
            Quantifier.AT_LEAST,
            Quantifier.MORE_THAN,
            Quantifier.NEARLY,
            Quantifier.ABOUT,
            Quantifier.EXACT,
        )
    )
}


@dataclass(frozen=True, slots=True)
class Told:
    """One record as one document tells it; `published` is ISO text, empty when unknown."""

    record: Event | Movement
    key: str
    published: str
    apart: bool = False

    @property
    def ident(self) -> str:
        """The id of the record."""
        return self.record.id


@dataclass(frozen=True, slots=True)
class Joint:
    """One event as all documents tell it."""

    event: Event
    members: tuple[str, ...]
    conflict: str = ""


def event_block(event: Event, key: str) -> str:
    """Return the key of the events among which this one's other tellings are.

    Type, whether it happened, best place.
    """
    best = event.places[0] if event.places else None
    where = best.place.id if best is not None and best.place is not None else f"?{key}"
    return f"e|{event.type}|{_standing(event.status)}|{where}"


def movement_block(movement: Movement, key: str) -> str:
    """Return the key of a movement's series.

    Whether it happened, what the figure counts, and both ends.
    """
    if not (movement.origins or movement.destinations or movement.within):
        ends = f"?{key}"
    else:
        ends = "|".join(
            ",".join(sorted({m.ident for m in side}))
            for side in (movement.origins, movement.destinations, movement.within)
        )
    unit = (
        movement.quantity.unit if movement.quantity is not None and movement.quantity.unit else ""
    )
    figured = "n" if movement.quantity is not None else "-"
    return (
        f"m|{direction(movement.kind)}|{_standing(movement.status)}|{measured(movement)}"
        f"|{unit}{figured}|{part(movement.group)}|{ends}"
    )


def _standing(status: Status) -> str:
    return "real" if status in REAL else status.value


def direction(kind: MovementKind) -> str:
    """Return `out`, `return` or `stock`.

    Flight, evacuation and expulsion move the same people one way.
    """
    return kind.value if kind in {MovementKind.RETURN, MovementKind.STOCK} else "out"


def measured(movement: Movement) -> str:
    """Return how figures of the movement relate: `new`, `stock` or `snapshot`.

    Only what is told of a period of its own is new; any other figure is taken as a snapshot, for
    adding it could count people twice.
    """
    if movement.measure is Measure.STOCK:
        return "stock"
    when = movement.when
    dated = (
        when is not None
        and when.start is not None
        and when.basis in {Basis.EXPLICIT, Basis.RELATIVE}
    )
    return "new" if movement.measure is Measure.NEW and dated else "snapshot"


_PARTS: Final = (
    "child",
    "women",
    "woman",
    "girl",
    "boy",
    "elderly",
    "pupil",
    "student",
    "minor",
    "infant",
    "disab",
    "patient",
    "orphan",
)


def part(group: str) -> str:
    """Return which part of the people a group names ("children"), empty for the whole of them."""
    words = group.casefold()
    return next((stem for stem in _PARTS if stem in words), "")


def joint_events(tellings: Sequence[Told]) -> list[Joint]:
    """Return the events of one block, the tellings of each joined.

    `tellings` may come in any order.
    """
    groups: list[list[Told]] = []
    # Only what shares a day, or a longer span exactly, can be one event: a town with a thousand
    # events is not compared all with all.
    at: dict[object, list[list[Told]]] = {}
    for told in sorted(tellings, key=_closest_first):
        days = _days_of(told)
        near = {id(g): g for day in days for g in at.get(day, ())}
        fitting = [
            g for g in near.values() if _one_event(g[0], told) and all(m.key != told.key for m in g)
        ]
        if told.apart or not fitting:
            groups.append([told])
            for day in days:
                at.setdefault(day, []).append(groups[-1])
        else:
            min(fitting, key=lambda g: _toll_gap(g[0].record, told.record)).append(told)
    return [joined(group) for group in groups]


def _closest_first(told: Told) -> tuple[int, str, str, str]:
    span = _span(told.record.when)
    return (
        (10**6, "", told.published, told.ident)
        if span is None
        else ((span[1] - span[0]).days, span[0].isoformat(), told.published, told.ident)
    )


def _days_of(told: Told) -> list[object]:
    span = _span(told.record.when)
    if span is None:
        return []
    length = (span[1] - span[0]).days
    return (
        [span[0] + dt.timedelta(days=n) for n in range(length + 1)]
        if length <= _ALIKE_DAYS
        else [span]
    )


def _span(when: When | None) -> tuple[dt.date, dt.date] | None:
    if when is None or when.start is None:
        return None
    start = day_of(when.start)
    end = day_of(when.end) if when.end is not None else start
    return (
        (start - dt.timedelta(days=_SLACK_DAYS), end)
        if when.basis is Basis.PUBLICATION
        else (start, end)
    )


def _one_event(one: Told, other: Told) -> bool:
    a, b = one.record, other.record
    if (
        not isinstance(a, Event)
        or not isinstance(b, Event)
        or one.apart
        or (a.sub_type and b.sub_type and a.sub_type != b.sub_type)
    ):
        return False
    first, second = _span(a.when), _span(b.when)
    if first is None or second is None:
        return False
    if first[0] > second[1] or second[0] > first[1]:
        return False
    if (
        max((first[1] - first[0]).days, (second[1] - second[0]).days) > _ALIKE_DAYS
        and first != second
    ):
        return False
    place = a.places[0].place if a.places else None
    if place is None or (
        place.kind is Kind.COUNTRY
        and Basis.PUBLICATION in {a.when and a.when.basis, b.when and b.when.basis}
    ):
        return False
    return _toll_gap(a, b) <= _TOLL_RATIO


def _toll_gap(a: Event | Movement, b: Event | Movement) -> float:
    tolls = [best_of(x.fatalities) for x in (a, b) if isinstance(x, Event)]
    if len(tolls) < 2 or not tolls[0] or not tolls[1]:
        return 1.0
    return max(tolls[0], tolls[1]) / min(tolls[0], tolls[1])


def best_of(quantity: Quantity | None) -> int | None:
    """Return the one number a figure is best read as."""
    if quantity is None:
        return None
    return next(
        (n for n in (quantity.value, quantity.maximum, quantity.minimum) if n is not None), None
    )


def joined(group: Sequence[Told]) -> Joint:
    """Return the tellings of one event as one.

    Best-scored telling, closest time, latest and most exact toll, all evidence.
    """
    order = sorted(group, key=lambda t: (-t.record.score, t.published, t.ident))
    events = [t.record for t in order if isinstance(t.record, Event)]
    first = events[0]
    if len(events) == 1:
        return Joint(first, (first.id,))
    places = {m.ident: m for event in events for m in event.places}
    actors = {a.name: a for event in events for a in event.actors}
    event = replace(
        first,
        id=min(t.ident for t in group),
        places=tuple(places.values())[:_PLACES],
        actors=tuple(actors.values())[:_ACTORS],
        when=_closest(events),
        fatalities=_latest(group, "fatalities"),
        injuries=_latest(group, "injuries"),
        claimed_by=next((e.claimed_by for e in events if e.claimed_by), ""),
        evidence=evidence_of(group),
        score=round(1 - (1 - first.score) * 0.93 ** (len(events) - 1), 4),
    )
    return Joint(event, tuple(sorted(t.ident for t in group)), _conflict(events))


def evidence_of(group: Iterable[Told]) -> tuple[Evidence, ...]:
    """Return all evidence of a group, the earliest publication first, each sentence once."""
    told = {
        (e.doc_id, e.start, e.end): (t.published or "9", e)
        for t in group
        for e in t.record.evidence
    }
    return tuple(
        e
        for _, e in sorted(told.values(), key=lambda item: (item[0], item[1].doc_id, item[1].start))
    )


def _closest(events: Sequence[Event]) -> When | None:
    told = [e.when for e in events if e.when is not None and e.when.start is not None]
    return min(
        told,
        key=lambda w: (w.basis is Basis.PUBLICATION, _days(w), str(w.start)),
        default=events[0].when,
    )


def _days(when: When) -> int:
    span = _span(when)
    return 10**6 if span is None else (span[1] - span[0]).days


def _latest(group: Sequence[Told], name: str) -> Quantity | None:
    told = [(t, getattr(t.record, name)) for t in group if getattr(t.record, name) is not None]
    if not told:
        return None
    best: Quantity = max(
        told,
        key=lambda item: (
            item[0].published,
            EXACTNESS[item[1].quantifier],
            best_of(item[1]) or 0,
            item[0].ident,
        ),
    )[1]
    return best


def _conflict(events: Sequence[Event]) -> str:
    """Return in words where the tellings contradict each other, with the range.

    Empty when they do not.
    """
    out = []
    for name, word in (("fatalities", "killed"), ("injuries", "injured")):
        tolls = {best_of(getattr(e, name)) for e in events} - {None}
        if len(tolls) > 1:
            out.append(
                f"{min(t for t in tolls if t is not None):,} to"
                f" {max(t for t in tolls if t is not None):,} {word}"
            )
    days = {
        day_of(e.when.start)
        for e in events
        if e.when is not None and e.when.start is not None and e.when.basis is Basis.EXPLICIT
    }
    if len(days) > 1:
        out.append(f"dated {min(days)} to {max(days)}")
    return "; ".join(out)
