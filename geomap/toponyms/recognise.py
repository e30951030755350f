"""Document -> Toponyms: which spans name places, and how they are used.

A recogniser is anything with `recognise(texts) -> spans`, so a spaCy pipeline or a model of your own can take the place of
the bundled one (see `docs/recognisers.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from geomap.gazetteer import DEMONYM, KINDS, Gazetteer, key
from geomap.model import Document, Kind, Toponym, Use
from geomap.text.segment import Dateline, Span, Token, dateline, tokens
from geomap.toponyms import linear
from geomap.toponyms.features import EVENT_HEADS, ORG_HEADS, Match, describe, use_features
from geomap.toponyms.tagger import Tagged, name_span, prepare, prepared, spans

_SURE = 0.9
# Words that look like demonyms or places and are neither when they stand so.
_LANGUAGE_BEFORE = re.compile(r"\b(?:speak|speaks|spoke|spoken|in|into|translated|language)\s+$", re.IGNORECASE)
_NATIVE = re.compile(r"[^\x00-ɏḀ-ỿ\W\d_]")
# A state that owns is a state, not ground: "belonging to Azerbaijan".
_OWNED = re.compile(r"\b(?:belong(?:s|ed|ing)? to|owned by|ruled by|governed by|administered by|loyal to)\s+(?:the\s+)?$", re.IGNORECASE)
_TIME_ZONE = frozenset({"gmt", "utc", "est", "edt", "cet"})
_OUTLET_AFTER = frozenset("post times news tribune herald journal gazette telegraph guardian observer airlines airways united".split())


class Recogniser(Protocol):
    """Finds the names of places in texts."""

    def recognise(self, texts: Sequence[str]) -> Iterable[list[tuple[int, int, float]]]:
        """Return for each text `(start, end, probability)` of every name, in code points."""
        ...


@dataclass(frozen=True, slots=True)
class LinearRecogniser:
    """The bundled recogniser: a linear tagger with features of the gazetteer."""

    gaz: Gazetteer

    def recognise(self, texts: Sequence[str]) -> Iterable[list[tuple[int, int, float]]]:
        """Return for each text `(start, end, probability)` of every name, in code points."""
        return [[(*name_span(s, first, last), share) for s in prepared(text, self.gaz) for first, last, share in spans(s)] for text in texts]


def find_toponyms(doc: Document, gaz: Gazetteer, *, recogniser: Recogniser | None = None, demonyms: bool = True) -> list[Toponym]:
    """Return the toponyms of `doc`, unresolved, in order; their `score` is the probability of the span.

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
    found: dict[Span, float] = {}
    if recogniser is None:
        for sentence in sentences:
            for first, last, share in spans(sentence):
                _keep(found, text, name_span(sentence, first, last), share)
    else:
        for start, end, share in next(iter(recogniser.recognise([text]))):
            _keep(found, text, Span(start, end), share)
    for span in line.places if line else ():
        if gaz.knows(key(text[span.start : span.end])):
            _replace(found, span, 0.98)
    for sentence in sentences:
        _native_names(text, sentence, gaz, found)
        _states(text, sentence, gaz, found)
    _split_chains(text, gaz, found)
    _repeat(text, sentences, found)
    named = _demonyms(text, sentences, found, gaz) if demonyms else {}
    found = {span: share for span, share in found.items() if not is_demonym(text[span.start : span.end], gaz)}
    out = [Toponym(span.start, span.end, text[span.start : span.end], Use.DEMONYM, score=share) for span, share in named.items()]
    out += _with_use(text, sentences, found, line)
    return sorted(out, key=lambda t: (t.start, t.end))


def _overlaps(found: Iterable[Span], span: Span) -> bool:
    return any(span.start < other.end and other.start < span.end for other in found)


def _keep(found: dict[Span, float], text: str, span: Span, share: float) -> None:
    """Take a tagged span without a leading article."""
    if text[span.start : span.start + 4].casefold() == "the " and span.end - span.start > 4:  # noqa: PLR2004
        span = Span(span.start + 4, span.end)
    if text[span.start : span.end].casefold() not in _TIME_ZONE and not _overlaps(found, span):
        found[span] = share


def _replace(found: dict[Span, float], span: Span, share: float) -> None:
    for other in [o for o in found if span.start < o.end and o.start < span.end]:
        del found[other]
    found[span] = share


def _native_names(text: str, sentence: Tagged, gaz: Gazetteer, found: dict[Span, float]) -> None:
    """Find names in scripts without capitals, or that the tagger was never shown, as they stand in the gazetteer."""
    words = sentence.words
    if not any(_NATIVE.match(word.text) for word in words):
        return
    at = 0
    while at < len(words):
        best = 0
        for size in range(1, 5):
            if at + size > len(words) or not _NATIVE.match(words[at].text):
                break
            name = text[words[at].start : words[at + size - 1].end]
            match = describe(name, size, gaz)
            if match is not None and len(name) > 2 and match.prominence > 10:  # noqa: PLR2004 (short words are seldom names)
                best = size
        if best:
            span = Span(words[at].start, words[at + best - 1].end)
            if not _overlaps(found, span):
                found[span] = 0.7
        at += max(1, best)


def _states(text: str, sentence: Tagged, gaz: Gazetteer, found: dict[Span, float]) -> None:
    """Take known states and regions as a whole: "Russian Empire" is no demonym and an empire, "South Ossetia" is not Ossetia."""
    for at, covering in enumerate(sentence.inside):
        if covering is None or covering[1] != 0 or covering[0].size < 2:  # noqa: PLR2004
            continue
        match = covering[0]
        if match.kind in {Kind.COUNTRY, Kind.FORMER_STATE, Kind.DISPUTED_AREA, Kind.REGION, Kind.WATER} and not match.demonym:
            span = name_span(sentence, at, at + match.size - 1)
            touching = [o for o in found if span.start < o.end and o.start < span.end]
            longer = any(o.start < span.start or o.end > span.end for o in touching)
            if not longer and span not in found and not _names_something_else(sentence.words, at, at + match.size - 1):
                _replace(found, span, 0.9)


