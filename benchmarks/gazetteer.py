"""Opening, look-ups, reach and building of the gazetteer.

    make bench                              # or: python benchmarks/gazetteer.py [UCDP_GED.csv.gz]

The reach is measured on the exact places of a UCDP GED export, when one is given: they are found by
name and country within 25 km or not.
"""

from __future__ import annotations

import csv
import gzip
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from geomap.gazetteer import Gazetteer, haversine_km
from geomap.gazetteer.build import add
from geomap.gazetteer.sources import bare_names

SYLLABLES = [
    a + b for a in "bcdfghjklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "en", "ir", "ol")
]
OPEN = """
import time, geomap.gazetteer as g
begin = time.perf_counter()
gaz = g.Gazetteer({paths})
gaz.candidates("Baku")
took = time.perf_counter() - begin
print(took * 1000, int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024)
"""
BUILD = """
import pathlib, sys, time
from geomap.gazetteer.build import build
begin = time.process_time(); build([pathlib.Path(sys.argv[1])], pathlib.Path(sys.argv[2]))
peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
print(time.process_time() - begin, int(peak) / 1024)
"""


def opening(paths: str) -> tuple[float, float]:
    """Return milliseconds (imports not counted) and megabytes (Linux.

    VmHWM) of a fresh process that opens and asks once; the best of five.
    """
    runs = [
        subprocess.run(
            [sys.executable, "-c", OPEN.format(paths=paths)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for _ in range(5)
    ]
    return min(float(ms) for ms, _ in runs), min(float(mb) for _, mb in runs)


def lookups(gaz: Gazetteer) -> float:
    """Return exact names looked up a second."""
    rng = random.Random(1)
    names = [gaz.name_at(rng.randrange(len(gaz))) for _ in range(100_000)]
    begin = time.process_time()
    for name in names:
        gaz.postings(name)
    return len(names) / (time.process_time() - begin)


def ucdp_points(path: Path) -> dict[str, tuple[float, float]]:
    """Return the point of each distinct name known exactly."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["where_prec"]) == 1]
    points: dict[str, tuple[float, float]] = {}
    for row in rows:
        points.setdefault(
            row["where_coordinates"], (float(row["longitude"]), float(row["latitude"]))
        )
    return points


def reach(
    gaz: Gazetteer, points: dict[str, tuple[float, float]], country: str, *, loose: bool, bare: bool
) -> float:
    """Return the share of names with a place of that country within 25 km."""
    found = 0
    for name, (lon, lat) in points.items():
        spellings = [name, *(bare_names(name) if bare else ())]
        places = [
            p
            for spelling in spellings
            for p in gaz.candidates(spelling, loose=loose)
            if p.country == country and p.lon is not None and p.lat is not None
        ]
        found += any(haversine_km(p.lon, p.lat, lon, lat) <= 25 for p in places)
    return found / len(points)


def dump(path: Path, rows: int) -> None:
    """Write a GeoNames-format dump of made-up places."""
    rng = random.Random(rows)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for i in range(rows):
            name, other = (
                "".join(rng.choices(SYLLABLES, k=rng.randint(2, 5))).title() for _ in range(2)
            )
            cells = [
                20_000_000 + i,
                name,
                name,
                other,
                f"{rng.uniform(-60, 70):.5f}",
                f"{rng.uniform(-180, 180):.5f}",
                "P",
                "PPL",
                "SY",
                "",
                f"{i % 14:02}",
                "",
                "",
                "",
                rng.randrange(5000),
                "",
                "",
                "",
                "",
            ]
            file.write("\t".join(map(str, cells)) + "\n")


def main() -> None:
    """Print the figures."""
    gaz = Gazetteer(["bundled"])
    gaz.candidates("Kobane", loose=True)
    ms, mb = opening("['bundled']")
    print(
        f"opening the bundled index in a fresh process: {ms:.1f} ms (limit 60), {mb:.0f} MB"
        " resident (limit 120)"
    )
    print(f"exact look-ups: {lookups(gaz):,.0f} a second (at least 200,000)")
    if len(sys.argv) > 1:
        table = Path(sys.argv[1])
        points = ucdp_points(table)
        near = sum(gaz.nearest(lon, lat)[1] <= 3 for lon, lat in points.values()) / len(points)
        print(f"{len(points)} exact UCDP places; {near:.2f} have any bundled place within 3 km")
        print(
            f"reach by plain folding {reach(gaz, points, 'SYR', loose=False, bare=True):.3f}, by"
            f" the loose key {reach(gaz, points, 'SYR', loose=True, bare=False):.3f} (0.14)"
        )
        with tempfile.TemporaryDirectory() as folder:
            stacked = Gazetteer(["bundled", add(table, out=Path(folder) / "ucdp")])
            print(
                "reach after `geomap gazetteer add` of that file"
                f" {reach(stacked, points, 'SYR', loose=False, bare=False):.3f} (0.95)"
            )
    with tempfile.TemporaryDirectory() as folder:
        for rows in (250_000, 500_000, 1_000_000):
            source, out = Path(folder) / f"{rows}.txt", Path(folder) / f"own{rows}"
            dump(source, rows)
            used, peak = subprocess.run(
                [sys.executable, "-c", BUILD, str(source), str(out)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()
            print(
                f"building {rows:,} rows: {float(used):.1f} CPU s, {float(used) / rows * 1e6:.1f} s"
                f" a million, peak {float(peak):.0f} MB, opens in {opening([str(out)])[0]:.1f} ms"
            )


if __name__ == "__main__":
    main()
