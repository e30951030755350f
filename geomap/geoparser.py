"""The whole chain in one class: text -> toponyms, events and movements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from geomap.context import read_story
from geomap.errors import DocumentError, GeomapError, OptionError, reading
from geomap.events import find_events
from geomap.gazetteer import Gazetteer
from geomap.home import Bias, read_bias
from geomap.model import Document, Parsed, Toponym, read_date
from geomap.movements import find_movements
from geomap.resolve import resolve
from geomap.text.language import language
from geomap.text.segment import dateline, dateline_date
from geomap.toponyms.recognise import Recogniser, find_toponyms

# A book of 300 pages, and seconds; nothing that a person calls an article is longer.
BUDGET: Final = 500_000


class Geoparser:
    """Reads texts with one open gazetteer.

    Parameters
    ----------
    gazetteer
        An open gazetteer; by default the bundled one.
    recogniser
        What finds the names; by default the bundled linear tagger and encoder.
    demonyms
        Whether "Armenian" and "Armenians" are toponyms.
    bias
        What to prefer where the text is silent: ISO 3166-1 alpha-3 codes of countries, points
        `(lon, lat)` or boxes `(west, south, east, north)`.
    budget
        Code points of one document that are read; None reads all. What lies beyond stays in the
        document, and a warning of the record says so. A budget of characters and not of seconds,
        for the same input gives the same output on every machine.

    Raises
    ------
    GazetteerNotFoundError
        When there is no gazetteer.
    OptionError
        For an unknown country or impossible degrees in `bias`, or a budget below 1.

    """

    def __init__(
        self,
        gazetteer: Gazetteer | None = None,
        *,
        recogniser: Recogniser | None = None,
        demonyms: bool = True,
        bias: Sequence[Bias] = (),
        budget: int | None = BUDGET,
    ) -> None:
        if budget is not None and budget < 1:
            raise OptionError("budget", budget, "at least 1 code point, or None for all")
        self.budget = budget
        self.gazetteer = gazetteer or default_gazetteer()
        self.recogniser = recogniser
        self.demonyms = demonyms
        self.bias = read_bias(bias, self.gazetteer)

    def parse(
        self, text: str | Document, *, published: dt.date | dt.datetime | str | None = None
    ) -> Parsed:
        """Return what the text says of places, events and movements.

        Parameters
        ----------
        text
            A text, or a `Document`; offsets of the result point into it as given.
        published
            Publication date (a date, an aware datetime or ISO text); the anchor of "on Monday" and
            "last week".

        Raises
        ------
        DocumentError
            When `text` is no text, or whatever else goes wrong with it: it fails alone.
        OptionError
            When `published` is no date.

        """
        doc = text if isinstance(text, Document) else Document("text", _checked(text))
        day = None if published is None else read_date(published)
        with reading(doc.id):
            return self._parsed(doc, day)

    def _parsed(self, doc: Document, day: dt.date | dt.datetime | None) -> Parsed:
        if day is None and doc.published is not None:
            day = read_date(doc.published)
        day = day or dateline_date(dateline(doc.text))
        doc = replace(doc, published=day, lang=language(doc.text))
        end = _end_of_reading(doc.text, self.budget)
        part = doc if end == len(doc.text) else replace(doc, text=doc.text[:end])
        toponyms = self.toponyms(part)
        story = read_story(part, toponyms)
        return Parsed(
            doc,
            tuple(toponyms),
            tuple(find_events(story)),
            tuple(find_movements(story)),
            _warnings(doc, end),
        )

    def toponyms(self, doc: Document) -> list[Toponym]:
        """Return the resolved toponyms of a document, without its events and movements."""
        return resolve(
            doc,
            find_toponyms(doc, self.gazetteer, recogniser=self.recogniser, demonyms=self.demonyms),
            self.gazetteer,
            bias=self.bias,
        )

    def parse_many(
        self, docs: Iterable[Document]
    ) -> Iterator[Parsed | tuple[Document, GeomapError]]:
        """Yield the result of each document in order.

        A document that fails is yielded with its error and the rest go on.
        """
        for doc in docs:
            try:
                parsed = self.parse(doc)
            except GeomapError as error:
                yield doc, error
                continue
            yield parsed


@cache
def default_gazetteer() -> Gazetteer:
    """Return the bundled gazetteer, opened once a process."""
    return Gazetteer()


def parse(text: str | Document, *, published: dt.date | dt.datetime | str | None = None) -> Parsed:
    """Return what a text says of places, events and movements; see `Geoparser.parse`."""
    return Geoparser().parse(text, published=published)


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise DocumentError("text", f"it is {type(text).__name__}, not str; decode bytes first")
    return text


def _end_of_reading(text: str, budget: int | None) -> int:
    """Return where reading ends: behind the last word that the budget holds."""
    if budget is None or len(text) <= budget:
        return len(text)
    cut = max(text.rfind(blank, 0, budget + 1) for blank in (" ", "\n"))
    return cut if cut > 0 else budget


def _warnings(doc: Document, end: int) -> tuple[str, ...]:
    out = []
    if end < len(doc.text):
        out.append(
            f"only the first {end:,} of {len(doc.text):,} code points were read; split the text, or"
            " raise the budget"
        )
    if doc.lang not in {"en", "und"}:
        out.append(
            f"the text looks like '{doc.lang}'; geomap reads English, what it found here is"
            " incomplete"
        )
    if doc.published is None:
        out.append("no publication date: relative dates such as 'on Monday' stay unresolved")
    return tuple(out)
