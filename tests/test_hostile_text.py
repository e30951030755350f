"""Texts made to break the reading: no exception, no broken invariant, bounded patterns."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import re
import sys
from re import _constants as opcodes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomap
from geomap.model import day_of
from geomap.quantities import find_figures, read_number
from geomap.text.segment import LONGEST_SENTENCE, MOST_FIGURES, sentences
from geomap.times import find_times

WORDS = (
    "fled",
    "killed",
    "Goma",
    "London.er",
    "the past",
    "next",
    "hours",
    "years ago",
    "hundred and",
    "since June 2024",
    "12,345",
    "on Monday",
    "at 11 pm EDT",
    "early",
    "0001-01-01",
    "9999-12-31",
    "99999999",
    ".",
    "…",
    ";",
    "\n",
    "\t",
    "²",
    "٣",
    "\0",
    "İ",
    "people",
    "ethnic Armenians",
    "(",
    '"',
    "’s",
)
DAYS = (None, dt.date(1000, 1, 1), dt.date(2024, 3, 1), dt.date(2999, 12, 31))


def assert_sound(parsed: geomap.Parsed) -> None:
    text = parsed.document.text
    last = 0
    for toponym in parsed.toponyms:
        assert text[toponym.start : toponym.end] == toponym.name
        assert last <= toponym.start < toponym.end, "toponyms overlap"
        last = toponym.end
    for record in (*parsed.events, *parsed.movements):
        assert record.evidence
        for evidence in record.evidence:
            assert text[evidence.start : evidence.end] == evidence.text
        when = record.when
        if when is not None and when.start is not None and when.end is not None:
            assert day_of(when.start) <= day_of(when.end)


@pytest.mark.parametrize(
    "text",
    [
        "Fighting killed nine in the past 99999999 hours.",
        "Fighting killed nine in the next 99999999 hours.",
        f"Fighting killed nine in the past {'9' * 5000} hours.",
        "Troops came " + "hundred and " * 200 + "people fled.",
        ",".join("123" for _ in range(1500)) + " people fled Goma.",
        " ".join("123" for _ in range(1500)) + " people fled Goma.",
        f"{'7' * 4301} people fled Goma.",
        "A rally was held at London.er mayor.",
        "Since June 2024 some 3,000 people have fled Goma.",
        "At 11 pm EDT on 9999-12-31 people fled; 999 years ago, early in 0001, 40 died.",
    ],
)
@pytest.mark.parametrize("published", DAYS)
def test_a_text_that_once_broke_the_reading_is_read(text: str, published: dt.date | None):
    assert_sound(geomap.parse(text, published=published))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=25).map(" ".join),
    st.sampled_from(DAYS),
)
def test_any_mixture_of_words_is_read_with_sound_records(text: str, published: dt.date | None):
    assert_sound(geomap.parse(text, published=published))


@given(st.text(max_size=300))
def test_a_number_is_read_or_it_is_none(text: str):
    assert read_number(text) is None or read_number(text) < 10**10


def test_toponyms_never_overlap_where_a_demonym_crosses_a_place():
    names = [
        t.name for t in geomap.parse("A rally was held at London.er mayor on Monday.").toponyms
    ]
    assert len(names) == 1


# --- Sentences are bounded


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word ", "12 ", "A, ", "b; ", "x", ". ", "\n", "1,000 ", "  "]),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 200),
)
def test_sentences_are_short_in_order_and_leave_out_only_blanks(units: list[str], times: int):
    text = "".join(units) * times
    spans = sentences(text)
    assert all(s.end - s.start <= LONGEST_SENTENCE for s in spans)
    assert all(len(re.findall(r"\d[\d.,]*", text[s.start : s.end])) <= MOST_FIGURES for s in spans)
    outside, last = "", 0
    for span in spans:
        assert last <= span.start < span.end
        outside, last = outside + text[last : span.start], span.end
    assert not (outside + text[last:]).strip()


def test_a_sentence_that_is_too_long_is_cut_at_the_best_place():
    part = "the village of Testa was shelled and forty people left it for the hills"
    text = "; ".join([part] * 60)
    parts = [text[s.start : s.end] for s in sentences(text)]
    assert len(parts) > 1
    assert all(p.startswith("the village") and p.rstrip(";").endswith("the hills") for p in parts)


def test_an_ordinary_long_sentence_is_not_cut():
    text = "Rebels " + "who came from the hills " * 40 + "took Goma."
    assert len(sentences(text)) == 1


# --- Patterns are bounded

# Modules that the reader of whole articles replaces; their sentences are bounded.
UNBOUNDED = ("geomap.events", "geomap.movements", "geomap.context", "geomap.salience")
MOST_REPEATS = 200


def unbounded(tree: object) -> bool:
    """Tell whether a pattern repeats without a bound and may give back what it took."""
    for code, argument in tree:  # type: ignore[attr-defined]
        if code in (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT):
            _, most, inner = argument
            if most > MOST_REPEATS or unbounded(inner):
                return True
        elif code is opcodes.POSSESSIVE_REPEAT:
            if unbounded(argument[2]):
                return True
        elif code is opcodes.BRANCH:
            if any(unbounded(branch) for branch in argument[1]):
                return True
        elif code in (opcodes.SUBPATTERN, opcodes.ASSERT, opcodes.ASSERT_NOT):
            if unbounded(argument[-1]):
                return True
        elif code is opcodes.ATOMIC_GROUP and unbounded(argument):
            return True
    return False


def patterns_in(value: object) -> list[re.Pattern[str]]:
    if isinstance(value, list | tuple):
        return [p for item in value for p in patterns_in(item)]
    if isinstance(value, dict):
        return patterns_in(list(value.values()))
    return [value] if isinstance(value, re.Pattern) else []


def test_every_pattern_over_text_is_bounded_or_gives_nothing_back():
    found = []
    for module in pkgutil.walk_packages(geomap.__path__, "geomap."):
        if module.name.startswith((*UNBOUNDED, "geomap.__main__")):
            continue
        importlib.import_module(module.name)
        for name, value in vars(sys.modules[module.name]).items():
            found += [
                f"{module.name}.{name}"
                for p in patterns_in(value)
                if isinstance(p.pattern, str) and unbounded(parser.parse(p.pattern, p.flags))
            ]
    assert found == []


@pytest.mark.parametrize(
    "unit", [" ", ".", "in 2020 ", "on 5 May 2020, ", "12 ", "nearly half of "]
)
def test_figures_and_times_of_a_bounded_sentence_are_found_without_error(unit: str):
    text = unit * (LONGEST_SENTENCE // len(unit))
    for span in sentences(text):
        find_figures(text, span.start, span.end)
        find_times(text, span.start, span.end, dt.date(2024, 5, 15))
