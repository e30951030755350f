"""How far scores can be trusted: ten bins of score, and how often the answers in them are right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from geomap.evaluate.measures import share

Scored = tuple[float, bool]  # a score, and whether the answer was right

_BINS: Final = 10
_HIGH: Final = 0.8  # what a reader takes as sure


class Bin(NamedTuple):
    """The answers whose score lies between two values."""

    low: float
    high: float
    answers: int
    mean: float  # of their scores
    right: float  # share of them


def reliability(scores: Iterable[Scored]) -> list[Bin]:
    """Return the bins that hold an answer, the lowest scores first."""
    bins: list[list[Scored]] = [[] for _ in range(_BINS)]
    for score, right in scores:
        bins[min(_BINS - 1, int(score * _BINS))].append((score, right))
    return [
        Bin(
            position / _BINS,
            (position + 1) / _BINS,
            len(inside),
            math.fsum(score for score, _ in inside) / len(inside),
            sum(right for _, right in inside) / len(inside),
        )
        for position, inside in enumerate(bins)
        if inside
    ]


def expected_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error.

    The mean gap between score and share right, weighted by answers.
    """
    gaps = math.fsum(b.answers * abs(b.mean - b.right) for b in bins)
    return share(gaps, sum(b.answers for b in bins))


def reliability_table(scores: Sequence[Scored]) -> Iterator[str]:
    """Yield the lines of the table of scores."""
    bins = reliability(scores)
    yield f"{'score':10}{'answers':>8}{'mean':>7}{'right':>7}"
    for low, high, answers, mean, right in bins:
        yield f"{low:.1f}-{high:.1f}   {answers:8}{mean:7.2f}{right:7.2f}"
    sure = [right for score, right in scores if score >= _HIGH]
    yield (
        f"expected calibration error {expected_error(bins):.3f}; right with score {_HIGH} or more:"
        f" {share(sum(sure), len(sure)):.3f} of {len(sure)}"
    )
