"""What a reader put right.

Each correction is a logged value, and applying the log to what the parser said gives what counts.

A correction names what it is about by the document and its offsets, so that it holds when the
document is read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from geomap.case.bounds import check_times
from geomap.errors import CorrectionError, OptionError
from geomap.gazetteer.names import fold
from geomap.model import (
    Event,
    EventType,
    Mention,
    Movement,
    MovementKind,
    Parsed,
    Place,
    Toponym,
    Use,
)

Body = dict[str, Any]


class Action(StrEnum):
    """What a correction does."""

    REASSIGN = "reassign"
    USE = "use"
    SET = "set"
    REJECT = "reject"
    ADD = "add"
    MERGE = "merge"
    SPLIT = "split"


class Scope(StrEnum):
    """How far a place is reassigned.

    This mention, the name in this document, in the whole case, or wherever a country is in play.
    """

    MENTION = "mention"
    DOCUMENT = "document"
    CASE = "case"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Correction:
    """One logged correction; `time` and `who` are as the caller gave them."""

    number: int
    time: str
    who: str
    action: Action
    target: Body
    before: Any
    after: Any
    undone: bool = False

    def to_dict(self) -> Body:
        """Return JSON values."""
        return {
            "number": self.number,
            "time": self.time,
            "who": self.who,
            "action": self.action.value,
            "target": self.target,
            "before": self.before,
            "after": self.after,
            "undone": self.undone,
        }


# What may be set by hand, with the record type that holds it.
EVENT_FIELDS = (
    "type",
    "sub_type",
    "status",
    "when",
    "places",
    "fatalities",
    "injuries",
    "claimed_by",
    "actors",
)
MOVEMENT_FIELDS = (
    "kind",
    "status",
    "measure",
    "when",
    "quantity",
    "group",
    "origins",
    "destinations",
    "within",
    "claimed_by",
)


def anchor(record: Event | Movement, key: str) -> Body:
    """Return what a record is known by when the document is read anew.

    Its first sentence, what it is, and its figure.
    """
    first = record.evidence[0]
    if isinstance(record, Event):
        return {
            "doc": key,
            "id": record.id,
            "kind": "event",
            "start": first.start,
            "end": first.end,
            "what": record.type.value,
            "figure": "",
        }
    return {
        "doc": key,
        "id": record.id,
        "kind": "movement",
        "start": first.start,
        "end": first.end,
        "what": record.kind.value,
        "figure": record.quantity.text if record.quantity else "",
    }


def held_by(record: Event | Movement, known: Mapping[str, Any]) -> bool:
    """Tell whether `known` is the anchor of a record."""
    told = anchor(record, str(known["doc"]))
    return all(
        told[name] == known[name] for name in ("kind", "start", "end", "what", "figure")
    ) or (
        told["id"] == known["id"]
        and told["kind"] == known["kind"]
        and told["start"] == known["start"]
    )


def applied(parsed: Parsed, corrections: Iterable[Correction]) -> Parsed:
    """Return a document as corrected; corrections of other documents leave it as it is.

    One that is out of bounds, as an older geomap logged them, is passed over: see `misfit`.
    """
    out = parsed
    for correction in corrections:
        if not correction.undone:
            with suppress(OptionError):
                out = _APPLY[correction.action](out, correction)
    return out


def misfit(correction: Correction) -> str:
    """Return why a correction is out of bounds and so not applied, empty when it is not."""
    target, after = correction.target, correction.after
    try:
        match correction.action:
            case Action.REASSIGN:
                Place.from_dict(after)
            case Action.SET:
                for known in target["records"]:
                    kind = Event if known["kind"] == "event" else Movement
                    blank = {"id": "", "type": EventType.BATTLE, "kind": MovementKind.DISPLACEMENT}
                    kind.from_dict({**blank, **after})
            case Action.ADD:
                _ADDED[target["kind"]].from_dict(after)
            case _:
                pass
    except OptionError as error:
        return str(error)
    return ""


def _reassigned(parsed: Parsed, correction: Correction) -> Parsed:
    target, place = correction.target, Place.from_dict(correction.after)
    changed: dict[tuple[int, int], Place] = {}
    old: set[str] = set()
    toponyms = []
    here = parsed.document.id == target.get("doc")
    covered = _covers(parsed, target)
    for toponym in parsed.toponyms:
        if fold(toponym.name) != target["name"]:
            toponyms.append(toponym)
        elif covered and (
            target["scope"] != Scope.MENTION or (here and toponym.start == target["start"])
        ):
            changed[toponym.start, toponym.end] = place
            old |= {toponym.place.id} if toponym.place else set()
            toponyms.append(_moved(toponym, place))
        else:
            toponyms.append(_suggested(toponym, place))
    wide = target["scope"] != Scope.MENTION

    def moved(item: Mention) -> Mention:
        # "The city" that referred back to the old place goes along when the whole document does.
        back = wide and item.place is not None and item.place.id in old
        return (
            replace(item, place=place, reason="")
            if (item.start, item.end) in changed or back
            else item
        )

    return (
        replace(parsed, toponyms=tuple(toponyms), **_with_mentions(parsed, moved))
        if changed
        else replace(parsed, toponyms=tuple(toponyms))
    )


def _covers(parsed: Parsed, target: Body) -> bool:
    match target["scope"]:
        case Scope.MENTION | Scope.DOCUMENT:
            return bool(parsed.document.id == target["doc"])
        case Scope.CASE:
            return True
        case _:
            countries = {
                t.place.country
                for t in parsed.toponyms
                if t.place is not None and fold(t.name) != target["name"]
            }
            return target["country"] in countries


def _moved(toponym: Toponym, place: Place) -> Toponym:
    former = (toponym.place,) if toponym.place is not None and toponym.place.id != place.id else ()
    others = tuple(p for p in (*former, *toponym.alternatives) if p.id != place.id)
    return replace(
        toponym, place=place, score=1.0, alternatives=others, reasons=("chosen by hand",), reason=""
    )


def _suggested(toponym: Toponym, place: Place) -> Toponym:
    """Return a toponym with what was chosen elsewhere in the case as its first alternative."""
    if toponym.place is not None and toponym.place.id == place.id:
        return replace(toponym, reasons=(*toponym.reasons, "chosen by hand elsewhere in this case"))
    others = tuple(p for p in toponym.alternatives if p.id != place.id)
    return replace(toponym, alternatives=(place, *others))


def _with_mentions(parsed: Parsed, moved: Any) -> Body:
    def side(items: Sequence[Mention]) -> tuple[Mention, ...]:
        return tuple(moved(m) for m in items)

    events = tuple(replace(e, places=side(e.places)) for e in parsed.events)
    movements = tuple(
        replace(
            m, origins=side(m.origins), destinations=side(m.destinations), within=side(m.within)
        )
        for m in parsed.movements
    )
    return {"events": events, "movements": movements}


def _used(parsed: Parsed, correction: Correction) -> Parsed:
    target = correction.target
    if parsed.document.id != target["doc"]:
        return parsed
    toponyms = tuple(
        (
            replace(t, use=Use(correction.after), reasons=(*t.reasons, "use set by hand"))
            if (t.start, t.end) == (target["start"], target["end"])
            else t
        )
        for t in parsed.toponyms
    )
    if correction.after == Use.LITERAL:
        return replace(parsed, toponyms=toponyms)
    # What is no place any more pins nothing.
    span = (target["start"], target["end"])

    def without(items: Sequence[Mention]) -> tuple[Mention, ...]:
        return tuple(m for m in items if (m.start, m.end) != span)

    events = tuple(replace(e, places=without(e.places)) for e in parsed.events)
    movements = tuple(
        replace(
            m,
            origins=without(m.origins),
            destinations=without(m.destinations),
            within=without(m.within),
        )
        for m in parsed.movements
    )
    return replace(parsed, toponyms=toponyms, events=events, movements=movements)


def _set(parsed: Parsed, correction: Correction) -> Parsed:
    def changed(record: Any) -> Any:
        if not any(
            held_by(record, known)
            for known in correction.target["records"]
            if known["doc"] == parsed.document.id
        ):
            return record
        return type(record).from_dict({**record.to_dict(), **correction.after})

    return replace(
        parsed,
        events=tuple(changed(e) for e in parsed.events),
        movements=tuple(changed(m) for m in parsed.movements),
    )


def _rejected(parsed: Parsed, correction: Correction) -> Parsed:
    target = correction.target
    if "records" in target:
        known = [k for k in target["records"] if k["doc"] == parsed.document.id]
        events = tuple(e for e in parsed.events if not any(held_by(e, k) for k in known))
        return replace(
            parsed,
            events=events,
            movements=tuple(m for m in parsed.movements if not any(held_by(m, k) for k in known)),
        )
    if target["doc"] != parsed.document.id:
        return parsed
    span = (target["start"], target["end"])

    def lost(item: Mention) -> Mention:
        return (
            replace(item, place=None, reason="rejected by hand")
            if (item.start, item.end) == span
            else item
        )

    return replace(
        parsed,
        toponyms=tuple(t for t in parsed.toponyms if (t.start, t.end) != span),
        **_with_mentions(parsed, lost),
    )


def _added(parsed: Parsed, correction: Correction) -> Parsed:
    if correction.target["doc"] != parsed.document.id:
        return parsed
    added = _ADDED[correction.target["kind"]].from_dict(correction.after)
    if isinstance(added, Event):
        return replace(parsed, events=(*parsed.events, added))
    if isinstance(added, Movement):
        return replace(parsed, movements=(*parsed.movements, added))
    toponyms = sorted((*parsed.toponyms, added), key=lambda t: t.start)
    return replace(parsed, toponyms=tuple(toponyms))


_ADDED: Final[Mapping[str, type[Event | Movement | Toponym]]] = {
    "event": Event,
    "movement": Movement,
    "toponym": Toponym,
}


def _kept(parsed: Parsed, _: Correction) -> Parsed:
    return parsed  # merging and splitting work between documents, on blocks


_APPLY = {
    Action.REASSIGN: _reassigned,
    Action.USE: _used,
    Action.SET: _set,
    Action.REJECT: _rejected,
    Action.ADD: _added,
    Action.MERGE: _kept,
    Action.SPLIT: _kept,
}


def checked_changes(record: Event | Movement, changes: Mapping[str, Any]) -> Body:
    """Return changes as JSON values, once they are known to give a record.

    Raises
    ------
    CorrectionError
        When the record has no such field.
    OptionError
        When a value does not fit its field, or no case can hold it.

    """
    allowed = EVENT_FIELDS if isinstance(record, Event) else MOVEMENT_FIELDS
    values: Body = {}
    for name, value in changes.items():
        if name not in allowed:
            raise CorrectionError(
                f"{name!r} cannot be set on {record.id}; what can is {', '.join(allowed)}"
            )
        values[name] = _json(value)
    try:
        changed = type(record).from_dict({**record.to_dict(), **values})
        if "when" in values and changed.when is not None:
            check_times(changed.when)
    except OptionError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OptionError(
            ", ".join(changes), [_json(v) for v in changes.values()], f"values that fit ({error})"
        ) from error
    return values


def _json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_json(v) for v in value]
    return (
        value.to_dict()
        if hasattr(value, "to_dict")
        else getattr(value, "value", value)
        if not isinstance(value, dict)
        else value
    )
