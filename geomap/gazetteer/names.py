"""One normalisation of place names, used when the gazetteer is built and when it is asked.

A *key* is what two spellings of one name share: case, accents, punctuation, a leading article and the
words that are abbreviated in names ("St.", "Mt.") do not count.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that NFKD leaves alone although readers write them without their stroke or tail.
_FOLDED_LETTERS = str.maketrans(
    {
        "ı": "i", "ə": "a", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ħ": "h",
        "ŋ": "n", "ё": "е",
        # Apostrophes, primes and the Semitic letters ayn and hamza as romanisations write them.
        "'": "", "’": "", "‘": "", "`": "", "´": "", "ʿ": "", "ʾ": "", "ʼ": "", "ʻ": "", "′": "", "ʹ": "", ".": "",
        "&": " and ",
    }
)  # fmt: skip
_NOT_WORD = re.compile(r"[\W_]+")
_ABBREVIATED = {"saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft"}


def fold(text: str) -> str:
    """Return `text` without case, accents and apostrophes; punctuation becomes a single space."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.casefold().translate(_FOLDED_LETTERS)
    return _NOT_WORD.sub(" ", text).strip()


def key(name: str) -> str:
    """Return the key under which `name` is stored and looked up.

    Parameters
    ----------
    name
        A place name in any script.

    Returns
    -------
    str
        The key, empty when the name holds no letter or digit.

    """
    folded = fold(name)
    words = folded.split(" ")
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(_ABBREVIATED.get(word, word) for word in words)
