"""What a sentence says around a trigger, for events and movements alike.

Clause, places, times, status and who says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from geomap.model import (
    Basis,
    DatePrecision,
    Document,
    Event,
    Evidence,
    Kind,
    Mention,
    Movement,
    Status,
    Toponym,
    Use,
    When,
    day_of,
)
from geomap.text.segment import Dateline, Span, dateline, sentences
from geomap.times import Time, find_times

BACKGROUND_DAYS = 300  # GUIDE: "about a year or more before publication"
_FUTURE = re.compile(
    r"\b(?:will|to be held|scheduled|is set to|are set to|plans? to|going to|is due to|are due"
    r" to)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[;:—–()\"“”]|,\s+(?:which|who|where|while|but|and|after|as|when|although|though|with"
    r"|before|prior|following|including)\b|\s(?:even"
    r" as|after|while|whereas|although|because|before|as(?= \w+ (?:of|\w+ed)))\s",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|(?:did|do|does|has|have|had|was|were|is|are) not(?!"
    r" only)|n[o']t|never|refus(?:e|es|ed|ing) to|no (?:one|plans?|intention)|rul(?:es|ed|ing)"
    r" out|without)\b[^.;]{0,40}$",
    re.IGNORECASE,
)
_EXPECTED = re.compile(
    r"\b(?:expect(?:s|ed|ing)?|anticipat\w+|could|may(?="
    r" [a-z])|might|fear(?:s|ed|ing)?|predict\w*|forecast\w*|likely|at risk"
    r" of|project(?:s|ed)?|potential(?:ly)?|warn(?:s|ed|ing)?(?="
    r" (?:that|of))|(?:threat|prospect|danger) of|brac\w+ for|prepar\w+ for|if|possible|estimates?"
    r" that [^.]{0,30}would)\b[^.;]{0,110}$",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:will|shall|is to|are to|was to|were to|to be|plan(?:s|ned|ning)?"
    r" (?:to|for|on)|order(?:s|ed|ing)?|urg(?:e|es|ed|ing)|told|call(?:s|ed|ing)?"
    r" (?:on|for)|ask(?:s|ed|ing)?|agreed to (?!an?\b|the\b)|must|should|intend\w*|set to|going"
    r" to|due to"
    r" (?=\w+(?:\s|$))|schedul\w+|threaten\w*|advis\w+|instruct\w+|allow(?:s|ed|ing)?"
    r"|permit\w*|want(?:s|ed)?"
    r" to|wish(?:es|ed)? to|vow(?:s|ed)? to|propos\w+|need(?:s|ed)? to|hop(?:e|es|ed|ing)"
    r" to|recommend\w*|mandatory|demand\w*)\b[^.;]{0,70}$",
    re.IGNORECASE,
)
_ONGOING = re.compile(
    r"\b(?:continu(?:e|es|ed|ing) (?:to|in|their)?|(?:is|are|been|being|have been|has been)"
    r" (?:still )?(?=\w+ing\b)|still|keep|kept|begun to|remain(?:s|ed)?)\s*\w{0,12}\s*$",
    re.IGNORECASE,
)
_NARRATED = re.compile(
    r"\b(?:in (?:1[5-9]\d\d|200\d|201\d)|centur(?:y|ies)|decades? ago|historically|during the"
    r" (?:first|second|civil|cold) )",
    re.IGNORECASE,
)
_SPEECH = (
    r"(?:said|says|stated|states|reported|reports|told|announced|announces|estimated|estimates"
    r"|added|adds|confirmed|confirms|claimed|claims|warned|warns|noted|declared|tweeted|wrote"
    r"|anticipated|anticipates|predicted|predicts|fears?|feared|expects?|put"
    r" the|according to)"
)
_TITLE = (
    r"(?:Prime Minister|President|Foreign Minister|Defen[cs]e Minister|Interior"
    r" Minister|Minister|Governor|Mayor|General|Gen\.|Col\.|Colonel|Spokes(?:man|woman|person)"
    r"|Secretary[-"
    r" ]General|Deputy \w+|High Commissioner)\s+"
)
_NAMED = (
    r"(?:the"
    r" )?(?:[A-Z][\w’'.-]*)(?:\s+(?:of|for|the|and|de|al|el|bin|on"
    r"|in)\s+(?=[A-Z]))?(?:\s+[A-Z][\w’'.-]*){0,6}"
)
_ROLE_NOUN = (
    r"(?:the"
    r" )?(?:[\w’'-]+\s){0,3}(?:officials?|authorities|government|ministry|agency|agencies"
    r"|police|administration|army|military|spokes(?:man|woman|person)|witness(?:es)?|residents"
    r"|activists|sources|media|groups?|minister|governor|mayor|commander|rescuers"
    r"|organi[sz]ations?|workers)"
)
_SAYER = re.compile(
    rf"(?P<who>{_TITLE}{_NAMED}|{_NAMED}|{_ROLE_NOUN})(?:,[^,]{{2,60}},)?\s+(?:has |have |had |also"
    rf" )?{_SPEECH}\b"
)
_ACCORDING = re.compile(
    r"\b(?:according to|as reported by|figures from|data from|reported"
    r" by|quoting|citing)\s+(?:(?:a|an|the)\s+)?(?:(?:statement|report|figures?|data"
    r"|estimates?|update|situation"
    r" report|officials?)\s+(?:from|of|by|at|released by|in)\s+)?(?P<who>[^,.;()\n\"“”]{2,80})",
    re.IGNORECASE,
)
_COREFERENCE = re.compile(
    r"\b(?P<noun>(?:the|this|that)\s+(?:\w+\s+)?(?P<head>area|region|territory|enclave|exclave"
    r"|city|town|village|country|province|state|district|island|camp|strip|peninsula)"
    r"|there(?=\s*[,.;]|\s+(?:on|in|since|after|as|by|for)\b)|(?:their|his|her)"
    r" (?:homes?|villages?|towns?|country|homeland|land))\b(?!\s+of\s+[A-Z])(?!['’]s)",
    re.IGNORECASE,
)
_KINDS_OF = {
    "area": (Kind.DISPUTED_AREA, Kind.REGION, Kind.ADMIN1, Kind.ADMIN2, Kind.SETTLEMENT),
    "city": (Kind.SETTLEMENT,),
    "town": (Kind.SETTLEMENT,),
    "village": (Kind.SETTLEMENT,),
    "country": (Kind.COUNTRY,),
    "homeland": (Kind.COUNTRY,),
    "state": (Kind.ADMIN1, Kind.COUNTRY),
    "province": (Kind.ADMIN1,),
    "district": (Kind.ADMIN2, Kind.ADMIN1),
    "island": (Kind.TERRAIN, Kind.ADMIN1),
    "camp": (Kind.SITE,),
    "strip": (Kind.DISPUTED_AREA,),
    "peninsula": (Kind.DISPUTED_AREA, Kind.REGION, Kind.TERRAIN),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document with the places, times and back-references in it."""

    span: Span
    text: str
    toponyms: tuple[Toponym, ...]
    times: tuple[Time, ...]
    coreferences: tuple[Mention, ...]

    def evidence(self, doc: Document) -> Evidence:
        """Return the sentence as evidence."""
        return Evidence(doc.id, self.span.start, self.span.end, self.text)

    def clause(self, start: int, end: int) -> Span:
        """Return the clause around `start`..`end` (code points of the document)."""
        low, high = self.span
        for match in _CLAUSE.finditer(self.text):
            at = self.span.start + match.start()
            if at <= start and self.span.start + match.end() <= start:
                low = at
            elif at >= end:
                high = at
                break
        return Span(low, high)


