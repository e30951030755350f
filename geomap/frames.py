"""Parsed documents -> GeoDataFrames in EPSG:4326; the column schema in one table.

What is known only to a region has a null point in `events` and its outline in `event_areas`; a
movement whose other end the
text does not tell has a null geometry. Nothing is pinned that the text does not pin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from geomap import regions
from geomap.crosswalk import event_crosswalk, movement_crosswalk
from geomap.gazetteer.index import EARTH_KM
from geomap.model import (
    Document,
    Event,
    Kind,
    Mention,
    Movement,
    Parsed,
    Place,
    Precision,
    Quantity,
    Toponym,
    When,
    day_of,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

# Okabe and Ito's colours, told apart by readers with any colour vision; type is also in the shape.
EVENT_MARKS: dict[str, tuple[str, str]] = {
    "battle": ("#d55e00", "cross"),
    "explosion": ("#e69f00", "star"),
    "violence_against_civilians": ("#cc3311", "diamond"),
    "protest": ("#0072b2", "triangle"),
    "riot": ("#56b4e9", "triangle"),
    "strategic": ("#882255", "square"),
    "agreement": ("#009e73", "circle"),
    "diplomacy": ("#117733", "circle"),
    "blockade": ("#aa4499", "square"),
    "territorial_claim": ("#88752a", "square"),
    "aid": ("#44aa99", "circle"),
    "statement": ("#777777", "circle"),
}
SAID_APART, SAID_AT_MOST = " | ", 5
PINNED = {Precision.SITE, Precision.SETTLEMENT, Precision.NEAR}
_COMMON = ["id", "start", "end", "date_precision", "date_basis", "status"]
_QUANTITY = ["quantity", "quantity_min", "quantity_max", "quantifier", "unit", "quantity_text"]
_SOURCE = [
    "claimed_by",
    "score",
    "sentence",
    "sentence_start",
    "sentence_end",
    "doc_id",
    "title",
    "source",
    "url",
    "published",
    "sources",
    "conflict",
    "also_said",
]
_PLACE = ["place", "place_id", "place_kind", "country", "admin1", "precision", "uncertainty_km"]
_REGION = ["disputed", "administered_by", "claimed_area_by", "policy"]
# The column schema of every layer: `start` and `end` come first among dates, always full ISO days,
# so that GIS tools type them.
SCHEMA: dict[str, list[str]] = {
    "events": [
        *_COMMON,
        "type",
        "sub_type",
        *_PLACE,
        "place_text",
        "alternatives",
        *_REGION,
        "actors",
        "fatalities",
        "fatalities_min",
        "fatalities_max",
        "other_places",
        *_SOURCE,
        "acled_event_type",
        "acled_sub_event_type",
        "geo_precision",
        "time_precision",
        "type_of_violence",
        "where_prec",
        "date_prec",
        "plover",
    ],
    "movements": [
        *_COMMON,
        "kind",
        "origin",
        "origin_id",
        "origin_points",
        "destination",
        "destination_id",
        "destination_points",
        "within",
        "within_id",
        "ends_text",
        "group",
        *_QUANTITY,
        "measure",
        "as_of",
        "reason",
        *_SOURCE,
        "series",
        "increment",
        "role_reason",
        "helix_quantifier",
        "helix_unit",
        "helix_category",
        "helix_term",
        "helix_role",
        "coo_iso",
        "coa_iso",
        "origin_location_code",
        "asylum_location_code",
    ],
    "places": [
        "id",
        "name",
        "use",
        *_PLACE,
        *_REGION,
        "score",
        "mentions",
        "reasons",
        "reason",
        "doc_id",
        "published",
        "sources",
    ],
    "regions": [
        "id",
        "name",
        "kind",
        "country",
        "events",
        "people_out",
        "out_measure",
        "people_in",
        "in_measure",
        "net",
        "administered_by",
        "claimed_area_by",
        "valid_from",
        "valid_to",
        "policy",
    ],
}
# Whole numbers that may be missing.
WHOLE = {
    "quantity",
    "quantity_min",
    "quantity_max",
    "fatalities",
    "fatalities_min",
    "fatalities_max",
    "geo_precision",
    "time_precision",
    "type_of_violence",
    "where_prec",
    "date_prec",
    "sources",
    "increment",
    "mentions",
    "sentence_start",
    "sentence_end",
    "events",
    "people_out",
    "people_in",
    "net",
}
DATES = ("start", "end")
REALS = frozenset({"score", "uncertainty_km"})
SCHEMA["event_areas"] = SCHEMA["events"]


def to_frames(
    parsed: Parsed | Iterable[Parsed],
    *,
    policy: regions.Policy | str = regions.Policy.NEUTRAL,
    notes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers `events`, `event_areas`, `movements` and `places`.

    Parameters
    ----------
    parsed
        One or many results.
    policy
        How disputed areas are answered; written into every row.
    notes
        Columns by record id that only many documents together can tell: sources, conflicts, place
        in a series.

    Returns
    -------
    dict of GeoDataFrame
        EPSG:4326, coordinates lon, lat; columns after `SCHEMA`.

    """
    results = [parsed] if isinstance(parsed, Parsed) else list(parsed)
    known = notes or {}
    told = [
        ({**_event_row(r, e), **known.get(e.id, {})}, e, r.document)
        for r in results
        for e in r.events
    ]
    events = [(row, _pin(e.places)) for row, e, _ in told]
    areas = [({**row, "id": f"{e.id}/area"}, _area(e, doc)) for row, e, doc in told]
    movements = [
        ({**_movement_row(r.document, m), **known.get(m.id, {})}, _line(m))
        for r in results
        for m in r.movements
    ]
    places = [row for r in results for row in _place_rows(r)]
    return {
        "events": to_frame("events", events, policy),
        "event_areas": to_frame("event_areas", [a for a in areas if a[1] is not None], policy),
        "movements": to_frame("movements", movements, policy),
        "places": to_frame("places", places, policy),
    }


