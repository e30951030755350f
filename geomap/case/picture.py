"""From what the documents tell to the joint picture in the file.

Records, series and layers of the blocks that changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from geomap import regions
from geomap.case.bounds import storable
from geomap.case.layers import replace_rows
from geomap.case.series import Figure, bounds, figures
from geomap.case.store import Store, of_the_file
from geomap.case.tellings import Joint, Told, direction, joined, joint_events, measured, part
from geomap.case.totals import Counted, Flow, Ground, flows
from geomap.errors import OptionError
from geomap.frames import SAID_APART, SAID_AT_MOST, multi, place_columns, point, to_frame, to_frames
from geomap.model import Document, Event, Kind, Measure, Movement, Parsed, Place

_CHUNK: Final = 1000  # blocks a transaction
_RECORDS: Final = 2000  # records a transaction
_REGIONS: Final = "r"
_SEPARATOR: Final = "\x1f"  # between ids of one side; no name holds it
FORCED: Final = "="  # a block that a reader made: all in it is one event


class _CannotDrawError(Exception):
    """Some block cannot be drawn as its records stand."""


def redrawn(store: Store) -> None:
    """Bring the joint records and layers of all changed blocks up to date.

    So many blocks a transaction. One that cannot be drawn is set aside with the reason, so that
    nothing a document may tell keeps a case from being opened.
    """
    while blocks := _some_blocks(store):
        _draw(store, blocks)
    if store.rows("SELECT 1 FROM geomap_dirty"):
        with store.writing() as db:
            _draw_regions(db)


def redraw_all(db: sqlite3.Connection, store: Store) -> None:
    """Do the same inside a transaction of the caller's; whatever cannot be drawn ends it."""
    while blocks := _some_blocks(store):
        _redraw(db, blocks)
        _mark_drawn(db, blocks)
    if db.execute("SELECT 1 FROM geomap_dirty").fetchone():
        _draw_regions(db)


def _draw(store: Store, blocks: Sequence[str]) -> None:
    """Draw blocks; when they cannot be drawn, in halves, until the one that cannot is found."""
    try:
        with store.writing() as db, _drawing():
            _redraw(db, blocks)
            _mark_drawn(db, blocks)
    except _CannotDrawError as error:
        if len(blocks) > 1:
            half = len(blocks) // 2
            _draw(store, blocks[:half])
            _draw(store, blocks[half:])
            return
        with store.writing() as db:
            _clear(db, blocks[0])
            _mark_drawn(db, blocks)
            db.execute(
                "INSERT INTO geomap_undrawn VALUES (?, ?)", (blocks[0], storable(error.__cause__))
            )


@contextmanager
def _drawing() -> Iterator[None]:
    """Tell a block that cannot be drawn from a file that cannot be written."""
    try:
        yield
    except Exception as error:
        if of_the_file(error):
            raise
        raise _CannotDrawError from error


def _mark_drawn(db: sqlite3.Connection, blocks: Sequence[str]) -> None:
    for table in ("geomap_dirty", "geomap_undrawn"):
        db.executemany(f"DELETE FROM {table} WHERE block = ?", [(b,) for b in blocks])  # noqa: S608
    db.execute("INSERT OR IGNORE INTO geomap_dirty VALUES (?)", (_REGIONS,))


def _draw_regions(db: sqlite3.Connection) -> None:
    gone = [r[0] for r in db.execute('SELECT "id" FROM regions')]
    replace_rows(db, "regions", gone, _regions(db))
    db.execute("DELETE FROM geomap_dirty")


def _clear(db: sqlite3.Connection, block: str) -> None:
    """Take a block that cannot be drawn off the layers: what they show would be out of date."""
    if block.startswith("p|"):
        replace_rows(db, "places", [block[2:]], None)
        return
    gone = _without(db, block)
    for name in ("events", "movements"):
        replace_rows(db, name, gone, None)
    replace_rows(db, "event_areas", [f"{i}/area" for i in gone], None)


def _without(db: sqlite3.Connection, block: str) -> list[str]:
    """Take the joint records of a block out and return their ids."""
    gone = [r[0] for r in db.execute("SELECT id FROM geomap_merged WHERE block = ?", (block,))]
    db.execute("DELETE FROM geomap_merged WHERE block = ?", (block,))
    db.execute("DELETE FROM geomap_figures WHERE block = ?", (block,))
    return gone


