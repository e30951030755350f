"""The case file: one GeoPackage, which is one SQLite file.

With tables of our own beside the layers that GIS tools open.

Every change is one transaction. The write-ahead log lets others read while one writes; a writer
that closes puts the file back
into one piece. Nothing here knows what a record means.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from geomap.errors import CaseError, CaseLockedError

FORMAT: Final = 1
WAIT_S: Final = 10.0
_APPLICATION: Final = 0x47504B47  # "GPKG"
_GEOPACKAGE: Final = 10300  # version 1.3
_MAGIC: Final = b"SQLite format 3\0"

_GEOPACKAGE_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT
);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE,
    max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name),
    column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL,
    m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name)
);
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT, f_table_schema TEXT,
    f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT, update_time DATETIME
);
"""
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS'
    ' 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
# `parsed` is what the parser said, packed; `records`, `merged` and the layers are derived from it
# and the corrections.
_OWN_TABLES = """
CREATE TABLE geomap_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE geomap_documents (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
    url TEXT NOT NULL, published TEXT, lang TEXT NOT NULL, text TEXT NOT NULL,
    parsed BLOB NOT NULL, made_by TEXT NOT NULL, story TEXT NOT NULL, size INTEGER NOT NULL,
    figures TEXT NOT NULL
);
CREATE TABLE geomap_citations (
    key TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
    url TEXT NOT NULL, published TEXT NOT NULL,
    PRIMARY KEY (key, id, title, source, url, published)
) WITHOUT ROWID;
CREATE TABLE geomap_failures (source TEXT PRIMARY KEY, error TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE geomap_bands (
    band INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (band, key)
) WITHOUT ROWID;
CREATE TABLE geomap_duplicates (a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE geomap_places (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, inside TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE geomap_names (
    key TEXT NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL, uses TEXT NOT NULL,
    mentions INTEGER NOT NULL, score REAL NOT NULL, reasons TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (key, place, name)
) WITHOUT ROWID;
CREATE INDEX geomap_names_place ON geomap_names (place);
CREATE INDEX geomap_names_name ON geomap_names (name);
CREATE TABLE geomap_records (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, block TEXT NOT NULL,
    apart INTEGER NOT NULL, body TEXT NOT NULL, alternatives TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX geomap_records_key ON geomap_records (key);
CREATE INDEX geomap_records_block ON geomap_records (block);
CREATE TABLE geomap_dirty (block TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE geomap_merged (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, block TEXT NOT NULL, body TEXT NOT NULL,
    members TEXT NOT NULL, conflict TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX geomap_merged_block ON geomap_merged (block);
CREATE TABLE geomap_figures (
    id TEXT PRIMARY KEY, block TEXT NOT NULL, series TEXT NOT NULL, kind TEXT NOT NULL,
    measure TEXT NOT NULL, status TEXT NOT NULL, unit TEXT NOT NULL, low INTEGER, best INTEGER,
    high INTEGER, start TEXT, end TEXT, as_of TEXT, origins TEXT NOT NULL,
    destinations TEXT NOT NULL, within TEXT NOT NULL, people TEXT NOT NULL, role TEXT NOT NULL,
    increment INTEGER, why TEXT NOT NULL, apart INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX geomap_figures_block ON geomap_figures (block);
CREATE TABLE geomap_corrections (
    number INTEGER PRIMARY KEY, time TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
    target TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
"""
# What brings a file of format n to n + 1; the last brings it to FORMAT.
MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {}


