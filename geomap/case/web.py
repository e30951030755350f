"""What an address of the web holds, bounded in size and time, from public addresses only."""

from __future__ import annotations

import http.client
import ipaddress
import queue
import socket
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from geomap.errors import FeedError

LARGEST: Final = 5_000_000  # bytes; a long article with all its menus has 500,000
LONGEST_S: Final = 30.0  # from the look-up of the name to the last byte
_REDIRECTS: Final = 5
_CHUNK: Final = 65_536
_AGENT: Final = "geomap (+feed reader)"


def fetched(
    url: str, *, allow_private: bool = False, largest: int = LARGEST, longest_s: float = LONGEST_S
) -> tuple[bytes, str]:
    """Return what an address holds and the encoding that the server names, or "".

    Raises
    ------
    FeedError
        For another scheme than http and https (also after a redirect), a private address, more than
        `largest` bytes, more than `longest_s` seconds in all, and whatever else goes wrong on the
        way.

    """
    _check_scheme(url)
    exchange = _Exchange(allow_private, longest_s)
    told: queue.SimpleQueue[tuple[bytes, str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            told.put(_read(url, exchange, largest))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            told.put(error)

    # In a thread of its own, because no time limit of a socket holds for a sum of small steps:
    # a header may drip, a name may have fifty addresses. One that hangs in the look-up of a name
    # keeps no process from ending.
    threading.Thread(target=ask, name="geomap-fetch", daemon=True).start()
    try:
        answer = told.get(timeout=longest_s)
    except queue.Empty as error:
        raise FeedError(f"{url} took longer than {longest_s:g} s; try again later") from error
    finally:
        exchange.end()
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass(slots=True)
class _Exchange:
    """The sockets of one exchange, so that whoever waits can end it."""

    allow_private: bool
    longest_s: float
    sockets: list[socket.socket] = field(default_factory=list)
    ended: bool = False

    def joined(self, connection: http.client.HTTPConnection) -> None:
        """Keep a new connection, unless it is too late or leads where it must not."""
        self.sockets.append(connection.sock)
        # One address of several may be dead, which is found out in a third of the time; from here
        # on all of it may pass.
        connection.sock.settimeout(self.longest_s)
        _check_peer(connection, allow_private=self.allow_private)
        if self.ended:
            self.end()

    def end(self) -> None:
        """Hang up, so that a thread that reads ends at once."""
        self.ended = True
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _read(url: str, exchange: _Exchange, largest: int) -> tuple[bytes, str]:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), _Web(exchange), _Redirects()
    )
    try:
        request = urllib.request.Request(url, headers={"User-Agent": _AGENT})  # noqa: S310
        with opener.open(request, timeout=exchange.longest_s / 3) as response:
            out = bytearray()
            while chunk := response.read1(_CHUNK):
                out += chunk
                if len(out) > largest:
                    raise FeedError(f"{url} holds more than {largest:,} bytes; it is not read")
            return bytes(out), str(response.headers.get_content_charset() or "")
    except (OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        if isinstance(error, FeedError):
            raise
        reason = (
            error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
        )
        raise (
            reason
            if isinstance(reason, FeedError)
            else FeedError(f"{url} cannot be read: {reason}")
        ) from error


def _check_scheme(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        known = False
    if not known:
        raise FeedError(f"{url} is no http or https address")


def _check_peer(connection: http.client.HTTPConnection, *, allow_private: bool) -> None:
    """Refuse a private address by what the socket is connected to.

    So that no name can lead there.
    """
    address = ipaddress.ip_address(connection.sock.getpeername()[0].partition("%")[0])
    if not allow_private and not address.is_global:
        connection.close()
        raise FeedError(
            f"{connection.host} leads to the private address {address}; allow it only for a feed of"
            " your own network"
        )


def _checked(
    kind: type[http.client.HTTPConnection], exchange: _Exchange
) -> type[http.client.HTTPConnection]:
    class Checked(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            exchange.joined(self)

    return Checked


class _Web(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Both kinds of address, over connections that know where they lead."""

    def __init__(self, exchange: _Exchange) -> None:
        super().__init__()
        self.exchange = exchange

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_checked(http.client.HTTPConnection, self.exchange), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_checked(http.client.HTTPSConnection, self.exchange), req)


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
