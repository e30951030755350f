"""A case: the documents of one crisis, what they tell together, and what a reader put right."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from geomap.case import picture
from geomap.case.corrections import Action, Correction, Scope, anchor, applied, checked_changes, held_by
from geomap.case.feeds import read_feed
from geomap.case.intake import Intake, citation, key_of, leads, log_of, stored
from geomap.case.layers import GEOMETRY, create_layers, read_layer
from geomap.case.store import Store
from geomap.case.totals import Total, totals
from geomap.errors import CorrectionError, DocumentError, GeomapError, OptionError
from geomap.gazetteer.names import fold
from geomap.geoparser import Geoparser
from geomap.model import Document, Event, Evidence, Measure, Movement, Parsed, Place, Status, Toponym, Use
from geomap.text.reading import read_documents

if TYPE_CHECKING:
    import geopandas as gpd

_COMMIT_S: Final = 0.5  # the longest that read documents wait unsaved
_REDRAW: Final = 500  # documents
_CITATION: Final = ("id", "title", "source", "url", "published")


@dataclass(slots=True)
class Added:
    """What one `add` did: ids of new documents, of texts that were there (a citation more, if that is new), and failures."""

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a case: `key` is its text's hash, `story` the key of the document that counts for all copies of one story."""

    key: str
    id: str
    title: str
    source: str
    url: str
    published: str
    lang: str
    story: str
    citations: int


