"""The dashboard: `streamlit run dashboard.py`, or `make dashboard`."""

from geomap.pages.overview import run

run()
