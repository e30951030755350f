"""Golden readings: what a careful reader records of short passages, and how near a parse comes.

The records lie in `tests/data/readings/` (their README tells how they were made). A parsed document
is a line of `geomap parse` (`geomap.output.to_line`), so this file needs nothing of the reader.

    verdicts = [v for item in load() for v in compare(item, to_line(parse(item)))]
    shares(verdicts)["killed"].share            # of all figures of the dead, those that are right
    shares(verdicts, "toll_order")["killed"]    # the same in the items written for that behaviour

A record and a prediction are paired when a sentence of theirs is the same and their types are of
one family (an air strike may be told as a battle, but not as a protest), those with most right
fields first. `found` is asked of every record, `invented` of every prediction; the other fields of
pairs only. A field is not asked (no verdict) where neither side says anything.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "readings"
VIOLENCE = {"battle", "explosion", "violence_against_civilians", "crime"}
UNREST = {"protest", "riot"}
CURRENT = {"occurred", "ongoing"}
FINE = {"settlement", "site", "camp"}
FINE_KM, COARSE_KM = 25.0, 161.0  # as far as a gazetteer's point lies from another's
SLACK_DAYS = 3
Record = dict[str, Any]
Fields = dict[str, tuple[bool, Any, Any]]  # field -> right, wanted, given


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one field of one record is right, in which item, and for which behaviours."""

    item: str
    layer: str  # event | movement
    field: str
    right: bool
    tests: tuple[str, ...] = ()
    hard: bool = False
    wanted: Any = None
    given: Any = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many of those asked are right."""

    right: int
    asked: int

    @property
    def share(self) -> float:
        """Right of asked; 1 where nothing was asked."""
        return self.right / self.asked if self.asked else 1.0


def load(folder: Path = FOLDER) -> list[Record]:
    """Return all items, file by file."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def compare(item: Record, line: Record) -> list[Verdict]:
    """Return the verdicts on one parsed document, events first."""
    drawn = [e for e in line["events"] if e["type"] != "statement"]
    return [
        *_layer(item, "event", item["events"], drawn),
        *_layer(item, "movement", item["movements"], line["movements"]),
    ]


