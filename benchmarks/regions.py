"""Disputed areas against a reference, and the spatial join against one bulk query of the tree.

    python benchmarks/regions.py [REFERENCE.json]

`REFERENCE.json` is Natural Earth's `ne_10m_admin_0_disputed_areas` as GeoJSON.
"""

from __future__ import annotations

import datetime as dt
import sys
import time

import geopandas as gpd
import numpy as np

from geomap import regions

# Our id, the day, the reference's name.
PAIRS = (
    ("geomap:abkhazia", "2020-01-01", "Abkhazia"),
    ("geomap:south-ossetia", "2020-01-01", "South Ossetia"),
    ("geomap:transnistria", "2020-01-01", "Transnistria"),
    ("geomap:crimea", "2020-01-01", "Crimea"),
    ("geomap:gaza-strip", "2020-01-01", "Gaza"),
    ("geomap:west-bank", "2020-01-01", "West Bank"),
    ("geomap:golan-heights", "2020-01-01", "Golan Heights"),
    ("geomap:northern-cyprus", "2020-01-01", "N. Cyprus"),
    ("geomap:somaliland", "2020-01-01", "Somaliland"),
    ("geomap:kashmir", "2020-01-01", "Jammu and Kashmir"),
    ("geomap:aksai-chin", "2020-01-01", "Aksai Chin"),
    ("geomap:nagorno-karabakh", "2010-01-01", "Nagorno-Karabakh"),
)


def overlap(reference: gpd.GeoDataFrame) -> None:
    """Print the intersection over union of each area."""
    for ident, day, name in PAIRS:
        then = regions.disputed_at(dt.date.fromisoformat(day))
        ours, theirs = (
            then[then["id"] == ident].union_all(),
            reference[reference["BRK_NAME"] == name].union_all(),
        )
        print(
            f"{name:20} {ours.intersection(theirs).area / ours.union(theirs).area:.3f} (at least"
            " 0.9)"
        )


def main() -> None:
    """Print the figures."""
    if len(sys.argv) > 1:
        reference = gpd.read_file(sys.argv[1])
        overlap(
            reference.rename(columns={c: c.upper() for c in reference.columns if c != "geometry"})
        )
    rng = np.random.default_rng(1)
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(
            rng.uniform(-180, 180, 1_000_000), rng.uniform(-60, 75, 1_000_000)
        ),
        crs="EPSG:4326",
    )
    units = regions.layer("admin1")
    regions.join(points.head(1000))
    begin = time.perf_counter()
    units.sindex.query(points.geometry.values, predicate="intersects")
    peer = time.perf_counter() - begin
    begin = time.perf_counter()
    regions.join(points)
    took = time.perf_counter() - begin
    print(
        f"1,000,000 points joined in {took:.1f} s, one bulk STRtree query {peer:.1f} s, ratio"
        f" {took / peer:.2f} (limit 5)"
    )


if __name__ == "__main__":
    main()
