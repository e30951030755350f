"""Checksums of what a case holds, so that flipped bits are told and not shown.

For each table (each document, each correction) the number of its rows and the sum of their
CRC-32.
SQLite itself keeps them with every change, by triggers that live in the connection and not in the
file: whoever writes a row need not know of them, and what is rolled back is rolled back with them.
A sum does not depend on the order of rows, so a row that is lost, doubled or changed shows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

from geomap.case.schema import DERIVED, GROUPED, SOURCES, summed_columns

SUMMED: Final = (*SOURCES, *DERIVED)
_ADD: Final = (
    "INSERT INTO geomap_sums VALUES ('{table}', {of}, 1, {hash}) ON CONFLICT (part, of) DO UPDATE"
    " SET held = held + 1, total = total + excluded.total"
)
_TAKE: Final = (
    "UPDATE geomap_sums SET held = held - 1, total = total - {hash}"
    " WHERE part = '{table}' AND of = {of}"
)

Sum = tuple[int, int]  # rows, sum of their checksums


def row_hash(*values: object) -> int:
    """Return the checksum of one row as SQLite holds it, 32 bits: it is made for every change."""
    told = [v if type(v) is str else v.hex() if isinstance(v, bytes) else str(v) for v in values]
    return crc32("\x1f".join(told).encode())


def keep_sums(db: sqlite3.Connection, tables: Iterable[str] = SUMMED) -> None:
    """Let every change of `tables` through this connection change their sums."""
    db.create_function("geomap_hash", -1, row_hash, deterministic=True)
    # So that a row that is replaced is taken off its sum.
    db.execute("PRAGMA recursive_triggers=ON")
    for table in tables:
        take, add = _statement(_TAKE, table, "OLD"), _statement(_ADD, table, "NEW")
        for change, body in (("INSERT", add), ("DELETE", take), ("UPDATE", f"{take}; {add}")):
            db.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS sums_{change}_{table}"
                f" AFTER {change} ON main.{table} BEGIN {body}; END"
            )


def drop_sums(db: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Change `tables` from now on without their sums, which are forgotten."""
    for table in tables:
        for change in ("INSERT", "DELETE", "UPDATE"):
            db.execute(f"DROP TRIGGER IF EXISTS temp.sums_{change}_{table}")
        db.execute("DELETE FROM geomap_sums WHERE part = ?", (table,))


def _statement(form: str, table: str, row: str) -> str:
    values = ", ".join(f'{row}."{column}"' for column in summed_columns(table))
    of = f'CAST({row}."{GROUPED[table]}" AS TEXT)' if table in GROUPED else "''"
    return form.format(table=table, of=of, hash=f"geomap_hash({values})")


def sum_all(db: sqlite3.Connection, tables: Iterable[str] = SUMMED) -> None:
    """Write the sums of rows that are there already."""
    for table in tables:
        db.executemany(
            "INSERT OR REPLACE INTO geomap_sums VALUES (?, ?, ?, ?)",
            [(table, of, held, total) for of, (held, total) in _counted(db, table).items()],
        )


def differing(db: sqlite3.Connection, table: str) -> list[str]:
    """Return the groups of a table (documents, corrections; "" for a whole table) that differ.

    From what was written. None do in a table that is whole.
    """
    kept = {
        str(of): (held, total)
        for of, held, total in db.execute(
            "SELECT of, held, total FROM geomap_sums WHERE part = ?", (table,)
        )
        if held
    }
    found = _counted(db, table)
    return sorted(of for of in kept.keys() | found.keys() if kept.get(of) != found.get(of))


def has_sums(db: sqlite3.Connection) -> bool:
    """Tell whether a case keeps sums: it does since format 2."""
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'geomap_sums'").fetchone()
    return found is not None


def is_whole(db: sqlite3.Connection, table: str, of: str) -> bool:
    """Tell whether the rows of one document or correction are those that were written.

    True in a case of a format without sums.
    """
    if not has_sums(db):
        return True
    columns = _named(table)
    rows = db.execute(
        f'SELECT {columns} FROM "{table}" WHERE "{GROUPED[table]}" = ?',  # noqa: S608
        (of,),
    ).fetchall()
    kept = db.execute(
        "SELECT held, total FROM geomap_sums WHERE part = ? AND of = ?", (table, of)
    ).fetchone()
    return (kept or (0, 0)) == _sum(rows)


def _counted(db: sqlite3.Connection, table: str) -> dict[str, Sum]:
    columns, rows = _named(table), f'FROM "{table}" NOT INDEXED'
    if table not in GROUPED:
        held = total = 0
        for row in db.execute(f"SELECT {columns} {rows}"):
            held, total = held + 1, total + row_hash(*row)
        return {"": (held, total)} if held else {}
    out: dict[str, Sum] = {}
    for of, *row in db.execute(f'SELECT "{GROUPED[table]}", {columns} {rows}'):
        held, total = out.get(str(of), (0, 0))
        out[str(of)] = held + 1, total + row_hash(*row)
    return out


def _sum(rows: Sequence[Sequence[object]]) -> Sum:
    return len(rows), sum(row_hash(*row) for row in rows)


def _named(table: str) -> str:
    return ", ".join(f'"{column}"' for column in summed_columns(table))
