"""The dashboard: `streamlit run dashboard.py`, or `make dashboard`."""

from geomap.pages.app import run

run()
