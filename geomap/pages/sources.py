"""Where texts come in: pasted, uploaded, or a case that was saved; what failed and why.

What is known of each.
"""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from geomap.case import Case
from geomap.errors import DocumentError, GeomapError
from geomap.model import Document
from geomap.pages import say, work
from geomap.pages.say import literal
from geomap.text.reading import SUFFIXES, read_file


def page() -> None:
    """Draw the page."""
    st.title("Sources")
    st.caption("Everything stays on this machine.")
    paste, upload, saved = st.tabs(["Paste a text", "Upload files", "Open or save a case"])
    with paste:
        _paste()
    with upload:
        _upload()
    with saved:
        _cases()
    _documents()


def _paste() -> None:
    with st.form("paste", clear_on_submit=True):
        text = st.text_area("Text", height=220, placeholder="Paste an article here")
        a, b, c = st.columns(3)
        title, outlet = a.text_input("Headline"), b.text_input("Outlet")
        day = c.date_input("Published", None, help="The anchor of 'on Monday' and 'last week'")
        if st.form_submit_button("Add"):
            if not text.strip():
                st.warning("There is no text to add.")
            else:
                _add(
                    [
                        Document(
                            title or "pasted",
                            text,
                            title,
                            outlet,
                            published=day if isinstance(day, dt.date) else None,
                        )
                    ]
                )


def _upload() -> None:
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "Files",
            type=[s.lstrip(".") for s in SUFFIXES],
            accept_multiple_files=True,
            help=(
                "Texts, web pages, Word, PDF with text, tables with a column 'text', archives of"
                " these; 50 MB each"
            ),
        )
        day = st.date_input("Published, for texts without a date of their own", None)
        if st.form_submit_button("Add") and files:
            found: list[Document | DocumentError] = []
            for file in files:
                found += _read(
                    file.name, file.getvalue(), day if isinstance(day, dt.date) else None
                )
            _add(found)


def _read(name: str, content: bytes, day: dt.date | None) -> list[Document | DocumentError]:
    return [
        replace(d, published=d.published or day) if isinstance(d, Document) else d
        for d in read_file(Path(name).name, io.BytesIO(content))
    ]


def _add(found: Sequence[Document | DocumentError]) -> None:
    bar = st.progress(0.0, "Reading")
    new = known = 0
    failed: list[tuple[str, str]] = []
    for number, doc in enumerate(found, start=1):
        name = doc.id if isinstance(doc, Document) else doc.source
        bar.progress(
            (number - 1) / len(found),
            literal(f"Reading {number} of {len(found)}: {name[:80]}"),
        )
        done = work.case().add([doc])
        new, known = new + len(done.new), known + len(done.known)
        failed += done.failed
    bar.empty()
    st.session_state.pop("filter", None)
    if new or known:
        say.success(
            f"{new} added"
            + (f", {known} were there already" if known else "")
            + ". The map shows them."
        )
    for source, error in failed:
        say.error(f"{source}: {error.removeprefix(f'{source}: ')}")
    _say_what_is_odd([d for d in found if isinstance(d, Document)])


def _say_what_is_odd(docs: Sequence[Document]) -> None:
    """Repeat what the reader warns of, and say when a text names no place."""
    keys = {d.id: d.key for d in work.case().documents()}
    for doc in docs[:20]:
        if doc.id not in keys:
            continue
        parsed = work.case().parsed(keys[doc.id])
        for warning in parsed.warnings:
            say.warning(f"{doc.id}: {warning}")
        if not parsed.toponyms:
            say.info(f"{doc.id}: no place is named in it, so nothing of it is on the map.")


def _cases() -> None:
    opened = work.case()
    st.write(
        "A case is one file that QGIS opens as it is. The one of this session goes when you close"
        " the page, unless you save it."
    )
    with st.form("open"):
        path = st.text_input("Case file on this machine", placeholder="/home/me/karabakh.gpkg")
        a, b = st.columns(2)
        wants_open, wants_new = a.form_submit_button("Open"), b.form_submit_button("Make new")
    if (wants_open or wants_new) and path.strip():
        try:
            # A relative name counts from the folder in which the dashboard was started.
            target = Path(os.environ.get("GEOMAP_FOLDER", "")) / Path(path.strip()).expanduser()
            made = (
                Case.create(target, title=target.stem, geoparser=work.geoparser())
                if wants_new
                else Case.open(target, geoparser=work.geoparser())
            )
        except (GeomapError, OSError, ValueError, RuntimeError) as error:
            say.error(error)
            return
        work.visit().use(made)
        st.rerun()
    st.download_button(
        "Download this case",
        opened.snapshot,
        f"{opened.path.stem}.gpkg",
        "application/geopackage+sqlite3",
        on_click="ignore",
    )
    if st.button("Start with an empty case"):
        work.visit().use(work.visit().unsaved(work.geoparser()))
        st.rerun()


def _documents() -> None:
    opened = work.case()
    entries = opened.documents()
    st.subheader(f"In this case: {len(entries)}")
    if not entries:
        st.info("No text yet. Paste one, or upload files.")
    else:
        _table(opened, entries)
    failures = opened.failures()
    if failures:
        st.subheader("What could not be read")
        st.dataframe(
            pd.DataFrame(failures, columns=["source", "why"]),
            hide_index=True,
            alt="Sources that could not be read, and why",
        )


def _table(opened: Case, entries: Sequence[Any]) -> None:
    rows = pd.DataFrame(
        [
            {
                "document": e.id,
                "headline": e.title,
                "outlet": e.source,
                "published": dt.date.fromisoformat(e.published[:10]) if e.published else None,
                "language": e.lang,
                "citations": e.citations,
                "copy of": (
                    "" if e.story == e.key else next(o.id for o in entries if o.key == e.story)
                ),
            }
            for e in entries
        ]
    )
    st.caption(
        "Outlet, headline and day of publication can be put right here; a text whose day changes is"
        " read again."
    )
    edited = st.data_editor(
        rows,
        hide_index=True,
        disabled=["document", "language", "citations", "copy of"],
        column_config={"published": st.column_config.DateColumn()},
        key=f"documents {opened.revision}",
        alt="Documents of the case",
    )
    if st.button("Save changes", disabled=edited.equals(rows)):
        for entry, (_, old), (_, new) in zip(
            entries, rows.iterrows(), edited.iterrows(), strict=True
        ):
            if not old.equals(new):
                day = (
                    new["published"]
                    if isinstance(new["published"], dt.date) and not pd.isna(new["published"])
                    else None
                )
                if not work.guarded(
                    partial(
                        opened.describe,
                        entry.key,
                        title=new["headline"] or "",
                        source=new["outlet"] or "",
                        published=day,
                    )
                ):
                    return
        st.rerun()
