"""News feeds, read on request only.

What a feed names is fetched from public addresses, bounded in number, size and time.
"""

from __future__ import annotations

import calendar
import datetime as dt
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from geomap.case.web import fetched
from geomap.errors import DocumentError, FeedError, MissingExtraError, reading, well_formed
from geomap.model import Document, read_date
from geomap.text.markup import decoded_page, text_of_html

# New articles a call: feeds name 10 to 100; one that names 30,000 would keep us busy for days.
MOST_ENTRIES: Final = 500
LONGEST_FEED_S: Final = 900.0  # for all articles of a call; somebody waits for it


def read_feed(
    url: str,
    *,
    known: Callable[[str], bool] = lambda _: False,
    failed: Callable[[str], bool] = lambda _: False,
    allow_private: bool = False,
) -> Iterator[Document | DocumentError]:
    """Yield the articles that a feed (RSS, Atom) names, as documents.

    A page that cannot be read is yielded as its error, and so is what one call leaves for the next:
    at most `MOST_ENTRIES` new articles are read, within `LONGEST_FEED_S` seconds.

    Parameters
    ----------
    url
        Address of the feed, http or https.
    known
        Tells which addresses are read already; these are not fetched.
    failed
        Tells which could not be read before; these are tried again when all others are read, so
        that dead addresses keep nobody from what a feed names after them.
    allow_private
        Whether addresses of this machine and the local network may be asked.

    Raises
    ------
    FeedError
        When the feed cannot be read: another scheme, a private address, too large, too slow, or no
        feed.
    MissingExtraError
        When feedparser or trafilatura is not installed.

    """
    for package in ("feedparser", "trafilatura"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "feeds")
    body, _ = fetched(url, allow_private=allow_private)
    try:
        with reading(url):
            entries, source = _parsed(url, body)
    except DocumentError as error:
        raise FeedError(str(error)) from error
    until = time.monotonic() + LONGEST_FEED_S
    new = sorted(_new(url, entries, known), key=lambda item: failed(item[0]))
    for number, (name, link, entry) in enumerate(new):
        if number == MOST_ENTRIES or time.monotonic() > until:
            yield DocumentError(
                url,
                f"{number:,} of the {len(entries):,} articles that it names were read now; add the"
                " feed again to read on",
            )
            return
        try:
            with reading(name):
                found: Document | DocumentError = _article(
                    entry, name, link, source, allow_private=allow_private
                )
        except DocumentError as error:
            found = error
        yield found


def _parsed(url: str, body: bytes) -> tuple[Sequence[Any], str]:
    """Return the entries and the title of a feed."""
    import feedparser

    # As a file: of bytes that are the path of a file feedparser would open that file.
    told = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
    if not told.entries and (told.bozo or not told.get("version")):
        raise DocumentError(
            url,
            f"it is no feed that can be read: {told.get('bozo_exception', 'it has no entries')}",
        )
    return told.entries, str(told.feed.get("title") or urlsplit(url).hostname or "")


def _new(
    url: str, entries: Sequence[Any], known: Callable[[str], bool]
) -> Iterator[tuple[str, str, Any]]:
    """Yield name, address and entry of what is not read yet, each address once.

    An entry without an address of its own is named by its place in the feed.
    """
    seen = set()
    for number, entry in enumerate(entries, start=1):
        link = str(entry.get("link", ""))
        with suppress(ValueError):  # what is no address is said to be none when it is fetched
            link = urljoin(url, link) if link else ""
        name = well_formed(link or f"{url}#{entry.get('id') or number}")
        if name not in seen and not known(name):
            seen.add(name)
            yield name, link, entry


def _article(entry: Any, name: str, link: str, source: str, *, allow_private: bool) -> Document:
    """Return the page behind an entry, or what the feed itself says where that cannot be read."""
    day = entry.get("published_parsed")
    if not day and "updated_parsed" in entry:  # which feedparser else makes of the other
        day = entry["updated_parsed"]
    published = dt.datetime.fromtimestamp(calendar.timegm(day), dt.UTC) if day else None
    told = "\n\n".join(str(c.get("value", "")) for c in entry.get("content", ())) or str(
        entry.get("summary", "")
    )
    text, failure = "", DocumentError(name, "it has no text")
    try:
        if link:
            with reading(name):
                text = main_text(*fetched(link, allow_private=allow_private))
    except DocumentError as error:
        failure = error
    text = well_formed(text or text_of_html(told)[1])
    if not text.strip():
        raise failure
    title = well_formed(str(entry.get("title", "")))
    return Document(
        name, text, title, well_formed(source), name, read_date(published) if published else None
    )


def main_text(page: bytes, declared: str = "") -> str:
    """Return the article of a page without its menus, by the encoding that it is written in.

    Parameters
    ----------
    page
        The page as it came.
    declared
        The encoding that the server named.

    """
    import trafilatura

    told = decoded_page(page, declared)
    return str(
        trafilatura.extract(
            page if told is None else told, include_comments=False, include_tables=False
        )
        or ""
    )
