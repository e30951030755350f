from __future__ import annotations

import hashlib
import json

import pytest

from geomap import GazetteerError, GazetteerNotFoundError
from geomap.gazetteer import Gazetteer, haversine_km, key

NAMES = """Baku, Yerevan, Stepanakert, Khankendi, Shusha, Shushi, Lachin, Goris, Kornidzor, Agdam, Fuzuli, Martakert, Aghdara, Martuni, Hadrut, Nagorno-Karabakh, Karabakh, Artsakh,
Nakhchivan, Syunik, Ganja, Kalbajar, Bakhmut, Avdiivka, Sievierodonetsk, Khan Younis, Rafah, Deir al-Balah, Jabalia, El Fasher, Zalingei, Geneina, Goma, Bunia, Kobani, Idlib, Tigray,
Mekelle, Donetsk Oblast, Rakhine State, Cox's Bazar, Darfur, Donbas, Kurdistan, Sahel, Soviet Union, Ottoman Empire"""


@pytest.mark.parametrize("name", [n.strip() for n in NAMES.replace("\n", " ").split(",")])
def test_names_of_conflict_news_are_found(gaz: Gazetteer, name: str):
    assert gaz.candidates(name)


@pytest.mark.parametrize(
    ("name", "ident"),
    [("Baku", "geonames:587084"), ("Stepanakert", "geonames:146970"), ("Khankendi", "geonames:146970"), ("Persia", "geomap:persia"), ("Armenians", "geonames:174982"),
     ("U.S.", "geonames:6252001"), ("Georgia", "geonames:614540"), ("Europe", "geonames:6255148"), ("Paris", "geonames:2988507"), ("Баку", "geonames:587084")],
)  # fmt: skip
def test_the_first_candidate_is_what_news_means(gaz: Gazetteer, name: str, ident: str):
    assert gaz.candidates(name)[0].id == ident


@pytest.mark.parametrize(("a", "b"), [("St. Louis", "Saint Louis"), ("Nagorno-Karabakh", "nagorno karabakh"), ("Cox’s Bazar", "Cox's Bazar"), ("The Hague", "Hague"), ("Şuşa", "susa")])
def test_spellings_of_one_name_share_a_key(a: str, b: str):
    assert key(a) == key(b)


def test_parents_go_from_the_smallest_to_the_country(gaz: Gazetteer):
    chain = list(gaz.parents(gaz.place("geonames:172256")))
    assert chain[-1].country == "SYR"
    assert chain[-1].kind.value == "country"


def test_nearest_settlement_of_a_point(gaz: Gazetteer):
    place, km = gaz.nearest(49.87, 40.38)
    assert place.country == "AZE"
    assert km < 20


def test_distance_is_that_of_the_sphere():
    assert haversine_km(-0.1278, 51.5074, 2.3522, 48.8566) == pytest.approx(343.5, abs=1)


def test_a_missing_gazetteer_is_an_error_that_names_the_place(tmp_path):
    with pytest.raises(GazetteerNotFoundError, match=str(tmp_path)):
        Gazetteer(tmp_path)


def test_an_unknown_id_is_an_error(gaz: Gazetteer):
    with pytest.raises(GazetteerError, match="geonames:1"):
        gaz.place("geonames:1")


def test_a_damaged_table_is_an_error_and_leaves_no_index(tmp_path, gaz: Gazetteer):
    broken = tmp_path / "data"
    (broken / "supplement").mkdir(parents=True)
    for path in gaz.source.rglob("*.tsv"):
        (broken / path.relative_to(gaz.source)).write_bytes(path.read_bytes())
    (broken / "manifest.json").write_bytes((gaz.source / "manifest.json").read_bytes())
    (broken / "divisions.tsv.xz").write_bytes((gaz.source / "divisions.tsv.xz").read_bytes())
    (broken / "places.tsv.xz").write_bytes((gaz.source / "places.tsv.xz").read_bytes()[:1000])
    with pytest.raises(GazetteerError, match="damaged"):
        Gazetteer(broken, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("index.bin"))


def test_the_manifest_tells_the_truth_of_every_file(gaz: Gazetteer):
    files = json.loads((gaz.source / "manifest.json").read_text(encoding="utf-8"))["files"]
    found = {str(p.relative_to(gaz.source)): hashlib.sha256(p.read_bytes()).hexdigest() for p in gaz.source.rglob("*.*") if p.name != "manifest.json"}
    assert files == found
