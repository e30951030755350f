"""The seed article, read by the same code as any other."""

from __future__ import annotations

import datetime as dt

from geomap.model import Parsed, Use


def movement(seed: Parsed, words: str):
    return next(m for m in seed.movements if words in m.evidence[0].text)


def test_three_movements_and_no_other(seed: Parsed):
    assert len(seed.movements) == 3


def test_the_count_the_forecast_and_the_vague_figure_are_kept_apart(seed: Parsed):
    count, forecast, vague = (
        movement(seed, words) for words in ("2,900", "1,20,000", "thousands of ethnic")
    )
    assert (count.quantity.value, count.status.value, count.measure.value) == (
        2900,
        "occurred",
        "cumulative",
    )
    assert count.when.as_of == dt.datetime(2023, 9, 25, 1, tzinfo=dt.UTC)
    assert (forecast.quantity.value, forecast.status.value, forecast.claimed_by) == (
        120000,
        "expected",
        "Prime Minister Nikol Pashinyan",
    )
    assert (vague.quantity.minimum, vague.status.value, vague.destinations) == (2000, "ongoing", ())
    assert "ethnic cleansing" in forecast.reason


def test_the_area_is_resolved_to_what_it_stands_for(seed: Parsed):
    forecast = movement(seed, "1,20,000")
    assert [(m.name, m.place.name) for m in forecast.origins] == [("the area", "Nagorno-Karabakh")]


def test_one_operation_told_three_times_is_one_event(seed: Parsed):
    (battle,) = [
        e for e in seed.events if e.type.value == "battle" and e.status.value == "occurred"
    ]
    assert (battle.when.start, battle.when.end) == (dt.date(2023, 9, 19), dt.date(2023, 9, 20))
    assert len(battle.evidence) >= 3
    assert seed.events[0] == battle


def test_nothing_is_fought_in_baku(seed: Parsed):
    assert not [
        e
        for e in seed.events
        if e.type.value == "battle" and any(m.place and m.place.name == "Baku" for m in e.places)
    ]


def test_a_government_is_not_a_place(seed: Parsed):
    assert [t.use for t in seed.toponyms if t.name == "Baku"] == [Use.LITERAL, Use.ASSOCIATIVE]


def test_history_is_background(seed: Parsed):
    old = [e for e in seed.events if e.when and e.when.end and e.when.end < dt.date(2022, 1, 1)]
    assert len(old) >= 3
    assert {e.status.value for e in old} == {"background"}
