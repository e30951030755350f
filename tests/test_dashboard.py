from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from geomap.case import Case
from geomap.export import csv_text, write_geopackage
from geomap.filters import Filter, filtered
from geomap.marks import pieces
from geomap.model import Document

ROOT = Path(__file__).parents[1]
AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PAGES = ("", "sources", "read", "flows", "regions", "export", "about")
HOSTILE = (
    "<script>window.hit=true</script> Some 4,000 people fled <img src=x onerror=window.hit=true>"
    " Goma ${window.hit=true} for Bukavu on Tuesday, `code` **bold**"
    " [link](javascript:window.hit=true) \u202eevil\u2069 said. Shelling hit Goma on Tuesday and"
    " killed 12 people </article></script><svg onload=window.hit=true>. $x^2$ :material/map:"
    " :red[red]"
)


# Filters, marks and files, without a browser


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    with Case.create(tmp_path_factory.mktemp("case") / "case.gpkg") as case:
        import datetime as dt

        case.add(
            [
                Document(
                    "a",
                    "Shelling hit Kharkiv on Monday and killed 4 people, officials said.",
                    source="Daily",
                    published=dt.date(2024, 1, 3),
                ),
                Document(
                    "b",
                    "A total of 5,000 people had fled Goma for Bukavu by Tuesday, the United"
                    " Nations said.",
                    source="Wire",
                    published=dt.date(2024, 2, 7),
                ),
            ]
        )
        return case.frames()


@pytest.mark.parametrize(
    ("wanted", "events", "movements"),
    [
        (Filter(), 1, 1),
        (Filter(types=("explosion",)), 1, 0),
        (Filter(types=("displacement",)), 0, 1),
        (Filter(place="khark"), 1, 0),
        (Filter(place="bukavu"), 0, 1),
        (Filter(source="wire"), 0, 1),
        (Filter(who="united"), 0, 1),
        (Filter(statuses=("planned",)), 0, 0),
        (Filter(precisions=("settlement",)), 1, 1),
        (Filter(score=1.0), 0, 0),
        (Filter(start=__import__("datetime").date(2024, 2, 1)), 0, 1),
        (Filter(end=__import__("datetime").date(2024, 1, 31)), 1, 0),
    ],
)
def test_a_filter_acts_on_all_layers(layers, wanted, events, movements):
    left = filtered(layers, wanted)
    assert (len(left["events"]), len(left["movements"])) == (events, movements)
    assert set(left["event_areas"]["id"].str.removesuffix("/area")) <= set(left["events"]["id"])


def test_pieces_of_a_text_give_it_back_and_know_what_they_are(seed):
    found = pieces(seed)
    assert "".join(p.text for p in found) == seed.document.text
    assert {m.kind for p in found for m in p.marks} == {
        "place",
        "figure",
        "date",
        "event",
        "movement",
    }
    assert any(
        p.text == "2,900" and {m.kind for m in p.marks} >= {"figure", "movement"} for p in found
    )


def test_a_csv_cell_runs_no_formula_and_a_geopackage_is_read_back(layers, tmp_path):
    import pyogrio

    events = layers["events"].copy()
    events["claimed_by"] = "=HYPERLINK(1)"
    assert "'=HYPERLINK(1)" in csv_text(events)
    assert "lon,lat" in csv_text(events).split("\n")[0]
    path = write_geopackage(layers, tmp_path / "layers.gpkg")
    assert len(pyogrio.read_dataframe(path, layer="movements")) == 1


# Every page, without a browser


@pytest.fixture
def app():
    testing = pytest.importorskip("streamlit.testing.v1")
    return testing.AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)


@pytest.mark.filterwarnings("ignore")
def test_it_opens_on_the_seed(app):
    app.run()
    assert not app.exception
    assert [m.value for m in app.metric] == ["7", "2", "1", "4"]
    assert len(app.dataframe) == 3


def one_page(name: str) -> None:
    from importlib import import_module

    import_module(f"geomap.pages.{name}").page()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["map", "sources", "read", "flows", "regions", "export", "about"])
@pytest.mark.parametrize("empty", ["", "1"])
def test_every_page_runs_with_and_without_texts_and_quickly_the_second_time(
    name, empty, monkeypatch
):
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.setenv("GEOMAP_EMPTY", empty)
    page = testing.AppTest.from_function(one_page, kwargs={"name": name}, default_timeout=120)
    page.run()
    assert not page.exception
    page.run()
    assert not page.exception
    if empty:
        assert name not in {"map", "read"} or page.info


@pytest.mark.filterwarnings("ignore")
def test_a_pasted_text_is_read_and_a_text_without_places_says_so():
    testing = pytest.importorskip("streamlit.testing.v1")
    page = testing.AppTest.from_function(one_page, kwargs={"name": "sources"}, default_timeout=120)
    page.run()
    page.text_area[0].set_value("Nothing happened anywhere at all.")
    page.button[0].click().run()
    assert not page.exception
    assert "1 added" in page.success[0].value
    assert any("no place is named" in i.value for i in page.info)
    page.text_area[0].set_value(
        "Des milliers de personnes ont fui la ville de Goma mardi, selon les autorités du pays, et"
        " la route vers le sud est fermée."
    )
    page.button[0].click().run()
    assert any("reads English" in w.value for w in page.warning)


