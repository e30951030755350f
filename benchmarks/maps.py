"""The map against stock folium on the same data in the same run.

Building the page, first paint, a step of time.

python benchmarks/maps.py [--counts 10000 100000]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geomap import parse
from geomap.frames import EVENT_MARKS, SCHEMA, to_frame
from geomap.maps import to_html
from geomap.model import Document

WORDS = (
    "residents officials shelling convoy hospital market district bridge police soldiers morning"
    " evening families road northern southern reported confirmed wounded damaged closed opened told"
    " according provincial authorities".split()
)

# Stock folium's canvas stands and its map holds the circles.
_STOCK_DRAWN = (
    "document.querySelector(`canvas.leaflet-zoom-animated`) && Object.keys(window).some("
    "k => k.startsWith(`map_`) && window[k]._layers"
    " && Object.keys(window[k]._layers).length > 9000)"
)


def frames(count: int, flows: int) -> dict[str, gpd.GeoDataFrame]:
    """Return made-up layers.

    Points over a war zone, sentences of own words, each event with its own text.
    """
    pick = random.Random(count)
    places = [(f"Town {n}", 30 + pick.random() * 12, 46 + pick.random() * 6) for n in range(600)]
    days = pd.date_range("2023-01-01", periods=700)
    rows = []
    for n in range(count):
        name, lon, lat = pick.choice(places)
        start = pick.choice(days)
        rows.append(
            {
                "id": f"{n:08x}#e1",
                "start": start,
                "end": start,
                "date_precision": "day",
                "date_basis": "explicit",
                "status": "occurred",
                "type": pick.choice(list(EVENT_MARKS)),
                "sub_type": "shelling",
                "place": name,
                "place_id": f"x:{name}",
                "place_kind": "settlement",
                "country": "UKR",
                "admin1": "",
                "precision": "settlement",
                "uncertainty_km": 2.0,
                "place_text": name,
                "alternatives": "",
                "actors": "",
                "fatalities": pick.choice([None, None, 1, 3, 12]),
                "other_places": "",
                "claimed_by": "officials",
                "score": round(pick.random(), 2),
                "sentence": f"On {start:%A} {' '.join(pick.choices(WORDS, k=14))} in {name}.",
                "sentence_start": 0,
                "sentence_end": 90,
                "doc_id": f"{n:08x}",
                "title": "",
                "source": f"Paper {n % 40}",
                "url": "",
                "published": f"{start:%Y-%m-%d}",
                "sources": 1,
                "conflict": "",
                "also_said": "",
                "lon": lon + pick.gauss(0, 0.03),
                "lat": lat + pick.gauss(0, 0.03),
            }
        )
    data = pd.DataFrame(rows)
    events = gpd.GeoDataFrame(
        data.reindex(columns=SCHEMA["events"]),
        geometry=gpd.points_from_xy(data["lon"], data["lat"]),
        crs="EPSG:4326",
    )
    for column in ("fatalities", "fatalities_min", "fatalities_max", "sources"):
        events[column] = events[column].astype("Int64")
    for column in events.columns[events.isna().all()]:
        events[column] = events[column] if column.startswith("fatalities") else ""
    moves = []
    for n in range(flows):
        a, b = pick.sample(places, 2)
        moves.append(
            {
                **dict.fromkeys(SCHEMA["movements"], ""),
                "id": f"{n:08x}#m1",
                "start": days[n],
                "end": days[n],
                "status": "occurred",
                "kind": "displacement",
                "origin": a[0],
                "destination": b[0],
                "origin_points": f"{a[1]} {a[2]}",
                "destination_points": f"{b[1]} {b[2]}",
                "quantity": n * 10 + 5,
                "quantity_min": n * 10 + 5,
                "quantity_max": n * 10 + 5,
                "quantifier": "exact",
                "unit": "person",
                "measure": "new",
                "sentence": f"{n * 10 + 5} people fled {a[0]} for {b[0]}.",
                "score": 0.9,
                "sources": 1,
                "increment": None,
                "sentence_start": 0,
                "sentence_end": 40,
                "helix_role": "RECOMMENDED",
            }
        )
    return {
        "events": events,
        "event_areas": to_frame("event_areas", []),
        "movements": to_frame("movements", [(m, None) for m in moves]),
        "places": to_frame("places", []),
    }


def stock(events: gpd.GeoDataFrame) -> str:
    """Return folium's own map of the same points.

    One CircleMarker each on a canvas, with the sentence in a popup.
    """
    import folium

    page = folium.Map(location=(49, 36), zoom_start=6, tiles=None, prefer_canvas=True)
    for lat, lon, text in zip(
        events.geometry.y, events.geometry.x, events["sentence"], strict=True
    ):
        folium.CircleMarker((lat, lon), radius=5, popup=text).add_to(page)
    return page.get_root().render()


def painted(browser, path: Path, ready: str) -> float:
    """Return seconds from opening a page until `ready` holds and the next frame is drawn.

    The best of three.
    """
    times = []
    for _ in range(3):
        # The page's policy forbids what Playwright evaluates again and again.
        page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
        page.route(
            "**/*",
            lambda route: (
                route.continue_()
                if route.request.url.startswith(("file:", "data:"))
                else route.abort()
            ),
        )
        start = time.perf_counter()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_function(ready, polling=10, timeout=120_000)
        page.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        times.append(time.perf_counter() - start)
        page.close()
    return min(times)


def offline(html: str) -> str:
    """Return folium's page with the vendored Leaflet in place of the links it cannot load here."""
    import re

    from geomap.page import asset

    html = re.sub(
        r"<script src=\"[^\"]*\"></script>|<link rel=\"stylesheet\" href=\"[^\"]*\"/>", "", html
    )
    return html.replace(
        "<head>",
        f"<head><style>{asset('leaflet.css')}</style><script>{asset('leaflet.js')}\n"
        f"window.$=function(h){{var"
        " d=document.createElement('div');d.innerHTML=h;return [d.firstChild];}</script>",
        1,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--counts", type=int, nargs="*", default=[10_000, 100_000])
    given = options.parse_args()
    to_html(parse(Document("warm", "Shelling hit Kharkiv on Monday."), published="2024-01-02"))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        pages = {}
        for count in given.counts:
            layers = frames(count, 500)
            start = time.process_time()
            html = to_html(layers)
            took = time.process_time() - start
            path = Path(folder) / f"ours{count}.html"
            path.write_text(html, encoding="utf-8")
            pages[count] = path
            print(
                f"{count:,} events and 500 flows: page built in {took:.2f} CPU s,"
                f" {len(html.encode()) / 1e6:.1f} MB"
            )
            if count == given.counts[0]:
                start = time.process_time()
                theirs = stock(layers["events"])
                other = time.process_time() - start
                (Path(folder) / "stock.html").write_text(offline(theirs), encoding="utf-8")
                print(
                    f"stock folium, {count:,} CircleMarkers: {other:.2f} CPU s,"
                    f" {len(theirs.encode()) / 1e6:.1f} MB; ours takes {took / other:.2f} of that"
                )
        if chromium is None:
            print("no Chromium here: paint is not measured")
            return
        from playwright.sync_api import sync_playwright

        with sync_playwright() as running:
            browser = running.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            first = None
            for count, path in pages.items():
                paint = painted(
                    browser,
                    path,
                    "document.querySelector('[data-drawn]') && geomapPage.marks() > 0",
                )
                first = first or paint
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(path.as_uri())
                page.wait_for_selector("[data-drawn]")
                step = page.evaluate(
                    "(() => { var s = geomapPage.span, times = []; for (var k = 0; k < 20; k++) {"
                    " var t = performance.now(); geomapPage.go(s[0] + k * 30, ['window',"
                    " 'cumulative', 'instant'][k % 3]); times.push(performance.now() - t); }"
                    " times.sort((a, b) => a - b); return [times[10], times[19]]; })()"
                )
                print(
                    f"{count:,}: first paint {paint:.2f} s ({paint / first:.1f} times the first), a"
                    f" step of time {step[0]:.0f} ms (median), {step[1]:.0f} ms (longest)"
                )
                page.close()
            print(
                "stock folium: first paint"
                f" {painted(browser, Path(folder) / 'stock.html', _STOCK_DRAWN):.2f} s"
            )
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