def _some_blocks(store: Store) -> list[str]:
    """Return the next blocks to draw, so many that memory stays bounded."""
    out: list[str] = []
    records = 0
    for block, count in store.rows(
        "SELECT d.block, count(r.id) FROM (SELECT block FROM geomap_dirty WHERE block <> ? ORDER BY"
        " block LIMIT ?) d LEFT JOIN geomap_records r ON r.block = d.block GROUP BY d.block",
        (_REGIONS, _CHUNK),
    ):
        out.append(str(block))
        records += int(str(count))
        if records > _RECORDS:
            break
    return out


def _redraw(db: sqlite3.Connection, blocks: Sequence[str]) -> None:
    gone: list[str] = []
    joint: list[Joint | Figure] = []
    for block in blocks:
        if block.startswith("p|"):
            continue
        gone += _without(db, block)
        tellings = _tellings(db, block)
        if not tellings:
            continue
        found = _joint(block, tellings)
        joint += found
        _keep(db, block, found)
    parsed, notes = _as_parsed(db, joint)
    # A record that came here from a block not drawn yet leaves its old row.
    gone += notes
    frames = to_frames(parsed, notes=notes)
    for name in ("events", "movements"):
        replace_rows(db, name, gone, frames[name])
    replace_rows(db, "event_areas", [f"{i}/area" for i in gone], frames["event_areas"])
    idents = [b[2:] for b in blocks if b.startswith("p|")]
    if idents:
        replace_rows(
            db,
            "places",
            idents,
            to_frame("places", [row for ident in idents if (row := _place_row(db, ident))]),
        )


def _tellings(db: sqlite3.Connection, block: str) -> list[Told]:
    rows = db.execute(
        "SELECT r.kind, r.key, d.published, r.apart, r.body FROM geomap_records r JOIN"
        " geomap_documents d ON d.key = r.key WHERE r.block = ? ORDER BY r.id",
        (block,),
    )
    return [
        Told(record_of(db, kind, body), key, published or "", bool(apart))
        for kind, key, published, apart, body in rows
    ]


_SIDES: Final = ("places", "origins", "destinations", "within")


def record_of(db: sqlite3.Connection, kind: str, body: str) -> Event | Movement:
    """Return the record that a row holds; its places stand in a table of their own."""
    told = json.loads(body)
    for side in _SIDES:
        for item in told.get(side, ()):
            if isinstance(item["place"], str):
                item["place"] = place_of(db, item["place"]).to_dict()
    return (Event if kind == "event" else Movement).from_dict(told)


def is_within_bounds(db: sqlite3.Connection, kind: str, body: str) -> bool:
    """Tell whether a row holds a record whose figures, dates and points are within bounds."""
    try:
        record_of(db, kind, body)
    except OptionError:
        return False
    return True


def packed(db: sqlite3.Connection, record: Event | Movement) -> str:
    """Return a record as compact JSON, places that the case knows by their ids."""
    told = record.to_dict()
    for side in _SIDES:
        for item, mention in zip(told.get(side, ()), getattr(record, side, ()), strict=True):
            if mention.place is not None and mention.place == place_of(db, mention.place.id):
                item["place"] = mention.place.id
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _joint(block: str, tellings: Sequence[Told]) -> Sequence[Joint | Figure]:
    if block.startswith("m"):
        return figures(block, tellings)
    return [joined(tellings)] if block[1] == FORCED else joint_events(tellings)


def _keep(db: sqlite3.Connection, block: str, found: Sequence[Joint | Figure]) -> None:
    leading = {
        f.series: _series_measure(f.movement)
        for f in found
        if isinstance(f, Figure) and f.role == "recommended"
    }
    for item in found:
        record = item.event if isinstance(item, Joint) else item.movement
        # What one document tells alone stands in `records` already.
        body = packed(db, record) if len(item.members) > 1 else ""
        kind = "event" if isinstance(item, Joint) else "movement"
        db.execute(
            "INSERT OR REPLACE INTO geomap_merged VALUES (?, ?, ?, ?, ?, ?)",
            (record.id, kind, block, body, json.dumps(item.members), item.conflict),
        )
        if isinstance(item, Figure) and item.movement.quantity is not None:
            db.execute(
                f"INSERT OR REPLACE INTO geomap_figures VALUES ({', '.join('?' * 21)})",  # noqa: S608
                _figure_row(block, item, leading[item.series]),
            )


