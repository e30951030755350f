"""Totals that count nobody twice and say how they came about.

Only figures that count in their own series go in. Measures, units and statuses are never added
together. Of two figures whose ends
overlap (a town and the country around it, an unknown origin and a known one, children and
everybody) only one counts: the wider
one, unless its parts add up to more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from geomap.errors import OptionError

BY: Final = (
    "origin",
    "destination",
    "origin_country",
    "destination_country",
    "year",
    "month",
    "kind",
    "group",
)
ANYWHERE: Final = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """One figure as totals see it.

    `origins` and `destinations` are place ids, empty when the text does not tell.
    """

    id: str
    series: str
    kind: str
    measure: str
    status: str
    unit: str
    low: int | None
    best: int
    high: int | None
    start: str
    end: str
    as_of: str
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    within: tuple[str, ...]
    part: str
    role: str
    why: str
    apart: bool

    @property
    def ends(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Where from and where to.

        People displaced within a place leave it, people who stay in one are in it.
        """
        if self.kind == "stock":
            return self.origins, self.destinations or self.within
        return self.origins or self.within, self.destinations


@dataclass(frozen=True, slots=True)
class SetAside:
    """A figure that a total does not count, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Total:
    """People (or households) of one group.

    `low` and `high` are bounds, `high` is None when it is open.
    """

    key: tuple[str, ...]
    measure: str
    status: str
    unit: str
    low: int
    best: int
    high: int | None
    used: tuple[str, ...]
    set_aside: tuple[SetAside, ...] = ()

    def explain(self, told: Callable[[str], str] = lambda ident: ident) -> str:
        """Return in words what was counted and what was not; `told` gives the words for an id."""
        unit = "households" if self.unit == "household" else "people"
        head = (
            f"{' / '.join(k or 'not told' for k in self.key) or 'all'}: {self.best:,} {unit}"
            f" ({self.measure}, {self.status})"
        )
        head += (
            f", between {self.low:,} and {self.high:,}"
            if self.high is not None and self.low != self.high
            else f", at least {self.low:,}"
            if self.high is None
            else ""
        )
        return "\n".join(
            [
                head,
                *(f"  counted   {told(i)}" for i in self.used),
                *(f"  set aside {told(s.id)}\n            since: {s.why}" for s in self.set_aside),
            ]
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """What totals know of places.

    Everything that a place lies in (itself first), its name and country.
    """

    inside: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    countries: Mapping[str, str]

    def around(self, ident: str) -> tuple[str, ...]:
        """Return the ids of a place and of all that contains it."""
        return self.inside.get(ident, (ident,))


def totals(figures: Iterable[Counted], ground: Ground, *, by: Sequence[str] = ()) -> list[Total]:
    """Return totals of figures by their keys, measures, statuses and units.

    In the order of the keys.

    Parameters
    ----------
    figures
        All figures, those that do not count in their series too: they are told as set aside.
    ground
        What contains what.
    by
        Any of `BY`.

    Raises
    ------
    OptionError
        For another word in `by`.

    """
    unknown = [word for word in by if word not in BY]
    if unknown:
        raise OptionError("by", unknown[0], f"any of {', '.join(BY)}")
    groups: dict[tuple[tuple[str, ...], str, str, str], list[Counted]] = {}
    everything = list(figures)
    leading = {f.series: f for f in everything if f.role == "recommended"}
    told, covered = _uncovered(everything, leading, ground)
    yearly = "year" in by or "month" in by
    for figure in told:
        # A figure that is set aside is told where the one that counts stands.
        like = figure if yearly else leading.get(figure.series, figure)
        groups.setdefault(
            (tuple(_KEYS[word](like, ground) for word in by), like.measure, like.status, like.unit),
            [],
        ).append(figure)
    return [
        _with_covered(_total(key, group, ground, yearly=yearly), covered)
        for key, group in sorted(groups.items())
    ]


def _uncovered(
    figures: Sequence[Counted], leading: Mapping[str, Counted], ground: Ground
) -> tuple[list[Counted], dict[str, list[SetAside]]]:
    """Part the figures of no stated measure that a count since the start may hold.

    Returns the figures without them, and these by the count that may hold them.
    """
    counts: dict[tuple[str, str], _Overlaps] = {}
    for figure in leading.values():
        if figure.measure == "cumulative":
            counts.setdefault((figure.status, figure.unit), _Overlaps(ground)).put(figure)
    kept, covered = list[Counted](), dict[str, list[SetAside]]()
    for figure in figures:
        lead = leading.get(figure.series, figure)
        known = counts.get((figure.status, figure.unit)) if lead.measure == "unspecified" else None
        wider = (
            next((c for c in known.of(lead) if c.best >= lead.best), None)
            if known is not None
            else None
        )
        if wider is None:
            kept.append(figure)
        else:
            covered.setdefault(wider.id, []).append(
                SetAside(
                    figure.id,
                    f"it names no period; the same people may be in {wider.id} ({wider.best:,})",
                )
            )
    return kept, covered


def _with_covered(total: Total, covered: Mapping[str, list[SetAside]]) -> Total:
    more = [
        s
        for ident in (*total.used, *(s.id for s in total.set_aside))
        for s in covered.get(ident, ())
    ]
    return (
        replace(total, set_aside=tuple(sorted((*total.set_aside, *more), key=lambda s: s.id)))
        if more
        else total
    )


def _ends(figure: Counted, side: int, ground: Ground, *, countries: bool) -> str:
    told = figure.ends[side]
    # What is no place of the gazetteer keeps the name it is told by.
    names = {(ground.countries if countries else ground.names).get(i, i) for i in told}
    return "; ".join(sorted(n or "?" for n in names))


_KEYS: dict[str, Callable[[Counted, Ground], str]] = {
    "origin": lambda f, g: _ends(f, 0, g, countries=False),
    "destination": lambda f, g: _ends(f, 1, g, countries=False),
    "origin_country": lambda f, g: _ends(f, 0, g, countries=True),
    "destination_country": lambda f, g: _ends(f, 1, g, countries=True),
    "year": lambda f, _: (f.as_of if f.measure != "new" else f.start or f.as_of)[:4],
    "month": lambda f, _: (f.as_of if f.measure != "new" else f.start or f.as_of)[:7],
    "kind": lambda f, _: f.kind,
    "group": lambda f, _: f.part,
}


def _total(
    key: tuple[tuple[str, ...], str, str, str],
    group: list[Counted],
    ground: Ground,
    *,
    yearly: bool,
) -> Total:
    counting, aside = _counting(group, yearly=yearly)
    used, overlapping = _apart(counting, ground)
    open_ended = any(f.high is None for f in used)
    return Total(
        *key,
        sum(f.low or 0 for f in used),
        sum(f.best for f in used),
        None if open_ended else sum(f.high or 0 for f in used),
        tuple(sorted(f.id for f in used)),
        tuple(sorted((*aside, *overlapping), key=lambda s: s.id)),
    )


def _counting(group: Sequence[Counted], *, yearly: bool) -> tuple[list[Counted], list[SetAside]]:
    """Return the figures that count in their series.

    By year, a snapshot counts in each year that has one.
    """
    if not yearly:
        return [f for f in group if f.role == "recommended"], [
            SetAside(f.id, f.why) for f in group if f.role != "recommended"
        ]
    series: dict[str, list[Counted]] = {}
    for figure in group:
        series.setdefault(figure.series, []).append(figure)
    chosen = {
        max(members, key=lambda f: (f.role == "recommended", f.as_of, f.best, f.id)).id
        for members in series.values()
    }
    return [f for f in group if f.id in chosen], [
        SetAside(f.id, f.why or "a later figure of the period counts")
        for f in group
        if f.id not in chosen
    ]


class _Overlaps:
    """The figures used so far, found by either end, from inside or outside."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.found: dict[tuple[str, str, str], dict[str, Counted]] = {}

    def _sides(self, figure: Counted) -> list[list[tuple[str, tuple[str, ...]]]]:
        return [
            [(i, (*self.ground.around(i), ANYWHERE)) for i in side] or [(ANYWHERE, (ANYWHERE,))]
            for side in figure.ends
        ]

    def put(self, figure: Counted) -> None:
        for key in self._keys(figure, stored=True):
            self.found.setdefault(key, {})[figure.id] = figure

    def drop(self, figure: Counted) -> None:
        for key in self._keys(figure, stored=True):
            self.found.get(key, {}).pop(figure.id, None)

    def of(self, figure: Counted) -> list[Counted]:
        hits: dict[str, Counted] = {}
        for key in self._keys(figure, stored=False):
            hits.update(self.found.get(key, {}))
        return [hits[i] for i in sorted(hits) if _may_share(figure, hits[i])]

    def _keys(self, figure: Counted, *, stored: bool) -> list[tuple[str, str, str]]:
        """Return one key for each way in which two ends can contain each other.

        O means own, a means what is around.
        """
        out = []
        for (origin, around_origin), (destination, around_destination) in itertools.product(
            *self._sides(figure)
        ):
            wide = {
                "oo": ((origin,), (destination,)),
                "oa": ((origin,), around_destination),
                "ao": (around_origin, (destination,)),
                "aa": (around_origin, around_destination),
            }
            for way, (froms, tos) in wide.items():
                tag = way if stored else way.translate(_TURNED)
                out += [(tag, a, b) for a in froms for b in tos]
        return out


