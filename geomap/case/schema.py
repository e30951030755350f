"""The tables of a case file: those that make it a GeoPackage, and our own beside them.

Which of them the documents tell anew (`DERIVED`), and which nothing else holds (`SOURCES`).
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Final

from geomap.frames import SCHEMA

FORMAT: Final = 2
APPLICATION: Final = 0x47504B47  # "GPKG"
_GEOPACKAGE: Final = 10300  # version 1.3

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
OWN_TABLES = """
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
# Since format 2: how many rows a table (of a document, a correction) holds and the sum of their
# checksums, and the blocks that cannot be drawn with the reason.
SINCE_2: Final = """
CREATE TABLE geomap_sums (
    part TEXT NOT NULL, of TEXT NOT NULL, held INTEGER NOT NULL, total INTEGER NOT NULL,
    PRIMARY KEY (part, of)
) WITHOUT ROWID;
CREATE TABLE geomap_undrawn (block TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID;
"""
LAYERS: Final = ("events", "event_areas", "movements", "places", "regions")
# What is summed by itself: the rows of one document, one correction.
GROUPED: Final = {
    "geomap_documents": "key",
    "geomap_citations": "key",
    "geomap_corrections": "number",
}
SOURCES: Final = (*GROUPED, "geomap_failures", "geomap_meta")
DERIVED: Final = (
    "geomap_bands",
    "geomap_duplicates",
    "geomap_places",
    "geomap_names",
    "geomap_records",
    "geomap_dirty",
    "geomap_undrawn",
    "geomap_merged",
    "geomap_figures",
    *LAYERS,
)

Column = tuple[str, str, int, int]  # name, type, whether it must not be empty, rank in the key


@cache
def own_tables() -> dict[str, tuple[Column, ...]]:
    """Return the columns of the tables that only geomap writes."""
    db = sqlite3.connect(":memory:")
    try:
        create(db, OWN_TABLES + SINCE_2)
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: columns_of(db, name) for (name,) in names}
    finally:
        db.close()


def columns_of(db: sqlite3.Connection, table: str) -> tuple[Column, ...]:
    """Return the columns of a table, none when it is not there or no table."""
    told = db.execute(
        'SELECT i.name, i.type, i."notnull", i.pk FROM sqlite_master m,'
        " pragma_table_xinfo(m.name) i WHERE m.type = 'table' AND m.name = ? ORDER BY i.cid",
        (table,),
    )
    return tuple(told.fetchall())


@cache
def summed_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table whose values are summed."""
    if table in LAYERS:
        return ("geom", *SCHEMA[table])
    return tuple(name for name, *_ in own_tables()[table])


def geopackage(db: sqlite3.Connection) -> None:
    """Make an empty GeoPackage of an empty database."""
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {_GEOPACKAGE}")
    create(db, _GEOPACKAGE_TABLES)
    db.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)",
        [
            ("Undefined Cartesian", -1, "NONE", -1, "undefined"),
            ("Undefined geographic", 0, "NONE", 0, "undefined"),
            ("WGS 84", 4326, "EPSG", 4326, _WGS84),
        ],
    )


def create(db: sqlite3.Connection, tables: str) -> None:
    """Make tables, inside the transaction of the caller."""
    for statement in tables.split(";\n"):
        if statement.strip():
            db.execute(statement)