def _series_measure(movement: Movement) -> Measure:
    """Return the measure of a whole series: that of the figure that counts, where it has one."""
    return (
        Measure.UNSPECIFIED
        if movement.measure is Measure.NEW and measured(movement) != "new"
        else movement.measure
    )


def _figure_row(block: str, figure: Figure, measure: Measure) -> tuple[Any, ...]:
    movement = figure.movement
    when, quantity = movement.when, movement.quantity
    low, best, high = bounds(quantity)
    day = figure.as_of.isoformat() if figure.as_of else ""
    start, end = (
        str(m)[:10] if m is not None else ""
        for m in ((when.start, when.end) if when else (None, None))
    )
    sides = [
        _SEPARATOR.join(m.ident for m in side)
        for side in (movement.origins, movement.destinations, movement.within)
    ]
    status = "occurred" if movement.status.value == "ongoing" else movement.status.value
    return (
        movement.id,
        block,
        figure.series,
        direction(movement.kind),
        measure.value,
        status,
        quantity.unit.value if quantity and quantity.unit else "",
        low,
        best,
        high,
        start or end,
        end or start,
        day,
        *sides,
        part(movement.group),
        figure.role,
        figure.increment,
        figure.why,
        int(figure.apart),
    )


def _as_parsed(
    db: sqlite3.Connection, joint: Iterable[Joint | Figure]
) -> tuple[list[Parsed], dict[str, dict[str, Any]]]:
    """Return joint records under the document of their first evidence.

    And what only the case knows of them.
    """
    by_key: dict[str, tuple[list[Event], list[Movement]]] = {}
    notes: dict[str, dict[str, Any]] = {}
    for item in joint:
        record = item.event if isinstance(item, Joint) else item.movement
        sources = len({e.doc_id for e in record.evidence})
        notes[record.id] = {"sources": sources, "conflict": item.conflict}
        if sources > 1:
            notes[record.id]["also_said"] = _also_said(db, record)
        if isinstance(item, Joint):
            notes[record.id]["alternatives"] = db.execute(
                "SELECT alternatives FROM geomap_records WHERE id = ?", (record.id,)
            ).fetchone()[0]
        if isinstance(item, Figure):
            notes[record.id] |= {
                "series": item.series.partition("|")[2],
                "increment": item.increment,
                "role_reason": item.why,
                "helix_role": item.role.upper(),
            }
        told = by_key.setdefault(record.evidence[0].doc_id, ([], []))
        told[0 if isinstance(item, Joint) else 1].append(record)  # type: ignore[arg-type]
    return [
        Parsed(stored_document(db, key), (), tuple(events), tuple(movements))
        for key, (events, movements) in by_key.items()
    ], notes


def _also_said(db: sqlite3.Connection, record: Event | Movement) -> str:
    """Return the further sentences behind a record, each with its source and day."""
    out = []
    for evidence in record.evidence[1:SAID_AT_MOST]:
        source, published = db.execute(
            "SELECT source, published FROM geomap_documents WHERE key = ?", (evidence.doc_id,)
        ).fetchone()
        head = ", ".join(filter(None, [source, (published or "")[:10]]))
        out.append(f"{head}: {evidence.text}" if head else evidence.text)
    return SAID_APART.join(out)


def stored_document(db: sqlite3.Connection, key: str) -> Document:
    """Return a stored document; its id is the key under which the case knows it."""
    row = db.execute(
        "SELECT text, title, source, url, published, lang FROM geomap_documents WHERE key = ?",
        (key,),
    ).fetchone()
    return Document.from_dict(
        {
            "id": key,
            **dict(zip(("text", "title", "source", "url", "published", "lang"), row, strict=True)),
        }
    )


