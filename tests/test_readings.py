"""Every convention by which whole articles are scored, on an article of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geomap import DocumentError, OptionError
from geomap.cli import main
from geomap.evaluate import (
    Readings,
    faults,
    faults_table,
    read_articles,
    read_readings,
    readings_table,
    reliability,
    score_readings,
)
from geomap.evaluate.events import judge_days, judge_toll, related, share_sentence
from geomap.evaluate.movements import same_figure
from geomap.evaluate.places import compare, same_place
from geomap.evaluate.records import Days, Figure, Spot, Toll, gold_event, read_event

SENTENCES = (
    "Shells fell on the market of Tamra on 3 May, killing 12 and wounding 30.",
    "At dusk the market of Tamra was shelled again, its grocers say.",
    "Talks are to be held in Bern.",
    "About 400 families left Tamra for Bern.",
)
TEXT = " ".join(SENTENCES)
DAY = {"start": "2021-05-03", "end": "2021-05-03"}


def span(number: int) -> tuple[int, int]:
    start = TEXT.index(SENTENCES[number])
    return start, start + len(SENTENCES[number])


def town(name: str, country: str | None, lat: float | None, lon: float | None, **more) -> dict:
    start = TEXT.find(name)
    spot = {"text": name, "span": [start, start + len(name)], "resolved": name}
    return {**spot, "country": country, "kind": "settlement", "lat": lat, "lon": lon, **more}


def mention(spot: dict, **more) -> dict:
    start, end = spot["span"]
    place = {k: spot[k] for k in ("country", "kind", "lat", "lon")}
    return {
        "name": spot["text"],
        "start": start,
        "end": end,
        "place": {"name": spot["resolved"], **place, **more},
    }


TAMRA = town("Tamra", "SYR", 35.9, 36.6)
BERN = town("Bern", "CHE", 46.95, 7.44)
SHELLING = {
    "type": "explosion",
    "status": "occurred",
    "grain": "single",
    "evidence": [list(span(0)), list(span(1))],
    "places": [TAMRA],
    "when": DAY,
    "killed": {"text": "12", "min": 12, "max": 12},
    "injured": {"text": "30", "min": 30, "max": 30},
    "hard": False,
}
TALKS = {
    "type": "diplomacy",
    "status": "planned",
    "evidence": [list(span(2))],
    "places": [BERN],
    "when": None,
}
FLIGHT = {
    "evidence": [list(span(3))],
    "origin": [TAMRA],
    "destination": [BERN],
    "within": None,
    "count": 400,
    "count_min": None,
    "count_max": None,
    "count_text": "About 400",
    "unit": "household",
    "kind": "displacement",
    "measure": "unspecified",
    "status": "occurred",
}


def count(n: int) -> dict:
    return {"value": n, "minimum": n, "maximum": n}


def evidence(number: int) -> list[dict]:
    start, end = span(number)
    return [{"start": start, "end": end}]


SHELLING_READ = {
    "type": "explosion",
    "status": "occurred",
    "evidence": evidence(0),
    "places": [mention(TAMRA)],
    "when": DAY,
    "fatalities": count(12),
    "injuries": count(30),
    "score": 0.9,
}
TALKS_READ = {
    "type": "diplomacy",
    "status": "planned",
    "evidence": evidence(2),
    "places": [mention(BERN)],
    "when": None,
}
FLIGHT_READ = {
    "evidence": evidence(3),
    "origins": [mention(TAMRA)],
    "destinations": [mention(BERN)],
    "within": [],
    "quantity": {"value": 400, "minimum": None, "maximum": None, "unit": "household"},
    "kind": "displacement",
    "measure": "unspecified",
    "status": "occurred",
}


def written(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def score(tmp_path):
    def scored(
        gold: dict[str, list] | list[dict[str, list]], *read: dict | None, cut: float = 0.0
    ) -> Readings:
        golds = gold if isinstance(gold, list) else [gold]
        articles = [
            {"id": f"a{i}", "text": TEXT, "movements": [], **one} for i, one in enumerate(golds)
        ]
        lines = [{"id": f"a{i}", **one} for i, one in enumerate(read) if one is not None]
        return score_readings(
            list(read_articles(written(tmp_path / "gold.jsonl", articles))),
            read_readings(written(tmp_path / "pred.jsonl", lines)),
            cut=cut,
        )

    return scored


@pytest.fixture
def marks(score):
    """Return the measures of an article with the shelling, or another event, annotated."""

    def scored(*read: dict, gold: dict = SHELLING, cut: float = 0.0) -> dict[str, Any]:
        return score({"events": [gold]}, {"events": list(read)}, cut=cut).measures()

    return scored


def but(record: dict, **changed) -> dict:
    return {**record, **changed}


def test_what_is_read_as_annotated_is_all_right(score):
    told = score(
        {"events": [SHELLING, TALKS], "movements": [FLIGHT]},
        {"events": [SHELLING_READ, TALKS_READ], "movements": [FLIGHT_READ]},
    ).measures()
    assert told["documents"] == 1
    assert told["missing"] == 0
    assert told["marks"] == told["wanted"] == 1
    assert told["EVENTS"] == {"precision": 1, "recall": 1, "f1": 1}
    assert told["MARKS_STRICT"]["f1"] == told["MARKS_LENIENT"]["f1"] == 1
    assert set(told["on_pairs"].values()) == {1}
    assert told["MOVEMENTS"]["FOUND"]["f1"] == told["MOVEMENTS"]["STRICT"]["f1"] == 1
    assert set(told["MOVEMENTS"]["on_pairs"].values()) == {1}


def test_a_second_telling_is_a_false_mark(marks):
    told = marks(SHELLING_READ, but(SHELLING_READ, evidence=evidence(1)))
    assert told["marks"] == 2
    assert told["MARKS_STRICT"]["precision"] == told["MARKS_LENIENT"]["precision"] == 0.5
    assert told["MARKS_STRICT"]["recall"] == 1


def test_of_two_tellings_the_one_with_more_right_is_the_partner(marks):
    worse = but(SHELLING_READ, type="battle", score=1.0)
    assert marks(worse, SHELLING_READ)["on_pairs"]["type"] == 1
    coarse = but(SHELLING_READ, places=[mention(TAMRA, name="Syria", kind="country")])
    wrong = but(SHELLING_READ, places=[mention(BERN)])
    assert marks(wrong, coarse)["MARKS_LENIENT"]["precision"] == 0.5


def test_of_tellings_that_are_equally_right_the_surer_one_is_the_partner(score):
    planned = but(SHELLING_READ, status="planned", score=0.2)
    denied = but(SHELLING_READ, status="denied", score=0.3)
    result = score({"events": [SHELLING]}, {"events": [planned, denied]})
    assert [pair.read for pair in result.articles[0].events.pairs] == [1]


def test_of_tellings_that_are_alike_the_first_is_the_partner(score):
    result = score({"events": [SHELLING, SHELLING]}, {"events": [SHELLING_READ] * 2})
    assert [(p.gold, p.read) for p in result.articles[0].events.pairs] == [(0, 0), (1, 1)]


def test_sentences_that_only_touch_are_not_the_same():
    assert share_sentence(((0, 5),), ((4, 9),))
    assert not share_sentence(((0, 5),), ((5, 9),))


def test_what_shares_no_sentence_is_not_the_same_event(marks):
    told = marks(but(SHELLING_READ, evidence=evidence(3)))
    assert told["EVENTS"]["f1"] == told["MARKS_LENIENT"]["f1"] == 0
    assert told["marks"] == 1


@pytest.mark.parametrize(
    ("gold", "read", "same"),
    [
        ("battle", "explosion", True),
        ("crime", "violence_against_civilians", True),
        ("protest", "riot", True),
        ("strategic", "battle", True),
        ("riot", "strategic", True),
        ("battle", "protest", False),
        ("strategic", "aid", False),
        ("aid", "diplomacy", False),
        ("hazard", "hazard", True),
    ],
)
def test_types_of_one_family_may_be_one_event(gold, read, same):
    assert related(gold, read) is same


def test_a_type_of_the_family_is_right_leniently_and_of_another_not_at_all(marks):
    told = marks(but(SHELLING_READ, type="battle"))
    assert (told["MARKS_STRICT"]["f1"], told["MARKS_LENIENT"]["f1"]) == (0, 1)
    assert marks(but(SHELLING_READ, type="aid"))["MARKS_LENIENT"]["f1"] == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "planned"},
        {"status": "background"},
        {"grain": "aggregate"},
        {"shown": False},
        {"places": []},
        {"places": [mention(TAMRA, lat=None, lon=None)]},
        {"places": [{**mention(TAMRA), "place": None}]},
        {"type": "statement"},
    ],
)
def test_what_the_map_does_not_draw_is_no_mark(marks, changed):
    told = marks(but(SHELLING_READ, **changed))
    assert told["marks"] == 0
    assert told["wanted"] == 1
    assert told["MARKS_LENIENT"]["recall"] == 0


def test_the_cut_is_for_events_that_do_not_tell_whether_they_are_drawn(marks):
    assert marks(SHELLING_READ, cut=0.9)["marks"] == 1
    assert marks(SHELLING_READ, cut=0.95)["marks"] == 0
    assert marks(but(SHELLING_READ, shown=True), cut=0.95)["marks"] == 1
    assert marks(but(SHELLING_READ, score=None), cut=0.1)["marks"] == 0
    assert marks(but(SHELLING_READ, score=None))["marks"] == 1


def test_a_statement_is_left_out_of_everything(marks):
    assert marks(SHELLING_READ, but(SHELLING_READ, type="statement"))["EVENTS"]["precision"] == 1


@pytest.mark.parametrize("status", ["planned", "denied", "background", "expected"])
def test_a_mark_for_what_did_not_happen_is_wrong(marks, status):
    told = marks(SHELLING_READ, gold=but(SHELLING, status=status))
    assert told["wanted"] == 0
    assert told["MARKS_STRICT"]["precision"] == told["MARKS_LENIENT"]["precision"] == 0
    assert told["EVENTS"]["f1"] == 1


def test_occurred_and_ongoing_count_as_one(marks):
    assert marks(but(SHELLING_READ, status="ongoing"))["MARKS_STRICT"]["f1"] == 1


def test_a_mark_for_an_aggregate_is_right_only_leniently_and_not_wanted(marks):
    told = marks(SHELLING_READ, gold=but(SHELLING, grain="aggregate"))
    assert told["wanted"] == 0
    assert told["MARKS_STRICT"]["precision"] == 0
    assert told["MARKS_LENIENT"]["precision"] == 1


def test_a_hard_event_helps_when_it_is_right_and_never_harms(marks):
    hard = but(SHELLING, hard=True)
    right = marks(SHELLING_READ, gold=hard)
    assert (right["marks"], right["wanted"], right["MARKS_STRICT"]["precision"]) == (1, 0, 1)
    wrong = marks(but(SHELLING_READ, when=None), gold=hard)
    assert (wrong["marks"], wrong["wanted"]) == (0, 0)
    assert wrong["calibration_error"] == 0


def test_a_hard_event_that_was_found_makes_up_for_no_other(score):
    told = score(
        [{"events": [but(SHELLING, hard=True)]}, {"events": [SHELLING]}],
        {"events": [SHELLING_READ]},
    ).measures()
    assert told["MARKS_STRICT"]["precision"] == 1
    assert told["MARKS_STRICT"]["recall"] == told["MARKS_LENIENT"]["recall"] == 0


def test_an_event_without_a_place_is_not_wanted_and_wants_none(marks):
    told = marks(SHELLING_READ, gold=but(SHELLING, places=[]))
    assert told["wanted"] == 0
    assert told["on_pairs"]["place"] == 0
    unresolved = but(SHELLING_READ, places=[{**mention(TAMRA), "place": None}])
    assert marks(unresolved, gold=but(SHELLING, places=[]))["on_pairs"]["place"] == 1


def test_only_the_first_place_counts_and_it_may_be_any_of_the_annotated(marks):
    both = but(SHELLING, places=[BERN, TAMRA])
    assert marks(SHELLING_READ, gold=both)["on_pairs"]["place"] == 1
    later = but(SHELLING_READ, places=[mention(BERN), mention(TAMRA)])
    assert marks(later)["on_pairs"]["place"] == 0


def spot(kind: str | None, *names: str, lat: float | None = 35.9, country: str | None = "SYR"):
    return Spot(names or ("Elsewhere",), None, kind, country, None if lat is None else 36.6, lat)


@pytest.mark.parametrize(
    ("gold", "read", "worth"),
    [
        # A degree of latitude is 111 km.
        (spot("settlement", "Tamra"), spot("settlement", "TÁMRA", lat=39.9), "right"),
        (spot("settlement", "Tamra"), spot("settlement", "Tamra", country="TUR"), "wrong"),
        (spot("settlement", "Tamra"), spot("settlement", "Tamra", country=None), "right"),
        (spot("settlement", "Tamra"), spot("admin1", "Tamra Governorate", lat=39.9), "right"),
        (spot("settlement", "Tamra"), spot("country", "Tamra", lat=39.9), "coarse"),
        (spot("settlement", "Tamra"), Spot(("Tamra",), resolved=False), "wrong"),
        (spot("settlement"), spot("site", "Market", lat=36.12), "right"),
        (spot("settlement"), spot("site", "Market", lat=36.13), "wrong"),
        (spot("camp"), spot("settlement", "Market", lat=36.13), "coarse"),
        (spot("water"), spot("water", "Lake", lat=37.3), "right"),
        (spot("water"), spot("water", "Lake", lat=37.4), "wrong"),
        (spot("settlement"), spot("water", "Lake"), "right"),
        (spot("settlement"), spot("admin1", "North"), "coarse"),
        (spot("settlement"), spot("admin1", "North", lat=39.4), "coarse"),
        (spot("settlement"), spot("admin1", "North", lat=39.6), "wrong"),
        (spot("settlement"), spot("country", "Syria", lat=45.0), "coarse"),
        (spot("settlement"), spot("admin1", "North", country=None), "wrong"),
        (spot("settlement", lat=None), spot("country", "Syria"), "coarse"),
        (spot("settlement", lat=None), spot("settlement", "Market"), "wrong"),
        (spot("country", "Syria"), spot("settlement", "Tamra"), "wrong"),
        (spot("admin1", "North"), spot("settlement", "Tamra"), "wrong"),
        (spot("region", "Levant"), spot("admin1", "North"), "wrong"),
        (spot("admin2", "Hills"), spot("settlement", "Tamra"), "right"),
        (spot("disputed_area", "Hills"), spot("settlement", "Tamra"), "right"),
        (spot("admin1", "North"), spot("disputed_area", "Hills"), "right"),
        (spot("unknown", "Hills"), spot("settlement", "Tamra"), "right"),
    ],
)
def test_places_are_right_by_name_or_near_and_never_finer_than_an_area(gold, read, worth):
    assert compare(gold, read) == worth


def test_words_like_city_and_province_are_no_part_of_a_name():
    told = gold_event(but(SHELLING, places=[but(TAMRA, text="it", resolved="Tamra, Syria")]))
    (gold,) = told.places
    assert compare(gold, spot("settlement", "the city of Tamra", lat=0.0)) == "right"
    assert compare(gold, spot("settlement", "New Tamra", lat=0.0)) == "wrong"


def days(text: str) -> Days:
    told = [{"start": a or None, "end": b or None} for a, _, b in [text.partition("/")]]
    return gold_event(but(SHELLING, when=told[0])).days


@pytest.mark.parametrize(
    ("gold", "read", "worth"),
    [
        ("2021-05-03/2021-05-03", "2021-05-03/2021-05-03", "right"),
        ("2021-05-03/2021-05-03", "2021-05-02/2021-05-04", "right"),
        ("2021-05-03/2021-05-03", "2021-05-04/2021-05-04", "wrong"),
        ("2021-05-03/2021-05-03", "2021-05-02/2021-05-05", "wrong"),
        ("2021-05-01/2021-05-31", "2021-05-03/2021-05-03", "wrong"),
        ("2021-05-01/2021-05-04", "2021-05-04/2021-05-11", "right"),
        ("2021-05-01/2021-05-04", "2021-05-04/2021-05-12", "wrong"),
        ("2021-05-03/2021-05-03", "2021-05-03T23:00:00Z/2021-05-03T23:30:00Z", "right"),
        ("2021-05-03/2021-05-03", "/", "missing"),
        ("/", "/", "right"),
        ("/", "2021-05-03/2021-05-03", "wrong"),
        ("2015-01-01/2021-05-03", "2015-01-04/", "right"),
        ("2015-01-01/2021-05-03", "2015-01-05/", "wrong"),
        ("2015-01-01/", "2015-01-01/2021-05-03", "right"),
        ("2015-01-01/", "/2015-01-01", "wrong"),
        ("/2021-05-03", "2000-01-01/2021-05-05", "right"),
    ],
)
def test_dates_overlap_and_are_about_as_long(gold, read, worth):
    assert judge_days(days(gold), days(read)) == worth


def test_a_mark_without_the_day_is_right_only_leniently(marks):
    told = marks(but(SHELLING_READ, when=None))
    assert (told["MARKS_STRICT"]["f1"], told["MARKS_LENIENT"]["f1"]) == (0, 1)


@pytest.mark.parametrize(
    ("gold", "read", "worth"),
    [
        (Toll(12, 12), Toll(12, 12), "right"),
        (Toll(12, None), Toll(12, None), "right"),
        (Toll(12, None), Toll(12, 12), "wrong"),
        (Toll(12, 12), None, "missing"),
        (Toll(12, 12), Toll(None, None), "wrong"),
        (None, None, None),
        (None, Toll(1, 1), None),
        (None, Toll(2, 2), "wrong"),
        (None, Toll(None, 2), "wrong"),
        (None, Toll(None, None), None),
        (Toll(None, None), Toll(5, None), "wrong"),
        (Toll(1, 1, in_words=False), None, None),
        (Toll(1, 1, in_words=False), Toll(7, 7), None),
        (Toll(None, None, in_words=False), Toll(7, 7), "wrong"),
    ],
)
def test_bounds_of_a_toll_agree_where_the_text_has_a_figure(gold, read, worth):
    assert judge_toll(gold, read) == worth


def test_about_a_number_is_that_number_on_both_sides():
    about = {"value": 12, "minimum": None, "maximum": None}
    assert read_event(but(SHELLING_READ, fatalities=about)).killed == Toll(12, 12)
    assert gold_event(but(SHELLING, killed={"text": None, "min": 1, "max": 1})).killed == Toll(
        1, 1, in_words=False
    )


def test_what_no_pair_asks_for_is_not_in_the_share(marks):
    told = marks(but(SHELLING_READ, injuries=None), gold=but(SHELLING, injured=None, killed=None))
    assert told["on_pairs"]["injured"] == 0
    assert told["on_pairs"]["killed"] == 0  # twelve are made up


@pytest.mark.parametrize(
    ("fatalities", "injuries", "number"),
    [
        (count(30), count(12), 1),
        (count(30), None, 1),
        (None, count(12), 1),
        (count(12), count(30), 0),
        (None, None, 0),
        (count(5), count(7), 0),
    ],
)
def test_killed_and_injured_exchanged_are_counted(marks, fatalities, injuries, number):
    read = but(SHELLING_READ, fatalities=fatalities, injuries=injuries)
    assert marks(read)["exchanged"] == number


def test_as_many_killed_as_injured_cannot_be_exchanged(marks):
    alike = but(SHELLING, killed={"min": 12, "max": 12}, injured={"min": 12, "max": 12})
    assert marks(SHELLING_READ, gold=alike)["exchanged"] == 0


def test_the_calibration_error_is_over_marks_in_ten_bins(score):
    result = score(
        [{"events": [SHELLING]}] * 4,
        {"events": [but(SHELLING_READ, score=0.9)]},
        {"events": [but(SHELLING_READ, score=1.0)]},
        {"events": [but(SHELLING_READ, score=0.25, when=None)]},
        {"events": [but(SHELLING_READ, score=None), but(SHELLING_READ, status="planned")]},
    )
    assert result.scores == [(0.9, True), (1.0, True), (0.25, False)]
    assert [(b.low, b.answers, b.right) for b in reliability(result.scores)] == [
        (0.2, 1, 0),
        (0.9, 2, 1),
    ]
    assert result.calibration_error() == pytest.approx((0.25 + 0.1) / 3)


def test_intervals_are_drawn_over_articles_and_the_same_each_time(score):
    gold = [{"events": [SHELLING]}] * 20
    half = [{"events": [but(SHELLING_READ, when=DAY if i % 2 else None)]} for i in range(20)]
    first, second = (score(gold, *half).measures()["MARKS_STRICT"] for _ in range(2))
    assert first == second
    low, high = first["precision_95"]
    assert 0.2 <= low < 0.5 < high <= 0.8
    assert first["recall_95"] == first["precision_95"]
    alike = score(gold, *[{"events": [SHELLING_READ]}] * 20).measures()["MARKS_LENIENT"]
    assert alike["precision_95"] == [1, 1]


def test_intervals_are_those_of_the_reference_judge(score):
    gold = [{"events": [SHELLING] * (1 + i % 3)} for i in range(21)]
    dated = [but(SHELLING_READ, when=DAY if i % 2 else None) for i in range(21)]
    told = score(gold, *({"events": [e] * (1 + i % 2)} for i, e in enumerate(dated))).measures()
    assert told["MARKS_STRICT"]["precision_95"] == [0.333, 0.706]
    assert told["MARKS_STRICT"]["recall_95"] == [0.22, 0.585]
    assert told["MARKS_LENIENT"]["precision_95"] == [0.812, 0.971]
    assert told["MARKS_LENIENT"]["recall_95"] == [0.568, 0.8]


def test_an_article_without_a_line_counts_as_empty(score):
    told = score([{"events": [SHELLING]}] * 2, None, {"events": [SHELLING_READ]}).measures()
    assert told["missing"] == 1
    assert told["MARKS_STRICT"]["recall"] == 0.5
    assert told["MARKS_STRICT"]["precision"] == 1


def test_lines_that_fit_no_article_or_stand_twice_are_refused(tmp_path):
    gold = [{"id": "a", "text": TEXT, "events": [], "movements": []}]
    articles = list(read_articles(written(tmp_path / "gold.jsonl", gold)))
    for lines, problem in (([{"id": "b"}], "b: .*not annotated"), ([{"id": "a"}] * 2, "a: two")):
        with pytest.raises(DocumentError, match=problem):
            score_readings(articles, read_readings(written(tmp_path / "pred.jsonl", lines)))
    with pytest.raises(DocumentError, match="two annotated"):
        score_readings(articles * 2, [])
    with pytest.raises(OptionError, match="at least one"):
        score_readings([], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"score": 1.5},
        {"score": "high"},
        {"evidence": None},
        {"when": {"start": "soon"}},
        {"fatalities": {"value": "many"}},
        {"type": None, "evidence": [{}]},
    ],
)
def test_a_line_of_another_form_is_named(tmp_path, changed):
    lines = [{"id": "a"}, {"id": "b", "events": [but(SHELLING_READ, **changed)]}]
    with pytest.raises(DocumentError, match="line 2"):
        list(read_readings(written(tmp_path / "pred.jsonl", lines)))


@pytest.fixture
def moved(score):
    """Return the measures of movements beside the annotated flight, or another one."""

    def scored(*read: dict, gold: tuple[dict, ...] = (FLIGHT,)) -> dict[str, Any]:
        result = score({"movements": list(gold)}, {"movements": list(read)})
        told: dict[str, Any] = result.measures()["MOVEMENTS"]
        return told

    return scored


@pytest.mark.parametrize(
    ("changed", "field", "strict"),
    [
        ({"quantity": None}, "quantity", 0),
        ({"origins": []}, "origins", 0),
        ({"origins": [mention(TAMRA, country="TUR")]}, "origins", 0),
        ({"destinations": [mention(BERN), mention(TAMRA)]}, "destinations", 0),
        ({"status": "ongoing"}, "status", 0),
        ({"within": [mention(TAMRA)]}, "within", 1),
        ({"measure": "new"}, "measure", 1),
        ({"kind": "evacuation"}, "kind", 1),
        ({"quantity": {"value": 400, "unit": "person"}}, "unit", 1),
    ],
)
def test_a_movement_is_strictly_right_with_its_figure_ends_and_status(
    moved, changed, field, strict
):
    told = moved(but(FLIGHT_READ, **changed))
    assert told["FOUND"]["f1"] == 1
    assert told["on_pairs"][field] == 0
    assert told["STRICT"]["f1"] == strict


def test_a_unit_is_asked_only_with_a_figure(moved):
    some = but(FLIGHT, count=None, count_text=None, unit="person")
    assert moved(but(FLIGHT_READ, quantity=None), gold=(some,))["on_pairs"]["unit"] == 1


def test_a_place_without_a_country_may_be_left_out(moved):
    vague = but(FLIGHT, destination=[town("higher ground", None, None, None), BERN])
    assert moved(FLIGHT_READ, gold=(vague,))["STRICT"]["f1"] == 1
    named = but(vague, destination=[but(vague["destination"][0], country="CHE"), BERN])
    assert moved(FLIGHT_READ, gold=(named,))["STRICT"]["f1"] == 0


def test_a_place_that_may_be_left_out_takes_no_other_ones_partner(moved):
    vague = but(FLIGHT, origin=[but(TAMRA, country=None), TAMRA])
    assert moved(FLIGHT_READ, gold=(vague,))["on_pairs"]["origins"] == 1


def test_one_place_may_stand_without_a_list(moved):
    assert moved(FLIGHT_READ, gold=(but(FLIGHT, origin=TAMRA),))["STRICT"]["f1"] == 1


def test_ends_are_the_same_by_the_words_or_by_a_name():
    gold = Spot(("it", "Tamra, Syria", "Tamra"), (10, 12), country="SYR")
    assert same_place(gold, Spot(("the place",), (11, 20), resolved=False))
    assert not same_place(gold, Spot(("the place",), (12, 20), resolved=False))
    assert same_place(gold, Spot(("The Tamra",), (30, 39), country=None))
    assert not same_place(gold, Spot(("Tamra",), (10, 12), country="TUR"))
    assert not same_place(gold, Spot(("Tamra city",), (30, 40), country="SYR"))


@pytest.mark.parametrize(
    ("gold", "read", "same"),
    [
        (Figure(), Figure(), True),
        (Figure(), Figure(1, 1, 1), False),
        (Figure(5, 5, 5), Figure(5, 5, 5), True),
        (Figure(5, 5, 5), Figure(5), True),
        (Figure(5, 5, 5), Figure(6, 5, 5), False),
        (Figure(5, 5, 5), Figure(None, 5, 9), True),
        (Figure(5, 5, None), Figure(5, None, None), False),
        (Figure(5, None, None), Figure(5, 5, 5), True),
        (Figure(None, 2000, None), Figure(None, 2000, None), True),
        (Figure(None, 2000, None), Figure(None, 1000, None), False),
        (Figure(None, 2000, None), Figure(2000, 2000, None), True),
        (Figure(None, 2000, None), Figure(3000, 2000, None), False),
        (Figure(None, 10, 12), Figure(None, 10, 12), True),
        (Figure(None, 10, 12), Figure(None, 10, 13), False),
        (Figure(7, None, 7), Figure(None, None, 7), True),
        (Figure(None, None, 7), Figure(None, 1, 7), True),
    ],
)
def test_figures_agree_in_value_and_in_the_bounds_that_are_annotated(gold, read, same):
    assert same_figure(gold, read) is same


def test_two_figures_of_one_sentence_find_their_own(moved):
    later = but(FLIGHT, count=500, status="planned")
    swapped = (but(FLIGHT_READ, quantity=count(500)), FLIGHT_READ)
    assert moved(*swapped, gold=(FLIGHT, later))["on_pairs"]["quantity"] == 1


def test_the_same_figure_makes_a_pair_before_all_else(moved):
    other_figure = but(FLIGHT_READ, quantity=count(900))
    only_figure = but(FLIGHT_READ, origins=[], destinations=[], kind="return", status="planned")
    assert moved(other_figure, only_figure)["on_pairs"]["quantity"] == 1


def test_a_figure_with_one_bound_on_both_sides_has_that_value(moved):
    exact = but(FLIGHT, count=None, count_min=400, count_max=400)
    for low, right in ((400, 1), (401, 0)):
        quantity = {"value": None, "minimum": low, "maximum": 900}
        told = moved(but(FLIGHT_READ, quantity=quantity), gold=(exact,))
        assert told["on_pairs"]["quantity"] == right


def test_movements_told_twice_invented_and_without_a_place_are_counted(score, moved):
    nowhere = but(FLIGHT_READ, origins=[{**mention(TAMRA), "place": None}], destinations=[])
    told = moved(FLIGHT_READ, nowhere)
    assert (told["gold"], told["pred"], told["drawn"]) == (1, 2, 0.5)
    assert (told["FOUND"]["precision"], told["FOUND"]["recall"]) == (0.5, 1)
    none = score([{"movements": []}, {"movements": [FLIGHT]}], {"movements": [FLIGHT_READ]})
    negatives = none.measures()["MOVEMENTS"]
    assert (negatives["negatives"], negatives["false_on_negatives"]) == (1, 1)


def test_of_articles_without_annotated_events_only_movements_are_scored(score):
    result = score({"movements": [FLIGHT]}, {"events": [SHELLING_READ], "movements": [FLIGHT_READ]})
    assert "EVENTS" not in result.measures()
    assert result.measures()["MOVEMENTS"]["STRICT"]["f1"] == 1
    assert not any("marks" in line for line in readings_table(result))
    assert faults(result) == []


def test_each_fault_tells_what_was_drawn_what_is_wrong_and_the_sentence(score):
    read = but(SHELLING_READ, places=[mention(BERN)], when=None)
    result = score(
        {"events": [SHELLING], "movements": [FLIGHT]},
        {
            "events": [read, but(SHELLING_READ, evidence=evidence(3))],
            "movements": [but(FLIGHT_READ, destinations=[], quantity=None)],
        },
    )
    wrong, invented, movement = faults(result)
    assert wrong.record == "explosion in Bern (settlement, CHE), no date, occurred, score 0.90"
    assert wrong.problems == ("place", "date")
    assert wrong.details == (
        "wrong place, annotated Tamra (settlement, SYR)",
        "missing date, annotated 2021-05-03",
    )
    assert wrong.text == SENTENCES[0]
    assert (invented.kind, invented.problems) == ("drawn", ("no such event",))
    assert movement.details == (
        "quantity: annotated 400",
        "destinations: annotated Bern (settlement, CHE)",
    )
    lines = list(faults_table([wrong, invented, movement], 1))
    assert "    1 drawn: place" in lines
    assert f'    "{SENTENCES[0]}"' in lines
    assert not any(SENTENCES[3] in line for line in lines)


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (None, "not read"),
        ({"status": "planned"}, "read as planned"),
        ({"grain": "aggregate"}, "read as aggregate"),
        ({"places": []}, "read without a place"),
        ({"places": [mention(TAMRA, lat=None)]}, "read with a place that has no point"),
        ({"shown": False}, "read, but not sure enough to be drawn"),
    ],
)
def test_what_was_missed_tells_why_it_is_not_drawn(score, read, why):
    lines = [] if read is None else [but(SHELLING_READ, **read)]
    (missed,) = faults(score({"events": [SHELLING]}, {"events": lines}))
    assert missed.kind == "missed"
    assert missed.problems == (why,)
    assert missed.text == SENTENCES[0]


def test_missed_and_invented_movements_are_told(score):
    invented = but(FLIGHT_READ, evidence=evidence(2))
    found = faults(score({"movements": [FLIGHT]}, {"movements": [invented]}))
    assert [(f.kind, f.text) for f in found] == [
        ("missed movement", SENTENCES[3]),
        ("invented movement", SENTENCES[2]),
    ]
    assert found[0].record == (
        "displacement of 400 from Tamra (settlement, SYR) to Bern (settlement, CHE), occurred"
    )


@pytest.fixture
def files(tmp_path):
    article = {"id": "a", "text": TEXT, "events": [SHELLING], "movements": [FLIGHT]}
    line = {"id": "a", "events": [but(SHELLING_READ, when=None)], "movements": [FLIGHT_READ]}
    gold = written(tmp_path / "gold.jsonl", [article])
    return str(gold), str(written(tmp_path / "pred.jsonl", [line]))


def test_the_command_prints_tables_faults_and_reliability(files, capsys):
    gold, pred = files
    told = ["evaluate", "--readings", gold, "--predictions", pred, "--errors", "5", "--calibration"]
    assert main(told) == 0
    out = capsys.readouterr().out
    assert "marks, lenient        1.000" in out
    assert "0.9-1.0          1   0.90   0.00" in out
    assert "missing date, annotated 2021-05-03" in out


def test_the_command_prints_the_same_as_json(files, capsys):
    gold, pred = files
    told = ["evaluate", "--readings", gold, "--predictions", pred, "--json"]
    assert main([*told, "--errors", "--calibration"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["MARKS_STRICT"]["f1"] == 0
    assert out["MOVEMENTS"]["STRICT"]["f1"] == 1
    assert out["calibration"][0]["answers"] == 1
    assert out["errors"][0]["problems"] == ["date"]


def test_articles_parsed_now_and_predictions_parsed_before_score_the_same(files, tmp_path, capsys):
    gold, _ = files
    pred = str(tmp_path / "parsed.jsonl")
    assert main(["parse", gold, "-o", pred]) == 0
    assert main(["evaluate", "--readings", gold, "--predictions", pred, "--json"]) == 0
    before = capsys.readouterr().out
    assert main(["evaluate", "--readings", gold, "--json"]) == 0
    assert capsys.readouterr().out == before


def test_options_that_do_not_go_together_are_refused(files, capsys):
    gold, pred = files
    for told in (
        ["evaluate", gold, "--predictions", pred],
        ["evaluate", "--readings", gold, "--gold-spans"],
    ):
        assert main(told) == 1
        assert "given with" in capsys.readouterr().err
    for told in (
        ["evaluate"],
        ["evaluate", gold, "--readings", gold],
        ["evaluate", "--errors", gold],
    ):
        with pytest.raises(SystemExit) as stop:
            main(told)
        assert stop.value.code == 2


def test_a_corpus_is_scored_as_json_too(tmp_path, capsys):
    mark = {"start": 29, "end": 34, "lat": 35.9, "lon": 36.6}
    corpus = written(tmp_path / "corpus.jsonl", [{"id": "a", "text": TEXT, "toponyms": [mark]}])
    assert main(["evaluate", str(corpus), "--json", "--calibration", "--errors", "1"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["overlap"].keys() >= {"precision", "recall", "f1", "end_to_end_f1"}
    assert len(out["errors"]) <= 1
