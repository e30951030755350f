"""GeoDataFrames -> one self-contained HTML map.

No request to any host, nothing of the news text ever executed.

One script draws all marks on one canvas from columns in JSON (packed when they are many), and text
reaches the page through `textContent` only. `geomap.page` puts the data into the page.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from geomap import regions
from geomap.case import Case
from geomap.errors import OptionError
from geomap.filters import HISTORY
from geomap.frames import EVENT_MARKS, SAID_APART, to_frames
from geomap.model import Parsed, Status
from geomap.page import page

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

Source = Parsed | Iterable[Parsed] | Case | Mapping[str, "gpd.GeoDataFrame"]
_STATUSES: Final = [s.value for s in Status]
_MARGIN_DEG = 6.0
_WIDEST_DETAIL_DEG = 30.0
_PLAIN_AT_MOST: Final = 3000  # events; more are packed, and their words unpacked when one is opened
_NO_DAY: Final = -(2**31)
# What a card of an event shows; numbers and places of the marks stand in columns of their own.
_EVENT_WORDS: Final = (
    "id",
    "sub_type",
    "date_precision",
    "date_basis",
    "place",
    "place_text",
    "country",
    "precision",
    "disputed",
    "actors",
    "fatalities",
    "fatalities_min",
    "fatalities_max",
    "other_places",
    "claimed_by",
    "score",
    "sentence",
    "also_said",
    "title",
    "source",
    "published",
    "url",
    "sources",
    "conflict",
    "alternatives",
)
_MOVEMENT_WORDS: Final = (
    "id",
    "kind",
    "status",
    "origin",
    "destination",
    "within",
    "ends_text",
    "group",
    "quantity_text",
    "quantifier",
    "unit",
    "measure",
    "as_of",
    "date_precision",
    "date_basis",
    "reason",
    "claimed_by",
    "score",
    "sentence",
    "also_said",
    "title",
    "source",
    "published",
    "url",
    "sources",
    "conflict",
    "role_reason",
)


@dataclass(frozen=True, slots=True)
class _View:
    west: float
    south: float
    east: float
    north: float


def to_html(
    source: Source,
    *,
    title: str = "geomap",
    background: bool = False,
    height: str = "100%",
    theme: Literal["auto", "light", "dark"] = "auto",
    tiles: str | None = None,
) -> str:
    """Return a standalone page with the map of documents, a case.

    Or frames (for instance filtered ones).

    Parameters
    ----------
    source
        What `parse` returned, one or many; a `Case`; or the layers of `to_frames` or `Case.frames`,
        in EPSG:4326.
    title
        Name of the page.
    background
        Whether history (events and movements about a year or more before publication) is shown at
        the start; it can be switched
        on in the page in any case.
    height
        CSS height of the map.
    theme
        `light`, `dark`, or `auto` for what the reader's system says, also when that changes.
    tiles
        Name of an xyzservices provider such as "OpenStreetMap.Mapnik", drawn as the ground. The
        page then asks that host for
        images; without it it asks nobody.

    Raises
    ------
    MissingExtraError
        When folium is not installed.
    OptionError
        For an unknown provider or theme, or a height that is none.

    """
    if theme not in {"auto", "light", "dark"}:
        raise OptionError("theme", theme, "auto, light or dark")
    frames = _frames(source)
    view = _view(frames)
    data = {
        **_marks(frames),
        "regions": _regions(frames.get("regions")),
        "base": _base(view),
        "view": [[view.south, view.west], [view.north, view.east]],
        "background": background,
        "theme": theme,
        "styles": EVENT_MARKS,
        "statuses": _STATUSES,
        "disclaimer": regions.DISCLAIMER,
        "tiles": _tiles(tiles),
        "attribution": (
            "Shapes: Natural Earth. Places: GeoNames (CC BY 4.0). Drawn by geomap with Leaflet."
        ),
        "version": regions.data_version(),
        "apart": SAID_APART,
    }
    return page(data, title=title, height=height, images=_images(tiles))


def _frames(source: Source) -> Mapping[str, gpd.GeoDataFrame]:
    if isinstance(source, Mapping):
        return source
    return source.frames() if isinstance(source, Case) else to_frames(source)


def _tiles(name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    import xyzservices.providers as xyz

    try:
        provider = xyz.query_name(name)
    except ValueError as error:
        raise OptionError(
            "tiles", name, "the name of an xyzservices provider, such as OpenStreetMap.Mapnik"
        ) from error
    return {
        "url": provider.build_url(),
        "attribution": provider.attribution,
        "zoom": provider.get("max_zoom", 19),
    }


def _images(tiles: str | None) -> list[str]:
    """Return the one host that a page with tiles may ask."""
    told = _tiles(tiles)
    if told is None:
        return []
    address = urlsplit(told["url"])
    return [f"{address.scheme}://{address.netloc}"]


# Marks


def _marks(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[str, Any]:
    events, areas = frames["events"], frames["event_areas"]
    shapes, of_event = _areas(areas)
    placed = events[(~events.geometry.isna() | events["id"].isin(of_event)).to_numpy()]
    movements = _movements(frames["movements"])
    return {
        **_events(placed, of_event),
        "areas": shapes,
        "movements": movements,
        "unplaced": sum(not m["from"] and not m["to"] for m in movements),
        "unplacedEvents": len(events) - len(placed),
    }


def _areas(areas: gpd.GeoDataFrame) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return each outline once, and which one an event has."""
    import shapely

    shapes = areas.geometry.to_numpy()
    keys = list(
        zip(
            areas["place_id"],
            shapely.get_num_coordinates(shapes),
            shapely.area(shapes).round(6),
            strict=True,
        )
    )
    known: dict[Any, int] = {}
    out: list[dict[str, Any]] = []
    of_event: dict[str, int] = {}
    for ident, key, shape, label, kind in zip(
        areas["id"], keys, shapes, areas["place"], areas["place_kind"], strict=True
    ):
        if key not in known:
            known[key] = len(out)
            out.append(
                {"label": label, "country": kind == "country", "area": _thin_coordinates(shape.wkb)}
            )
        of_event[ident.removesuffix("/area")] = known[key]
    return out, of_event


