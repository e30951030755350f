"""Region shapes: countries, admin-1 units, disputed areas and former states.

Locate a point, join a frame, outline a place.

Shapes are Natural Earth's (public domain), in WGS 84 with steps of 0.001 degrees. Former states are
dissolved from their
successors, because no outline of theirs may be bundled.
"""

from __future__ import annotations

import datetime as dt
import io
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from geomap.errors import OptionError, RegionError
from geomap.gazetteer import check_degrees, find_source
from geomap.gazetteer.compile import checked, digest, read_table
from geomap.model import Kind, Place

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import shapely
    from shapely.geometry.base import BaseGeometry

LAYERS = ("countries", "admin1", "disputed", "former_states", "world")
# A point this near a shore is on land: shapes are simplified to about a kilometre.
_SHORE_DEG = 0.05
_PIECE = 64  # points a piece of border
GRID_DEG = 0.001
DISCLAIMER = (
    "Borders and names shown here do not imply official endorsement or acceptance. Disputed areas"
    " are drawn apart, with who administers and who claims them."
)


class Policy(StrEnum):
    """Which answer a point in a disputed area gets.

    `neutral` names the disputed area and the internationally recognised country; `de_facto` who
    administers it; `de_jure` who it
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
    return _former_states() if name == "former_states" else _read(find_source(), name)


def _read(source: Path, name: str) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import numpy as np
    import shapely

    raw = io.BytesIO(checked(source / f"{name}_shapes.npz"))
    with np.load(raw, allow_pickle=False) as packed:
        coords = np.cumsum(packed["deltas"].T, axis=0).astype(float) * GRID_DEG
        offsets = (packed["rings"], packed["polygons"], packed["parts"])
    shapes = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, np.ascontiguousarray(np.round(coords, 3)), offsets
    )
    return gpd.GeoDataFrame(
        list(read_table(source / f"{name}_shapes.tsv")), geometry=shapes, crs="EPSG:4326"
    )


def disputed_at(when: dt.date | None = None) -> gpd.GeoDataFrame:
    """Return the disputed areas as they were on a day; without a day, as they are last known."""
    frame = layer("disputed")
    if when is None:
        return frame[frame["valid_to"] == ""]
    day = when.isoformat()
    return frame[
        (frame["valid_from"] <= day) & ((frame["valid_to"] == "") | (frame["valid_to"] >= day))
    ]


def former_states_at(when: dt.date) -> gpd.GeoDataFrame:
    """Return the states that are gone and were there on a day.

    A republic of a union is left out beside the union.
    """
    frame = layer("former_states")
    there = frame[(frame["valid_from"] <= when.year) & (frame["valid_to"] >= when.year)]
    parts = [set(_parts()[ident]) for ident in there["id"]]
    # In the year of a change the later state holds the ground.
    replaced = [
        any(
            f == when.year and mine & theirs
            for theirs, f in zip(parts, there["valid_from"], strict=True)
        )
        and t == when.year
        for mine, t in zip(parts, there["valid_to"], strict=True)
    ]
    contained = [any(mine < theirs for theirs in parts) for mine in parts]
    return there.loc[
        [
            ident
            for ident, inside, gone in zip(there.index, contained, replaced, strict=True)
            if not (inside or gone)
        ]
    ]


def _former_states() -> gpd.GeoDataFrame:
    import geopandas as gpd
    import numpy as np

    rows = [row for row in _region_rows() if row["kind"] == Kind.FORMER_STATE and row["parts"]]
    frame = gpd.GeoDataFrame(
        {
            "id": [row["id"] for row in rows],
            "name": [row["name"] for row in rows],
            "valid_from": [int(row["valid_from"] or -9999) for row in rows],
            "valid_to": [int(row["valid_to"] or 9999) for row in rows],
            "note": [row["note"] for row in rows],
            "source": [row["source"] for row in rows],
        },
        geometry=np.array([_union(tuple(row["parts"].split("|"))) for row in rows], dtype=object),
        crs="EPSG:4326",
    )
    missing = frame.geometry.isna()
    return frame[~missing].reset_index(drop=True)


def locate(
    lon: float, lat: float, *, when: dt.date | None = None, policy: Policy | str = Policy.NEUTRAL
) -> dict[str, str]:
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
        `country` (ISO 3166-1 alpha-3), `country_name`, `admin1`, `admin1_name`, `disputed`,
        `administered_by`, `claimed_by`, `policy`; empty
        where nothing lies.

    """
    import geopandas as gpd

    check_degrees(lon, lat)
    point = gpd.GeoDataFrame(geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326")
    row = join(point, when=when, policy=policy).iloc[0]
    return {name: row[name] for name in JOINED}


JOINED = (
    "country",
    "country_name",
    "admin1",
    "admin1_name",
    "disputed",
    "administered_by",
    "claimed_by",
    "policy",
)


def join(
    points: gpd.GeoDataFrame, *, when: dt.date | None = None, policy: Policy | str = Policy.NEUTRAL
) -> gpd.GeoDataFrame:
    """Return a copy of `points` with the region columns of `locate`.

    Rows and their order are kept.
    """
    if policy not in list(Policy):
        raise OptionError("policy", policy, f"one of {', '.join(Policy)}")
    import numpy as np

    wgs84 = (
        points.geometry
        if points.crs is None or points.crs.equals("EPSG:4326")
        else points.geometry.to_crs("EPSG:4326")
    )
    out = points.copy()
    units, areas = layer("admin1"), disputed_at(when)
    inside, contested = _first(wgs84, units, shore=_SHORE_DEG), _first(wgs84, areas)
    for target, column in (
        ("country", "country"),
        ("country_name", "country_name"),
        ("admin1", "id"),
        ("admin1_name", "name"),
    ):
        out[target] = _taken(units, column, inside)
    for target, column in (
        ("disputed", "name"),
        ("administered_by", "administered_by"),
        ("claimed_by", "claimed_by"),
    ):
        out[target] = _taken(areas, column, contested)
    ruler = _taken(areas, "administrator" if policy == Policy.DE_FACTO else "country", contested)
    out["country"] = np.where((contested >= 0) & (ruler != ""), ruler, out["country"])
    out["country_name"] = out["country"].map(_country_names()).fillna(out["country_name"])
    out["policy"] = str(policy)
    return out


def disputed_around(lon: float, lat: float) -> list[str]:
    """Return the ids of all disputed areas, of any time, that hold a point (degrees, WGS 84)."""
    from shapely import Point

    areas = layer("disputed")
    found = areas.iloc[sorted(areas.sindex.query(Point(lon, lat), predicate="intersects"))]
    return sorted(set(found["id"]))


def _taken(areas: gpd.GeoDataFrame, column: str, at: np.ndarray) -> np.ndarray:
    """Return the attribute of the area at each position, empty where there is none."""
    import numpy as np

    values: np.ndarray = np.append(areas[column].to_numpy(dtype=object), "")
    taken: np.ndarray = values[at]
    return taken


@cache
def _country_names() -> dict[str, str]:
    frame = layer("countries")
    return dict(zip(frame["country"], frame["name"], strict=True))


def _first(points: gpd.GeoSeries, areas: gpd.GeoDataFrame, *, shore: float = 0.0) -> np.ndarray:
    """Return for each point the position of the first area that holds it, or -1.

    Off `shore` degrees it is the nearest one's.
    """
    import numpy as np

    found = np.full(len(points), len(areas))
    if len(areas):
        at, area = areas.sindex.query(points.values, predicate="intersects")
        np.minimum.at(found, at, area)
        outside = np.flatnonzero((found == len(areas)) & (shore > 0))
        if len(outside):
            lines, owner = _borders()
            near, line = lines.query_nearest(
                points.values[outside], max_distance=shore, all_matches=False
            )
            found[outside[near]] = owner[line]
    return np.where(found == len(areas), -1, found)


@cache
def _borders() -> tuple[shapely.STRtree, np.ndarray]:
    """Return the borders of the admin-1 units in short pieces.

    Which a search for the nearest can pass over quickly, and whose each is.
    """
    import numpy as np
    import shapely

    polygons, unit = shapely.get_parts(layer("admin1").geometry.values, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    owner = unit[polygon]
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    # A piece ends where its ring does or after so many points, and starts at the last point of the
    # one before.
    first = np.flatnonzero(np.append(True, np.diff(ring) > 0))
    within = np.arange(len(ring)) - first[ring]
    starts = np.flatnonzero(within % _PIECE == 0)
    ends = np.minimum(starts + _PIECE + 1, np.append(first[1:], len(ring))[ring[starts]])
    kept = ends - starts > 1
    starts, ends = starts[kept], ends[kept]
    lengths = ends - starts
    take = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    pieces = shapely.linestrings(coords[take], indices=np.repeat(np.arange(len(starts)), lengths))
    return shapely.STRtree(pieces), owner[ring[starts]]


def outline(place: Place, *, when: dt.date | None = None) -> BaseGeometry | None:
    """Return the shape of a place known as a region.

    Or None when only its uncertainty circle is known.

    Disputed areas are taken as they were on `when`, or else in their last extent.
    """
    if place.kind is Kind.COUNTRY:
        return _one("countries", "country", place.country)
    if place.kind is Kind.DISPUTED_AREA:
        return _extent(place.id, when)
    if place.kind is Kind.ADMIN1:
        return _one("admin1", "geonameid", str(place.geonameid))
    parts = _parts().get(place.id)
    return _union(parts) if parts else _extent(place.id, when)


@lru_cache(maxsize=512)
def _one(name: str, column: str, value: str) -> BaseGeometry | None:
    frame = layer(name)
    found = frame[frame[column] == value]
    return found.union_all() if len(found) else None


@lru_cache(maxsize=512)
def _extent(ident: str, when: dt.date | None) -> BaseGeometry | None:
    frame = layer("disputed")
    known = frame[frame["id"] == ident]
    at = disputed_at(when)
    now = at[at["id"] == ident]
    chosen = now if len(now) else known.tail(1)
    return chosen.union_all() if len(chosen) else None


@cache
def _region_rows() -> tuple[dict[str, str], ...]:
    return tuple(read_table(find_source() / "supplement" / "regions.tsv"))


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    return {row["id"]: tuple(row["parts"].split("|")) for row in _region_rows() if row["parts"]}


@lru_cache(maxsize=128)
def _union(parts: tuple[str, ...]) -> BaseGeometry | None:
    import pandas as pd

    units, states = layer("admin1"), layer("countries")
    found = pd.concat(
        [units[units["iso_3166_2"].isin(parts)], states[states["country"].isin(parts)]]
    )
    return found.union_all() if len(found) else None


def data_version() -> str:
    """Return the folder's digest of region data, for files that leave."""
    return digest(find_source())
