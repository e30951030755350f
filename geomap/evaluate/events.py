"""Events that were read beside annotated ones: which are the same, and what of them is right."""

from __future__ import annotations

from typing import Final

from geomap.evaluate.measures import Pair, Verdict, one_to_one, verdict
from geomap.evaluate.places import compare
from geomap.evaluate.records import Days, ReadEvent, Span, Toll
from geomap.model import EventType

FIELDS: Final = ("type", "place", "date", "status", "killed", "injured")
DRAWN: Final = FIELDS[:4]  # what a mark on the map shows

_FORCE, _UNREST = "force", "unrest"
# One deed may pass under either type, so a pair may be of two types of one family.
_FAMILY: Final = {
    EventType.BATTLE: _FORCE,
    EventType.EXPLOSION: _FORCE,
    EventType.VIOLENCE_AGAINST_CIVILIANS: _FORCE,
    "crime": _FORCE,
    EventType.PROTEST: _UNREST,
    EventType.RIOT: _UNREST,
}
_WITH_STRATEGIC: Final = frozenset({EventType.STRATEGIC.value, _FORCE, _UNREST})
_SLACK_DAYS: Final = 3  # "Monday" of a report and the day of the deed


def pair_events(gold: tuple[ReadEvent, ...], read: tuple[ReadEvent, ...]) -> tuple[Pair, ...]:
    """Return which events that were read are which annotated ones, one to one.

    A pair shares a sentence of evidence and is of one family of types. Of several, those with
    most right fields are taken, then those of the higher score.
    """
    return one_to_one(
        (_rank(verdicts, event), Pair(i, j, verdicts))
        for i, annotated in enumerate(gold)
        for j, event in enumerate(read)
        if related(annotated.type, event.type)
        and share_sentence(annotated.evidence, event.evidence)
        for verdicts in [judge_event(annotated, event)]
    )


def _rank(verdicts: dict[str, Verdict | None], event: ReadEvent) -> tuple[float]:
    told = list(verdicts.values())
    half = 0.5 * (verdicts["place"] is Verdict.COARSE)
    return (told.count(Verdict.RIGHT) + half + 0.01 * (event.score or 0),)


def related(gold: str, read: str) -> bool:
    """Tell whether two types are of one family; strategic goes with force and with unrest."""
    families = {_FAMILY.get(gold, gold), _FAMILY.get(read, read)}
    return len(families) == 1 or (EventType.STRATEGIC in families and families <= _WITH_STRATEGIC)


def share_sentence(gold: tuple[Span, ...], read: tuple[Span, ...]) -> bool:
    """Tell whether the evidence of two records has text in common."""
    return any(max(a, c) < min(b, d) for a, b in gold for c, d in read)


def judge_event(gold: ReadEvent, read: ReadEvent) -> dict[str, Verdict | None]:
    """Return what each field of a pair is worth."""
    return {
        "type": verdict(gold.type == read.type),
        "place": judge_place(gold, read),
        "date": judge_days(gold.days, read.days),
        "status": verdict(gold.status == read.status or (gold.current and read.current)),
        "killed": judge_toll(gold.killed, read.killed),
        "injured": judge_toll(gold.injured, read.injured),
    }


def judge_place(gold: ReadEvent, read: ReadEvent) -> Verdict:
    """Return whether the first place that was read is one of the annotated ones.

    An event that is annotated without a place wants none.
    """
    first = read.places[0] if read.places else None
    if not gold.places:
        return verdict(first is None or not first.resolved)
    if first is None:
        return Verdict.MISSING
    told = {compare(spot, first) for spot in gold.places}
    return next(v for v in (Verdict.RIGHT, Verdict.COARSE, Verdict.WRONG) if v in told)


def judge_days(gold: Days, read: Days) -> Verdict:
    """Return whether two times overlap and are about as long.

    Neither longer than three days or twice the other. Where one is open on a side, a side that
    both know may differ by three days. What no reader can date is right without a date.
    """
    if not gold.known:
        return verdict(not read.known)
    if not read.known:
        return Verdict.MISSING
    if gold.start and gold.end and read.start and read.end:
        shorter, longer = sorted([gold.end - gold.start, read.end - read.start])
        apart = gold.start > read.end or read.start > gold.end
        alike = longer.days + 1 <= max(_SLACK_DAYS, 2 * (shorter.days + 1))
        return verdict(alike and not apart)
    sides = [(a, b) for a, b in zip(gold, read, strict=True) if a and b]
    return verdict(any(abs((a - b).days) <= _SLACK_DAYS for a, b in sides))


def judge_toll(gold: Toll | None, read: Toll | None) -> Verdict | None:
    """Return whether the bounds of a toll agree.

    Asked where the text has a figure in words. Else only a figure made up is wrong: two or more
    where the annotation has none.
    """
    told = gold is not None and gold.bounds != (None, None)
    if gold is None or not told or not gold.in_words:
        made_up = read is not None and max(read.minimum or 0, read.maximum or 0) > 1
        return Verdict.WRONG if made_up and not told else None
    if read is None:
        return Verdict.MISSING
    return verdict(gold.bounds == read.bounds)


def exchanged(gold: ReadEvent, read: ReadEvent) -> bool:
    """Tell whether the killed were read as the injured, or the other way round."""
    killed, injured = _bounds(gold.killed), _bounds(gold.injured)
    crossed = read.killed is not None and read.killed.bounds == injured
    crossed |= read.injured is not None and read.injured.bounds == killed
    return killed != injured and crossed


def _bounds(toll: Toll | None) -> tuple[float | None, float | None] | None:
    return None if toll is None else toll.bounds
