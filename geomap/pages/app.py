"""Entry of the dashboard, as `geomap dashboard` starts it; `dashboard.py` is its twin."""

from streamlit import App

from geomap.pages.navigation import run
from geomap.pages.server import served

# The server imports this file for what it serves, and then runs it for every page.
if __name__ == "__main__":
    run()
else:
    app = App(__file__, **served())
