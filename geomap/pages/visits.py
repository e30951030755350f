"""What each visit of the dashboard keeps on this machine, and its end.

A visit has a private folder, in it the case that was not saved, and a case that is open. All go
when its page has been closed for a while (`server.disconnectedSessionTTL`), or with the server.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from geomap.case import Case
from geomap.errors import GeomapError
from geomap.geoparser import Geoparser

_POLL_S: Final = 1.0
_VISITS: dict[str, Visit] = {}


class Visit:
    """The folder and the open case of one visit; a case opened by name stays where it is."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="geomap-"))
        self.case: Case | None = None
        # For a server that ends without saying so, and for what is no server.
        self._removed = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def use(self, opened: Case) -> Case:
        """Make another case that of the visit; the one before is closed."""
        self._close()
        self.case = opened
        return opened

    def unsaved(self, geoparser: Geoparser) -> Case:
        """Make an empty case that goes with the visit; only this user may read the file."""
        path = Path(tempfile.mkdtemp(dir=self.folder)) / "case.gpkg"
        made = Case.create(path, title="Unsaved case", geoparser=geoparser)
        path.chmod(0o600)
        return made

    def end(self) -> None:
        """Close the case and remove the folder."""
        self._close()
        self._removed()

    def _close(self) -> None:
        if self.case is not None:
            with suppress(GeomapError):
                self.case.close()
            self.case = None


def begin() -> Visit:
    """Return a new visit, kept for the session of Streamlit that asks."""
    context = get_script_run_ctx()
    visit = Visit()
    if context is not None and exists():
        _VISITS[context.session_id] = visit
    return visit


async def watch(grace: float, poll: float = _POLL_S) -> None:
    """End each visit whose page has been closed for `grace` seconds, for as long as this runs."""
    left: dict[str, float] = {}
    while True:
        await asyncio.sleep(poll)
        for ident in _over(left, grace, time.monotonic, get_instance().is_active_session):
            get_instance().close_session(ident)
            if not _at_work(ident):
                del left[ident]
                await asyncio.to_thread(_VISITS.pop(ident).end)


def _over(
    left: dict[str, float], grace: float, now: Callable[[], float], active: Callable[[str], bool]
) -> list[str]:
    """Return the visits nobody has come back to; `left` remembers since when each is alone."""
    for ident in list(_VISITS):
        if active(ident):
            left.pop(ident, None)
        else:
            left.setdefault(ident, now())
    return [ident for ident, since in left.items() if now() - since >= grace]


def _at_work(ident: str) -> bool:
    """Tell whether a script of the session still runs; it stops at its next step."""
    contexts: list[Any] = [
        getattr(thread, "streamlit_script_run_ctx", None) for thread in threading.enumerate()
    ]
    return any(context is not None and context.session_id == ident for context in contexts)


def end_all() -> None:
    """End every visit, for the server stops."""
    while _VISITS:
        _VISITS.popitem()[1].end()
