"""Score the events and movements read in whole articles against annotated ones.

A *mark* is an event that the map draws as having happened: shown, occurred or ongoing, no
aggregate, and its first place has a point. It is strictly right when it is one of the annotated
single events that happened, and its type, place, date and status are right; leniently, when its
type is of the same family and its place is right or coarse. Recall is over the annotated single
events that happened and have a place. What two careful readers would not agree on ("hard")
may be right and is never counted wrong or missed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from geomap.errors import OptionError
from geomap.evaluate import events, movements
from geomap.evaluate.articles import Article, Reading, by_article
from geomap.evaluate.calibration import Scored, expected_error, reliability
from geomap.evaluate.measures import Pair, Rates, Verdict, rates, share, share_right
from geomap.evaluate.records import ReadEvent, ReadMovement

_AGGREGATE: Final = "aggregate"
_SINGLE: Final = "single"
_DRAWS: Final = 300  # of the bootstrap; its limits are told to two digits
_SEED: Final = 0
_TAIL: Final = 0.025  # left out on each side of a 95 % interval


class Mark(NamedTuple):
    """An event on the map, and the annotated one that it is, if any."""

    event: ReadEvent
    gold: ReadEvent | None
    pair: Pair | None
    strict: bool
    lenient: bool
    free: bool  # of a hard event, and neither helps nor harms


class Tally(NamedTuple):
    """What is counted of marks; sums over articles."""

    marks: int
    strict: int
    lenient: int
    wanted: int
    strict_found: int
    lenient_found: int

    @property
    def strict_rates(self) -> Rates:
        """Precision and recall of marks that are right in all that they show."""
        return rates(self.strict, self.marks, self.strict_found, self.wanted)

    @property
    def lenient_rates(self) -> Rates:
        """Precision and recall of marks that are about right."""
        return rates(self.lenient, self.marks, self.lenient_found, self.wanted)


@dataclass(frozen=True)
class EventsRead:
    """The events of one article beside the annotated ones."""

    gold: tuple[ReadEvent, ...]
    read: tuple[ReadEvent, ...]
    pairs: tuple[Pair, ...]
    cut: float

    @cached_property
    def wanted(self) -> frozenset[int]:
        """The annotated events that a map must show, by position."""
        return frozenset(
            i for i, e in enumerate(self.gold) if _drawable(e) and e.places and not e.hard
        )

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The events that the map shows."""
        partner = {pair.read: pair for pair in self.pairs}
        return tuple(
            self._mark(event, partner.get(j))
            for j, event in enumerate(self.read)
            if is_mark(event, self.cut)
        )

    def _mark(self, event: ReadEvent, pair: Pair | None) -> Mark:
        if pair is None:
            return Mark(event, None, None, strict=False, lenient=False, free=False)
        gold = self.gold[pair.gold]
        strict = _drawable(gold) and not pair.wrong(events.DRAWN)
        about = pair.verdicts["place"] in (Verdict.RIGHT, Verdict.COARSE)
        free = gold.hard and not strict
        return Mark(event, gold, pair, strict, gold.current and about, free)

    @cached_property
    def tally(self) -> Tally:
        """What is counted of the marks."""
        judged = [mark for mark in self.marks if not mark.free]
        found = [m for m in judged if m.pair is not None and m.pair.gold in self.wanted]
        return Tally(
            marks=len(judged),
            strict=sum(m.strict for m in judged),
            lenient=sum(m.lenient for m in judged),
            wanted=len(self.wanted),
            strict_found=sum(m.strict for m in found),
            lenient_found=sum(m.lenient for m in found),
        )

    @property
    def exchanged(self) -> int:
        """How often the killed were read as injured, or the other way round."""
        return sum(
            events.exchanged(self.gold[pair.gold], self.read[pair.read]) for pair in self.pairs
        )


@dataclass(frozen=True, slots=True)
class MovementsRead:
    """The movements of one article beside the annotated ones."""

    gold: tuple[ReadMovement, ...]
    read: tuple[ReadMovement, ...]
    pairs: tuple[Pair, ...]

    @property
    def strict(self) -> int:
        """How many are right in figure, ends and status."""
        return sum(not pair.wrong(movements.STRICT) for pair in self.pairs)


class ArticleRead(NamedTuple):
    """One article, judged; `events` is None where they are not annotated."""

    article: Article
    events: EventsRead | None
    movements: MovementsRead


