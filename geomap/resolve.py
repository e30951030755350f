"""Toponyms -> the same with one Place each, a calibrated score.

The alternatives and the reasons in words.

A small linear ranker over features that can be named. Its weights are trained
(`training/train_ranker.py`), and so is the score of an answer, a
logistic regression over what speaks for it (`training/train_calibration.py`).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from geomap.gazetteer import (
    ABBREVIATION,
    ALTERNATE,
    DEMONYM,
    KINDS,
    PRIMARY,
    Gazetteer,
    haversine_km,
    key,
)
from geomap.home import NOWHERE, Area, home_of
from geomap.model import Document, Kind, Place, Precision, Toponym, Use
from geomap.toponyms.features import word_class
from geomap.weights import read_json

MOST_CANDIDATES = 24
MOST_ALTERNATIVES = 4
_LEAST_RESPELT, _ALIKE, _SPOKEN_OF = (
    5,
    0.75,
    0.25,
)  # code points of a name, likeness of sounds, share of a country: below these namesakes are chance
_INNER_PROMINENCE = 12.0  # a town of twenty thousand with its primary name
_ADMIN_AFTER = re.compile(
    (
        r"\s{1,9}(?:province|state|region|oblast|governorate|county|district|prefecture|division"
        r"|republic|krai|raion|rayon|department)\b"
    ),
    re.IGNORECASE,
)
_ADMIN_BEFORE = re.compile(
    (
        r"\b(?:province|state|region|governorate|county|district|prefecture"
        r"|department)s?\s{1,9}of\s{1,9}$"
    ),
    re.IGNORECASE,
)
_CITY_BEFORE = re.compile(
    r"\b(?:city|town|village|capital|suburb|municipality|hamlet)(?:\s{1,9}of)?\s{1,9}$",
    re.IGNORECASE,
)
_CITY_AFTER = re.compile(r"\s{1,9}(?:city|town|village|airport)\b", re.IGNORECASE)
_CHAIN = re.compile(
    r"^(?:,\s{0,9}|\s{0,9}[(\[]\s{0,9}(?:in\s{1,9})?|\s{1,9}in\s{1,9}|,\s{1,9}in\s{1,9})$"
)
# Places without inhabitants of their own, as prominent as a place of so many.
_NOMINAL = {
    Kind.REGION: 2e7,
    Kind.FORMER_STATE: 2e7,
    Kind.DISPUTED_AREA: 2e7,
    Kind.WATER: 2e6,
    Kind.TERRAIN: 2e6,
    Kind.SITE: 1e5,
}
_ADMIN_KINDS = {Kind.ADMIN1, Kind.ADMIN2}
_KIND_FEATURE = {
    Kind.COUNTRY: "country",
    Kind.ADMIN1: "admin1",
    Kind.ADMIN2: "admin2",
    Kind.SETTLEMENT: "settlement",
    Kind.SITE: "site",
    Kind.WATER: "nature",
    Kind.TERRAIN: "nature",
    Kind.REGION: "region",
    Kind.FORMER_STATE: "region",
    Kind.DISPUTED_AREA: "region",
}
FEATURES = (
    "log_population",
    "country",
    "admin1",
    "admin2",
    "settlement",
    "site",
    "nature",
    "region",
    "capital",
    "seat",
    "primary_name",
    "abbreviation",
    "same_spelling",
    "inside_next",
    "outside_next",
    "country_share",
    "admin1_share",
    "near_50km",
    "near_300km",
    "admin_word",
    "city_word",
    "other_word",
    "most_prominent",
    "biased",
    "home",
    "prominence_rank",
    "country_in_text",
    "section",
    "known_capital",
    "bare_division",
    "foreign_division",
    "seat_of_namesake",
)
_REASONS = {
    "inside_next": "the text names what contains it",
    "country_share": "other places of the text lie in {country}",
    "admin1_share": "other places lie in the same province",
    "near_50km": "another place of the text is within 50 km",
    "near_300km": "another place of the text is within 300 km",
    "log_population": "{population:,} inhabitants",
    "admin_word": "the text calls it a division",
    "city_word": "the text calls it a town",
    "biased": "it lies where the reader looks",
    "capital": "a capital",
    "country": "a country",
    "region": "a region known to news",
    "most_prominent": "the best known of its name",
    "home": "it is near the outlet's home",
    "country_in_text": "the text names {country}",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a name may mean: its row in the gazetteer and how the name belongs to it."""

    row: int
    how: int