def to_frame(
    name: str,
    rows: Sequence[tuple[dict[str, Any], BaseGeometry | None]],
    policy: regions.Policy | str = regions.Policy.NEUTRAL,
) -> gpd.GeoDataFrame:
    """Return rows of columns and shapes as one layer, typed after `SCHEMA`.

    Region columns filled.
    """
    import geopandas as gpd
    import pandas as pd

    columns = SCHEMA[name]
    data = pd.DataFrame([{c: row.get(c) for c in columns} for row, _ in rows], columns=columns)
    frame = gpd.GeoDataFrame(
        data,
        geometry=gpd.GeoSeries(
            pd.Series([shape for _, shape in rows], dtype=object), crs="EPSG:4326"
        ),
        crs="EPSG:4326",
    )
    return (
        _with_regions(typed(frame), policy)
        if "disputed" in columns and len(frame)
        else typed(frame)
    )


def typed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer with its days, whole numbers (which may be missing) and reals as such."""
    import pandas as pd

    out = frame.copy()
    for column in frame.columns:
        if column in DATES:
            out[column] = pd.to_datetime(frame[column]).astype("datetime64[ms]")
        elif column in WHOLE:
            out[column] = pd.array(
                [None if pd.isna(v) else int(v) for v in frame[column]], dtype="Int64"
            )
        elif column in REALS:
            out[column] = frame[column].astype(float)
    return out


def _with_regions(frame: gpd.GeoDataFrame, policy: regions.Policy | str) -> gpd.GeoDataFrame:
    """Fill the region columns by a spatial join of the points (of areas: a point inside)."""
    points = frame.set_geometry(frame.geometry.representative_point())
    known = ~points.geometry.isna() & ~points.geometry.is_empty
    joined = regions.join(points[known][["geometry"]], policy=policy)
    out = frame.copy()
    for column, source in (
        ("disputed", "disputed"),
        ("administered_by", "administered_by"),
        ("claimed_area_by", "claimed_by"),
    ):
        out[column] = ""
        out.loc[known, column] = joined[source]
    out["policy"] = str(policy)
    return out


def _day(moment: dt.date | dt.datetime | None) -> dt.date | None:
    return None if moment is None else day_of(moment)


def _iso(moment: dt.date | dt.datetime | None) -> str | None:
    from geomap.model import iso

    return None if moment is None else iso(moment)


def _times(when: When | None, doc: Document) -> dict[str, Any]:
    """Return start and end days.

    What has no time of its own stands on its publication day, and its basis says so.
    """
    start, end = (_day(when.start), _day(when.end)) if when is not None else (None, None)
    as_of = _day(when.as_of) if when is not None else None
    told = start or end or as_of
    fallback = _day(doc.published)
    return {
        "start": start or end or as_of or fallback,
        "end": end or start or as_of or fallback,
        "date_precision": when.precision.value if when is not None and when.precision else "",
        "date_basis": (
            when.basis.value
            if when is not None and when.basis
            else "publication"
            if not told and fallback
            else ""
        ),
    }


def place_columns(place: Place | None, name: str) -> dict[str, Any]:
    """Return the columns of a place, or of a name that is none."""
    return {
        "place": place.name if place else name,
        "place_id": place.id if place else "",
        "place_kind": place.kind.value if place else "",
        "country": place.country if place else "",
        "admin1": place.admin1_name if place else "",
        "precision": place.precision.value if place else "none",
        "uncertainty_km": place.uncertainty_km if place else None,
    }


def _source(doc: Document, record: Event | Movement) -> dict[str, Any]:
    evidence = record.evidence[0]
    return {
        "claimed_by": record.claimed_by,
        "score": record.score,
        "sentence": evidence.text,
        "sentence_start": evidence.start,
        "sentence_end": evidence.end,
        "doc_id": doc.id,
        "title": doc.title,
        "source": doc.source,
        "url": doc.url,
        "published": _iso(doc.published),
        "sources": 1,
        "conflict": "",
        "also_said": SAID_APART.join(e.text for e in record.evidence[1:SAID_AT_MOST]),
    }


def _event_row(parsed: Parsed, event: Event) -> dict[str, Any]:
    doc = parsed.document
    best = event.places[0] if event.places else None
    toll = event.fatalities
    return {
        "id": event.id,
        **_times(event.when, doc),
        "status": event.status.value,
        "type": event.type.value,
        "sub_type": event.sub_type,
        **place_columns(best.place if best else None, best.name if best else ""),
        "place_text": best.name if best else "",
        "alternatives": alternatives_of(parsed, event),
        "actors": ";".join(a.name for a in event.actors),
        "fatalities": toll.value if toll else None,
        "fatalities_min": toll.minimum if toll else None,
        "fatalities_max": toll.maximum if toll else None,
        "other_places": ";".join(m.label for m in event.places[1:]),
        **_source(doc, event),
        **event_crosswalk(event),
    }


def _pin(mentions: Sequence[Mention]) -> BaseGeometry | None:
    return point(mentions[0].place) if mentions else None


def point(place: Place | None) -> BaseGeometry | None:
    """Return the point of a place known to a settlement or better; a region is never pinned."""
    from shapely import Point

    if place is None or place.lon is None or place.lat is None or place.precision not in PINNED:
        return None
    return Point(place.lon, place.lat)


def _area(event: Event, doc: Document) -> BaseGeometry | None:
    """Return the outline of an event known only to a region.

    Its shape at the time, else its circle of uncertainty.
    """
    place = event.places[0].place if event.places else None
    if place is None or place.precision in PINNED or place.lon is None:
        return None
    when = (
        _day(event.when.start)
        if event.when is not None and event.when.start is not None
        else _day(doc.published)
    )
    return _shown(place, when if place.disputed or place.kind is Kind.DISPUTED_AREA else None)


@lru_cache(maxsize=512)
def _shown(place: Place, when: dt.date | None) -> BaseGeometry | None:
    """Return the outline of a region to about a kilometre.

    What is known only to a region is not known closer.
    """
    shape = regions.outline(place, when=when) or circle(place)
    return None if shape is None else multi(shape.simplify(0.01))


def multi(shape: BaseGeometry | None) -> BaseGeometry | None:
    """Return a polygon as a multipolygon, so that a layer holds one type."""
    from shapely import MultiPolygon, Polygon

    return MultiPolygon([shape]) if isinstance(shape, Polygon) else shape


def circle(place: Place) -> BaseGeometry | None:
    """Return the circle of uncertainty around a place as a polygon of 48 points.

    Radius in km on the sphere.
    """
    import math

    from shapely import Polygon

    if place.lon is None or place.lat is None or not place.uncertainty_km:
        return None
    radius = place.uncertainty_km / EARTH_KM
    lat = math.radians(place.lat)
    ring = []
    for step in range(48):
        bearing = 2 * math.pi * step / 48
        other = math.asin(
            math.sin(lat) * math.cos(radius) + math.cos(lat) * math.sin(radius) * math.cos(bearing)
        )
        turn = math.atan2(
            math.sin(bearing) * math.sin(radius) * math.cos(lat),
            math.cos(radius) - math.sin(lat) * math.sin(other),
        )
        ring.append(
            (
                max(-180.0, min(180.0, place.lon + math.degrees(turn))),
                max(-90.0, min(90.0, math.degrees(other))),
            )
        )
    return Polygon(ring)


def _quantity(quantity: Quantity | None) -> dict[str, Any]:
    if quantity is None:
        return dict.fromkeys(_QUANTITY)
    return {
        "quantity": quantity.value,
        "quantity_min": quantity.minimum,
        "quantity_max": quantity.maximum,
        "quantifier": quantity.quantifier.value,
        "unit": quantity.unit.value if quantity.unit else "",
        "quantity_text": quantity.text,
    }


def _movement_row(doc: Document, movement: Movement) -> dict[str, Any]:
    """Return one row a movement.

    A fan of several ends is one row whose line is that of the first pair, so that nothing is
    counted twice.
    """
    return {
        "id": movement.id,
        **_times(movement.when, doc),
        "status": movement.status.value,
        "kind": movement.kind.value,
        "origin": ";".join(m.label for m in movement.origins),
        "origin_id": ";".join(_ident(m) for m in movement.origins),
        "destination": ";".join(m.label for m in movement.destinations),
        "destination_id": ";".join(_ident(m) for m in movement.destinations),
        "origin_points": _points(movement.origins),
        "destination_points": _points(movement.destinations),
        "within_id": ";".join(_ident(m) for m in movement.within),
        "ends_text": ";".join(
            dict.fromkeys(
                m.name for m in (*movement.origins, *movement.destinations, *movement.within)
            )
        ),
        "within": ";".join(m.label for m in movement.within),
        "group": movement.group,
        **_quantity(movement.quantity),
        "measure": movement.measure.value,
        "as_of": _iso(movement.when.as_of) if movement.when else None,
        "reason": movement.reason,
        **_source(doc, movement),
        **movement_crosswalk(movement),
    }


def _points(mentions: Sequence[Mention]) -> str:
    """Return the coordinates of places as "lon lat" joined with `;`, for drawing a fan.

    Countries and regions stand at their label point.
    """
    return ";".join(
        f"{m.place.lon:g} {m.place.lat:g}"
        for m in mentions
        if m.place is not None and m.place.lon is not None and m.place.lat is not None
    )


def alternatives_of(parsed: Parsed, event: Event) -> str:
    """Return what else the name of an event's place may mean, joined with `;`."""
    if not event.places:
        return ""
    span = (event.places[0].start, event.places[0].end)
    found = next((t.alternatives for t in parsed.toponyms if (t.start, t.end) == span), ())
    return ";".join(f"{p.name} ({p.country_name or p.kind.value})" for p in found[:4])


