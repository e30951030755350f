"""Figures of people in text -> Quantity.

Digits and words, groupings, bounds, ranges and vague amounts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from geomap.model import LARGEST, Quantifier, Quantity, Unit

_LONGEST_NUMBER = 200  # code points; the longest number below it in words takes half of that

_ONES = {
    w: n
    for n, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    w: 10 * n
    for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "lakh": 100_000,
    "lakhs": 100_000,
    "crore": 10_000_000,
    "crores": 10_000_000,
    "k": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mln": 1_000_000,
    "bn": 1_000_000_000,
    "millions": 1_000_000,
}
# GUIDE: the least that a vague word says.
_VAGUE = {
    "dozens": 24,
    "scores": 40,
    "hundreds": 200,
    "thousands": 2_000,
    "lakhs": 200_000,
    "millions": 2_000_000,
}
_SPACES = "\u00a0\u202f\u2009"
_GROUPED = (
    r"\d{1,3}(?:,\d{3}){1,9}(?!\d)|\d{1,2}(?:,\d{2}){1,9},\d{3}(?!\d)"
    r"|\d{1,3}(?:\.\d{3}){1,9}(?!\d)|\d{1,3}(?:["
    rf" {_SPACES}'’]\d{{3}}){{1,9}}(?!\d)"
)
_DIGITS = rf"(?:{_GROUPED}|\d{{1,20}}(?:\.\d{{1,20}})?)"
_SCALE = r"(?:hundred thousand|hundred|thousand|million|billion|lakhs?|crores?|mln|mn|bn|k|m)"
_WORD = (
    "(?:"
    + "|".join(
        sorted(
            [*_ONES, *_TENS, "hundred", "thousand", "million", "billion", "lakh", "crore", "dozen"],
            key=len,
            reverse=True,
        )
    )
    + ")"
)
_WORDS = (
    r"(?:(?:a|an|half a|half an|one and a half|two and a half)"
    rf" (?:hundred|thousand|million|billion|lakh|crore|dozen)(?: thousand)?|{_WORD}(?:(?:[ -]|,?"
    rf" and | )(?:and )?{_WORD}){{0,9}})"
)
_FIGURE = rf"(?:{_DIGITS}(?:[ {_SPACES}-]?{_SCALE}\b)?|\b{_WORDS}\b)"
_VAGUE_FIGURE = (
    r"(?:(?:several |many |some )?(?:tens|dozens|scores|hundreds|thousands) of"
    r" (?:thousands|millions)|(?:hundreds|tens) of (?:thousands|millions)"
    r"|(?:several|a few|many|some|few) (?:dozen|hundred"
    r" thousand|hundred|thousand|million|lakh|crore)\b|(?:many |several"
    r" )?(?:dozens|scores|hundreds|thousands|millions|lakhs))"
)
_BEFORE = {
    Quantifier.AT_LEAST: (
        r"at least|no fewer than|no less than|not less than|not fewer than|a minimum of|minimum of"
    ),
    Quantifier.MORE_THAN: (
        r"(?:well |far |slightly |just )?(?:more than|over|above)|upwards of|in excess"
        r" of|exceeding|greater than|some more than|surpassing|topped"
    ),
    Quantifier.UP_TO: r"up to|as many as|a maximum of|no more than|not more than|at most",
    Quantifier.LESS_THAN: r"less than|fewer than|under|below",
    Quantifier.NEARLY: r"nearly|almost|close to|just under|just short of|approaching",
    Quantifier.ABOUT: (
        r"about|around|approximately|approx\.?|roughly|some|an estimated|estimated|an average"
        r" of|circa|or so|~|an additional about|estimates of"
    ),
}
_BOUND = "|".join(f"(?P<{name.value}>{pattern})" for name, pattern in _BEFORE.items())
_QUANTITY = re.compile(
    rf"(?:(?<![\w])(?:{_BOUND})\s{{1,9}}(?:(?:some|an?|an? estimated|another|an"
    r" additional|about|the)\s{1,9})?)?"
    rf"(?:(?P<between>between\s{{0,9}})?(?P<figure>{_FIGURE})(?:(?P<to>\s{{0,9}}(?:to|-|–|—|and"
    rf"|or)\s{{0,9}})(?P<upper>{_FIGURE}))?|(?P<vague>(?<!\w){_VAGUE_FIGURE}))"
    r"(?P<after>\+|-plus|\s{1,9}or more|\s{1,9}or so|\s{1,9}or fewer|\s{1,9}or less|\s{1,9}plus)?",
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(
    r"(?:[$€£¥₹₽]|\b(?:US|USD|EUR|GBP|Rs\.?|rupees|dollars))\s{0,9}$", re.IGNORECASE
)
_NOT_AFTER = re.compile(
    r"\s{0,9}(?:%|per"
    r" ?cent\b|percentage|(?:-|\s)?(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?"
    r"|centuries|decades)(?:-|\s)?(?:old|long|ago|later|of"
    r" age)?\b"
    r"|(?:-|\s)?(?:km|kms|kilomet\w{1,60}|miles?|met(?:er|re)s?|feet|foot|ft|hectares?|acres|square"
    r"|sq|kg|kilograms?|tonnes?|tons?|litres?|liters?|barrels?|degrees?|°)\b"
    r"|\s{0,9}(?:dollars?|euros?|pounds?|rupees?|roubles?|rubles?|yuan|yen|naira|shillings?|cents?"
    r"|USD|EUR)\b|\s{0,9}(?:am|pm|a\.m\.|p\.m\.|GMT|UTC|hrs|o'clock)\b|(?:st|nd|rd|th)\b|:\d\d|/\d"
    r"|,?\d|\.\d"
    r"|s\b|\s{0,9}(?:times|points?|goals?|votes?|seats?|copies|shares)\b)",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"(?:\b(?:No|Nos|number|article|chapter|section|paragraph|page|resolution|version|room"
    r"|flight|route|highway|covid|aged?|age|level|phase|group"
    r" of|grade|top|form|article|q|war)\.?\s{0,9}|[-/:#.,]|\d)$",
    re.IGNORECASE,
)
_MONTH_BESIDE = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,60}\.?", re.IGNORECASE
)
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|of|by|from|until|till|during|before|after|early|late|mid|year|to|and"
    r"|summer|spring|autumn|winter|fall|for)[\s-]{1,9}(?:early"
    r" |late |mid-?)?$",
    re.IGNORECASE,
)

PERSON_NOUNS = (
    r"people|persons?|inhabitants|residents|civilians?|refugees|idps?|migrants?|asylum[-"
    r" ]seekers?|returnees|evacuees|villagers|men|women|children|"
    r"individuals|souls|citizens|nationals|locals|displaced|survivors|students|pupils|workers"
    r"|labou?rers|farmers|arrivals|newcomers|others|"
    r"muslims|christians|jews|yazidis|yezidis|rohingyas?|kurds|arabs|hindus|sikhs|evangelicals"
    r"|adults|minors|infants|babies|youths|girls|boys|patients|"
    r"displacements|departures|crossings|fishermen|herders|pastoralists|settlers|detainees"
    r"|deportees|expellees|escapees|tourists|employees|staff|homeless|lives|populations?"
    r"|expatriates|"
    r"compatriots|islanders|town(?:s)?folk|townspeople|members|victims|beneficiaries"
    r"|passengers|foreigners|nomads|indigenous|elders|mothers|pensioners|fatalities|dead|"
    r"casualties|troops|soldiers|fighters|servicemen|policemen|rebels|militants|protesters"
    r"|protestors|demonstrators"
)
# Reports copied out of PDF files break and misspell: "fami-lies", "familis".
HOUSEHOLD_NOUNS = r"famil(?:ies|y|is|es)|fami-lies|households?|house-holds"
_HEAD = re.compile(
    (
        r"\s{0,9}(?:of\s{1,9})?(?:the\s{1,9}|its\s{1,9}|their\s{1,9}|these\s{1,9}|those\s{1,9}"
        rf"|our\s{{1,9}})?(?P<modifiers>(?:[^\W\d_][\w'’-]{{0,60}}\s{{1,9}}){{0,4}}?)"
        rf"(?P<noun>(?:{PERSON_NOUNS})"
        rf"|(?P<household>{HOUSEHOLD_NOUNS}))(?:\b|(?=were\b|have\b|who\b|are\b))"
    ),
    re.IGNORECASE,
)
_STOP_MODIFIER = re.compile(
    r"\b(?:have|has|had|were|was|are|is|be|been|to|in|from|at|by|and|or|who|that|fled|left"
    r"|displaced(?!\s{1,9}(?:people|persons|families|residents|children|syrians|civilians"
    r"|households|individuals))|crossed|"
    r"entered|arrived|returned|evacuated|killed|homes?|houses?|villages?|camps?|with|for|on"
    r"|into|as|after|since|because|forced|"
    r"soldiers|troops|fighters|police|tents|buildings|schools|vehicles|shelters|kits|units"
    r"|dwellings|families)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure found in a text: its offsets with the bound, the quantity, and the noun it counts.

    `noun` is empty when none follows; then people are only implied. `group` is the span from the
    first modifier to the noun.
    """

    start: int
    end: int
    quantity: Quantity
    noun: str = ""
    group: tuple[int, int] | None = None