# Set by hand, for no corpus holds readers or enough outlets: a stated interest outweighs tenfold
# inhabitants, an outlet's home less.
_GIVEN = {"biased": 2.5, "home": 2.0}
Ranking = list[
    tuple[float, Candidate, dict[str, float]]
]  # the candidates of one name with total and features, the best first


_GRAIN = 2**40  # weights are summed as whole parts of this size: exact in any order


@dataclass(frozen=True, slots=True)
class _Said:
    """What one name says of place: its weight, and country, province and point of its guess."""

    weight: int
    country: int
    province: int
    is_country: bool
    point: tuple[float, float] | None


class Surroundings:
    """What the names of a document say of place, asked for each name without itself.

    Sums are made once and the name's own part is taken off, so that a document of many names costs
    their number and not its square.
    """

    def __init__(
        self,
        groups: dict[str, tuple[list[int], list[Candidate]]],
        chosen: dict[str, Candidate | None],
        gaz: Gazetteer,
        bias: Area = NOWHERE,
        home: Area = NOWHERE,
    ) -> None:
        self.bias, self.home = bias, home
        self._said = {
            name: _said(len(groups[name][0]), len(groups[name][1]), guess, gaz)
            for name, guess in chosen.items()
            if guess is not None
        }
        self.countries: dict[int, int] = defaultdict(int)
        self.provinces: dict[int, int] = defaultdict(int)
        self.named: dict[int, int] = defaultdict(int)
        for said in self._said.values():
            if said.country >= 0:
                self.countries[said.country] += said.weight
                self.named[said.country] += said.is_country
            if said.province >= 0:
                self.provinces[said.province] += said.weight
        self.all_countries = sum(self.countries.values())
        self.all_provinces = sum(self.provinces.values())
        points = ((name, said.point) for name, said in self._said.items() if said.point)
        self._points = tuple(islice(points, _MOST_POINTS + 1))

    def without(self, name: str) -> Context:
        """Return what all names but this one say."""
        points = tuple(point for other, point in self._points if other != name)[:_MOST_POINTS]
        return Context(self, self._said.get(name, _NOTHING_SAID), points)


@dataclass(frozen=True, slots=True)
class Context:
    """What the rest of the document says of place: shares by country and province, and points."""

    around: Surroundings
    own: _Said
    points: tuple[tuple[float, float], ...]

    def country_share(self, country: int) -> float:
        """Return the share of the names' weight that lies in a country; 0 for none (-1)."""
        around = self.around
        return self._share(around.countries, around.all_countries, self.own.country, country)

    def province_share(self, province: int) -> float:
        """Return the share of the names' weight that lies in a province; 0 for none (-1)."""
        around = self.around
        return self._share(around.provinces, around.all_provinces, self.own.province, province)

    def _share(self, weights: dict[int, int], whole: int, own: int, asked: int) -> float:
        if asked not in weights:
            return 0.0
        mine = self.own.weight if own == asked else 0
        rest = whole - (self.own.weight if own >= 0 else 0)
        return (weights[asked] - mine) / (rest or 1)

    def names_country(self, country: int) -> bool:
        """Tell whether the document names a country itself."""
        mine = self.own.is_country and self.own.country == country
        return self.around.named.get(country, 0) > mine


_MOST_POINTS = 60  # names whose points count for nearness, the first of the document
_NOTHING_SAID = _Said(0, -1, -1, is_country=False, point=None)
_POINTED = frozenset({Kind.SETTLEMENT, Kind.ADMIN2, Kind.SITE})