def _ident(item: Mention) -> str:
    return item.place.id if item.place else ""


def _line(movement: Movement) -> BaseGeometry | None:
    """Return the straight line between the first two known ends.

    Longitudes unwrapped over the antimeridian.
    """
    from shapely import LineString

    if not movement.origins or not movement.destinations:
        return None
    a, b = movement.origins[0].place, movement.destinations[0].place
    if (
        a is None
        or b is None
        or a.lon is None
        or b.lon is None
        or a.lat is None
        or b.lat is None
        or (a.lon, a.lat) == (b.lon, b.lat)
    ):
        return None
    lon = b.lon + (360 if a.lon - b.lon > 180 else -360 if b.lon - a.lon > 180 else 0)
    return LineString([(a.lon, a.lat), (lon, b.lat)])


def _place_rows(parsed: Parsed) -> list[tuple[dict[str, Any], BaseGeometry | None]]:
    """Return one row a place and document, with how often it is named.

    Names without a place keep their reason.
    """
    groups: dict[str, list[Toponym]] = {}
    for toponym in parsed.toponyms:
        groups.setdefault(toponym.place.id if toponym.place else f"?{toponym.name}", []).append(
            toponym
        )
    rows: list[tuple[dict[str, Any], BaseGeometry | None]] = []
    for ident, members in groups.items():
        best = max(members, key=lambda t: t.score)
        place = best.place
        row = {
            "id": f"{parsed.document.id}#{ident}",
            "name": best.name,
            "use": ";".join(sorted({t.use.value for t in members})),
            **place_columns(place, best.name),
            "score": best.score,
            "mentions": len(members),
            "reasons": ";".join(best.reasons),
            "reason": best.reason,
            "doc_id": parsed.document.id,
            "published": _iso(parsed.document.published),
            "sources": 1,
        }
        rows.append((row, point(place)))
    return rows
