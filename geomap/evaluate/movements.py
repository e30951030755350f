"""Movements that were read beside annotated ones: which are the same, and what of them is right."""

from __future__ import annotations

from typing import Final

from geomap.evaluate.events import share_sentence
from geomap.evaluate.measures import Pair, Verdict, one_to_one, verdict
from geomap.evaluate.places import same_places
from geomap.evaluate.records import NO_FIGURE, Figure, ReadMovement

FIELDS: Final = (
    "quantity",
    "origins",
    "destinations",
    "within",
    "status",
    "measure",
    "kind",
    "unit",
)
STRICT: Final = ("quantity", "origins", "destinations", "status")  # what the map draws


def pair_movements(
    gold: tuple[ReadMovement, ...], read: tuple[ReadMovement, ...]
) -> tuple[Pair, ...]:
    """Return which movements that were read are which annotated ones, one to one.

    A pair shares a sentence of evidence. Of several, those with the same figure are taken first,
    then those with more fields alike.
    """
    return one_to_one(
        (_rank(verdicts), Pair(i, j, verdicts))
        for i, annotated in enumerate(gold)
        for j, movement in enumerate(read)
        if share_sentence(annotated.evidence, movement.evidence)
        for verdicts in [judge_movement(annotated, movement)]
    )


def _rank(verdicts: dict[str, Verdict | None]) -> tuple[float, float]:
    told = list(verdicts.values())
    return verdicts["quantity"] is Verdict.RIGHT, told.count(Verdict.RIGHT)


def judge_movement(gold: ReadMovement, read: ReadMovement) -> dict[str, Verdict | None]:
    """Return whether each field of a pair is right or wrong; a unit counts only with a figure."""
    return {
        "quantity": verdict(same_figure(gold.figure, read.figure)),
        "origins": verdict(same_places(gold.origins, read.origins)),
        "destinations": verdict(same_places(gold.destinations, read.destinations)),
        "within": verdict(same_places(gold.within, read.within)),
        "status": verdict(gold.status == read.status),
        "measure": verdict(gold.measure == read.measure),
        "kind": verdict(gold.kind == read.kind),
        "unit": verdict(not gold.counted or gold.unit == read.unit),
    }


def same_figure(gold: Figure, read: Figure) -> bool:
    """Tell whether value and bounds agree.

    No figure on both sides is the same. Of an exact figure the value is compared, and a bound only
    where the annotation has it; a value may stand as a bound alone.
    """
    if gold == NO_FIGURE:
        return read == NO_FIGURE
    if gold.value is None:
        same_value = read.value in (None, gold.minimum, gold.maximum)
    elif read.value is None:
        same_value = gold.value in (read.minimum, read.maximum)
    else:
        same_value = gold.value == read.value
    if gold.minimum == gold.maximum:
        return same_value
    bounds = ((gold.minimum, read.minimum), (gold.maximum, read.maximum))
    return same_value and all(asked in (None, told) for asked, told in bounds)
