from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomap
import geomap.geoparser
from geomap.home import Area, home_of
from geomap.model import Parsed
from geomap.toponyms import encoder, tagger, wordpiece


def places(text: str, **options) -> dict[str, str]:
    parsed = geomap.Geoparser(**options).parse(text)
    return {t.name: t.place.id if t.place else "" for t in parsed.toponyms}


def test_us_with_periods_is_not_canada():
    assert places("Officials in the U.S. said the talks had failed.")["U.S."] == "geonames:6252001"


def test_long_beach_ca_is_in_california():
    parsed = geomap.parse("A man from Long Beach, CA was arrested on Friday.")
    assert (
        next(t.place.admin1_name for t in parsed.toponyms if t.name == "Long Beach") == "California"
    )


def test_bangor_maine_and_the_state_of_oklahoma():
    assert (
        next(
            t.place.admin1_name
            for t in geomap.parse("She lives in Bangor, Maine.").toponyms
            if t.name == "Bangor"
        )
        == "Maine"
    )
    assert places("Tornadoes struck Oklahoma and Kansas.")["Oklahoma"] == "geonames:4544379"


def test_a_continent_or_its_people_is_no_mine_or_village():
    assert places("European leaders met in Western Europe.") == {
        "European": "geonames:6255148",
        "Western Europe": "geomap:western-europe",
    }


def test_one_unknown_name_does_not_empty_the_result():
    parsed = geomap.parse("Families fled from Zxqvillage to Goma in Congo after the fighting.")
    assert any(t.place is not None for t in parsed.toponyms)
    assert all(t.reason for t in parsed.toponyms if t.place is None)


def test_wars_outlets_and_persons_are_no_places():
    found = places(
        "Paris Hilton told the Washington Post about the First Karabakh War. Jordan Henderson plays"
        " for Manchester United."
    )
    assert "Karabakh" not in found
    assert "Washington" not in found


def test_demonyms_can_be_left_out():
    assert places("Armenian families left the town of Goris.", demonyms=False).keys() == {"Goris"}


def test_native_script_names_are_found_as_they_stand():
    assert places("Жители покинули Степанакерт.")["Степанакерт"] == "geonames:146970"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_offsets_point_into_the_text_as_given(text: str):
    parsed = geomap.parse(text)
    assert parsed.document.text == text
    assert all(text[t.start : t.end] == t.name for t in parsed.toponyms)
    assert all(
        text[e.start : e.end] == e.text
        for r in (*parsed.events, *parsed.movements)
        for e in r.evidence
    )


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "\0\0", "x" * 100_000, "Goma, " * 2_000, "👩‍👩‍👧 بغداد \r\n Paris", "1 2 3 4 5"],
)
def test_odd_texts_give_an_honest_result(text: str):
    parsed = geomap.parse(text)
    assert all(text[t.start : t.end] == t.name for t in parsed.toponyms)


def test_results_survive_the_round_trip(seed: Parsed):
    assert Parsed.from_dict(json.loads(json.dumps(seed.to_dict()))) == seed


def test_same_input_same_output(seed: Parsed):
    assert geomap.parse(seed.document) == seed


def test_a_date_that_is_none_names_the_value():
    with pytest.raises(geomap.OptionError, match="yesterday"):
        geomap.parse("Nothing", published="yesterday")


def test_a_naive_datetime_counts_as_its_day():
    naive = dt.datetime(2023, 9, 25, 5)  # noqa: DTZ001 - naive is the point
    assert geomap.parse("Nothing", published=naive).document.published == dt.date(2023, 9, 25)


def test_bytes_are_refused():
    with pytest.raises(geomap.DocumentError, match="bytes"):
        geomap.parse(b"Baku")  # type: ignore[arg-type]


def test_another_recogniser_can_take_the_place_of_the_bundled_one():
    class Fixed:
        def recognise(self, texts):
            return [[(0, 4, 1.0)] for _ in texts]

    assert places("Baku and Goris", recogniser=Fixed()) == {"Baku": "geonames:587084"}


def test_usa_is_no_building_and_the_united_kingdom_not_the_united_states():
    found = places("The delegation flew from the USA to the United Kingdom.")
    assert found["USA"] == "geonames:6252001"
    assert found["United Kingdom"] == "geonames:2635167"


def test_western_europe_is_not_germany_and_albany_not_albania():
    parsed = geomap.parse("Aid from Western Europe reached the city of Albany, New York.")
    found = {t.name: t.place for t in parsed.toponyms}
    assert found["Western Europe"] is not None
    assert found["Western Europe"].kind == "region"
    assert found["Albany"] is not None
    assert found["Albany"].country == "USA"


def test_an_unknown_village_survives_beside_its_country():
    parsed = geomap.parse("Soldiers burned homes in Kawumu in Uganda.")
    assert {t.name: t.place.country if t.place else None for t in parsed.toponyms}[
        "Uganda"
    ] == "UGA"
    assert "Kawumu" in {t.name for t in parsed.toponyms}