def _said(mentions: int, meanings: int, guess: Candidate, gaz: Gazetteer) -> _Said:
    row, column = guess.row, gaz.column
    kind = KINDS[column("kind")[row]]
    country = column("country")[row]
    return _Said(
        round(_GRAIN * math.sqrt(mentions) * (1.0 if meanings < 3 else 0.5)),
        country,
        column("admin1")[row],
        kind is Kind.COUNTRY and country >= 0,
        (column("lon")[row] / 1e5, column("lat")[row] / 1e5) if kind in _POINTED else None,
    )


@cache
def _weights() -> dict[str, float]:
    stored: dict[str, float] = read_json("ranker.json")["weights"]
    return stored


def resolve(
    doc: Document, toponyms: Sequence[Toponym], gaz: Gazetteer, *, bias: Area = NOWHERE
) -> list[Toponym]:
    """Return the toponyms with their places.

    Parameters
    ----------
    doc
        The document that the offsets point into.
    toponyms
        From `find_toponyms`, or any spans.
    gaz
        Where candidates come from.
    bias
        What the reader is interested in (see `home.read_bias`); it wins when the text is silent.
        The outlet's own home (`doc.source`, `doc.url`)
        counts in the same way, but less.

    Returns
    -------
    list of Toponym
        In the same order. What cannot be resolved keeps `place` None and a `reason`.

    """
    weights = _weights() | _GIVEN
    home = home_of(doc, gaz)
    groups = group(toponyms, gaz)
    chosen = {name: _first_guess(candidates, gaz) for name, (_, candidates) in groups.items()}
    rankings: dict[str, Ranking] = {}
    for _ in range(2):
        around = Surroundings(groups, chosen, gaz, bias, home)
        for name, (members, candidates) in groups.items():
            context = around.without(name)
            rankings[name] = rank(doc, members, toponyms, candidates, context, gaz, weights)
        chosen = {name: ranking[0][1] for name, ranking in rankings.items() if ranking}
    around = Surroundings(groups, chosen, gaz, bias, home)
    for name, found in respelt(toponyms, groups, around, gaz).items():
        context = around.without(name)
        rankings[name] = rank(doc, groups[name][0], toponyms, found, context, gaz, weights)
    out = list(toponyms)
    for name, (members, _) in groups.items():
        for position in members:
            out[position] = _resolved(
                toponyms[position], rankings[name], len(members), gaz, weights
            )
    return [
        _beside(doc.text, out, position) if _is_facility(toponym) else toponym
        for position, toponym in enumerate(out)
    ]


def _is_facility(toponym: Toponym) -> bool:
    """Tell whether an unresolved name is a thing that stands in a town.

    "Cloverhill District Court", "Stonewall Avenue".
    """
    words = toponym.name.split()
    return (
        toponym.place is None
        and toponym.use is not Use.DEMONYM
        and len(words) > 1
        and any(word.strip(",.()").casefold() in _FACILITIES for word in words)
    )


def _beside(text: str, toponyms: Sequence[Toponym], position: int) -> Toponym:
    """Return an unresolved facility as near the town that the text names beside it.

    Before it if there is one.
    """
    toponym = toponyms[position]
    near: list[tuple[int, Toponym, Place | None]] = []
    for other in toponyms[max(0, position - 8) : position + 4]:
        if (
            other.place is not None
            and other.place.kind is Kind.SETTLEMENT
            and other.use is not Use.DEMONYM
        ):
            gap = (
                toponym.start - other.end
                if other.end <= toponym.start
                else 2 * (other.start - toponym.end)
            )
            near.append((gap, other, other.place))
    gap, anchor, town = min(near, key=lambda n: n[0], default=(_BESIDE + 1, toponym, None))
    if town is None or gap > _BESIDE:
        return toponym
    place = replace(
        town, precision=Precision.NEAR, uncertainty_km=max(town.uncertainty_km, _NEAR_KM)
    )
    reason = f"not in the gazetteer; the text speaks of it beside {text[anchor.start : anchor.end]}"
    return replace(
        toponym,
        place=place,
        score=round(toponym.score / _UNRESOLVED * _BESIDE_SHARE, 4),
        reasons=(reason,),
        reason="",
    )


