"""GeoDataFrames -> one self-contained HTML map: no request to any host, nothing of the news text ever executed.

folium builds the page; its links to other hosts are replaced by the vendored Leaflet. Marks are drawn by one script from column
data in JSON (`<` escaped) and text reaches the page through `textContent` only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geomap import regions
from geomap.errors import MissingExtraError
from geomap.frames import PINNED, circle
from geomap.model import Document, Event, Kind, Mention, Movement, Parsed, Quantity, Status, day_of

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

_ASSETS = Path(__file__).parent / "assets"
# Okabe and Ito's colours, told apart by readers with any colour vision; type is also in the shape.
STYLES: dict[str, tuple[str, str]] = {
    "battle": ("#d55e00", "cross"), "explosion": ("#e69f00", "star"), "violence_against_civilians": ("#cc3311", "diamond"), "protest": ("#0072b2", "triangle"),
    "riot": ("#56b4e9", "triangle"), "strategic": ("#882255", "square"), "agreement": ("#009e73", "circle"), "diplomacy": ("#117733", "circle"),
    "blockade": ("#aa4499", "square"), "territorial_claim": ("#88752a", "square"), "aid": ("#44aa99", "circle"), "statement": ("#777777", "circle"),
}  # fmt: skip
_QUIET = {Status.BACKGROUND, Status.DENIED}
_MARGIN_DEG = 6.0
_WIDEST_DETAIL_DEG = 30.0


@dataclass(frozen=True, slots=True)
class _View:
    west: float
    south: float
    east: float
    north: float


def to_html(parsed: Parsed | Iterable[Parsed], *, title: str = "geomap", background: bool = False, height: str = "100%") -> str:
    """Return a standalone page with the map of one or many documents.

    Parameters
    ----------
    parsed
        What `parse` returned.
    title
        Name of the page.
    background
        Whether history (events and movements about a year or more before publication) is shown at the start; it can be switched
        on in the page in any case.
    height
        CSS height of the map.

    Raises
    ------
    MissingExtraError
        When folium is not installed.

    """
    results = [parsed] if isinstance(parsed, Parsed) else list(parsed)
    data = _data(results)
    data["background"] = background
    view = _view(results)
    data["view"] = [[view.south, view.west], [view.north, view.east]]
    data["base"] = _base(view)
    return _page(data, title, height)


def _page(data: dict[str, Any], title: str, height: str) -> str:
    try:
        import folium
        from branca.element import Element, Link
    except ImportError as error:
        raise MissingExtraError("folium", "map") from error
    page = folium.Map(location=(0, 0), zoom_start=2, tiles=None, prefer_canvas=True, height=height, world_copy_jump=True, attribution_control=False)
    # A fixed name, so that the same input gives the same bytes.
    page._id = "geomap"  # noqa: SLF001
    figure: Any = page.get_root()
    figure._id = "geomap_page"  # noqa: SLF001
    figure.title = None
    for child in list(figure._children.values()):  # noqa: SLF001
        child.render()
    header = figure.header
    for name, element in list(header._children.items()):  # noqa: SLF001
        if isinstance(element, Link) or "cdn" in str(getattr(element, "_template_str", "")):
            del header._children[name]  # noqa: SLF001
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    payload = payload.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    safe_title = re.sub(r"[<>&]", " ", title)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{safe_title}</title><link rel="icon" href="data:,">'
        f"<style>{_asset('leaflet.css')}{_asset('map.css')}</style><script>{_asset('leaflet.js')}</script>"
    )
    header.add_child(Element("{% raw %}" + head + "{% endraw %}"), name="geomap_assets", index=0)
    script = f"var geomapData={payload};\n{_asset('map.js')}\ngeomapDraw({page.get_name()},geomapData);"
    figure.script.add_child(Element("{% raw %}" + script.replace("{% endraw %}", "") + "{% endraw %}"), name="geomap_marks")
    html: str = figure._template.render(this=figure, kwargs={})  # noqa: SLF001
    return html.replace("<html>", '<html lang="en">', 1)


@cache
def _asset(name: str) -> str:
    text = (_ASSETS / name).read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    # Leaflet's images are not used; an empty image keeps the style sheet from asking for them.
    return re.sub(r"url\([^)]*\)", "none", text) if name.endswith(".css") else text.replace("</script", "<\\/script")


def _data(results: Sequence[Parsed]) -> dict[str, Any]:
    events = [item for r in results for e in r.events if (item := _event(r.document, e)) is not None]
    movements = [_movement(r.document, m) for r in results for m in r.movements]
    listed = [m for m in movements if not m["from"] and not m["to"]]
    return {
        "events": events, "movements": movements, "styles": STYLES, "unplaced": len(listed), "disclaimer": regions.DISCLAIMER,
        "attribution": "Shapes: Natural Earth. Places: GeoNames (CC BY 4.0). Drawn by geomap with Leaflet.", "version": regions.data_version(),
    }  # fmt: skip


def _card(doc: Document, record: Event | Movement, heading: str, mentions: Sequence[Mention]) -> dict[str, Any]:
    """Return what a click shows: heading, lines and the sentences behind them, as plain text."""
    when = record.to_dict()["when"] or {}
    told = when.get("start") or when.get("as_of") or ""
    end = when.get("end") or ""
    lines = [f"Status: {record.status.value}"]
    if told:
        lines.append(f"Time: {told[:10]}{' to ' + end[:10] if end and end[:10] != told[:10] else ''} ({when.get('precision') or 'as of'}, {when.get('basis') or 'stated'})")
    if record.claimed_by:
        lines.append(f"Says who: {record.claimed_by}")
    for item in mentions[:4]:
        lines.append(f"Place: {_place_line(item)}")
    source = " · ".join(filter(None, [doc.source, str(doc.published or "")[:10], doc.title]))
    return {"heading": heading, "lines": lines, "evidence": [e.text for e in record.evidence[:5]], "source": source, "url": doc.url if doc.url.startswith(("http://", "https://")) else ""}


def _place_line(item: Mention) -> str:
    place = item.place
    if place is None:
        return f"{item.name} (not resolved: {item.reason})"
    extra = f", {place.country_name}" if place.country_name and place.country_name != place.name else ""
    return f"{place.name}{extra} ({place.precision.value}{', disputed' if place.disputed else ''})"


def _event(doc: Document, event: Event) -> dict[str, Any] | None:
    place = event.places[0].place if event.places else None
    if place is None or place.lon is None:
        return None
    toll = event.fatalities
    heading = event.type.value.replace("_", " ") + (f": {_figure(toll)} killed" if toll else "")
    item: dict[str, Any] = {
        "type": event.type.value, "quiet": event.status in _QUIET, "status": event.status.value, "card": _card(doc, event, heading, event.places), "label": place.name,
        "toll": (toll.value or toll.minimum or toll.maximum or 0) if toll else 0,
    }  # fmt: skip
    if place.precision in PINNED:
        return {**item, "at": [place.lat, place.lon]}
    if place.kind is Kind.COUNTRY:
        # The whole of a country says where it is not known better; no pin.
        return {**item, "area": _coordinates(_thinned(regions.outline(place))), "country": True}
    day = event.when.start if event.when is not None and event.when.start is not None else doc.published
    shape = regions.outline(place, when=day and day_of(day)) or circle(place)
    return {**item, "area": _coordinates(_thinned(shape))}


def _figure(quantity: Quantity | None) -> str:
    if quantity is None:
        return ""
    words = {"more_than": "more than ", "at_least": "at least ", "less_than": "fewer than ", "up_to": "up to ", "nearly": "nearly ", "about": "about "}
    if quantity.quantifier.value == "range":
        return f"{quantity.minimum:,}-{quantity.maximum:,}"
    n = quantity.value or quantity.maximum or quantity.minimum
    return f"{n:,} or more" if quantity.quantifier.value == "vague" else f"{words.get(quantity.quantifier.value, '')}{n:,}"


def _movement(doc: Document, movement: Movement) -> dict[str, Any]:
    quantity = movement.quantity
    known = _figure(quantity)
    unit = "households" if quantity is not None and quantity.unit is not None and quantity.unit.value == "household" else "people"
    names = {side: ", ".join(m.label for m in getattr(movement, side)) for side in ("origins", "destinations", "within")}
    label = f"{known} {unit}" if known else "people, no figure"
    heading = f"{movement.kind.value}: {label}" + (f" from {names['origins']}" if names["origins"] else "") + (f" to {names['destinations']}" if names["destinations"] else "")
    heading += f" within {names['within']}" if names["within"] else ""
    return {
        "kind": movement.kind.value, "status": movement.status.value, "quiet": movement.status in _QUIET, "label": label,
        "n": (quantity.value or quantity.maximum or quantity.minimum or 0) if quantity else 0, "from": _points(movement.origins or movement.within if movement.kind.value != "stock" else movement.origins),
        "to": _points(movement.destinations if movement.kind.value != "stock" else movement.destinations or movement.within),
        "card": _card(doc, movement, heading, [*movement.origins, *movement.destinations, *movement.within]),
    }  # fmt: skip


def _points(mentions: Sequence[Mention]) -> list[list[float]]:
    return [[m.place.lat, m.place.lon] for m in mentions if m.place is not None and m.place.lat is not None and m.place.lon is not None]


def _view(results: Sequence[Parsed]) -> _View:
    """Return the box of what is drawn as current, with a margin; the world when nothing is."""
    mentions = [m for r in results for e in r.events if e.status not in _QUIET for m in e.places[:1]]
    mentions += [m for r in results for x in r.movements if x.status not in _QUIET for m in (*x.origins, *x.destinations, *x.within)]
    places = [m.place for m in mentions if m.place is not None]
    fine = [p for p in places if p.lon is not None and (p.kind is not Kind.COUNTRY or p.uncertainty_km < 400)] or [p for p in places if p.lon is not None]
    if not fine:
        return _View(-170, -55, 180, 75)
    pad = [min(2.0, p.uncertainty_km / 180 + 0.4) for p in fine]
    lons, lats = [float(p.lon or 0) for p in fine], [float(p.lat or 0) for p in fine]
    return _View(
        min(x - d for x, d in zip(lons, pad, strict=True)), max(-60, min(y - d for y, d in zip(lats, pad, strict=True))),
        max(x + d for x, d in zip(lons, pad, strict=True)), min(80, max(y + d for y, d in zip(lats, pad, strict=True))),
    )  # fmt: skip


def _base(view: _View) -> dict[str, Any]:
    """Return the background: all countries coarsely, and in the view countries, admin-1 units and disputed areas in detail."""
    from shapely import box

    window = box(max(-180, view.west - _MARGIN_DEG), max(-90, view.south - _MARGIN_DEG), min(180, view.east + _MARGIN_DEG), min(90, view.north + _MARGIN_DEG))
    wide = view.east - view.west > _WIDEST_DETAIL_DEG
    disputed = regions.layer("disputed")
    return {
        "world": _world(), "detail": [] if wide else _clipped(regions.layer("countries"), window, 0.01), "admin1": [] if wide else _clipped(regions.layer("admin1"), window, 0.02),
        "disputed": [{**_note(row), "area": _coordinates(row["geometry"])} for _, row in disputed[disputed["valid_to"] == ""].iterrows()]
        + [{**_note(row), "area": _coordinates(row["geometry"])} for _, row in disputed[disputed["valid_to"] >= "2020-12-01"].iterrows() if row["geometry"].intersects(window)],
        "window": [[window.bounds[1], window.bounds[0]], [window.bounds[3], window.bounds[2]]],
    }  # fmt: skip


def _note(row: Any) -> dict[str, str]:
    until = f" to {row['valid_to']}" if row["valid_to"] else ""
    approximate = " Approximate outline." if row["approximate"] else ""
    return {
        "name": row["name"],
        "note": f"Administered by {row['administered_by']}" + (f", claimed by {row['claimed_by']}" if row["claimed_by"] else "") + f" (from {row['valid_from']}{until}).{approximate}",
    }


@cache
def _world() -> list[list[Any]]:
    frame = regions.layer("countries")
    shapes = frame.geometry.simplify_coverage(0.15)
    return [_coordinates(shape, digits=2) for shape in shapes]


def _clipped(frame: gpd.GeoDataFrame, window: BaseGeometry, tolerance: float) -> list[dict[str, Any]]:
    found = frame.iloc[sorted(frame.sindex.query(window, predicate="intersects"))]
    shapes = found.geometry.simplify_coverage(tolerance).intersection(window)
    middle = window.buffer(-_MARGIN_DEG * 0.8)
    return [{"name": name, "area": _coordinates(shape), "at": _label_point(shape.intersection(middle))} for name, shape in zip(found["name"], shapes, strict=True)]


def _label_point(shape: BaseGeometry) -> list[float] | None:
    """Return where the name of a region fits inside the view, or None when too little of it is seen."""
    if shape.is_empty or shape.area < 0.3:
        return None
    point = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area).representative_point()
    return [round(point.y, 3), round(point.x, 3)]


def _thinned(shape: BaseGeometry | None) -> BaseGeometry | None:
    return None if shape is None else shape.simplify(0.005)


def _coordinates(shape: BaseGeometry | None, digits: int = 3) -> list[Any]:
    """Return polygons as Leaflet wants them: [[[lat, lon], ...rings], ...polygons]; slivers are left out."""
    if shape is None or shape.is_empty:
        return []
    polygons = [p for p in getattr(shape, "geoms", [shape]) if p.geom_type == "Polygon"]
    return [[[[round(y, digits), round(x, digits)] for x, y in ring.coords] for ring in (p.exterior, *p.interiors)] for p in polygons if len(p.exterior.coords) > 4 or p.area > 0.02]

