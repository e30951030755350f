"""Train the weights of the ranker in `geomap/resolve.py` on corpora with coordinates.

    python training/train_ranker.py CORPORA [--leave-out lgl] [--out geomap/_weights]

Softmax regression over the candidates of each gold name; right is every candidate with the gold id
or within 161 km, of those the
nearest counting most. Context is what the untrained first guess gives, as in use. Deterministic.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from train_linear import read

from geomap.gazetteer import Gazetteer, haversine_km
from geomap.integrity import seal
from geomap.model import Document, Toponym, Use
from geomap.resolve import FEATURES, Surroundings, _first_guess, described_all, group
from geomap.toponyms.recognise import is_demonym

CORPORA = ("lgl", "geowebnews_a", "geovirus_a", "geocorpora", "wiktor_sample")
LIMIT = {"wiktor_sample": 500, "geocorpora": 1500}
SHARE = {"wiktor_sample": 0.3}
EPOCHS, RATE, DECAY = 300, 0.5, 2e-4
NEAR_KM = 161.0


def examples(doc: dict, gaz: Gazetteer) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return for each distinct gold name the candidates' features, which are right.

    And a weight.
    """
    text = doc["text"]
    tops, gold = [], []
    for t in doc["toponyms"]:
        name = text[t["start"] : t["end"]]
        tops.append(
            Toponym(
                t["start"], t["end"], name, Use.DEMONYM if is_demonym(name, gaz) else Use.LITERAL
            )
        )
        gold.append(t)
    order = sorted(range(len(tops)), key=lambda i: tops[i].start)
    tops, gold = [tops[i] for i in order], [gold[i] for i in order]
    document = Document(doc["id"], text)
    groups = group(tops, gaz)
    chosen = {name: _first_guess(c, gaz) for name, (_, c) in groups.items()}
    around = Surroundings(groups, chosen, gaz)
    out = []
    for name, (members, candidates) in groups.items():
        marks = [gold[m] for m in members if gold[m].get("lat") is not None]
        if len(candidates) < 2 or not marks:
            continue
        right = np.array([is_right(c.row, marks[0], gaz) for c in candidates])
        if not right.any() or right.all():
            continue
        context = around.without(name)
        matrix = np.zeros((len(candidates), len(FEATURES)))
        for i, (_, features) in enumerate(
            described_all(document, members, tops, candidates, context, gaz)
        ):
            for feature, value in features.items():
                matrix[i, FEATURES.index(feature)] = value
        out.append((matrix, right, len(members) ** 0.5))
    return out


def is_right(row: int, gold: dict, gaz: Gazetteer) -> bool:
    """Same id, or within 161 km."""
    place = gaz.place_at(row)
    if gold.get("geonameid") is not None and place.geonameid == gold["geonameid"]:
        return True
    return (
        place.lon is not None
        and haversine_km(place.lon, place.lat, gold["lon"], gold["lat"]) <= NEAR_KM
    )


def train(data: list[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Gradient ascent on the log probability of the right candidates."""
    flat = np.concatenate([m for m, _, _ in data])
    right = np.concatenate([r for _, r, _ in data])
    sizes = np.array([len(r) for _, r, _ in data])
    weights = np.array([w for _, _, w in data])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(sizes)), sizes)
    w, velocity = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
    for _ in range(EPOCHS):
        scores = flat @ w
        scores -= np.maximum.reduceat(scores, starts)[owner]
        e = np.exp(scores)
        p_all = e / np.add.reduceat(e, starts)[owner]
        r = e * right
        p_right = r / np.add.reduceat(r, starts)[owner]
        gradient = ((p_right - p_all) * weights[owner]) @ flat / weights.sum() - DECAY * w
        velocity = 0.9 * velocity + gradient
        w = w + RATE * velocity
    return w


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("geomap/_weights"))
    options = parser.parse_args()
    gaz, data = Gazetteer(), []
    for name in CORPORA:
        if name not in options.leave_out:
            for doc in read(options.corpora / f"{name}.jsonl")[: LIMIT.get(name)]:
                data += [(m, r, w * SHARE.get(name, 1.0)) for m, r, w in examples(doc, gaz)]
    w = train(data)
    stored = {"weights": {name: round(float(x), 3) for name, x in zip(FEATURES, w, strict=True)}}
    (options.out / "ranker.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    seal(options.out)


if __name__ == "__main__":
    main()
