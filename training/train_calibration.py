"""Fit how far the answers of the geoparser can be trusted.

A logistic regression over named features of each answer.

    GEOMAP_WEIGHTS=WITHOUT_LGL python training/train_calibration.py dump CORPORA/lgl.jsonl lgl.json
    # for each corpus, with weights trained without it
    python training/train_calibration.py fit lgl.json geowebnews_a.json geovirus_a.json [--leave-out
    lgl.json] [--out geomap/_weights]

The answers come from models that have not seen the corpus, so that the scores are honest about new
texts. Corpora count alike, whatever their size.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from geomap import evaluate, resolve
from geomap.geoparser import Geoparser
from geomap.integrity import seal
from geomap.model import Toponym

ROUNDS, DECAY = 200, 1e-3


def dump(corpus: Path, out: Path, *, demonyms: bool) -> None:
    """Write the features of every answer of a corpus and whether it was right."""
    seen: dict[tuple[int, int], dict[str, float]] = {}
    original = resolve.confidence_features

    def noted(toponym: Toponym, ranking: resolve.Ranking, mentions: int) -> dict[str, float]:
        seen[toponym.start, toponym.end] = original(toponym, ranking, mentions)
        return seen[toponym.start, toponym.end]

    resolve.confidence_features = noted
    parser, rows = Geoparser(demonyms=demonyms), []
    for doc, gold in evaluate.read_corpus(corpus):
        seen.clear()
        toponyms = parser.toponyms(doc)
        marks, spans = [(m["start"], m["end"]) for m in gold], [(t.start, t.end) for t in toponyms]
        matched = {j: i for i, j in evaluate.overlapping(marks, spans).items()}
        for j, toponym in enumerate(toponyms):
            if evaluate.is_scored(toponym, gold, matched.get(j)) and spans[j] in seen:
                right = j in matched and evaluate.is_right(gold[matched[j]], toponym)
                rows.append(
                    [[seen[spans[j]].get(name, 0.0) for name in resolve.CONFIDENCE_FEATURES], right]
                )
    out.write_text(json.dumps(rows), encoding="utf-8")
    print(corpus.name, len(rows), np.mean([right for _, right in rows]))


def fit(parts: list[Path]) -> np.ndarray:
    """Return the weights by Newton's method with a small ridge."""
    x, y, w = [], [], []
    for path in parts:
        rows = json.loads(path.read_text(encoding="utf-8"))
        x += [features for features, _ in rows]
        y += [right for _, right in rows]
        w += [1 / len(rows)] * len(rows)
    matrix, right, share = np.array(x), np.array(y, float), np.array(w) * 1000
    weights = np.zeros(matrix.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (share * (right - p)) - DECAY * weights
        hessian = (matrix * (share * p * (1 - p))[:, None]).T @ matrix + DECAY * np.eye(
            len(weights)
        )
        step = np.linalg.solve(hessian, gradient)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def main() -> None:
    """Dump or fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["dump", "fit"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--leave-out", type=Path)
    parser.add_argument("--out", type=Path, default=Path("geomap/_weights"))
    options = parser.parse_args()
    if options.step == "dump":
        corpus, out = options.files
        dump(corpus, out, demonyms="geovirus" not in corpus.name)
        return
    weights = fit([path for path in options.files if path != options.leave_out])
    stored = {
        "weights": {
            name: round(float(value), 3)
            for name, value in zip(resolve.CONFIDENCE_FEATURES, weights, strict=True)
        }
    }
    (options.out / "calibration.json").write_text(
        json.dumps(stored, indent=1) + "\n", encoding="utf-8"
    )
    seal(options.out)


if __name__ == "__main__":
    main()
