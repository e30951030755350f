"""What every score is made of: shares, precision and recall, verdicts, one-to-one pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


def share(part: float, whole: float) -> float:
    """Return the part of the whole; nothing of nothing is 0."""
    return part / whole if whole else 0.0


def harmonic(a: float, b: float) -> float:
    """Return the harmonic mean, the F1 of precision and recall."""
    return share(2 * a * b, a + b)


class Rates(NamedTuple):
    """Precision, recall and F1."""

    precision: float
    recall: float
    f1: float


def rates(right: int, read: int, found: int, wanted: int) -> Rates:
    """Return how many of what was read are right, and how many of what is wanted were found."""
    precision, recall = share(right, read), share(found, wanted)
    return Rates(precision, recall, harmonic(precision, recall))


class Verdict(StrEnum):
    """What a field that was read is worth."""

    RIGHT = "right"
    COARSE = "coarse"  # a province or country for the town in it
    WRONG = "wrong"
    MISSING = "missing"


def verdict(right: bool) -> Verdict:
    """Return right or wrong."""
    return Verdict.RIGHT if right else Verdict.WRONG


class Pair(NamedTuple):
    """A gold record and what was read of it, by their positions.

    The verdict of a field is None where the annotation asks for nothing.
    """

    gold: int
    read: int
    verdicts: Mapping[str, Verdict | None]

    def wrong(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Return those of the fields that are not right."""
        return tuple(name for name in fields if self.verdicts[name] is not Verdict.RIGHT)


def one_to_one(candidates: Iterable[tuple[tuple[float, ...], Pair]]) -> tuple[Pair, ...]:
    """Return pairs in which no record stands twice, those of the highest rank first.

    A second telling of one thing finds no partner. Of equal ranks the earlier records win.
    """
    ranked = sorted(candidates, key=lambda c: (c[0], -c[1].gold, -c[1].read), reverse=True)
    taken_gold: set[int] = set()
    taken_read: set[int] = set()
    pairs = []
    for _, pair in ranked:
        if pair.gold not in taken_gold and pair.read not in taken_read:
            taken_gold.add(pair.gold)
            taken_read.add(pair.read)
            pairs.append(pair)
    return tuple(pairs)


def share_right(pairs: Iterable[Pair], fields: Iterable[str]) -> dict[str, float]:
    """Return for each field the share of the pairs that ask for it in which it is right."""
    told = list(pairs)
    out = {}
    for name in fields:
        asked = [pair.verdicts[name] for pair in told if pair.verdicts[name] is not None]
        out[name] = share(asked.count(Verdict.RIGHT), len(asked))
    return out