@dataclass(frozen=True, slots=True)
class Story:
    """A document cut into sentences, with its dateline and the place it is mostly about."""

    doc: Document
    sentences: tuple[Sentence, ...]
    dateline: Dateline | None
    reported_from: Mention | None
    focus: Mention | None

    @property
    def published(self) -> dt.date | None:
        """The publication day."""
        return None if self.doc.published is None else day_of(self.doc.published)


def read_story(doc: Document, toponyms: Sequence[Toponym]) -> Story:
    """Return the sentences of `doc` with everything that stands in them."""
    line = dateline(doc.text)
    in_line = {t.start for t in toponyms if line is not None and t.start < line.end}
    reported_from = next((mention(t) for t in toponyms if t.start in in_line), None)
    focus = focus_of([t for t in toponyms if t.start not in in_line])
    out: list[Sentence] = []
    seen: list[Toponym] = []
    at = 0
    for span in sentences(doc.text):
        first = at
        while at < len(toponyms) and toponyms[at].start < span.end:
            at += 1
        inside = toponyms[first:at]
        words = doc.text[span.start : span.end]
        body = [t for t in inside if t.start not in in_line]
        begin = line.end if line is not None and span.start < line.end else span.start
        times = find_times(
            doc.text, begin, span.end, doc.published, future=bool(_FUTURE.search(words))
        )
        out.append(
            Sentence(
                span,
                words,
                tuple(body),
                tuple(times),
                tuple(_coreferences(doc.text, span, seen[-40:], body)),
            )
        )
        seen.extend(body)
    return Story(doc, tuple(out), line, reported_from, focus)