# Things that stand in one town.
_FACILITIES = frozenset(
    """
    university college school institute hospital clinic church mosque temple synagogue cathedral
    chapel cemetery graveyard court courthouse jail prison tower bridge avenue street road
    boulevard lane drive square plaza park stadium arena field theatre theater museum library
    gallery hotel inn restaurant mall centre center hall house building airport station terminal
    metro base barracks factory plant mill market bazaar garden gardens zoo club academy dam port
    harbour harbor pier checkpoint headquarters apartments estate
    """.split()
)
_STREETS = frozenset("avenue street road boulevard lane drive".split())
_DIRECTIONS = frozenset(
    "north south east west northern southern eastern western central upper lower middle greater new"
    " old no".split()
)
_BESIDE = 400  # code points between a facility and its town
_NEAR_KM = 15.0
_BESIDE_SHARE = 0.6  # of facilities so placed, about this share lies within 161 km
_UNRESOLVED = 0.5  # of the probability of a span whose name the gazetteer does not hold


def group(
    toponyms: Sequence[Toponym], gaz: Gazetteer
) -> dict[str, tuple[list[int], list[Candidate]]]:
    """Return for each distinct name the positions that carry it and its candidates.

    One referent a document.
    """
    positions: dict[str, list[int]] = defaultdict(list)
    for position, toponym in enumerate(toponyms):
        flag = "=" if toponym.use is Use.DEMONYM else ""
        positions[flag + key(toponym.name)].append(position)
    return {
        name: (
            members,
            candidates(toponyms[members[0]], gaz)
            or inner_candidates(toponyms[members[0]].name, gaz),
        )
        for name, members in positions.items()
    }


def candidates(toponym: Toponym, gaz: Gazetteer) -> list[Candidate]:
    """Return what the name may mean, the most prominent first, at most `MOST_CANDIDATES`."""
    demonym = toponym.use is Use.DEMONYM
    if toponym.name.casefold() in _DIRECTIONS:
        return []  # "the West", "Western officials": no province that is called so
    for name in _spellings(toponym.name):
        found = [
            Candidate(row, how)
            for row, how in gaz.postings(name)
            if (how == DEMONYM) == demonym and not _miscased(toponym.name, how)
        ]
        if found:
            found.sort(key=lambda c: (-gaz.prominence(c.row, c.how), c.row))
            return found[:MOST_CANDIDATES]
    return []


def respelt(
    toponyms: Sequence[Toponym],
    groups: dict[str, tuple[list[int], list[Candidate]]],
    around: Surroundings,
    gaz: Gazetteer,
) -> dict[str, list[Candidate]]:
    """Return what unknown names may be other romanisations of.

    In the countries that the document speaks of most.
    """
    unknown = {
        name: toponyms[members[0]]
        for name, (members, found) in groups.items()
        if not found and toponyms[members[0]].use is not Use.DEMONYM
    }
    if not unknown:
        return {}
    whole = around.without("")
    spoken = {c for c in around.countries if whole.country_share(c) >= _SPOKEN_OF}
    country = gaz.column("country")
    out: dict[str, list[Candidate]] = {}
    for name, toponym in unknown.items():
        if (
            len(toponym.name) >= _LEAST_RESPELT
            and toponym.name[:1].isupper()
            and not _is_facility(toponym)
        ):
            alike = [
                Candidate(row, ALTERNATE)
                for row, likeness in gaz.sounding_like(toponym.name)
                if likeness >= _ALIKE and country[row] in spoken
            ]
            out |= {name: alike[:MOST_CANDIDATES]} if alike else {}
    return out