def test_a_missing_gazetteer_is_an_error_and_no_empty_list(tmp_path):
    with pytest.raises(geomap.GazetteerNotFoundError):
        geomap.Gazetteer(tmp_path)


def test_a_new_romanisation_is_found_where_the_document_speaks_of_its_country():
    parsed = geomap.parse("Shelling hit Ma'arat en-Nuumaan and Idlib in northern Syria on Tuesday.")
    place = next(t.place for t in parsed.toponyms if t.name.startswith("Ma'arat"))
    assert place is not None
    assert place.admin1_name == "Idlib"


def test_a_facility_without_an_entry_is_near_the_town_it_is_told_with():
    parsed = geomap.parse(
        "Wounded people were taken to Al-Nour Memorial Hospital in Goma overnight."
    )
    hospital = next((t for t in parsed.toponyms if "Hospital" in t.name), None)
    if (
        hospital is not None
        # the recogniser may leave facilities out; when it finds one it is placed near the town and
        # says
        # so
    ):
        assert hospital.place is not None
        assert hospital.place.precision == "near"
        assert "beside" in hospital.reasons[0]


def test_scores_are_probabilities_and_reasons_are_words(seed: Parsed):
    for toponym in seed.toponyms:
        assert 0 <= toponym.score <= 1
        assert toponym.place is not None or toponym.reason


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=120))
@settings(max_examples=60, deadline=None)
def test_windows_of_the_encoder_hold_every_word_once(text: str):
    gaz = geomap.geoparser.default_gazetteer()
    sentences = list(tagger.prepared("In Goma " + text, gaz))
    _, pieces = encoder.loaded()
    held = [
        (number, at)
        for window in wordpiece.windows(sentences, pieces, [True] * len(sentences))
        for number, at, _ in window.words
    ]
    assert held == [
        (number, at)
        for number, sentence in enumerate(sentences)
        for at in range(len(sentence.words))
    ]
    assert all(
        len(window.pieces) <= wordpiece.WINDOW + 1
        for window in wordpiece.windows(sentences, pieces, [True] * len(sentences))
    )


@pytest.mark.parametrize(
    ("bias", "country"),
    [
        ([], "LBY"),
        (["LBN"], "LBN"),
        ([(35.8, 34.4)], "LBN"),
        (["35.8,34.4"], "LBN"),
        (["35,33,37,35"], "LBN"),
        ([(35, 33, 37, 35)], "LBN"),
    ],
)
def test_a_stated_interest_decides_where_the_text_is_silent(bias, country: str):
    (toponym,) = (
        geomap.Geoparser(bias=bias).parse("Three people were shot in Tripoli on Monday.").toponyms
    )
    assert toponym.place.country == country


def test_the_text_outweighs_the_interest():
    found = {
        t.name: t.place.country
        for t in (
            geomap.Geoparser(bias=["LBN"])
            .parse("Three people were shot in Tripoli, Libya, on Monday.")
            .toponyms
        )
    }
    assert found["Tripoli"] == "LBY"


@pytest.mark.parametrize("bias", [["XXX"], ["200,10"], [(1.0, 2.0, 3.0)]])
def test_an_impossible_interest_names_the_value(bias):
    with pytest.raises(geomap.OptionError, match="bias"):
        geomap.Geoparser(bias=bias)


def test_the_outlets_home_decides_where_the_text_is_silent():
    text = "Police closed roads in Lancaster on Monday."
    british = geomap.Geoparser().parse(
        geomap.Document("x", text, url="https://www.example.co.uk/1")
    )
    american = geomap.Geoparser().parse(geomap.Document("x", text, source="Pittsburgh Tribune"))
    assert [t.place.country for t in british.toponyms] == ["GBR"]
    assert [t.place.country for t in american.toponyms] == ["USA"]
    assert home_of(geomap.Document("x", "", source="Times of India"), geomap.Gazetteer()).countries
    assert home_of(geomap.Document("x", "", source="The Guardian"), geomap.Gazetteer()) == Area()


def test_a_text_beyond_its_budget_is_read_to_a_word_and_says_so():
    text = "Shelling hit Goma on Monday. " * 3 + "Fighting broke out in Bukavu on Tuesday."
    parsed = geomap.Geoparser(budget=40).parse(text, published="2024-05-15")
    assert parsed.document.text == text
    assert {t.name for t in parsed.toponyms} == {"Goma"}
    assert "only the first 37 of 127 code points were read" in parsed.warnings[0]
    assert "Bukavu" in {t.name for t in geomap.Geoparser(budget=None).parse(text).toponyms}
    assert not any("code points" in w for w in geomap.parse(text).warnings)


def test_a_budget_below_one_is_an_error():
    with pytest.raises(geomap.OptionError, match="budget is 0"):
        geomap.Geoparser(budget=0)
