"""Drawing a case anew from its documents and corrections."""

from __future__ import annotations

import sqlite3

from geomap.case.intake import Intake, log_of
from geomap.case.schema import DERIVED
from geomap.case.store import Store, apart, of_the_file
from geomap.case.stories import Stories
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
    """Write what the documents tell into tables that are empty, or hold it already.

    A document that tells nothing that can be written fails alone; the case says so.
    """
    intake, stories = Intake(db, gazetteer, log_of(db)), Stories(db)
    keys = [key for (key,) in db.execute("SELECT key FROM geomap_documents ORDER BY key")]
    for table in ("geomap_bands", "geomap_duplicates"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608
    db.execute("UPDATE geomap_documents SET story = key WHERE story <> key")
    for key in keys:
        (text,) = db.execute("SELECT text FROM geomap_documents WHERE key = ?", (key,)).fetchone()
        stories.join(key, stories.find(key, text))
    for key in keys:
        try:
            with apart(db):
                intake.derive(key)
        except Exception as error:
            if of_the_file(error):
                raise
            intake.fail(key, error)  # the boundary: one document fails alone