Told = TypeVar("Told", Event, Movement)


def told_once(
    records: Sequence[Told], same: Callable[[Told, Told], bool], join: Callable[[Told, Told], Told]
) -> list[Told]:
    """Return the records in the order of their first telling.

    Those that are the same joined into one.
    """
    out: list[Told] = []
    for record in records:
        for position, known in enumerate(out):
            if same(known, record):
                out[position] = join(known, record)
                break
        else:
            out.append(record)
    return out


def joint_evidence(known: Event | Movement, other: Event | Movement) -> tuple[Evidence, ...]:
    """Return the evidence of both.

    Records come in text order, so it stays in order, and one sentence stands once.
    """
    return (
        known.evidence
        if other.evidence[0] == known.evidence[-1]
        else (*known.evidence, *other.evidence)
    )


def mention(toponym: Toponym) -> Mention:
    """Return a toponym as events and movements name it."""
    return Mention(toponym.name, toponym.start, toponym.end, toponym.place, toponym.reason)


def focus_of(toponyms: Sequence[Toponym]) -> Mention | None:
    """Return the place a document is mostly about.

    The literal one told oftenest, early ones and finer ones first.
    """
    weights: dict[str, float] = {}
    first: dict[str, Toponym] = {}
    for position, toponym in enumerate(toponyms):
        if toponym.use is not Use.LITERAL or toponym.place is None:
            continue
        fine = 0.5 if toponym.place.kind is Kind.COUNTRY else 1.0
        weights[toponym.place.id] = weights.get(toponym.place.id, 0.0) + fine * (
            1 + 1 / (1 + position)
        )
        first.setdefault(toponym.place.id, toponym)
    if not weights:
        return None
    return mention(first[max(weights, key=lambda ident: (weights[ident], -first[ident].start))])


def _coreferences(
    text: str, span: Span, seen: Sequence[Toponym], inside: Sequence[Toponym]
) -> list[Mention]:
    out = []
    for match in _COREFERENCE.finditer(text, span.start, span.end):
        words = match["noun"].casefold()
        head = (match["head"] or words.split()[-1]).casefold()
        before = [*seen, *(t for t in inside if t.end <= match.start())]
        place = _antecedent(head, before)
        if place is not None:
            out.append(Mention(match["noun"], match.start(), match.end(), place.place))
    return out


def _antecedent(head: str, before: Sequence[Toponym]) -> Toponym | None:
    kinds = _KINDS_OF.get(head, _KINDS_OF["area"])
    placed = [t for t in before if t.place is not None and t.use is not Use.DEMONYM]
    if not placed:
        return None
    recent = placed[-12:]
    for kind in kinds[:2] if kinds is _KINDS_OF["area"] else kinds:
        found = [t for t in recent if t.place is not None and t.place.kind is kind]
        if found:
            return found[-1]
    fitting = [t for t in recent if t.place is not None and t.place.kind in kinds]
    return fitting[-1] if fitting else None


