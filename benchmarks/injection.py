"""Canaries in every field of text, in each order: the map, and the seven pages of the dashboard.

python benchmarks/injection.py [--orders 16]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from geomap.case import Case
from geomap.maps import to_html

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import canary

PAGES = ("", "sources", "read", "flows", "regions", "export", "about")
PORT = 8657


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=len(canary.CANARIES))
    orders = options.parse_args().orders
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium here: nothing is measured")
        return
    from playwright.sync_api import sync_playwright

    drawn, fields, wrong = 0, set[str](), list[str]()
    with sync_playwright() as running, tempfile.TemporaryDirectory() as work:
        browser = running.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for order in range(orders):
            folder = Path(work) / str(order)
            folder.mkdir()
            os.chdir(folder)
            title, seen = canary.case(folder / "evil.gpkg", order)
            fields |= seen
            with Case.open(folder / "evil.gpkg") as case:
                (folder / "map.html").write_text(to_html(case, title=title), encoding="utf-8")
            wrong += alone(browser, folder / "map.html")
            wrong += served(browser, folder / "evil.gpkg")
            drawn += 1 + len(PAGES)
            wrong += [f"{p} was made" for p in folder.rglob("TOUCHED")]
            print(f"order {order + 1} of {orders}: {len(wrong)} wrong so far", flush=True)
        browser.close()
    print(
        f"{len(canary.CANARIES)} canaries in {len(fields)} fields, {orders} orders, {drawn} pages"
        f" drawn: {len(wrong)} executed, blocked or asked"
    )
    print("\n".join(wrong))


def watched(browser, own: str):
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(90_000)
    wrong: list[str] = []
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("dialog", lambda d: wrong.append(d.message))
    page.on("console", lambda m: wrong.append(m.text) if "Security Policy" in m.text else None)
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((own, "data:", "blob:", "about:")) else wrong.append(r.url)
        ),
    )
    return page, wrong


def ran(page) -> list[str]:
    return [
        f"ran on {page.url}"
        for frame in page.frames
        if frame.evaluate("typeof window.hit") != "undefined"
    ]


def alone(browser, path: Path) -> list[str]:
    page, wrong = watched(browser, "file:")
    page.goto(path.as_uri())
    page.wait_for_selector(".gm-mark", state="attached")
    page.locator("summary", has_text="List").click()
    for mark in page.locator(".gm-mark").all():
        mark.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".gm-card blockquote")
    wrong += ran(page)
    page.close()
    return wrong


def served(browser, path: Path) -> list[str]:
    command = [sys.executable, "-m", "geomap", "dashboard", "--headless", "--port", str(PORT)]
    server = subprocess.Popen(
        [*command, "--case", str(path)], cwd=path.parent, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        page, wrong = watched(browser, f"http://127.0.0.1:{PORT}/")
        for name in PAGES:
            page.goto(f"http://127.0.0.1:{PORT}/{name}")
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
            page.get_by_role("button", name="Undo").wait_for()
            page.wait_for_timeout(700)
            wrong += ran(page)
        page.close()
        return wrong
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
