"""GeoDataFrames -> files.

GeoJSON after RFC 7946, one layer a file, each written whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geomap.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

LAYERS = ("events", "event_areas", "movements", "places", "regions")
# GDAL's own writer keeps the rules: no crs member, counter-clockwise rings, bbox, cut at the
# antimeridian, 6 decimals.
_RFC7946 = {
    "RFC7946": "YES",
    "WRITE_BBOX": "YES",
    "WRITE_NAME": "NO",
    "ID_FIELD": "feature_id",
    "COORDINATE_PRECISION": "6",
}


def write_geojson(
    frames: Mapping[str, gpd.GeoDataFrame], folder: str | os.PathLike[str]
) -> list[Path]:
    """Write one GeoJSON file a layer into `folder` and return their paths.

    Raises
    ------
    ExportError
        When the folder cannot be written.

    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return [
            _write(frames[name], target / f"{name}.geojson") for name in LAYERS if name in frames
        ]
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror or error}"
        raise ExportError(msg) from error


def _write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as work:
        part = Path(work) / path.name
        part.write_text(geojson(frame), encoding="utf-8")
        part.replace(path)
    return path


def geojson(frame: gpd.GeoDataFrame) -> str:
    """Return a layer as RFC 7946 text, dates as full ISO days."""
    import pyogrio

    dated = _plain(frame)
    if not len(dated):
        return '{"type":"FeatureCollection","features":[]}\n'
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "layer.geojson"
        pyogrio.write_dataframe(dated, path, driver="GeoJSON", geometry_type="Unknown", **_RFC7946)
        return path.read_text(encoding="utf-8")


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with days as text ("2023-09-25".

    Which GDAL types as a date) and without empty geometries.
    """
    out = frame.copy()
    # GDAL takes the id field out of the properties; the properties keep theirs.
    out.insert(0, "feature_id", out["id"])
    for column in ("start", "end"):
        if column in out:
            out[column] = out[column].dt.strftime("%Y-%m-%d")
    return out


def write_geopackage(frames: Mapping[str, gpd.GeoDataFrame], path: str | os.PathLike[str]) -> Path:
    """Write the layers as one GeoPackage with styles.

    It appears under its name only when it is whole.

    Raises
    ------
    ExportError
        When it cannot be written.

    """
    from geomap.case.layers import write_layers

    target = Path(path)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as work:
            part = Path(work) / "layers.gpkg"
            write_layers(part, frames)
            part.replace(target)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror or error}"
        raise ExportError(msg) from error
    return target


def csv_text(frame: gpd.GeoDataFrame) -> str:
    """Return a layer as CSV with `lon` and `lat` where a point is known.

    Cells that a spreadsheet would run are quoted with an apostrophe.
    """
    import pandas as pd

    out = pd.DataFrame(frame.drop(columns="geometry"))
    points = frame.geometry.where(frame.geometry.geom_type == "Point")
    if frame.geometry.geom_type.eq("Point").any():
        out["lon"], out["lat"] = points.x.round(6), points.y.round(6)
    for column in ("start", "end"):
        if column in out:
            out[column] = out[column].dt.strftime("%Y-%m-%d")
    for column in list(map(str, out.select_dtypes(exclude=["number", "datetime"]))):
        out[column] = [_guarded(v) if isinstance(v, str) else v for v in out[column]]
    text: str = out.to_csv(index=False, lineterminator="\n")
    return text


# What a spreadsheet takes for the start of a formula, or strips before it looks for one; the wide
# forms are turned into the plain ones in East Asian settings.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def _guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs, and whose lines stay within it.

    A CR alone ends a row in some programs but is not quoted, so that what follows it would be a
    cell of its own.
    """
    lines = cell.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + lines if cell[:1] in _FORMULA else lines
