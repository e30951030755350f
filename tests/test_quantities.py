from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomap.quantities import find_figures, read_number

FIGURES = [
    ("More than 2,900 persons crossed", 2900, 2900, None, "more_than"),
    ("about 1,20,000 inhabitants", 120000, None, None, "about"),
    ("thousands of villagers", None, 2000, None, "vague"),
    ("tens of thousands of refugees", None, 20000, None, "vague"),
    ("dozens of families", None, 24, None, "vague"),
    ("10,000 to 12,000 people", None, 10000, 12000, "range"),
    ("between 5,000 and 6,000 refugees", None, 5000, 6000, "range"),
    ("up to 3 million people", None, None, 3000000, "up_to"),
    ("as many as 700 residents", None, None, 700, "up_to"),
    ("nearly 93,000 people", 93000, None, 93000, "nearly"),
    ("at least 310 households", 310, 310, None, "at_least"),
    ("2.5 lakh people", 250000, 250000, 250000, "exact"),
    ("1.2 crore people", 12000000, 12000000, 12000000, "exact"),
    ("half a million people", 500000, 500000, 500000, "exact"),
    ("two hundred and fifty thousand residents", 250000, 250000, 250000, "exact"),
    ("12.000 persons", 12000, 12000, 12000, "exact"),
    ("120 000 people", 120000, 120000, 120000, "exact"),
    ("20,000-plus people", 20000, 20000, None, "more_than"),
    ("200k people", 200000, 200000, 200000, "exact"),
    ("a dozen families", 12, 12, 12, "exact"),
]


@pytest.mark.parametrize(("text", "value", "minimum", "maximum", "quantifier"), FIGURES)
def test_figures_of_people_are_read(text, value, minimum, maximum, quantifier):
    (figure,) = find_figures(text)
    q = figure.quantity
    assert (q.value, q.minimum, q.maximum, q.quantifier.value) == (
        value,
        minimum,
        maximum,
        quantifier,
    )


@pytest.mark.parametrize(
    "text",
    [
        "in 2020 after the war",
        "as of 5 am (01:00 GMT) on Monday",
        "for $5 million",
        "a 12-year-old",
        "25 per cent of it",
        "September 25, 2023",
        "since the 1990s",
        "NaN people",
        "Resolution 1325",
    ],
)
def test_years_times_money_ages_and_shares_are_no_figures(text: str):
    assert find_figures(text) == []


def test_a_number_of_400_digits_is_none_of_people():
    assert find_figures("9" * 400 + " people fled") == []


@given(st.integers(min_value=1000, max_value=9_999_999_999))
def test_any_whole_number_is_read_back_in_every_grouping(n: int):
    western = f"{n:,}"
    head, tail = str(n)[:-3], str(n)[-3:]
    pairs = [head[max(0, i - 2) : i] for i in range(len(head), 0, -2)][::-1]
    indian = ",".join([*pairs, tail])
    assert {
        read_number(s)
        for s in (str(n), western, western.replace(",", "."), western.replace(",", " "), indian)
    } == {n}


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(text: str):
    assert all(0 <= f.start < f.end <= len(text) for f in find_figures(text))


def _table():
    with (Path(__file__).parent / "data" / "quantities.tsv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_table_of_expressions_holds_two_hundred():
    assert len(_table()) >= 200


@pytest.mark.parametrize("row", _table(), ids=lambda row: row["text"])
def test_expressions_of_figures_are_read(row: dict[str, str]):
    found = [f.quantity for f in find_figures(row["text"])]
    if row["unit"] == "none":
        assert found == []
        return
    wanted = tuple(
        int(row[side]) if row[side] else None for side in ("value", "minimum", "maximum")
    )
    assert (found[0].value, found[0].minimum, found[0].maximum) == wanted
    assert found[0].unit == row["unit"]
