"""The layers of a case file as GIS tools read them.

Typed columns, WGS 84 geometry and a style for each.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geomap.case.schema import geopackage
from geomap.frames import DATES, EVENT_MARKS, REALS, SCHEMA, WHOLE, typed

if TYPE_CHECKING:
    import geopandas as gpd

GEOMETRY: Final = {
    "events": "POINT",
    "event_areas": "MULTIPOLYGON",
    "movements": "LINESTRING",
    "places": "POINT",
    "regions": "MULTIPOLYGON",
}
_DESCRIPTION: Final = {
    "events": (
        "events; what is known only to a region has no point here and its outline in event_areas"
    ),
    "event_areas": "outlines of events known only to a region",
    "movements": "population movements; no line where an end is not told",
    "places": "places that the documents name",
    "regions": "countries, provinces and disputed areas with what happened in them",
}
_HEADER: Final = struct.pack("<2sBBi", b"GP", 0, 1, 4326)  # little endian, no envelope, EPSG:4326
# `last_change` must not be empty; a clock would make two files of one content differ.
_EPOCH: Final = "2000-01-01T00:00:00.000Z"


def create_layers(db: sqlite3.Connection) -> None:
    """Make the empty layers with their styles."""
    for name, shape in GEOMETRY.items():
        columns = ", ".join(f'"{column}" {_type(column)}' for column in SCHEMA[name])
        db.execute(
            f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {shape},'
            f" {columns})"
        )
        db.execute(f'CREATE INDEX "geomap_{name}_id" ON "{name}" ("id")')
        db.execute(
            "INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, NULL, NULL, NULL, NULL,"
            " 4326)",
            (name, name, _DESCRIPTION[name], _EPOCH),
        )
        db.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 4326, 0, 0)", (name, shape)
        )
        db.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
            " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner,"
            " update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', ?)",
            (name, name, _STYLES[name](), _EPOCH),
        )
    db.execute(
        "INSERT INTO gpkg_contents VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?,"
        " NULL, NULL, NULL, NULL, 0)",
        (_EPOCH,),
    )


def _type(column: str) -> str:
    return (
        "DATE"
        if column in DATES
        else "INTEGER"
        if column in WHOLE
        else "DOUBLE"
        if column in REALS
        else "TEXT"
    )


def replace_rows(
    db: sqlite3.Connection, name: str, gone: Iterable[str], frame: gpd.GeoDataFrame | None
) -> None:
    """Take the rows of the ids `gone` out of a layer and put those of `frame` in."""
    db.executemany(
        f'DELETE FROM "{name}" WHERE "id" = ?',  # noqa: S608
        [(ident,) for ident in sorted(set(gone))],
    )
    if frame is None or not len(frame):
        return
    columns = SCHEMA[name]
    marks = ", ".join("?" * (len(columns) + 1))
    names = ", ".join(f'"{c}"' for c in columns)
    db.executemany(
        f'INSERT INTO "{name}" (geom, {names}) VALUES ({marks})',  # noqa: S608
        _values(frame, columns),
    )
    _widen(db, name, frame)


def _widen(db: sqlite3.Connection, name: str, frame: gpd.GeoDataFrame) -> None:
    """Let the box of a layer, which GIS tools zoom to, hold what came in; it does not shrink."""
    west, south, east, north = (float(v) for v in frame.total_bounds)
    if west == west:  # noqa: PLR0124 - no shape gives NaN
        db.execute(
            "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), min_y ="
            " min(coalesce(min_y, ?2), ?2), max_x = max(coalesce(max_x, ?3), ?3), max_y ="
            " max(coalesce(max_y, ?4), ?4) WHERE table_name = ?5",
            (west, south, east, north, name),
        )


def _values(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    import pandas as pd

    told = []
    for column in columns:
        values = frame[column].dt.strftime("%Y-%m-%d") if column in DATES else frame[column]
        kind = int if column in WHOLE else float if column in REALS else str
        told.append([None if pd.isna(v) else kind(v) for v in values.tolist()])
    shapes = [
        None if shape is None or shape.is_empty else _HEADER + shape.wkb for shape in frame.geometry
    ]
    return zip(shapes, *told, strict=True)


def read_layer(db: sqlite3.Connection, name: str) -> gpd.GeoDataFrame:
    """Return one layer with the columns of `SCHEMA`, by id."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    columns = SCHEMA[name]
    names = ", ".join(f'"{c}"' for c in columns)
    rows = db.execute(f'SELECT geom, {names} FROM "{name}" ORDER BY "id"').fetchall()  # noqa: S608
    data = pd.DataFrame([row[1:] for row in rows], columns=columns, dtype=object)
    shapes = [None if row[0] is None else shapely.from_wkb(row[0][8:]) for row in rows]
    return typed(
        gpd.GeoDataFrame(
            data,
            geometry=gpd.GeoSeries(pd.Series(shapes, dtype=object), crs="EPSG:4326"),
            crs="EPSG:4326",
        )
    )