@lru_cache(maxsize=512)
def _thin_coordinates(wkb: bytes) -> list[Any]:
    import shapely

    return _coordinates(shapely.from_wkb(wkb).simplify(0.01))


def _events(events: gpd.GeoDataFrame, of_event: Mapping[str, int]) -> dict[str, Any]:
    import numpy as np

    types, statuses = list(EVENT_MARKS), _STATUSES
    points = events.geometry
    pinned = (~points.isna()).to_numpy()
    lat, lon = np.zeros(len(events)), np.zeros(len(events))
    lat[pinned], lon[pinned] = (
        events[pinned].geometry.y.to_numpy(),
        events[pinned].geometry.x.to_numpy(),
    )
    toll = (
        _first_of(events, "fatalities", "fatalities_min", "fatalities_max")
        .fillna(0)
        .to_numpy(dtype=float)
    )
    columns = {
        "lat": _ints(lat * 1e5),
        "lon": _ints(lon * 1e5),
        "area": _ints(
            [-1 if p else of_event[i] for p, i in zip(pinned, events["id"], strict=True)]
        ),
        "type": _ints(events["type"].map({t: i for i, t in enumerate(types)}).fillna(0)),
        "status": _ints(events["status"].map({s: i for i, s in enumerate(statuses)}).fillna(0)),
        "start": _days(events["start"]),
        "end": _days(events["end"]),
        "toll": _ints(toll),
        "around": _ints(events["uncertainty_km"].where(events["precision"] == "near", 0).fillna(0)),
    }
    words = {name: _words(events[name]) for name in _EVENT_WORDS}
    return {
        "types": types,
        "count": len(events),
        "events": _packed(columns, len(events)),
        "words": _packed(words, len(events)),
    }


def _first_of(frame: pd.DataFrame, *columns: str) -> pd.Series[Any]:
    """Return the first number of each row that is told."""
    out = frame[columns[0]].astype("Float64")
    for column in columns[1:]:
        out = out.fillna(frame[column].astype("Float64"))
    return out


