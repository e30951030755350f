"""One normalisation of place names, used when the gazetteer is built and when it is asked.

A *key* is what two spellings of one name share: case, accents, punctuation, a leading article and
the
words that are abbreviated in names ("St.", "Mt.") do not count.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that NFKD leaves alone although readers write them without their stroke or tail.
_FOLDED_LETTERS = str.maketrans(
    {
        "ı": "i",
        "ə": "a",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ħ": "h",
        "ŋ": "n",
        "ё": "е",
        # Apostrophes, primes and the Semitic letters ayn and hamza as romanisations write them.
        "'": "",
        "’": "",
        "‘": "",
        "`": "",
        "´": "",
        "ʿ": "",
        "ʾ": "",
        "ʼ": "",
        "ʻ": "",
        "′": "",
        "ʹ": "",
        ".": "",
        "&": " and ",
    }
)
_NOT_WORD = re.compile(r"[\W_]++")
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
    # Most names are plain letters, for which folding is lower case.
    plain = name.isascii() and name.replace(" ", "").isalpha()
    words = name.lower().split() if plain else fold(name).split(" ")
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(_ABBREVIATED.get(word, word) for word in words)


ARTICLES = frozenset("al el ul il as ash ad an ar at az es esh ed en er et ez".split())


def without_article(folded: str) -> str:
    """Return a key without its Arabic article, also assimilated ("al qamishli", "ar raqqah").

    Or the empty string when it has none.
    """
    first, _, rest = folded.partition(" ")
    return rest if first in ARTICLES and len(rest) > 3 else ""


# --- the loose key
# ----------------------------------------------------------------------

# Particles that romanisations write or leave out.
_PARTICLES = ARTICLES | {"the", "l", "d"}
# What a place is called beside its name: "Al Bab town", "Idlib Governorate".
TYPE_WORDS = frozenset(
    """
    city town village township municipality district subdistrict county province governorate
    oblast region raion rayon krai state prefecture department division muhafazah wilayat wilaya
    markaz nahiyah nahiya camp neighborhood neighbourhood suburb quarter area airport commune
    republic
    """.split()
)
# Two or three letters for one sound, as romanisations of Arabic, Persian, Cyrillic, Armenian,
# Georgian, Burmese and Chinese write it; the order counts. C stands for ch, ts and their kin; H for
# kh, gh, h and g, which languages and systems exchange (Luhansk, Lugansk; Xankendi, Khankendi).
_SOUNDS = (
    ("shch", "s"),
    ("tch", "C"),
    ("dzh", "j"),
    ("tskh", "Ch"),
    ("sch", "s"),
    ("dj", "j"),
    ("zh", "j"),
    ("kh", "H"),
    ("gh", "H"),
    ("sh", "s"),
    ("ch", "C"),
    ("hs", "H"),
    ("ts", "C"),
    ("tz", "C"),
    ("dz", "j"),
    ("ph", "f"),
    ("hp", "p"),
    ("th", "t"),
    ("ht", "t"),
    ("dh", "d"),
    ("hk", "k"),
    ("ng", "n"),
    ("nb", "mb"),
    ("np", "mp"),
    ("q", "k"),
    ("x", "H"),
    ("ce", "se"),
    ("ci", "si"),
    ("c", "k"),
    ("g", "H"),
    ("h", "H"),
)
_VOWELS = str.maketrans({"e": "a", "y": "i", "o": "u", "w": "u"})
_SKELETON = str.maketrans(
    {"p": "b", "t": "d", "C": "s", "j": "s", "z": "s", "f": "v", "a": None, "i": None, "u": None}
)
_DOUBLED = re.compile(r"(.)\1++")


def sound(name: str) -> str:
    """Return how a name sounds, the same for most romanisations.

    "Dayr az Zawr" and "Deir ez-Zor" give "dairzaur" and "dairzur". Native scripts are
    transliterated first. Articles and words for the kind of place ("town", "Governorate") do not
    count.
    """
    return sound_of_key(key(name))


def sound_of_key(folded: str) -> str:
    """Return `sound` of what is a key already."""
    words = folded.split(" ")
    if not folded.isascii():
        words = [word if word.isascii() else _romanised(word) for word in words]
    if len(words) > 1:
        words = [
            word for word in words if word not in _PARTICLES and word not in TYPE_WORDS
        ] or words
    out = "".join(words)
    for letters, letter in _SOUNDS:
        out = out.replace(letters, letter)
    if out[:1] in {
        "w",
        "y",
    }:  # at the start they are consonants: Wau is not Au; but Yerevan is Erevan
        out = ("v" if out[0] == "w" else "") + out[1:]
    out = _DOUBLED.sub(r"\1", out.translate(_VOWELS))
    return out[:-1] if out.endswith("H") and len(out) > 2 else out


def _romanised(word: str) -> str:
    from anyascii import (
        anyascii,
    )  # MIT-style (ISC) tables; loaded only for names in a native script

    # Arabic writes the article as part of the word, and a final t that is not spoken.
    bare = word[2:] if word.startswith("ال") and len(word) > 3 else word
    latin: str = anyascii(bare.replace("ة", "")).casefold()
    return re.sub(r"[^a-z0-9]", "", latin)


def skeleton(sounds: str) -> str:
    """Return the classes of the consonants of a sound (see `sound`).

    An initial vowel counts as one class.

    Names of one skeleton are compared by their sounds. Empty when no consonant is left.
    """
    first = "A" if sounds[:1] in {"a", "i", "u"} else ""
    rest = sounds[:1] + sounds[1:].replace("H", "")
    bones = _DOUBLED.sub(r"\1", first + rest.translate(_SKELETON))
    return "" if bones == "A" else bones
