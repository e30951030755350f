"""A document cut into pieces for reading.

What each piece is, so that a page can mark it and say why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from geomap.model import Event, Evidence, Movement, Parsed, Quantity


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a text: `kind` is place, figure, date, event or movement.

    `label` says what it was read as.
    """

    start: int
    end: int
    kind: str
    label: str
    ref: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text with the marks that cover it; pieces joined give the text back."""

    start: int
    text: str
    marks: tuple[Mark, ...]


def marks_of(parsed: Parsed) -> list[Mark]:
    """Return the marks of a document, by start."""
    out = [
        Mark(
            t.start,
            t.end,
            "place",
            _place_label(
                t.use.value,
                t.place.name if t.place else "",
                t.place.country_name if t.place else "",
                t.reason,
                t.score,
            ),
            f"{t.start}-{t.end}",
        )
        for t in parsed.toponyms
    ]
    records: list[Event | Movement] = [*parsed.events, *parsed.movements]
    for record in records:
        out += _record_marks(record, parsed.document.id)
    return sorted(set(out), key=lambda m: (m.start, -m.end, m.kind, m.ref))


def _place_label(use: str, name: str, country: str, reason: str, score: float) -> str:
    where = ", ".join(dict.fromkeys(filter(None, [name, country])))
    return f"{where} ({use}, score {score:.2f})" if name else f"not resolved: {reason}"


def _best(figure: Quantity) -> int:
    """Return the number to show: the value, else the bound that is told."""
    known = (figure.value, figure.minimum, figure.maximum)
    return next((n for n in known if n is not None), 0)


def _record_marks(record: Event | Movement, doc: str) -> Iterable[Mark]:
    kind = "event" if isinstance(record, Event) else "movement"
    what = record.type.value if isinstance(record, Event) else record.kind.value
    for evidence in record.evidence:
        if evidence.doc_id != doc:
            continue
        yield Mark(
            evidence.start,
            evidence.end,
            kind,
            f"{what.replace('_', ' ')} ({record.status.value})",
            record.id,
        )
        figures = (
            (record.fatalities, record.injuries)
            if isinstance(record, Event)
            else (record.quantity,)
        )
        for figure in figures:
            if figure is not None:
                yield from _within(
                    evidence,
                    figure.text,
                    "figure",
                    f"{figure.quantifier.value.replace('_', ' ')} {_best(figure):,}",
                    record.id,
                )
        if record.when is not None and record.when.text:
            told = record.when.start or record.when.as_of
            yield from _within(
                evidence, record.when.text, "date", str(told)[:10] if told else "no date", record.id
            )


def _within(evidence: Evidence, words: str, kind: str, label: str, ref: str) -> Iterable[Mark]:
    at = evidence.text.find(words) if words else -1
    if at >= 0:
        yield Mark(evidence.start + at, evidence.start + at + len(words), kind, label, ref)


def pieces(parsed: Parsed) -> list[Piece]:
    """Return the text of a document cut at every border of a mark."""
    text, marks = parsed.document.text, marks_of(parsed)
    cuts = sorted({0, len(text), *(m.start for m in marks), *(m.end for m in marks)})
    out, open_marks, at = [], list[Mark](), 0
    for start, end in pairwise(cuts):
        open_marks = [m for m in open_marks if m.end > start]
        while at < len(marks) and marks[at].start <= start:
            if marks[at].end > start:
                open_marks.append(marks[at])
            at += 1
        out.append(Piece(start, text[start:end], tuple(open_marks)))
    return out
