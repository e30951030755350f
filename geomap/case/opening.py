"""Opening a file that may come from elsewhere, and be damaged or made to do harm.

Nothing that stands in it is run: its tables are as geomap makes them, and triggers and views of its
own, generated columns and indexes on expressions are refused, for whoever asks or writes a table
runs them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from geomap.case.layers import create_layers
from geomap.case.schema import OWN_TABLES, SINCE_2, create, geopackage, own_tables
from geomap.errors import CaseError
from geomap.stopping import heed

WAIT_S: Final = 10.0
MEND: Final = "take a copy that is whole, or save the rest with `geomap case recover`"
_MAGIC: Final = b"SQLite format 3\0"
_NAMES_ANOTHER: Final = bytes.fromhex("d9d505f920a163d7")
# After so many steps of SQLite Python may hear a signal; after so many turns, about ten minutes,
# a question is none that a case is asked: a gigabyte is read in half a minute.
_STEPS: Final = 100_000
_MOST_TURNS: Final = 500_000


class Watch:
    """Lets the questions of a connection hear a signal to stop, and end."""

    __slots__ = ("turns",)

    def __init__(self) -> None:
        self.turns = 0

    def __call__(self) -> bool:
        """Tell SQLite whether to break a question off.

        A signal that has come is raised in here, and SQLite makes an error of it: see `raised`.
        """
        self.turns += 1
        return self.too_long

    @property
    def too_long(self) -> bool:
        """Whether the question takes longer than any that ends."""
        return self.turns > _MOST_TURNS

    def raised(self, error: sqlite3.Error) -> None:
        """Let a signal be one again: SQLite, which it met in the middle, made an error of it.

        Raises
        ------
        KeyboardInterrupt
            When the error was a signal.

        """
        heed()
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT" and not self.too_long:
            raise KeyboardInterrupt from error


class Untrusted(sqlite3.Connection):
    """A connection to such a file."""

    watch: Watch


def untrusted(path: Path, *, readonly: bool) -> Untrusted:
    """Open a file that may come from elsewhere and be made to do harm, or be damaged.

    Raises
    ------
    CaseError
        When it is no SQLite file, or comes with a journal that would delete another one.
    sqlite3.Error
        When SQLite cannot open it.

    """
    _check_kind(path)
    _check_journal(path)
    if readonly:
        _rolled_back(path)
    mode = "ro" if readonly else "rw"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    # The dashboard reads one case from several threads, one at a time.
    db = sqlite3.connect(
        address,
        uri=True,
        timeout=WAIT_S,
        isolation_level=None,
        check_same_thread=False,
        factory=Untrusted,
    )
    try:
        db.watch = Watch()
        db.set_progress_handler(db.watch, _STEPS)
        # As advised for files from elsewhere: see "Defense Against The Dark Arts" in SQLite's
        # documentation.
        db.execute("PRAGMA trusted_schema=OFF")
        db.execute("PRAGMA cell_size_check=ON")
        # What a table asks of its rows is run too; geomap's ask nothing.
        db.execute("PRAGMA ignore_check_constraints=ON")
        db.execute("PRAGMA foreign_keys=OFF")
        if not readonly:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-32000")
    except BaseException:
        db.close()
        raise
    return db


def _check_kind(path: Path) -> None:
    """Refuse what is no SQLite file; whether one is whole only SQLite can tell."""
    if path.is_dir():
        raise CaseError(f"{path} is a folder; name a case file (.gpkg)")
    try:
        # What is no file, such as a pipe, would be waited for without end.
        if path.exists() and not path.is_file():
            raise CaseError(f"{path} is no file; name a case made by `geomap case new`")
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError as error:
        raise CaseError(
            f"there is no file {path}; make a case with `geomap case new {path}`"
        ) from error
    except OSError as error:
        raise CaseError(f"{path} cannot be read: {error.strerror or error}") from error
    if head != _MAGIC:
        raise CaseError(
            f"{path} is no GeoPackage: it does not begin like one; name a case made by `geomap case"
            " new`"
        )


def _check_journal(path: Path) -> None:
    """Refuse a journal that names another one: SQLite would delete whatever file it names.

    geomap never changes two files in one transaction, so it writes none. The end of such a journal
    is told in SQLite's description of its file format.
    """
    journal = path.with_name(f"{path.name}-journal")
    if journal.is_file() and journal.read_bytes()[-len(_NAMES_ANOTHER) :] == _NAMES_ANOTHER:
        raise CaseError(
            f"{journal} is none of geomap's and would delete another file; delete it and take a"
            " copy of the case that is whole"
        )


def _rolled_back(path: Path) -> None:
    """Let SQLite take back what a killed writer left half done; a reader alone may not."""
    if not path.with_name(f"{path.name}-journal").exists():
        return
    with suppress(sqlite3.Error):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S)
        try:
            db.execute("PRAGMA schema_version").fetchone()
        finally:
            db.close()


_KINDS: Final = {
    "table": ("CREATE TABLE ", "CREATE VIRTUAL TABLE "),
    "index": ("CREATE INDEX ", "CREATE UNIQUE INDEX "),
    "trigger": ("CREATE TRIGGER ",),
    "view": ("CREATE VIEW ",),
}
_NAME: Final = re.compile(r"""CREATE (?:TABLE|VIEW) (?:(\w++)|"([^"]*+)"|'([^']*+)')[ (]""")
# The one kind of virtual table that a GeoPackage has.
_RTREE: Final = re.compile(r'CREATE VIRTUAL TABLE (?:(\w++)|"([^"]*+)") USING rtree\([^()]*+\)')
_WORD: Final = re.compile(r"\w++")
# Columns that are computed, or given when they are not told; indexes of some rows or expressions.
_COLUMNS: Final = (
    "SELECT m.name, x.name, x.hidden FROM sqlite_master m, pragma_table_xinfo(m.name) x WHERE"
    " m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND (x.hidden > 1 OR x.dflt_value LIKE"
    " '%(%')"
)
_INDEXES: Final = (
    "SELECT DISTINCT i.name FROM sqlite_master m, pragma_index_list(m.name) i,"
    " pragma_index_xinfo(i.name) x WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND"
    " (i.partial OR x.cid < -1)"
)


