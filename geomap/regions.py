"""Region shapes: countries, admin-1 units, disputed areas and former states; locate a point, join a frame, outline a place.

Shapes are Natural Earth's (public domain), in WGS 84 with steps of 0.001 degrees. Former states are dissolved from their
successors, because no outline of theirs may be bundled.
"""

from __future__ import annotations

import csv
import datetime as dt
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from geomap.errors import OptionError, RegionError
from geomap.gazetteer import find_source
from geomap.model import Kind, Place

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

LAYERS = ("countries", "admin1", "disputed")
GRID_DEG = 0.001
DISCLAIMER = (
    "Borders and names shown here do not imply official endorsement or acceptance. Disputed areas are drawn apart, with who administers and who claims them."
)


class Policy(StrEnum):
    """Which answer a point in a disputed area gets.

    `neutral` names the disputed area and the internationally recognised country; `de_facto` who administers it; `de_jure` who it
    is recognised to belong to.
    """

    NEUTRAL = "neutral"
    DE_FACTO = "de_facto"
    DE_JURE = "de_jure"


@cache
def layer(name: str) -> gpd.GeoDataFrame:
    """Return a region layer with its attributes in EPSG:4326.

    Raises
    ------
    RegionError
        When there is no such layer.

    """
    if name not in LAYERS:
        msg = f"no region layer {name!r}; there are {', '.join(LAYERS)}"
        raise RegionError(msg)
    return _read(find_source(), name)


def _read(source: Path, name: str) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import numpy as np
    import shapely

    with np.load(source / f"{name}_shapes.npz", allow_pickle=False) as packed:
        coords = np.cumsum(packed["deltas"].T, axis=0).astype(float) * GRID_DEG
        offsets = (packed["rings"], packed["polygons"], packed["parts"])
    shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, np.ascontiguousarray(np.round(coords, 3)), offsets)
    with (source / f"{name}_shapes.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


def disputed_at(when: dt.date | None = None) -> gpd.GeoDataFrame:
    """Return the disputed areas as they were on a day; without a day, as they are last known."""
    frame = layer("disputed")
    if when is None:
        return frame[frame["valid_to"] == ""]
    day = when.isoformat()
    return frame[(frame["valid_from"] <= day) & ((frame["valid_to"] == "") | (frame["valid_to"] >= day))]


def locate(lon: float, lat: float, *, when: dt.date | None = None, policy: Policy | str = Policy.NEUTRAL) -> dict[str, str]:
    """Return the regions around a point.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84.
    when
        The day whose disputed areas count.
    policy
        See `Policy`.

    Returns
    -------
    dict
        `country` (ISO 3166-1 alpha-3), `country_name`, `admin1`, `admin1_name`, `disputed`, `administered_by`, `claimed_by`, `policy`; empty
        where nothing lies.

    """
    import geopandas as gpd

    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise OptionError("lon, lat", (lon, lat), "degrees within -180..180 and -90..90")
    point = gpd.GeoDataFrame(geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326")
    row = join(point, when=when, policy=policy).iloc[0]
    return {name: row[name] for name in JOINED}


JOINED = ("country", "country_name", "admin1", "admin1_name", "disputed", "administered_by", "claimed_by", "policy")


def join(points: gpd.GeoDataFrame, *, when: dt.date | None = None, policy: Policy | str = Policy.NEUTRAL) -> gpd.GeoDataFrame:
    """Return a copy of `points` with the region columns of `locate`; rows and their order are kept."""
    if policy not in list(Policy):
        raise OptionError("policy", policy, f"one of {', '.join(Policy)}")
    out = points.copy()
    units, areas = layer("admin1"), disputed_at(when)
    inside, contested = _first(points, units), _first(points, areas)
    for target, column in (("country", "country"), ("country_name", "country_name"), ("admin1", "id"), ("admin1_name", "name")):
        out[target] = [units.iloc[i][column] if i >= 0 else "" for i in inside]
    for target, column in (("disputed", "name"), ("administered_by", "administered_by"), ("claimed_by", "claimed_by")):
        out[target] = [areas.iloc[i][column] if i >= 0 else "" for i in contested]
    if policy != Policy.DE_FACTO:
        out["country"] = [areas.iloc[i]["country"] if i >= 0 else known for known, i in zip(out["country"], contested, strict=True)]
    out["policy"] = str(policy)
    return out


def _first(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[int]:
    """Return for each point the position of the first area that holds it, or -1."""
    found = [-1] * len(points)
    if len(areas):
        at, area = areas.sindex.query(points.geometry.values, predicate="intersects")
        for position, i in zip(at.tolist(), area.tolist(), strict=True):
            found[position] = i if found[position] < 0 else min(found[position], i)
    return found


def outline(place: Place, *, when: dt.date | None = None) -> BaseGeometry | None:
    """Return the shape of a place known as a region, or None when only its uncertainty circle is known.

    Disputed areas are taken as they were on `when`, or else in their last extent.
    """
    if place.kind is Kind.COUNTRY:
        return _one(layer("countries"), "country", place.country)
    if place.kind is Kind.DISPUTED_AREA:
        return _extent(place.id, when)
    if place.kind is Kind.ADMIN1:
        return _one(layer("admin1"), "geonameid", str(place.geonameid))
    parts = _parts().get(place.id)
    return _union(parts) if parts else None


def _one(frame: gpd.GeoDataFrame, column: str, value: str) -> BaseGeometry | None:
    found = frame[frame[column] == value]
    return found.union_all() if len(found) else None


def _extent(ident: str, when: dt.date | None) -> BaseGeometry | None:
    frame = layer("disputed")
    known = frame[frame["id"] == ident]
    at = disputed_at(when)
    now = at[at["id"] == ident]
    chosen = now if len(now) else known.tail(1)
    return chosen.union_all() if len(chosen) else None


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    with (find_source() / "supplement" / "regions.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["id"]: tuple(row["parts"].split("|")) for row in rows if row["parts"]}


def _union(parts: tuple[str, ...]) -> BaseGeometry | None:
    import pandas as pd

    units, states = layer("admin1"), layer("countries")
    found = pd.concat([units[units["iso_3166_2"].isin(parts)], states[states["country"].isin(parts)]])
    return found.union_all() if len(found) else None


def data_version() -> str:
    """Return the folder's digest of region data, for files that leave."""
    from geomap.gazetteer.compile import digest

    return digest(find_source())

