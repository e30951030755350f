"""What the linear models see of a token.

The word, its shape, its neighbours, and what the gazetteer knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from geomap.gazetteer import ABBREVIATION, DEMONYM, KINDS, Gazetteer, key
from geomap.text.segment import Token

LONGEST_NAME = 6  # tokens
# prominence from which a name is known to newsreaders: a country, a region, a city of a million
_STRONG = 14.0
_KNOWN = 10.0  # a town of ten thousand

# Words beside a capitalised name that tell what it is. Short lists of the commonest; the models
# learn the rest.
PERSON_TITLES = frozenset(
    """
    mr mrs ms miss dr sir lord lady prof professor president premier minister chancellor senator
    rep congressman congresswoman governor mayor judge justice king queen prince princess pope
    sheikh imam ayatollah general gen colonel col major maj captain capt lieutenant lt sergeant
    sgt commander cmdr admiral spokesman spokeswoman spokesperson secretary chief coach actor
    actress singer author director analyst reporter chairman chairwoman ceo founder activist
    """.split()
)
ORG_HEADS = frozenset(
    """
    university college school institute hospital church party ministry department agency council
    committee commission court bank company corp inc ltd group association federation union league
    club team fc united city post times news tribune herald journal gazette telegraph guardian
    press agency radio tv television museum foundation fund society center centre airlines airways
    army police force forces front brigade movement congress parliament assembly senate
    """.split()
)
EVENT_HEADS = frozenset(
    "war wars battle treaty agreement accord accords summit conference cup games olympics"
    " championship open marathon festival peace plan revolution uprising protocol convention"
    " massacre genocide crisis derby".split()
)
PLACE_HEADS = frozenset(
    """
    city town village province state county district region oblast governorate prefecture island
    islands river lake mountain mountains valley bay gulf sea ocean strait peninsula coast airport
    road street avenue bridge camp border crossing hills beach port desert forest park township
    municipality suburb neighborhood neighbourhood republic
    """.split()
)
LOCATIVE = frozenset(
    "in at near from to into across through toward towards around outside inside over within"
    " between off throughout via".split()
)
# Verbs (by stem) whose object or goal is ground that one can stand on.
MOTION_STEMS = (
    "flee",
    "fled",
    "leav",
    "left",
    "enter",
    "reach",
    "cross",
    "arriv",
    "return",
    "evacuat",
    "travel",
    "mov",
    "visit",
    "head",
    "escap",
    "pour",
    "stream",
    "driv",
    "drove",
    "fly",
    "flew",
    "invad",
    "captur",
    "seiz",
    "occup",
    "bomb",
    "shell",
    "hit",
    "struck",
    "strik",
    "attack",
    "tour",
    "surround",
    "besieg",
    "retak",
    "liv",
    "born",
    "resid",
    "stay",
    "shelter",
    "settl",
    "displac",
    "deport",
    "expel",
    "bound",
    "situat",
    "locat",
    "held",
    "kill",
    "die",
    "erupt",
    "quak",
    "march",
    "land",
    "go",
    "went",
    "going",
    "gone",
)
# Verbs and nouns of governments: what stands before or after them acts or is owned.
ACTING_STEMS = (
    "said",
    "say",
    "told",
    "tell",
    "accus",
    "agree",
    "announc",
    "urg",
    "warn",
    "den",
    "claim",
    "defeat",
    "vow",
    "reject",
    "support",
    "back",
    "belong",
    "govern",
    "minist",
    "presid",
    "parliament",
    "army",
    "forc",
    "offici",
    "polic",
    "embass",
    "ambassad",
    "leader",
    "lawmak",
    "econom",
    "relation",
    "sign",
    "deal",
    "talk",
    "treat",
    "impos",
    "sanction",
    "want",
    "threat",
    "demand",
    "launch",
    "fire",
    "retaliat",
    "recogni",
    "counterpart",
    "team",
    "beat",
    "won",
    "win",
    "play",
    "gave",
    "give",
    "reject",
    "regain",
    "sent",
    "send",
    "will",
    "would",
    "has",
    "had",
    "have",
    "collapse",
    "dissolution",
    "fall",
    "rule",
    "stak",
)


def stem_class(word: str) -> str:
    """Return whether a word moves or stands on ground ("mv"), acts like a government ("ac").

    Or neither.
    """
    low = word.casefold()
    if low.startswith(MOTION_STEMS):
        return "mv"
    return "ac" if low.startswith(ACTING_STEMS) else ""


@dataclass(frozen=True, slots=True)
class Match:
    """The longest gazetteer name that starts at a token.

    `size` tokens, its best prominence, kind and way of naming.
    """

    size: int
    prominence: float
    kind: str
    demonym: bool
    abbreviation: bool


def gazetteer_matches(
    text: str, words: list[Token], gaz: Gazetteer, wanted: list[bool]
) -> list[Match | None]:
    """Return for each token the longest name that starts there, or None.

    Only `wanted` tokens may start a name.
    """
    return [_longest(text, words, at, gaz) if want else None for at, want in enumerate(wanted)]


def _longest(text: str, words: list[Token], at: int, gaz: Gazetteer) -> Match | None:
    start, best = words[at].start, None
    for size in range(1, LONGEST_NAME + 1):
        if at + size > len(words) or "\n" in text[start : words[at + size - 1].end]:
            break
        last = words[at + size - 1]
        if not (last.text[0].isalnum() or last.text[0] in "'’"):
            continue
        folded = key(text[start : last.end])
        if gaz.knows(folded):
            found = describe(text[start : last.end], size, gaz)
            best = found or best
        if not gaz.extends(folded):
            break
    return best


def describe(name: str, size: int, gaz: Gazetteer) -> Match | None:
    """Return what the gazetteer knows of `name`.

    Leaving out readings that its capitals forbid ("us" is not the US).
    """
    ranked = []
    for row, how in gaz.postings(name):
        short = how == ABBREVIATION or len(name) <= 2
        if short and not name.isupper():
            continue
        ranked.append((gaz.prominence(row, how), row, how))
    if not ranked:
        return None
    prominence, row, how = max(ranked)
    return Match(
        size, prominence, KINDS[gaz.column("kind")[row]].value, how == DEMONYM, how == ABBREVIATION
    )


def shape(word: str) -> str:
    """Return the pattern of capitals, digits and marks of a word: "Xx", "XX", "X.X.", "x", "9"."""
    if word.isdigit():
        return "9"
    if "." in word:
        return "X.X."
    if word.isupper():
        return "X" if len(word) == 1 else "XX"
    if word[:1].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "x" if word.islower() else ("9" if word[:1].isdigit() else word[:1])


def word_class(word: str) -> str:
    """Return the list a neighbouring word is in, or the empty string."""
    low = word.casefold()
    for name, words in (
        ("per", PERSON_TITLES),
        ("org", ORG_HEADS),
        ("evt", EVENT_HEADS),
        ("plc", PLACE_HEADS),
        ("loc", LOCATIVE),
    ):
        if low in words:
            return name
    return ""


def prominence_band(match: Match | None) -> str:
    """Return a coarse word for how prominent a match is."""
    if match is None:
        return "no"
    return "hi" if match.prominence >= _STRONG else "mid" if match.prominence >= _KNOWN else "lo"


def token_features(
    words: list[Token],
    at: int,
    inside: list[tuple[Match, int] | None],
    previous: str,
    *,
    shouting: bool,
) -> list[str]:
    """Return the features of the token at position `at` for the tagger.

    Parameters
    ----------
    words
        The tokens of one sentence.
    inside
        For each token the gazetteer match that covers it and the token's place in it, or None.
    previous
        The tag given to the token before: "O", "B" or "I".
    shouting
        Whether the sentence is written in capitals, so that shape says nothing.

    """
    word = words[at].text
    low = word.casefold()

    def near(offset: int) -> str:
        return (
            words[at + offset].text
            if 0 <= at + offset < len(words)
            else ("<s>" if offset < 0 else "</s>")
        )

    before, after, before2, after2 = near(-1), near(1), near(-2), near(2)
    b, a = before.casefold(), after.casefold()
    covered = inside[at]
    if covered is None:
        gaz = "no"
        size = "0"
    else:
        match, position = covered
        flag = "d" if match.demonym else "a" if match.abbreviation else ""
        gaz = f"{prominence_band(match)}{match.kind}{flag}"
        size = f"{'b' if position == 0 else 'i'}{min(match.size, 3)}"
    form = "S" if shouting else shape(word)
    sa, sb = shape(after), shape(before)
    ca, cb = word_class(after), word_class(before)
    # A country or metropolis is told by its kind and company: its very word would only memorise how
    # one corpus marked it.
    own = (
        []
        if gaz.startswith("hi")
        else [
            "w=" + low,
            "s3=" + low[-3:],
            "s4=" + low[-4:],
            "p3=" + low[:3],
            "wc=" + low + ca + cb,
        ]
    )
    return [
        *own,
        "b",
        "p=" + previous,
        "g=" + gaz,
        "gs=" + gaz + size,
        "f=" + form,
        "w-1=" + b,
        "w+1=" + a,
        "w-2=" + before2.casefold(),
        "w+2=" + after2.casefold(),
        "f-1=" + sb + form,
        "f+1=" + form + sa,
        "c-1=" + cb + gaz,
        "c+1=" + ca + gaz,
        "c2=" + word_class(before2) + word_class(after2),
        "pg=" + previous + gaz + size,
        "pf=" + previous + form,
        "w-1g=" + b + "|" + gaz,
        "w+1g=" + a + "|" + gaz,
        "w-1w+1=" + b + "|" + a,
        "fgf=" + sb + gaz + sa,
    ]


def use_features(
    text: str, words: list[Token], first: int, last: int, match: Match | None
) -> list[str]:
    """Return the features that tell how the name from token `first` to `last` is used.

    Literal or associative.
    """

    def near(offset: int) -> str:
        position = first + offset if offset < 0 else last + offset
        return (
            words[position].text
            if 0 <= position < len(words)
            else ("<s>" if offset < 0 else "</s>")
        )

    l1, l2, l3, r1, r2, r3 = (near(o).casefold() for o in (-1, -2, -3, 1, 2, 3))
    if l1 in {"the", "a"}:
        l1, l2, l3 = "the_" + l2, l3, near(-4).casefold()
    kind = match.kind if match else "none"
    left = [words[i].text for i in range(max(0, first - 6), first)]
    moving = next((w.casefold() for w in reversed(left) if stem_class(w) == "mv"), "")
    head = stem_class(
        near(-2) if l1 in {"to", "in", "from", "into", "for", "of", "with", "by"} else near(-1)
    )
    capital_after = "Cap" if near(1)[:1].isupper() else "low"
    capital_before = "Cap" if near(-1)[:1].isupper() else "low"
    preposition = next(
        (
            w.casefold()
            for w in (near(-1), near(-2), near(-3))
            if w.casefold() in LOCATIVE | {"of", "by", "with", "for", "on", "against", "between"}
        ),
        "none",
    )
    return [
        "b",
        "k=" + kind,
        "l1=" + l1,
        "l2=" + l2,
        "l3=" + l3,
        "r1=" + r1,
        "r2=" + r2,
        "r3=" + r3,
        "l12=" + l2 + "|" + l1,
        "r12=" + r1 + "|" + r2,
        "l1r1=" + l1 + "|" + r1,
        "kl1=" + kind + "|" + l1,
        "kr1=" + kind + "|" + r1,
        "ca=" + capital_after + kind,
        "cb=" + capital_before + kind,
        "pre=" + preposition,
        "prer=" + preposition + "|" + r1,
        "cr1=" + word_class(near(1)),
        "cl1=" + word_class(near(-1)),
        "w=" + text[words[first].start : words[last].end].casefold(),
        "s=" + ("1" if first == 0 else "0"),
        "r1s=" + r1[-3:],
        "r1e=" + r1[-2:] + kind,
        "capcap=" + capital_before + capital_after,
        "mv=" + ("1" if moving else "0"),
        "mvpre=" + ("1" if moving else "0") + preposition,
        "hd=" + head + "|" + l1,
        "hdr=" + head + "|" + stem_class(near(1)),
        "rc=" + stem_class(near(1)),
        "rc2=" + stem_class(near(2)) + "|" + r1,
        "hdk=" + head + kind,
        "l1k=" + (l1 if l1 in LOCATIVE else "x") + stem_class(near(1)),
    ]
