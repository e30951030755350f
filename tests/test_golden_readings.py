"""The golden readings are what their README says: whole, consistent, and never taught."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from golden import FOLDER, Record, day, load

ROOT = Path(__file__).parents[1]
TAUGHT = ROOT / "training" / "passages"
SEED = ROOT / "seeds" / "000_313cf4aea927ca38.txt"
SUB_TYPES = {
    "battle": "armed_clash government_regains non_state_overtakes",
    "explosion": "air_drone_strike chemical_weapon grenade remote_explosive shelling suicide_bomb",
    "violence_against_civilians": "abduction attack sexual_violence",
    "protest": "excessive_force peaceful_protest protest_with_intervention",
    "riot": "mob_violence violent_demonstration",
    "strategic": "arrests change_to_group disrupted_weapons headquarters law looting mobilization"
    " non_violent_transfer other raid sanction sentencing weapons",
    "agreement": "ceasefire exchange other peace_deal",
    "diplomacy": "conference other talks visit",
    "blockade": "blockade siege",
    "territorial_claim": "annexation claim independence",
    "aid": "delivery distribution other",
    "hazard": "accident drought earthquake epidemic fire flood landslide other storm volcano"
    " wildfire",
    "crime": "murder other robbery shooting",
}
STATUSES = set("occurred ongoing expected planned denied background".split())
PLACE_KINDS = set(
    "settlement admin1 admin2 country region disputed_area site water terrain camp".split()
)
VOCABULARY = {
    "kind": set("displacement evacuation return expulsion stock".split()),
    "measure": set("new cumulative stock unspecified".split()),
    "status": STATUSES,
    "quantifier": set(
        "exact more_than at_least less_than up_to nearly about range vague none".split()
    ),
    "unit": {"person", "household", None},
    "cause": {"conflict", "disaster", "persecution", "other", None},
}
# which of value, least and most a quantifier fills
FILLED = {
    "exact": {"value", "least", "most"},
    "more_than": {"value", "least"},
    "at_least": {"value", "least"},
    "less_than": {"most"},
    "up_to": {"most"},
    "nearly": {"value", "most"},
    "about": {"value"},
    "range": {"least", "most"},
    "none": set(),
}
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
RUN = 6  # words in a row that nothing taught may share with what is tested


@pytest.fixture(scope="module")
def items() -> list[Record]:
    return load()


def records(items: list[Record], *layers: str) -> Iterator[tuple[Record, Record]]:
    for item in items:
        for layer in layers or ("events", "movements"):
            for record in item[layer]:
                yield item, record


def places(record: Record) -> list[Record]:
    fields = ("places", "origin", "destination", "within")
    return [place for field in fields for place in record.get(field) or []]


def spans(value: Any) -> Iterator[tuple[list[int], str | None]]:
    """Yield every span with the words that the record says stand there."""
    if isinstance(value, dict):
        if value.get("span"):
            yield value["span"], value.get("text")
        if value.get("count_span"):
            yield value["count_span"], value["count_text"]
        for inner in value.values():
            yield from spans(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from spans(inner)


def runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


def test_every_offset_points_at_the_words_that_the_record_names(items):
    for item, record in records(items):
        text = item["text"]
        for (start, end), words in spans(record):
            assert 0 <= start < end <= len(text), item["id"]
            assert words is None or text[start:end] == words, item["id"]


def test_evidence_is_whole_sentences_and_holds_the_trigger(items):
    for item, record in records(items):
        text = item["text"]
        start, end = record["trigger"]
        assert any(a <= start < end <= b for a, b in record["evidence"]), item["id"]
        for a, b in record["evidence"]:
            assert a == 0 or text[a - 1] == " ", item["id"]
            assert text[b - 1] in '.?!"', item["id"]


def test_no_span_cuts_a_word(items):
    for item, record in records(items):
        text = item["text"]
        for start, end in [span for span, _ in spans(record)] + [record["trigger"]]:
            assert not text[max(0, start - 1) : start + 1].isalnum() or start == 0, item["id"]
            assert not text[end - 1 : end + 1].isalnum() or end == len(text), item["id"]


def test_the_words_of_the_vocabulary(items):
    for item, event in records(items, "events"):
        assert event["sub_type"] in SUB_TYPES[event["type"]].split(), item["id"]
        assert event["status"] in STATUSES, item["id"]
        assert event["grain"] in {"single", "aggregate"}, item["id"]
    for item, movement in records(items, "movements"):
        for field, words in VOCABULARY.items():
            assert movement[field] in words, (item["id"], field)
        assert (movement["kind"] == "stock") is (movement["measure"] == "stock"), item["id"]


def test_all_the_vocabulary_is_covered(items):
    events = [e for _, e in records(items, "events")]
    movements = [m for _, m in records(items, "movements")]
    told = Counter((e["type"], e["sub_type"]) for e in events)
    assert set(told) == {(t, s) for t, subs in SUB_TYPES.items() for s in subs.split()}
    assert min(told.values()) >= 2
    statuses = Counter(e["status"] for e in events)
    assert set(statuses) == STATUSES
    assert min(statuses.values()) >= 5
    assert sum(e["grain"] == "aggregate" for e in events) >= 5
    for field, words in VOCABULARY.items():
        assert {m[field] for m in movements} == words, field
    assert {p["kind"] for _, r in records(items) for p in places(r)} == PLACE_KINDS


def test_figures_fill_what_their_quantifier_tells(items):
    for item, m in records(items, "movements"):
        told = {"value": m["count"], "least": m["count_min"], "most": m["count_max"]}
        filled = {name for name, number in told.items() if number is not None}
        if m["quantifier"] == "vague":
            assert filled <= {"least"}, item["id"]
        else:
            assert filled == FILLED[m["quantifier"]], item["id"]
        assert len({told[name] for name in filled}) == (
            2 if m["quantifier"] == "range" else min(1, len(filled))
        ), item["id"]
        assert (m["unit"] is None) is (m["quantifier"] == "none"), item["id"]
    for item, event in records(items, "events"):
        for toll in filter(None, (event["killed"], event["injured"])):
            if None not in {toll["min"], toll["max"]}:
                assert toll["min"] <= toll["max"], item["id"]


def test_days_are_in_order_and_fall_on_the_weekday_that_is_told(items):
    for item, record in records(items):
        when = record["when"]
        if not when:
            continue
        known = [day(when[k]) for k in ("start", "end") if when[k]]
        assert known == sorted(known), item["id"]
        assert known, item["id"]
        named = [w for w in WEEKDAYS if w in (when["text"] or "")]
        if len(named) == 1 and len(known) == 2 and known[0] == known[1]:
            assert WEEKDAYS[known[0].weekday()] == named[0], item["id"]


def test_nothing_that_occurred_lies_after_its_publication(items):
    for item, record in records(items):
        when, published = record["when"], item["published"]
        if when and published and record["status"] in {"occurred", "ongoing", "background"}:
            first = when["start"] or published
            assert day(first) <= day(published), item["id"]
        if when and published and record["status"] == "background":
            assert day(when["end"]) <= day(published) - dt.timedelta(days=360), item["id"]


def test_a_place_lies_in_one_spot_on_earth(items):
    spots = defaultdict(set)
    for item, record in records(items):
        for place in places(record):
            spots[place["resolved"]].add((place["country"], place["lat"], place["lon"]))
            assert place["country"] is None or re.fullmatch("[A-Z]{3}", place["country"])
            assert -90 <= place["lat"] <= 90, item["id"]
            assert -180 <= place["lon"] <= 180, item["id"]
    assert {name: found for name, found in spots.items() if len(found) > 1} == {}
    assert len({country for found in spots.values() for country, _, _ in found}) >= 100


def test_a_stock_and_a_flow_have_the_ends_that_they_can_have(items):
    for item, m in records(items, "movements"):
        assert not (m["destination"] and m["within"]), item["id"]
        assert m["kind"] != "stock" or not m["destination"], item["id"]


def test_labels_are_those_of_the_readme_and_each_has_its_items(items):
    table = (FOLDER / "README.md").read_text(encoding="utf-8").split("## Behaviours")[1]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    listed = {label for first in firsts for label in re.findall(r"`(\w+)`", first)}
    told = Counter(label for item in items for label in item["tests"])
    assert set(told) == listed
    assert min(told.values()) >= 3


def test_labels_are_borne_out_by_the_records(items):
    borne = {
        "nothing": lambda i: not i["events"] and not i["movements"],
        "place_none": lambda i: any(not e["places"] for e in i["events"]),
        "place_several": lambda i: any(len(e["places"]) > 1 for e in i["events"]),
        "place_near": lambda i: any(e["near"] for e in i["events"]),
        "date_none": lambda i: any(not e["when"] for e in i["events"]),
        "grain": lambda i: any(e["grain"] == "aggregate" for e in i["events"]),
        "two_deeds": lambda i: len(i["events"]) == 2,
        "two_figures": lambda i: len(i["movements"]) == 2,
        "one_exodus": lambda i: len(i["movements"]) == 1,
        "ends_both": lambda i: any(m["origin"] and m["destination"] for m in i["movements"]),
        "within": lambda i: any(m["within"] for m in i["movements"]),
        "household": lambda i: any(m["unit"] == "household" for m in i["movements"]),
        "as_of": lambda i: any(m["as_of"] for m in i["movements"]),
    }
    for item in items:
        for label in set(item["tests"]) & set(borne):
            assert borne[label](item), (item["id"], label)


def test_killed_and_injured_are_told_together_in_thirty_wordings(items):
    both = [e for _, e in records(items, "events") if e["killed"] and e["injured"]]
    orders = Counter(e["killed"]["span"] < e["injured"]["span"] for e in both)
    assert len(both) >= 30
    assert min(orders[True], orders[False]) >= 10


def test_ids_and_texts_stand_once(items):
    assert len(items) >= 180
    assert max(Counter(i["id"] for i in items).values()) == 1
    assert max(Counter(i["text"] for i in items).values()) == 1
    owners = Counter(run for item in items for run in runs(item["text"]))
    assert [run for run, count in owners.items() if count > 1] == []


@pytest.mark.parametrize("taught", sorted(TAUGHT.glob("*.jsonl")), ids=lambda path: path.stem)
def test_nothing_taught_shares_six_words_in_a_row(items, taught):
    own = {run: item["id"] for item in items for run in runs(item["text"])}
    for line in taught.read_text(encoding="utf-8").splitlines():
        passage = json.loads(line)
        shared = runs(passage["text"]) & own.keys()
        assert not shared, (passage["id"], {run: own[run] for run in shared})


def test_nothing_of_the_seed_stands_here(items):
    seed = runs(SEED.read_text(encoding="utf-8"))
    assert [item["id"] for item in items if runs(item["text"]) & seed] == []
