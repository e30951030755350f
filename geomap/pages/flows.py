"""Who went where: a diagram, a matrix, and counts as they grew with the sources as points."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geomap.case.totals import Total
from geomap.diagrams import flow_diagram
from geomap.filters import Filter
from geomap.pages import work
from geomap.pages.panels import totals_panel
from geomap.pages.say import literal


def page() -> None:
    """Draw the page."""
    st.title("Flows")
    wanted = work.sidebar_filter()
    level = (
        st.segmented_control(
            "By",
            ["place", "country"],
            default="place",
            key="level",
            bind="query-params",
            persist_state="session",
        )
        or "place"
    )
    by = (
        ("origin", "destination") if level == "place" else ("origin_country", "destination_country")
    )
    totals = [
        t
        for t in work.totals(wanted, by=by)
        if t.unit != "household" and t.measure != "stock" and t.best
    ]
    if not totals:
        st.info("No movement with a figure fits.")
        return
    measures = sorted(
        {t.measure for t in totals}, key=lambda m: -sum(t.best for t in totals if t.measure == m)
    )
    measure = (
        st.segmented_control(
            "Measure",
            measures,
            default=measures[0],
            format_func=literal,
            key="measure",
            help="Figures of different measures are never added",
        )
        or measures[0]
    )
    chosen = [t for t in totals if t.measure == measure]
    ink = "#e7edf2" if work.theme() == "dark" else "#1d2733"
    st.image(
        flow_diagram(chosen, ink=ink),
        alt="People by origin and destination; the table below holds the same",
        width="stretch",
    )
    _matrix(chosen)
    _series(wanted)
    st.subheader("What was counted")
    totals_panel(chosen, label="Flows")


def _matrix(totals: list[Total]) -> None:
    st.subheader("From (rows) to (columns)")
    cells = pd.DataFrame(
        [
            {"from": t.key[0] or "not told", "to": t.key[1] or "not told", "people": t.best}
            for t in totals
        ]
    )
    st.dataframe(
        cells.pivot_table(index="from", columns="to", values="people", aggfunc="sum").astype(
            "Int64"
        ),
        alt="People by origin and destination",
    )


@st.fragment
def _series(wanted: Filter) -> None:
    ids = set(work.shown(wanted)["movements"]["id"])
    ground = work.names()
    rows = []
    for name, figures in work.case().series().items():
        kept = [f for f in figures if f["id"] in ids and f["as_of"]]
        if len(kept) < 2:
            continue
        ends = [
            ", ".join(ground.get(i, i) for i in f)
            for f in (kept[-1]["origins"] or kept[-1]["within"], kept[-1]["destinations"])
        ]
        label = f"{ends[0] or '?'} → {ends[1] or '?'} ({kept[-1]['measure']}, {kept[-1]['status']})"
        rows += [
            {
                "series": label,
                "as of": f["as_of"],
                "people": f["best"],
                "counts": f["role"] == "recommended",
                "increment": f["increment"],
                "why": f["why"],
                "name": name,
            }
            for f in kept
        ]
    st.subheader("Counts over time")
    if not rows:
        st.caption("No figure was told more than once.")
        return
    frame = pd.DataFrame(rows)
    frame["as of"] = pd.to_datetime(frame["as of"])
    label = st.selectbox("Series", list(dict.fromkeys(frame["series"])), key="series")
    one = frame[frame["series"] == label]
    spec = {
        "layer": [
            {
                "transform": [{"filter": "datum.increment != null"}],
                "mark": {"type": "line", "interpolate": "step-after", "opacity": 0.6},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90},
                "encoding": {
                    "color": {
                        "field": "counts",
                        "type": "nominal",
                        "scale": {"domain": [True, False], "range": ["#0072b2", "#999999"]},
                        "legend": {"title": "counts"},
                    }
                },
            },
        ],
        "encoding": {
            "x": {"field": "as of", "type": "temporal", "title": "as of"},
            "y": {"field": "people", "type": "quantitative"},
            "tooltip": [{"field": c} for c in ("as of", "people", "increment", "why")],
        },
    }
    st.vega_lite_chart(
        one, spec, alt=f"Counts of {label} over time; the table below holds the same"
    )
    st.dataframe(
        one[["as of", "people", "increment", "counts", "why"]],
        hide_index=True,
        column_config={"as of": st.column_config.DateColumn()},
        alt="Counts over time, what each adds, and why it does or does not count",
    )