# In a browser


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "geomap", "dashboard", "--headless", "--port", str(port)],
        cwd=tmp_path_factory.mktemp("served"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    for _ in range(240):
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/_stcore/health", timeout=1
            ) as answer:
                if answer.read() == b"ok":
                    break
        except OSError:
            time.sleep(0.5)
    yield process, port
    if process.poll() is None:
        # Not killed, for then it could not remove its unsaved cases.
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def visit(server, browser):
    """Open a page of the dashboard; whatever asks another host or breaks fails the test."""
    _, port = server
    opened = []

    def go(path: str = "", **context):
        page = browser.new_page(**{"viewport": {"width": 1440, "height": 1000}, **context})
        page.set_default_timeout(60_000)
        asked: list[str] = []
        errors: list[str] = []
        own = (f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "data:", "blob:", "about:")
        page.on("request", lambda r: asked.append(r.url) if not r.url.startswith(own) else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        opened.append((page, asked, errors))
        page.goto(f"http://127.0.0.1:{port}/{path}")
        settled(page)
        return page

    yield go
    for page, asked, errors in opened:
        page.close()
        assert (asked, errors) == ([], [])


def settled(page) -> None:
    page.wait_for_selector("[data-testid=stMain]")
    # The policy of the page forbids what Playwright would evaluate again and again.
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def first_metric(page, value: str) -> None:
    page.get_by_test_id("stMetricValue").first.get_by_text(value, exact=True).wait_for()


def frame_of(page):
    frame = page.frame_locator("iframe[title^='Map of events']")
    frame.locator("[data-drawn]").wait_for()
    return frame


def paste(page, text: str, title: str = "") -> None:
    page.get_by_role("link", name="Sources").click()
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_label("Headline").fill(title)
    page.get_by_role("button", name="Add", exact=True).first.click()
    page.get_by_text("1 added").wait_for()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_asks_another_host_and_none_is_hard_to_use(visit, path, scheme):
    page = visit(path, color_scheme=scheme)
    page.wait_for_timeout(500)
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    serious = [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"} and any(OURS(n) for n in v["nodes"])
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def OURS(node: dict) -> bool:  # noqa: N802
    """Tell whether a node is ours and not a widget's inner part, which Streamlit draws."""
    return (
        "stDataFrameGlideDataEditor" not in node["html"]
        and "glide" not in str(node["target"])
        and "data-baseweb" not in node["html"]
    )


def test_the_map_page_itself_is_easy_to_use(browser, tmp_path, seed):
    from geomap.maps import to_html

    for theme in ("light", "dark"):
        path = tmp_path / f"{theme}.html"
        path.write_text(to_html(seed, theme=theme), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_selector(".gm-mark", state="attached")
        page.locator('.gm-mark[aria-label*="2,900"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".gm-card")
        page.wait_for_timeout(400)  # the card fades in
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [
            f"{v['id']}: {v['nodes'][0]['html'][:300]}"
            for v in found["violations"]
            if v["impact"] in {"serious", "critical"}
        ] == []
        page.close()


def test_a_mark_is_clicked_and_its_record_stands_beside_the_map(visit):
    page = visit()
    mark = frame_of(page).locator('.gm-mark[aria-label*="2,900"]')
    mark.wait_for(state="attached")
    mark.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Put right").wait_for()
    assert page.get_by_text("More than 2,900 persons had entered Armenia").count() >= 1


def test_a_row_picked_in_the_table_is_opened_on_the_map(visit):
    page = visit()
    frame = frame_of(page)
    # The table is a canvas; its first column holds the boxes that pick a row.
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 55})
    frame.locator(".gm-card blockquote").first.wait_for()
    page.get_by_text("Put right").wait_for()


def test_a_filter_is_in_the_address_and_an_address_is_a_filter(visit):
    page = visit("?place=Baku&types=diplomacy")
    frame_of(page)
    assert page.get_by_label("Place", exact=True).input_value() == "Baku"
    assert page.locator("[data-testid=stMetricValue]").all_inner_texts()[1:3] == ["0", "0"]
    page.get_by_label("Place", exact=True).fill("Goris")
    page.get_by_label("Place", exact=True).press("Enter")
    page.wait_for_url("**place=Goris**")
    page.get_by_text("Nothing to show").wait_for()


def test_files_are_uploaded_and_what_fails_is_told(visit, tmp_path):
    page = visit("sources")
    page.get_by_role("tab", name="Upload files").click()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as told:
        told.writestr("one.txt", "Shelling hit Kharkiv on Monday.")
        told.writestr("two.bin", "x")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as told:
        told.writestr("huge.txt", "0" * 60_000_000)
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "pack.zip", "mimeType": "application/zip", "buffer": archive.getvalue()},
            {"name": "bomb.zip", "mimeType": "application/zip", "buffer": bomb.getvalue()},
            {
                "name": "page.html",
                "mimeType": "text/html",
                "buffer": b"<title>T</title><p>Protesters marched through Aleppo on Monday.",
            },
            {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 nothing"},
        ]
    )
    page.get_by_text("broken.pdf").first.wait_for()
    page.get_by_role("button", name="Add", exact=True).last.click()
    page.get_by_text("2 added").wait_for()
    body = page.inner_text("[data-testid=stMain]")
    assert "bomb.zip: it would unpack to" in body
    assert "broken.pdf: it cannot be read" in body
    assert "files of kind '.bin' in an archive are not read" in body
    assert "Traceback" not in body