def _place_row(db: sqlite3.Connection, ident: str) -> tuple[dict[str, Any], Any] | None:
    rows = db.execute(
        "SELECT n.key, n.name, n.uses, n.mentions, n.score, n.reasons, n.reason, d.published FROM"
        " geomap_names n JOIN geomap_documents d ON d.key = n.key WHERE n.place = ? ORDER BY"
        " n.score DESC, n.key, n.name",
        (ident,),
    ).fetchall()
    if not rows:
        return None
    place = None if ident.startswith("?") else place_of(db, ident)
    key, name, _, _, score, reasons, reason, published = rows[0]
    row = {
        "id": ident,
        "name": name,
        "use": ";".join(sorted({use for r in rows for use in r[2].split(";")})),
        **place_columns(place, name),
        "score": score,
        "mentions": sum(r[3] for r in rows),
        "reasons": reasons,
        "reason": reason,
        "doc_id": key,
        "published": published,
        "sources": len({r[0] for r in rows}),
    }
    return row, point(place)


def place_of(db: sqlite3.Connection, ident: str) -> Place:
    """Return a place that a document of the case names."""
    return _read_place(
        db.execute("SELECT body FROM geomap_places WHERE id = ?", (ident,)).fetchone()[0]
    )


@lru_cache(maxsize=4096)
def _read_place(body: str) -> Place:
    return Place.from_dict(json.loads(body))


def split_ids(side: str) -> list[str]:
    """Return the place ids of one side of a figure."""
    return side.split(_SEPARATOR) if side else []


def ground_of(db: sqlite3.Connection) -> Ground:
    """Return what the places of the case lie in."""
    inside, names, countries = {}, {}, {}
    for ident, body, around in db.execute("SELECT id, body, inside FROM geomap_places"):
        place = json.loads(body)
        inside[ident], names[ident], countries[ident] = (
            tuple(json.loads(around)),
            place["name"],
            place["country"] or place["name"],
        )
    return Ground(inside, names, countries)


def counted_of(db: sqlite3.Connection) -> list[Counted]:
    """Return the figures of the case."""
    rows = db.execute(
        "SELECT id, series, kind, measure, status, unit, low, best, high, start, end, as_of,"
        " origins, destinations, within, people, role, why, apart FROM geomap_figures WHERE best IS"
        " NOT NULL ORDER BY id"
    )
    return [
        Counted(  # type: ignore[call-arg]
            *told,
            *(tuple(split_ids(side)) for side in (froms, tos, within)),
            people,
            role,
            why,
            bool(apart),
        )
        for *told, froms, tos, within, people, role, why, apart in rows
    ]


def _regions(db: sqlite3.Connection) -> Any:
    """Return the layer of regions.

    Those in which anything happened, with events and people out, in and net.
    """
    ground = ground_of(db)
    out, into = flows((f for f in counted_of(db) if f.status == "occurred"), ground)
    events: dict[str, int] = {}
    for ident, count in db.execute(
        "SELECT place_id, count(*) FROM events WHERE status IN ('occurred', 'ongoing') AND place_id"
        " <> '' GROUP BY place_id"
    ):
        for region in ground.around(ident):
            events[region] = events.get(region, 0) + count
    rows = []
    for ident in sorted(set(out) | set(into) | set(events)):
        if ident not in ground.names:
            continue
        place = place_of(db, ident)
        if place.kind not in {Kind.COUNTRY, Kind.ADMIN1, Kind.DISPUTED_AREA}:
            continue
        rows.append(
            (
                _region_row(place, events.get(ident, 0), out.get(ident), into.get(ident)),
                multi(regions.outline(place)),
            )
        )
    return to_frame("regions", rows)


def _region_row(place: Place, events: int, left: Flow | None, came: Flow | None) -> dict[str, Any]:
    disputed = regions.layer("disputed")
    told = disputed[disputed["id"] == place.id].tail(1)
    held = told.iloc[0] if len(told) else None
    return {
        "id": place.id,
        "name": place.name,
        "kind": place.kind.value,
        "country": place.country,
        "events": events,
        "people_out": left.people if left else None,
        "out_measure": left.measure if left else "",
        "people_in": came.people if came else None,
        "in_measure": came.measure if came else "",
        "net": (
            came.people - left.people if came and left and came.measure == left.measure else None
        ),
        "administered_by": held["administered_by"] if held is not None else "",
        "claimed_area_by": held["claimed_by"] if held is not None else "",
        "valid_from": held["valid_from"] if held is not None else "",
        "valid_to": held["valid_to"] if held is not None else "",
        "policy": regions.Policy.NEUTRAL.value,
    }