@dataclass(frozen=True)
class Readings:
    """All articles, judged; `missing` of them without any prediction."""

    articles: tuple[ArticleRead, ...]
    missing: int

    @cached_property
    def _events(self) -> tuple[EventsRead, ...]:
        return tuple(a.events for a in self.articles if a.events is not None)

    @cached_property
    def scores(self) -> list[Scored]:
        """The scores of the marks that are judged, each with whether it is strictly right."""
        return [
            (mark.event.score, mark.strict)
            for read in self._events
            for mark in read.marks
            if not mark.free and mark.event.score is not None
        ]

    def calibration_error(self) -> float:
        """Return the expected error of a mark's score as the probability that it is right."""
        return expected_error(reliability(self.scores))

    def measures(self) -> dict[str, Any]:
        """Return all measures as JSON values, under the names of the reference judge."""
        events_read = self._event_measures() if self._events else {}
        return {
            "documents": len(self.articles),
            "missing": self.missing,
            **events_read,
            "MOVEMENTS": self._movement_measures(),
        }

    def _event_measures(self) -> dict[str, Any]:
        read = self._events
        tally = _total([r.tally for r in read])
        pairs = [pair for r in read for pair in r.pairs]
        found = rates(
            len(pairs), sum(len(r.read) for r in read), len(pairs), sum(len(r.gold) for r in read)
        )
        low_high = intervals([r.tally for r in read])
        return {
            "marks": tally.marks,
            "wanted": tally.wanted,
            "MARKS_STRICT": tally.strict_rates._asdict() | low_high["strict_rates"],
            "MARKS_LENIENT": tally.lenient_rates._asdict() | low_high["lenient_rates"],
            "EVENTS": found._asdict(),
            "on_pairs": share_right(pairs, events.FIELDS),
            "exchanged": sum(r.exchanged for r in read),
            "calibration_error": self.calibration_error(),
        }

    def _movement_measures(self) -> dict[str, Any]:
        read = [a.movements for a in self.articles]
        pairs = [pair for r in read for pair in r.pairs]
        told = [movement for r in read for movement in r.read]
        annotated = sum(len(r.gold) for r in read)
        strict = sum(r.strict for r in read)
        without = [r for r in read if not r.gold]
        return {
            "gold": annotated,
            "pred": len(told),
            "negatives": len(without),
            "false_on_negatives": sum(len(r.read) for r in without),
            "FOUND": rates(len(pairs), len(told), len(pairs), annotated)._asdict(),
            "STRICT": rates(strict, len(told), strict, annotated)._asdict(),
            "on_pairs": share_right(pairs, movements.FIELDS),
            "drawn": share(sum(m.placed for m in told), len(told)),
        }


def score_readings(
    articles: Sequence[Article], readings: Iterable[Reading], *, cut: float = 0.0
) -> Readings:
    """Return how what was read does beside what was annotated.

    Parameters
    ----------
    articles
        The annotated articles.
    readings
        What was read, in any order; an article without one counts as empty.
    cut
        The score from which an event is drawn that does not itself tell whether it is.

    Raises
    ------
    DocumentError
        When an id stands twice, or what was read belongs to no article.
    OptionError
        When there is no article.

    """
    if not articles:
        raise OptionError("articles", 0, "at least one annotated article")
    read = by_article(articles, readings)
    judged = (_judged(a, read.get(a.document.id, Reading(a.document.id)), cut) for a in articles)
    return Readings(tuple(judged), len(articles) - len(read))


def _judged(article: Article, read: Reading, cut: float) -> ArticleRead:
    told = None
    if article.events is not None:
        pairs = events.pair_events(article.events, read.events)
        told = EventsRead(article.events, read.events, pairs, cut)
    pairs = movements.pair_movements(article.movements, read.movements)
    return ArticleRead(article, told, MovementsRead(article.movements, read.movements, pairs))


def is_mark(event: ReadEvent, cut: float = 0.0) -> bool:
    """Tell whether the map draws an event as a thing that happened at a place."""
    placed = bool(event.places) and event.places[0].lat is not None
    return is_shown(event, cut) and placed and event.current and event.grain != _AGGREGATE


def is_shown(event: ReadEvent, cut: float) -> bool:
    """Tell whether the reader would draw an event, or its score reaches the cut."""
    return (event.score or 0) >= cut if event.shown is None else event.shown


def _drawable(event: ReadEvent) -> bool:
    return event.current and event.grain == _SINGLE


def intervals(tallies: Sequence[Tally]) -> dict[str, dict[str, list[float]]]:
    """Return 95 % intervals of precision and recall, by drawing the articles anew."""
    rng = random.Random(_SEED)  # noqa: S311
    draws = [_total(rng.choices(tallies, k=len(tallies))) for _ in range(_DRAWS)]
    return {
        name: {
            f"{side}_95": _middle([getattr(getattr(draw, name), side) for draw in draws])
            for side in ("precision", "recall")
        }
        for name in ("strict_rates", "lenient_rates")
    }


def _middle(values: list[float]) -> list[float]:
    ranked = sorted(values)
    low, high = int(_TAIL * len(ranked)), int((1 - _TAIL) * len(ranked)) - 1
    return [round(ranked[low], 3), round(ranked[high], 3)]


def _total(tallies: Iterable[Tally]) -> Tally:
    return Tally(*map(sum, zip(*tallies, strict=True)))
