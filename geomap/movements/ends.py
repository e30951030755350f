"""From where and to where: the role of every place that a sentence names beside a movement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geomap.context import Sentence, Story, mention
from geomap.model import Kind, Mention, MovementKind, Use
from geomap.movements import words
from geomap.quantities import Figure


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word that tells of movement: offsets in the document, kind, and the word as it stands."""

    start: int
    end: int
    kind: MovementKind
    word: str


def ends(
    sentence: Sentence,
    trigger: Trigger,
    kind: MovementKind,
    figure: Figure | None,
    figures: Sequence[Figure],
) -> tuple[tuple[Mention, ...], tuple[Mention, ...], tuple[Mention, ...]]:
    """Return origins, destinations and the places within which a movement is told.

    By the words before each place.
    """
    named = [mention(t) for t in sentence.toponyms if t.use is not Use.DEMONYM]
    places = sorted([*named, *sentence.coreferences], key=lambda p: p.start)
    roles: dict[str, list[Mention]] = {"from": [], "to": [], "in": [], "cause": []}
    previous: tuple[Mention, str] | None = None
    for item in places:
        role = _attached(sentence, item, figure, figures) or _role(sentence, item, trigger, kind)
        if role == "other":
            continue
        if previous is not None:
            before, shared = previous
            gap, contained = (
                sentence.text[before.end - sentence.span.start : item.start - sentence.span.start],
                _contained(before, item),
            )
            if contained and words.CONTAINER.match(gap):
                continue
            if words.LIST.match(gap):
                if contained:
                    previous = (item, shared)
                    continue
                role = role or shared
        if role in roles:
            roles[role].append(item)
        previous = (item, role)
    if roles["from"]:
        roles["cause"] = []
    if kind is MovementKind.EVACUATION and (roles["to"] or roles["in"]):
        roles["in"], roles["cause"] = roles["in"] + roles["cause"], []
    roles[
        (
            "from"
            if (roles["to"] or trigger.word.casefold().startswith(("fle", "evacuat")))
            and kind is not MovementKind.STOCK
            else "in"
        )
    ] += roles["cause"]
    origins, destinations, within = (_distinct(roles[name]) for name in ("from", "to", "in"))
    if kind is MovementKind.STOCK and figure is not None:
        origins = tuple(
            m
            for m in origins
            if 0 <= m.start - (figure.group[1] if figure.group else figure.end) < words.NEAR_NOUN
        )
    if kind is not MovementKind.STOCK:
        origins = origins or _described(sentence, trigger, words.DESCRIBED_FROM)
        destinations = destinations or _described(
            sentence,
            trigger,
            words.DESCRIBED_HOME if kind is MovementKind.RETURN else words.DESCRIBED_TO,
        )
    if len(destinations) > 1:  # "to their homes in east Aleppo" is told by the place
        destinations = tuple(
            m for m in destinations if not m.name.casefold().startswith(("their", "his", "her"))
        )
    taken = {m.ident for m in (*origins, *destinations)}
    within = tuple(m for m in within if m.ident not in taken and not origins and not destinations)
    if kind is MovementKind.STOCK and not within and destinations:
        return origins, destinations, ()
    return origins, destinations, within[:3]


def country_left(
    story: Story, sentence: Sentence, trigger: Trigger, destinations: Sequence[Mention]
) -> tuple[Mention, ...]:
    """Return the country that the document tells of when the words say that people left it.

    "fled to neighbouring Uganda", "fled abroad".
    """
    around = sentence.text[
        trigger.start - sentence.span.start : trigger.end - sentence.span.start + 60
    ]
    before = sentence.text[: destinations[0].start - sentence.span.start] if destinations else ""
    named = (
        bool(destinations)
        and destinations[0].place is not None
        and bool(re.search(r"\bneighbou?ring\s+$", before, re.IGNORECASE))
    )
    if not named and not words.ABROAD.search(around):
        return ()
    taken = {m.place.id for m in destinations if m.place is not None}
    told = [
        t
        for s in story.sentences
        for t in s.toponyms
        if t.use is not Use.DEMONYM
        and t.place is not None
        and t.place.kind is Kind.COUNTRY
        and t.place.id not in taken
    ]
    counts = Counter(t.place.id for t in told if t.place is not None)
    best = max(told, key=lambda t: (counts[t.place.id] if t.place else 0, -t.start), default=None)
    return () if best is None else (mention(best),)


def _attached(
    sentence: Sentence, item: Mention, figure: Figure | None, figures: Sequence[Figure]
) -> str:
    """Return "from" for the place right after this figure ("33,000 from Idlib").

    "other" for the place of another figure, or the empty string.
    """
    for other in figures:
        if other.end <= item.start and re.fullmatch(
            r"\s*(?:people\s+|others\s+|families\s+)?from\s+(?:the\s+)?",
            sentence.text[other.end - sentence.span.start : item.start - sentence.span.start],
        ):
            return "from" if other is figure else "other"
    return ""


