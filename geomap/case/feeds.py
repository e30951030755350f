"""News feeds, read on request only.

What a feed names is fetched from public addresses, bounded in size and time.
"""

from __future__ import annotations

import calendar
import datetime as dt
import http.client
import ipaddress
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from geomap.errors import DocumentError, FeedError, MissingExtraError
from geomap.model import Document
from geomap.text.reading import text_of_html

LARGEST: Final = 5_000_000  # bytes
LONGEST_S: Final = 30.0
_REDIRECTS: Final = 5
_CHUNK: Final = 65_536
_AGENT: Final = "geomap (+feed reader)"


def read_feed(
    url: str, *, known: Callable[[str], bool] = lambda _: False, allow_private: bool = False
) -> Iterator[Document | DocumentError]:
    """Yield the articles that a feed (RSS, Atom) names, as documents.

    A page that cannot be read is yielded as its error.

    Parameters
    ----------
    url
        Address of the feed, http or https.
    known
        Tells which addresses are read already; these are not fetched.
    allow_private
        Whether addresses of this machine and the local network may be asked.

    Raises
    ------
    FeedError
        When the feed cannot be read: another scheme, a private address, too large, too slow, or no
        feed.
    MissingExtraError
        When feedparser is not installed.

    """
    try:
        import feedparser
    except ImportError as error:
        raise MissingExtraError("feedparser", "feeds") from error
    told = feedparser.parse(
        fetched(url, allow_private=allow_private), response_headers={"content-location": url}
    )
    if not told.entries and (told.bozo or not told.version):
        raise FeedError(
            f"{url} is no feed that can be read: {told.get('bozo_exception', 'it has no entries')}"
        )
    source = str(told.feed.get("title") or urlsplit(url).hostname or "")
    for entry in told.entries:
        link = urljoin(url, str(entry.get("link", "")))
        if not link or known(link):
            continue
        yield _article(entry, link, source, allow_private=allow_private)


def _article(
    entry: Any, link: str, source: str, *, allow_private: bool
) -> Document | DocumentError:
    day = entry.get("published_parsed") or entry.get("updated_parsed")
    published = dt.datetime.fromtimestamp(calendar.timegm(day), dt.UTC) if day else None
    told = "\n\n".join(str(c.get("value", "")) for c in entry.get("content", ())) or str(
        entry.get("summary", "")
    )
    try:
        text = _main_text(fetched(link, allow_private=allow_private)) or text_of_html(told)[1]
    except FeedError as error:
        text = text_of_html(told)[1]
        if not text.strip():
            return DocumentError(link, str(error))
    if not text.strip():
        return DocumentError(link, "the page has no text")
    return Document(link, text, str(entry.get("title", "")), source, link, published)


def _main_text(page: bytes) -> str:
    """Return the article of a page without its menus."""
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtraError("trafilatura", "feeds") from error
    return str(
        trafilatura.extract(
            page.decode("utf-8", "replace"), include_comments=False, include_tables=False
        )
        or ""
    )


def fetched(
    url: str, *, allow_private: bool = False, largest: int = LARGEST, longest_s: float = LONGEST_S
) -> bytes:
    """Return what an address holds.

    Raises
    ------
    FeedError
        For another scheme than http and https (also after a redirect), a private address, more than
        `largest` bytes, more than
        `longest_s` seconds, and whatever else goes wrong on the way.

    """
    until = time.monotonic() + longest_s
    _check_scheme(url)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), _Web(allow_private=allow_private), _Redirects()
    )
    try:
        request = urllib.request.Request(url, headers={"User-Agent": _AGENT})  # noqa: S310
        with opener.open(request, timeout=longest_s / 3) as response:
            out = bytearray()
            while chunk := response.read1(_CHUNK):
                out += chunk
                if len(out) > largest:
                    raise FeedError(f"{url} holds more than {largest:,} bytes; it is not read")
                if time.monotonic() > until:
                    raise FeedError(f"{url} took longer than {longest_s:g} s; try again later")
            return bytes(out)
    except (OSError, http.client.HTTPException, ValueError) as error:
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
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
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
    kind: type[http.client.HTTPConnection], *, allow_private: bool
) -> type[http.client.HTTPConnection]:
    class Checked(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            _check_peer(self, allow_private=allow_private)

    return Checked


class _Web(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Both kinds of address, over connections that know where they lead."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__()
        self.allow_private = allow_private

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(
            _checked(http.client.HTTPConnection, allow_private=self.allow_private), req
        )

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(
            _checked(http.client.HTTPSConnection, allow_private=self.allow_private), req
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