def inner_candidates(name: str, gaz: Gazetteer) -> list[Candidate]:
    """Return what the longest known name inside an unknown one may mean.

    "Cavan Institute" is near Cavan.
    """
    words = name.split()
    # "Jordan Henderson" is no place near Jordan: only a thing with a seat takes the place of a name
    # inside it.
    low = {word.casefold() for word in words}
    if (
        not any(
            word_class(word) in {"org", "plc"} or word.casefold() in _FACILITIES for word in words
        )
        or low & _STREETS
    ):
        return []  # "Northumberland Avenue" is in no Northumberland
    for size in range(len(words) - 1, 0, -1):
        for at in range(len(words) - size + 1):
            part = " ".join(words[at : at + size]).strip(",()'’\"")
            if size == 1 and (word_class(part) or part.casefold() in _FACILITIES | _DIRECTIONS):
                continue  # the "University" of a name is no town called University
            rows = [
                Candidate(row, how)
                for row, how in gaz.postings(part)
                if part[:1].isupper() and gaz.prominence(row, how) > _INNER_PROMINENCE
            ]
            rows = [c for c in rows if c.how not in {DEMONYM, ABBREVIATION}]
            if rows:
                return sorted(rows, key=lambda c: (-gaz.prominence(c.row, c.how), c.row))[
                    :MOST_CANDIDATES
                ]
    return []


def _miscased(name: str, how: int) -> bool:
    return how == ABBREVIATION and not name.isupper()


_TYPE = re.compile(
    r"^(?:the\s{1,9}|city of\s{1,9}|town of\s{1,9}|village of\s{1,9}|province of\s{1,9}|state"
    r" of\s{1,9}|(?:north|south|east|west|central|northern|southern|eastern|western|upper|lower"
    r"|greater|downtown|old)["
    r" -](?=[A-Z]))"
    r"|\s{1,9}(?:city|town|village|province|state|region|governorate|oblast|county|district"
    r"|area|city"
    r" council|municipality|valley|island|islands|international airport|airport|refugee"
    r" camp|camp|parish|township|borough)$",
    re.IGNORECASE,
)


def _spellings(name: str) -> list[str]:
    """Return the name as written, then without the words that gazetteers leave out."""
    bare = _TYPE.sub("", name)
    return list(dict.fromkeys([name, bare, _TYPE.sub("", bare)]))


def _first_guess(found: Sequence[Candidate], gaz: Gazetteer) -> Candidate | None:
    return max(found, key=lambda c: gaz.prominence(c.row, c.how), default=None)


def rank(
    doc: Document,
    members: Sequence[int],
    toponyms: Sequence[Toponym],
    found: Sequence[Candidate],
    context: Context,
    gaz: Gazetteer,
    weights: dict[str, float],
) -> Ranking:
    """Return the candidates of one name with total and features, the best first."""
    described = described_all(doc, members, toponyms, found, context, gaz)
    scored = [
        (sum(weights[name] * value for name, value in features.items()), candidate, features)
        for candidate, features in described
    ]
    return sorted(scored, key=lambda s: (-s[0], s[1].row))


def described_all(
    doc: Document,
    members: Sequence[int],
    toponyms: Sequence[Toponym],
    found: Sequence[Candidate],
    context: Context,
    gaz: Gazetteer,
) -> list[tuple[Candidate, dict[str, float]]]:
    """Return the features of all candidates of one name."""
    out = [
        (candidate, describe(doc, members, toponyms, candidate, position, context, gaz))
        for position, candidate in enumerate(found)
    ]
    rows, provinces = {candidate.row for candidate in found}, gaz.column("admin1")
    for candidate, features in out:
        if (
            "settlement" in features
            and provinces[candidate.row] in rows
            and not features.get("other_word")
        ):
            features["seat_of_namesake"] = 1.0
    return out


