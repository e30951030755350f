"""What a document tells goes into the file.

Copies of one story, records after corrections, places and what they lie in.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from geomap import regions
from geomap.case import picture
from geomap.case.bounds import as_json
from geomap.case.corrections import Action, Correction, applied, held_by
from geomap.case.duplicates import bands, figures, may_be_same, same_story
from geomap.case.sums import is_whole
from geomap.case.tellings import event_block, movement_block
from geomap.errors import CaseError, CorrectionError, OptionError
from geomap.frames import alternatives_of
from geomap.gazetteer import Gazetteer
from geomap.gazetteer.names import fold
from geomap.model import Document, Event, Movement, Parsed, Place, Toponym
from geomap.output import geomap_version

LEFT_OUT: Final = "left out of the"  # begins the warning of a record that is out of bounds
_LONGEST: Final = 1 << 28  # bytes of what was read in one document


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
        known = self.db.execute(
            "SELECT id, title, source, url, published FROM geomap_citations WHERE key = ?", (key,)
        ).fetchall()
        if not known or leads(cited) < leads(min(known, key=leads)):
            return False
        self.db.execute(
            "INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)", (key, *cited)
        )
        return True

    def put(self, parsed: Parsed, doc: Document) -> None:
        """Keep a document that was read, and mark the blocks that change by it."""
        key = key_of(doc.text)
        own = _rekeyed(parsed, key)
        body = own.to_dict()
        del body["document"]
        made_by = f"{geomap_version()} {self.gazetteer.digest}"
        first = (
            self.db.execute("SELECT 1 FROM geomap_documents WHERE key = ?", (key,)).fetchone()
            is None
        )
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
                zlib.compress(as_json("what was read", body).encode(), 3),
                made_by,
                key,
                len(doc.text.split()),
                figures(doc.text),
            ),
        )
        self.db.execute(
            "INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)",
            (key, *citation(doc)),
        )
        self.db.execute("DELETE FROM geomap_failures WHERE source = ?", (doc.id,))
        if first:
            self.find_copies(key, doc.text)
        for member in self.lead(key):
            self.derive(member, own if member == key else None)

    def find_copies(self, key: str, text: str) -> None:
        """Keep by which marks a story is found, and which known ones are copies of it."""
        marks = bands(text)
        if not marks:
            return
        asked = ",".join("?" * len(marks))
        size, told = len(text.split()), figures(text)
        found = self.db.execute(
            "SELECT DISTINCT b.key, d.size, d.figures FROM geomap_bands b JOIN geomap_documents d"  # noqa: S608
            f" ON d.key = b.key WHERE b.band IN ({asked}) ORDER BY b.key",
            marks,
        ).fetchall()
        self.db.executemany(
            "INSERT OR IGNORE INTO geomap_bands VALUES (?, ?)", [(mark, key) for mark in marks]
        )
        for other, other_size, other_figures in found:
            if max(size, other_size) > 3 * min(size, other_size) or not may_be_same(
                told, other_figures
            ):
                continue
            if same_story(
                text,
                self.db.execute(
                    "SELECT text FROM geomap_documents WHERE key = ?", (other,)
                ).fetchone()[0],
            ):
                self.db.executemany(
                    "INSERT OR IGNORE INTO geomap_duplicates VALUES (?, ?)",
                    [(key, other), (other, key)],
                )

    def lead(self, key: str) -> list[str]:
        """Name the document that counts for all copies of a story.

        That is one that a reader put right, else the longest, else the earliest. Returns the
        documents whose records change by it.
        """
        members, queue = {key}, [key]
        while queue:
            for (other,) in self.db.execute(
                "SELECT b FROM geomap_duplicates WHERE a = ?", (queue.pop(),)
            ).fetchall():
                if other not in members:
                    members.add(other)
                    queue.append(other)
        rows = [
            self.db.execute(
                "SELECT key, size, published, story FROM geomap_documents WHERE key = ?", (m,)
            ).fetchone()
            for m in sorted(members)
        ]
        corrected = (
            {
                r[0]
                for r in rows
                if self.db.execute(
                    "SELECT 1 FROM geomap_corrections WHERE undone = 0 AND instr(target, ?) > 0",
                    (r[0],),
                ).fetchone()
            }
            if len(rows) > 1
            else set()
        )
        lead = min(rows, key=lambda r: (r[0] not in corrected, -r[1], r[2] or "9", r[0]))[0]
        self.db.executemany(
            "UPDATE geomap_documents SET story = ? WHERE key = ?",
            [(lead, r[0]) for r in rows if r[3] != lead],
        )
        return [r[0] for r in rows if r[0] == key or r[3] != lead]

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
            parsed = applied(read or stored(self.db, key), self.log)
            dirty |= self._put_records(parsed, key) | self._put_names(parsed, key)
        self.db.executemany(
            "INSERT OR IGNORE INTO geomap_dirty VALUES (?)", [(block,) for block in sorted(dirty)]
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


def stored(db: sqlite3.Connection, key: str) -> Parsed:
    """Return a document as it was read, without corrections.

    Raises
    ------
    CorrectionError
        When the case has no such document.
    CaseError
        When its row is not the one that was written.

    """
    row = db.execute("SELECT parsed FROM geomap_documents WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise CorrectionError(f"the case has no document {key!r}")
    if not is_whole(db, "geomap_documents", key):
        raise CaseError(
            f"document {key} of the case is damaged and not shown; take a copy of the case that is"
            " whole, or save the rest with `geomap case recover`"
        )
    try:
        return replace(_read(row[0]), document=picture.stored_document(db, key))
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        zlib.error,
    ) as error:
        raise CaseError(
            f"document {key} of the case holds what geomap does not write ({error}); take a copy of"
            " the case that is whole, or save the rest with `geomap case recover`"
        ) from error


def _read(body: bytes) -> Parsed:
    told = {"document": {"id": "", "text": ""}, **json.loads(_unpacked(body))}
    try:
        return Parsed.from_dict(told)
    except OptionError:
        return Parsed.from_dict(_within_bounds(told))


def _unpacked(body: bytes) -> bytes:
    # What is packed may be made to fill the memory: nothing geomap read is nearly as long.
    opened = zlib.decompressobj()
    told = opened.decompress(body, _LONGEST)
    if opened.unconsumed_tail or not opened.eof:
        raise ValueError("what was read has no end")
    return told


def _within_bounds(told: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the records whose figures, dates or points are out of bounds.

    An older geomap kept such; the document says that they are left out.
    """
    out = {**told, "warnings": list(told.get("warnings", ()))}
    for side, kind in (("toponyms", Toponym), ("events", Event), ("movements", Movement)):
        out[side] = []
        for item in told.get(side, ()):
            try:
                kind.from_dict(item)
            except OptionError as error:
                out["warnings"].append(f"{LEFT_OUT} {side}: {error}")
            else:
                out[side].append(item)
    return out