def test_hostile_text_runs_nowhere(visit):
    page = visit()
    paste(page, HOSTILE, "<img src=x onerror=window.hit=true> $a$ **b** " + "N" * 5000)
    for name in ("Map", "Read", "Flows", "Regions", "Export", "About", "Sources"):
        page.get_by_role("link", name=name, exact=True).click()
        settled(page)
        page.wait_for_timeout(400)
        assert page.evaluate("window.hit") is None
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.get_by_role("link", name="Map", exact=True).click()
    mark = frame_of(page).locator('.gm-mark[aria-label*="4,000"]')
    mark.wait_for(state="attached")
    mark.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Put right").wait_for()
    assert page.evaluate("window.hit") is None
    assert frame_of(page).locator("body").evaluate("() => window.hit") is None


def test_a_place_is_put_right_the_map_follows_and_undo_takes_it_back(visit):
    page = visit()
    paste(
        page,
        "Shelling hit Tripoli on Monday and killed 12 people, officials said.",
        "Tripoli shelled",
    )
    page.get_by_role("link", name="Read").click()
    page.get_by_role("combobox", name="Article").click()
    page.get_by_role("option", name=re.compile("Tripoli shelled")).click()
    page.locator("article [role=button]", has_text="Tripoli").focus()
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("Tripoli.*Lebanon")).first.click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("1 correction").wait_for()
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_label("Place", exact=True).fill("LBN")
    page.get_by_label("Place", exact=True).press("Enter")
    first_metric(page, "1")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("0 corrections").wait_for()
    first_metric(page, "0")


def test_two_readers_share_nothing(visit):
    one, other = visit(), visit()
    paste(one, "Some 700 people fled Goma for Bukavu on Tuesday.", "only for one")
    other.reload()
    settled(other)
    other.get_by_role("link", name="Sources").click()
    other.get_by_text("In this case: 1").wait_for()
    assert "only for one" not in other.inner_text("body")


def test_what_is_filtered_is_what_is_downloaded(visit):
    page = visit("export?types=displacement")
    page.get_by_text("Layer by layer").wait_for()
    settled(page)
    page.wait_for_timeout(1000)  # a row that still moves is missed by a click
    with page.expect_download() as told:
        page.get_by_role("button", name="GeoJSON").nth(2).click()
    assert told.value.suggested_filename == "movements.geojson"
    movements = json.loads(Path(told.value.path()).read_text(encoding="utf-8"))
    with page.expect_download() as told:
        page.get_by_role("button", name="GeoJSON").nth(0).click()
    events = json.loads(Path(told.value.path()).read_text(encoding="utf-8"))
    assert (len(movements["features"]), len(events["features"])) == (3, 0)
    with page.expect_download() as told:
        page.get_by_role("button", name="Map (HTML)").click()
    assert "geomapDraw" in Path(told.value.path()).read_text(encoding="utf-8")


def test_a_phone_shows_every_page_without_sideways_scrolling(visit):
    page = visit("", viewport={"width": 390, "height": 800})
    for path in PAGES:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/" + path)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


def test_a_case_that_is_none_is_refused_in_words(visit, tmp_path):
    (tmp_path / "bad.gpkg").write_text("hello", encoding="utf-8")
    page = visit("sources")
    page.get_by_role("tab", name="Open or save a case").click()
    page.get_by_label("Case file on this machine").fill(str(tmp_path / "bad.gpkg"))
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("is no GeoPackage").wait_for()
    page.get_by_label("Case file on this machine").fill(str(tmp_path / "new.gpkg"))
    page.get_by_role("button", name="Make new").click()
    page.get_by_text("0 documents").wait_for()
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_text("Nothing to show").wait_for()


def test_it_serves_this_machine_only_and_stops_on_sigterm(server):
    process, port = server
    listening = subprocess.run(
        ["sh", "-c", f"cat /proc/net/tcp | awk '{{print $2}}' | grep -i ':{port:04X}$'"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert all(
        address.startswith("0100007F")
        for address in listening
        if not address.startswith("0000000000")
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in {0, -signal.SIGTERM}
