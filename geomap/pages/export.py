"""Everything that the filter leaves, as files; each is made when it is asked for."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from geomap.export import LAYERS, csv_text, geojson, write_geopackage
from geomap.maps import to_html
from geomap.pages import say, work


def page() -> None:
    """Draw the page."""
    st.title("Export")
    wanted = work.sidebar_filter()
    frames = work.shown(wanted)
    told = ", ".join(f"{len(frames[name]):,} {work.plain(name)}" for name in LAYERS)
    say.caption(
        ("What the filter leaves: " if wanted else "The whole case: ")
        + told
        + ". Disputed areas after the policy 'neutral', written into every row."
    )
    st.subheader("All in one")
    a, b, c = st.columns(3)
    a.download_button(
        "Map (HTML)",
        lambda: to_html(frames, title=work.case().title or "geomap"),
        "map.html",
        "text/html",
        on_click="ignore",
        help="One page that opens without a network",
    )
    b.download_button(
        "GeoPackage",
        lambda: _geopackage(frames),
        "layers.gpkg",
        "application/geopackage+sqlite3",
        on_click="ignore",
        help="Layers with styles, for QGIS",
    )
    c.download_button(
        "Corrections (JSON Lines)",
        _corrections,
        "corrections.jsonl",
        "application/jsonl",
        on_click="ignore",
        help="What was put right, by when, before and after",
    )
    st.subheader("Layer by layer")
    for name in LAYERS:
        label, one, two = st.columns([2, 1, 1], vertical_alignment="center")
        label.text(f"{work.plain(name).capitalize()} ({len(frames[name]):,})")
        one.download_button(
            "GeoJSON",
            partial(geojson, frames[name]),
            f"{name}.geojson",
            "application/geo+json",
            on_click="ignore",
            key=f"geojson {name}",
        )
        two.download_button(
            "CSV",
            partial(csv_text, frames[name]),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            key=f"csv {name}",
        )


def _geopackage(frames: work.Frames) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_geopackage(frames, Path(folder) / "layers.gpkg").read_bytes()


def _corrections() -> str:
    return "".join(
        json.dumps(c.to_dict(), ensure_ascii=False) + "\n" for c in work.case().corrections()
    )