def shares(
    verdicts: Iterable[Verdict],
    behaviour: str | None = None,
    *,
    layer: str | None = None,
    hard: bool = True,
) -> dict[str, Share]:
    """Return the share right of each field: of all items, or of those for one behaviour.

    `hard=False` leaves out the records that two careful readers might fill differently.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for v in verdicts:
        fits = behaviour is None or behaviour in v.tests
        if fits and layer in {None, v.layer} and (hard or not v.hard):
            counts[v.field][0] += v.right
            counts[v.field][1] += 1
    return {field: Share(right, asked) for field, (right, asked) in counts.items()}


def errors(verdicts: Iterable[Verdict], field: str) -> Iterator[str]:
    """Yield a line for each wrong verdict on a field, for a person to read."""
    for v in verdicts:
        if v.field == field and not v.right:
            yield f"{v.item} {v.layer}: wanted {v.wanted!r}, given {v.given!r}"


def _layer(item: Record, layer: str, gold: list[Record], given: list[Record]) -> Iterator[Verdict]:
    judge = judge_event if layer == "event" else judge_movement
    fit = _event_fits if layer == "event" else _one_sentence
    made = partial(Verdict, item["id"], layer, tests=tuple(item["tests"]))
    pairs = _pairs(gold, given, judge, fit)
    for n, record in enumerate(gold):
        sentence = item["text"][slice(*record["evidence"][0])]
        yield made("found", n in pairs, hard=record["hard"], wanted=sentence)
        if n in pairs:
            for field, (right, wanted, told) in judge(record, given[pairs[n]]).items():
                yield made(field, right, hard=record["hard"], wanted=wanted, given=told)
    partners = set(pairs.values())
    for n, record in enumerate(given):
        told = [e["text"] for e in record["evidence"]]
        yield made("invented", n in partners, given=told)


def _pairs(
    gold: list[Record],
    given: list[Record],
    judge: Callable[[Record, Record], Fields],
    fit: Callable[[Record, Record], bool],
) -> dict[int, int]:
    ranked = sorted(
        (-sum(right for right, _, _ in judge(g, p).values()), i, j)
        for i, g in enumerate(gold)
        for j, p in enumerate(given)
        if fit(g, p)
    )
    pairs: dict[int, int] = {}
    for _, i, j in ranked:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _one_sentence(gold: Record, given: Record) -> bool:
    return any(
        a < e["end"] and e["start"] < b for a, b in gold["evidence"] for e in given["evidence"]
    )


def _event_fits(gold: Record, given: Record) -> bool:
    both = {gold["type"], given["type"]}
    akin = len(both) == 1 or both <= VIOLENCE | {"strategic"} or both <= UNREST | {"strategic"}
    return akin and _one_sentence(gold, given)


def judge_event(gold: Record, given: Record) -> Fields:
    """Return for each field asked: whether it is right, what is wanted, what is given."""
    plain = ("type", "sub_type", "grain", "status")
    out: Fields = {f: (gold[f] == given.get(f), gold[f], given.get(f)) for f in plain}
    if given.get("main") is not None:  # the probability that the article is about it
        out["main"] = (gold["main"] == (given["main"] >= 0.5), gold["main"], given["main"])
    out["current"] = (
        (gold["status"] in CURRENT) == (given["status"] in CURRENT),
        gold["status"],
        given["status"],
    )
    out |= _places("place", gold["places"], given["places"])
    precision = [m["place"]["precision"] for m in given["places"] if m.get("place")]
    if gold["places"] and precision:
        out["near"] = (gold["near"] == ("near" in precision), gold["near"], precision)
    out["date"] = _when(gold["when"], given.get("when"))
    out |= _toll(gold, given)
    for field, key in (("actor", "actors"), ("target", "targets")):
        out |= _names(field, gold[key], given.get(key) or [])
    return out | _sayer(gold, given)


def judge_movement(gold: Record, given: Record) -> Fields:
    """Return for each field asked: whether it is right, what is wanted, what is given."""
    plain = ("kind", "measure", "status")
    out: Fields = {f: (gold[f] == given.get(f), gold[f], given.get(f)) for f in plain}
    ends = {"origin": "origins", "destination": "destinations", "within": "within"}
    for field, key in ends.items():
        out |= _places(field, gold[field] or [], given[key])
    out["date"] = _when(gold["when"], given.get("when"), told_only=True)
    out |= _figure(gold, given.get("quantity"))
    if gold["as_of"]:
        wanted, told = gold["as_of"]["at"], (given.get("when") or {}).get("as_of")
        out["as_of"] = (told is not None and day(wanted) == day(told), wanted, told)
    wanted, told = gold["cause"] or "unknown", given.get("cause") or "unknown"
    if {wanted, told} != {"unknown"}:
        out["cause"] = (wanted == told, wanted, told)
    out |= _names("group", _listed(gold["group"]), _listed(given.get("group")))
    return out | _sayer(gold, given)


def _places(field: str, gold: list[Record], given: list[Record]) -> Fields:
    """Every place has its mention and every mention its place; `FIELD_point` asks where it lies."""
    names = [p["text"] for p in gold]
    told = [m["name"] for m in given]
    if not gold and not given:
        return {field: (True, names, told)} if field == "place" else {}
    left, hits = list(given), []
    for place in gold:
        hit = next((m for m in left if same_place(place, m)), None)
        if hit is not None:
            left.remove(hit)
            hits.append((place, hit["place"]))
    out: Fields = {field: (len(hits) == len(gold) and not left, names, told)}
    points = [(p, r) for p, r in hits if r and r["lat"] is not None and p["lat"] is not None]
    if points:
        right = all(lies_at(p, r) for p, r in points)
        out[f"{field}_point"] = (right, names, [r["name"] for _, r in points])
    return out


def same_place(gold: Record, mention: Record) -> bool:
    """Tell whether a mention is the one wanted, or resolves to the same place."""
    start, end = gold["span"]
    if start < mention["end"] and mention["start"] < end:
        return True
    place = mention.get("place")
    if not place or (gold["country"] and place["country"] not in {"", gold["country"]}):
        return False
    named = place["name"].casefold() in gold["resolved"].casefold().split(", ")[0]
    return named and (place["lat"] is None or gold["lat"] is None or lies_at(gold, place))


def lies_at(gold: Record, place: Record) -> bool:
    """Tell whether a resolved place is where the record says, as near as its kind allows."""
    if gold["kind"] == "country":
        return bool(place["country"] == gold["country"])
    return kilometres(gold, place) <= (FINE_KM if gold["kind"] in FINE else COARSE_KM)


def kilometres(a: Record, b: Record) -> float:
    """Return the distance of two points with `lat` and `lon` in degrees."""
    radian = math.pi / 180
    half = (
        math.sin((b["lat"] - a["lat"]) * radian / 2) ** 2
        + math.cos(a["lat"] * radian)
        * math.cos(b["lat"] * radian)
        * math.sin((b["lon"] - a["lon"]) * radian / 2) ** 2
    )
    return 12_742 * math.asin(min(1.0, math.sqrt(half)))


def _when(
    gold: Record | None, given: Record | None, *, told_only: bool = False
) -> tuple[bool, Any, Any]:
    """Compare spans of days; `told_only` lets a date pass that the text does not tell."""
    wanted = (gold["start"], gold["end"]) if gold else (None, None)
    told = (given.get("start"), given.get("end")) if given else (None, None)
    free = told_only and gold is not None and gold["text"] is None and told == (None, None)
    return free or same_span(wanted, told), wanted, told


def same_span(wanted: tuple[str | None, str | None], told: tuple[str | None, str | None]) -> bool:
    """Tell whether two spans of days overlap and neither is far longer.

    Far is more than three days and more than twice. Where either is open, the known sides may lie
    three days apart.
    """
    known = [(day(a), day(b)) for a, b in zip(wanted, told, strict=True) if a and b]
    if None in {*wanted, *told}:
        if wanted == told == (None, None):
            return True
        return bool(known) and all(abs((a - b).days) <= SLACK_DAYS for a, b in known)
    (start, first), (end, last) = known
    longer, shorter = sorted(((end - start).days + 1, (last - first).days + 1), reverse=True)
    return start <= last and first <= end and longer <= max(SLACK_DAYS, 2 * shorter)


def day(text: str) -> dt.date:
    """Return the day of an ISO date or moment."""
    return dt.date.fromisoformat(text[:10])


def bounds(quantity: Record | None) -> tuple[int | None, int | None] | None:
    """Return the least and the most that a figure says; "about n" is n; None without a figure."""
    if quantity is None:
        return None
    low = quantity.get("minimum", quantity.get("min"))
    high = quantity.get("maximum", quantity.get("max"))
    if low is None and high is None:
        low = high = quantity.get("value")
    return low, high


def _toll(gold: Record, given: Record) -> Fields:
    wanted = {f: bounds(gold[f]) for f in ("killed", "injured")}
    told = {"killed": bounds(given["fatalities"]), "injured": bounds(given["injuries"])}
    out: Fields = {
        f: (wanted[f] == told[f], wanted[f], told[f]) for f in wanted if wanted[f] or told[f]
    }
    if wanted["killed"] != wanted["injured"] and (told["killed"] or told["injured"]):
        crossed = (told["killed"] and told["killed"] == wanted["injured"]) or (
            told["injured"] and told["injured"] == wanted["killed"]
        )
        out["not_exchanged"] = (not crossed, wanted, told)
    return out


def _figure(gold: Record, quantity: Record | None) -> Fields:
    wanted = _read_figure(gold["count"], gold["count_min"], gold["count_max"])
    given = quantity or {}
    told = _read_figure(given.get("value"), given.get("minimum"), given.get("maximum"))
    out: Fields = {"figure": (wanted == told, wanted, told)}
    if quantity is not None and gold["count_text"] is not None:
        for field in ("quantifier", "unit"):
            out[field] = (gold[field] == given[field], gold[field], given[field])
    return out


def _read_figure(
    value: int | None, low: int | None, high: int | None
) -> tuple[int | None, int | None]:
    """Return both bounds; "about n", which has none, as (n, n)."""
    return (value, value) if low is None and high is None else (low, high)


def _listed(value: Any) -> list[Any]:
    return [] if not value else value if isinstance(value, list) else [value]


def _words(name: Any) -> set[str]:
    """Return the words of a name that carry it, articles and possessives aside."""
    text = name if isinstance(name, str) else name.get("text") or name["name"]
    plain = text.casefold().replace("’", "'").replace("'s", "")
    return set(plain.split()) - {"the", "a", "an", "of", "its", "their"}


def _names(field: str, gold: list[Any], given: list[Any]) -> Fields:
    """Each name wanted shares a word with one given, and the other way round."""
    if not gold and not given:
        return {}
    wanted, told = [_words(g) for g in gold], [_words(g) for g in given]
    right = all(any(w & t for t in told) for w in wanted) and all(
        any(w & t for w in wanted) for t in told
    )
    return {field: (right, gold, given)}


def _sayer(gold: Record, given: Record) -> Fields:
    return _names("sayer", _listed(gold["claimed_by"]), _listed(given.get("claimed_by")))
