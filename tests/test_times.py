from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomap.times import Role, find_times

MONDAY = dt.date(2023, 9, 25)
TIMES = [
    ("on Sunday", "2023-09-24", "2023-09-24", "day"),
    ("last week", "2023-09-18", "2023-09-24", "week"),
    ("launched on Tuesday", "2023-09-19", "2023-09-19", "day"),
    ("in 2020", "2020-01-01", "2020-12-31", "year"),
    ("from 1988 to 1994", "1988-01-01", "1994-12-31", "year"),
    ("between 19 February and 23 March", "2023-02-19", "2023-03-23", "range"),
    ("two days ago", "2023-09-23", "2023-09-23", "day"),
    ("in May", "2023-05-01", "2023-05-31", "month"),
    ("25 September 2022", "2022-09-25", "2022-09-25", "day"),
    ("March 3-7, 2021", "2021-03-03", "2021-03-07", "range"),
    ("last month", "2023-08-01", "2023-08-31", "month"),
    ("yesterday", "2023-09-24", "2023-09-24", "day"),
    ("over the weekend", "2023-09-23", "2023-09-24", "range"),
    ("the 1990s", "1990-01-01", "1999-12-31", "range"),
    ("on 2023-09-19", "2023-09-19", "2023-09-19", "day"),
]


@pytest.mark.parametrize(("text", "start", "end", "precision"), TIMES)
def test_times_are_anchored_on_the_publication(text, start, end, precision):
    (time,) = find_times(text, 0, len(text), MONDAY)
    assert (str(time.when.start), str(time.when.end), time.when.precision.value) == (
        start,
        end,
        precision,
    )


def test_as_of_keeps_the_moment_in_its_zone():
    text = "as of 5 am (01:00 GMT) on Monday"
    (time,) = find_times(text, 0, len(text), MONDAY)
    assert time.role is Role.AS_OF
    assert time.when.as_of == dt.datetime(2023, 9, 25, 1, tzinfo=dt.UTC)


def test_without_a_publication_date_a_relative_time_stays_unresolved():
    (time,) = find_times("on Monday", 0, 9, None)
    assert time.when is None


@pytest.mark.parametrize(
    "text", ["they may leave", "a long march", "31 February 2020", "2,020 people"]
)
def test_words_and_impossible_days_are_no_times(text: str):
    assert [
        t
        for t in find_times(text, 0, len(text), MONDAY)
        if t.when and t.when.precision.value == "day"
    ] == []


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(text: str):
    assert all(0 <= t.start < t.end <= len(text) for t in find_times(text, 0, len(text), MONDAY))


def _table():
    with (Path(__file__).parent / "data" / "times.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_of_expressions_holds_two_hundred():
    assert len(_table()) >= 200


@pytest.mark.parametrize("row", _table(), ids=lambda row: row["text"])
def test_expressions_of_time_are_read(row: dict[str, str]):
    """Published on Wednesday 15 May 2024."""
    text = row["text"]
    time = next(
        t
        for t in find_times(text, 0, len(text), dt.date(2024, 5, 15), future=" will " in text)
        if t.when
    )
    assert (
        str(time.when.start),
        str(time.when.end),
        time.when.precision.value,
        time.role.value,
    ) == (row["start"], row["end"], row["precision"], row["role"])


def test_parts_of_months_cover_the_month_without_overlap():
    days = [
        find_times(f"in {part} April 2023", 0, 40, None)[0].when
        for part in ("early", "mid", "late")
    ]
    assert [(d.start.day, d.end.day) for d in days] == [(1, 10), (11, 20), (21, 30)]