@cache
def _ours() -> dict[str, str]:
    """Return the statements that make the tables and indexes of a case, by name."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        geopackage(db)
        create(db, OWN_TABLES + SINCE_2)
        create_layers(db)
        return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    finally:
        db.close()


@cache
def _our_tables() -> frozenset[str]:
    return frozenset(name for name, sql in _ours().items() if sql.startswith("CREATE TABLE "))


def check_inert(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that would run something of its own when it is asked or written.

    Tables that another program put beside geomap's stay, with their triggers; nothing here asks or
    writes them.

    Raises
    ------
    CaseError
        When it would; names what.

    """
    for what in _strange(db):
        raise CaseError(
            f"{path} is damaged or another program changed it: its {what} is none of geomap's;"
            f" {MEND}"
        )


def only_ours(db: sqlite3.Connection) -> None:
    """Let a connection read nothing but the tables that are as geomap makes them."""
    told = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    sound = {"sqlite_master"} | {n for n, sql in told if n in own_tables() and sql == _ours()[n]}
    always = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION}

    def allowed(action: int, table: str | None, *_: str | None) -> int:
        fits = action in always or (action == sqlite3.SQLITE_READ and table in sound)
        return sqlite3.SQLITE_OK if fits else sqlite3.SQLITE_DENY

    db.set_authorizer(allowed)


def _strange(db: sqlite3.Connection) -> Iterator[str]:
    """Yield what in a file is none of geomap's and yet would be run."""
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master"):
        if not (kind == "index" and sql is None) and not _is_inert(kind, name, sql):
            yield f"{kind if kind in _KINDS else 'entry'} {name if isinstance(name, str) else ''}"
    for table, column, hidden in db.execute(_COLUMNS):
        if hidden or table in _our_tables():
            yield f"computed column {table}.{column}"
    for (index,) in db.execute(_INDEXES):
        yield f"computed index {index}"


def _is_inert(kind: object, name: object, sql: object) -> bool:
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(sql, str)):
        return False
    # The words alone decide what SQLite makes of an entry, whatever else it says of itself.
    if not sql.startswith(_KINDS.get(kind, ())):
        return False
    if kind == "index":
        return sql == _ours().get(name, sql)
    if kind == "trigger":
        return _our_tables().isdisjoint(_WORD.findall(sql.casefold()))
    if sql.startswith("CREATE VIRTUAL"):
        found = _RTREE.fullmatch(sql)
        return found is not None and name in found.groups() and name.casefold() not in _our_tables()
    found = _NAME.match(sql)
    if found is None or name not in found.groups():
        return False
    if name.casefold() not in _our_tables():
        return True
    # Another program may add columns to a layer.
    return (
        kind == "table"
        and name in _our_tables()
        and (name not in own_tables() or sql == _ours()[name])
    )
