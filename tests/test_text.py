from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomap.text.language import language
from geomap.text.segment import dateline, dateline_date, sentences, tokens


@given(st.text(max_size=400))
def test_tokens_and_sentences_never_drift(text: str):
    assert all(text[t.start : t.end] == t.text for t in tokens(text))
    spans = sentences(text)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(one.end <= two.start for one, two in itertools.pairwise(spans))
    covered = "".join(text[a:b] for a, b in spans)
    assert "".join(covered.split()) == "".join(text.split())


def test_abbreviations_do_not_end_a_sentence():
    text = "Gen. Aram Petrosyan left Washington, D.C. on Monday. U.S. officials had no comment."
    assert [text[a:b] for a, b in sentences(text)] == [
        "Gen. Aram Petrosyan left Washington, D.C. on Monday.",
        "U.S. officials had no comment.",
    ]


@pytest.mark.parametrize(
    ("text", "places", "day"),
    [
        ("Goris [Armenia], March 3 : Buses came", ["Goris", "Armenia"], (3, 3)),
        ("KASSALA, Sudan (Wire) - Fighting", ["KASSALA", "Sudan"], None),
        ("GENEVA, 4 May 2021 – Aid", ["GENEVA"], (5, 4)),
    ],
)
def test_datelines_give_place_and_day(text: str, places: list[str], day: tuple[int, int] | None):
    line = dateline(text)
    assert line is not None
    assert [text[a:b] for a, b in line.places] == places
    assert (line.month, line.day) == (day or (None, None))


def test_a_sentence_with_a_colon_is_no_dateline():
    assert dateline("The minister put it so: nobody will leave.") is None


def test_the_year_of_a_dateline_is_never_guessed():
    assert dateline_date(dateline("Baku, September 25 : Talks")) is None
    assert dateline_date(dateline("GENEVA, 4 May 2021 – Aid")) == dt.date(2021, 5, 4)


def test_languages_are_told_apart():
    assert language("The people of the town said that they were afraid of the shelling.") == "en"
    assert (
        language("Les habitants de la ville ont fui vers le sud et la frontière est fermée.")
        == "fr"
    )
    assert language("Жители города бежали на юг.") == "ru"