def describe(
    doc: Document,
    members: Sequence[int],
    toponyms: Sequence[Toponym],
    candidate: Candidate,
    position: int,
    context: Context,
    gaz: Gazetteer,
) -> dict[str, float]:
    """Return the features of one candidate; those that are zero are left out."""
    row, column = candidate.row, gaz.column
    kind, country, province = (
        KINDS[column("kind")[row]],
        column("country")[row],
        column("admin1")[row],
    )
    features: dict[str, float] = {
        "log_population": math.log1p(max(_NOMINAL.get(kind, 0), column("population")[row])) / 10,
        _KIND_FEATURE[kind]: 1.0,
    }
    code = column("feature")[row]
    features["capital"], features["seat"], features["section"] = (
        float(code == 4),
        float(code == 3),
        float(code == 5),
    )
    features["primary_name"], features["abbreviation"] = (
        float(candidate.how == PRIMARY),
        float(candidate.how == ABBREVIATION),
    )
    # A primary name other than the gazetteer's own is one the hand-written tables give: "New York"
    # of New York City.
    own = gaz.name_at(row)
    features["same_spelling"] = float(
        own == toponyms[members[0]].name
        or (candidate.how == PRIMARY and key(own) != key(toponyms[members[0]].name))
    )
    features["country_share"] = context.country_share(country) if kind is not Kind.COUNTRY else 0.0
    features["admin1_share"] = context.province_share(province) if kind is not Kind.COUNTRY else 0.0
    features["country_in_text"] = float(kind is not Kind.COUNTRY and context.names_country(country))
    features["most_prominent"], features["prominence_rank"] = (
        float(position == 0),
        min(float(position), 10.0) / 10,
    )
    lon, lat = column("lon")[row] / 1e5, column("lat")[row] / 1e5
    features["biased"], features["home"] = (
        context.around.bias.share(country, lon, lat),
        context.around.home.share(country, lon, lat),
    )
    features["known_capital"] = float(code == 4) * max(
        features["country_in_text"], features["country_share"]
    )
    if kind is not Kind.COUNTRY:
        features["near_50km"], features["near_300km"] = _nearness(lon, lat, context)
    for member in members[:8]:
        for name, value in _local(doc, toponyms, member, row, kind, gaz).items():
            features[name] = max(features.get(name, 0.0), value)
    # A province and a town in it of one name: which is meant when nothing beside the name tells?
    features["bare_division"] = float(kind is Kind.ADMIN1 and not features["admin_word"])
    features["foreign_division"] = features["bare_division"] * (1 - features["country_share"])
    return {name: value for name, value in features.items() if value}


def _nearness(lon: float, lat: float, context: Context) -> tuple[float, float]:
    if not context.points or lat > 90:
        return 0.0, 0.0
    nearest = min(haversine_km(lon, lat, x, y) for x, y in context.points)
    return math.exp(-nearest / 50), math.exp(-nearest / 300)


def _local(
    doc: Document, toponyms: Sequence[Toponym], member: int, row: int, kind: Kind, gaz: Gazetteer
) -> dict[str, float]:
    """Return what stands right beside one mention."""
    toponym, text = toponyms[member], doc.text
    features: dict[str, float] = {}
    before, after = (
        text[max(0, toponym.start - 24) : toponym.start],
        text[toponym.end : toponym.end + 20],
    )
    admin = bool(
        _ADMIN_AFTER.match(after)
        or _ADMIN_BEFORE.search(before)
        or _ADMIN_AFTER.search(toponym.name)
    )
    city = bool(_CITY_BEFORE.search(before) or _CITY_AFTER.match(after))
    features["admin_word"] = float(admin and kind in _ADMIN_KINDS)
    features["city_word"] = float(city and kind is Kind.SETTLEMENT)
    features["other_word"] = float(
        (admin and kind is Kind.SETTLEMENT) or (city and kind in _ADMIN_KINDS | {Kind.COUNTRY})
    )
    following = toponyms[member + 1] if member + 1 < len(toponyms) else None
    if (
        following is not None
        and following.use is not Use.DEMONYM
        and _CHAIN.match(text[toponym.end : following.start])
    ):
        comma = not text[toponym.end : following.start].strip().startswith("in")
        inside = _inside(row, following, gaz)
        if inside is not None:
            features["inside_next"] = (1.0 if comma else 0.7) if inside else 0.0
            features["outside_next"] = 0.0 if inside or not comma else 1.0
    return features


