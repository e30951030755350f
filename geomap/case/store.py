"""The case file: one GeoPackage, which is one SQLite file.

With tables of our own beside the layers that GIS tools open.

Every change is one transaction. The write-ahead log lets others read while one writes; a writer
that closes puts the file back into one piece. A file that may come from elsewhere is opened as
SQLite's documentation advises for those, and looked through once a state. Nothing here knows what
a record means.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from geomap.case.checked import Level, keep_level, level_of, state_of
from geomap.case.opening import MEND, Watch, check_inert, untrusted
from geomap.case.schema import (
    APPLICATION,
    DERIVED,
    FORMAT,
    LAYERS,
    OWN_TABLES,
    SINCE_2,
    SOURCES,
    columns_of,
    create,
    geopackage,
    own_tables,
    summed_columns,
)
from geomap.case.sums import differing, has_sums, keep_sums, sum_all
from geomap.errors import CaseError, CaseLockedError, CorrectionError

_NAMED: Final = 3  # damaged documents that a message names
_FORMATS: Final = 9999  # more than there will be
READABLE: Final = frozenset({1})  # older formats that are read as they are


def _with_sums(db: sqlite3.Connection) -> None:
    create(db, SINCE_2)
    # Records out of bounds, which that format let in, are left out when the case is next drawn.
    db.execute("INSERT INTO geomap_meta VALUES ('reread', '1')")
    sum_all(db)
    keep_sums(db)


# What brings a file of format n to n + 1; the last brings it to FORMAT.
MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _with_sums}


class Store:
    """An open case file.

    Parameters
    ----------
    path
        The file; it must exist (see `Store.create`).
    readonly
        Open without the right to write; readers do not wait for a writer.
    anew
        Look through the whole file even when it was found whole in this state.

    Raises
    ------
    CaseError
        When the file is not there, no case, damaged, of a newer format, or cannot be written.

    """

    def __init__(self, path: Path, *, readonly: bool = False, anew: bool = False) -> None:
        self.path, self.readonly, self.summed = path, readonly, False
        self.damaged: tuple[str, ...] = ()
        self._whole: set[str] = set()
        self._version = -1
        self._turn = threading.RLock()
        state = state_of(path)
        level = Level.NOTHING if anew else level_of(path, state)
        with _told(path):
            self.db = untrusted(path, readonly=readonly)
        with self.guarded():
            try:
                self._check(level)
            except BaseException:
                self.db.close()
                raise
        if readonly and level < Level.PAGES:
            keep_level(path, state, Level.PAGES)

    @classmethod
    def create(
        cls, path: Path, *, title: str, layers: Callable[[sqlite3.Connection], None]
    ) -> Store:
        """Make an empty case; it appears under its name only when it is whole.

        Only its owner may read it: it holds texts that are nobody else's.

        Raises
        ------
        CaseError
            When something of that name exists or the folder cannot be written.

        """
        if path.exists():
            raise CaseError(f"{path} exists already; open it, or choose another name")
        if not path.parent.is_dir():
            raise CaseError(f"there is no folder {path.parent}; make it, or choose another")
        try:
            part = _part(path)
            try:
                db = sqlite3.connect(part, isolation_level=None)
                try:
                    _filled(db, title, layers)
                finally:
                    db.close()
                _named(part, path)
            finally:
                part.unlink(missing_ok=True)
        except FileExistsError as error:
            raise CaseError(f"{path} exists already; open it, or choose another name") from error
        except (OSError, sqlite3.Error) as error:
            raise CaseError(f"{path} cannot be made: {error}") from error
        return cls(path)

    def close(self) -> None:
        """Close the file; the last writer puts its log back into it."""
        if not self.readonly:
            # While somebody reads, or on a full disk, the log stays beside the file, where it is
            # found again.
            with self._turn, suppress(sqlite3.Error):
                self.db.execute("PRAGMA journal_mode=DELETE")
        with self._turn:
            self.db.close()
        if not (self.readonly or self.damaged):
            keep_level(self.path, state_of(self.path), Level.ROWS)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn errors of SQLite into clear ones that name the file and the mend.

        One thread at a time: our own function in SQL needs the interpreter's lock while SQLite
        holds the connection's, and another thread the other way round would wait for ever.
        """
        watch = self.db.watch
        with self._turn, _told(self.path, watch):
            watch.turns = 0
            yield

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: all of it is saved when the block ends, nothing when it fails."""
        with self.guarded():
            if self.readonly:
                raise CaseError(f"{self.path} was opened for reading only")
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("UPDATE geomap_meta SET value = value + 1 WHERE name = 'revision'")
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self, *tables: str) -> Iterator[sqlite3.Connection]:
        """Give what decodes rows of `tables`, once they are known to be those that were written.

        The one boundary at which whatever a broken file may do to a decoder becomes a clear error.

        Raises
        ------
        CaseError
            When a table is not whole, or a row is none that geomap writes.

        """
        with self.guarded():
            self.whole(*tables)
            try:
                yield self.db
            except (CaseError, CorrectionError, sqlite3.Error):
                raise
            except Exception as error:
                raise CaseError(
                    f"{self.path} is damaged: it holds what geomap does not write"
                    f" ({type(error).__name__}: {error}); {MEND}"
                ) from error

    def whole(self, *tables: str) -> None:
        """Make sure that tables hold the rows that were written, once a change of the file.

        Raises
        ------
        CaseError
            When one does not; names what is damaged and the mend.

        """
        if not self.summed:
            return
        with self.guarded(), self._at_one_moment():
            version = self.db.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._whole, self._version = set(), version
            for table in tables:
                if table not in self._whole:
                    self._check_sums(table)
                    self._whole.add(table)

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Return the rows of a question."""
        with self.guarded():
            return self.db.execute(sql, values).fetchall()

    def meta(self, name: str) -> str:
        """Return one setting of the case, or the empty text."""
        found = self.rows("SELECT value FROM geomap_meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def mended(self) -> None:
        """Take what was damaged for whole again."""
        self.damaged = ()

    @contextmanager
    def _at_one_moment(self) -> Iterator[None]:
        """Let several questions see one state of the file while another process writes."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN")
        try:
            yield
        finally:
            self.db.commit()

    def _check(self, level: Level) -> None:
        """Look through a file as far as it was not looked through in this state."""
        if self.db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise CaseError(
                f"{self.path} is a database but no GeoPackage; name a case made by `geomap case"
                " new`"
            )
        if not columns_of(self.db, "geomap_meta"):
            raise CaseError(
                f"{self.path} is a GeoPackage but no geomap case; make one with `geomap case new`"
            )
        check_inert(self.db, self.path)
        if level < Level.PAGES:
            self._check_pages()
        migrated = self._check_format()
        self.summed = has_sums(self.db)
        self._check_tables()
        self.whole("geomap_meta")
        if not self.readonly:
            keep_sums(self.db)
            if level < Level.ROWS and not migrated:
                self.whole(*SOURCES)
                self.damaged = tuple(t for t in DERIVED if _differs(self.db, t))

    def _check_pages(self) -> None:
        told = [str(r[0]) for r in self.db.execute("PRAGMA integrity_check(1)")]
        if told != ["ok"]:
            raise CaseError(f"{self.path} is damaged: {told[0]}; {MEND}")

    def _check_tables(self) -> None:
        """Refuse tables that are not as geomap makes them: what they hold it did not write."""
        for name, columns in own_tables().items():
            if not self.summed and f"CREATE TABLE {name} " in SINCE_2:
                continue
            if columns_of(self.db, name) != columns:
                raise CaseError(
                    f"{self.path} is damaged: its table {name} is none of geomap's; {MEND}"
                )
        for name in LAYERS:
            known = {column for column, *_ in columns_of(self.db, name)}
            if not known.issuperset(summed_columns(name)):
                raise CaseError(
                    f"{self.path} is damaged: its layer {name} is none of geomap's; {MEND}"
                )

    def _check_sums(self, table: str) -> None:
        groups = differing(self.db, table)
        if not groups:
            return
        if table in DERIVED:
            raise CaseError(
                f"{self.path} is damaged, or another program changed it: {table} is not as geomap"
                f" wrote it; `geomap case check {self.path}` draws it anew from the documents"
            )
        named = ", ".join(filter(None, groups[:_NAMED])) + (", …" if len(groups) > _NAMED else "")
        what = " ".join(filter(None, [table.removeprefix("geomap_"), named]))
        raise CaseError(f"{self.path} is damaged: it does not show {what}; {MEND}")

    def _check_format(self) -> bool:
        """Refuse a format that is none of ours; tell whether an older one was brought up."""
        told = self.meta("format")
        if not told.isdecimal() or len(told) > len(str(_FORMATS)):
            raise CaseError(f"{self.path} is damaged: its format is {told[:20]!r}; {MEND}")
        if int(told) > FORMAT:
            raise CaseError(
                f"{self.path} has format {told}, this geomap reads up to {FORMAT}; update geomap to"
                " open it"
            )
        return int(told) < FORMAT and self._migrate(int(told))

    def _migrate(self, told: int) -> bool:
        missing = [n for n in range(told, FORMAT) if n not in MIGRATIONS]
        if missing:
            raise CaseError(f"{self.path} has format {told}, which no released geomap wrote")
        if self.readonly:
            if told in READABLE:
                return False
            raise CaseError(
                f"{self.path} has the older format {told}; open it once for writing to bring it to"
                f" {FORMAT}"
            )
        with self.writing() as db:
            if has_sums(db):
                keep_sums(db)
            # Another process may have brought it up since.
            ((now,),) = db.execute("SELECT value FROM geomap_meta WHERE name = 'format'")
            if str(now) != str(told):
                return False
            for number in range(told, FORMAT):
                MIGRATIONS[number](db)
            db.execute("UPDATE geomap_meta SET value = ? WHERE name = 'format'", (str(FORMAT),))
        _keep_private(self.path)
        return True


def _differs(db: sqlite3.Connection, table: str) -> bool:
    try:
        return bool(differing(db, table))
    except sqlite3.OperationalError as error:
        if _is_text(error):
            return True
        raise


@contextmanager
def _told(path: Path, watch: Watch | None = None) -> Iterator[None]:
    """Turn errors of SQLite into clear ones, and a signal that it met into what that was."""
    try:
        yield
    except sqlite3.Error as error:
        (watch or Watch()).raised(error)
        raise _clear(path, error) from error


@contextmanager
def apart(db: sqlite3.Connection) -> Iterator[None]:
    """Take back what one document changed when it cannot be kept, and nothing else."""
    db.execute("SAVEPOINT document")
    try:
        yield
    except BaseException:
        # SQLite itself has ended the transaction when the disk is full.
        if db.in_transaction:
            db.execute("ROLLBACK TO document")
            db.execute("RELEASE document")
        raise
    db.execute("RELEASE document")


def of_the_file(error: Exception) -> bool:
    """Tell an error of the file or the disk, which ends a run, from one of what is written."""
    return isinstance(error, CaseError | sqlite3.OperationalError | MemoryError) or (
        type(error) is sqlite3.DatabaseError
    )


def _part(path: Path) -> Path:
    """Make an empty file beside `path` that only its owner may read."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(number)
    return Path(name)


def _keep_private(path: Path) -> None:
    """Let only its owner read a case of an older format, which anybody could, as new ones are."""
    for file in (path, *(path.with_name(f"{path.name}-{part}") for part in ("wal", "shm"))):
        with suppress(OSError):  # another's file stays as it is
            file.chmod(file.stat().st_mode & ~0o077)


def _named(part: Path, path: Path) -> None:
    """Give a whole file its name, never that of a file which has come there since."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, as of a memory stick
        part.rename(path)


def _filled(
    db: sqlite3.Connection, title: str, layers: Callable[[sqlite3.Connection], None]
) -> None:
    geopackage(db)
    db.execute("BEGIN")
    create(db, OWN_TABLES + SINCE_2)
    layers(db)
    keep_sums(db)
    db.executemany(
        "INSERT INTO geomap_meta VALUES (?, ?)",
        [("format", str(FORMAT)), ("title", title), ("revision", "0")],
    )
    db.execute("COMMIT")


def _is_text(error: sqlite3.Error) -> bool:
    """Tell whether Python and not SQLite raised an error: it does for bytes that are no text."""
    return not getattr(error, "sqlite_errorname", "")


_CLEAR: Final = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "is being written by another process; try again when it is done",
    ),
    (("SQLITE_INTERRUPT",), f"is damaged: a question to it does not end; {MEND}"),
    (
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"),
        "cannot be written; copy it to a folder you may write to, or open it for reading only",
    ),
    (
        ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOLFS"),
        "could not be written: {error}; free space on the disk. What was saved before is safe",
    ),
)


def _clear(path: Path, error: sqlite3.Error) -> CaseError:
    name = getattr(error, "sqlite_errorname", "")
    for names, told in _CLEAR:
        if name.startswith(names):
            kind = CaseLockedError if names[0] == "SQLITE_BUSY" else CaseError
            return kind(f"{path} {told.format(error=error)}")
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return CaseError(f"{path}: {error}")
    # All our questions fit a whole file: one that does not answer them is not whole.
    return CaseError(f"{path} is damaged: {error}; {MEND}")
