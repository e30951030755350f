from __future__ import annotations

import pytest

import geomap


def parse(text: str, published: str = "2024-05-15") -> geomap.Parsed:
    return geomap.parse(text, published=published)


def names(mentions) -> list[str]:
    return [m.place.name if m.place else m.name for m in mentions]


def test_flight_from_one_place_to_another():
    (m,) = parse("Some 4,000 people fled Goma for Bukavu on Tuesday, the Red Cross said.").movements
    assert (names(m.origins), names(m.destinations), m.quantity.value, m.kind.value) == (["Goma"], ["Bukavu"], 4000, "displacement")


def test_displaced_within_a_place_has_no_invented_ends():
    (m,) = parse("About 50,000 people were displaced in Darfur last month.").movements
    assert (m.origins, m.destinations, names(m.within)) == ((), (), ["Darfur"])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Officials fear that 10,000 people could flee Rafah.", "expected"),
        ("The army ordered 10,000 residents to evacuate Rafah.", "planned"),
        ("Some 10,000 residents fled Rafah.", "occurred"),
        ("More than 10,000 residents fled Rafah in 2014.", "background"),
    ],
)
def test_expected_planned_and_past_are_not_what_happened(text: str, status: str):
    assert [m.status.value for m in parse(text).movements] == [status]


@pytest.mark.parametrize(
    "text",
    [
        "About 300 soldiers fled the front near Bakhmut.", "The suspect fled the scene in Paris.", "The president arrived in Nairobi for talks.",
        "Fans were moved to tears in Madrid.", "Shares fled to safety as 2,000 points were lost.",
    ],
)  # fmt: skip
def test_fighters_suspects_trips_and_idiom_are_no_movements(text: str):
    assert parse(text).movements == ()


def test_the_same_figure_told_twice_is_one_record():
    parsed = parse("Some 4,000 people fled Goma on Monday. In all, some 4,000 people fled Goma, the mayor said.")
    assert [len(m.evidence) for m in parsed.movements] == [2]


def test_an_event_is_where_it_happened_not_where_the_speaker_is():
    parsed = parse("Kyiv said that a drone strike in Odesa killed at least 12 people on Monday.")
    strike = next(e for e in parsed.events if e.type.value in {"explosion", "violence_against_civilians"})
    assert names(strike.places)[0] == "Odesa"
    assert (strike.fatalities.value, strike.fatalities.minimum) == (12, 12)


@pytest.mark.parametrize("text", ["A price war broke out between airlines in Texas.", "She lost her battle with cancer in Boston.", "He suffered a heart attack in Rome."])
def test_figures_of_speech_are_no_fighting(text: str):
    assert not [e for e in parse(text).events if e.type.value in {"battle", "violence_against_civilians"}]


def test_a_text_without_events_gives_none():
    assert parse("The weather in Paris was mild.").events == ()
