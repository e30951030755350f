"""The same wire story under two headlines.

Found by shingles of words, told apart from an update by its figures.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from functools import lru_cache
from typing import Final

import numpy as np

WORDS: Final = 5  # words in a shingle
_BANDS: Final = 24
_ROWS: Final = 4
_SHORTEST: Final = 12  # words; below that only the same text is the same story
_SHARED: Final = 0.8
_SHORTER: Final = 0.5
_PRIME: Final = np.uint64(4294967311)  # the first above 2 ** 32
_WORD = re.compile(r"\w++(?:[.,]\d++)*+")
_FIGURE = re.compile(r"\d++(?:[.,]\d++)*+")


def _permutations() -> tuple[np.ndarray, np.ndarray]:
    made = np.random.default_rng(1917)
    shape = (_BANDS * _ROWS, 1)
    return made.integers(1, 2**31, shape, dtype=np.uint64), made.integers(
        0, 2**31, shape, dtype=np.uint64
    )


_FACTOR, _SHIFT = _permutations()


@lru_cache(maxsize=64)
def shingles(text: str) -> frozenset[int]:
    """Return the hashes of all runs of `WORDS` words of a text.

    Empty for a text too short to compare.
    """
    words = [m.group().casefold() for m in _WORD.finditer(text)]
    if len(words) < _SHORTEST:
        return frozenset()
    return frozenset(
        zlib.crc32(" ".join(words[i : i + WORDS]).encode()) for i in range(len(words) - WORDS + 1)
    )


def bands(text: str) -> list[int]:
    """Return keys of which two similar texts share at least one (MinHash, 24 bands of 4 rows.

    0.96 when they share 0.6 of their shingles).
    """
    found = shingles(text)
    if not found:
        return []
    hashes = np.fromiter(found, dtype=np.uint64, count=len(found))
    lowest = ((_FACTOR * hashes + _SHIFT) % _PRIME).min(axis=1).reshape(_BANDS, _ROWS)
    return [(zlib.crc32(row.tobytes()) << 8 | number) for number, row in enumerate(lowest)]


def may_be_same(one: str, other: str) -> bool:
    """Tell from the figures alone (see `figures`) whether two texts can be one story."""
    a, b = Counter(one.split()), Counter(other.split())
    return a <= b or b <= a


def same_story(one: str, other: str) -> bool:
    """Tell whether the shorter text stands in the longer one, with no figure of its own.

    A wire story that was cut, or got another first line, is the same; one whose toll was brought up
    to date is not.
    """
    small, large = sorted((one, other), key=lambda text: (len(shingles(text)), text))
    few, many = shingles(small), shingles(large)
    if not few or len(few) < _SHORTER * len(many) or len(few & many) < _SHARED * len(few):
        return False
    return Counter(figures(small).split()) <= Counter(figures(large).split())


def figures(text: str) -> str:
    """Return the figures of a text, each as often as it is told."""
    return " ".join(sorted(m.group().replace(",", "") for m in _FIGURE.finditer(text)))
