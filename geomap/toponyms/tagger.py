"""Tag the tokens that name places.

A greedy BIO tagger that looks only where a capital letter is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from geomap.gazetteer import Gazetteer
from geomap.text.segment import Span, Token, sentences, tokens
from geomap.toponyms import linear
from geomap.toponyms.features import LOCATIVE, Match, gazetteer_matches, stem_class, token_features

LABELS = ("O", "B", "I")
# Small words inside names, between capitals: "Isle of Man", "Deir al-Balah", "Cox's Bazar".
_INNER = frozenset(
    {
        "-",
        "of",
        "the",
        "de",
        "del",
        "la",
        "las",
        "los",
        "do",
        "da",
        "dos",
        "du",
        "el",
        "al",
        "ar",
        "as",
        "ash",
        "ad",
        "an",
        "az",
        "ez",
        "et",
        "y",
        "and",
        "upon",
        "on",
        "'s",
        "’s",
        "’",
        "'",
    }
)
# A name well known to the gazetteer that stands alone is taken when the tagger says "no" with less
# than this probability.
_DOUBT = 0.75
# Verbs whose object is ground and never a person.
_WAR_STEMS = (
    "flee",
    "fled",
    "evacuat",
    "besieg",
    "invad",
    "overran",
    "recaptur",
    "retak",
    "retook",
)
_DOUBT_AFTER_MOTION = 0.97
_KNOWN = 9.0  # a place of a thousand under its primary name
_WELL_KNOWN = 12.0  # prominence: a town of twenty thousand under its primary name
# of the two taggers; tried 0.3 to 1, leaving one corpus out: the mean is best or near it on each
ENCODER_SHARE = 0.5
# tried 0.9 to 1: the encoder finds no more names there, and reading them takes half the time
_SURELY_NONE = 0.95
_SHOUTING = 0.8  # share of words in capitals from which shape says nothing


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence ready for the tagger.

    Tokens, the gazetteer match over each, and which may be part of a name.
    """

    words: list[Token]
    inside: list[tuple[Match, int] | None]
    open: list[bool]
    shouting: bool


def prepared(text: str, gaz: Gazetteer) -> Iterator[Tagged]:
    """Yield the sentences of `text` that hold a capital letter, ready for the tagger."""
    for span in sentences(text):
        words = list(tokens(text, span.start, span.end))
        if words:
            yield prepare(text, words, gaz)


def prepare(text: str, words: list[Token], gaz: Gazetteer) -> Tagged:
    """Return one sentence ready for the tagger."""
    capitals = [word.text[0].isupper() for word in words]
    alphabetic = [word for word in words if word.text[0].isalpha() and len(word.text) > 1]
    shouting = len(alphabetic) > 3 and sum(w.text.isupper() for w in alphabetic) >= _SHOUTING * len(
        alphabetic
    )
    matches = gazetteer_matches(text, words, gaz, capitals)
    inside: list[tuple[Match, int] | None] = [None] * len(words)
    for at, match in enumerate(matches):
        if match is not None:
            for offset in range(match.size):
                covering = inside[at + offset]
                if covering is None or covering[0].size < match.size:
                    inside[at + offset] = (match, offset)
    allowed = [capital or _inner(words, at, inside) for at, capital in enumerate(capitals)]
    return Tagged(words, inside, allowed, shouting)


def _inner(words: list[Token], at: int, inside: list[tuple[Match, int] | None]) -> bool:
    covering = inside[at]
    if covering is not None and covering[1] > 0:
        return True
    if at == 0 or words[at].text.casefold() not in _INNER:
        return False
    return any(word.text[0].isupper() for word in words[at + 1 : at + 3])


def scan(sentence: Tagged, previous: Callable[[int], str]) -> Iterator[tuple[int, list[str]]]:
    """Yield position and features of every token that may be part of a name, left to right."""
    for at, allowed in enumerate(sentence.open):
        if allowed:
            yield (
                at,
                token_features(
                    sentence.words, at, sentence.inside, previous(at), shouting=sentence.shouting
                ),
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model says of one token.

    The probabilities of O, B and I, and that a name which starts here is associative.
    """

    tags: tuple[float, ...]
    associative: float


def tag(
    sentence: Tagged, readings: dict[int, Reading] | None = None
) -> tuple[list[str], list[float]]:
    """Return the tag of each token and its probability.

    The linear tagger's, or its mean with the encoder's where that has read.
    """
    model = linear.load("tagger")
    tags, shares = ["O"] * len(sentence.words), [1.0] * len(sentence.words)
    for at, features in scan(sentence, lambda i: tags[i - 1] if i else "O"):
        mixed = model.shares(model.scores(features))
        if readings and at in readings:
            mixed = tuple(
                (1 - ENCODER_SHARE) * a + ENCODER_SHARE * b
                for a, b in zip(mixed, readings[at].tags, strict=True)
            )
        if at == 0 or tags[at - 1] == "O":
            mixed = (mixed[0], mixed[1] + mixed[2], 0.0)  # nothing to continue
        best = max(range(3), key=mixed.__getitem__)
        tags[at], shares[at] = LABELS[best], mixed[best]
        if best == 0 and _known_alone(sentence, at, shares[at]):
            tags[at], shares[at] = "B", 0.5
    return tags, shares


def surely_none(tags: list[str], shares: list[float]) -> bool:
    """Tell whether the linear tagger is sure that a sentence holds no name.

    So that the encoder need not read it.
    """
    return all(tag == "O" for tag in tags) and min(shares, default=1.0) >= _SURELY_NONE


def _known_alone(sentence: Tagged, at: int, share: float) -> bool:
    """Tell whether one known name fills this token, no capital stands beside it.

    And the tagger doubts its "no".

    After a verb of motion or harm ("flee", "shelled") or a word of place the doubt may be small:
    the tagger's corpora hold little of war.
    """
    covering = sentence.inside[at]
    if (
        covering is None
        or covering[0].size != 1
        or covering[0].demonym
        or sentence.shouting
        or at == 0
    ):
        return False
    beside = [sentence.words[i].text for i in (at - 1, at + 1) if 0 <= i < len(sentence.words)]
    if any(word[0].isupper() or word == "-" for word in beside):
        return False
    if covering[0].prominence >= _KNOWN and beside[0].casefold().startswith(_WAR_STEMS):
        return True
    told = stem_class(beside[0]) == "mv" or beside[0].casefold() in LOCATIVE
    return (share < _DOUBT and covering[0].prominence >= _WELL_KNOWN) or (
        told and share < _DOUBT_AFTER_MOTION and covering[0].prominence >= _KNOWN
    )


def spans(tags: list[str], shares: list[float]) -> Iterator[tuple[int, int, float]]:
    """Yield first token, last token and probability of every tagged name."""
    at = 0
    while at < len(tags):
        if tags[at] == "O":
            at += 1
            continue
        last = at
        while last + 1 < len(tags) and tags[last + 1] == "I":
            last += 1
        yield at, last, min(shares[at : last + 1])
        at = last + 1


def name_span(sentence: Tagged, first: int, last: int) -> Span:
    """Return the code points from the first to the last token of a name."""
    return Span(sentence.words[first].start, sentence.words[last].end)