# QGIS's names of the map's shapes, where they differ.
_SHAPES: Final = {"cross": "cross_fill"}
_STATUS_DASH: Final = {
    "occurred": "solid",
    "ongoing": "solid",
    "expected": "dash",
    "planned": "dash",
    "denied": "dot",
    "background": "solid",
}


def _rgb(colour: str) -> str:
    """Return "213,94,0" for "#d55e00"."""
    return ",".join(str(n) for n in bytes.fromhex(colour.removeprefix("#")))


def _qml(renderer: str) -> str:
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'><qgis version=\"3.22.0\""
        f' styleCategories="Symbology">{renderer}</qgis>'
    )


def _symbol(name: int, kind: str, layer: str, options: Mapping[str, str]) -> str:
    told = "".join(
        f'<Option name="{key}" type="QString" value="{value}"/>' for key, value in options.items()
    )
    return (
        f'<symbol name="{name}" type="{kind}" alpha="1" clip_to_extent="1" force_rhr="0"><layer'
        f' class="{layer}" enabled="1" pass="0" locked="0"><Option'
        f' type="Map">{told}</Option></layer></symbol>'
    )


def _categorized(
    column: str, kind: str, layer: str, options: Mapping[str, Mapping[str, str]]
) -> str:
    categories = "".join(
        f'<category symbol="{n}" value="{value}" label="{value.replace("_", " ")}" render="true"/>'
        for n, value in enumerate(options)
    )
    symbols = "".join(_symbol(n, kind, layer, told) for n, told in enumerate(options.values()))
    return _qml(
        f'<renderer-v2 type="categorizedSymbol" attr="{column}" enableorderby="0" forceraster="0"'
        f" "
        f'symbollevels="0"><categories>{categories}</categories><symbols>{symbols}</symbols></'
        f"renderer-v2>"
    )


def _single(kind: str, layer: str, options: Mapping[str, str]) -> str:
    return _qml(
        '<renderer-v2 type="singleSymbol" enableorderby="0" forceraster="0"'
        f' symbollevels="0"><symbols>{_symbol(0, kind, layer, options)}</symbols></renderer-v2>'
    )


def _event_style() -> str:
    return _categorized(
        "type",
        "marker",
        "SimpleMarker",
        {
            t: {
                "name": _SHAPES.get(shape, shape),
                "color": f"{_rgb(colour)},255",
                "outline_color": "255,255,255,255",
                "size": "3",
                "size_unit": "MM",
            }
            for t, (colour, shape) in EVENT_MARKS.items()
        },
    )


def _area_style() -> str:
    return _categorized(
        "type",
        "fill",
        "SimpleFill",
        {
            t: {
                "color": f"{_rgb(colour)},50",
                "outline_color": f"{_rgb(colour)},255",
                "outline_style": "solid",
                "outline_width": "0.3",
                "style": "solid",
            }
            for t, (colour, _) in EVENT_MARKS.items()
        },
    )


def _movement_style() -> str:
    # What has not happened is dashed, what is history grey.
    return _categorized(
        "status",
        "line",
        "SimpleLine",
        {
            s: {
                "line_color": "119,119,119,255" if s == "background" else "0,90,160,255",
                "line_width": "0.9",
                "line_width_unit": "MM",
                "line_style": dash,
                "capstyle": "round",
            }
            for s, dash in _STATUS_DASH.items()
        },
    )


def _place_style() -> str:
    return _single(
        "marker",
        "SimpleMarker",
        {
            "name": "circle",
            "color": "90,90,90,160",
            "outline_color": "255,255,255,255",
            "size": "1.8",
            "size_unit": "MM",
        },
    )


def _region_style() -> str:
    return _categorized(
        "kind",
        "fill",
        "SimpleFill",
        {
            k: {
                "color": "0,0,0,0",
                "style": "no",
                "outline_color": "90,90,90,255",
                "outline_style": dash,
                "outline_width": width,
            }
            for k, dash, width in (
                ("country", "solid", "0.5"),
                ("admin1", "solid", "0.2"),
                ("disputed_area", "dash", "0.5"),
            )
        },
    )


_STYLES: Final = {
    "events": _event_style,
    "event_areas": _area_style,
    "movements": _movement_style,
    "places": _place_style,
    "regions": _region_style,
}


def write_layers(path: Path, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write layers into a new GeoPackage without a case in it."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        geopackage(db)
        db.execute("BEGIN")
        create_layers(db)
        for name in GEOMETRY:
            if name in frames:
                replace_rows(db, name, [], frames[name])
        db.execute("COMMIT")
    finally:
        db.close()
