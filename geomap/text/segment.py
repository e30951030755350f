"""Sentences, tokens and the dateline, with offsets that never drift.

Nothing is normalised or copied.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


class Token(NamedTuple):
    """A word, number or mark with its offsets."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dateline:
    """Where and when a report says it was written: "Baku [Azerbaijan], September 25 :"."""

    start: int
    end: int
    places: tuple[Span, ...]
    month: int | None = None
    day: int | None = None
    year: int | None = None


# A word keeps inner apostrophes and periods of abbreviations ("U.S.", "N.M."); hyphens part words
# and are tokens.
_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}+|[^\W\d_]\.[^\W\d_](?!\w)|[^\W\d_](?:[^\W_]|['’ʻʼ`](?=[^\W\d_])"
    r"|[̀-ͯ])*+|\d++(?:[.,]\d++)*+[^\W_]*+|[^\w\s]|_"
)
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
# Runs are taken whole or not at all, from their first mark on: a line of dots costs its length.
_BREAK = re.compile(
    r"(?<![.!?…])[.!?…]++[\"”’')\]]{0,9}(?=\s)|\n(?:[^\S\n]*+\n)*+|\r\n?|[。！？।۔]"
)
LONGEST_SENTENCE = 2_000  # code points; sentences of news end before 700, pasted tables do not
MOST_FIGURES = 40  # in one sentence
_NUMBER = re.compile(r"\d[\d.,]*+")
# Where a sentence that is too long is cut, the best first; the cut lies behind the match.
_CUTS = tuple(
    re.compile(mark) for mark in (r"[;•|](?=\s)", r",(?=\s[^\W\d_a-z])", r"[:,](?=\s)", r"\s")
)
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof gen col lt sgt capt maj gov sen rep pres st ste mt ft rev hon jr sr inc ltd
    co corp vs etc no nos vol jan feb mar apr jun jul aug sep sept oct nov dec ala ariz ark calif
    colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa tenn
    tex va vt wash wis wyo ont que alta sask approx dept est fig brig cmdr adm u.s u.k u.n
    """.split()
)
MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_NAME = (
    r"[^\W\d_][\w'’.-]{0,60}(?:[ -](?:of|de|al|el|the|la|del|da|do|e|y)?[ -]?"
    r"[^\W\d_][\w'’.-]{0,60}){0,3}"
)
_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_DATELINE = re.compile(
    rf"\s{{0,9}}(?P<first>{_NAME})(?:\s{{0,9}}/\s{{0,9}}(?P<second>{_NAME}))?(?:\s{{0,9}}[\[(]\s{{0,9}}(?P<country>{_NAME})"
    rf"\s{{0,9}}[\])]|,\s{{0,9}}(?P<region>{_NAME}))?"
    rf"(?:,?\s{{0,9}}(?:(?P<month>{_MONTH})\s{{1,9}}(?P<day>\d{{1,2}})"
    rf"|(?P<day2>\d{{1,2}})\s{{1,9}}(?P<month2>{_MONTH}))(?:,?\s{{0,9}}(?P<year>(?:19|20)\d\d))?)?"
    r"\s{0,9}(?P<agency>\([^()\n]{2,30}\))?\s{0,9}(?P<mark>:|--|—|–|-(?=\s))",
    re.IGNORECASE,
)
_DATELINE_REACH = 140  # code points; a dateline opens the text


def possessive_cut(word: str) -> int:
    """Return the length of `word` without a possessive ending."""
    found = _POSSESSIVE.search(word)
    return found.start() if found else len(word)


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens of `text[start:end]`; a possessive "'s" is a token of its own."""
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        word, at = match.group(), match.start()
        cut = possessive_cut(word)
        yield Token(word[:cut], at, at + cut)
        if cut < len(word):
            yield Token(word[cut:], at + cut, match.end())


def sentences(text: str) -> list[Span]:
    """Return the sentences of `text` in order, without surrounding white space."""
    spans, start = [], 0
    for match in _BREAK.finditer(text):
        if match.group()[0] in ".!?…" and not _ends_sentence(text, start, match):
            continue
        spans.append(_trimmed(text, start, match.end()))
        start = match.end()
    spans.append(_trimmed(text, start, len(text)))
    return [part for span in spans if span.end > span.start for part in _cut(text, span)]


def _cut(text: str, span: Span) -> Iterator[Span]:
    """Yield a sentence in parts of bounded length and number of figures, cut at the best places.

    What looks at a sentence looks at pairs of what stands in it: this keeps a list or table
    without stops from costing the square of its length.
    """
    while (limit := _limit(text, span)) < span.end:
        at = _place_to_cut(text, span.start, limit)
        yield _trimmed(text, span.start, at)
        span = _trimmed(text, at, span.end)
    if span.end > span.start:
        yield span


def _limit(text: str, span: Span) -> int:
    """Return the offset that the next part must not pass."""
    end = min(span.end, span.start + LONGEST_SENTENCE)
    further = next(islice(_NUMBER.finditer(text, span.start, end), MOST_FIGURES, None), None)
    return end if further is None else further.start()


def _place_to_cut(text: str, start: int, limit: int) -> int:
    middle = (start + limit) // 2
    for mark in _CUTS:
        cuts = [found.end() for found in mark.finditer(text, middle, limit)]
        if cuts:
            return cuts[-1]
    return limit


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    rest = text[match.end() : match.end() + 12].lstrip()
    if not rest or text[match.end()] in "\r\n":
        return True
    if rest[0].islower() or rest[0] in ",;":
        return False
    if match.group() != ".":
        return True
    word = text[max(start, match.start() - 16) : match.start()].rpartition(" ")[2].strip("(\"“‘'[")
    single_initial = len(word) == 1 and word.isupper()
    dotted = "." in word and all(len(part) == 1 for part in word.split("."))
    return not (single_initial or dotted or word.casefold() in _ABBREVIATIONS)


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def dateline(text: str) -> Dateline | None:
    """Return the dateline that opens `text`, or None.

    A line of words and a colon is a dateline only with a date, an agency, or a name in capitals or
    brackets before a dash.
    """
    match = _DATELINE.match(text, 0, _DATELINE_REACH)
    if match is None or not match["first"][:1].isupper():
        return None
    month = match["month"] or match["month2"]
    capitals = match["first"].isupper() and len(match["first"]) > 2
    if not (month or match["agency"] or ((capitals or match["country"]) and match["mark"] != ":")):
        return None
    spans = tuple(
        Span(*match.span(name)) for name in ("first", "second", "country", "region") if match[name]
    )
    day = match["day"] or match["day2"]
    return Dateline(
        match.start("first"),
        match.end(),
        spans,
        month=MONTHS[month.rstrip(".").casefold()] if month else None,
        day=int(day) if day else None,
        year=int(match["year"]) if match["year"] else None,
    )


def dateline_date(line: Dateline | None) -> dt.date | None:
    """Return the full date of a dateline.

    None when it gives no year, for a year is never guessed.
    """
    if line is None or line.year is None or line.month is None or line.day is None:
        return None
    try:
        return dt.date(line.year, line.month, line.day)
    except ValueError:
        return None
