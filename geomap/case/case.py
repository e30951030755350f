"""A case: the documents of one crisis, what they tell together, and what a reader put right."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from geomap.case import picture
from geomap.case.bounds import as_json, check_text, storable
from geomap.case.corrections import Action, Correction, Scope, anchor, checked_changes, misfit
from geomap.case.feeds import read_feed
from geomap.case.intake import Intake, citation, key_of, log_of
from geomap.case.layers import create_layers
from geomap.case.packing import LEFT_OUT
from geomap.case.reader import CaseReader, known_word
from geomap.case.rebuild import rebuilt
from geomap.case.recover import Recovered, recover
from geomap.case.store import Store, apart, of_the_file
from geomap.case.stories import Stories
from geomap.errors import CorrectionError, DocumentError, GeomapError, OptionError
from geomap.gazetteer.names import fold
from geomap.geoparser import Geoparser
from geomap.model import Document, Event, Evidence, Movement, Parsed, Place, Toponym, Use
from geomap.text.reading import read_documents

_COMMIT_S: Final = 0.5  # the longest that read documents wait unsaved
_REDRAW: Final = 10_000  # blocks that wait undrawn


@dataclass(slots=True)
class Added:
    """What one `add` did: ids of new documents, of texts that were there (a citation more.

    If that is new), and failures.
    """

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


class Case(CaseReader):
    """An open case file (GeoPackage); `with Case.open(path) as case: ...`.

    Everything that changes it is saved when the call returns. A case may be read by others while
    one writes.
    """

    def __init__(self, store: Store, geoparser: Geoparser | None = None) -> None:
        super().__init__(store)
        self._geoparser = geoparser

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], *, title: str = "", geoparser: Geoparser | None = None
    ) -> Case:
        """Make an empty case.

        Raises
        ------
        CaseError
            When something of that name exists or the folder cannot be written.

        """
        store = Store.create(Path(path), title=title, layers=create_layers)
        return cls(store, geoparser)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        readonly: bool = False,
        geoparser: Geoparser | None = None,
    ) -> Case:
        """Open a case; what a stopped process left undrawn is drawn now.

        Raises
        ------
        CaseError
            When the file is not there, no case, damaged, of a newer format, or cannot be written.
        CaseLockedError
            When another process is writing.

        """
        case = cls(Store(Path(path), readonly=readonly), geoparser)
        try:
            if not readonly:
                case._mend()
        except BaseException:
            case.close()
            raise
        return case

    @classmethod
    def check(
        cls, path: str | os.PathLike[str], *, geoparser: Geoparser | None = None
    ) -> tuple[str, ...]:
        """Look through a whole case and draw what is damaged anew from its documents.

        Returns the tables and layers that were.

        Raises
        ------
        CaseError
            When a document, citation or correction is damaged; `recover` saves the others.

        """
        store = Store(Path(path), anew=True)
        damaged = store.damaged
        with cls(store, geoparser) as case:
            case._mend()
        return damaged

    @classmethod
    def recover(
        cls,
        path: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        geoparser: Geoparser | None = None,
    ) -> Recovered:
        """Save what is whole of a damaged case into a new one and say what is lost.

        Raises
        ------
        CaseError
            When nothing can be read, or `target` cannot be made.

        """
        reader = geoparser or Geoparser()
        told = recover(Path(path), Path(target), reader)
        cls.open(target, geoparser=reader).close()
        return told

    def _mend(self) -> None:
        """Draw what a stopped process left undrawn, and all that was damaged or out of bounds."""
        store = self._store
        with store.reading():
            if store.damaged:
                rebuilt(store, self.geoparser.gazetteer)
            if store.meta("reread"):
                self._leave_out_unfit()
        self.redraw()

    def _leave_out_unfit(self) -> None:
        """Write anew the records that are out of bounds, as an older geomap let them be."""
        with self._store.guarded():
            keys = {
                str(key)
                for key, kind, body in self._store.rows(
                    "SELECT key, kind, body FROM geomap_records"
                )
                if not picture.is_within_bounds(self._store.db, str(kind), str(body))
            }
        with self._store.writing() as db:
            intake = self._intake(db)
            for key in sorted(keys):
                intake.derive(key)
                told = intake.read(key)
                for warning in told.warnings if told else ():
                    if LEFT_OUT in warning:
                        intake.fail(key, warning)
            for correction in intake.log:
                if misfit(correction):
                    self._rederive(db, correction)
            db.execute("DELETE FROM geomap_meta WHERE name = 'reread'")

    @property
    def geoparser(self) -> Geoparser:
        """What reads the documents; made when first needed."""
        if self._geoparser is None:
            self._geoparser = Geoparser()
        return self._geoparser

    def _intake(self, db: sqlite3.Connection) -> Intake:
        with self._store.reading("geomap_corrections"):
            log = log_of(db)
        return Intake(db, self.geoparser.gazetteer, log)

    # Adding

    def add(self, docs: Iterable[Document | DocumentError] | Document) -> Added:
        """Read documents and add what they tell.

        A text that is there already is cited once more and not read again.

        A document that fails is kept as a failure with its reason, and the others go on. Copies of
        one story (see `duplicates`)
        count as one source.
        """
        done = Added()
        waiting: list[tuple[Parsed, Document]] = []
        since = time.monotonic()
        try:
            for doc in [docs] if isinstance(docs, Document) else docs:
                parsed = self._parsed_if_new(doc, done)
                if parsed is not None and isinstance(doc, Document):
                    waiting.append((parsed, doc))
                if waiting and time.monotonic() - since > _COMMIT_S:
                    self._save(waiting, done)
                    since = time.monotonic()
        finally:
            # Whatever ends the reading of sources, what was read of them is kept.
            self._save(waiting, done)
        self.redraw()
        return done

    def _parsed_if_new(self, doc: Document | DocumentError, done: Added) -> Parsed | None:
        """Read a document that is to be read; note one that is known, or that cannot be read."""
        if isinstance(doc, DocumentError):
            self._fail(done, doc.source, str(doc))
            return None
        if self._cited(doc):
            done.known.append(doc.id)
            return None
        try:
            return self.geoparser.parse(doc)
        except Exception as error:  # noqa: BLE001 - the boundary: one document fails alone
            self._fail(done, doc.id, _reason(doc.id, error))
            return None

    def add_many_parsed(self, many: Iterable[Parsed]) -> int:
        """Add documents that are read already and return how many were new.

        Raises
        ------
        DocumentError
            When some cannot be kept, once all others are; names the first.

        """
        done = Added()
        try:
            for parsed in many:
                if not self._cited(parsed.document):
                    self._save([(parsed, parsed.document)], done)
        finally:
            self.redraw()
        if done.failed:
            source, error = done.failed[0]
            more = f" (and {len(done.failed) - 1:,} more)" if len(done.failed) > 1 else ""
            raise DocumentError(source, error.removeprefix(f"{source}: ") + more)
        return len(done.new)

    def watch(self, folder: str | os.PathLike[str]) -> Added:
        """Add what is new in a folder of texts; call it again to add what came since."""
        return self.add(read_documents(str(folder)))

    def add_feed(self, url: str, *, allow_private: bool = False) -> Added:
        """Add the articles that a feed names and the case does not have.

        Asks the network, and only here.

        Raises
        ------
        FeedError
            When the feed cannot or must not be read; the case stays as it was.
        MissingExtraError
            When the extra `feeds` is not installed.

        """
        cited = self._store.rows("SELECT url FROM geomap_citations WHERE url <> ''")
        failed = self._store.rows("SELECT source FROM geomap_failures")
        return self.add(
            read_feed(
                url,
                known={str(row[0]) for row in cited}.__contains__,
                failed={str(row[0]) for row in failed}.__contains__,
                allow_private=allow_private,
            )
        )

    def describe(
        self, key: str, *, title: str, source: str, published: dt.date | dt.datetime | None
    ) -> None:
        """Say what is known of a document.

        When its publication date changes it is read again, for relative dates hang on it.

        Raises
        ------
        CorrectionError
            When the case has no such document.

        """
        text = self._text(key)
        ident, url = self._store.rows("SELECT id, url FROM geomap_documents WHERE key = ?", (key,))[
            0
        ]
        doc = Document(str(ident), text, title, source, str(url), published)
        parsed = self.geoparser.parse(doc)
        with self._changing("description") as db:
            db.execute("DELETE FROM geomap_citations WHERE key = ? AND id = ?", (key, ident))
            self._intake(db).put(parsed, doc)

    def redraw(self) -> None:
        """Bring joint records and layers up to date."""
        picture.redrawn(self._store)

    @contextmanager
    def _changing(self, name: str, value: object = None) -> Iterator[sqlite3.Connection]:
        """Run one transaction that also draws what it changes.

        So that no change is kept that cannot be drawn.
        """
        self.redraw()
        with self._store.writing() as db:
            try:
                yield db
                picture.redraw_all(db, self._store)
            except Exception as error:
                if isinstance(error, GeomapError) or of_the_file(error):
                    raise
                raise OptionError(
                    name, value, f"something that can be drawn ({error}); nothing was changed"
                ) from error

    def _fail(self, done: Added, source: str, error: str) -> None:
        source, error = storable(source), storable(error)
        done.failed.append((source, error))
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO geomap_failures VALUES (?, ?)", (source, error))

    def _cited(self, doc: Document) -> bool:
        """Cite a text that is known once more; return False when it is to be read."""
        key = key_of(doc.text)
        cited = self._store.rows(
            "SELECT 1 FROM geomap_citations WHERE key = ? AND id = ? AND title = ? AND source = ?"
            " AND url = ? AND published = ?",
            (key, *citation(doc)),
        )
        known = cited or self._store.rows(
            "SELECT 1 FROM geomap_citations WHERE key = ? LIMIT 1", (key,)
        )
        if cited or not known:
            return bool(known)
        with self._store.writing() as db:
            return self._intake(db).cite(doc)

    def _save(self, waiting: list[tuple[Parsed, Document]], done: Added) -> None:
        if not waiting:
            return
        with self._store.writing() as db:
            intake = self._intake(db)
            kept, failed = [], []
            for parsed, doc in waiting:
                try:
                    # One text may come twice in a batch.
                    with apart(db):
                        if not intake.cite(doc):
                            intake.put(parsed, doc)
                    kept.append(doc.id)
                except Exception as error:
                    if of_the_file(error):
                        raise
                    # The boundary: one document fails alone.
                    failed.append((doc.id, _reason(doc.id, error)))
        done.new += kept
        waiting.clear()
        for source, error_text in failed:
            self._fail(done, source, error_text)
        if self._store.rows("SELECT count(*) FROM geomap_dirty")[0][0] > _REDRAW:  # type: ignore[operator]
            self.redraw()

    def reparse(self) -> int:
        """Read all documents anew with this version, apply the corrections again.

        And return how many were read.
        """
        keys = [
            str(r[0]) for r in self._store.rows("SELECT key FROM geomap_documents ORDER BY key")
        ]
        for key in keys:
            row = self._store.rows(
                "SELECT id, text, title, source, url, published FROM geomap_documents WHERE"
                " key = ?",
                (key,),
            )[0]
            doc = Document.from_dict(
                dict(zip(("id", "text", "title", "source", "url", "published"), row, strict=True))
            )
            parsed = self.geoparser.parse(doc)
            with self._store.writing() as db:
                self._intake(db).put(parsed, doc)
        self.redraw()
        return len(keys)

    # Corrections

    def reassign(
        self,
        place: str | Place,
        *,
        doc: str,
        start: int,
        end: int,
        scope: Scope | str = Scope.MENTION,
        country: str = "",
        who: str = "",
        when: str = "",
    ) -> Correction:
        """Say which place a mention is.

        Parameters
        ----------
        place
            The id of a place of the gazetteer, or a `Place` by hand.
        doc, start, end
            The mention: key of the document and offsets in code points.
        scope
            How far: `mention`, `document`, `case`, or `always` where a document also names a place
            in `country` (ISO 3166-1 alpha-3).
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
        reach = known_word(Scope, "scope", scope)
        if reach is Scope.ALWAYS and not country:
            raise OptionError(
                "country",
                country,
                "the ISO 3166-1 alpha-3 code of the country in play, with scope 'always'",
            )
        chosen = place if isinstance(place, Place) else self._place(place)
        target = {
            "doc": doc,
            "start": start,
            "end": end,
            "name": fold(told.name),
            "scope": reach.value,
            **({"country": country} if country else {}),
        }
        return self._correct(
            Action.REASSIGN,
            target,
            told.place.to_dict() if told.place else None,
            chosen.to_dict(),
            who,
            when,
        )

    def set_use(
        self, use: Use | str, *, doc: str, start: int, end: int, who: str = "", when: str = ""
    ) -> Correction:
        """Say how a name is used: literal, associative or demonym."""
        told = self._mention(doc, start, end)
        return self._correct(
            Action.USE,
            {"doc": doc, "start": start, "end": end},
            told.use.value,
            known_word(Use, "use", use).value,
            who,
            when,
        )

    def set(self, ident: str, *, who: str = "", at: str = "", **changes: Any) -> Correction:
        """Change fields of an event or movement in all its tellings.

        For instance `quantity=Quantity(...)`, `status="denied"`.

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
        return self._correct(
            Action.SET,
            {"records": [anchor(r, k) for k, r in records]},
            {name: told[name] for name in after},
            after,
            who,
            at,
        )

    def reject(
        self,
        ident: str = "",
        *,
        doc: str = "",
        start: int = 0,
        end: int = 0,
        who: str = "",
        when: str = "",
    ) -> Correction:
        """Take out an event or movement, or a mention that names no place; it stays in the log."""
        if ident:
            records = self._records([ident])
            return self._correct(
                Action.REJECT,
                {"records": [anchor(r, k) for k, r in records]},
                [r.id for _, r in records],
                None,
                who,
                when,
            )
        told = self._mention(doc, start, end)
        return self._correct(
            Action.REJECT, {"doc": doc, "start": start, "end": end}, told.to_dict(), None, who, when
        )

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
        blocks = self._store.rows(
            "SELECT block FROM geomap_records WHERE id = ?", (records[0][1].id,)
        )
        return self._correct(
            Action.MERGE,
            {"records": [anchor(r, k) for k, r in records]},
            list(idents),
            str(blocks[0][0]),
            who,
            when,
        )

    def split(self, ident: str, *, who: str = "", when: str = "") -> Correction:
        """Say that one telling is an event of its own.

        Or that a figure is of other people than those beside it.

        `ident` is a joint record, whose tellings all come apart, or one telling.
        """
        found = self._store.rows(
            "SELECT key, kind, body FROM geomap_records WHERE id = ?", (ident,)
        )
        joint = self._store.rows("SELECT 1 FROM geomap_merged WHERE id = ?", (ident,))
        if joint or not found:
            records = self._records([ident])
        else:
            key, kind, body = map(str, found[0])
            with self._store.reading() as db:
                records = [(key, picture.record_of(db, kind, body))]
        return self._correct(
            Action.SPLIT, {"records": [anchor(r, k) for k, r in records]}, None, None, who, when
        )

    def add_by_hand(
        self, doc: str, record: Event | Movement | Toponym, *, who: str = "", when: str = ""
    ) -> Correction:
        """Add an event, movement or mention that the parser missed.

        The evidence of a record (a mention's own offsets) must be text of the document.

        Raises
        ------
        CorrectionError
            When the document is not there or its text is another at these offsets.

        """
        text = self._text(doc)
        with self._store.guarded():
            number = _next_number(self._store.db)
        if isinstance(record, Toponym):
            told, kind = ((record.start, record.end, record.name),), "toponym"
            body = record.to_dict()
        else:
            kind = "event" if isinstance(record, Event) else "movement"
            told = tuple((e.start, e.end, e.text) for e in record.evidence)  # type: ignore[assignment]
            body = replace(
                record,
                id=f"{doc}#h{number}",
                evidence=tuple(replace(e, doc_id=doc) for e in record.evidence),
            ).to_dict()
        if not told or any(text[start:end] != words for start, end, words in told):
            raise CorrectionError(
                f"what is added must quote the document {doc}: text and offsets of the evidence do"
                " not agree"
            )
        return self._correct(Action.ADD, {"doc": doc, "kind": kind}, None, body, who, when)

    def evidence(self, doc: str, start: int, end: int) -> Evidence:
        """Return a stretch of a document as evidence for `add_by_hand`."""
        text = self._text(doc)
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
            raise CorrectionError(
                "there is no correction to undo"
                if number is None
                else f"there is no correction {number}, or it is undone already"
            )
        correction = standing[-1]
        with self._changing("number", number) as db:
            db.execute(
                "UPDATE geomap_corrections SET undone = 1 WHERE number = ?", (correction.number,)
            )
            self._rederive(db, correction)
        return replace(correction, undone=True)

    def _correct(
        self, action: Action, target: dict[str, Any], before: Any, after: Any, who: str, when: str
    ) -> Correction:
        texts = [
            as_json(name, v)
            for name, v in (("target", target), ("before", before), ("value", after))
        ]
        check_text("who", who)
        check_text("when", when)
        with self._changing(action.value, after) as db:
            number = _next_number(db)
            correction = Correction(number, when, who, action, target, before, after)
            db.execute(
                "INSERT INTO geomap_corrections VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (number, when, who, action.value, *texts),
            )
            self._rederive(db, correction)
        return correction

    def _rederive(self, db: sqlite3.Connection, correction: Correction) -> None:
        """Write anew the records of all documents that a correction may change."""
        keys = {r["doc"] for r in correction.target.get("records", ())} | {
            correction.target.get("doc", "")
        }
        if correction.action is Action.REASSIGN:
            alike = [
                name
                for (name,) in db.execute("SELECT DISTINCT name FROM geomap_names").fetchall()
                if fold(name) == correction.target["name"]
            ]
            for name in alike:
                keys |= {
                    key
                    for (key,) in db.execute(
                        "SELECT key FROM geomap_names WHERE name = ?", (name,)
                    ).fetchall()
                }
        intake = self._intake(db)
        for key in sorted(keys - {""}):
            # A copy that a reader put right counts from then on in place of the longer one.
            for member in Stories(db).elect(key):
                intake.derive(member)

    def _mention(self, doc: str, start: int, end: int) -> Toponym:
        found = [t for t in self.parsed(doc).toponyms if (t.start, t.end) == (start, end)]
        if not found:
            raise CorrectionError(
                f"document {doc} has no place name at {start}..{end}; `add_by_hand` adds one"
            )
        return found[0]

    def _records(self, idents: Sequence[str]) -> list[tuple[str, Event | Movement]]:
        out = []
        for ident in idents:
            for member in self.members(ident):
                with self._store.reading() as db:
                    key, kind, body = db.execute(
                        "SELECT key, kind, body FROM geomap_records WHERE id = ?", (member,)
                    ).fetchone()
                    out.append((key, picture.record_of(db, kind, body)))
        return out

    def _place(self, ident: str) -> Place:
        if self.geoparser.gazetteer.row(ident) is None:
            raise CorrectionError(
                f"the gazetteer has no place {ident!r}; `geomap gazetteer lookup NAME` shows ids"
            )
        return self.geoparser.gazetteer.place(ident)


def _reason(source: str, error: Exception) -> str:
    told = str(error) if isinstance(error, GeomapError) else f"{type(error).__name__}: {error}"
    return told if isinstance(error, DocumentError) else f"{source}: it cannot be kept ({told})"


def _next_number(db: sqlite3.Connection) -> int:
    return int(
        db.execute("SELECT coalesce(max(number), 0) + 1 FROM geomap_corrections").fetchone()[0]
    )
