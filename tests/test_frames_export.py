from __future__ import annotations

import csv
import io
import json

import geopandas
import pyogrio
import pytest
import shapely

import geomap
from geomap import regions
from geomap.export import csv_text, write_geojson
from geomap.frames import SCHEMA
from geomap.model import Parsed


@pytest.fixture(scope="module")
def files(seed: Parsed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    # A flow over the antimeridian, which a naive line would draw across the world.
    pacific = geomap.parse(
        geomap.Document("pacific", "Some 900 people fled Suva for Apia on Monday."),
        published="2024-05-15",
    )
    write_geojson(geomap.to_frames([seed, pacific]), folder)
    return {
        path.stem: (path, json.loads(path.read_text(encoding="utf-8"))) for path in folder.iterdir()
    }


def test_frames_are_in_wgs84_with_the_schema(seed: Parsed):
    frames = geomap.to_frames(seed)
    assert {name: list(f.columns[:-1]) for name, f in frames.items()} == {
        name: columns for name, columns in SCHEMA.items() if name != "regions"
    }
    assert {f.crs.to_epsg() for f in frames.values()} == {4326}


def test_no_pin_for_a_region_and_its_outline_apart(seed: Parsed):
    frames = geomap.to_frames(seed)
    battle = frames["events"][frames["events"]["type"] == "battle"]
    assert battle.geometry.isna().all()
    area = frames["event_areas"].set_index("id").loc[f"{battle['id'].iloc[0]}/area"]
    assert area.geometry.contains(shapely.Point(46.75, 39.82))
    assert not area.geometry.contains(shapely.Point(49.87, 40.38))


def test_an_unknown_end_has_no_geometry(seed: Parsed):
    movements = geomap.to_frames(seed)["movements"].set_index("quantity_text")
    assert movements.loc["thousands"].geometry is None
    assert list(movements.loc["2,900"].geometry.coords)[1][0] == pytest.approx(45, abs=1)


def test_layers_are_files_of_their_own_with_one_geometry_type(files):
    assert set(files) == {"events", "event_areas", "movements", "places"}
    for _, data in files.values():
        kinds = {
            f["geometry"]["type"].removeprefix("Multi") for f in data["features"] if f["geometry"]
        }
        assert len(kinds) <= 1


def test_rfc7946_members(files):
    for _, data in files.values():
        assert data["type"] == "FeatureCollection"
        assert "crs" not in data
        assert len(data["bbox"]) == 4
        for feature in data["features"]:
            assert feature["id"] == feature["properties"]["id"]
            assert isinstance(feature["id"], str)
            assert all(not isinstance(v, (dict, list)) for v in feature["properties"].values())


def test_rfc7946_rings_are_counter_clockwise(files):
    for feature in files["event_areas"][1]["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            assert shapely.LinearRing(polygon[0]).is_ccw
            assert all(not shapely.LinearRing(hole).is_ccw for hole in polygon[1:])


def test_rfc7946_numbers_have_at_most_six_decimals(files):
    def numbers(value):
        return (
            [value]
            if isinstance(value, (int, float))
            else [n for item in value for n in numbers(item)]
        )

    for _, data in files.values():
        for feature in data["features"]:
            if feature["geometry"]:
                assert all(round(n, 6) == n for n in numbers(feature["geometry"]["coordinates"]))


def test_rfc7946_lines_are_cut_at_the_antimeridian(files):
    line = next(
        f["geometry"] for f in files["movements"][1]["features"] if f["id"].startswith("pacific")
    )
    assert line["type"] == "MultiLineString"
    assert all(abs(part[0][0] - part[-1][0]) < 180 for part in line["coordinates"])


def test_start_and_end_are_typed_dates_for_gis_tools(files):
    for name in ("events", "movements", "event_areas"):
        info = pyogrio.read_info(files[name][0])
        types = dict(zip(info["fields"], info["dtypes"], strict=True))
        dates = [f for f in info["fields"] if str(types[f]).startswith("datetime64")]
        assert dates[:2] == ["start", "end"]


def test_same_input_same_bytes(seed: Parsed, tmp_path):
    one, two = (write_geojson(geomap.to_frames(seed), tmp_path / name) for name in ("a", "b"))
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert geomap.to_html(seed) == geomap.to_html(seed)


def test_an_empty_result_still_gives_valid_layers(tmp_path):
    paths = write_geojson(geomap.to_frames(geomap.parse("Nothing here.")), tmp_path)
    assert all(json.loads(p.read_text(encoding="utf-8"))["features"] == [] for p in paths)


def test_disputed_areas_know_their_time_and_claims():
    import datetime as dt

    stepanakert = (46.75, 39.82)
    then = regions.locate(*stepanakert, when=dt.date(2010, 1, 1))
    assert (then["country"], then["disputed"]) == ("AZE", "Nagorno-Karabakh (line of 1994)")
    assert regions.locate(*stepanakert, when=dt.date(2024, 6, 1))["disputed"] == ""
    crimea = {
        policy: regions.locate(34.1, 45.0, policy=policy)["country"] for policy in regions.Policy
    }
    assert crimea["neutral"] == "UKR"
    with pytest.raises(geomap.OptionError, match="nobody"):
        regions.locate(0, 0, policy="nobody")


def test_region_shapes_are_valid():
    for name in regions.LAYERS:
        assert regions.layer(name).geometry.is_valid.all()


def test_former_states_are_dissolved_from_their_successors(gaz):
    outline = regions.outline(gaz.place("geomap:soviet-union"))
    assert outline.contains(shapely.Point(37.6, 55.7))
    assert outline.contains(shapely.Point(69.2, 41.3))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(cell):
    (row,) = table_of(cell)
    assert row["title"].startswith("'")


def test_a_line_end_of_its_own_does_not_end_a_row_of_a_table():
    title = "x\r=cmd|'/C calc'!A1\r\ny\u2028z"
    frame = geopandas.GeoDataFrame({"title": [title], "id": ["a"]}, geometry=[None])
    text = csv_text(frame)
    assert "\r" not in text
    (row,) = table_of(title)
    assert row["title"] == "x\n=cmd|'/C calc'!A1\ny\u2028z"
    assert row["id"] == "a"


def table_of(title: str) -> list[dict[str, str]]:
    frame = geopandas.GeoDataFrame({"title": [title], "id": ["a"]}, geometry=[None])
    return list(csv.DictReader(io.StringIO(csv_text(frame), newline="")))
