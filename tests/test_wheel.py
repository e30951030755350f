from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_wheel_alone_finds_its_data_and_is_small(tmp_path):
    """Build the wheel, unpack it into a folder of its own, and run from there.

    Away from the checkout.
    """
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("geomap-*.whl")
    assert wheel.stat().st_size < 45_000_000
    # The dashboard's settings are part of what keeps it to its own user.
    assert "geomap/pages/.streamlit/config.toml" in zipfile.ZipFile(wheel).namelist()
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    # `-I` keeps the checkout off the path; the checkout's own editable install comes after the
    # target.
    code = f"""
import sys; sys.path.insert(0, {str(target)!r})
import geomap, geomap.regions
gaz = geomap.Gazetteer(["bundled"])
assert geomap.__file__.startswith({str(target)!r}), geomap.__file__
assert str(gaz.source).startswith({str(target)!r}), gaz.source
assert gaz.candidates("Baku")[0].country == "AZE"
assert geomap.regions.locate(49.87, 40.4)["country"] == "AZE"
print(len(geomap.parse("Families fled Goris for Yerevan on Sunday.").toponyms))
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == "2", run.stderr
