"""Train the two linear models that geomap ships.

The tagger (which tokens name a place) and the use of a name.

    python training/train_linear.py CORPORA GOLD [--leave-out lgl] [--out geomap/_weights]

Averaged perceptrons with a fixed seed; see `training/README.md` for data, licences and figures.
Weights leave, texts do not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import defaultdict
from pathlib import Path

from geomap.gazetteer import Gazetteer
from geomap.integrity import seal
from geomap.toponyms.features import use_features
from geomap.toponyms.linear import SCALE
from geomap.toponyms.tagger import LABELS, Tagged, prepared, scan

SEED = 7
EPOCHS = 8
DROPOUT = 0.15  # tried 0, 0.15 and 0.3, leaving one corpus out
TAGGER_CORPORA = ("lgl", "geowebnews_a", "geovirus_a", "gum_places", "wotr")
# Corpora that leave out facility and nested names count once, news counts twice.
WEIGHT = {"lgl": 2, "geowebnews_a": 2, "geovirus_a": 2}


def read(path: Path) -> list[dict]:
    """Read a corpus of one document a line."""
    return [
        json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()
    ]


class Perceptron:
    """Averaged multiclass perceptron."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self.weights: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(labels))
        self.sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(labels))
        self.seen: dict[str, int] = defaultdict(int)
        self.step = 0

    def scores(self, features: list[str]) -> list[float]:
        """Return the score of every label."""
        totals = [0.0] * len(self.labels)
        for feature in features:
            if feature in self.weights:
                for position, weight in enumerate(self.weights[feature]):
                    totals[position] += weight
        return totals

    def update(self, features: list[str], right: int, wrong: int) -> None:
        """Move the weights of the features towards the right label."""
        for feature in features:
            self.seen[feature] += 1
            for position, change in ((right, 1.0), (wrong, -1.0)):
                self.weights[feature][position] += change
                self.sums[feature][position] += change * self.step

    def averaged(self, least: int) -> dict[str, list[int]]:
        """Return the averaged weights as whole hundredths, without features rarely updated."""
        out = {}
        for feature in sorted(self.weights):
            if self.seen[feature] < least:
                continue
            row = [
                round(SCALE * (w - s / max(1, self.step)))
                for w, s in zip(self.weights[feature], self.sums[feature], strict=True)
            ]
            if any(row):
                out[feature] = row
        return out


def train_tagger(docs: list[dict], gaz: Gazetteer) -> dict:
    """Train on gold spans; demonyms are left to the gazetteer and are no spans here."""
    examples = []
    for doc in docs:
        gold = {(t["start"], t["end"]) for t in doc["toponyms"]}
        for sentence in prepared(doc["text"], gaz):
            examples.append((sentence, gold_tags(sentence, gold), WEIGHT.get(doc["corpus"], 1)))
    model, rng = Perceptron(LABELS), random.Random(SEED)
    for _ in range(EPOCHS):
        rng.shuffle(examples)
        for sentence, tags, weight in examples:
            for _ in range(weight):
                learn(model, sentence, tags, rng)
    return {"labels": LABELS, "temperature": 3.0, "weights": model.averaged(3)}


def gold_tags(sentence: Tagged, gold: set[tuple[int, int]]) -> list[str]:
    """Return the BIO tags of the gold spans, the longest span leading where they nest."""
    tags = ["O"] * len(sentence.words)
    for start, end in sorted(gold, key=lambda s: s[0] - s[1]):
        covered = [i for i, w in enumerate(sentence.words) if w.start < end and w.end > start]
        match = sentence.inside[covered[0]] if covered else None
        demonym = match is not None and match[0].demonym and match[0].size >= len(covered)
        if covered and not demonym and all(tags[i] == "O" for i in covered):
            for i in covered:
                tags[i] = "I"
            tags[covered[0]] = "B"
    return tags


def learn(model: Perceptron, sentence: Tagged, tags: list[str], rng: random.Random) -> None:
    """One pass over a sentence; the tag before is the gold one.

    A share of the features is hidden, so that none is relied on.
    """
    for at, everything in scan(sentence, lambda i: tags[i - 1] if i else "O"):
        features = [f for f in everything if rng.random() >= DROPOUT]
        model.step += 1
        scores = model.scores(features)
        right, guess = LABELS.index(tags[at]), max(range(len(LABELS)), key=scores.__getitem__)
        # A margin of one makes the model learn from what it only just gets right.
        rival = max((i for i in range(len(LABELS)) if i != right), key=scores.__getitem__)
        if guess != right:
            model.update(features, right, guess)
        elif scores[right] - scores[rival] < 1:
            model.update(features, right, rival)


def use_examples(docs: list[dict], gaz: Gazetteer) -> list[tuple[list[str], str]]:
    """Return features and gold use of every marked name of a corpus."""
    out = []
    for doc in docs:
        marks = (
            [(t["start"], t["end"], t.get("type")) for t in doc["toponyms"]]
            if "toponyms" in doc
            else [(doc["start"], doc["end"], doc["use"])]
        )
        marks = [m for m in marks if m[2] in {"literal", "associative"}]
        for sentence in prepared(doc["text"], gaz):
            for start, end, use in marks:
                covered = [
                    i for i, w in enumerate(sentence.words) if w.start < end and w.end > start
                ]
                if covered:
                    match = sentence.inside[covered[0]]
                    if match and match[0].demonym:
                        continue
                    out.append(
                        (
                            use_features(
                                doc["text"],
                                sentence.words,
                                covered[0],
                                covered[-1],
                                match[0] if match else None,
                            ),
                            use,
                        )
                    )
    return out


def train_use(examples: list[tuple[list[str], str]]) -> dict:
    """Train the use of a name."""
    labels = ("literal", "associative")
    model, rng = Perceptron(labels), random.Random(SEED)
    for _ in range(12):
        rng.shuffle(examples)
        for features, use in examples:
            model.step += 1
            scores = model.scores(features)
            right = labels.index(use)
            if scores[right] - scores[1 - right] < 1:
                model.update(features, right, 1 - right)
    return {"labels": labels, "temperature": 3.0, "weights": model.averaged(2)}


def save(model: dict, path: Path) -> None:
    """Write gzip without a time stamp, so that the same data give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = json.dumps(model, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8"
    )
    path.write_bytes(gzip.compress(raw, 9, mtime=0))


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("geomap/_weights"))
    options = parser.parse_args()
    gaz = Gazetteer()
    docs = [
        {**d, "corpus": name}
        for name in TAGGER_CORPORA
        if name not in options.leave_out
        for d in read(options.corpora / f"{name}.jsonl")
    ]
    save(train_tagger(docs, gaz), options.out / "tagger.json.gz")
    examples = (
        []
        if "geowebnews_a" in options.leave_out
        else use_examples(read(options.corpora / "geowebnews_a.jsonl"), gaz)
    )
    if "use_relocar" not in options.leave_out:
        examples += use_examples(read(options.gold / "use_relocar.jsonl"), gaz)
    save(train_use(examples), options.out / "use.json.gz")
    seal(options.out)


if __name__ == "__main__":
    main()
