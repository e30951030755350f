"""Whole articles with the events and movements that an annotator, or the reader, found in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from geomap.errors import DocumentError
from geomap.evaluate.lines import json_lines
from geomap.evaluate.records import (
    ReadEvent,
    ReadMovement,
    Row,
    gold_event,
    gold_movement,
    read_event,
    read_movement,
)
from geomap.model import Document, Parsed, read_date

_STATEMENT = "statement"  # what somebody merely says; no map draws it


@dataclass(frozen=True, slots=True)
class Article:
    """An annotated article; `events` is None where only its movements are annotated."""

    document: Document
    events: tuple[ReadEvent, ...] | None
    movements: tuple[ReadMovement, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in the article with this id; what is only said is left out."""

    id: str
    events: tuple[ReadEvent, ...] = ()
    movements: tuple[ReadMovement, ...] = ()


def read_articles(path: Path) -> Iterator[Article]:
    """Yield the annotated articles of a file.

    Raises
    ------
    DocumentError
        For a line that is none.

    """
    return json_lines(path, _article, "an annotated article has id, text, events and movements")


def read_readings(path: Path) -> Iterator[Reading]:
    """Yield what a file that `geomap parse` wrote tells of its documents.

    Raises
    ------
    DocumentError
        For a line of another form.

    """
    return json_lines(path, _reading, "it must be a line that `geomap parse` wrote")


def reading_of(parsed: Parsed) -> Reading:
    """Return what was read in a document."""
    events = [event.to_dict() for event in parsed.events]
    movements = [movement.to_dict() for movement in parsed.movements]
    return _reading({"id": parsed.document.id, "events": events, "movements": movements})


def by_article(articles: Iterable[Article], readings: Iterable[Reading]) -> Mapping[str, Reading]:
    """Return what was read by the article's id.

    Raises
    ------
    DocumentError
        When an id stands twice, or what was read belongs to no article.

    """
    known: set[str] = set()
    for article in articles:
        if article.document.id in known:
            raise DocumentError(article.document.id, "two annotated articles have this id")
        known.add(article.document.id)
    out: dict[str, Reading] = {}
    for reading in readings:
        if reading.id in out:
            raise DocumentError(reading.id, "two lines of predictions have this id")
        if reading.id not in known:
            raise DocumentError(reading.id, "predictions for an article that is not annotated")
        out[reading.id] = reading
    return out


def _article(row: Row) -> Article:
    published = row.get("published")
    doc = Document(
        str(row["id"]),
        row["text"],
        **{name: str(row.get(name) or "") for name in ("title", "source", "url")},
        published=read_date(published) if published else None,
    )
    events = row.get("events")
    return Article(
        doc,
        None if events is None else tuple(map(gold_event, events)),
        tuple(map(gold_movement, row["movements"])),
    )


def _reading(row: Row) -> Reading:
    return Reading(
        str(row["id"]),
        tuple(read_event(e) for e in row.get("events") or () if e["type"] != _STATEMENT),
        tuple(map(read_movement, row.get("movements") or ())),
    )
