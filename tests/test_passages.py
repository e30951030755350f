"""The teaching passages are what their README says: whole, consistent, and apart from the seed."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "training" / "passages"
SEED = Path(__file__).parents[1] / "seeds" / "000_313cf4aea927ca38.txt"
STATUSES = {"occurred", "ongoing", "expected", "planned", "denied", "background"}
TYPES = set(
    "battle explosion violence_against_civilians protest riot strategic agreement diplomacy"
    " blockade territorial_claim aid hazard crime".split()
)
KINDS = {"displacement", "evacuation", "return", "expulsion", "stock"}
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the wheel holds no passages")


def passages() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def spans(value: Any) -> Iterator[tuple[list[int], str | None]]:
    """Yield every span with the words that the record says stand there."""
    if isinstance(value, dict):
        if isinstance(value.get("span"), list):
            yield value["span"], value.get("text")
        if value.get("count_span"):
            yield value["count_span"], value["count_text"]
        if value.get("trigger"):
            yield value["trigger"], None
        for part in value.get("evidence", ()):
            yield part, None
        for inner in value.values():
            yield from spans(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from spans(inner)


def test_every_offset_points_at_the_words_that_the_record_names():
    for passage in passages():
        text = passage["text"]
        for (start, end), words in spans([passage["events"], passage["movements"]]):
            assert 0 <= start < end <= len(text), passage["id"]
            assert words is None or text[start:end] == words, passage["id"]


def test_words_of_the_vocabulary_and_days_in_order():
    for passage in passages():
        for event in passage["events"]:
            assert event["type"] in TYPES, passage["id"]
        for movement in passage["movements"]:
            assert movement["kind"] in KINDS, passage["id"]
        for record in (*passage["events"], *passage["movements"]):
            assert record["status"] in STATUSES, passage["id"]
            when = record["when"] or {}
            if when.get("start") and when.get("end"):
                first, last = (dt.date.fromisoformat(when[k][:10]) for k in ("start", "end"))
                assert first <= last, passage["id"]


def test_ids_and_texts_stand_once():
    found = passages()
    assert max(Counter(p["id"] for p in found).values()) == 1
    assert max(Counter(p["text"] for p in found).values()) == 1
    assert len(found) >= 1_800


def test_no_passage_holds_words_of_the_seed():
    words = SEED.read_text(encoding="utf-8").split()
    runs = {" ".join(words[n : n + 7]) for n in range(len(words) - 6)}
    for passage in passages():
        own = passage["text"].split()
        assert not any(" ".join(own[n : n + 7]) in runs for n in range(len(own) - 6)), passage["id"]
