"""Nothing of a text runs anywhere: in the map, its export, or a page of the dashboard."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from html import escape
from pathlib import Path

import canary
import pytest
from test_dashboard import PAGES, frame_of, server, settled  # noqa: F401

import geomap
from geomap.case import Case
from geomap.gazetteer import Gazetteer, build
from geomap.geoparser import Geoparser
from geomap.maps import to_html


@pytest.fixture
def watched(browser):
    """Give pages that fail when anything ran, was blocked, or was asked of another host."""
    opened = []

    def new(**context):
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, **context)
        page.set_default_timeout(60_000)
        wrong: list[str] = []
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("dialog", lambda d: wrong.append(d.message))
        page.on(
            "console",
            lambda m: wrong.append(m.text) if "Content Security Policy" in m.text else None,
        )
        page.on("request", lambda r: wrong.append(r.url) if "evil" in r.url else None)
        opened.append((page, wrong))
        return page

    yield new
    for page, wrong in opened:
        assert wrong == []
        for frame in page.frames:
            assert frame.evaluate("typeof window.hit") == "undefined"
        page.close()


def seen_text(text: str) -> str:
    """Return text as it is seen, without what nobody sees."""
    return " ".join(text.replace("\u2060", "").split())


def made_of_words(page) -> int:
    """Return how many links and pictures a page of the dashboard made of such words."""
    wrong = (
        "a[href*=evil],a[href^=javascript],img[src*=evil],iframe[src],.katex,[data-testid=stIcon]"
    )
    return page.locator(f"[data-testid=stMain] :is({wrong})").count()


def every_card(page) -> str:
    """Open each mark and the list of a map, and return the words of all cards."""
    page.locator("summary", has_text="List").click()
    told = []
    for mark in page.locator(".gm-mark").all():
        mark.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".gm-card blockquote")
        told.append(page.inner_text(".leaflet-popup-content"))
        page.mouse.move(640, 300)
    return "\n".join(told)


@pytest.mark.parametrize("first", [1, 9])
def test_a_map_shows_hostile_words_of_every_field_and_runs_none(
    first, watched, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    told, fields = canary.parsed(first)
    assert fields == canary.fields()
    title = canary.CANARIES[first]
    (tmp_path / "map.html").write_text(to_html(told, title=title), encoding="utf-8")
    page = watched()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".gm-mark", state="attached")
    assert page.title() == " ".join(title.split())
    shown = seen_text(every_card(page))
    records = [r for p in told for r in (*p.events, *p.movements)]
    assert sum(seen_text(r.evidence[0].text) in shown for r in records) >= 3
    assert "49" not in page.title()
    assert all(re.match(r"(file|data):", url) for url in asked)
    assert page.locator(".gm-card a").count() == 0
    assert not (tmp_path / "TOUCHED").exists()


def test_hostile_names_of_a_users_gazetteer_and_of_a_feed_are_words_too(
    watched, tmp_path, monkeypatch
):
    feeds = pytest.importorskip("geomap.case.feeds")
    pytest.importorskip("feedparser")
    monkeypatch.chdir(tmp_path)
    evil = canary.CANARIES[12].replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    table = tmp_path / "own.csv"
    name = canary.CANARIES[3].replace('"', '""')
    table.write_text(f'name,lat,lon,country\n"Zorbatown","36.2","37.1",SY\n"{name}",36.3,37.2,SY\n')
    build.add(table, out=tmp_path / "own")
    feed = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{evil}</title><item>'
        f"<title>{evil}</title><link>http://127.0.0.1/{{% bad</link><description>"
        f"Shelling hit Zorbatown on Monday. {evil}</description></item></channel></rss>"
    )

    def fetched(url: str, **_: object) -> tuple[bytes, str]:
        if "bad" in url:
            raise geomap.errors.FeedError("gone")
        return feed.encode(), "utf-8"

    monkeypatch.setattr(feeds, "fetched", fetched)
    (doc,) = feeds.read_feed("http://127.0.0.1/feed")
    assert "onerror" in doc.title
    gaz = Gazetteer(["bundled", tmp_path / "own"])
    told = Geoparser(gaz).parse(dataclasses.replace(doc, published=dt.date(2024, 1, 3)))
    place = gaz.candidates(canary.CANARIES[3])[0]
    event = told.events[0]
    spoilt = dataclasses.replace(
        event, places=tuple(dataclasses.replace(m, place=place) for m in event.places)
    )
    html = to_html(dataclasses.replace(told, events=(spoilt,)), title=doc.title)
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    page = watched()
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".gm-mark", state="attached")
    assert "window.hit=1" in every_card(page)


def test_seven_pages_show_hostile_words_of_every_field_and_run_none(
    server,  # noqa: F811
    watched,
    tmp_path,
):
    _, port = server
    title, fields = canary.case(tmp_path / "evil.gpkg", first=9)
    assert fields > canary.fields()
    page = watched()
    address = f"http://127.0.0.1:{port}"
    page.goto(f"{address}/sources")
    settled(page)
    page.get_by_role("tab", name="Open or save a case").click()
    page.get_by_label("Case file on this machine").fill(str(tmp_path / "evil.gpkg"))
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("5 documents").wait_for()
    assert seen_text(title) in seen_text(page.inner_text("[data-testid=stMain]"))
    assert made_of_words(page) == 0
    for name in ("Map", "Read", "Flows", "Regions", "Export", "About", "Sources"):
        page.get_by_role("link", name=name, exact=True).click()
        settled(page)
        page.wait_for_timeout(200)
        if name == "Map":
            mark = frame_of(page).locator(".gm-mark").first
            mark.wait_for(state="attached")
            mark.focus()
            page.keyboard.press("Enter")
            page.get_by_text("Put right").wait_for()
        if name == "Read":
            page.locator("article .place").first.click()
            page.get_by_text("Look for another name").wait_for()
            page.get_by_role("combobox", name="Article").click()
            page.get_by_role("option").first.wait_for()
            page.keyboard.press("Escape")
        if name == "Export":
            # What is downloaded is of the case that is open.
            with page.expect_download() as told:
                page.get_by_role("button", name="Corrections").click()
            kept = Path(told.value.path()).read_text(encoding="utf-8")
            assert len(kept.splitlines()) == 2
            with page.expect_download() as told:
                page.get_by_role("button", name="Map (HTML)").click()
            html = Path(told.value.path()).read_text(encoding="utf-8")
            assert escape(title) in html.split("</title>")[0]
        assert made_of_words(page) == 0
        for frame in page.frames:
            assert frame.evaluate("typeof window.hit") == "undefined"
    with Case.open(tmp_path / "evil.gpkg") as case:
        assert case.title == title
    assert not list(Path.cwd().glob("TOUCHED"))
