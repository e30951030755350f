"""Parsed -> the JSON line that leaves (`docs/schema/parsed.schema.json`).

With the crosswalks to other schemes.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from geomap.crosswalk import event_crosswalk, movement_crosswalk
from geomap.model import Mention, Parsed, Place, Toponym

SCHEMA = 1


def geomap_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("geomap")
    except PackageNotFoundError:
        return "0+checkout"


def to_line(parsed: Parsed) -> dict[str, Any]:
    """Return one document as a JSON-ready dictionary."""
    doc = parsed.document
    return {
        "id": doc.id,
        "schema": SCHEMA,
        "geomap": geomap_version(),
        "lang": doc.lang,
        "title": doc.title,
        "source": doc.source,
        "url": doc.url,
        "published": doc.to_dict()["published"],
        "toponyms": [_toponym(t) for t in parsed.toponyms],
        "events": [
            {**e.to_dict(), "places": [_mention(m) for m in e.places], **event_crosswalk(e)}
            for e in parsed.events
        ],
        "movements": [
            {
                **m.to_dict(),
                **{
                    side: [_mention(x) for x in getattr(m, side)]
                    for side in ("origins", "destinations", "within")
                },
                **movement_crosswalk(m),
            }
            for m in parsed.movements
        ],
        "warnings": list(parsed.warnings),
    }


def failed_line(ident: str, error: Exception) -> dict[str, Any]:
    """Return the line of a document that could not be read."""
    return {
        "id": ident,
        "schema": SCHEMA,
        "geomap": geomap_version(),
        "lang": "und",
        "error": str(error),
        "toponyms": [],
        "events": [],
        "movements": [],
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else place.to_dict()


def _mention(item: Mention) -> dict[str, Any]:
    out = {"name": item.name, "start": item.start, "end": item.end, "place": _place(item.place)}
    return out if item.place is not None else {**out, "reason": item.reason}


def _toponym(toponym: Toponym) -> dict[str, Any]:
    place = toponym.place
    out: dict[str, Any] = {
        "start": toponym.start,
        "end": toponym.end,
        "name": toponym.name,
        "use": toponym.use.value,
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "geonameid": place.geonameid if place else None,
        "place": _place(place),
        "score": toponym.score,
        "alternatives": [
            {"id": p.id, "name": p.name, "country": p.country, "lon": p.lon, "lat": p.lat}
            for p in toponym.alternatives
        ],
        "reasons": list(toponym.reasons),
    }
    return out if place is not None and not toponym.reason else {**out, "reason": toponym.reason}
