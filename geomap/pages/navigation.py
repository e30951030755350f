"""The pages of the dashboard, and what stands above each."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from geomap.errors import GeomapError
from geomap.pages import about, export, flows, map, read, regions, say, sources  # noqa: A004
from geomap.pages.work import header

# A file of our own: Streamlit would ask another host for the picture of an icon by name.
_ICON = Path(__file__).parents[1] / "assets" / "icon.svg"


def run() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="geomap", page_icon=str(_ICON), layout="wide")
    page = st.navigation(
        [
            st.Page(map.page, title="Map", icon=":material/map:", default=True),
            st.Page(
                sources.page, title="Sources", icon=":material/upload_file:", url_path="sources"
            ),
            st.Page(read.page, title="Read", icon=":material/article:", url_path="read"),
            st.Page(flows.page, title="Flows", icon=":material/swap_calls:", url_path="flows"),
            st.Page(
                regions.page, title="Regions", icon=":material/select_all:", url_path="regions"
            ),
            st.Page(export.page, title="Export", icon=":material/download:", url_path="export"),
            st.Page(about.page, title="About", icon=":material/info:", url_path="about"),
        ],
        position="top",
    )
    try:
        header()
    except GeomapError as error:
        say.error(error)
        st.stop()
    page.run()
