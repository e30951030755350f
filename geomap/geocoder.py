"""The gazetteer as a geopy geocoder: offline, for code that already speaks geopy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geomap.errors import MissingExtraError
from geomap.gazetteer import Gazetteer
from geomap.model import Place

try:
    from geopy.geocoders.base import Geocoder
    from geopy.location import Location
    from geopy.point import Point
except ImportError as error:
    raise MissingExtraError("geopy", "geocoder") from error

if TYPE_CHECKING:
    from collections.abc import Sequence


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]
    """A geopy geocoder over a gazetteer; asks no server.

    Parameters
    ----------
    gazetteer
        An open gazetteer; by default the bundled one.

    """

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        super().__init__()
        self.gazetteer = gazetteer or Gazetteer()

    def geocode(
        self,
        query: str,
        *,
        exactly_one: bool = True,
        timeout: object = None,  # noqa: ARG002
    ) -> Location | list[Location] | None:
        """Return the likeliest place of this name, or all with `exactly_one=False`.

        None when there is none.

        "Goris, Armenia" narrows by what contains the place.
        """
        name, _, container = query.partition(",")
        found = [p for p in self.gazetteer.candidates(name.strip()) if p.lon is not None]
        if container.strip():
            known = {p.id for p in self.gazetteer.candidates(container.strip())}
            found = [
                p for p in found if known & {parent.id for parent in self.gazetteer.parents(p)}
            ]
        return self._answer(found, exactly_one=exactly_one)

    def reverse(
        self,
        query: Point | Sequence[float] | str,
        *,
        exactly_one: bool = True,
        timeout: object = None,  # noqa: ARG002
    ) -> Location | list[Location] | None:
        """Return the nearest settlement to a point, latitude first as geopy has it."""
        point = Point(query)
        place, _ = self.gazetteer.nearest(point.longitude, point.latitude)
        return self._answer([place], exactly_one=exactly_one)

    def _answer(
        self, found: Sequence[Place], *, exactly_one: bool
    ) -> Location | list[Location] | None:
        locations = [_location(place) for place in found]
        if not locations:
            return None
        return locations[0] if exactly_one else locations


def _location(place: Place) -> Location:
    address = ", ".join(
        dict.fromkeys(
            filter(None, [place.name, place.admin2_name, place.admin1_name, place.country_name])
        )
    )
    return Location(address, Point(place.lat, place.lon), place.to_dict())