def _packed(columns: dict[str, Any], count: int) -> Any:
    """Return columns as they are, or many as one gzipped text that the page unpacks."""
    if count <= _PLAIN_AT_MOST:
        return columns
    payload = json.dumps(
        columns, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()
    return base64.b64encode(gzip.compress(payload, 5, mtime=0)).decode()


def _ints(values: Any) -> list[int]:
    import numpy as np

    out: list[int] = np.rint(np.asarray(values, dtype=float)).astype(np.int64).tolist()
    return out


def _days(dates: pd.Series[Any]) -> list[int]:
    """Return days since 1970; what has no date stands before all time."""
    import numpy as np

    days = dates.to_numpy(dtype="datetime64[D]")
    return [
        _NO_DAY if d < -(10**7) else d
        for d in (
            np.where(np.isnat(days), np.datetime64(-(10**8), "D"), days).astype(np.int64).tolist()
        )
    ]


def _words(column: pd.Series[Any]) -> Any:
    """Return a column as texts, each different one once where that is shorter."""
    import pandas as pd

    codes, values = pd.factorize(column.astype(object).where(column.notna(), ""), sort=False)
    told = [v if isinstance(v, str) else _number(v) for v in values]
    if len(told) * 2 > len(codes):
        return [told[c] for c in codes]
    return {"of": told, "at": codes.tolist()}


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and value < 10 else f"{int(value)}"


def _movements(movements: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    words = (
        movements[list(_MOVEMENT_WORDS)]
        .astype(object)
        .where(movements[list(_MOVEMENT_WORDS)].notna(), "")
        .to_dict("records")
    )
    numbers = _first_of(movements, "quantity", "quantity_max", "quantity_min")
    out = []
    for told, n, low, high, start, end, froms, tos, within, role in zip(
        words,
        numbers,
        movements["quantity_min"],
        movements["quantity_max"],
        _days(movements["start"]),
        _days(movements["end"]),
        movements["origin_points"],
        movements["destination_points"],
        movements["within_id"],
        movements["helix_role"],
        strict=True,
    ):
        told["score"] = _number(told["score"])
        told["sources"] = _number(told["sources"] or 1)
        out.append(
            {
                **told,
                "n": _whole(n) or 0,
                "low": _whole(low),
                "high": _whole(high),
                "start": start,
                "end": end,
                "from": _points(froms),
                "to": _points(tos),
                "aside": role == "TRIANGULATION",
                **_inside(within, froms, tos, stock=told["kind"] == "stock"),
            }
        )
    return out


def _whole(value: Any) -> int | None:
    import pandas as pd

    return None if pd.isna(value) else int(value)


def _points(told: Any) -> list[list[float]]:
    return (
        [[float(v) for v in reversed(pair.split(" "))] for pair in told.split(";")]
        if isinstance(told, str) and told
        else []
    )


def _inside(within: Any, froms: Any, tos: Any, *, stock: bool) -> dict[str, Any]:
    """Return the place of people displaced inside it as the one end that is known."""
    from geomap.geoparser import default_gazetteer

    if froms or tos or not isinstance(within, str) or not within:
        return {}
    gazetteer = default_gazetteer()
    places = [gazetteer.place(i) for i in within.split(";") if i and gazetteer.row(i) is not None]
    return {"to" if stock else "from": [[p.lat, p.lon] for p in places if p.lat is not None]}


# Regions, and the ground


def _regions(found: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    if found is None or not len(found):
        return []
    told = zip(
        *(
            found[c]
            for c in (
                "name",
                "kind",
                "events",
                "people_out",
                "people_in",
                "net",
                "out_measure",
                "in_measure",
            )
        ),
        found.geometry,
        strict=True,
    )
    return [
        {
            "name": name,
            "kind": kind,
            "events": _whole(events),
            "out": _whole(left),
            "into": _whole(came),
            "net": _whole(net),
            "measure": out or into or "",
            "area": _thin_coordinates(shape.wkb),
        }
        for name, kind, events, left, came, net, out, into, shape in told
        if shape is not None
    ]


def _view(frames: Mapping[str, gpd.GeoDataFrame]) -> _View:
    """Return the box of what is drawn as current, with a margin; the world when nothing is."""
    import numpy as np

    events, areas, movements = frames["events"], frames["event_areas"], frames["movements"]
    boxes: list[Any] = []
    now = events[
        (~events["status"].isin(HISTORY)).to_numpy() & (~events.geometry.isna()).to_numpy()
    ]
    if len(now):
        boxes.append(_around(now.geometry.x.to_numpy(), now.geometry.y.to_numpy()))
    for froms, tos in zip(
        *(
            movements.loc[~movements["status"].isin(HISTORY), c]
            for c in ("origin_points", "destination_points")
        ),
        strict=True,
    ):
        ends = [*_points(froms), *_points(tos)]
        if ends:
            boxes.append(_around(np.array([p[1] for p in ends]), np.array([p[0] for p in ends])))
    current = areas[(~areas["status"].isin(HISTORY)).to_numpy()]
    shown = current[(current["place_kind"] != "country").to_numpy()]
    shown = current if not boxes and not len(shown) else shown
    if len(shown):
        boxes.append(np.array(shown.total_bounds))
    if not boxes:
        return _View(-170, -55, 180, 75)
    told = np.array(boxes)
    return _View(
        *(
            float(v)
            for v in (
                told[:, 0].min(),
                max(-60, told[:, 1].min()),
                told[:, 2].max(),
                min(80, told[:, 3].max()),
            )
        )
    )


def _around(
    lons: np.ndarray[Any, Any], lats: np.ndarray[Any, Any], pad: float = 0.5
) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.array([lons.min() - pad, lats.min() - pad, lons.max() + pad, lats.max() + pad])


def _base(view: _View) -> dict[str, Any]:
    """Return the background.

    All countries coarsely, and in the view countries, admin-1 units and disputed areas in detail.
    """
    from shapely import box

    window = box(
        max(-180, view.west - _MARGIN_DEG),
        max(-90, view.south - _MARGIN_DEG),
        min(180, view.east + _MARGIN_DEG),
        min(90, view.north + _MARGIN_DEG),
    )
    wide = view.east - view.west > _WIDEST_DETAIL_DEG
    disputed = regions.layer("disputed")
    return {
        "world": _world(),
        "detail": [] if wide else _clipped(regions.layer("countries"), window, 0.01),
        "admin1": [] if wide else _clipped(regions.layer("admin1"), window, 0.02),
        "disputed": (
            [
                {**_note(row), "area": _coordinates(row["geometry"])}
                for _, row in disputed[disputed["valid_to"] == ""].iterrows()
            ]
            + [
                {**_note(row), "area": _coordinates(row["geometry"])}
                for _, row in disputed[disputed["valid_to"] >= "2020-12-01"].iterrows()
                if row["geometry"].intersects(window)
            ]
        ),
        "window": [[window.bounds[1], window.bounds[0]], [window.bounds[3], window.bounds[2]]],
    }


def _note(row: Any) -> dict[str, str]:
    until = f" to {row['valid_to']}" if row["valid_to"] else ""
    approximate = " Approximate outline." if row["approximate"] else ""
    return {
        "name": row["name"],
        "note": (
            f"Administered by {row['administered_by']}"
            + (f", claimed by {row['claimed_by']}" if row["claimed_by"] else "")
            + f" (from {row['valid_from']}{until}).{approximate}"
        ),
    }


@cache
def _world() -> list[list[Any]]:
    return [_coordinates(shape, digits=2) for shape in regions.layer("world").geometry]


def _clipped(
    frame: gpd.GeoDataFrame, window: BaseGeometry, tolerance: float
) -> list[dict[str, Any]]:
    found = frame.iloc[sorted(frame.sindex.query(window, predicate="intersects"))]
    shapes = found.geometry.simplify_coverage(tolerance).intersection(window)
    middle = window.buffer(-_MARGIN_DEG * 0.8)
    return [
        {"name": name, "area": _coordinates(shape), "at": _label_point(shape.intersection(middle))}
        for name, shape in zip(found["name"], shapes, strict=True)
    ]


def _label_point(shape: BaseGeometry) -> list[float] | None:
    """Return where the name of a region fits inside the view.

    Or None when too little of it is seen.
    """
    if shape.is_empty or shape.area < 0.3:
        return None
    point = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area).representative_point()
    return [round(point.y, 3), round(point.x, 3)]


def _coordinates(shape: BaseGeometry | None, digits: int = 3) -> list[Any]:
    """Return polygons as Leaflet wants them: [[[lat, lon], ...rings], ...polygons].

    Slivers are left out.
    """
    import numpy as np

    if shape is None or shape.is_empty:
        return []
    polygons = [p for p in getattr(shape, "geoms", [shape]) if p.geom_type == "Polygon"]
    return [
        [
            np.round(np.asarray(ring.coords)[:, 1::-1], digits).tolist()
            for ring in (p.exterior, *p.interiors)
        ]
        for p in polygons
        if len(p.exterior.coords) > 4 or p.area > 0.02
    ]
