"""Entry of the dashboard in the wheel; the checkout's `dashboard.py` runs the same."""

from geomap.pages.overview import run

run()