class Case:
    """An open case file (GeoPackage); `with Case.open(path) as case: ...`.

    Everything that changes it is saved when the call returns. A case may be read by others while one writes.
    """

    def __init__(self, store: Store, geoparser: Geoparser | None = None) -> None:
        self._store = store
        self._geoparser = geoparser
        self._countries: dict[str, tuple[str, ...]] = {}

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, title: str = "", geoparser: Geoparser | None = None) -> Case:
        """Make an empty case.

        Raises
        ------
        CaseError
            When something of that name exists or the folder cannot be written.

        """
        store = Store.create(Path(path), title=title, layers=create_layers)
        return cls(store, geoparser)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, readonly: bool = False, geoparser: Geoparser | None = None) -> Case:
        """Open a case; what a stopped process left undrawn is drawn now.

        Raises
        ------
        CaseError
            When the file is not there, no case, damaged, of a newer format, or cannot be written.
        CaseLockedError
            When another process is writing.

        """
        case = cls(Store(Path(path), readonly=readonly), geoparser)
        if not readonly:
            picture.redrawn(case._store)
        return case

    def __enter__(self) -> Self:
        """Return the case."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def title(self) -> str:
        """The title given when it was made."""
        return self._store.meta("title")

    @property
    def revision(self) -> str:
        """What changes whenever anything in the case does; a key for what is computed from it."""
        return self._store.meta("revision")

    @property
    def geoparser(self) -> Geoparser:
        """What reads the documents; made when first needed."""
        if self._geoparser is None:
            self._geoparser = Geoparser()
        return self._geoparser

    @property
    def _intake(self) -> Intake:
        return Intake(self.geoparser.gazetteer)

    # Adding

    def add(self, docs: Iterable[Document | DocumentError] | Document) -> Added:
        """Read documents and add what they tell; a text that is there already is cited once more and not read again.

        A document that fails is kept as a failure with its reason, and the others go on. Copies of one story (see `duplicates`)
        count as one source.
        """
        done = Added()
        waiting: list[tuple[Parsed, Document]] = []
        since = time.monotonic()
        for doc in [docs] if isinstance(docs, Document) else docs:
            if isinstance(doc, DocumentError):
                self._fail(done, doc.source, str(doc))
                continue
            lead = self._to_read(doc)
            if lead is None:
                done.known.append(doc.id)
                continue
            try:
                parsed = self.geoparser.parse(lead)
            except GeomapError as error:
                self._fail(done, doc.id, str(error))
                continue
            waiting.append((parsed, doc))
            if time.monotonic() - since > _COMMIT_S:
                self._save(waiting, done)
                since = time.monotonic()
        self._save(waiting, done)
        self.redraw()
        return done

    def add_parsed(self, parsed: Parsed) -> bool:
        """Add a document that is read already, such as a table of figures; return False when its text is there."""
        return self.add_many_parsed([parsed]) == 1

    def add_many_parsed(self, many: Iterable[Parsed]) -> int:
        """Add documents that are read already and return how many were new."""
        count = 0
        for parsed in many:
            if self._to_read(parsed.document) is not None:
                self._save([(parsed, parsed.document)], Added())
                count += 1
        self.redraw()
        return count

    def watch(self, folder: str | os.PathLike[str]) -> Added:
        """Add what is new in a folder of texts; call it again to add what came since."""
        return self.add(read_documents(str(folder)))

    def add_feed(self, url: str, *, allow_private: bool = False) -> Added:
        """Add the articles that a feed names and the case does not have; asks the network, and only here.

        Raises
        ------
        FeedError
            When the feed cannot or must not be read; the case stays as it was.
        MissingExtraError
            When the extra `feeds` is not installed.

        """
        cited = {str(row[0]) for row in self._store.rows("SELECT url FROM geomap_citations WHERE url <> ''")}
        return self.add(read_feed(url, known=cited.__contains__, allow_private=allow_private))

    def describe(self, key: str, *, title: str, source: str, published: dt.date | dt.datetime | None) -> None:
        """Say what is known of a document; when its publication date changes it is read again, for relative dates hang on it.

        Raises
        ------
        CorrectionError
            When the case has no such document.

        """
        self._check_document(key)
        ident, text, url = self._store.rows("SELECT id, text, url FROM geomap_documents WHERE key = ?", (key,))[0]
        doc = Document(str(ident), str(text), title, source, str(url), published)
        parsed = self.geoparser.parse(doc)
        with self._store.writing() as db:
            db.execute("DELETE FROM geomap_citations WHERE key = ? AND id = ?", (key, ident))
            self._intake.put(db, parsed, doc)
        self.redraw()

    def snapshot(self) -> bytes:
        """Return the file as it is now, in one piece."""
        with tempfile.TemporaryDirectory() as folder, self._store.guarded():
            target = Path(folder) / "case.gpkg"
            copy = sqlite3.connect(target)
            try:
                self._store.db.backup(copy)
            finally:
                copy.close()
            return target.read_bytes()

    def redraw(self) -> None:
        """Bring joint records and layers up to date."""
        picture.redrawn(self._store)

    def _fail(self, done: Added, source: str, error: str) -> None:
        done.failed.append((source, error))
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO geomap_failures VALUES (?, ?)", (source, error))

    def _to_read(self, doc: Document) -> Document | None:
        """Return the document as it is to be read, or None when its text is known and stays as it was read.

        Of several citations of one text the earliest leads, whatever the order they came in.
        """
        if not isinstance(doc.text, str) or not doc.text.strip():
            return doc
        key = key_of(doc.text)
        known = self._store.rows("SELECT id, title, source, url, published FROM geomap_citations WHERE key = ?", (key,))
        if not known:
            return doc
        cited = citation(doc)
        if cited in known:
            return None
        led = min(known, key=leads)
        if leads(cited) < leads(led):
            return doc
        with self._store.writing() as db:
            db.execute("INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)", (key, *cited))
        return None

    def _save(self, waiting: list[tuple[Parsed, Document]], done: Added) -> None:
        if not waiting:
            return
        with self._store.writing() as db:
            for parsed, doc in waiting:
                # One text may come twice in a batch; the citation that leads gives it its day.
                known = db.execute("SELECT id, title, source, url, published FROM geomap_citations WHERE key = ?", (key_of(doc.text),)).fetchall()
                if known and leads(citation(doc)) > leads(min(known, key=leads)):
                    db.execute("INSERT OR IGNORE INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)", (key_of(doc.text), *citation(doc)))
                else:
                    self._intake.put(db, parsed, doc)
        done.new += [doc.id for _, doc in waiting]
        waiting.clear()
        if self._store.rows("SELECT count(*) FROM geomap_dirty")[0][0] > _REDRAW * 20:  # type: ignore[operator]
            self.redraw()

    def reparse(self) -> int:
        """Read all documents anew with this version, apply the corrections again, and return how many were read."""
        keys = [str(r[0]) for r in self._store.rows("SELECT key FROM geomap_documents ORDER BY key")]
        for key in keys:
            row = self._store.rows("SELECT id, text, title, source, url, published FROM geomap_documents WHERE key = ?", (key,))[0]
            doc = Document.from_dict(dict(zip(("id", "text", "title", "source", "url", "published"), row, strict=True)))
            parsed = self.geoparser.parse(doc)
            with self._store.writing() as db:
                self._intake.put(db, parsed, doc)
        self.redraw()
        return len(keys)

    # Reading

    def documents(self) -> list[Entry]:
        """Return the documents by publication date."""
        rows = self._store.rows(
            "SELECT d.key, d.id, d.title, d.source, d.url, coalesce(d.published, ''), d.lang, d.story, count(*) FROM geomap_documents d JOIN geomap_citations c ON c.key = d.key GROUP BY d.key ORDER BY 6, 1"
        )
        return [Entry(*row) for row in rows]  # type: ignore[arg-type]

    def failures(self) -> list[tuple[str, str]]:
        """Return the sources that could not be read, with the reason."""
        return [(str(a), str(b)) for a, b in self._store.rows("SELECT source, error FROM geomap_failures ORDER BY source")]

    def citations(self, key: str) -> list[dict[str, str]]:
        """Return all citations of a document and of its copies."""
        story = self._store.rows("SELECT story FROM geomap_documents WHERE key = ?", (key,))
        rows = self._store.rows(
            "SELECT c.id, c.title, c.source, c.url, c.published FROM geomap_citations c JOIN geomap_documents d ON d.key = c.key WHERE d.story = ? ORDER BY c.published, c.id", (story[0][0] if story else key,)
        )
        return [dict(zip(_CITATION, map(str, row), strict=True)) for row in rows]

    def parsed(self, key: str) -> Parsed:
        """Return one document as corrected.

        Raises
        ------
        CorrectionError
            When the case has no such document.

        """
        with self._store.guarded():
            self._check_document(key)
            return applied(stored(self._store.db, key), log_of(self._store.db))

    def events(self) -> list[Event]:
        """Return all events, tellings of one joined, by id."""
        return [r for r in self._merged("event") if isinstance(r, Event)]

    def movements(self) -> list[Movement]:
        """Return all movements, tellings of one figure joined, by id."""
        return [r for r in self._merged("movement") if isinstance(r, Movement)]

    def _merged(self, kind: str) -> list[Event | Movement]:
        rows = self._store.rows("SELECT CASE m.body WHEN '' THEN r.body ELSE m.body END FROM geomap_merged m JOIN geomap_records r ON r.id = m.id WHERE m.kind = ? ORDER BY m.id", (kind,))
        return [picture.record_of(self._store.db, kind, str(row[0])) for row in rows]

    def record(self, ident: str) -> Event | Movement:
        """Return an event or movement as all its tellings tell it; `ident` is its own or that of a telling.

        Raises
        ------
        CorrectionError
            When there is no such record.

        """
        found = self._store.rows(_ONE_RECORD + "m.id = ?", (ident,))
        if not found:
            quoted = json.dumps(ident)
            found = [r for r in self._store.rows(_ONE_RECORD + "instr(m.members, ?) > 0", (quoted,)) if ident in json.loads(str(r[2]))]
        if not found:
            raise CorrectionError(f"the case has no event or movement {ident!r}; it may have been rejected")
        return picture.record_of(self._store.db, str(found[0][0]), str(found[0][1]))

    def names(self) -> dict[str, str]:
        """Return the names of the places of the case by their ids."""
        return {str(i): str(json.loads(str(body))["name"]) for i, body in self._store.rows("SELECT id, body FROM geomap_places")}

    def members(self, ident: str) -> list[str]:
        """Return the ids of the tellings behind a joint record.

        Raises
        ------
        CorrectionError
            When there is no such record.

        """
        found = self._store.rows("SELECT members FROM geomap_merged WHERE id = ?", (ident,))
        if not found:
            raise CorrectionError(f"the case has no event or movement {ident!r}; it may have been rejected, or joined to another")
        return list(json.loads(str(found[0][0])))

    def series(self) -> dict[str, list[dict[str, Any]]]:
        """Return every series of figures: by its name the figures over time, with what each adds, its role and why."""
        rows = self._store.rows("SELECT series, id, as_of, low, best, high, increment, role, why, measure, status, kind, origins, destinations, within FROM geomap_figures WHERE best IS NOT NULL ORDER BY series, as_of, best, id")
        out: dict[str, list[dict[str, Any]]] = {}
        for name, ident, *values in rows:
            told = dict(zip(("as_of", "low", "best", "high", "increment", "role", "why", "measure", "status", "kind", "origins", "destinations", "within"), values, strict=True))
            out.setdefault(str(name), []).append({"id": ident, **told, **{side: picture.split_ids(str(told[side])) for side in ("origins", "destinations", "within")}})
        return out

    def totals(self, *, by: str | Sequence[str] = (), measure: Measure | str | None = None, status: Status | str | Sequence[Status | str] = Status.OCCURRED, only: Iterable[str] | None = None) -> list[Total]:
        """Return totals that count nobody twice.

        Parameters
        ----------
        by
            Any of origin, destination, origin_country, destination_country, year, month, kind, group.
        measure
            Only this measure; by default each measure has totals of its own. They are never added together.
        status
            One or several; occurred holds ongoing as well. Each has totals of its own.
        only
            Ids of the movements to count, for instance those that a filter left.

        Raises
        ------
        OptionError
            For an unknown word.

        """
        wanted = {_known(Status, "status", s).value for s in ([status] if isinstance(status, str) else status)}
        wanted |= {"occurred"} if "ongoing" in wanted else set()
        kept = None if only is None else set(only)
        with self._store.guarded():
            figures = [f for f in picture.counted_of(self._store.db) if f.status in wanted and (kept is None or f.id in kept)]
            ground = picture.ground_of(self._store.db)
        if measure is not None:
            figures = [f for f in figures if f.measure == _known(Measure, "measure", measure).value]
        return totals(figures, ground, by=(by,) if isinstance(by, str) else by)

    def frames(self) -> dict[str, gpd.GeoDataFrame]:
        """Return the layers as GeoDataFrames in EPSG:4326, rows by id."""
        with self._store.guarded():
            return {name: read_layer(self._store.db, name) for name in GEOMETRY}

    def info(self) -> dict[str, Any]:
        """Return counts and versions."""
        count = {name: self._store.rows(f"SELECT count(*) FROM {table}")[0][0] for name, table in _COUNTS.items()}  # noqa: S608
        made_by = [str(r[0]) for r in self._store.rows("SELECT DISTINCT made_by FROM geomap_documents ORDER BY 1")]
        return {"title": self.title, **count, "read_by": made_by}

    # Corrections

    def corrections(self) -> list[Correction]:
        """Return the log, the oldest first, with those undone."""
        with self._store.guarded():
            return log_of(self._store.db, undone=True)

    def unmatched(self) -> list[Correction]:
        """Return corrections whose record or mention is no longer there, since a document reads differently now."""
        out = []
        for correction in self.corrections():
            if correction.undone or correction.action is Action.ADD:
                continue
            targets = correction.target.get("records") or ([correction.target] if "start" in correction.target else [])
            if targets and not all(self._matches(t, correction) for t in targets):
                out.append(correction)
        return out

    def _matches(self, target: dict[str, Any], correction: Correction) -> bool:
        try:
            before = applied(stored(self._store.db, target["doc"]), [c for c in self.corrections() if c.number < correction.number])
        except CorrectionError:
            return False
        if "kind" in target:
            return any(held_by(e, target) for e in before.events) or any(held_by(m, target) for m in before.movements)
        return any((t.start, t.end) == (target["start"], target["end"]) for t in before.toponyms)

    def reassign(self, place: str | Place, *, doc: str, start: int, end: int, scope: Scope | str = Scope.MENTION, country: str = "", who: str = "", when: str = "") -> Correction:
        """Say which place a mention is.

        Parameters
        ----------
        place
            The id of a place of the gazetteer, or a `Place` by hand.
        doc, start, end
            The mention: key of the document and offsets in code points.
        scope
            How far: `mention`, `document`, `case`, or `always` where a document also names a place in `country` (ISO 3166-1 alpha-3).
        who, when
            What the log keeps of who corrected and when.

        Raises
        ------
        CorrectionError
            When there is no such mention, or no such place.
        OptionError
            For an unknown scope, or `always` without a country.

        """
        told = self._mention(doc, start, end)
        reach = _known(Scope, "scope", scope)
        if reach is Scope.ALWAYS and not country:
            raise OptionError("country", country, "the ISO 3166-1 alpha-3 code of the country in play, with scope 'always'")
        chosen = place if isinstance(place, Place) else self._place(place)
        target = {"doc": doc, "start": start, "end": end, "name": fold(told.name), "scope": reach.value, **({"country": country} if country else {})}
        return self._correct(Action.REASSIGN, target, told.place.to_dict() if told.place else None, chosen.to_dict(), who, when)

    def set_use(self, use: Use | str, *, doc: str, start: int, end: int, who: str = "", when: str = "") -> Correction:
        """Say how a name is used: literal, associative or demonym."""
        told = self._mention(doc, start, end)
        return self._correct(Action.USE, {"doc": doc, "start": start, "end": end}, told.use.value, _known(Use, "use", use).value, who, when)

    def set(self, ident: str, *, who: str = "", at: str = "", **changes: Any) -> Correction:
        """Change fields of an event or movement in all its tellings, for instance `quantity=Quantity(...)`, `status="denied"`.

        Raises
        ------
        CorrectionError
            When there is no such record or field.
        OptionError
            When a value does not fit.

        """
        records = self._records([ident])
        after = checked_changes(records[0][1], changes)
        told = records[0][1].to_dict()
        return self._correct(Action.SET, {"records": [anchor(r, k) for k, r in records]}, {name: told[name] for name in after}, after, who, at)

    def reject(self, ident: str = "", *, doc: str = "", start: int = 0, end: int = 0, who: str = "", when: str = "") -> Correction:
        """Take out an event or movement, or a mention that names no place; it stays in the log."""
        if ident:
            records = self._records([ident])
            return self._correct(Action.REJECT, {"records": [anchor(r, k) for k, r in records]}, [r.id for _, r in records], None, who, when)
        told = self._mention(doc, start, end)
        return self._correct(Action.REJECT, {"doc": doc, "start": start, "end": end}, told.to_dict(), None, who, when)

    def merge(self, idents: Sequence[str], *, who: str = "", when: str = "") -> Correction:
        """Say that records tell of one event, or that figures are of the same people.

        Raises
        ------
        CorrectionError
            When there are fewer than two, one is not there, or events are mixed with movements.

        """
        records = self._records(idents)
        kinds = {type(r) for _, r in records}
        if len(set(idents)) < 2 or len(kinds) > 1:
            raise CorrectionError("merging takes two or more events, or two or more movements")
        blocks = self._store.rows("SELECT block FROM geomap_records WHERE id = ?", (records[0][1].id,))
        return self._correct(Action.MERGE, {"records": [anchor(r, k) for k, r in records]}, list(idents), str(blocks[0][0]), who, when)

    def split(self, ident: str, *, who: str = "", when: str = "") -> Correction:
        """Say that one telling is an event of its own, or that a figure is of other people than those beside it.

        `ident` is a joint record, whose tellings all come apart, or one telling.
        """
        found = self._store.rows("SELECT key, kind, body FROM geomap_records WHERE id = ?", (ident,))
        joint = self._store.rows("SELECT 1 FROM geomap_merged WHERE id = ?", (ident,))
        records = self._records([ident]) if joint or not found else [(str(found[0][0]), picture.record_of(self._store.db, str(found[0][1]), str(found[0][2])))]
        return self._correct(Action.SPLIT, {"records": [anchor(r, k) for k, r in records]}, None, None, who, when)

    def add_by_hand(self, doc: str, record: Event | Movement | Toponym, *, who: str = "", when: str = "") -> Correction:
        """Add an event, movement or mention that the parser missed.

        The evidence of a record (a mention's own offsets) must be text of the document.

        Raises
        ------
        CorrectionError
            When the document is not there or its text is another at these offsets.

        """
        self._check_document(doc)
        text = str(self._store.rows("SELECT text FROM geomap_documents WHERE key = ?", (doc,))[0][0])
        number = int(str(self._store.rows("SELECT coalesce(max(number), 0) + 1 FROM geomap_corrections")[0][0]))
        if isinstance(record, Toponym):
            told, kind = ((record.start, record.end, record.name),), "toponym"
            body = record.to_dict()
        else:
            kind = "event" if isinstance(record, Event) else "movement"
            told = tuple((e.start, e.end, e.text) for e in record.evidence)  # type: ignore[assignment]
            body = replace(record, id=f"{doc}#h{number}", evidence=tuple(replace(e, doc_id=doc) for e in record.evidence)).to_dict()
        if not told or any(text[start:end] != words for start, end, words in told):
            raise CorrectionError(f"what is added must quote the document {doc}: text and offsets of the evidence do not agree")
        return self._correct(Action.ADD, {"doc": doc, "kind": kind}, None, body, who, when)

    def evidence(self, doc: str, start: int, end: int) -> Evidence:
        """Return a stretch of a document as evidence for `add_by_hand`."""
        self._check_document(doc)
        text = str(self._store.rows("SELECT text FROM geomap_documents WHERE key = ?", (doc,))[0][0])
        return Evidence(doc, start, end, text[start:end])

    def undo(self, number: int | None = None) -> Correction:
        """Take back a correction, by default the latest; it stays in the log as undone.

        Raises
        ------
        CorrectionError
            When there is none to undo.

        """
        standing = [c for c in self.corrections() if not c.undone and number in {None, c.number}]
        if not standing:
            raise CorrectionError("there is no correction to undo" if number is None else f"there is no correction {number}, or it is undone already")
        correction = standing[-1]
        with self._store.writing() as db:
            db.execute("UPDATE geomap_corrections SET undone = 1 WHERE number = ?", (correction.number,))
            self._rederive(db, correction)
        self.redraw()
        return replace(correction, undone=True)

    def _correct(self, action: Action, target: dict[str, Any], before: Any, after: Any, who: str, when: str) -> Correction:
        with self._store.writing() as db:
            number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM geomap_corrections").fetchone()[0]
            correction = Correction(number, when, who, action, target, before, after)
            texts = [json.dumps(v, ensure_ascii=False) for v in (target, before, after)]
            db.execute("INSERT INTO geomap_corrections VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (number, when, who, action.value, *texts))
            self._rederive(db, correction)
        self.redraw()
        return correction

    def _rederive(self, db: sqlite3.Connection, correction: Correction) -> None:
        """Write anew the records of all documents that a correction may change."""
        keys = {r["doc"] for r in correction.target.get("records", ())} | {correction.target.get("doc", "")}
        if correction.action is Action.REASSIGN:
            alike = [name for (name,) in db.execute("SELECT DISTINCT name FROM geomap_names").fetchall() if fold(name) == correction.target["name"]]
            for name in alike:
                keys |= {key for (key,) in db.execute("SELECT key FROM geomap_names WHERE name = ?", (name,)).fetchall()}
        for key in sorted(keys - {""}):
            # A copy that a reader put right counts from then on in place of the longer one.
            for member in self._intake.lead(db, key):
                self._intake.derive(db, member)

    def _mention(self, doc: str, start: int, end: int) -> Toponym:
        found = [t for t in self.parsed(doc).toponyms if (t.start, t.end) == (start, end)]
        if not found:
            raise CorrectionError(f"document {doc} has no place name at {start}..{end}; `add_by_hand` adds one")
        return found[0]

    def _records(self, idents: Sequence[str]) -> list[tuple[str, Event | Movement]]:
        out = []
        for ident in idents:
            for member in self.members(ident):
                key, kind, body = self._store.rows("SELECT key, kind, body FROM geomap_records WHERE id = ?", (member,))[0]
                out.append((str(key), picture.record_of(self._store.db, str(kind), str(body))))
        return out

    def _place(self, ident: str) -> Place:
        if self.geoparser.gazetteer.row(ident) is None:
            raise CorrectionError(f"the gazetteer has no place {ident!r}; `geomap gazetteer lookup NAME` shows ids")
        return self.geoparser.gazetteer.place(ident)

    def _check_document(self, key: str) -> None:
        if not self._store.rows("SELECT 1 FROM geomap_documents WHERE key = ?", (key,)):
            raise CorrectionError(f"the case has no document {key!r}")


_ONE_RECORD: Final = "SELECT m.kind, CASE m.body WHEN '' THEN r.body ELSE m.body END, m.members FROM geomap_merged m JOIN geomap_records r ON r.id = m.id WHERE "
_COUNTS: Final = {
    "documents": "geomap_documents", "stories": "(SELECT DISTINCT story FROM geomap_documents)", "citations": "geomap_citations", "failures": "geomap_failures", "events": "events", "movements": "movements",
    "places": "places", "regions": "regions", "corrections": "geomap_corrections WHERE undone = 0",
}  # fmt: skip


def _known(kind: Any, name: str, value: Any) -> Any:
    if value not in list(kind):
        raise OptionError(name, value, f"one of {', '.join(kind)}")
    return kind(value)
