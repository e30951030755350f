"""Document -> Toponyms: which spans name places, and how they are used.

A recogniser is anything with `recognise(texts) -> spans`, so a spaCy pipeline or a model of your
own can take the place of
the bundled one (see `docs/recognisers.md`).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from geomap.gazetteer import DEMONYM, KINDS, Gazetteer, key
from geomap.gazetteer.names import ARTICLES
from geomap.model import Document, Kind, Toponym, Use
from geomap.text.segment import Dateline, Span, Token, dateline, tokens
from geomap.toponyms import encoder, linear
from geomap.toponyms.features import (
    EVENT_HEADS,
    ORG_HEADS,
    Match,
    describe,
    use_features,
    word_class,
)
from geomap.toponyms.tagger import Reading, Tagged, name_span, prepared, spans, surely_none, tag

_SURE = 0.9
ENCODER_USE_SHARE = 0.7  # of the two models of use, by cross-validation
# Words that look like demonyms or places and are neither when they stand so.
_LANGUAGE_BEFORE = re.compile(
    r"\b(?:speak|speaks|spoke|spoken|in|into|translated|language)\s{1,9}$", re.IGNORECASE
)
_NATIVE = re.compile(r"[^\x00-ɏḀ-ỿ\W\d_]")
# A state that owns or falls apart is a state, not ground: "belonging to Azerbaijan", "the collapse
# of the USSR".
_OWNED = re.compile(
    r"\b(?:belong(?:s|ed|ing)? to|owned by|ruled by|governed by|administered by|loyal"
    r" to|(?:collapse|dissolution|break-?up|disintegration|demise) of)\s{1,9}(?:the\s{1,9})?$",
    re.IGNORECASE,
)
_TIME_ZONE = frozenset({"gmt", "utc", "est", "edt", "cet"})
_OUTLET = re.compile(
    r"\s(?:Post|Times|News|Tribune|Herald|Journal|Gazette|Telegraph|Guardian|Observer|Airlines"
    r"|Airways|United)\b(?!\s{1,9}(?:Nations|States|Kingdom|Arab))"
)
_OUTLET_AFTER = frozenset(
    "post times news tribune herald journal gazette telegraph guardian observer airlines airways"
    " united".split()
)


class Recogniser(Protocol):
    """Finds the names of places in texts."""

    def recognise(self, texts: Sequence[str]) -> Iterable[list[tuple[int, int, float]]]:
        """Return for each text `(start, end, probability)` of every name, in code points."""
        ...


def find_toponyms(
    doc: Document, gaz: Gazetteer, *, recogniser: Recogniser | None = None, demonyms: bool = True
) -> list[Toponym]:
    """Return the toponyms of `doc`, unresolved, in order.

    Their `score` is the probability of the span.

    Parameters
    ----------
    doc
        The document; only `text` is read.
    gaz
        The gazetteer, for what names look like and for demonyms.
    recogniser
        Another recogniser than the bundled one.
    demonyms
        Whether "Armenian" and "Armenians" are toponyms.

    """
    text, line = doc.text, dateline(doc.text)
    sentences = list(prepared(text, gaz))
    readings: list[dict[int, Reading]] = [{} for _ in sentences]
    found = _Names(text)
    if recogniser is None:
        # The cheap tagger first; the encoder reads where that one is not sure that there is no
        # name.
        tagged = [tag(sentence) for sentence in sentences]
        wanted = [not surely_none(*guess) for guess in tagged]
        readings = encoder.read(sentences, wanted)
        for sentence, guess, reading in zip(sentences, tagged, readings, strict=True):
            for first, last, share in spans(*(tag(sentence, reading) if reading else guess)):
                _keep(found, text, name_span(sentence, first, last), share)
    else:
        for start, end, share in next(iter(recogniser.recognise([text]))):
            _keep(found, text, Span(start, end), share)
    for span in line.places if line else ():
        if gaz.knows(key(text[span.start : span.end])):
            found.put(span, 0.98)
    for sentence in sentences:
        _native_names(text, sentence, gaz, found)
        _states(sentence, found)
    _chained(text, gaz, found)
    _fled_from(text, found)
    _listed(text, found)
    _split_chains(text, gaz, found)
    _repeat(text, sentences, found)
    named = _demonyms(text, sentences, found) if demonyms else {}
    kept = {
        span: share
        for span, share in found.shares.items()
        if not is_demonym(text[span.start : span.end], gaz)
    }
    out = [
        Toponym(span.start, span.end, text[span.start : span.end], Use.DEMONYM, score=share)
        for span, share in named.items()
    ]
    out += _with_use(text, sentences, readings, kept, line)
    return sorted(out, key=lambda t: (t.start, t.end))


class _Names:
    """Spans that do not overlap, with their probability.

    Finds what overlaps a span in the time of the span's length.
    """

    def __init__(self, text: str) -> None:
        self.shares: dict[Span, float] = {}
        self._owner: list[Span | None] = [None] * len(text)

    def overlapping(self, span: Span) -> list[Span]:
        """Return the spans that share a code point with `span`, in order."""
        return list(
            dict.fromkeys(
                owner for owner in self._owner[span.start : span.end] if owner is not None
            )
        )

    def put(self, span: Span, share: float) -> None:
        """Add a span in place of all that it overlaps."""
        for other in self.overlapping(span):
            self.drop(other)
        self.shares[span] = share
        self._owner[span.start : span.end] = [span] * (span.end - span.start)

    def drop(self, span: Span) -> float:
        """Take a span out and return its probability."""
        self._owner[span.start : span.end] = [None] * (span.end - span.start)
        return self.shares.pop(span)


def _keep(found: _Names, text: str, span: Span, share: float) -> None:
    """Take a tagged span without a leading article.

    Unless the next word makes it an outlet or club.
    """
    if key(text[span.start : span.end]) in ARTICLES:  # "Al" of "Al-Qayara"
        rest = re.match(r"[-\s][A-Z]\w{1,60}", text[span.end : span.end + 30])
        if rest is None:
            return
        span = Span(span.start, span.end + rest.end())
    if text[span.start : span.start + 4].casefold() == "the " and span.end - span.start > 4:
        span = Span(span.start + 4, span.end)
    outlet = _OUTLET.match(text, span.end)
    if (
        text[span.start : span.end].casefold() not in _TIME_ZONE
        and not outlet
        and not found.overlapping(span)
    ):
        found.put(span, share)


def _native_names(text: str, sentence: Tagged, gaz: Gazetteer, found: _Names) -> None:
    """Find names in scripts without capitals, or that the tagger was never shown.

    As they stand in the gazetteer.
    """
    words = sentence.words
    if not any(_NATIVE.match(word.text) for word in words):
        return
    at = 0
    while at < len(words):
        best = 0
        for size in range(1, 5):
            if at + size > len(words) or not _NATIVE.match(words[at].text):
                break
            if not _NATIVE.match(words[at + size - 1].text):
                continue
            name = text[words[at].start : words[at + size - 1].end]
            match = describe(name, size, gaz)
            if match is not None and len(name) > 2 and match.prominence > 8:
                best = size
        if best:
            span = Span(words[at].start, words[at + best - 1].end)
            if not found.overlapping(span):
                found.put(span, 0.7)
        at += max(1, best)


def _states(sentence: Tagged, found: _Names) -> None:
    """Take known states and regions as a whole.

    "Russian Empire" is no demonym and an empire, "South Ossetia" is not Ossetia.
    """
    for at, covering in enumerate(sentence.inside):
        if covering is None or covering[1] != 0 or covering[0].size < 2:
            continue
        match = covering[0]
        if (
            match.kind
            in {
                Kind.COUNTRY,
                Kind.FORMER_STATE,
                Kind.DISPUTED_AREA,
                Kind.REGION,
                Kind.WATER,
            }
            and not match.demonym
        ):
            span = name_span(sentence, at, at + match.size - 1)
            longer = any(o.start < span.start or o.end > span.end for o in found.overlapping(span))
            if (
                not longer
                and span not in found.shares
                and not _names_something_else(sentence.words, at, at + match.size - 1)
            ):
                found.put(span, 0.9)


def _names_something_else(words: list[Token], first: int, last: int) -> bool:
    """Tell whether the next capitalised word makes the name part of a war.

    An outlet or an organisation.
    """
    following = words[last + 1].text if last + 1 < len(words) else ""
    low = following.casefold()
    if following[:1].isupper() and (low in EVENT_HEADS or low in _OUTLET_AFTER or low in ORG_HEADS):
        return True
    return (
        first > 0 and words[first - 1].text in {"First", "Second", "Third"} and low in EVENT_HEADS
    )


# "in Kawumu in Uganda", "fled Kawumu, Uganda", "hit Kawumu and Kampala": a name that no model was
# shown, told by what stands beside it.
_CHAINED = re.compile(
    r"\b(?:[Ii]n|[Nn]ear|[Aa]t|[Ff]rom|[Tt]o|[Aa]round|[Oo]utside|(?:village|town|city|camp)s?"
    r" of|fled|left|hit|struck|shelled|bombed|reached|entered|captured|seized|retook"
    r"|besieged)\s{1,9}([A-Z][\w'’‘`]{1,60}(?:["
    r" -](?:[A-Z][\w'’‘`]{1,60}|al|el|en|an|ez|es)){0,9})(?:(,\s{1,9}|\s{1,9}in\s{1,9}"
    r"|,\s{1,9}in\s{1,9})(?:the\s{1,9})?|\s{1,9}and\s{1,9})$"
)
# "fled Mai Tsebri", "uprooted from Mai Tsebri": what people flee from or to is a place.
_FLED = re.compile(
    r"\b(?:fled|flee|fleeing|(?:uprooted|displaced|expelled|driven|fled|evacuated|deported)"
    r" from|(?:fled|deported|evacuated|relocated|gone|headed|moved) to|arrived in|crossed"
    r" into)\s{1,9}(?:the\s{1,9}(?:town|city|village|camp)\s{1,9}of\s{1,9})"
    r"?(?P<name>[A-Z][a-z’'‘`]\w{0,60}(?:["
    r" -][A-Z][\w’'‘`]{1,60}){0,2})(?!['’]s|\w)"
)
# "from Bria, Ndassa and Ippy to Bambari": the unknown names of a list whose first is known.
_LIST_BEFORE = re.compile(
    r"\b(?:[Ff]rom|[Ii]n|[Tt]o|[Aa]round|[Bb]etween|[Nn]ear|[Tt]owns? of|[Vv]illages? of|districts?"
    r" of|including|reached|entered|captured|shelled|fled|left)\s{1,9}(?:the\s{1,9})?$"
)
_LIST_ITEM = re.compile(
    r"(?:\s{1,9}(?:city|town|village|district|province|county|state|region|valley"
    r"|islands?))?(?P<comma>,\s{1,9}(?:and\s{1,9})?|\s{1,9}and\s{1,9})(?:(?:central|northern"
    r"|southern|eastern"
    r"|western|north|south|east|west)\s{1,9})?(?P<name>[A-Z][\w'’‘`]{1,60}(?:["
    r" -][A-Z][\w'’‘`]{1,60})?)"
)
_LIST_AFTER = re.compile(
    r"\s{0,9}(?:[.,;)]|$|(?:to|into|towards?|on|in|between|after|as|because|since|by|for|and"
    r"|following|amid|when|while|were|was|have|has|districts?|counties|provinces|villages"
    r"|towns|states|regions)\b)"
)
_CALENDAR = frozenset(
    "january february march april may june july august september october november december monday"
    " tuesday wednesday thursday friday saturday sunday spring summer autumn winter".split()
)
_MOST_LISTED = 12
_CHAIN_SHARE, _CHAIN_REACH = (
    0.6,
    80,
)  # probability of such a name; code points before the place that contains it
_CONTAINERS = {Kind.COUNTRY, Kind.ADMIN1, Kind.ADMIN2, Kind.DISPUTED_AREA, Kind.REGION}


def _chained(text: str, gaz: Gazetteer, found: _Names) -> None:
    """Take an unknown name before a place that contains it or stands beside it."""
    for span in [s for s, share in found.shares.items() if share >= _CHAIN_SHARE]:
        chain = _CHAINED.search(text, max(0, span.start - _CHAIN_REACH), span.start)
        if chain is None or (
            chain.group(2)
            and not any(
                KINDS[gaz.column("kind")[row]] in _CONTAINERS
                for row, _ in gaz.postings(text[span.start : span.end])
            )
        ):
            continue
        inner = Span(*chain.span(1))
        if not found.overlapping(inner) and _may_be_place(chain.group(1)):
            found.put(inner, _CHAIN_SHARE)


def _fled_from(text: str, found: _Names) -> None:
    """Take an unknown name that people flee from or to.

    Also one of which only a part was tagged.
    """
    for match in _FLED.finditer(text):
        span = Span(*match.span("name"))
        within = all(span.start <= o.start and o.end < span.end for o in found.overlapping(span))
        if (
            within
            and _may_be_place(match["name"])
            and not re.search(r"(?:ans|ians|ese|is)$", match["name"])
        ):
            found.put(span, _CHAIN_SHARE)


def _listed(text: str, found: _Names) -> None:
    """Take the unknown names of a list of places."""
    for span in [
        s
        for s, share in found.shares.items()
        if share >= _CHAIN_SHARE and _LIST_BEFORE.search(text, max(0, s.start - 24), s.start)
    ]:
        at, items = span.end, list[Span]()
        while (item := _LIST_ITEM.match(text, at)) and len(items) < _MOST_LISTED:
            items.append(Span(*item.span("name")))
            at = item.end()
            if "and" in item["comma"]:
                break
        whole = (
            bool(items)
            and "and" in text[items[-1].start - 5 : items[-1].start]
            and _LIST_AFTER.match(text, at)
        )
        for name in items if whole else ():
            if not found.overlapping(name) and _may_be_place(text[name.start : name.end]):
                found.put(name, _CHAIN_SHARE)


def _may_be_place(name: str) -> bool:
    """Tell whether a capitalised name starts with no month, weekday.

    Title or word of an organisation.
    """
    first = name.split(maxsplit=1)[0]
    return first.casefold() not in _CALENDAR and not word_class(first)


def _split_chains(text: str, gaz: Gazetteer, found: _Names) -> None:
    """Part "Long Beach, CA" and "Aleppo (Syria)" tagged as one name, unless the whole is a name."""
    for span in list(found.shares):
        name = text[span.start : span.end]
        if not re.search(r",|\(|\[|/|\s(?:and|&)\s", name) or gaz.knows(key(name)):
            continue
        share = found.drop(span)
        at = span.start
        for part in re.split(r"([,()\[\]/]\s{0,9}(?:and\s{1,9})?|\s(?:and|&)\s)", name):
            stripped = (
                "" if part.strip() in {"and", "&"} else part.strip(" ,()[]/").removeprefix("and ")
            )
            if stripped:
                begin = at + part.index(stripped)
                found.put(Span(begin, begin + len(stripped)), share)
            at += len(part)


def _repeat(text: str, sentences: list[Tagged], found: _Names) -> None:
    """Take what is surely a place once wherever the same words stand: one referent a document."""
    sure = {
        text[s.start : s.end]
        for s, share in found.shares.items()
        if share >= _SURE and s.end - s.start > 3
    }
    if not sure:
        return
    wanted: dict[str, list[str]] = {}
    for name in sorted(sure, key=len, reverse=True):
        wanted.setdefault(next(tokens(name)).text, []).append(name)
    for sentence in sentences:
        for at, word in enumerate(sentence.words):
            for name in wanted.get(word.text, ()):
                span = Span(word.start, word.start + len(name))
                if (
                    text.startswith(name, word.start)
                    and not text[span.end : span.end + 1].isalnum()
                    and not found.overlapping(span)
                ):
                    last = at + sum(1 for _ in tokens(name)) - 1
                    if not _inside_name(sentence.words, at, last):
                        found.put(span, 0.75)
                    break


def _inside_name(words: list[Token], first: int, last: int) -> bool:
    """Tell whether capitals beside the name make it part of a longer one.

    "Sydney Sweeney", "First Karabakh War".
    """
    before = words[first - 1].text if first else ""
    after = words[last + 1].text if last + 1 < len(words) else ""
    return (
        after[:1].isupper()
        or (before[:1].isupper() and first > 1)
        or after in {"-", "–"}
        or before in {"-", "–"}
    )


def is_demonym(name: str, gaz: Gazetteer) -> bool:
    """Tell whether a name is best known as that of a people."""
    postings = gaz.postings(name)
    if not postings:
        return False
    best = max(postings, key=lambda p: gaz.prominence(*p))
    return best[1] == DEMONYM


def _demonyms(text: str, sentences: list[Tagged], found: _Names) -> dict[Span, float]:
    """Return the demonyms that stand for themselves, not inside a longer place name or a title."""
    out: dict[Span, float] = {}
    for sentence in sentences:
        for at, covering in enumerate(sentence.inside):
            if covering is None or covering[1] != 0 or not covering[0].demonym:
                continue
            span = name_span(sentence, at, at + covering[0].size - 1)
            beside = [o for o in found.overlapping(span) if o != span]
            beyond = any(o.start < span.start or span.end < o.end for o in beside)
            if not beyond and not _spoken(text, sentence.words, at, span):
                for other in beside:
                    found.drop(other)
                out[span] = 0.9
    return out


def _spoken(text: str, words: list[Token], at: int, span: Span) -> bool:
    """Tell whether a word like "English" or "Spanish" is a language.

    Or "Dominican" a name beside another.
    """
    after = words[at + 1].text.casefold() if at + 1 < len(words) else ""
    if after in {"language", "languages", "dictionary"}:
        return True
    return (
        bool(_LANGUAGE_BEFORE.search(text[max(0, span.start - 12) : span.start]))
        and not (after[:1].isalpha() and after not in {"and", "or", "on", "to", "with"})
        and not words[at].text.endswith("s")
    )


def _with_use(
    text: str,
    sentences: list[Tagged],
    readings: list[dict[int, Reading]],
    found: dict[Span, float],
    line: Dateline | None,
) -> list[Toponym]:
    """Return the names with their use: the dateline is literal, the rest is what the model says."""
    out = []
    ordered = sorted(found)
    at = 0
    for sentence, reading in zip(sentences, readings, strict=True):
        begin, end = sentence.words[0].start, sentence.words[-1].end
        while at < len(ordered) and ordered[at].start < end:
            if ordered[at].start >= begin:
                out.append(_one_use(text, sentence, reading, ordered[at], found[ordered[at]], line))
            at += 1
    return out


def _one_use(
    text: str,
    sentence: Tagged,
    reading: dict[int, Reading],
    span: Span,
    share: float,
    line: Dateline | None,
) -> Toponym:
    # A name starts within one of its sentence's tokens; found by bisection, for a sentence may hold
    # thousands of names.
    first = max(0, bisect.bisect_right(sentence.words, span.start, key=_start_of) - 1)
    last = max(first, bisect.bisect_left(sentence.words, span.end, key=_start_of) - 1)
    match = sentence.inside[first]
    in_dateline = line is not None and span in line.places
    owned = _OWNED.search(text[max(0, span.start - 24) : span.start])
    befell = (
        _BEFELL.search(text[max(0, span.start - 40) : span.start])
        and match
        and match[0].kind in _TOWNS
    )
    use = (
        Use.LITERAL
        if in_dateline or befell
        else (
            Use.ASSOCIATIVE
            if owned
            else _use(
                text, sentence.words, first, last, match[0] if match else None, reading.get(first)
            )
        )
    )
    return Toponym(span.start, span.end, text[span.start : span.end], use, score=share)


# What befalls a town befalls its ground: "shelling hit Kharkiv" is no act of a government.
_BEFELL = re.compile(
    r"\b(?:hit|hits|struck|strikes|shelled|bombed|bombarded|pounded|rocked|shook|stormed"
    r"|entered|captured|seized|recaptured|retook|overran|besieged|encircled|hitting|striking"
    r"|shelling|bombing|bombarding|pounding|capturing|seizing|besieging|(?:strikes?"
    r"|airstrikes?|attacks?|raids?|assaults?|shelling|bombardment|bombing|siege|offensive"
    r"|advance|barrage|missiles?|rockets?|drones?)\s{1,9}(?:on|of|in|against|at|near|towards?"
    r"|outside))\s{1,9}(?:(?:the|central|downtown|northern|southern|eastern"
    r"|western)\s{1,9}){0,2}(?:(?:city|town|village|port|outskirts|centre|center)"
    r" (?:city )?of\s{1,9})?$"
)
_TOWNS = frozenset({"settlement", "site", "admin2", "admin1"})


def _start_of(word: Token) -> int:
    return word.start


def _use(
    text: str,
    words: list[Token],
    first: int,
    last: int,
    match: Match | None,
    reading: Reading | None,
) -> Use:
    model = linear.load("use")
    associative = model.shares(model.scores(use_features(text, words, first, last, match)))[
        model.labels.index(Use.ASSOCIATIVE)
    ]
    if reading is not None:
        associative = (
            1 - ENCODER_USE_SHARE
        ) * associative + ENCODER_USE_SHARE * reading.associative
    return Use.ASSOCIATIVE if associative > 0.5 else Use.LITERAL