def _described(
    sentence: Sentence, trigger: Trigger, pattern: re.Pattern[str]
) -> tuple[Mention, ...]:
    """Return an end that is described and not named: "to government relief camps".

    It has no place, and says why.
    """
    begin = max(0, trigger.start - 45 - sentence.span.start)
    for match in pattern.finditer(sentence.text, begin, trigger.end - sentence.span.start + 110):
        group = next(name for name, text in match.groupdict().items() if text)
        at = sentence.span.start + match.start(group)
        return (Mention(match[group], at, at + len(match[group]), None, "described, not named"),)
    return ()


def _contained(container: Mention, item: Mention) -> bool:
    """Tell whether the second of "Goma, North Kivu" only says where the first is."""
    inner, outer = container.place, item.place
    if inner is None or outer is None:
        return False
    if outer.kind is Kind.COUNTRY:
        return inner.kind is not Kind.COUNTRY and inner.country == outer.country
    return (
        outer.kind in {Kind.ADMIN1, Kind.ADMIN2, Kind.REGION, Kind.DISPUTED_AREA}
        and (inner.admin1 == outer.id or inner.admin1_name == outer.name)
        and inner.id != outer.id
    )


def _role(sentence: Sentence, item: Mention, trigger: Trigger, kind: MovementKind) -> str:
    begin = sentence.span.start
    before = sentence.text[: item.start - begin]
    if re.search(
        r"(?:homes?|villages?|towns?|land)$", item.name, re.IGNORECASE
    ) and item.name.casefold().startswith(("their", "his", "her")):
        # Fleeing "their homes" says no more than fleeing; which homes a return goes to is told
        # before.
        return "to" if kind is MovementKind.RETURN else ""
    if words.DISTANCE_FROM.search(before):
        return ""
    if item.end <= trigger.start and words.RECEIVES.match(sentence.text[item.end - begin :]):
        return "to"
    if words.OBJECT_ORIGIN.search(before):
        return "from"
    if words.OBJECT_DESTINATION.search(before):
        return "to"
    if words.RESIDENTS_OF.search(before[-50:]) and kind is not MovementKind.STOCK:
        return "from"
    if words.FROM.search(before[-120:]):
        # "People displaced from Aleppo returned": where they had fled from is not where they return
        # from.
        return (
            ""
            if kind is MovementKind.RETURN
            and item.end < trigger.start
            and re.search(
                r"\b(?:displaced|fled|uprooted|evacuated)(?: again)? from\b[^,;]{0,60}$", before
            )
            else "from"
        )
    if words.CAUSE_IN.search(before[-100:]):
        return "cause"
    far = item.start - trigger.end > 110 or item.end < trigger.start - 60
    if words.TO.search(before[-90:]) and not far and item.start > trigger.start - 12:
        return "to"
    if words.TO_SITE.search(before[max(0, trigger.start - begin) :]) and item.start > trigger.start:
        return "to" if kind is not MovementKind.STOCK else "in"
    if item.name.casefold() == "there" and item.start >= trigger.end:
        return "to" if kind is not MovementKind.STOCK else "in"
    if words.VIA.search(before[-30:]):
        return "via"
    if words.IN.search(before[-80:]):
        if (
            kind is MovementKind.EVACUATION
            and re.search(
                r"\b(?:were|was|been|being)\s+(?:\w+\s+)?$", sentence.text[: trigger.start - begin]
            )
            and not re.search(
                r"\b(?:camps?|shelters?|cent(?:er|re)s?|schools?)\s+(?:\w+\s+){0,2}$",
                before[-40:],
                re.IGNORECASE,
            )
        ):
            return "cause"
        if kind is MovementKind.RETURN and re.search(
            r"return(?:ed|ing|s)?\s+(?:to|in)\s", before[-40:]
        ):
            return "to"
        arriving = re.search(r"(?:arriv|refuge|shelter|camp)\w*\s+(?:\w+\s){0,3}$", before[-60:])
        return (
            "to"
            if arriving and re.search(r"arriv|refuge", arriving.group(), re.IGNORECASE)
            else "in"
        )
    return ""


def _distinct(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    out: dict[str, Mention] = {}
    # A name says more than what refers back to it.
    for item in sorted(
        mentions,
        key=lambda m: m.name.casefold().startswith(
            ("the ", "their ", "his ", "her ", "this ", "that ")
        ),
    ):
        out.setdefault(item.place.id if item.place else item.name.casefold(), item)
    return tuple(sorted(out.values(), key=lambda m: m.start))[:6]
