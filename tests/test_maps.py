from __future__ import annotations

import datetime as dt

import pytest

import geomap
from geomap.case import Case
from geomap.frames import to_frames
from geomap.maps import to_html
from geomap.model import Parsed

HOSTILE = (
    'Some 4,000 people fled <img src=x onerror="window.hit=1"> Goma ${window.hit=2}'
    " </script><script>window.hit=3</script> for Bukavu on Tuesday after 30 people were killed in"
    " Goma {{ 7*7 }} {% endraw %}."
)
RTL = "\u202e\u2066evil\u2069"


def test_the_page_names_no_other_host_as_a_source(seed: Parsed):
    page = geomap.to_html(seed)
    assert "cdn" not in page
    assert '<link rel="stylesheet"' not in page
    assert "<script src" not in page


def test_the_same_input_gives_the_same_bytes(seed: Parsed):
    assert geomap.to_html(seed) == geomap.to_html(to_frames(seed))


def test_tiles_are_drawn_only_when_asked_for_by_a_known_name(seed: Parsed):
    assert "tile.openstreetmap" not in geomap.to_html(seed)
    assert "tile.openstreetmap" in geomap.to_html(seed, tiles="OpenStreetMap.Mapnik")
    with pytest.raises(geomap.OptionError, match="xyzservices"):
        geomap.to_html(seed, tiles="Nowhere.Nothing")
    with pytest.raises(geomap.OptionError, match="theme"):
        geomap.to_html(seed, theme="blue")


def watch(page, url_start: str = "file:") -> list[str]:
    asked: list[str] = []
    page.on(
        "request",
        lambda r: (
            asked.append(r.url) if not r.url.startswith((url_start, "data:", "blob:")) else None
        ),
    )
    return asked


@pytest.fixture
def shown(browser, tmp_path):
    """Open a page, fail on any error in it or request to another host, and give it back."""
    opened = []

    def show(html: str, **context):
        path = tmp_path / f"map{len(opened)}.html"
        path.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 800}, **context)
        errors: list[str] = []
        page.on("pageerror", lambda e: errors.append(str(e)))
        opened.append((page, watch(page), errors))
        page.goto(path.as_uri())
        page.wait_for_selector("[data-drawn]")
        return page

    yield show
    for page, asked, errors in opened:
        assert (asked, errors) == ([], [])
        page.close()


def test_the_map_shows_the_evidence_by_keyboard_with_the_words_marked(seed: Parsed, shown):
    page = shown(geomap.to_html(seed))
    page.wait_for_selector(".gm-mark", state="attached")
    labels = page.eval_on_selector_all(
        ".gm-mark", "all => all.map(b => b.getAttribute('aria-label'))"
    )
    assert any("about 120,000 people from Nagorno-Karabakh to Armenia" in label for label in labels)
    page.locator('.gm-mark[aria-label*="2,900"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".gm-card blockquote")
    assert "2,900" in page.inner_text(".gm-card mark >> nth=0") + page.inner_text(
        ".gm-card mark >> nth=1"
    ) + page.inner_text(".gm-card")
    assert page.locator(".gm-card mark").count() >= 1


def test_a_click_on_a_mark_opens_its_card(seed: Parsed, shown):
    page = shown(geomap.to_html(seed))
    page.wait_for_selector(".gm-mark", state="attached")
    x, y, _ = page.evaluate("geomapPage.centers()[0]")
    page.mouse.click(x, y)
    page.wait_for_selector(".gm-card")


def test_history_is_off_the_map_until_it_is_asked_for(seed: Parsed, shown):
    page = shown(geomap.to_html(seed))
    before = page.evaluate("geomapPage.span")
    assert before[0] > 19_000  # days since 1970: 2023
    page.get_by_label("show history and denials").check()
    assert "1917-01-01" in page.inner_text(".gm-time output")


def test_time_is_a_window_cumulative_or_an_instant(shown):
    texts = [
        ("2024-01-03", "Shelling hit Kharkiv on Monday."),
        ("2024-02-07", "Shelling hit Kherson on Monday."),
        ("2024-03-06", "Shelling hit Odesa on Monday."),
    ]
    page = shown(geomap.to_html([geomap.parse(text, published=day) for day, text in texts]))
    first, last = page.evaluate("geomapPage.span")
    counts = {}
    for mode in ("window", "cumulative", "instant"):
        page.evaluate(f"geomapPage.go({last}, '{mode}')")
        counts[mode] = page.evaluate("geomapPage.marks()")
    page.evaluate(f"geomapPage.go({first} + 10, 'instant')")
    assert page.evaluate("geomapPage.marks()") == 0
    assert counts == {"window": 1, "cumulative": 3, "instant": 1}


def test_the_map_follows_the_theme_while_it_is_open(seed: Parsed, shown):
    page = shown(geomap.to_html(seed), color_scheme="light")
    assert page.get_attribute("html", "data-theme") == "light"
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]")
    page = shown(geomap.to_html(seed, theme="dark"), color_scheme="light", reduced_motion="reduce")
    assert page.get_attribute("html", "data-theme") == "dark"