def _names_something_else(words: list[Token], first: int, last: int) -> bool:
    """Tell whether the next capitalised word makes the name part of a war, an outlet or an organisation."""
    following = words[last + 1].text if last + 1 < len(words) else ""
    low = following.casefold()
    if following[:1].isupper() and (low in EVENT_HEADS or low in _OUTLET_AFTER or low in ORG_HEADS):
        return True
    return first > 0 and words[first - 1].text in {"First", "Second", "Third"} and low in EVENT_HEADS


def _split_chains(text: str, gaz: Gazetteer, found: dict[Span, float]) -> None:
    """Part "Long Beach, CA" and "Aleppo (Syria)" tagged as one name, unless the whole is a name."""
    for span in list(found):
        name = text[span.start : span.end]
        if not re.search(r",|\(|\[|/", name) or gaz.knows(key(name)):
            continue
        share = found.pop(span)
        at = span.start
        for part in re.split(r"([,()\[\]/]\s*)", name):
            stripped = part.strip(" ,()[]/")
            if stripped:
                begin = at + part.index(stripped)
                found[Span(begin, begin + len(stripped))] = share
            at += len(part)


def _repeat(text: str, sentences: list[Tagged], found: dict[Span, float]) -> None:
    """What is surely a place once is one wherever the same words stand: "one referent a document"."""
    sure = {text[s.start : s.end] for s, share in found.items() if share >= _SURE and s.end - s.start > 3}  # noqa: PLR2004
    if not sure:
        return
    wanted: dict[str, list[str]] = {}
    for name in sorted(sure, key=len, reverse=True):
        wanted.setdefault(next(tokens(name)).text, []).append(name)
    for sentence in sentences:
        for at, word in enumerate(sentence.words):
            for name in wanted.get(word.text, ()):
                span = Span(word.start, word.start + len(name))
                if text.startswith(name, word.start) and not text[span.end : span.end + 1].isalnum() and not _overlaps(found, span):
                    last = at + sum(1 for _ in tokens(name)) - 1
                    if not _inside_name(sentence.words, at, last):
                        found[span] = 0.75
                    break


def _inside_name(words: list[Token], first: int, last: int) -> bool:
    """Tell whether capitals beside the name make it part of a longer one: "Sydney Sweeney", "First Karabakh War"."""
    before = words[first - 1].text if first else ""
    after = words[last + 1].text if last + 1 < len(words) else ""
    return after[:1].isupper() or (before[:1].isupper() and first > 1) or after in {"-", "–"} or before in {"-", "–"}


def is_demonym(name: str, gaz: Gazetteer) -> bool:
    postings = gaz.postings(name)
    if not postings:
        return False
    best = max(postings, key=lambda p: gaz.prominence(*p))
    return best[1] == DEMONYM


def _demonyms(text: str, sentences: list[Tagged], found: dict[Span, float], gaz: Gazetteer) -> dict[Span, float]:
    """Return the demonyms that stand for themselves, not inside a longer place name or a title."""
    out: dict[Span, float] = {}
    for sentence in sentences:
        for at, covering in enumerate(sentence.inside):
            if covering is None or covering[1] != 0 or not covering[0].demonym:
                continue
            span = name_span(sentence, at, at + covering[0].size - 1)
            inside = [o for o in found if o.start <= span.start and span.end <= o.end and o != span]
            if not inside and not _spoken(text, sentence.words, at, span):
                out[span] = 0.9
    return out


def _spoken(text: str, words: list[Token], at: int, span: Span) -> bool:
    """Tell whether a word like "English" or "Spanish" is a language, or "Dominican" a name beside another."""
    after = words[at + 1].text.casefold() if at + 1 < len(words) else ""
    if after in {"language", "languages", "dictionary"}:
        return True
    return bool(_LANGUAGE_BEFORE.search(text[max(0, span.start - 12) : span.start])) and not (after[:1].isalpha() and after not in {"and", "or", "on", "to", "with"}) and not words[at].text.endswith("s")


def _with_use(text: str, sentences: list[Tagged], found: dict[Span, float], line: Dateline | None) -> list[Toponym]:
    """Return the names with their use: the dateline is literal, the rest is what the model says."""
    out = []
    ordered = sorted(found)
    for sentence in sentences:
        begin, end = sentence.words[0].start, sentence.words[-1].end
        for span in ordered:
            if begin <= span.start < end:
                out.append(_one_use(text, sentence, span, found[span], line))
    return out


def _one_use(text: str, sentence: Tagged, span: Span, share: float, line: Dateline | None) -> Toponym:
    covered = [i for i, w in enumerate(sentence.words) if w.start < span.end and w.end > span.start]
    match = sentence.inside[covered[0]]
    in_dateline = line is not None and span in line.places
    owned = _OWNED.search(text[max(0, span.start - 20) : span.start])
    use = Use.LITERAL if in_dateline else Use.ASSOCIATIVE if owned else _use(text, sentence.words, covered[0], covered[-1], match[0] if match else None)
    return Toponym(span.start, span.end, text[span.start : span.end], use, score=share)


def _use(text: str, words: list[Token], first: int, last: int, match: Match | None) -> Use:
    label, _ = linear.load("use").best(use_features(text, words, first, last, match))
    return Use(label)
