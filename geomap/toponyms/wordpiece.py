"""Sentences -> the numbers that the encoder reads.

Pieces of words, how each word is written, and what the gazetteer knows of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from geomap.toponyms.features import Match
from geomap.toponyms.tagger import Tagged

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
LONGEST_WORD = 60  # code points; a longer one is unknown
LONGEST_SPLIT = 40  # pieces of one word that are read
WINDOW = 160  # pieces; sentences are packed into windows of at most this many
CASES = 8
GAZETTEER_CLASSES = 16
_BUCKETS = (8.0, 10.0, 12.0, 14.0)  # prominence: hamlet, village, town, city, country or region


@dataclass(slots=True)
class Window:
    """Neighbouring sentences as one input.

    Piece ids, case and gazetteer class of each piece, and which piece starts which word.
    """

    pieces: list[int] = field(default_factory=list)
    cases: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    words: list[tuple[int, int, int]] = field(
        default_factory=list
    )  # sentence, word, position of its first piece


class WordPiece:
    """Splits words into the pieces of a vocabulary, the longest first.

    Lower case, without accents.
    """

    def __init__(self, vocabulary: list[str]) -> None:
        self.ids = {piece: position for position, piece in enumerate(vocabulary)}
        self._cache: dict[str, list[int]] = {}

    def split(self, word: str) -> list[int]:
        """Return the ids of the pieces of one word."""
        known = self._cache.get(word)
        if known is None:
            known = [i for part in _parts(word) for i in self._longest_first(part)] or [
                self.ids[UNKNOWN]
            ]
            if len(self._cache) > 50_000:
                self._cache.clear()
            self._cache[word] = known
        return known

    def _longest_first(self, part: str) -> list[int]:
        if len(part) > LONGEST_WORD:
            return [self.ids[UNKNOWN]]
        out, at = [], 0
        while at < len(part):
            for end in range(len(part), at, -1):
                piece = self.ids.get(("##" if at else "") + part[at:end])
                if piece is not None:
                    out.append(piece)
                    at = end
                    break
            else:
                return [self.ids[UNKNOWN]]
        return out


def _parts(word: str) -> list[str]:
    """Return the runs of letters and digits and the single marks of a word."""
    text = "".join(
        c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c)
    )
    out, run = [], ""
    for c in text:
        if c.isalnum():
            run += c
            continue
        out += [run, c] if run else [c]
        run = ""
    return [*out, run] if run else out


def case_of(word: str) -> int:
    """Return how a word is written: lower, Title, UPPER, miXed, initial, digits, mark."""
    if word.islower():
        return 0
    if word.isupper():
        return 4 if len(word) == 1 else 2
    if word.istitle():
        return 1
    if word.isdigit():
        return 5
    return 3 if any(c.isupper() for c in word) else 6


def gazetteer_class(covering: tuple[Match, int] | None) -> int:
    """Return what the gazetteer knows of a token.

    Nothing, a demonym, an abbreviation, or begin and inside of a name by prominence.
    """
    if covering is None:
        return 0
    match, position = covering
    if match.demonym:
        return 1
    if match.abbreviation:
        return 2
    return 3 + sum(match.prominence >= bound for bound in _BUCKETS) + (5 if position else 0)


def windows(
    sentences: Sequence[Tagged], pieces: WordPiece, wanted: Sequence[bool]
) -> Iterator[Window]:
    """Pack the wanted sentences, in order, into windows; a sentence longer than a window is cut."""
    window = _opened(pieces)
    for number, sentence in enumerate(sentences):
        if not wanted[number]:
            continue
        split = [pieces.split(word.text)[:LONGEST_SPLIT] for word in sentence.words]
        if len(window.pieces) + sum(map(len, split)) >= WINDOW and window.words:
            yield _closed(window, pieces)
            window = _opened(pieces)
        for at, ids in enumerate(split):
            if len(window.pieces) + len(ids) >= WINDOW and window.words:
                yield _closed(window, pieces)
                window = _opened(pieces)
            window.words.append((number, at, len(window.pieces)))
            window.pieces += ids
            window.cases += [case_of(sentence.words[at].text)] * len(ids)
            window.known += [gazetteer_class(sentence.inside[at])] * len(ids)
    if window.words:
        yield _closed(window, pieces)


def _opened(pieces: WordPiece) -> Window:
    return Window([pieces.ids[START]], [7], [0])


def _closed(window: Window, pieces: WordPiece) -> Window:
    window.pieces.append(pieces.ids[END])
    window.cases.append(7)
    window.known.append(0)
    return window
