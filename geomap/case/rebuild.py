"""Drawing a case anew from its documents and corrections."""

from __future__ import annotations

import sqlite3

from geomap.case.intake import Intake, log_of
from geomap.case.schema import DERIVED
from geomap.case.store import Store
from geomap.case.sums import drop_sums, keep_sums
from geomap.gazetteer import Gazetteer


def rebuilt(store: Store, gazetteer: Gazetteer) -> None:
    """Write everything anew that the documents and the corrections tell; nothing is read anew.

    The layers are drawn when the case is next brought up to date.
    """
    # One transaction: a case that is half written anew looks whole.
    with store.writing() as db:
        drop_sums(db, DERIVED)
        for table in DERIVED:
            db.execute(f'DELETE FROM "{table}"')  # noqa: S608
        keep_sums(db, DERIVED)
        derive_all(db, gazetteer)
    store.mended()


def derive_all(db: sqlite3.Connection, gazetteer: Gazetteer) -> None:
    """Write what the documents tell into tables that are empty, or hold it already."""
    intake = Intake(db, gazetteer, log_of(db))
    for key, text in db.execute("SELECT key, text FROM geomap_documents ORDER BY key").fetchall():
        intake.find_copies(key, text)
    for (key,) in db.execute("SELECT key FROM geomap_documents ORDER BY key").fetchall():
        for member in intake.lead(key):
            intake.derive(member)
