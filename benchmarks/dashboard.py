"""The dashboard on a case of 10,000 events.

A rerun without change, and a change of the filter, in seconds of Python; then in a browser.

python benchmarks/dashboard.py [--events 10000]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from geomap.case import Case
from geomap.gazetteer import Gazetteer
from geomap.model import (
    Basis,
    DatePrecision,
    Document,
    Event,
    EventType,
    Evidence,
    Kind,
    Mention,
    Movement,
    MovementKind,
    Parsed,
    Quantifier,
    Quantity,
    Unit,
    When,
)


def made(path: Path, count: int, flows: int) -> None:
    """Make a case with that many events and movements, each document with five of them."""
    pick = random.Random(count)
    gaz = Gazetteer()
    towns = [
        p
        for iso in ("UKR", "SYR", "SDN", "COD", "MMR", "AFG")
        for p in sorted(
            gaz.within(gaz.country(iso), kinds=(Kind.SETTLEMENT,)), key=lambda p: -p.population
        )[:120]
    ]
    docs = []
    for n in range(count // 5):
        day = dt.date(2023, 1, 1) + dt.timedelta(days=n % 700)
        told, events, moves, text = Document(f"story {n}", ""), [], [], ""
        for k in range(5):
            place, other = pick.sample(towns, 2)
            sentence = (
                f"Report {n}.{k}: shelling near {place.name} on {day:%d %B %Y} wounded several"
                " people. "
            )
            start = len(text)
            text += sentence
            when = When(day, day, DatePrecision.DAY, Basis.EXPLICIT, "")
            mention = Mention(
                place.name,
                start + sentence.find(place.name),
                start + sentence.find(place.name) + len(place.name),
                place,
            )
            evidence = (Evidence("", start, start + len(sentence), sentence),)
            events.append(
                Event(
                    f"#e{k}",
                    pick.choice(list(EventType)),
                    places=(mention,),
                    when=when,
                    evidence=evidence,
                    score=round(pick.random(), 2),
                )
            )
            if n * 5 + k < flows:
                people = 100 + n * 5 + k
                moves.append(
                    Movement(
                        f"#m{k}",
                        MovementKind.DISPLACEMENT,
                        (mention,),
                        (Mention(other.name, start, start, other),),
                        quantity=Quantity(
                            people, people, people, Quantifier.EXACT, Unit.PERSON, str(people)
                        ),
                        when=when,
                        evidence=evidence,
                        score=0.9,
                    )
                )
        told = Document("", text, f"Story {n}", "wire", "", day)
        docs.append(Parsed(told, (), tuple(events), tuple(moves)))
    with Case.create(path, title="bench") as case:
        case.add_many_parsed(docs)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=10_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.gpkg"
        start = time.perf_counter()
        made(path, given.events, 500)
        print(
            f"case of {given.events:,} events and 500 movements made in"
            f" {time.perf_counter() - start:.0f} s"
        )
        in_python(path)
        in_browser(path)


def in_python(path: Path) -> None:
    os.environ["GEOMAP_CASE"] = str(path)
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(Path(__file__).parents[1] / "dashboard.py"), default_timeout=120)
    for label, act in (
        ("first run", lambda: None),
        ("rerun without change", lambda: None),
        ("rerun without change", lambda: None),
        ("filter change", lambda: app.sidebar.text_input[0].set_value("Kharkiv")),
        ("filter back", lambda: app.sidebar.text_input[0].set_value("")),
    ):
        act()
        start = time.process_time()
        app.run()
        print(
            f"{label}: {time.process_time() - start:.3f} CPU s of Python"
            + (" FAILED" if app.exception else "")
        )


def in_browser(path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium here: the browser is not measured")
        return
    from playwright.sync_api import sync_playwright

    port = 8655
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "geomap",
            "dashboard",
            "--headless",
            "--port",
            str(port),
            "--case",
            str(path),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        with sync_playwright() as running:
            page = running.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            ).new_page(viewport={"width": 1440, "height": 1000})
            start = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/")
            frame = page.frame_locator("iframe[title^='Map of events']")
            frame.locator("[data-drawn]").wait_for(timeout=120_000)
            print(f"first page until the map is drawn: {time.perf_counter() - start:.1f} s")
            for word in ("Kharkiv", "SYR", ""):
                before = frame.locator("[data-drawn]").get_attribute("data-drawn")
                start = time.perf_counter()
                page.get_by_label("Place", exact=True).fill(word)
                page.get_by_label("Place", exact=True).press("Enter")
                while True:
                    try:
                        if (
                            frame.locator("[data-drawn]").get_attribute("data-drawn", timeout=200)
                            != before
                        ):
                            break
                    except Exception:  # noqa: BLE001, S110 - the frame is being replaced
                        pass
                print(
                    f"filter '{word}' until the map is drawn: {time.perf_counter() - start:.2f} s"
                )
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