def read_number(text: str) -> int | None:
    """Return the whole number that `text` writes in digits or words, or None.

    Western (2,900), Indian (1,20,000; 1.2 lakh), European (2.900) and spaced grouping, any Unicode
    digits, and words.
    """
    if len(text) > _LONGEST_NUMBER:
        return None
    folded = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and unicodedata.digit(c, None) is not None else c
        for c in text
    )
    folded = re.sub(rf"[{_SPACES}]", " ", folded).strip().casefold()
    match = re.fullmatch(rf"(?P<digits>{_DIGITS})(?:[ -]?(?P<scale>{_SCALE}))?", folded)
    if match:
        return _digits(match["digits"], match["scale"])
    return _words(folded)


def _digits(digits: str, scale: str | None) -> int | None:
    factor = 1
    for word in (scale or "").split():
        factor *= _SCALES[word]
    if re.fullmatch(_GROUPED, digits):
        value = int(re.sub(r"\D", "", digits)) * factor
    else:
        whole, _, fraction = digits.partition(".")
        if fraction and factor == 1:
            return None
        # Whole arithmetic: 1.2 million is 1,200,000 to the last digit.
        value = (
            int(whole + fraction) * factor // 10 ** len(fraction)
            if len(whole + fraction) <= 15
            else LARGEST
        )
    return value if value < LARGEST else None


