"""What the pages share: the session's case, the filter in the address.

And what is computed from both, kept while nothing changes.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from geomap.case import Case
from geomap.errors import GeomapError
from geomap.filters import HISTORY, PRECISIONS, STATUSES, TYPES, Filter, filtered
from geomap.geoparser import Geoparser, default_gazetteer
from geomap.maps import to_html
from geomap.model import Document
from geomap.pages import say, visits
from geomap.pages.say import literal
from geomap.text.reading import read_documents

if TYPE_CHECKING:
    import geopandas as gpd

Frames = dict[str, "gpd.GeoDataFrame"]
SEED = "000_313cf4aea927ca38"
_FOLDERS = (Path(__file__).parents[2] / "seeds", Path(__file__).parents[1] / "_seeds")


@st.cache_resource(
    show_spinner="Opening the gazetteer (the first time on this machine it is compiled, about 20 s)"
)
def geoparser() -> Geoparser:
    """Return the one reader of all sessions; it holds no text."""
    return Geoparser(default_gazetteer())


def visit() -> visits.Visit:
    """Return what this session keeps on this machine."""
    if "visit" not in st.session_state:
        st.session_state.visit = visits.begin()
    kept: visits.Visit = st.session_state.visit
    return kept


def case() -> Case:
    """Return the case of this session.

    A new session has one of its own with the seed article in it.
    """
    opened = visit().case
    if opened is not None:
        return opened
    if named := os.environ.get("GEOMAP_CASE"):
        return visit().use(Case.open(named, geoparser=geoparser()))
    made = visit().unsaved(geoparser())
    if not os.environ.get("GEOMAP_EMPTY"):
        made.add(seed())
    return visit().use(made)


def seed() -> list[Document]:
    """Return the seed article, when it is installed."""
    for folder in _FOLDERS:
        if (folder / f"{SEED}.txt").exists():
            return [
                doc
                for doc in read_documents(str(folder / f"{SEED}.txt"))
                if isinstance(doc, Document)
            ]
    return []


def header() -> None:
    """Say above every page which case is open, and offer to take the last correction back."""
    opened = case()
    counts = opened.info()
    named = opened.title or opened.path.name
    standing = [c for c in opened.corrections() if not c.undone]
    bar = st.container(horizontal=True, vertical_alignment="center")
    told = (
        counted(counts[word], word) for word in ("documents", "events", "movements", "corrections")
    )
    bar.caption(literal(" · ".join([named, *told])))
    if bar.button(
        "Undo",
        icon=":material/undo:",
        disabled=not standing,
        help=(
            literal(f"Take back: {standing[-1].action.value}")
            if standing
            else "There is no correction to take back"
        ),
        key="undo",
    ):
        guarded(opened.undo)
        st.rerun()


def counted(number: int, words: str) -> str:
    """Return "1 event", "2 events"."""
    return f"{number:,} {words if number != 1 else words.removesuffix('s')}"


def guarded(act: Callable[[], Any]) -> bool:
    """Run an act and show an error of geomap in words; return whether it went well."""
    try:
        act()
    except GeomapError as error:
        say.error(error)
        return False
    return True


def now() -> str:
    """Return the time that the log of corrections keeps."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


# The filter, whose widgets live in the address and keep what they hold from page to page


def sidebar_filter() -> Filter:
    """Draw the filter and return what it says."""
    with st.sidebar:
        st.subheader("Filter")
        keep: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
        types = st.multiselect(
            "What", TYPES, key="types", format_func=plain, placeholder="Everything", **keep
        )
        statuses = st.multiselect("Status", STATUSES, key="status", placeholder="All", **keep)
        start = st.date_input(
            "From",
            None,
            key="from",
            min_value=dt.date(1500, 1, 1),
            max_value=dt.date(2100, 1, 1),
            **keep,
        )
        end = st.date_input(
            "Until",
            None,
            key="until",
            min_value=dt.date(1500, 1, 1),
            max_value=dt.date(2100, 1, 1),
            **keep,
        )
        place = st.text_input("Place", key="place", placeholder="A name, or a country code", **keep)
        who = st.text_input("Who", key="who", placeholder="Actor, group, or who says so", **keep)
        source = st.text_input("Source", key="source", placeholder="Outlet or headline", **keep)
        precisions = st.multiselect(
            "Known to", PRECISIONS, key="precision", placeholder="Any precision", **keep
        )
        score = st.slider(
            "Score at least",
            0.0,
            1.0,
            0.0,
            0.05,
            key="score",
            help=(
                "Of movements and places, how sure the reader is; of events, how likely each is"
                " what its article is about, rightly placed and dated"
            ),
            **keep,
        )
    return Filter(
        _date(start),
        _date(end),
        tuple(types),
        tuple(statuses),
        tuple(precisions),
        place or "",
        who or "",
        source or "",
        float(score or 0),
    )


def _date(value: Any) -> dt.date | None:
    return value if isinstance(value, dt.date) else None


def plain(word: str) -> str:
    """Return a slug as words."""
    return word.replace("_", " ")


# Computed once for each state of the case


def key() -> tuple[str, str]:
    """Return what names the present state of this session's case."""
    opened = case()
    return str(opened.path), opened.revision


def frames() -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the case; they are shared by reruns and must not be changed."""
    return _frames(case(), *key())


@st.cache_resource(scope="session", max_entries=8, show_spinner="Drawing up the layers")
def _frames(_opened: Case, path: str, revision: str) -> dict[str, gpd.GeoDataFrame]:  # noqa: ARG001 - they are the key
    return _opened.frames()


def names() -> dict[str, str]:
    """Return the names of the places of the case by their ids."""
    return _names(case(), *key())


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _names(_opened: Case, path: str, revision: str) -> dict[str, str]:  # noqa: ARG001
    return _opened.names()


def shown(wanted: Filter) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that the filter leaves."""
    return _shown(case(), *key(), wanted)


@st.cache_resource(scope="session", max_entries=16, show_spinner=False)
def _shown(_opened: Case, path: str, revision: str, wanted: Filter) -> dict[str, gpd.GeoDataFrame]:
    return filtered(_frames(_opened, path, revision), wanted)


def map_html(wanted: Filter, theme: str) -> str:
    """Return the map of what the filter leaves."""
    return _map(case(), *key(), wanted, theme)


@st.cache_resource(scope="session", max_entries=8, show_spinner="Drawing the map")
def _map(_opened: Case, path: str, revision: str, wanted: Filter, theme: str) -> str:
    return to_html(
        _shown(_opened, path, revision, wanted),
        title=_opened.title or "geomap",
        background=_asks_for_history(wanted),
        theme=theme,  # type: ignore[arg-type]
    )


def _asks_for_history(wanted: Filter) -> bool:
    return bool(HISTORY & set(wanted.statuses))


def totals(
    wanted: Filter, by: tuple[str, ...] = (), status: tuple[str, ...] = ("occurred",)
) -> list[Any]:
    """Return totals of the movements that the filter leaves."""
    return _totals(case(), *key(), wanted, by, status)


@st.cache_resource(scope="session", max_entries=32, show_spinner=False)
def _totals(
    _opened: Case,
    path: str,
    revision: str,
    wanted: Filter,
    by: tuple[str, ...],
    status: tuple[str, ...],
) -> list[Any]:
    only = list(_shown(_opened, path, revision, wanted)["movements"]["id"]) if wanted else None
    return _opened.totals(by=by, status=status, only=only)


def theme() -> str:
    """Return `light` or `dark` as Streamlit is shown."""
    told = st.context.theme.type
    return told if told in {"light", "dark"} else "auto"
