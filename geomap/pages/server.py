"""What stands around the dashboard: who is let in, what a browser may do, and when a visit ends.

`streamlit run` finds an `App` in the script it is given and serves it with what this module adds.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st

from geomap.page import hashes, script_hashes
from geomap.pages import visits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Served = Callable[[Message, Receive, Send], Awaitable[None]]

# The names of this machine for itself; `server.allowedHosts` may say others.
HOSTS: Final = ("127.0.0.1", "localhost", "::1")


class Guard:
    """Let in what a page of this very dashboard asks, and nothing that another page makes.

    It stands before Streamlit, which accepts any port of this machine as an origin and for a
    foreign one asks the network for its own address. A host of another name is refused (DNS
    rebinding), and so is what a page of another origin sends, or fetches in the background.
    """

    def __init__(self, app: Served) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"]]
        if not admitted(headers, st.get_option("server.allowedHosts") or HOSTS):
            await _refuse(scope["type"], send)
            return
        added = _headers(dict(headers)["host"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def admitted(headers: Iterable[tuple[str, str]], hosts: Iterable[str]) -> bool:
    """Tell whether a request is one of this dashboard's own user.

    Parameters
    ----------
    headers
        Names in lower case, and values.
    hosts
        Names the dashboard may be called by.

    """
    told = list(headers)
    named = [value for name, value in told if name == "host"]
    if len(named) != 1 or _hostname(named[0]) not in {h.strip().casefold() for h in hosts}:
        return False
    own = {f"{scheme}://{named[0]}".casefold() for scheme in ("http", "https")}
    if any(name == "origin" and value.casefold() not in own for name, value in told):
        return False
    # What a browser says of who asks: another page may link to the dashboard and no more.
    fetched = dict(told)
    return fetched.get("sec-fetch-site") not in {"cross-site", "same-site"} or (
        fetched.get("sec-fetch-mode") == "navigate" and fetched.get("sec-fetch-dest") == "document"
    )


def _hostname(host: str) -> str | None:
    """Return the name in a Host header; none when there is anything but a name and a port."""
    if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?", host, re.ASCII):
        return None
    with suppress(ValueError):
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return None


async def _refuse(kind: str, send: Send) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    told = b"This dashboard answers its own pages on this machine only.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_headers("localhost")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": told})


def _headers(host: str) -> list[tuple[bytes, bytes]]:
    told = {
        "content-security-policy": _policy(host),
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    return [(name.encode(), value.encode()) for name, value in told.items()]


@cache
def _policy(host: str) -> str:
    """Return what a page of the dashboard may load: its own files, and the map in its frame."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", "blob:", *_streamlit_hashes(), *script_hashes()],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", f"ws://{host}", f"wss://{host}"],
        "worker-src": ["'self'", "blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


@cache
def _streamlit_hashes() -> tuple[str, ...]:
    """Return the scripts that stand inside Streamlit's own page."""
    index = Path(st.__file__).parent / "static" / "index.html"
    page = index.read_text(encoding="utf-8") if index.exists() else ""
    return hashes(re.findall(r"<script>(.*?)</script>", page, re.DOTALL))


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Open a browser when that is wanted, end visits while the server runs, and all at its end."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    if not st.get_option("server.headless"):
        _open_browser()
    watching = asyncio.create_task(visits.watch(st.get_option("server.disconnectedSessionTTL")))
    try:
        yield {}
    finally:
        watching.cancel()
        visits.end_all()


def _open_browser() -> None:
    from streamlit.cli_util import open_browser

    host = st.get_option("server.address") or HOSTS[0]
    open_browser(f"http://{host}:{st.get_option('server.port')}")


def served() -> dict[str, Any]:
    """Return what an `App` of Streamlit is given to serve the dashboard."""
    from starlette.middleware import Middleware

    return {"middleware": [Middleware(Guard)], "lifespan": lifespan}
