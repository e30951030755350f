from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import geomap
from geomap.gazetteer import Gazetteer
from geomap.geoparser import default_gazetteer

SEED = Path(__file__).parents[1] / "seeds" / "000_313cf4aea927ca38.txt"


@pytest.fixture(scope="session", autouse=True)
def _no_added_gazetteers(tmp_path_factory):
    """Keep what a developer has added to their own gazetteer out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOMAP_GAZETTEERS", str(tmp_path_factory.mktemp("gazetteers")))
        yield


@pytest.fixture
def heard() -> Iterator[None]:
    """Let signals be heard here, though whoever runs the tests in the background ignores them."""
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def own_notes(tmp_path, monkeypatch) -> None:
    """Keep which case files were looked through apart for each test."""
    from geomap.case import checked

    monkeypatch.setattr(checked, "_folder", lambda: tmp_path / "notes")


@pytest.fixture
def path(tmp_path, made) -> Path:
    """Return a case file of the bytes that a module's `made` gives, written for each test."""
    target = tmp_path / "case.gpkg"
    target.write_bytes(made)
    return target


def changed(path: Path, *statements: str) -> None:
    """Change a case as no program of ours does."""
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.fixture(scope="session")
def gaz() -> Gazetteer:
    return default_gazetteer()


@pytest.fixture(scope="session")
def seed() -> geomap.Parsed:
    return geomap.parse(
        geomap.Document("seed", SEED.read_text(encoding="utf-8")), published="2023-09-25"
    )


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if chromium is None:
        pytest.skip("no Chromium on this machine; the browser tests run in CI")
    with playwright.sync_playwright() as running:
        page_maker = running.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield page_maker
        page_maker.close()
