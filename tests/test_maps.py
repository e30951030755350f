from __future__ import annotations

import geomap
from geomap.model import Parsed

HOSTILE = 'Some 4,000 people fled <img src=x onerror="window.hit=1"> Goma ${window.hit=2} </script><script>window.hit=3</script> for Bukavu on Tuesday after 30 people were killed in Goma {{ 7*7 }} {% endraw %}.'


def test_the_page_names_no_other_host_as_a_source(seed: Parsed):
    page = geomap.to_html(seed)
    assert "cdn" not in page
    assert '<link rel="stylesheet"' not in page
    assert "<script src" not in page


def watch(page, url_start: str = "file:") -> list[str]:
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if not r.url.startswith((url_start, "data:", "blob:")) else None)
    return asked


def test_the_map_asks_no_other_host_and_shows_the_evidence(seed: Parsed, browser, tmp_path):
    path = tmp_path / "map.html"
    path.write_text(geomap.to_html(seed), encoding="utf-8")
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    asked = watch(page)
    page.goto(path.as_uri())
    page.wait_for_selector(".gm-flow")
    assert "about 120,000 people (expected)" in page.inner_text("body")
    page.locator(".gm-mark[role=button]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".gm-card blockquote")
    assert asked == []
    assert errors == []
    page.close()


def test_hostile_text_is_shown_and_never_run(browser, tmp_path):
    parsed = geomap.parse(geomap.Document("hostile", HOSTILE, title="</title><script>window.hit=4</script>", source="<b onclick=1>"), published="2024-05-15")
    assert parsed.movements
    path = tmp_path / "map.html"
    path.write_text(geomap.to_html(parsed, title=parsed.document.title), encoding="utf-8")
    page = browser.new_page()
    asked = watch(page)
    page.goto(path.as_uri())
    page.wait_for_selector(".gm-mark")
    for mark in page.locator(".gm-mark[role=button]").all():
        mark.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".gm-card blockquote")
    assert "${window.hit=2}" in page.inner_text(".gm-card")
    assert page.evaluate("window.hit") is None
    assert asked == []
    page.close()


def test_a_text_without_places_gives_a_map_of_the_world():
    assert "geomapDraw" in geomap.to_html(geomap.parse("Nothing happened."))
