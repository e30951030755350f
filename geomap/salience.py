"""Which event a document is about.

Each event's score is the probability that it is the main one, rightly placed and dated.

A logistic model over what the whole document shows: how much of it speaks of the event's country,
place, year and type, where the
event stands, and whether the lead tells of a trial or an anniversary, which are about an older
deed. Weights: `_weights/events.json`,
made by `training/train_events.py`.
"""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from geomap.context import Story
from geomap.model import Basis, DatePrecision, Event, EventType, Kind, Status, Use, day_of
from geomap.weights import SHIPPED, read_json

_LEAD = 3  # sentences
_DAYS = 3  # an operation of a day or two is known to the day
# Words by which a report tells of what came after a deed: courts, inquiries, remembrance.
_AFTERMATH = re.compile(
    r"\b(?:trial|tried|court|judge|jury|sentenc\w+|convict\w+|charged|charges|plead\w*"
    r"|prosecut\w+|lawsuit|sued|appeal\w*|acquitt\w+|inquest|inquiry|investigat\w+|verdict"
    r"|testif\w+|hearing|indict\w+|extradit\w+"
    r"|anniversary|commemorat\w+|memorial|years?"
    r" (?:ago|after|since|later)|documentary|film|book|remember\w*)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_KINDS: Final = {
    Kind.SETTLEMENT: "kind_close",
    Kind.SITE: "kind_close",
    Kind.DISPUTED_AREA: "kind_close",
    Kind.ADMIN1: "kind_admin1",
    Kind.COUNTRY: "kind_country",
}
# What is said and agreed is told along with what happened.
_TALK: Final = frozenset(
    {
        EventType.DIPLOMACY,
        EventType.STATEMENT,
        EventType.AID,
        EventType.AGREEMENT,
        EventType.TERRITORIAL_CLAIM,
    }
)
_STATUSES: Final = {
    Status.BACKGROUND: "background",
    Status.PLANNED: "planned",
    Status.EXPECTED: "expected",
    Status.DENIED: "denied",
}


@dataclass(frozen=True, slots=True)
class _Model:
    weights: Mapping[str, float]
    intercept: float


@cache
def _model() -> _Model:
    told = read_json("events.json", SHIPPED)
    return _Model(told["weights"], told["intercept"])


def scored(events: Sequence[Event], story: Story) -> list[Event]:
    """Return the events with the probability that each is what the document is about."""
    model = _model()
    return [
        replace(
            event,
            score=round(
                1
                / (
                    1
                    + math.exp(
                        -model.intercept - sum(model.weights[n] * v for n, v in told.items())
                    )
                ),
                4,
            ),
        )
        for event, told in zip(events, features(events, story), strict=True)
    ]


def features(events: Sequence[Event], story: Story) -> list[dict[str, float]]:
    """Return what the model sees of each event; the score that an event has goes in as `base`."""
    view = _View.of(story)
    types = Counter(e.type for e in events)
    most = max(types.values(), default=1)
    return [
        {
            **_own(event),
            **view.place_features(event),
            **view.time_features(event),
            **view.position_features(event),
            "type_share": types[event.type] / most,
        }
        for event in events
    ]


def _own(event: Event) -> dict[str, float]:
    score = min(0.99, max(0.01, event.score))
    out = {
        "base": math.log(score / (1 - score)),
        "toll": float(event.fatalities is not None),
        "talk": float(event.type in _TALK),
    }
    if event.status in _STATUSES:
        out[_STATUSES[event.status]] = 1.0
    return out


@dataclass(frozen=True, slots=True)
class _View:
    """What a document as a whole shows."""

    story: Story
    places: Counter[str]
    countries: Counter[str]
    divisions: Counter[str]
    years: Mapping[int, float]
    aftermath: int
    lead: str
    starts: list[int]

    @classmethod
    def of(cls, story: Story) -> _View:
        named = [t for s in story.sentences for t in s.toponyms if t.place is not None]
        places = Counter(t.place.id for t in named if t.use is Use.LITERAL and t.place is not None)
        countries = Counter(
            t.place.country for t in named if t.place is not None and t.place.country
        )
        divisions = Counter(t.place.admin1 for t in named if t.place is not None and t.place.admin1)
        lead = " ".join([story.doc.title, *(s.text for s in story.sentences[:_LEAD])])
        return cls(
            story,
            places,
            countries,
            divisions,
            _years(story),
            min(3, len(_AFTERMATH.findall(lead))),
            lead,
            [s.span.start for s in story.sentences],
        )

    def place_features(self, event: Event) -> dict[str, float]:
        place = event.places[0].place if event.places else None
        if place is None:
            return {"kind_none": 1.0}
        out = {
            "place_share": _share(self.places, place.id),
            "country_share": _share(self.countries, place.country),
            "country_part": self.countries[place.country] / max(1, self.countries.total()),
            "division_share": (
                _share(self.divisions, place.admin1)
                if place.admin1
                else _share(self.places, place.id)
            ),
            "in_lead": float(place.name in self.lead),
            "in_title": float(place.name in self.story.doc.title),
        }
        return {**out, _KINDS[place.kind]: 1.0} if place.kind in _KINDS else out

    def time_features(self, event: Event) -> dict[str, float]:
        when = event.when
        if when is None or when.start is None:
            return {}
        year = day_of(when.start).year
        share = self.years.get(year, 0.0) / max([1.0, *self.years.values()])
        out = {
            "year_share": share,
            "by_day": float(
                when.end is not None and (day_of(when.end) - day_of(when.start)).days <= _DAYS
            ),
            "by_year": float(when.precision is DatePrecision.YEAR),
            "published_day": float(when.basis is Basis.PUBLICATION),
            "explicit": float(when.basis is Basis.EXPLICIT),
        }
        if self.story.published is None:
            return out
        age = min(3.0, math.log1p(max(0, self.story.published.year - year)))
        return {
            **out,
            "age": age,
            "age_aftermath": age * self.aftermath,
            "new_aftermath": float(age == 0) * self.aftermath,
            "old_share": share if age else 0.0,
        }

    def position_features(self, event: Event) -> dict[str, float]:
        at = bisect.bisect_right(self.starts, event.evidence[0].start) - 1
        return {
            "position": at / max(1, len(self.starts)),
            "position_log": math.log1p(max(0, at)),
            "first": float(at == 0),
            "aftermath_here": float(bool(_AFTERMATH.search(event.evidence[0].text))),
        }


def _share(counts: Counter[str], key: str) -> float:
    return counts[key] / max([1, *counts.values()])


def _years(story: Story) -> dict[int, float]:
    """Return in how many sentences each year is told; a date without its year counts half."""
    out: dict[int, float] = {}
    for sentence in story.sentences:
        told = {int(m.group()) for m in _YEAR.finditer(sentence.text)}
        for year in told:
            out[year] = out.get(year, 0.0) + 1.0
        for time in sentence.times:
            if not told and time.when is not None and time.when.start is not None:
                year = day_of(time.when.start).year
                out[year] = out.get(year, 0.0) + 0.5
    return out