class Store:
    """An open case file.

    Parameters
    ----------
    path
        The file; it must exist (see `Store.create`).
    readonly
        Open without the right to write; readers do not wait for a writer.

    Raises
    ------
    CaseError
        When the file is not there, no case, damaged, of a newer format, or cannot be written.

    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path, self.readonly = path, readonly
        _check_header(path)
        with self.guarded():
            self.db = _connected(path, readonly=readonly)
            self._check_format()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        title: str = "",
        layers: Callable[[sqlite3.Connection], None] | None = None,
    ) -> Store:
        """Make an empty case; it appears under its name only when it is whole.

        Raises
        ------
        CaseError
            When something of that name exists or the folder cannot be written.

        """
        if path.exists():
            raise CaseError(f"{path} exists already; open it, or choose another name")
        if not path.parent.is_dir():
            raise CaseError(f"there is no folder {path.parent}; make it, or choose another")
        part = path.with_name(f".{path.name}.new")
        part.unlink(missing_ok=True)
        try:
            db = sqlite3.connect(part, isolation_level=None)
            try:
                _filled(db, title, layers)
            finally:
                db.close()
            part.rename(path)
        except (OSError, sqlite3.Error) as error:
            part.unlink(missing_ok=True)
            raise CaseError(f"{path} cannot be made: {error}") from error
        return cls(path)

    def close(self) -> None:
        """Close the file; the last writer puts its log back into it."""
        if not self.readonly:
            # While somebody reads, the log stays beside the file, where it is found again.
            with suppress(sqlite3.Error):
                self.db.execute("PRAGMA journal_mode=DELETE")
        self.db.close()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn errors of SQLite into clear ones that name the file and the mend."""
        try:
            yield
        except sqlite3.Error as error:
            raise _clear(self.path, error) from error

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

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Return the rows of a question."""
        with self.guarded():
            return self.db.execute(sql, values).fetchall()

    def meta(self, name: str) -> str:
        """Return one setting of the case, or the empty text."""
        found = self.rows("SELECT value FROM geomap_meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def _check_format(self) -> None:
        if self.db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise CaseError(
                f"{self.path} is a database but no GeoPackage; name a case made by `geomap case"
                " new`"
            )
        if not self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'geomap_meta'").fetchone():
            raise CaseError(
                f"{self.path} is a GeoPackage but no geomap case; make one with `geomap case new`"
            )
        told = int(self.meta("format") or 0)
        if told > FORMAT:
            raise CaseError(
                f"{self.path} has format {told}, this geomap reads up to {FORMAT}; update geomap to"
                " open it"
            )
        if told < FORMAT:
            self._migrate(told)

    def _migrate(self, told: int) -> None:
        missing = [n for n in range(told, FORMAT) if n not in MIGRATIONS]
        if missing:
            raise CaseError(f"{self.path} has format {told}, which no released geomap wrote")
        if self.readonly:
            raise CaseError(
                f"{self.path} has the older format {told}; open it once for writing to bring it to"
                f" {FORMAT}"
            )
        with self.writing() as db:
            for number in range(told, FORMAT):
                MIGRATIONS[number](db)
            db.execute("UPDATE geomap_meta SET value = ? WHERE name = 'format'", (str(FORMAT),))


def geopackage(db: sqlite3.Connection) -> None:
    """Make an empty GeoPackage of an empty database."""
    db.execute(f"PRAGMA application_id = {_APPLICATION}")
    db.execute(f"PRAGMA user_version = {_GEOPACKAGE}")
    _create(db, _GEOPACKAGE_TABLES)
    db.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)",
        [
            ("Undefined Cartesian", -1, "NONE", -1, "undefined"),
            ("Undefined geographic", 0, "NONE", 0, "undefined"),
            ("WGS 84", 4326, "EPSG", 4326, _WGS84),
        ],
    )


def _create(db: sqlite3.Connection, tables: str) -> None:
    for statement in tables.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _filled(
    db: sqlite3.Connection, title: str, layers: Callable[[sqlite3.Connection], None] | None
) -> None:
    geopackage(db)
    db.execute("BEGIN")
    _create(db, _OWN_TABLES)
    db.executemany(
        "INSERT INTO geomap_meta VALUES (?, ?)",
        [("format", str(FORMAT)), ("title", title), ("revision", "0")],
    )
    if layers is not None:
        layers(db)
    db.execute("COMMIT")


def _check_header(path: Path) -> None:
    if path.is_dir():
        raise CaseError(f"{path} is a folder; name a case file (.gpkg)")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError as error:
        raise CaseError(
            f"there is no file {path}; make a case with `geomap case new {path}`"
        ) from error
    except OSError as error:
        raise CaseError(f"{path} cannot be read: {error.strerror or error}") from error
    if head[:16] != _MAGIC:
        raise CaseError(
            f"{path} is no GeoPackage: it does not begin like one; name a case made by `geomap case"
            " new`"
        )
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    # Pages that stand only in the log are not missed here: the header is written with them.
    if size < pages * (65536 if page == 1 else page):
        raise CaseError(
            f"{path} is cut off: {size:,} bytes of {pages * page:,}; take a copy that is whole"
        )


def _connected(path: Path, *, readonly: bool) -> sqlite3.Connection:
    mode = "ro" if readonly else "rw"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    # The dashboard reads one case from several threads, one at a time.
    db = sqlite3.connect(
        address, uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False
    )
    if not readonly:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA cache_size=-32000")
    return db


def _clear(path: Path, error: sqlite3.Error) -> CaseError:
    told = str(error).casefold()
    if "locked" in told or "busy" in told:
        return CaseLockedError(
            f"{path} is being written by another process; try again when it is done"
        )
    if "readonly" in told or "read-only" in told or "unable to open" in told:
        return CaseError(
            f"{path} cannot be written; copy it to a folder you may write to, or open it for"
            " reading only"
        )
    if "full" in told or "disk i/o" in told:
        return CaseError(
            f"{path} could not be written: {error}; free space on the disk. What was saved before"
            " is safe"
        )
    if "malformed" in told or "not a database" in told:
        return CaseError(f"{path} is damaged: {error}; take a copy that is whole")
    return CaseError(f"{path}: {error}")
