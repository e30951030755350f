"""The comparing of a parse with its golden record says right what is right and finds each fault."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from golden import bounds, compare, errors, load, same_span, shares

FIGURES = (
    "The mayor said that a bomb killed 3 people and wounded 12 in Zinder on Tuesday."
    " About 400 families fled Zinder for Maradi."
)
ZINDER = {"resolved": "Zinder, Niger", "country": "NER", "kind": "settlement"}
MARADI = {"resolved": "Maradi, Niger", "country": "NER", "kind": "settlement"}


def ref(words: str) -> dict[str, Any]:
    start = FIGURES.index(words)
    return {"text": words, "span": [start, start + len(words)]}


def item() -> dict[str, Any]:
    first = [0, FIGURES.index(" About")]
    second = [first[1] + 1, len(FIGURES)]
    zinder = {**ref("Zinder"), **ZINDER, "lat": 13.8, "lon": 8.99}
    maradi = {**ref("Maradi"), **MARADI, "lat": 13.5, "lon": 7.1}
    event = {
        "type": "explosion",
        "sub_type": "remote_explosive",
        "grain": "single",
        "status": "occurred",
        "trigger": ref("bomb")["span"],
        "evidence": [first],
        "places": [zinder],
        "near": False,
        "when": {**ref("Tuesday"), "start": "2024-05-14", "end": "2024-05-14"},
        "actors": [],
        "targets": [ref("people")],
        "killed": {**ref("3"), "min": 3, "max": 3},
        "injured": {**ref("12"), "min": 12, "max": 12},
        "claimed_by": ref("The mayor"),
        "main": True,
        "hard": False,
    }
    movement = {
        "kind": "displacement",
        "trigger": ref("fled")["span"],
        "evidence": [second],
        "origin": [zinder],
        "destination": [maradi],
        "within": None,
        "count": 400,
        "count_min": None,
        "count_max": None,
        "quantifier": "about",
        "unit": "household",
        "count_text": "About 400 families",
        "count_span": ref("About 400 families")["span"],
        "measure": "unspecified",
        "status": "occurred",
        "when": None,
        "as_of": None,
        "group": ref("families"),
        "claimed_by": None,
        "reason": None,
        "cause": "conflict",
        "hard": False,
    }
    return {
        "id": "x",
        "text": FIGURES,
        "tests": ["toll_order"],
        "events": [event],
        "movements": [movement],
    }


def mention(place: dict[str, Any], *, near: bool = False) -> dict[str, Any]:
    start, end = place["span"]
    resolved = {
        "name": place["resolved"].split(",")[0],
        "country": place["country"] or "",
        "lat": place["lat"],
        "lon": place["lon"],
        "precision": "near" if near else place["kind"],
    }
    return {"name": place["text"], "start": start, "end": end, "place": resolved}


def when(record: dict[str, Any]) -> dict[str, Any] | None:
    as_of = record.get("as_of")
    if record["when"] is None and as_of is None:
        return None
    told = record["when"] or {"start": None, "end": None}
    return {"start": told["start"], "end": told["end"], "as_of": as_of and as_of["at"]}


def toll(figure: dict[str, Any] | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {"value": None, "minimum": figure["min"], "maximum": figure["max"]}


def line_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the line that a reader without a fault would write."""

    def common(record: dict[str, Any]) -> dict[str, Any]:
        spans = record["evidence"]
        sentences = [{"start": a, "end": b, "text": item["text"][a:b]} for a, b in spans]
        sayer = record["claimed_by"]["text"] if record["claimed_by"] else ""
        return {
            "status": record["status"],
            "evidence": sentences,
            "claimed_by": sayer,
            "when": when(record),
        }

    events = [
        {
            **common(e),
            **{f: e[f] for f in ("type", "sub_type", "grain")},
            "main": 0.9 if e["main"] else 0.1,
            "places": [mention(p, near=e["near"]) for p in e["places"]],
            "actors": [{"name": a["text"]} for a in e["actors"]],
            "targets": [{"name": a["text"]} for a in e["targets"]],
            "fatalities": toll(e["killed"]),
            "injuries": toll(e["injured"]),
        }
        for e in item["events"]
    ]
    movements = [
        {
            **common(m),
            **{f: m[f] for f in ("kind", "measure")},
            "origins": [mention(p) for p in m["origin"] or []],
            "destinations": [mention(p) for p in m["destination"] or []],
            "within": [mention(p) for p in m["within"] or []],
            "quantity": None
            if m["quantifier"] == "none"
            else {
                "value": m["count"],
                "minimum": m["count_min"],
                "maximum": m["count_max"],
                "quantifier": m["quantifier"],
                "unit": m["unit"],
            },
            "group": m["group"]["text"] if m["group"] else "",
            "cause": m["cause"] or "unknown",
        }
        for m in item["movements"]
    ]
    return {"id": item["id"], "events": events, "movements": movements}


