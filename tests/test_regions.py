from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pytest
import shapely

from geomap import regions
from geomap.errors import RegionError
from geomap.gazetteer import Gazetteer

# A day between any two changes of a border or a state that the layers hold.
DAYS = [
    dt.date(1905, 6, 1),
    dt.date(1930, 6, 1),
    dt.date(1955, 6, 1),
    dt.date(1985, 6, 1),
    dt.date(2000, 6, 1),
    dt.date(2015, 6, 1),
    dt.date(2021, 6, 1),
    dt.date(2023, 6, 1),
    dt.date(2024, 6, 1),
]
STEPANAKERT, SHUSHA, KALBAJAR, AGDAM = (
    (46.753, 39.821),
    (46.751, 39.758),
    (46.04, 40.10),
    (46.93, 39.99),
)


@pytest.mark.parametrize("name", ["countries", "admin1"])
def test_a_layer_is_one_valid_coverage(name: str):
    shapes = regions.layer(name).geometry.values
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("day", DAYS)
def test_disputed_areas_and_former_states_of_one_day_do_not_overlap(day: dt.date):
    for frame in (regions.disputed_at(day), regions.former_states_at(day)):
        assert shapely.is_valid(frame.geometry.values).all()
        assert shapely.coverage_is_valid(frame.geometry.values)


def test_disputed_areas_tell_who_when_and_from_where():
    frame = regions.layer("disputed")
    assert frame["id"].nunique() >= 45
    for column in ("name", "administered_by", "valid_from", "note", "source"):
        assert (frame[column] != "").all(), column
    assert (
        frame[frame["approximate"] == "1"]["note"].str.contains("utline|pproximation|Whole|xtent")
    ).all()


@pytest.mark.parametrize(
    ("day", "point", "name"),
    [
        ("1980-01-01", STEPANAKERT, "Nagorno-Karabakh (autonomous oblast)"),
        ("1980-01-01", KALBAJAR, ""),
        ("2010-01-01", KALBAJAR, "Nagorno-Karabakh (line of 1994)"),
        ("2010-01-01", AGDAM, "Nagorno-Karabakh (line of 1994)"),
        ("2021-06-01", SHUSHA, ""),
        ("2021-06-01", STEPANAKERT, "Nagorno-Karabakh (rest after 2020)"),
        ("2024-01-01", STEPANAKERT, ""),
    ],
)
def test_nagorno_karabakh_has_three_extents_and_none_after(
    day: str, point: tuple[float, float], name: str
):
    assert regions.locate(*point, when=dt.date.fromisoformat(day))["disputed"] == name


def test_policies_answer_differently_in_crimea_and_alike_elsewhere():
    crimea = {str(p): regions.locate(34.1, 44.95, policy=p)["country_name"] for p in regions.Policy}
    assert crimea == {"neutral": "Ukraine", "de_facto": "Russia", "de_jure": "Ukraine"}
    assert {regions.locate(30.5, 50.45, policy=p)["country"] for p in regions.Policy} == {"UKR"}


def test_a_town_on_the_shore_is_on_land_and_the_open_sea_is_nowhere():
    assert regions.locate(35.47, 33.89)["country"] == "LBN"
    assert regions.locate(-30.0, 30.0)["country"] == ""


def test_join_keeps_rows_order_and_crs():
    points = gpd.GeoDataFrame(
        {"n": [1, 2, 3]},
        geometry=gpd.points_from_xy([49.87, 44.51, 0.0], [40.4, 40.18, 0.0]),
        crs="EPSG:4326",
    )
    joined = regions.join(points.to_crs("EPSG:3857"), when=dt.date(2023, 9, 25))
    assert joined["n"].tolist() == [1, 2, 3]
    assert joined["country"].tolist() == ["AZE", "ARM", ""]
    assert joined.crs == "EPSG:3857"
    assert "country" not in points


def test_a_former_state_is_its_successors_and_says_so(gaz: Gazetteer):
    union = gaz.candidates("Soviet Union")[0]
    outline = regions.outline(union)
    assert outline is not None
    assert outline.contains(shapely.Point(44.5, 40.2))
    assert not outline.contains(shapely.Point(21.0, 52.2))
    frame = regions.layer("former_states")
    assert (frame["note"] != "").sum() > 30
    assert "Soviet Union" in set(regions.former_states_at(dt.date(1985, 6, 1))["name"])
    assert "Armenian SSR" not in set(regions.former_states_at(dt.date(1985, 6, 1))["name"])
    assert "Soviet Union" not in set(regions.former_states_at(dt.date(1995, 6, 1))["name"])


def test_an_unknown_layer_is_an_error_that_names_the_layers():
    with pytest.raises(RegionError, match="former_states"):
        regions.layer("provinces")


def test_every_table_of_the_supplement_has_a_source(gaz: Gazetteer):
    rows = 0
    for path in sorted((gaz.source / "supplement").glob("*.tsv")):
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        at = head.split("\t").index("source")
        assert all(line.split("\t")[at] for line in lines), path.name
        rows += len(lines)
    assert rows >= 400


def test_all_shapes_take_under_ten_megabytes(gaz: Gazetteer):
    assert sum(p.stat().st_size for p in gaz.source.glob("*_shapes.*")) < 10_000_000
