"""Countries, provinces and disputed areas with what happened in them, as a table.

The map colours them.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geomap.export import csv_text, geojson
from geomap.pages import work

_LEVELS = {"country": "Countries", "admin1": "Provinces", "disputed_area": "Disputed areas"}
_COLUMNS = [
    "name",
    "country",
    "events",
    "people_out",
    "out_measure",
    "people_in",
    "in_measure",
    "net",
    "administered_by",
    "claimed_area_by",
    "valid_from",
    "valid_to",
]


def page() -> None:
    """Draw the page."""
    st.title("Regions")
    st.caption(
        "Of the whole case, for what happened. People out and in are told for the measure with most"
        " people; measures are never added. Choose 'Colour by' in the legend of the map to see them"
        " there. Empty: no data."
    )
    frame = work.frames()["regions"]
    if not len(frame):
        st.info("Nothing happened in any region yet.")
        return
    level = (
        st.segmented_control(
            "Level",
            list(_LEVELS),
            default="country",
            format_func=_LEVELS.__getitem__,
            key="regions",
            bind="query-params",
            persist_state="session",
        )
        or "country"
    )
    rows = frame[frame["kind"] == level].sort_values(["events", "people_out"], ascending=False)
    if not len(rows):
        st.text(f"No {_LEVELS[level].casefold()} with anything in them.")
        return
    if bars := _bars(rows):
        st.html(bars)
    st.dataframe(
        pd.DataFrame(rows[_COLUMNS]),
        hide_index=True,
        alt=f"{_LEVELS[level]} with events and people out, in and net",
    )
    a, b = st.columns(2)
    a.download_button(
        "Table (CSV)", lambda: csv_text(rows), "regions.csv", "text/csv", on_click="ignore"
    )
    b.download_button(
        "Shapes (GeoJSON)",
        lambda: geojson(rows),
        "regions.geojson",
        "application/geo+json",
        on_click="ignore",
    )


def _bars(rows: pd.DataFrame) -> str:
    """Return people out and in of the first regions as bars side by side.

    As HTML of our own numbers and escaped names.
    """
    from html import escape

    told = rows[(rows["people_out"].fillna(0) + rows["people_in"].fillna(0)) > 0].head(12)
    most = max([1, *told["people_out"].fillna(0), *told["people_in"].fillna(0)])
    out = []
    for name, left, came in zip(
        told["name"], told["people_out"].fillna(0), told["people_in"].fillna(0), strict=True
    ):
        bars = "".join(
            '<div style="display:flex;align-items:center;gap:6px"><span'
            f" "
            f'style="display:inline-block;height:10px;width:{60 * n / most:.1f}%;'
            f'min-width:1px;background:{colour}"></span><span>{n:,}'
            f" {word}</span></div>"
            for n, colour, word in ((int(left), "#d55e00", "out"), (int(came), "#0072b2", "in"))
            if n
        )
        out.append(
            '<div style="display:grid;grid-template-columns:minmax(90px,180px)'
            " 1fr;gap:8px;font-size:.85rem;margin:4px"
            f' 0"><b>{escape(name)}</b><div>{bars}</div></div>'
        )
    return "".join(out)