def wrong(line: dict[str, Any]) -> set[str]:
    return {v.field for v in compare(item(), line) if not v.right}


@pytest.fixture
def line() -> dict[str, Any]:
    return line_of(item())


def test_a_reader_without_a_fault_is_right_in_every_field_of_every_golden_item():
    verdicts = [v for one in load() for v in compare(one, line_of(one))]
    assert [v for v in verdicts if not v.right] == []
    asked = {v.field for v in verdicts}
    assert {"found", "invented", "near", "not_exchanged", "as_of", "cause", "unit"} <= asked


def test_a_reader_that_finds_nothing_finds_nothing_and_invents_nothing():
    verdicts = compare(item(), {"events": [], "movements": []})
    assert {(v.layer, v.field, v.right) for v in verdicts} == {
        ("event", "found", False),
        ("movement", "found", False),
    }


def test_what_no_record_tells_is_invented(line):
    line["events"].append(copy.deepcopy(line["events"][0]))
    assert wrong(line) == {"invented"}
    assert wrong({**line, "events": [line["events"][0], {"type": "statement"}]}) == set()


def test_killed_and_injured_exchanged(line):
    event = line["events"][0]
    event["fatalities"], event["injuries"] = event["injuries"], event["fatalities"]
    assert wrong(line) == {"killed", "injured", "not_exchanged"}


def test_a_figure_without_its_bound_is_another_figure(line):
    line["events"][0]["fatalities"] = {"value": 3, "minimum": 3, "maximum": None}
    assert wrong(line) == {"killed"}


def test_a_toll_that_is_about_n_is_n_on_both_sides():
    assert bounds({"value": 400, "minimum": None, "maximum": None}) == (400, 400)
    assert bounds({"min": 3, "max": None}) == (3, None)
    assert bounds(None) is None


@pytest.mark.parametrize(
    ("field", "value", "fields"),
    [
        ("type", "battle", {"type"}),
        ("sub_type", "grenade", {"sub_type"}),
        ("grain", "aggregate", {"grain"}),
        ("status", "ongoing", {"status"}),
        ("status", "denied", {"status", "current"}),
        ("main", 0.2, {"main"}),
        ("when", None, {"date"}),
        ("when", {"start": "2024-05-21", "end": "2024-05-21"}, {"date"}),
        ("places", [], {"place"}),
        ("targets", [{"name": "soldiers"}], {"target"}),
        ("actors", [{"name": "rebels"}], {"actor"}),
        ("claimed_by", "a nurse", {"sayer"}),
        ("claimed_by", "", {"sayer"}),
        ("type", "protest", {"found", "invented"}),
    ],
)
def test_each_fault_of_an_event_shows_in_its_own_field(line, field, value, fields):
    line["events"][0][field] = value
    assert wrong(line) == fields


