from __future__ import annotations

import pytest

pytest.importorskip("geopy")

from geomap.geocoder import GazetteerGeocoder


@pytest.fixture(scope="module")
def geocoder(gaz):
    return GazetteerGeocoder(gaz)


def test_a_name_becomes_a_location(geocoder):
    location = geocoder.geocode("Baku")
    assert (round(location.latitude), round(location.longitude)) == (40, 50)
    assert location.raw["id"] == "geonames:587084"


def test_a_container_narrows(geocoder):
    assert "Texas" in geocoder.geocode("Paris, Texas").address


def test_nothing_of_the_name_is_none(geocoder):
    assert geocoder.geocode("Zxqville") is None
    assert len(geocoder.geocode("Paris", exactly_one=False)) > 5


def test_reverse_takes_latitude_first(geocoder):
    assert geocoder.reverse((40.38, 49.87)).raw["country"] == "AZE"
