from __future__ import annotations

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from geomap.case import Case
from geomap.case.feeds import read_feed
from geomap.case.web import fetched
from geomap.errors import DocumentError, FeedError
from geomap.geoparser import Geoparser

pytest.importorskip("feedparser", reason="the extra 'feeds' is not installed")
pytest.importorskip("trafilatura", reason="the extra 'feeds' is not installed")

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Valley News</title>
<item><title>Shelling</title><link>/one</link><pubDate>Tue, 05 Mar 2024 10:00:00 GMT</pubDate>
<description>short</description></item>
<item><title>Gone</title><link>/missing</link><description></description></item>
<item><title>Elsewhere</title><link>file:///etc/hostname</link>
<description>&lt;p&gt;Protesters marched through Aleppo.&lt;/p&gt;</description></item>
</channel></rss>"""
PAGE = (
    "<html><head><title>x</title></head><body><nav>Menu Menu</nav><article><h1>Shelling</h1>"
    + "<p>Shelling hit Homs on Monday and killed four people, the hospital said. Residents spent"
    " the night in cellars while the road stayed shut.</p>" * 2 + "</article></body></html>"
)


ITEM = (
    "<item><title>{}</title><link>{}</link><pubDate>{}</pubDate>"
    "<description>{}</description></item>"
)
MANY = "<rss version='2.0'><channel><title>Many</title>{}</channel></rss>".format(
    "".join(ITEM.format(n, f"/missing/{n}", "", f"People fled Goma {n}.") for n in range(9))
)
DAY = "Tue, 05 Mar 2024 10:00:00 GMT"
ODD = "<rss version='2.0'><channel><title>Odd</title>{}</channel></rss>".format(
    ITEM.format("bad", "http://[::1", DAY, "")
    + ITEM.format("old", "/one", "0001-01-01T00:00:00Z", "")
    + ITEM.format("latin", "/latin", DAY, "")
    + ITEM.format("again", "/latin", DAY, "")
    + ITEM.format("bare", "", DAY, "People fled Goma.")
)


DEAD = "<rss version='2.0'><channel><title>Dead</title>{}</channel></rss>".format(
    "".join(ITEM.format(n, n, DAY, "") for n in ("/missing", "/missing2", "/one"))
)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        routes = {
            "/feed": FEED,
            "/one": PAGE,
            "/text": "no feed at all",
            "/empty": "",
            "/odd": ODD,
            "/many": MANY,
            "/dead": DEAD,
            "/bomb": (
                '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "'
                + "x" * 1000
                + '">'
                + "".join(f'<!ENTITY c{n} "{"&b;" * 50}">' for n in range(50))
                + "]><rss><channel><title>&c1;</title>"
            ),
        }
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "ftp://example.org/x")
            self.end_headers()
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        elif self.path == "/huge":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 200_000)
        elif self.path == "/drip":
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
            for _ in range(60):
                time.sleep(0.05)
                self.wfile.write(b"x")
                self.wfile.flush()
        elif self.path == "/latin":
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=windows-1252")
            self.end_headers()
            text = "Près de 4 000 personnes ont fui Béni après l\u2019attaque. " * 4
            self.wfile.write(f"<html><body><p>{text}</p></body></html>".encode("cp1252"))
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                time.sleep(0.1)
                self.wfile.write(b"x")
                self.wfile.flush()
        elif self.path in routes:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(routes[self.path].encode())
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_feed_gives_its_articles_without_menus_and_says_what_it_could_not_read(site):
    found = list(read_feed(f"{site}/feed", allow_private=True))
    first = found[0]
    assert (first.title, first.source, first.url, str(first.published)[:10]) == (
        "Shelling",
        "Valley News",
        f"{site}/one",
        "2024-03-05",
    )
    assert "killed four people" in first.text
    assert "Menu" not in first.text
    assert isinstance(found[1], DocumentError)
    # A link to a file of this machine is never followed; what the feed itself says is read.
    assert found[2].text.strip() == "Protesters marched through Aleppo."


def test_a_case_adds_what_is_new_in_a_feed_once(site, tmp_path, gaz):
    with Case.create(tmp_path / "case.gpkg", geoparser=Geoparser(gaz)) as case:
        assert len(case.add_feed(f"{site}/feed", allow_private=True).new) == 2
        assert case.add_feed(f"{site}/feed", allow_private=True).new == []
        assert [url.rpartition("/")[2] for url, _ in case.failures()] == ["missing"]
        with pytest.raises(FeedError, match="private address"):
            case.add_feed(f"{site}/feed")
        assert case.info()["documents"] == 2


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/elsewhere", "no http or https"),
        ("/round", "cannot be read"),
        ("/missing", "404"),
        ("/text", "no feed"),
        ("/bomb", "no feed"),
        ("/empty", "no feed"),
    ],
)
def test_a_feed_that_leads_astray_is_refused(site, path, told):
    with pytest.raises(FeedError, match=told):
        list(read_feed(site + path, allow_private=True))


def test_size_and_time_are_bounded(site):
    with pytest.raises(FeedError, match="more than 100,000 bytes"):
        fetched(f"{site}/huge", allow_private=True, largest=100_000)
    with pytest.raises(FeedError, match=r"took longer than 0\.5 s"):
        fetched(f"{site}/slow", allow_private=True, longest_s=0.5)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hostname", "ftp://example.org", "gopher://x", "javascript:1", "", "http://"],
)
def test_other_schemes_are_refused(url):
    with pytest.raises(FeedError, match="no http or https"):
        fetched(url)


def test_a_header_that_drips_ends_with_the_time_for_the_whole_exchange(site):
    since, before = time.monotonic(), threading.active_count()
    with pytest.raises(FeedError, match=r"took longer than 0\.4 s"):
        fetched(f"{site}/drip", allow_private=True, longest_s=0.4)
    assert time.monotonic() - since < 1.5
    # The thread that waited hangs up and ends long before the page would.
    until = time.monotonic() + 1.5
    while threading.active_count() > before + 1 and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() <= before + 1  # the server's own thread drips on


def test_a_feed_whose_body_is_a_path_opens_no_file_of_this_machine(site, tmp_path, monkeypatch):
    local = tmp_path / "local.xml"
    local.write_text(FEED, encoding="utf-8")
    monkeypatch.setattr("geomap.case.feeds.fetched", lambda *_, **__: (str(local).encode(), ""))
    with pytest.raises(FeedError, match="no feed"):
        list(read_feed(f"{site}/feed", allow_private=True))


def test_a_bad_entry_costs_itself_and_a_page_keeps_its_letters(site):
    bad, old, latin, bare = read_feed(f"{site}/odd", allow_private=True)
    assert str(bad) == f"{site}/odd#1: it has no text"
    assert (bare.id, bare.text) == (f"{site}/odd#5", "People fled Goma.")
    assert "within the years 1000 to 2999" in str(old)
    assert latin.text.startswith("Près de 4 000 personnes ont fui Béni après l\u2019attaque.")


def test_what_one_call_does_not_read_of_a_feed_is_told_and_read_by_the_next(site, monkeypatch):
    monkeypatch.setattr("geomap.case.feeds.MOST_ENTRIES", 4)
    read: list[str] = []
    for count in (4, 4, 1):
        found = list(read_feed(f"{site}/many", known=read.__contains__, allow_private=True))
        texts = [d for d in found if not isinstance(d, DocumentError)]
        assert len(texts) == count
        read += [d.id for d in texts]
        if count == 4:
            assert "4 of the 9 articles that it names were read now" in str(found[-1])
    monkeypatch.setattr("geomap.case.feeds.LONGEST_FEED_S", -1)
    (late,) = read_feed(f"{site}/many", allow_private=True)
    assert "0 of the 9 articles" in str(late)


def test_dead_addresses_keep_nobody_from_the_articles_behind_them(site, tmp_path, gaz, monkeypatch):
    monkeypatch.setattr("geomap.case.feeds.MOST_ENTRIES", 2)
    read = []
    with Case.create(tmp_path / "case.gpkg", geoparser=Geoparser(gaz)) as case:
        for _ in range(3):
            read.append(len(case.add_feed(f"{site}/dead", allow_private=True).new))
        assert read == [0, 1, 0]
        # And the dead ones are tried again, for they may be back.
        assert {url.rpartition("/")[2] for url, _ in case.failures()} >= {"missing", "missing2"}


def test_a_fetch_that_hangs_keeps_no_process_from_ending(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def hangs(*_):
        begun.set()
        go_on.wait(20)
        raise OSError("late")

    monkeypatch.setattr("geomap.case.web._read", hangs)
    with pytest.raises(FeedError, match="took longer"):
        fetched("http://example.org/", longest_s=0.1)
    assert begun.is_set()
    assert all(t.daemon for t in threading.enumerate() if t.name == "geomap-fetch")
    go_on.set()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999/", "http://[::1", "http://a b/", "http://ü..x/"]
)
def test_an_address_that_is_none_is_an_error_of_ours(url):
    with pytest.raises(FeedError, match=re.escape(url)):
        fetched(url, allow_private=True, longest_s=5)