# What is stored by its own end is asked for by what is around, and the reverse.
_TURNED = str.maketrans("oa", "ao")


def _may_share(one: Counted, other: Counted) -> bool:
    """Tell whether two figures with overlapping ends can count the same people."""
    if (
        one.apart
        or other.apart
        or (one.part and other.part and one.part != other.part)
        or (one.kind == "return") != (other.kind == "return")
    ):
        return False
    if one.measure == "new":
        a, b = ((f.start or f.as_of, f.end or f.as_of) for f in (one, other))
        return a[0] <= b[1] and b[0] <= a[1]
    return True


def _apart(counting: Sequence[Counted], ground: Ground) -> tuple[list[Counted], list[SetAside]]:
    """Return the figures that can be added, and those set aside because they overlap others."""
    if len(counting) == 1:
        return list(counting), []
    overlaps, used, aside = _Overlaps(ground), dict[str, Counted](), list[SetAside]()
    for figure in sorted(
        counting, key=lambda f: (bool(not f.part), _width(f, ground), f.as_of, f.best, f.id)
    ):
        inner = overlaps.of(figure)
        together = sum(f.best for f in inner)
        if inner and figure.best < together:
            aside.append(
                SetAside(
                    figure.id, f"overlaps {_named(inner)}, which add up to more ({together:,})"
                )
            )
            continue
        for other in inner:
            overlaps.drop(other)
            del used[other.id]
            aside.append(
                SetAside(other.id, f"the same people may be in {figure.id} ({figure.best:,})")
            )
        overlaps.put(figure)
        used[figure.id] = figure
    return list(used.values()), aside


