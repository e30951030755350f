"""One page for one article: sources, map, tables and the article with its places marked."""

from __future__ import annotations

import datetime as dt
import html
import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from geomap.errors import DocumentError, GeomapError
from geomap.export import geojson
from geomap.frames import SCHEMA, to_frames
from geomap.geoparser import Geoparser, default_gazetteer
from geomap.maps import to_html
from geomap.model import Document, Parsed
from geomap.regions import DISCLAIMER
from geomap.text.reading import SUFFIXES, read_documents

USE_COLOURS = {"literal": "#0072b2", "associative": "#d55e00", "demonym": "#7a6a1f"}
SEED = "000_313cf4aea927ca38"


def run() -> None:
    """Draw the page."""
    st.set_page_config(page_title="geomap", layout="wide")
    st.title("geomap")
    st.caption("Conflict news in, a map that can be checked out. Everything stays on this machine.")
    docs, problems = _sources()
    for problem in problems:
        st.error(problem)
    if not docs:
        st.info("Paste a text or choose a file to see it on the map.")
        return
    names = [f"{doc.id}: {doc.title}" if doc.title else doc.id for doc in docs]
    chosen = names.index(st.selectbox("Article", names)) if len(docs) > 1 else 0
    parsed = _parsed(docs[chosen])
    for warning in parsed.warnings:
        st.warning(warning)
    _figures(parsed)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        background = st.toggle("Show history and denials", value=False, help="Events about a year or more before publication, and what is denied.")
        st.iframe(_map(parsed, background=background), height=560, alt="Map of events and movements; the tables below hold the same.")
    with right:
        st.subheader("The article")
        _legend()
        st.html(_marked(parsed))
    _tables(parsed)
    _downloads(parsed)
    st.caption(DISCLAIMER)


def _sources() -> tuple[list[Document], list[str]]:
    """Return the documents to show and what could not be read."""
    with st.sidebar:
        kind = st.radio("Source", ["Seed article", "Paste a text", "Upload a file"])
        if kind == "Seed article":
            return _seed()
        published = st.date_input("Publication date", value=None, help="The anchor of 'on Monday' and 'last week'.")
        day = published if isinstance(published, dt.date) else None
        if kind == "Paste a text":
            text = st.text_area("Text", height=240, placeholder="Paste an article here")
            return ([Document("pasted", text, published=day)] if text.strip() else []), []
        upload = st.file_uploader("File", type=[s.lstrip(".") for s in SUFFIXES])
        return _uploaded(upload.name, upload.getvalue(), day) if upload is not None else ([], [])


def _seed() -> tuple[list[Document], list[str]]:
    for folder in (Path(__file__).parents[2] / "seeds", Path(__file__).parents[1] / "_seeds"):
        if (folder / f"{SEED}.txt").exists():
            return [doc for doc in read_documents(str(folder / f"{SEED}.txt")) if isinstance(doc, Document)], []
    return [], ["The seed article is not installed; paste a text instead."]


@st.cache_data(max_entries=8, show_spinner="Reading the file")
def _uploaded(name: str, content: bytes, day: dt.date | None) -> tuple[list[Document], list[str]]:
    docs: list[Document] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        try:
            for item in read_documents(str(path)):
                if isinstance(item, DocumentError):
                    problems.append(str(item))
                else:
                    docs.append(item if item.published else Document(item.id, item.text, item.title, item.source, item.url, day))
        except GeomapError as error:
            problems.append(str(error).replace(f"{folder}/", ""))
    return docs, problems


@st.cache_resource
def _geoparser() -> Geoparser:
    return Geoparser(default_gazetteer())


@st.cache_data(max_entries=32, show_spinner="Reading the article")
def _parsed(doc: Document) -> Parsed:
    return _geoparser().parse(doc)


@st.cache_data(max_entries=16, show_spinner="Drawing the map")
def _map(parsed: Parsed, *, background: bool) -> str:
    return to_html(parsed, title=parsed.document.title or parsed.document.id, background=background)


@st.cache_data(max_entries=16)
def _frames(parsed: Parsed) -> dict[str, pd.DataFrame]:
    return dict(to_frames(parsed))


@st.cache_data(max_entries=16)
def _layers(parsed: Parsed) -> dict[str, str]:
    return {name: geojson(frame) for name, frame in to_frames(parsed).items()}


def _figures(parsed: Parsed) -> None:
    current = [m for m in parsed.movements if m.status.value in {"occurred", "ongoing"}]
    columns = st.columns(4)
    columns[0].metric("Place names", len(parsed.toponyms))
    columns[1].metric("Movements that happened", len(current))
    columns[2].metric("Expected, planned or denied", len([m for m in parsed.movements if m.status.value in {"expected", "planned", "denied"}]))
    columns[3].metric("Events", len(parsed.events))


def _legend() -> None:
    words = {"literal": "a place", "associative": "a government, army or thing of the place", "demonym": "people of the place"}
    st.html(" · ".join(f'<span style="border-bottom:3px solid {colour}">{words[use]}</span>' for use, colour in USE_COLOURS.items()))


def _marked(parsed: Parsed) -> str:
    """Return the article as HTML, every piece of it escaped, with its place names underlined."""
    text, at, out = parsed.document.text, 0, []
    for toponym in parsed.toponyms:
        if toponym.start < at:
            continue
        out.append(html.escape(text[at : toponym.start]))
        place = toponym.place
        told = f"{place.name}, {place.country_name or place.kind.value} ({toponym.use.value}, score {toponym.score:.2f})" if place else f"not resolved: {toponym.reason}"
        colour = USE_COLOURS[toponym.use.value]
        out.append(f'<span title="{html.escape(told)}" style="border-bottom:3px {"solid" if place else "dotted"} {colour}">{html.escape(toponym.name)}</span>')
        at = toponym.end
    out.append(html.escape(text[at:]))
    return f'<div style="max-height:480px;overflow:auto;white-space:pre-wrap;line-height:1.7;overflow-wrap:anywhere">{"".join(out)}</div>'


def _tables(parsed: Parsed) -> None:
    frames = _frames(parsed)
    tabs = st.tabs(["Movements", "Events", "Places"])
    shown = {
        "movements": ["status", "kind", "group", "quantity_text", "quantifier", "quantity", "quantity_min", "quantity_max", "origin", "destination", "within", "measure", "start", "as_of", "claimed_by", "sentence"],
        "events": ["status", "type", "place", "precision", "start", "end", "actors", "fatalities_min", "claimed_by", "score", "sentence"],
        "places": ["name", "place", "country", "use", "precision", "mentions", "score", "disputed", "reasons", "reason"],
    }  # fmt: skip
    for tab, (name, columns) in zip(tabs, shown.items(), strict=True):
        with tab:
            frame = pd.DataFrame(frames[name])[[c for c in columns if c in SCHEMA[name]]]
            if frame.empty:
                st.write(f"The text tells of no {name}.")
            else:
                st.dataframe(frame, hide_index=True, alt=f"Table of {name}", column_config={"start": st.column_config.DateColumn(), "end": st.column_config.DateColumn()})


def _downloads(parsed: Parsed) -> None:
    st.subheader("Take it with you")
    layers = _layers(parsed)
    columns = st.columns(len(layers) + 1)
    columns[0].download_button("Map (HTML)", _map(parsed, background=False), "map.html", "text/html", on_click="ignore")
    for column, name in zip(columns[1:], layers, strict=True):
        column.download_button(f"{name} (GeoJSON)", layers[name], f"{name}.geojson", "application/geo+json", on_click="ignore")
