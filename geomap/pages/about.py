"""What the dashboard rests on.

Data, versions, the policy on disputed areas, and what the method cannot do.
"""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from geomap import regions
from geomap.gazetteer import find_source
from geomap.output import geomap_version
from geomap.pages import work

_LIMITS = """
- **English only.** A text in another language is read with a warning, and what is found in it is
  incomplete.
- **Do not trust a mark without its sentence.** Of 100 events drawn from articles never seen before,
  about 11 are right in type, place, date and status together, and about 34 if the place alone is
  asked; of the movements about one in ten is right in figure, both ends and status.
- **A score is a probability**, fitted on news that was annotated; on other kinds of text it is too
  sure of itself.
- **Figures are what sources say.** Counts since the start are never added; a later exact
  count takes the place of earlier ones; what may be the same people is set aside, and the total
  says so. It can be too low where two groups are told alike.
- **No pin for a country or a province.** What is known only to a region is drawn as that region.
- **Expected is not occurred**; forecasts, plans, denials and history are kept apart and left out of
  totals.
"""


def page() -> None:
    """Draw the page."""
    st.title("About")
    opened = work.case()
    st.text(
        f"geomap {geomap_version()}, region data {regions.data_version()}, gazetteer"
        f" {work.geoparser().gazetteer.digest}. Nothing on these pages asks another machine."
    )
    st.subheader("What it cannot do")
    st.markdown(_LIMITS)
    st.subheader("Disputed areas")
    st.text(regions.DISCLAIMER)
    st.markdown(
        "Disputed areas stand beside the countries, with who administers and who claims them and"
        " from when to when. The policy is **neutral**: a place in one has the country that is"
        ' internationally recognised on that day. In Python, `to_frames(..., policy="de_facto")`'
        " tells who administers it instead; the policy is written into every row that leaves."
    )
    st.subheader("Data")
    manifest = json.loads((find_source() / "manifest.json").read_text(encoding="utf-8"))
    st.dataframe(
        pd.DataFrame(manifest["sources"])[["name", "version", "used_for", "licence"]],
        hide_index=True,
        alt="Sources of the data, with versions and licences",
    )
    st.subheader("This case")
    st.dataframe(
        pd.DataFrame(
            [
                {"what": k, "value": ", ".join(v) if isinstance(v, list) else str(v)}
                for k, v in opened.info().items()
            ]
        ),
        hide_index=True,
        alt="Counts of the case",
    )
    st.subheader("Settings")
    st.write(
        "The file `.streamlit/config.toml` beside the dashboard's script documents them; `geomap"
        " dashboard --port 8502 --headless` sets the common ones."
    )
