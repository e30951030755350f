"""The map, with the totals above it and the tables that are equal to it below.

Picking in one shows it in the other.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geomap.filters import HISTORY, Filter
from geomap.pages import say, work
from geomap.pages.frame import map_frame
from geomap.pages.panels import record_panel, totals_panel

_COLUMNS = {
    "Movements": (
        "movements",
        [
            "status",
            "kind",
            "group",
            "quantity_text",
            "quantifier",
            "quantity",
            "quantity_min",
            "quantity_max",
            "origin",
            "destination",
            "within",
            "measure",
            "start",
            "as_of",
            "sources",
            "conflict",
            "claimed_by",
            "sentence",
        ],
    ),
    "Events": (
        "events",
        [
            "status",
            "type",
            "place",
            "country",
            "precision",
            "start",
            "end",
            "actors",
            "fatalities",
            "sources",
            "conflict",
            "claimed_by",
            "score",
            "sentence",
        ],
    ),
    "Places": (
        "places",
        [
            "name",
            "place",
            "country",
            "use",
            "precision",
            "mentions",
            "sources",
            "score",
            "disputed",
            "reasons",
            "reason",
        ],
    ),
}
_DAYS = {"start": st.column_config.DateColumn(), "end": st.column_config.DateColumn()}
_ROWS = 2000  # more make the page slow and are found by filtering


def page() -> None:
    """Draw the page."""
    wanted = work.sidebar_filter()
    frames = work.shown(wanted)
    _numbers(frames)
    # The map keeps its place whatever stands beside it, for a frame that moves is loaded anew.
    left, right = st.columns([2, 1])
    with left:
        picked = map_frame(
            work.map_html(wanted, work.theme()),
            alt="Map of events and movements; the tables below hold the same",
            height=620,
            focus=st.session_state.get("focus", ""),
        )
        if picked and picked != st.session_state.get("picked"):
            st.session_state.picked = picked
            st.rerun()
    with right:
        if st.session_state.get("picked"):
            if st.button("Back to the totals", icon=":material/arrow_back:"):
                st.session_state.picked = st.session_state.focus = ""
                st.rerun()
            record_panel(st.session_state.picked)
        else:
            _totals(wanted)
    _tables(frames)


def _totals(wanted: Filter) -> None:
    st.subheader("How many people")
    st.caption(
        "Each once: open a line to see which figures were counted and which set aside. Click a mark"
        " for its sentences."
    )
    totals_panel(work.totals(wanted), label="Happened")
    totals_panel(work.totals(wanted, status=("expected", "planned")), label="Expected or planned")


def _numbers(frames: work.Frames) -> None:
    events, movements = frames["events"], frames["movements"]
    with st.container(horizontal=True, gap="large"):
        st.metric("Events", int((~events["status"].isin(HISTORY)).sum()), width="content")
        st.metric(
            "Movements that happened",
            int(movements["status"].isin({"occurred", "ongoing"}).sum()),
            width="content",
        )
        st.metric(
            "Expected or planned",
            int(movements["status"].isin({"expected", "planned"}).sum()),
            width="content",
        )
        st.metric(
            "History and denials",
            int(events["status"].isin(HISTORY).sum() + movements["status"].isin(HISTORY).sum()),
            help="Not on the map until you ask for it in its legend",
            width="content",
        )
    if not len(events) and not len(movements):
        st.info(
            "Nothing to show: no event and no movement fits. Loosen the filter, or add texts on the"
            " page Sources."
        )


@st.fragment
def _tables(frames: work.Frames) -> None:
    for tab, (label, (name, columns)) in zip(
        st.tabs(list(_COLUMNS)), _COLUMNS.items(), strict=True
    ):
        with tab:
            frame = frames[name]
            if not len(frame):
                st.text(f"No {name}.")
                continue
            rows = pd.DataFrame(frame[columns]).iloc[:_ROWS]
            told = st.dataframe(
                rows,
                hide_index=True,
                alt=f"Table of {name}",
                column_config=_DAYS,
                on_select="rerun",
                selection_mode="single-row",
                key=f"table {name}",
            )
            if len(frame) > _ROWS:
                say.caption(
                    f"The first {_ROWS:,} of {len(frame):,} {label.casefold()}; filter to see the"
                    " others. Files hold all."
                )
            chosen = told.selection.rows
            if chosen and name != "places":
                ident = str(frame["id"].iloc[chosen[0]])
                if ident != st.session_state.get("focus"):
                    st.session_state.focus = st.session_state.picked = ident
                    st.rerun()
