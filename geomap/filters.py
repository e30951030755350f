"""What a reader wants to see.

One filter that acts on layers, and through their ids on totals, map, tables and files alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geomap.model import EventType, MovementKind, Precision, Status

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

HISTORY: Final = frozenset({Status.BACKGROUND.value, Status.DENIED.value})
_PLACES: Final = {
    "events": ("place", "place_text", "other_places", "admin1", "country", "disputed"),
    "event_areas": ("place", "place_text", "other_places", "admin1", "country", "disputed"),
    "movements": ("origin", "destination", "within", "ends_text", "coo_iso", "coa_iso"),
    "places": ("name", "place", "admin1", "country", "disputed"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Words and bounds; what is empty lets everything through.

    `types` holds event types and kinds of movement; `place`, `who` and `source` are looked for as
    parts of words, without regard to
    case; a record stays when its time touches `start`..`end`, and one without a time only when
    neither is set.
    """

    start: dt.date | None = None
    end: dt.date | None = None
    types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    place: str = ""
    who: str = ""
    source: str = ""
    score: float = 0.0

    def __bool__(self) -> bool:
        """Tell whether anything is filtered."""
        return self != Filter()


def filtered(frames: Mapping[str, gpd.GeoDataFrame], wanted: Filter) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers with the rows that `wanted` lets through; `regions` stays as it is."""
    if not wanted:
        return dict(frames)
    out = {
        name: frame[_mask(name, frame, wanted)]
        for name, frame in frames.items()
        if name in {"events", "movements", "places"}
    }
    areas = frames["event_areas"]
    out["event_areas"] = areas[areas["id"].str.removesuffix("/area").isin(set(out["events"]["id"]))]
    return {name: out.get(name, frame) for name, frame in frames.items()}


def _mask(name: str, frame: gpd.GeoDataFrame, wanted: Filter) -> pd.Series[bool]:
    import pandas as pd

    keep = pd.Series(data=True, index=frame.index)
    if wanted.place:
        keep &= _holds(frame, _PLACES[name], wanted.place)
    if wanted.score:
        keep &= frame["score"].fillna(0) >= wanted.score
    if name == "places":
        return keep
    kinds, column = (EventType, "type") if name == "events" else (MovementKind, "kind")
    types = [t for t in wanted.types if t in set(kinds)]
    if wanted.types:
        keep &= frame[column].isin(types)
    if wanted.statuses:
        keep &= frame["status"].isin(wanted.statuses)
    if wanted.precisions and name == "events":
        keep &= frame["precision"].isin(wanted.precisions)
    if wanted.start is not None:
        keep &= frame["end"] >= pd.Timestamp(wanted.start)
    if wanted.end is not None:
        keep &= frame["start"] <= pd.Timestamp(wanted.end)
    if wanted.who:
        keep &= _holds(
            frame,
            ("actors", "claimed_by") if name == "events" else ("group", "claimed_by"),
            wanted.who,
        )
    if wanted.source:
        keep &= _holds(frame, ("source", "title", "also_said"), wanted.source)
    return keep


def _holds(frame: gpd.GeoDataFrame, columns: tuple[str, ...], word: str) -> pd.Series[bool]:
    import pandas as pd

    found = pd.Series(data=False, index=frame.index)
    for column in columns:
        found |= frame[column].fillna("").astype(str).str.contains(word, case=False, regex=False)
    return found


TYPES: Final = (*(t.value for t in EventType), *(k.value for k in MovementKind))
STATUSES: Final = tuple(s.value for s in Status)
PRECISIONS: Final = tuple(p.value for p in Precision)