def _inside(row: int, container: Toponym, gaz: Gazetteer) -> bool | None:
    """Tell whether the place lies in what `container` may mean.

    None when that is no division, so that nothing is said.
    """
    kinds, column = gaz.column("kind"), gaz.column
    rows = [
        c.row
        for c in candidates(container, gaz)
        if KINDS[kinds[c.row]]
        in {Kind.COUNTRY, Kind.ADMIN1, Kind.ADMIN2, Kind.REGION, Kind.DISPUTED_AREA}
    ]
    if not rows:
        return None
    for other in rows:
        if other == row:
            continue
        kind = KINDS[kinds[other]]
        if kind is Kind.COUNTRY and column("country")[row] == column("country")[other]:
            return True
        if other in {column("admin1")[row], column("admin2")[row]}:
            return True
        if kind in {Kind.REGION, Kind.DISPUTED_AREA} and _within_km(
            row, other, column("uncertainty")[other] / 10, gaz
        ):
            return True
    return False


def _within_km(row: int, other: int, km: float, gaz: Gazetteer) -> bool:
    lon, lat = gaz.column("lon"), gaz.column("lat")
    return haversine_km(lon[row] / 1e5, lat[row] / 1e5, lon[other] / 1e5, lat[other] / 1e5) <= km


def _resolved(
    toponym: Toponym, ranking: Ranking, mentions: int, gaz: Gazetteer, weights: dict[str, float]
) -> Toponym:
    if not ranking:
        reason = "no place of this name in the gazetteer"
        return replace(
            toponym, place=None, reason=reason, score=round(toponym.score * _UNRESOLVED, 4)
        )
    _, best, features = ranking[0]
    place = gaz.place_at(best.row)
    reasons = tuple(
        _REASONS[name].format(country=place.country_name, population=place.population)
        for name, value in sorted(features.items(), key=lambda f: -weights[f[0]] * f[1])
        if name in _REASONS and weights[name] * value > 0.3
    )
    score = round(_probability(confidence_features(toponym, ranking, mentions)), 4)
    others = tuple(gaz.place_at(c.row) for _, c, _ in ranking[1 : 1 + MOST_ALTERNATIVES])
    reason = "" if place.lon is not None else "the gazetteer has no coordinates for it"
    return replace(
        toponym, place=place, score=score, alternatives=others, reasons=reasons, reason=reason
    )


def confidence_features(toponym: Toponym, ranking: Ranking, mentions: int) -> dict[str, float]:
    """Return what tells how far an answer can be trusted.

    The probability of the span, the lead of the first candidate, and what speaks for it.
    """
    top, _, features = ranking[0]
    lead = 1 / sum(math.exp(score - top) for score, _, _ in ranking)
    out = {
        "always": 1.0,
        "span": _logit(toponym.score),
        "lead": _logit(lead),
        "candidates": math.log(len(ranking)),
        "mentions": math.log(mentions),
        "demonym": float(toponym.use is Use.DEMONYM),
    }
    return out | {name: features[name] for name in _TRUSTED if features.get(name)}


_TRUSTED = (
    "log_population",
    "country",
    "admin1",
    "admin2",
    "settlement",
    "site",
    "nature",
    "region",
    "primary_name",
    "abbreviation",
    "same_spelling",
    "inside_next",
    "country_share",
    "admin1_share",
    "near_50km",
    "near_300km",
    "admin_word",
    "most_prominent",
    "country_in_text",
)
CONFIDENCE_FEATURES = ("always", "span", "lead", "candidates", "mentions", "demonym", *_TRUSTED)


@cache
def _confidence_weights() -> dict[str, float]:
    stored: dict[str, float] = read_json("calibration.json")["weights"]
    return stored


def _probability(features: dict[str, float]) -> float:
    weights = _confidence_weights()
    return 1 / (1 + math.exp(-sum(weights[name] * value for name, value in features.items())))


def _logit(share: float) -> float:
    clipped = min(0.999, max(0.001, share))
    return math.log(clipped / (1 - clipped))
