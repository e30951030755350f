"""Saving what is whole out of a damaged case into a new one; the damaged file stays as it is."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from geomap.case.intake import Intake, key_of, leads, log_of
from geomap.case.layers import create_layers
from geomap.case.opening import Untrusted, only_ours, untrusted
from geomap.case.packing import unpacked
from geomap.case.rebuild import derive_all
from geomap.case.schema import own_tables
from geomap.case.store import Store, apart
from geomap.case.sums import differing, has_sums, is_whole
from geomap.errors import CaseError, DocumentError, reading
from geomap.geoparser import Geoparser
from geomap.model import Document
from geomap.stopping import heed

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was saved: keys of documents as they were, of those read anew, and what is lost.

    `corrections` are the numbers of those that are lost.
    """

    kept: tuple[str, ...]
    read: tuple[str, ...]
    lost: tuple[str, ...]
    corrections: tuple[str, ...]


def recover(path: Path, target: Path, geoparser: Geoparser) -> Recovered:
    """Make a new case of the documents and corrections of `path` whose checksums agree.

    A document whose own row is damaged is read anew when its text is still the one that its key
    was made of and its citations are whole. Everything else is drawn anew.

    Raises
    ------
    CaseError
        When `path` cannot be read at all, or `target` cannot be made.

    """
    try:
        with closing(untrusted(path, readonly=True)) as db:
            only_ours(db)
            saved = _saved(db)
            title = _all(db, "geomap_meta", "SELECT value FROM geomap_meta WHERE name = 'title'")
    except sqlite3.Error as error:
        heed()
        raise CaseError(f"{path} cannot be read: {error}; nothing can be saved from it") from error
    if not saved.documents and not saved.texts:
        raise CaseError(f"{path} holds no document that is whole; nothing can be saved from it")
    store = Store.create(target, title="".join(str(row[0]) for row in title), layers=create_layers)
    try:
        with store.writing() as new:
            _write(new, saved)
            again = _read_anew(new, saved, geoparser)
            derive_all(new, geoparser.gazetteer)
    except BaseException:
        store.close()
        target.unlink()
        raise
    store.close()
    kept = tuple(sorted(str(row[0]) for row in saved.documents))
    lost = tuple(sorted(saved.keys - {*kept, *again}))
    return Recovered(kept, again, lost, saved.lost_corrections)


@dataclass(frozen=True, slots=True)
class _Saved:
    keys: frozenset[str]
    documents: tuple[Row, ...]
    texts: dict[str, str]  # of documents whose row is damaged and whose text is not
    citations: tuple[Row, ...]
    failures: tuple[Row, ...]
    corrections: tuple[Row, ...]
    lost_corrections: tuple[str, ...]


def _saved(db: Untrusted) -> _Saved:
    keys = {key for table in _KEYED for key in _read(db, table)}
    documents, texts, citations = [], {}, []
    for key in sorted(keys):
        cited = _cited(db, key)
        citations += cited
        if (row := _document(db, key)) is not None:
            documents.append(row)
        elif cited and (text := _text(db, key)) is not None:
            texts[key] = text
    numbers = {number for table in _NUMBERED for number in _read(db, table)}
    corrections = {n: r for n in numbers if (r := _correction(db, n)) is not None}
    return _Saved(
        frozenset(keys),
        tuple(documents),
        texts,
        tuple(citations),
        tuple(_all(db, "geomap_failures", "SELECT * FROM geomap_failures")),
        tuple(corrections[n] for n in sorted(corrections, key=int)),
        tuple(sorted(numbers - set(corrections))),
    )


# Whatever still names a document or correction.
_KEYED = (
    "SELECT key FROM geomap_documents",
    "SELECT key FROM geomap_citations",
    "SELECT key FROM geomap_records",
    "SELECT of FROM geomap_sums WHERE part = 'geomap_documents' AND held > 0",
)
_NUMBERED = (
    "SELECT number FROM geomap_corrections",
    "SELECT of FROM geomap_sums WHERE part = 'geomap_corrections' AND held > 0",
)


