"""The score of whole articles for a person to read: tables, and every fault in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from geomap.evaluate import events, movements
from geomap.evaluate.measures import Verdict
from geomap.evaluate.readings import (
    ArticleRead,
    EventsRead,
    Mark,
    MovementsRead,
    Readings,
    is_mark,
    is_shown,
)
from geomap.evaluate.records import NO_FIGURE, Figure, ReadEvent, ReadMovement, Span, Spot

_LONGEST: Final = 300  # code points of a sentence that are shown
_NO_SUCH = "no such event"


class Fault(NamedTuple):
    """One thing that is wrong: of which article, which record, in what, and the sentence."""

    doc_id: str
    kind: str  # drawn, missed, movement, missed movement, invented movement
    record: str
    problems: tuple[str, ...]
    details: tuple[str, ...]
    text: str


def readings_table(result: Readings) -> Iterator[str]:
    """Yield the lines of the table of measures."""
    told = result.measures()
    yield f"{told['documents']} articles ({told['missing']} without prediction)"
    if "EVENTS" in told:
        yield f"{'':22}{'precision':23}{'recall':23}F1"
        yield _rates_line("marks, strict", told["MARKS_STRICT"])
        yield _rates_line("marks, lenient", told["MARKS_LENIENT"])
        yield _rates_line("events of any status", told["EVENTS"])
        yield f"{told['marks']} marks, {told['wanted']} wanted"
        yield f"right on pairs: {_fields_line(told['on_pairs'])}"
        yield (
            f"killed and injured exchanged {told['exchanged']}; calibration error of marks"
            f" {told['calibration_error']:.3f}"
        )
    yield from _movement_lines(told["MOVEMENTS"])


def _movement_lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"movements: {told['gold']} annotated, {told['pred']} read, {told['drawn']:.2f} of them"
        f" with a place; {told['false_on_negatives']} read in {told['negatives']} articles"
        " without any"
    )
    yield f"{'':22}{'precision':23}{'recall':23}F1"
    yield _rates_line("movements, found", told["FOUND"])
    yield _rates_line("movements, strict", told["STRICT"])
    yield f"right on pairs: {_fields_line(told['on_pairs'])}"


def _rates_line(name: str, told: Mapping[str, Any]) -> str:
    cells = [f"{told[side]:.3f} {_interval(told, side)}" for side in ("precision", "recall")]
    return f"{name:22}{cells[0]:23}{cells[1]:23}{told['f1']:.3f}"


def _interval(told: Mapping[str, Any], side: str) -> str:
    low_high = told.get(f"{side}_95")
    return f"({low_high[0]:.3f}-{low_high[1]:.3f})" if low_high else ""


def _fields_line(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in shares.items())


def faults_table(found: Sequence[Fault], shown: int) -> Iterator[str]:
    """Yield how often each thing is wrong, then the first faults with their sentences."""
    kinds = Counter((fault.kind, problem) for fault in found for problem in fault.problems)
    yield f"{len(found)} faults; one may be wrong in several things:"
    for (kind, problem), number in kinds.most_common():
        yield f"{number:5} {kind}: {problem}"
    for fault in found[:shown]:
        yield ""
        yield f"{fault.doc_id}: {fault.kind} {fault.record}"
        yield f"    {'; '.join(fault.details or fault.problems)}"
        yield f'    "{fault.text}"'


def faults(result: Readings) -> list[Fault]:
    """Return everything that is wrong, by article.

    Of its events what is drawn and not strictly right, and what should be drawn and is not; of its
    movements what is wrong in figure, ends or status, what was missed and what is invented.
    """
    return [fault for read in result.articles for fault in _of_article(read)]


def _of_article(read: ArticleRead) -> Iterator[Fault]:
    found = [] if read.events is None else [*_of_marks(read.events), *_missed_events(read.events)]
    found += _of_movements(read.movements)
    text = read.article.document.text
    for (kind, record), problems, details, (start, end) in found:
        yield Fault(
            read.article.document.id, kind, record, problems, details, _short(text[start:end])
        )


# Kind and record, problems, details, and where the sentence stands.
_Found = tuple[tuple[str, str], tuple[str, ...], tuple[str, ...], Span]


def _of_marks(read: EventsRead) -> Iterator[_Found]:
    for mark in read.marks:
        if not mark.strict and not mark.free:
            problems, details = _wrong_in(mark)
            yield (
                ("drawn", _event(mark.event, mark.event.places[:1])),
                problems,
                details,
                _sentence(mark.event),
            )


def _wrong_in(mark: Mark) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if mark.pair is None or mark.gold is None:
        return (_NO_SUCH,), ()
    problems = mark.pair.wrong(events.DRAWN)
    if not problems:
        return (f"the event is an {mark.gold.grain}",), ()
    details = (
        f"{_worth(mark.pair.verdicts[name])} {name}, annotated {_EVENT_FIELDS[name](mark.gold)}"
        for name in problems
    )
    return problems, tuple(details)


def _worth(verdict: Verdict | None) -> str:
    return str(verdict or Verdict.WRONG)


def _missed_events(read: EventsRead) -> Iterator[_Found]:
    partner = {pair.gold: read.read[pair.read] for pair in read.pairs}
    for i in sorted(read.wanted):
        event = partner.get(i)
        if event is None or not is_mark(event, read.cut):
            gold = read.gold[i]
            why = ("not read",) if event is None else tuple(_undrawn(event, read.cut))
            yield ("missed", _event(gold, gold.places)), why, (), _sentence(gold)


def _undrawn(event: ReadEvent, cut: float) -> Iterator[str]:
    """Yield why an event that was read is no mark."""
    if not event.current:
        yield f"read as {event.status}"
    if event.grain != "single":
        yield f"read as {event.grain}"
    if not event.places:
        yield "read without a place"
    elif event.places[0].lat is None:
        yield "read with a place that has no point"
    if not is_shown(event, cut):
        yield "read, but not sure enough to be drawn"


def _of_movements(read: MovementsRead) -> Iterator[_Found]:
    for pair in read.pairs:
        movement, gold = read.read[pair.read], read.gold[pair.gold]
        if problems := pair.wrong(movements.STRICT):
            details = tuple(f"{n}: annotated {_MOVEMENT_FIELDS[n](gold)}" for n in problems)
            yield ("movement", _movement(movement)), problems, details, _sentence(gold)
    found = {pair.gold for pair in read.pairs}
    for i, gold in enumerate(read.gold):
        if i not in found:
            yield ("missed movement", _movement(gold)), ("not read",), (), _sentence(gold)
    used = {pair.read for pair in read.pairs}
    for j, movement in enumerate(read.read):
        if j not in used:
            record = ("invented movement", _movement(movement))
            yield record, ("no such movement",), (), _sentence(movement)


def _sentence(record: ReadEvent | ReadMovement) -> Span:
    return record.evidence[0] if record.evidence else (0, 0)


def _event(event: ReadEvent, places: tuple[Spot, ...]) -> str:
    grain = "" if event.grain == "single" else f", {event.grain}"
    score = "" if event.score is None else f", score {event.score:.2f}"
    return f"{event.type} in {_spots(places)}, {event.days.label}, {event.status}{grain}{score}"


def _movement(movement: ReadMovement) -> str:
    ends = (
        ("from", movement.origins),
        ("to", movement.destinations),
        ("within", movement.within),
    )
    where = "".join(f" {word} {_spots(spots)}" for word, spots in ends if spots)
    return f"{movement.kind} of {_figure(movement.figure)}{where}, {movement.status}"


def _spots(spots: tuple[Spot, ...]) -> str:
    return " or ".join(spot.label for spot in spots) or "no place"


def _figure(figure: Figure) -> str:
    if figure == NO_FIGURE:
        return "no figure"
    low, high = figure.minimum, figure.maximum
    if low is not None and low == high:
        return f"{low:,}"
    told = [
        *([f"{figure.value:,}"] if figure.value is not None else ()),
        *([f"at least {low:,}"] if low is not None else ()),
        *([f"at most {high:,}"] if high is not None else ()),
    ]
    return ", ".join(told)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


_EVENT_FIELDS: Final[Mapping[str, Callable[[ReadEvent], str]]] = {
    "type": lambda event: event.type,
    "place": lambda event: _spots(event.places),
    "date": lambda event: event.days.label,
    "status": lambda event: event.status,
}
_MOVEMENT_FIELDS: Final[Mapping[str, Callable[[ReadMovement], str]]] = {
    "quantity": lambda movement: _figure(movement.figure),
    "origins": lambda movement: _spots(movement.origins),
    "destinations": lambda movement: _spots(movement.destinations),
    "status": lambda movement: str(movement.status),
}