def _words(text: str) -> int | None:
    text = (
        text.replace("half a ", "0.5 ")
        .replace("half an ", "0.5 ")
        .replace("one and a half ", "1.5 ")
        .replace("two and a half ", "2.5 ")
    )
    total, current, seen = 0.0, 0.0, False
    for word in re.split(r"[\s,-]{1,9}", text):
        if word in {"and", ""}:
            continue
        if word in {"a", "an"}:
            current = 1
        elif word in _ONES or word in _TENS or word in {"0.5", "1.5", "2.5"}:
            current += (
                _ONES.get(word, _TENS.get(word, 0)) or float(word)
                if word in {"0.5", "1.5", "2.5"}
                else _ONES.get(word, _TENS.get(word, 0))
            )
            seen = True
        elif word == "hundred":
            current, seen = (current or 1) * 100, True
        elif word == "dozen":
            current, seen = (current or 1) * 12, True
        elif word in _SCALES:
            total, current, seen = total + (current or 1) * _SCALES[word], 0, True
        else:
            return None
        if total + current >= LARGEST:
            return None
    value = int(total + current)
    return value if seen and value < LARGEST else None


def find_figures(text: str, start: int = 0, end: int | None = None) -> list[Figure]:
    """Return the figures of people in `text[start:end]`, left to right.

    Never a year, time, money, distance, age, ordinal or percentage. A figure whose noun is
    something else (tonnes, houses)
    is left out; one without a noun is kept with an empty `noun`.
    """
    stop = len(text) if end is None else end
    found = list(_shares(text, start, stop))
    taken = [(f.start, f.end) for f in found]
    for match in _QUANTITY.finditer(text, start, stop):
        figure = _figure(text, match, stop)
        if figure is not None and not any(figure.start < b and figure.end > a for a, b in taken):
            found.append(figure)
    return sorted(found, key=lambda f: f.start)


