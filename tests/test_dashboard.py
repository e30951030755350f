from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def app():
    testing = pytest.importorskip("streamlit.testing.v1")
    return testing.AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)


@pytest.mark.filterwarnings("ignore")
def test_it_opens_on_the_seed(app):
    app.run()
    assert not app.exception
    assert [m.value for m in app.metric] == ["40", "2", "1", "11"]
    assert len(app.dataframe) == 3


@pytest.mark.filterwarnings("ignore")
def test_a_pasted_text_is_parsed(app):
    app.run()
    app.sidebar.radio[0].set_value("Paste a text").run()
    app.sidebar.text_area[0].set_value("Some 4,000 people fled Goma for Bukavu <script>alert(1)</script> on Tuesday.").run()
    assert not app.exception
    assert app.metric[1].value == "1"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def served(tmp_path):
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "geomap", "dashboard", "--headless", "--port", str(port)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    break
        except OSError:
            time.sleep(0.5)
    yield server, port
    if server.poll() is None:
        server.kill()
        server.wait()


def test_the_command_serves_on_this_machine_only_and_stops_on_sigterm(served, browser):
    server, port = served
    page = browser.new_page(viewport={"width": 1440, "height": 1100})
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if not r.url.startswith((f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "data:", "blob:", "about:")) else None)
    page.goto(f"http://127.0.0.1:{port}")
    frame = page.frame_locator("iframe").first
    frame.locator(".gm-flow", has_text="2,900").wait_for(timeout=60_000)
    assert asked == []
    if target := os.environ.get("GEOMAP_SCREENSHOT"):
        page.wait_for_timeout(1500)
        page.screenshot(path=target)
    page.close()
    listening = subprocess.run(["sh", "-c", f"cat /proc/net/tcp | awk '{{print $2}}' | grep -i ':{port:04X}$'"], capture_output=True, text=True, check=False).stdout.split()
    assert all(address.startswith("0100007F") for address in listening if not address.startswith("0000000000"))
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=20) in {0, -signal.SIGTERM}
