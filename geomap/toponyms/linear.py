"""A linear model over named features, stored as readable JSON: integers by feature and label."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable
from functools import cache

from geomap import weights

SCALE = 100  # weights are stored as whole hundredths


class LinearModel:
    """Sums the weights of the features that are present.

    What it answers can be explained feature by feature.
    """

    def __init__(
        self, labels: Iterable[str], weights: dict[str, list[int]], temperature: float
    ) -> None:
        self.labels = tuple(labels)
        self.weights = weights
        self.temperature = temperature

    def scores(self, features: Iterable[str]) -> list[float]:
        """Return the score of every label, higher is better."""
        totals = [0] * len(self.labels)
        get = self.weights.get
        for feature in features:
            row = get(feature)
            if row is not None:
                for position, weight in enumerate(row):
                    totals[position] += weight
        return [total / SCALE for total in totals]

    def best(self, features: Iterable[str]) -> tuple[str, float]:
        """Return the best label and its probability.

        That is the softmax of the scores at the trained temperature.
        """
        scores = self.scores(features)
        at = max(range(len(scores)), key=scores.__getitem__)
        return self.labels[at], self.share(scores, at)

    def shares(self, scores: list[float]) -> tuple[float, ...]:
        """Return the probability of every label."""
        top = max(scores)
        exponentials = [math.exp((score - top) / self.temperature) for score in scores]
        total = sum(exponentials)
        return tuple(e / total for e in exponentials)

    def share(self, scores: list[float], at: int) -> float:
        """Return the probability of the label at position `at`."""
        return 1 / sum(math.exp((score - scores[at]) / self.temperature) for score in scores)


@cache
def load(name: str) -> LinearModel:
    """Return a shipped model; loaded once a process."""
    stored = json.loads(gzip.decompress(weights.read(f"{name}.json.gz")))
    return LinearModel(stored["labels"], stored["weights"], stored["temperature"])