_FRACTIONS = {
    "half": (1, 2),
    "a third": (1, 3),
    "one third": (1, 3),
    "two thirds": (2, 3),
    "a quarter": (1, 4),
    "one quarter": (1, 4),
    "three quarters": (3, 4),
    "a fifth": (1, 5),
    "one fifth": (1, 5),
    "a tenth": (1, 10),
    "one tenth": (1, 10),
}
_SHARE = re.compile(
    rf"(?<![\w])(?:(?P<nearly>nearly|almost|close to)|(?P<more>more than|over|at"
    rf" least)|about|around|approximately|some|roughly)?\s{{0,9}}(?P<share>half|(?:a|one)["
    rf" -](?:third|quarter|fifth|tenth)|two[ -]thirds|three["
    rf" -]quarters|(?P<percent>\d{{1,2}}(?:\.\d{{1,20}})?)\s?(?:%|per ?cent))"
    r"\s{1,9}of\s{1,9}(?:all\s{1,9})?(?:the|its|their|a)\s{1,9}(?:(?:estimated|[\w]{1,60}['’]s"
    r"|total|population"
    rf" of|some|about|roughly|around)\s{{1,9}}){{0,3}}(?P<whole>{_FIGURE})",
    re.IGNORECASE,
)


def _shares(text: str, start: int, stop: int) -> Iterator[Figure]:
    """Yield shares of a stated total: "a third of its 120,000 people" is about 40,000."""
    for match in _SHARE.finditer(text, start, stop):
        total = read_number(match["whole"])
        noun, unit, group = _counted_noun(text, match.end(), stop)
        if total is None or not noun:
            continue
        if match["percent"]:
            value = round(total * float(match["percent"]) / 100)
        else:
            part, whole = _FRACTIONS[match["share"].casefold().replace("-", " ")]
            value = round(total * part / whole)
        bound = (
            Quantifier.MORE_THAN
            if match["more"]
            else Quantifier.NEARLY
            if match["nearly"]
            else Quantifier.ABOUT
        )
        yield Figure(
            match.start(),
            match.end(),
            replace(_bounded(value, bound, match.group().strip()), unit=unit),
            noun,
            group,
        )


def _figure(text: str, match: re.Match[str], stop: int) -> Figure | None:
    quantity = _vague(match) if match["vague"] else _counted(match)
    at, last = match.start("vague" if match["vague"] else "figure"), match.end()
    if quantity is None:
        return None
    before, after = text[max(0, at - 24) : at], text[last : min(stop, last + 24)]
    if not match["vague"] and (
        _MONEY_BEFORE.search(before) or _NOT_AFTER.match(after) or _NOT_BEFORE.search(before)
    ):
        return None
    noun, unit, group = _counted_noun(text, last, stop)
    plain = match["figure"] or ""
    if noun and _is_year(before, plain, match["upper"] or ""):
        return None  # "in 2012 people fled" counts no 2012
    if plain.isdigit() and int(plain) <= 31 and _MONTH_BESIDE.match(after.lstrip()):
        return None
    if not noun and not match["vague"]:
        if _dated(before, after, plain) or (quantity.value is not None and quantity.value < 2):
            return None
        if not plain[:1].isdigit() and quantity.value is not None and quantity.value < 20:
            return None
    if (
        noun
        and _dated(before, "", plain)
        and not match["vague"]
        and _MONTH_BESIDE.search(before[-10:])
    ):
        return None
    return Figure(match.start(), last, replace(quantity, unit=unit), noun, group)


def _is_year(before: str, plain: str, upper: str) -> bool:
    years = [number for number in (plain, upper) if number]
    return all(len(n) == 4 and n.isdigit() and 1000 <= int(n) <= 2100 for n in years) and bool(
        re.search(r"\b(?:in|since|until|during|from|between)\s{1,9}$", before, re.IGNORECASE)
    )


def _dated(before: str, after: str, plain: str) -> bool:
    """Tell whether a bare number is a year or a day of a month."""
    if not plain.isdigit():
        return False
    near = _MONTH_BESIDE.match(after.lstrip(" ,")) or re.search(
        r"\b" + _MONTH_BESIDE.pattern + r"\s{0,9}$", before, re.IGNORECASE
    )
    if int(plain) <= 31 and near:
        return True
    year = len(plain) == 4 and 1000 <= int(plain) <= 2100
    return year and bool(
        near
        or _YEAR_BEFORE.search(before)
        or not re.match(r"\s{1,9}(?:had|have|were|are|was|fled|left|crossed|of)\b", after)
    )


