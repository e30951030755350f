"""What a document tells goes into the file.

Records after corrections, places and what they lie in.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from geomap import regions
from geomap.case import picture
from geomap.case.bounds import storable
from geomap.case.corrections import Action, Correction, applied, held_by
from geomap.case.duplicates import figures
from geomap.case.packing import UnreadableError, packed, stored
from geomap.case.stories import Stories
from geomap.case.tellings import event_block, movement_block
from geomap.frames import alternatives_of
from geomap.gazetteer import Gazetteer
from geomap.gazetteer.names import fold
from geomap.model import Document, Event, Movement, Parsed, Place, Toponym
from geomap.output import geomap_version


@dataclass(frozen=True, slots=True)
class Intake:
    """Writes documents and their records inside one transaction of the caller.

    With the corrections that stand in it.
    """

    db: sqlite3.Connection
    gazetteer: Gazetteer
    log: Sequence[Correction]

    def cite(self, doc: Document) -> bool:
        """Keep one more citation of a text that is known.

        Return False, and keep nothing, when the text is to be read.

        That is when it is new, or when this citation leads: of several the earliest gives a text
        its day, whatever the order
        they came in.
        """
        key, cited = key_of(doc.text), citation(doc)
        # The leading citation alone, which the document's own row holds: a text may be cited by
        # thousands.
        known = self.db.execute(
            "SELECT id, title, source, url, coalesce(published, '') FROM geomap_documents WHERE"
            " key = ?",
            (key,),
        ).fetchone()
        if known is None or leads(cited) < leads(known):
            return False
        self.db.execute(
            "INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)", (key, *cited)
        )
        return True

    def put(self, parsed: Parsed, doc: Document) -> None:
        """Keep a document that was read, and mark the blocks that change by it."""
        key = key_of(doc.text)
        own = _rekeyed(parsed, key)
        body = packed(own, doc.id)
        made_by = f"{geomap_version()} {self.gazetteer.digest}"
        before = self.db.execute(
            "SELECT story, published FROM geomap_documents WHERE key = ?", (key,)
        ).fetchone()
        published = own.document.to_dict()["published"]
        self.db.execute(
            "INSERT OR REPLACE INTO geomap_documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " ?, ?)",
            (
                key,
                doc.id,
                doc.title,
                doc.source,
                doc.url,
                published,
                own.document.lang,
                doc.text,
                body,
                made_by,
                before[0] if before else key,
                len(doc.text.split()),
                figures(doc.text),
            ),
        )
        self.db.execute(
            "INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)",
            (key, *citation(doc)),
        )
        self.db.execute("DELETE FROM geomap_failures WHERE source = ?", (doc.id,))
        stories = Stories(self.db)
        if before is None:
            changed = stories.join(key, stories.find(key, doc.text))
        elif before[0] == key and (published or "9") > (before[1] or "9"):
            changed = stories.elect(key)  # another copy may be the earliest now
        else:
            changed = stories.join(key, [])
        for member in changed:
            self.derive(member, own if member == key else None)

    def derive(self, key: str, read: Parsed | None = None) -> None:
        """Write the records of one document anew and mark the blocks that change by it."""
        dirty = {
            r[0] for r in self.db.execute("SELECT block FROM geomap_records WHERE key = ?", (key,))
        } | {
            f"p|{r[0]}"
            for r in self.db.execute("SELECT place FROM geomap_names WHERE key = ?", (key,))
        }
        self.db.execute("DELETE FROM geomap_records WHERE key = ?", (key,))
        self.db.execute("DELETE FROM geomap_names WHERE key = ?", (key,))
        if (
            self.db.execute("SELECT story FROM geomap_documents WHERE key = ?", (key,)).fetchone()[
                0
            ]
            == key
        ):
            told = read or self.read(key)
            if told is not None:
                parsed = applied(told, self.log)
                dirty |= self._put_records(parsed, key) | self._put_names(parsed, key)
        self.db.executemany(
            "INSERT OR IGNORE INTO geomap_dirty VALUES (?)", [(block,) for block in sorted(dirty)]
        )

    def read(self, key: str) -> Parsed | None:
        """Return a document as it was read; one that cannot be is told and fails alone."""
        try:
            return stored(self.db, key)
        except UnreadableError as error:
            self.fail(key, error)
            return None

    def fail(self, key: str, error: object) -> None:
        """Keep why a document of the case is not shown; it stays in the file."""
        self.db.execute(
            "INSERT OR REPLACE INTO geomap_failures SELECT id, ? FROM geomap_documents WHERE"
            " key = ?",
            (storable(error), key),
        )

    def _put_records(self, parsed: Parsed, key: str) -> set[str]:
        blocks = set()
        arranged = [c for c in self.log if c.action in {Action.MERGE, Action.SPLIT}]
        records: list[Event | Movement] = [*parsed.events, *parsed.movements]
        for record in records:
            kind = "event" if isinstance(record, Event) else "movement"
            block = (
                event_block(record, key)
                if isinstance(record, Event)
                else movement_block(record, key)
            )
            apart = 0
            for correction in arranged:
                known = [
                    k
                    for k in correction.target["records"]
                    if k["doc"] == key and held_by(record, k)
                ]
                if known and correction.action is Action.MERGE:
                    block, apart = (
                        (
                            f"{kind[0]}{picture.FORCED}|{correction.number}"
                            if kind == "event"
                            else str(correction.after)
                        ),
                        0,
                    )
                elif known:
                    block, apart = (
                        (f"e|apart|{correction.number}|{record.id}", 1)
                        if kind == "event"
                        else (block, 1)
                    )
            others = alternatives_of(parsed, record) if isinstance(record, Event) else ""
            for mention in (
                record.places
                if isinstance(record, Event)
                else (*record.origins, *record.destinations, *record.within)
            ):
                self._put_place(mention.place)
            self.db.execute(
                "INSERT INTO geomap_records VALUES (?, ?, ?, ?, ?, ?, ?)",
                (record.id, key, kind, block, apart, picture.packed(self.db, record), others),
            )
            blocks.add(block)
        return blocks

    def _put_names(self, parsed: Parsed, key: str) -> set[str]:
        groups: dict[tuple[str, str], list[Toponym]] = {}
        for toponym in parsed.toponyms:
            ident = toponym.place.id if toponym.place is not None else f"?{fold(toponym.name)}"
            groups.setdefault((ident, fold(toponym.name)), []).append(toponym)
        for (ident, _), members in groups.items():
            best = max(members, key=lambda t: t.score)
            self._put_place(best.place)
            self.db.execute(
                "INSERT OR REPLACE INTO geomap_names VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    best.name,
                    ident,
                    ";".join(sorted({t.use.value for t in members})),
                    len(members),
                    best.score,
                    ";".join(best.reasons),
                    best.reason,
                ),
            )
        return {f"p|{ident}" for ident, _ in groups}

    def _put_place(self, place: Place | None) -> None:
        """Keep a place and everything it lies in."""
        if (
            place is None
            or self.db.execute("SELECT 1 FROM geomap_places WHERE id = ?", (place.id,)).fetchone()
        ):
            return
        # The gazetteer's own entry, so that it does not matter which document named the place
        # first.
        if self.gazetteer.row(place.id) is not None:
            place = self.gazetteer.place(place.id)
        around = self._around(place)
        self.db.execute(
            "INSERT OR IGNORE INTO geomap_places VALUES (?, ?, ?)",
            (
                place.id,
                json.dumps(place.to_dict(), ensure_ascii=False),
                json.dumps([place.id, *(p.id for p in around)]),
            ),
        )
        for outer in around:
            self._put_place(outer)

    def _around(self, place: Place) -> list[Place]:
        """Return the divisions, the country and the disputed areas that a place lies in."""
        gazetteer = self.gazetteer
        found = {p.id: p for p in gazetteer.parents(place)}
        if (
            not found
            and place.country
            and (country := gazetteer.country(place.country)) is not None
            and country.id != place.id
        ):
            found[country.id] = country
        if (
            place.lon is not None
            and place.lat is not None
            and place.precision.value in {"site", "settlement", "near", "admin2"}
        ):
            for ident in regions.disputed_around(place.lon, place.lat):
                if ident != place.id and gazetteer.row(ident) is not None:
                    found[ident] = gazetteer.place(ident)
        return list(found.values())


def log_of(db: sqlite3.Connection, *, undone: bool = False) -> list[Correction]:
    """Return the corrections that stand, or all of them, the oldest first."""
    rows = db.execute(
        "SELECT number, time, who, action, target, before, after, undone FROM geomap_corrections"
        " WHERE undone <= ? ORDER BY number",
        (int(undone),),
    )
    return [
        Correction(
            n,
            when,
            who,
            Action(action),
            json.loads(target),
            json.loads(before),
            json.loads(after),
            bool(gone),
        )
        for n, when, who, action, target, before, after, gone in rows
    ]


def key_of(text: str) -> str:
    """Return the key under which a case knows a text: the start of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def citation(doc: Document) -> tuple[str, ...]:
    """Return how a document is cited: id, title, source, address, day."""
    return (doc.id, doc.title, doc.source, doc.url, doc.to_dict()["published"] or "")


def leads(cited: tuple[object, ...]) -> tuple[str, ...]:
    """Return the order of citations; the first leads."""
    ident, title, source, url, published = map(str, cited)
    return (published or "9", source, ident, title, url)


def _rekeyed(parsed: Parsed, key: str) -> Parsed:
    """Return the parsed document under its key; ids of records begin with it."""
    old = parsed.document.id

    def renamed(record: Any) -> Any:
        return replace(
            record,
            id=key + record.id.removeprefix(old),
            evidence=tuple(replace(e, doc_id=key) for e in record.evidence),
        )

    return replace(
        parsed,
        document=replace(parsed.document, id=key),
        events=tuple(renamed(e) for e in parsed.events),
        movements=tuple(renamed(m) for m in parsed.movements),
    )