@dataclass(frozen=True, slots=True)
class _UnlessBroken:
    """Goes on without what a broken file does not tell, but not after a signal to stop."""

    db: Untrusted

    def __enter__(self) -> None:
        self.db.watch.turns = 0

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, sqlite3.Error):
            self.db.watch.raised(error)
        return isinstance(error, sqlite3.Error)


def _read(db: Untrusted, question: str) -> Iterator[str]:
    """Yield the answers up to where the file is broken."""
    with _UnlessBroken(db):
        for (value,) in db.execute(question):
            yield str(value)


def _one(db: Untrusted, question: str, *values: str) -> Row | None:
    with _UnlessBroken(db):
        row: Row | None = db.execute(question, values).fetchone()
        return row
    return None


def _all(db: Untrusted, table: str, question: str) -> list[Row]:
    """Return the answers when the whole table is as it was written, else none."""
    with _UnlessBroken(db):
        if not has_sums(db) or not differing(db, table):
            return db.execute(question).fetchall()
    return []


def _sound(db: Untrusted, table: str, of: str) -> bool:
    with _UnlessBroken(db):
        return is_whole(db, table, of)
    return False


def _document(db: Untrusted, key: str) -> Row | None:
    row = _one(db, "SELECT * FROM geomap_documents WHERE key = ?", key)
    if row is None or not _sound(db, "geomap_documents", key):
        return None
    told = dict(zip((c for c, *_ in own_tables()["geomap_documents"]), row, strict=True))
    # In a case without checksums, text and what was read must at least agree with themselves.
    if not has_sums(db):
        try:
            unpacked(told["parsed"])
        except (zlib.error, ValueError, TypeError, RecursionError):
            return None
    return row if key_of(str(told["text"])) == key == row[0] else None


def _text(db: Untrusted, key: str) -> str | None:
    row = _one(db, "SELECT text FROM geomap_documents WHERE key = ?", key)
    return row[0] if row and isinstance(row[0], str) and key_of(row[0]) == key else None


def _cited(db: Untrusted, key: str) -> list[Row]:
    if not _sound(db, "geomap_citations", key):
        return []
    with _UnlessBroken(db):
        return db.execute("SELECT * FROM geomap_citations WHERE key = ?", (key,)).fetchall()
    return []


def _correction(db: Untrusted, number: str) -> Row | None:
    row = _one(db, "SELECT * FROM geomap_corrections WHERE number = ?", number)
    return row if _sound(db, "geomap_corrections", number) else None


def _write(db: sqlite3.Connection, saved: _Saved) -> None:
    for table, rows in (
        ("geomap_documents", saved.documents),
        ("geomap_citations", saved.citations),
        ("geomap_failures", saved.failures),
        ("geomap_corrections", saved.corrections),
    ):
        marks = ", ".join("?" * len(own_tables()[table]))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
    # A case without a citation of a document would not list it.
    cited = {row[0] for row in saved.citations}
    db.executemany(
        "INSERT INTO geomap_citations VALUES (?, ?, ?, ?, ?, ?)",
        [(*row[:5], row[5] or "") for row in saved.documents if row[0] not in cited],
    )


def _read_anew(db: sqlite3.Connection, saved: _Saved, geoparser: Geoparser) -> tuple[str, ...]:
    """Read the texts whose rows are damaged and return the keys of those that could be."""
    # The document that counted for a story may be lost.
    db.execute("UPDATE geomap_documents SET story = key WHERE story <> key")
    intake, done = Intake(db, geoparser.gazetteer, log_of(db)), []
    for key, text in sorted(saved.texts.items()):
        cited = min((row[1:] for row in saved.citations if row[0] == key), key=leads)
        fields = dict(zip(("id", "title", "source", "url", "published"), cited, strict=True))
        with suppress(DocumentError), reading(key), apart(db):
            doc = Document.from_dict(
                {**fields, "text": text, "published": fields["published"] or None}
            )
            intake.put(geoparser.parse(doc), doc)
            done.append(key)
    return tuple(done)