def _counted_noun(
    text: str, last: int, stop: int
) -> tuple[str, Unit | None, tuple[int, int] | None]:
    match = _HEAD.match(text, last, stop)
    if match and not _STOP_MODIFIER.search(match["modifiers"]):
        begin = match.start("modifiers") if match["modifiers"] else match.start("noun")
        households = match["household"] or re.match(
            rf"\s{{1,9}}(?:{HOUSEHOLD_NOUNS})\b",
            text[match.end() : match.end() + 20],
            re.IGNORECASE,
        )
        return (
            match["noun"].casefold(),
            Unit.HOUSEHOLD if households else Unit.PERSON,
            (begin, match.end("noun")),
        )
    # A demonym in the plural counts people: "3,000 ethnic Armenians", "hundreds of Afghans".
    named = re.compile(
        r"\s{0,9}(?:of\s{1,9})?(?:the\s{1,9})?(?P<group>(?:(?:ethnic|mostly|mainly|displaced"
        r"|fleeing|internally"
        r" displaced|undocumented|registered|unregistered|mostly"
        r" \w{1,60})\s{1,9}){0,9}[A-Z][a-z]{1,60}(?:\s[A-Z][a-z]{1,60})?(?:s|ese|men)\b)"
    ).match(text, last, stop)
    if named:
        return named["group"].split()[-1], Unit.PERSON, named.span("group")
    return "", Unit.PERSON, None


def _counted(match: re.Match[str]) -> Quantity | None:
    text = match["figure"]
    value = read_number(text)
    if (
        value is None
        and match["upper"]
        and (scale := re.search(rf"{_SCALE}$", match["upper"], re.IGNORECASE))
    ):
        value = read_number(f"{text} {scale.group()}")  # "between 1.2 and 1.5 million"
    if value is None:
        return None
    bound = next(
        (name for name in Quantifier if name.value in _BEFORE_NAMES and match[name.value]), None
    )
    if match["upper"]:
        upper = read_number(match["upper"])
        separator = match["to"].strip().casefold()
        # "10 to 12 thousand": the scale of the second belongs to both.
        if (
            upper is not None
            and (scaled := re.search(rf"{_SCALE}$", match["upper"], re.IGNORECASE))
            and value < 1000 <= upper
        ):
            value = read_number(f"{match['figure']} {scaled.group()}") or value
        if upper is not None and value < upper and (separator != "and" or match["between"]):
            return Quantity(None, value, upper, Quantifier.RANGE, text=match.group().strip())
        return None if separator in {"-", "–"} else _bounded(value, bound, text)
    after = (match["after"] or "").strip().casefold()
    if after in {"+", "-plus", "plus", "or more"}:
        bound = bound or (Quantifier.AT_LEAST if after == "or more" else Quantifier.MORE_THAN)
    elif after == "or so":
        bound = Quantifier.ABOUT
    elif after:
        bound = Quantifier.UP_TO
    return _bounded(value, bound, text)


_BEFORE_NAMES = frozenset(name.value for name in _BEFORE)


def _bounded(n: int, bound: Quantifier | None, text: str) -> Quantity:
    if bound in {Quantifier.MORE_THAN, Quantifier.AT_LEAST}:
        return Quantity(n, n, None, bound, text=text)
    if bound in {Quantifier.UP_TO, Quantifier.LESS_THAN}:
        return Quantity(None, None, n, bound, text=text)
    if bound is Quantifier.NEARLY:
        return Quantity(n, None, n, bound, text=text)
    if bound is Quantifier.ABOUT:
        return Quantity(n, None, None, bound, text=text)
    return Quantity(n, n, n, Quantifier.EXACT, text=text)


def _vague(match: re.Match[str]) -> Quantity | None:
    words = match["vague"].casefold().split()
    minimum = 1
    multiplied = [w for w in words if w in {"tens", *_VAGUE}]
    if "of" in words:
        first, second = multiplied[0], multiplied[-1]
        base = {"tens": 20, "dozens": 24, "scores": 40, "hundreds": 200, "thousands": 2000}[first]
        minimum = base * {"thousands": 1000, "millions": 1_000_000}[second]
    elif multiplied:
        minimum = _VAGUE[multiplied[0]]
    else:
        for word in words:
            minimum *= {"dozen": 12, **_SCALES}.get(word, 1)
        minimum *= 2
    return Quantity(None, minimum, None, Quantifier.VAGUE, text=match["vague"])