def test_hostile_text_is_shown_and_never_run(shown):
    doc = geomap.Document(
        "hostile",
        f"{HOSTILE} {RTL}",
        title="</title><script>window.hit=4</script>",
        source="<b onclick=1>" + RTL,
        url="javascript:window.hit=5",
    )
    parsed = geomap.parse(doc, published="2024-05-15")
    assert parsed.movements
    page = shown(to_html(parsed, title=doc.title))
    page.wait_for_selector(".gm-mark", state="attached")
    page.locator("summary", has_text="List").click()
    for mark in page.locator(".gm-mark").all():
        mark.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".gm-card blockquote")
    assert "${window.hit=2}" in page.inner_text(".gm-card")
    assert page.locator(".gm-card a").count() == 0
    assert page.evaluate("window.hit") is None


def test_a_name_of_a_megabyte_does_not_break_the_page(seed: Parsed, shown):
    frames = to_frames(seed)
    for name in ("events", "movements"):
        for column in ("sentence", "claimed_by", "title", "source", "also_said"):
            frames[name][column] = "<img src=x onerror=window.hit=1>" * 30_000
    page = shown(to_html(frames))
    page.wait_for_selector(".gm-mark", state="attached")
    page.locator(".gm-mark").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".gm-card")
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_earlier_counts_of_the_same_people_are_listed_and_not_drawn(tmp_path, shown):
    with Case.create(tmp_path / "case.gpkg") as case:
        case.add(
            [
                geomap.Document(
                    str(n),
                    f"As of {day} September, a total of {n:,} people had fled Nagorno-Karabakh for"
                    " Armenia.",
                    published=dt.date(2023, 9, day),
                )
                for n, day in ((2_900, 25), (19_000, 26), (76_407, 28))
            ]
        )
        page = shown(to_html(case))
    page.wait_for_selector(".gm-mark", state="attached")
    flows = page.eval_on_selector_all(
        ".gm-mark",
        "all => all.map(b => b.getAttribute('aria-label')).filter(t => t.includes('people'))",
    )
    assert len(flows) == 1
    assert "76,407" in flows[0]
    page.locator("summary", has_text="List").click()
    page.wait_for_selector(".gm-rows button")
    assert "not counted" in page.inner_text(".gm-rows")
    page.get_by_label("Colour by").select_option("into")
    assert "No colour: no data." in page.inner_text(".gm-key")


def test_many_events_are_packed_gathered_and_opened(shown):
    one = to_frames(
        geomap.parse("Shelling hit Kharkiv on Monday and killed 4 people.", published="2024-01-03")
    )
    import pandas as pd

    events = pd.concat([one["events"]] * 4000, ignore_index=True)
    events["id"] = [f"e{n}" for n in range(len(events))]
    html = to_html({**one, "events": events})
    assert html.count("Shelling hit Kharkiv") == 0
    page = shown(html)
    page.wait_for_selector(".gm-mark", state="attached")
    x, y, n = page.evaluate("geomapPage.centers()[0]")
    assert n == len(events)
    page.mouse.click(x, y)
    page.wait_for_selector(".gm-more")
    page.locator(".gm-more summary").first.click()
    assert "Shelling hit Kharkiv" in page.inner_text(".gm-more >> nth=0")


def test_a_text_without_places_gives_a_map_of_the_world(shown):
    assert shown(geomap.to_html(geomap.parse("Nothing happened."))).locator(".gm-mark").count() == 0