def _named(figures: Sequence[Counted]) -> str:
    names = [f.id for f in figures]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


_UNKNOWN: Final = 50


def _width(figure: Counted, ground: Ground) -> int:
    """Return how wide the ends are: the fewer regions lie around a place, the wider it is.

    An unknown end is widest.
    """
    return sum(
        max((-len(ground.around(i)) for i in side), default=_UNKNOWN) for side in figure.ends
    )


@dataclass(frozen=True, slots=True)
class Flow:
    """People who left or reached a region, of the measure that tells of most.

    `used` are the figures behind it.
    """

    people: int
    measure: str
    used: tuple[str, ...]


def flows(figures: Iterable[Counted], ground: Ground) -> tuple[dict[str, Flow], dict[str, Flow]]:
    """Return for every region the people out of it and into it, by the ids of regions.

    Flight inside a region crosses nothing.

    Only persons who left, came or returned; figures of different measures are not added, the
    largest measure is told.
    """
    crossing: tuple[dict[tuple[str, str], list[Counted]], ...] = ({}, {})
    for figure in figures:
        if figure.role != "recommended" or figure.kind == "stock" or figure.unit == "household":
            continue
        around = [{region for i in side for region in ground.around(i)} for side in figure.ends]
        for side in (0, 1):
            for region in around[side] - around[1 - side]:
                crossing[side].setdefault((region, figure.measure), []).append(figure)
    return _largest(crossing[0], ground), _largest(crossing[1], ground)


def _largest(crossing: Mapping[tuple[str, str], list[Counted]], ground: Ground) -> dict[str, Flow]:
    out: dict[str, Flow] = {}
    for (region, measure), members in sorted(crossing.items()):
        used, _ = _apart(members, ground)
        flow = Flow(sum(f.best for f in used), measure, tuple(sorted(f.id for f in used)))
        if region not in out or flow.people > out[region].people:
            out[region] = flow
    return out