@pytest.mark.parametrize(
    ("field", "value", "fields"),
    [
        ("kind", "evacuation", {"kind"}),
        ("measure", "new", {"measure"}),
        ("status", "planned", {"status"}),
        ("origins", [], {"origin"}),
        ("cause", "disaster", {"cause"}),
        ("group", "nuns", {"group"}),
        ("quantity", None, {"figure"}),
        ("when", {"start": "2024-05-14", "end": "2024-05-14", "as_of": None}, {"date"}),
    ],
)
def test_each_fault_of_a_movement_shows_in_its_own_field(line, field, value, fields):
    line["movements"][0][field] = value
    assert wrong(line) == fields


def test_quantifier_and_unit_are_asked_apart_from_the_figure(line):
    line["movements"][0]["quantity"] |= {"quantifier": "exact", "unit": "person"}
    assert wrong(line) == {"quantifier", "unit"}
    line["movements"][0]["quantity"] |= {"minimum": 400, "maximum": None}
    assert wrong(line) == {"quantifier", "unit", "figure"}


def test_ends_exchanged_are_wrong_at_both(line):
    movement = line["movements"][0]
    ends = movement["origins"], movement["destinations"]
    movement["destinations"], movement["origins"] = ends
    assert wrong(line) == {"origin", "destination"}


def test_a_place_too_many_is_wrong_and_another_mention_of_the_same_is_right(line):
    event = line["events"][0]
    event["places"][0] |= {"start": FIGURES.rindex("Zinder"), "end": len(FIGURES)}
    assert wrong(line) == set()
    event["places"].append(copy.deepcopy(line["movements"][0]["destinations"][0]))
    assert wrong(line) == {"place"}


def test_the_right_name_at_the_wrong_point_is_a_fault_of_the_point(line):
    line["events"][0]["places"][0]["place"] |= {"lat": 14.5}
    assert wrong(line) == {"place_point"}


def test_an_unresolved_place_is_asked_for_its_mention_only(line):
    line["events"][0]["places"][0]["place"] = None
    assert wrong(line) == set()


def test_a_place_of_the_name_in_another_country_is_another_place(line):
    place = line["events"][0]["places"][0]
    place["place"]["country"] = "NGA"
    place |= {"start": 0, "end": 3}
    assert wrong(line) == {"place"}


def test_near_a_place_is_not_in_it(line):
    line["events"][0]["places"][0]["place"]["precision"] = "near"
    assert wrong(line) == {"near"}


@pytest.mark.parametrize(
    ("wanted", "told", "same"),
    [
        (("2024-05-14", "2024-05-14"), ("2024-05-13", "2024-05-15"), True),
        (("2024-05-14", "2024-05-14"), ("2024-05-01", "2024-05-31"), False),
        (("2024-05-01", "2024-05-31"), ("2024-04-20", "2024-05-31"), True),
        (("2024-05-14", "2024-05-14"), ("2024-05-15", "2024-05-15"), False),
        (("2024-05-14", None), ("2024-05-15", "2024-06-30"), True),
        (("2024-05-14", None), (None, "2024-05-14"), False),
        ((None, None), (None, None), True),
        ((None, None), ("2024-05-14", "2024-05-14"), False),
        (("2024-05-14", "2024-05-14"), (None, None), False),
    ],
)
def test_spans_of_days(wanted, told, same):
    assert same_span(wanted, told) is same


def test_the_pairs_are_those_with_most_right_fields():
    one = item()
    second = copy.deepcopy(one["events"][0])
    second |= {"killed": None, "injured": None, "status": "denied"}
    one["events"].append(second)
    line = line_of(one)
    line["events"].reverse()
    assert [v for v in compare(one, line) if not v.right] == []


def test_shares_by_behaviour_layer_and_hardness(line):
    line["events"][0]["fatalities"] = None
    verdicts = compare(item(), line)
    assert shares(verdicts)["killed"].share == 0
    assert shares(verdicts, "toll_order")["killed"].asked == 1
    assert shares(verdicts, "sport") == {}
    assert "killed" not in shares(verdicts, layer="movement")
    hard = item()
    hard["events"][0]["hard"] = True
    assert "killed" not in shares(compare(hard, line), hard=False)
    assert list(errors(verdicts, "killed")) == ["x event: wanted (3, 3), given None"]
