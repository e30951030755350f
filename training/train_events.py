"""Articles with their main event's place and date -> the weights that rank a document's events.

    python training/train_events.py event_place_hrd.jsonl [-o geomap/_weights/events.json] [--folds
    5]

Each event of an article is worth the share of annotated levels (country, region, city, year, month,
day) that it hits. The weights
make the expected worth of the chosen event high (softmax over the events of an article); then the
scores are fitted to the chance
that country, city and year are all right. With --folds the figures are those of articles left out,
which is what docs/events.md tells.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from geomap.context import read_story
from geomap.events import told_events
from geomap.geoparser import Geoparser
from geomap.model import Document, day_of, read_date
from geomap.salience import features
from geomap.text.segment import dateline, dateline_date

WORTH = {"country": 1.0, "region": 0.7, "city": 1.2, "year": 1.2, "month": 0.5, "day": 0.6}
DECAY = 0.1
BASE = 2.0
UNKNOWN = {"unknown", "n a", "na", "none", "africa", "asia", "europe", "worldwide", "multiple", ""}
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def plain(text: object) -> str:
    """Return a name without case and marks."""
    return " ".join("".join(c if c.isalnum() else " " for c in str(text or "").casefold()).split())


def same(a: object, b: object) -> bool:
    """Tell whether two names agree, one of them perhaps shortened."""
    one, other = plain(a), plain(b)
    return bool(one) and (
        one == other
        or {one, other} <= {"usa", "us", "united states", "united states of america"}
        or {one, other} <= {"uk", "united kingdom", "england", "scotland", "great britain"}
    )


def hits(event, gold: dict) -> dict[str, bool]:
    """Return which annotated levels an event hits."""
    place = event.places[0].place if event.places else None
    out = {}
    for level, names in (
        ("city", [place.name] if place else []),
        ("region", [place.name, place.admin1_name, place.admin2_name] if place else []),
        ("country", [place.country_name, place.name] if place else []),
    ):
        if plain(gold.get(level)) not in UNKNOWN:
            out[level] = any(same(n, gold[level]) for n in names)
    day = (
        day_of(event.when.start)
        if event.when is not None and event.when.start is not None
        else None
    )
    month = gold.get("month")
    wanted = {
        "year": gold.get("year"),
        "month": MONTHS.index(plain(month)) + 1 if plain(month) in MONTHS else month,
        "day": gold.get("day"),
    }
    for level, value in wanted.items():
        if str(value or "").isdigit() and (level != "year" or int(value) > 1900):
            out[level] = day is not None and getattr(day, level) == int(value)
    return out


def read(path: Path) -> list[tuple[list[dict[str, float]], list[dict[str, bool]]]]:
    """Return features and hits of all events of each article."""
    parser = Geoparser()
    out = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        row = json.loads(line)
        doc = Document(str(row["id"]), row["text"], title=row.get("title") or "")
        try:
            day = read_date(row["published"]) if row.get("published") else None
        except ValueError:
            day = None
        doc = replace(doc, published=day or dateline_date(dateline(doc.text)))
        story = read_story(doc, parser.toponyms(doc))
        events = told_events(story)
        out.append((features(events, story), [hits(e, row["event"]) for e in events]))
    return out


class Data:
    """Articles as matrices; columns are brought to one scale, which goes back into the weights."""

    def __init__(self, articles) -> None:
        self.names = sorted({n for told, _ in articles for f in told for n in f})
        rows = [
            np.array([[f.get(n, 0.0) for n in self.names] for f in told]) for told, _ in articles
        ]
        stacked = np.vstack([r for r in rows if len(r)])
        self.mean, self.scale = stacked.mean(0), stacked.std(0) + 1e-6
        self.rows = [(r - self.mean) / self.scale if len(r) else None for r in rows]
        self.hits = [h for _, h in articles]
        self.worth = [
            np.array(
                [
                    sum(WORTH[k] * v for k, v in h.items()) / max(1e-9, sum(WORTH[k] for k in h))
                    for h in hs
                ]
            )
            for hs in self.hits
        ]


def train(data: Data, chosen) -> np.ndarray:
    """Return weights by gradient ascent with momentum (Adam), fixed steps, no chance in it."""
    weights = np.zeros(len(data.names))
    # The rules' own score is not learned: these articles tell of one kind of news, the rules are
    # for all.
    base = data.names.index("base")
    weights[base] = BASE * data.scale[base]
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, 301):
        slope = DECAY * weights
        for i in chosen:
            rows, worth = data.rows[i], data.worth[i]
            if rows is None or worth.max() == worth.min():
                continue
            share = np.exp(rows @ weights - (rows @ weights).max())
            share /= share.sum()
            expected = share @ worth
            slope = slope - rows.T @ (share * (worth - expected)) / (expected + 0.1) * 10 / len(
                chosen
            )
        slope[base] = 0.0
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        weights = weights - 0.03 * first / (1 - 0.9**step) / (
            np.sqrt(second / (1 - 0.99**step)) + 1e-8
        )
    return weights


def calibrate(data: Data, weights: np.ndarray, chosen) -> tuple[float, float]:
    """Return slope and intercept that turn scores into the chance that country.

    City and year are right (Newton's method).
    """
    found = [
        (
            data.rows[i] @ weights,
            [all(h.get(k, True) for k in ("country", "city", "year")) for h in data.hits[i]],
        )
        for i in chosen
        if data.rows[i] is not None
    ]
    x = np.concatenate([s for s, _ in found])
    y = np.array([v for _, told in found for v in told], dtype=float)
    told = np.zeros(2)
    design = np.column_stack([x, np.ones_like(x)])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ told))
        told = told + np.linalg.solve(
            design.T @ (design * (p * (1 - p))[:, None]) + 1e-3 * np.eye(2), design.T @ (y - p)
        )
    return float(told[0]), float(told[1])


def figures(data: Data, picks: dict[int, int]) -> str:
    """Return how often each level is hit by the picked events."""
    out = []
    for level in WORTH:
        told = [data.hits[i][k][level] for i, k in picks.items() if level in data.hits[i][k]]
        out.append(f"{level} {np.mean(told):.3f} of {len(told)}")
    return ", ".join(out)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", type=Path)
    options.add_argument("-o", "--out", type=Path)
    options.add_argument("--folds", type=int, default=5)
    given = options.parse_args()
    data = Data(read(given.gold))
    everyone = [i for i, r in enumerate(data.rows) if r is not None]
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(everyone)
        picks, shares = {}, []
        for fold in range(given.folds):
            left_out = set(order[fold :: given.folds].tolist())
            kept = [i for i in everyone if i not in left_out]
            weights = train(data, kept)
            slope, intercept = calibrate(data, weights, kept)
            for i in left_out:
                score = data.rows[i] @ weights
                picks[i] = int(np.argmax(score))
                right = [
                    all(h.get(k, True) for k in ("country", "city", "year")) for h in data.hits[i]
                ]
                shares += list(
                    zip(1 / (1 + np.exp(-slope * score - intercept)), right, strict=True)
                )
        p, right = np.array([s for s, _ in shares]), np.array([r for _, r in shares], dtype=float)
        bins = np.digitize(p, np.linspace(0, 1, 11)[1:-1])
        error = sum(
            abs(p[bins == b].mean() - right[bins == b].mean()) * (bins == b).sum()
            for b in set(bins.tolist())
        ) / len(p)
        print(f"left out, order {seed}: {figures(data, picks)}; calibration error {error:.3f}")
    if given.out:
        weights = train(data, everyone)
        slope, intercept = calibrate(data, weights, everyone)
        own = slope * weights / data.scale
        told = {
            "weights": {n: round(float(w), 5) for n, w in zip(data.names, own, strict=True)},
            "intercept": round(intercept - float(own @ data.mean), 5),
        }
        given.out.write_text(json.dumps(told, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