def status_of(sentence: Sentence, clause: Span, start: int, *, progressive: bool = False) -> Status:
    """Return whether what the trigger at `start` tells has happened.

    From the words that govern it.
    """
    low = max(clause.start, sentence.span.start)
    before = sentence.text[low - sentence.span.start : start - sentence.span.start]
    wide = sentence.text[: start - sentence.span.start]
    if _DENIED.search(before):
        return Status.DENIED
    if _EXPECTED.search(wide):
        return Status.EXPECTED
    if _PLANNED.search(before):
        return Status.PLANNED
    return Status.ONGOING if progressive or _ONGOING.search(before) else Status.OCCURRED


def backdated(status: Status, when: When | None, story: Story, sentence: Sentence) -> Status:
    """Return `background` for what ended about a year or more before publication.

    Or is told as history.
    """
    if status in {Status.PLANNED, Status.EXPECTED, Status.DENIED}:
        return status
    if (
        story.published is not None
        and when is not None
        and when.end is not None
        and when.as_of is None
        and when.precision is not None
        and (story.published - day_of(when.end)).days > BACKGROUND_DAYS
    ):
        return Status.BACKGROUND
    if when is None and _tells_of_a_state_gone(sentence, story):
        return Status.BACKGROUND
    if (
        story.published is None
        and when is not None
        and when.basis is Basis.EXPLICIT
        and when.precision is DatePrecision.YEAR
        and _NARRATED.search(sentence.text)
    ):
        return Status.BACKGROUND
    return status


def _tells_of_a_state_gone(sentence: Sentence, story: Story) -> bool:
    """Tell whether a sentence without a date names a state gone by the time of publication.

    "Under the Soviet regime" does; the former Soviet Union is today's ground.
    """
    for toponym in sentence.toponyms:
        place = toponym.place
        if (
            place is not None
            and place.kind is Kind.FORMER_STATE
            and place.valid_to is not None
            and (story.published is None or story.published.year > place.valid_to + 1)
        ):
            before = sentence.text[: toponym.start - sentence.span.start]
            if not re.search(r"\b(?:former|ex)[\s-]+$", before, re.IGNORECASE):
                return True
    return False


def time_for(
    sentence: Sentence, start: int, end: int, others: Sequence[tuple[int, int]] = ()
) -> Time | None:
    """Return the time that belongs to the trigger.

    The nearest, unless another trigger stands nearer to it.
    """
    best: tuple[float, Time] | None = None
    clause = sentence.clause(start, end)
    for time in sentence.times:
        gap = time.start - end if time.start >= end else start - time.end
        cost = (
            gap
            + (0 if time.start >= end else 15)
            + (0 if clause.start <= time.start < clause.end else 60)
        )
        nearer = any(_gap(time, other) + 10 < gap for other in others if other != (start, end))
        if not nearer and (best is None or cost < best[0]):
            best = (cost, time)
    return best[1] if best else None


def _gap(time: Time, other: tuple[int, int]) -> int:
    # A time mostly follows what it dates.
    return time.start - other[1] if time.start >= other[1] else other[0] - time.end + 15


def claimed_by(sentence: Sentence) -> str:
    """Return who says so, as the sentence words it, or the empty string."""
    according = list(_ACCORDING.finditer(sentence.text))
    if according:
        return _tidy(according[-1]["who"])
    sayers = list(_SAYER.finditer(sentence.text))
    named = [
        m
        for m in sayers
        if m["who"].casefold() not in {"he", "she", "it", "they", "who", "we", "i", "which", "that"}
    ]
    return _tidy(named[-1]["who"]) if named else ""


def _tidy(who: str) -> str:
    who = re.split(
        r"\s+(?:on|as of|in|late|early|said|who|which|that|have|has|had|were|was|and"
        r" (?:that|said))\s+",
        who.strip(),
    )[0]
    return re.sub(r"^(?:According to state|On \w+day)\s+", "", who).strip(" '’")
