"""One movement told twice with one figure is one record; another figure is another record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from geomap.context import joint_evidence, told_once
from geomap.model import Document, Mention, Movement, Quantity


def merged(movements: Sequence[Movement]) -> list[Movement]:
    """Join the same movement told twice with the same figure; another figure is another record."""
    return told_once(movements, _same, _join)


def _figure_of(quantity: Quantity | None) -> tuple[int | None, int | None, int | None] | None:
    return None if quantity is None else (quantity.value, quantity.minimum, quantity.maximum)


def _same(a: Movement, b: Movement) -> bool:
    if (
        a.kind is not b.kind
        or _figure_of(a.quantity) != _figure_of(b.quantity)
        or a.status is not b.status
    ):
        return False
    if a.quantity is None and a.evidence[0].start != b.evidence[0].start:
        return _ends_of(a) == _ends_of(b)
    return _compatible(a.origins, b.origins) and _compatible(a.destinations, b.destinations)


def _ends_of(m: Movement) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    return tuple(frozenset(x.ident for x in side) for side in (m.origins, m.destinations, m.within))  # type: ignore[return-value]


def _compatible(a: Sequence[Mention], b: Sequence[Mention]) -> bool:
    one, two = ({m.ident for m in side} for side in (a, b))
    return not one or not two or bool(one & two)


def _join(a: Movement, b: Movement) -> Movement:
    return replace(
        a,
        origins=a.origins or b.origins,
        destinations=a.destinations or b.destinations,
        within=a.within or b.within,
        when=a.when or b.when,
        group=a.group or b.group,
        claimed_by=a.claimed_by or b.claimed_by,
        reason=a.reason or b.reason,
        evidence=joint_evidence(a, b),
        score=max(a.score, b.score),
    )


def numbered(doc: Document, movements: Sequence[Movement]) -> list[Movement]:
    """Return the movements in text order with their ids."""
    ordered = sorted(movements, key=lambda m: (m.evidence[0].start, -m.score, m.kind.value))
    return [
        replace(movement, id=f"{doc.id}#m{number}")
        for number, movement in enumerate(ordered, start=1)
    ]
