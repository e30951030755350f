"""Tell English from other languages by script and function words; enough to warn, no more."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_FUNCTION_WORDS = {
    "en": "the of and to in that is was for on with as by from at said his has were are".split(),
    "fr": "le la les des et en du une est dans que pour qui sur par au avec ont été plus".split(),
    "es": "el los las que en una por con para del se su al fueron más como está".split(),
    "de": "der die das und den von zu mit sich auf ist im dem nicht ein eine wurde nach".split(),
    "pt": "o os as que em um uma para com não do da dos das foi pelo mais ao".split(),
    "it": "il di che la e per un una con del della non sono nel alla gli delle".split(),
    "nl": "de het een van en in dat op te zijn met voor niet aan door werd".split(),
    "tr": "ve bir bu da de için ile olarak olan sonra dedi daha kadar".split(),
}
_SCRIPTS = {
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "HEBREW": "he",
    "CJK": "zh",
    "HIRAGANA": "ja",
    "HANGUL": "ko",
    "ETHIOPIC": "am",
    "MYANMAR": "my",
    "DEVANAGARI": "hi",
    "GREEK": "el",
}
_SAMPLE = 4000  # code points are enough to tell


def language(text: str) -> str:
    """Return an ISO 639-1 code, or "und" when the text is too short to tell."""
    sample = text[:_SAMPLE]
    letters = [c for c in sample if c.isalpha()]
    if not letters:
        return "und"
    scripts = Counter(unicodedata.name(c, "?").split(" ")[0].split("-")[0] for c in letters)
    script, count = scripts.most_common(1)[0]
    if script != "LATIN":
        return _SCRIPTS.get(script, "und") if count > len(letters) / 2 else "und"
    words = Counter(re.findall(r"[^\W\d_]+", sample.casefold()))
    share = {code: sum(words[w] for w in known) for code, known in _FUNCTION_WORDS.items()}
    best = max(share, key=lambda code: (share[code], code == "en"))
    return (
        best
        if share[best] >= max(2, 0.08 * sum(words.values()))
        else "en"
        if share["en"]
        else "und"
    )
