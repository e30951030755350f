from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from geomap import GazetteerError
from geomap.cli import main
from geomap.gazetteer import Gazetteer, build, layout
from geomap.gazetteer.sources import read_geonames, read_table
from geomap.integrity import seal
from geomap.model import Kind


def dump_line(
    ident: int,
    name: str,
    lat: float,
    lon: float,
    *,
    cls: str = "P",
    code: str = "PPL",
    cc: str = "SY",
    a1: str = "09",
    a2: str = "",
    population: int = 0,
    alts: str = "",
) -> str:
    return (
        "\t".join(
            [
                str(ident),
                name,
                name,
                alts,
                str(lat),
                str(lon),
                cls,
                code,
                cc,
                "",
                a1,
                a2,
                "",
                "",
                str(population),
                "",
                "",
                "Asia/Damascus",
                "2024-01-01",
            ]
        )
        + "\n"
    )


VILLAGES = [
    dump_line(9000001, "Ayn Testa", 35.1, 36.2, population=900, alts="Ain Testa,عين تستا"),
    dump_line(9000002, "Wadi Proba", 35.2, 36.3, cls="H", code="WAD"),
    dump_line(9000003, "Testa Governorate", 35.0, 36.0, cls="A", code="ADM1"),
    dump_line(9000004, "Testa", 35.0, 36.0, code="PPLA", population=20_000),
]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(lines), encoding="utf-8")
    return path


def zipped(path: Path, member: str, text: str, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("readme.txt", "about the dump")
        archive.writestr(member, text)
    return path


@pytest.fixture
def own(tmp_path) -> Gazetteer:
    source = zipped(tmp_path / "SY.zip", "SY.txt", "".join(VILLAGES))
    alternates = zipped(
        tmp_path / "alternateNamesV2.zip",
        "alternateNamesV2.txt",
        "1\t9000001\tku\tKaniya"
        " Test\t\t\t\t\n2\t9000001\tlink\thttps://example.org\t\t\t\t\n"
        "3\t5\ten\tElsewhere\t\t\t\t\n",
    )
    build.build([source, alternates], tmp_path / "own")
    return Gazetteer(["bundled", tmp_path / "own"])


def test_a_dump_becomes_a_gazetteer_with_names_kinds_parents_and_romanisations(own: Gazetteer):
    village = own.candidates("Ain Testa")[0]
    assert (village.id, village.kind, village.country, village.population) == (
        "geonames:9000001",
        Kind.SETTLEMENT,
        "SYR",
        900,
    )
    assert village.admin1_name == "Testa Governorate"
    assert [p.name for p in own.parents(village)][-1] == "Syria"
    assert own.candidates("Kaniya Test")[0].id == village.id
    assert own.candidates("عين تستا")[0].id == village.id
    assert own.candidates("Wadi Proba")[0].kind is Kind.WATER
    assert village.id in {p.id for p in own.candidates("Ein Tista", loose=True)}
    assert own.candidates("https://example.org") == []


def test_stacked_gazetteers_answer_together_and_the_first_leads(own: Gazetteer, gaz: Gazetteer):
    assert len(own) == len(gaz) + len(VILLAGES)
    assert own.candidates("Baku")[0].id == gaz.candidates("Baku")[0].id
    assert own.place("geonames:9000004").name == "Testa"
    assert own.digest != gaz.digest
    assert own.nearest(36.2, 35.1)[0].id == "geonames:9000001"
    assert {"Ayn Testa", "Testa"} <= {
        p.name for p in own.within(own.candidates("Testa Governorate")[0])
    }
    assert "Ayn Testa" in {p.name for p in own.within(own.country("SYR"))}


def test_a_place_of_two_gazetteers_is_one_candidate(tmp_path, gaz: Gazetteer):
    baku = gaz.candidates("Baku")[0]
    build.build(
        [write(tmp_path / "AZ.txt", [dump_line(587084, "Baku", 1.0, 1.0, cc="AZ")])],
        tmp_path / "own",
    )
    stacked = Gazetteer(["bundled", tmp_path / "own"])
    assert [p for p in stacked.candidates("Baku") if p.id == baku.id] == [baku]


def test_a_killed_build_goes_on_where_it_stopped_and_gives_the_same_index(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "CHUNK", 10)
    source = write(
        tmp_path / "many.txt",
        [
            dump_line(8_000_000 + i, f"Dorf {'abcdefghij'[i % 10]}{i}", 10 + i / 100, 20)
            for i in range(57)
        ],
    )
    seen = []

    def stop_after_three(line: str) -> None:
        seen.append(line)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build.build([source], tmp_path / "own", progress=stop_after_three)
    assert not (tmp_path / "own").exists()
    (work,) = tmp_path.glob(".own.*.building")
    before = {p.name: p.stat().st_mtime_ns for p in work.glob("*.npz")}
    build.build(
        [source],
        tmp_path / "own",
        progress=lambda _: (
            None
            if not work.exists()
            else seen.append(str({p.name: p.stat().st_mtime_ns for p in work.glob("*.npz")}))
        ),
    )
    assert all(f"'{name}': {time}" in seen[-1] for name, time in before.items())
    build.build([source], tmp_path / "again")
    assert (tmp_path / "own" / "index.bin").read_bytes() == (
        tmp_path / "again" / "index.bin"
    ).read_bytes()
    assert not list(tmp_path.glob(".*building"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [VILLAGES[0], dump_line(5, "Nowhere", 95.0, 20)],
            r"line 2: latitude 95\.0 .* out of range",
        ),
        ([VILLAGES[0], VILLAGES[1][:40]], "line 2: .* cut off"),
        (["id,name\n1,Aleppo\n"], "line 1: 1 columns"),
        ([VILLAGES[0], VILLAGES[0]], "1 ids stand twice, among them geonames:9000001"),
        (["x" + VILLAGES[0]], "is no number"),
        ([dump_line(5, "A", 1, 1).replace("\t1\t1\t", "\tnorth\t1\t")], "are no numbers"),
        ([], "no place"),
    ],
)
def test_a_bad_dump_is_an_error_that_names_the_line_and_the_old_index_stays(
    tmp_path, lines: list[str], message: str
):
    build.build([write(tmp_path / "good.txt", VILLAGES)], tmp_path / "own")
    before = (tmp_path / "own" / "index.bin").read_bytes()
    with pytest.raises(GazetteerError, match=message):
        build.build([write(tmp_path / "bad.txt", lines)], tmp_path / "own")
    assert (tmp_path / "own" / "index.bin").read_bytes() == before


def test_a_cut_off_zip_is_an_error(tmp_path):
    whole = zipped(tmp_path / "SY.zip", "SY.txt", "".join(VILLAGES)).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GazetteerError, match="cut off"):
        list(read_geonames(tmp_path / "cut.zip"))


def test_an_index_of_another_version_is_refused(tmp_path):
    build.build([write(tmp_path / "good.txt", VILLAGES)], tmp_path / "own")
    path = tmp_path / "own" / "index.bin"
    path.write_bytes(
        path.read_bytes().replace(f'"format": {layout.FORMAT}'.encode(), b'"format": 99')
    )
    seal(tmp_path / "own")
    with pytest.raises(GazetteerError, match=r"another version of geomap .* build it again"):
        Gazetteer(tmp_path / "own")


def test_a_damaged_index_is_refused(tmp_path):
    build.build([write(tmp_path / "good.txt", VILLAGES)], tmp_path / "own")
    path = tmp_path / "own" / "index.bin"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(GazetteerError, match="damaged"):
        Gazetteer(tmp_path / "own")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GazetteerError, match="cannot be written"):
        build.build([write(tmp_path / "good.txt", VILLAGES)], tmp_path / "file" / "own")


# --- tables
# ----------------------------------------------------------------------


def test_an_added_table_is_used_from_then_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GEOMAP_GAZETTEERS", str(tmp_path / "added"))
    table = write(
        tmp_path / "camps.csv",
        [
            "name;lat;lon;country;kind;other_names\n",
            "Camp Testa 3;21,5;92,1;BGD;site;T3\n".replace(",", "."),
            "Camp Proba;21.4;92.2;Bangladesh;site;\n",
        ],
    )
    assert main(["gazetteer", "add", str(table)]) == 0
    assert main(["gazetteer", "lookup", "T3"]) == 0
    out = capsys.readouterr().out
    assert "camps:2" not in out
    assert "Camp Testa 3 (site, Bangladesh)" in out
    assert main(["gazetteer", "info"]) == 0
    assert "2. " in capsys.readouterr().out


def test_event_exports_give_each_place_once_and_no_centre_of_a_province(tmp_path):
    head = "id,where_prec,where_coordinates,adm_1,latitude,longitude,country\n"
    rows = [
        "1,1.0,Testa/Tasta town,X,35.0,36.0,Syria\n",
        "2,1.0,Testa/Tasta town,X,35.0,36.0,Syria\n",
        "3,4.0,X province,X,35.5,36.5,Syria\n",
    ]
    (entry,) = read_table(write(tmp_path / "ged.csv", [head, *rows]))
    assert (entry.name, entry.lat, entry.lon) == ("Testa/Tasta town", 35.0, 36.0)
    assert set(entry.aliases) == {"Testa/Tasta", "Testa", "Tasta"}


def test_layers_of_shapes_are_read_with_a_point_inside(tmp_path):
    shape = {"type": "Polygon", "coordinates": [[[36, 35], [37, 35], [37, 36], [36, 36], [36, 35]]]}
    feature = {
        "type": "Feature",
        "properties": {"name": "Sector Q", "pop": None},
        "geometry": shape,
    }
    path = tmp_path / "sectors.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    (entry,) = read_table(path)
    assert 36 < entry.lon < 37
    assert 35 < entry.lat < 36


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,lat\nX,1\n", "no column with the longitude"),
        ("name,lat,lon\nX,100,1\n", "row 1: latitude 100.0"),
        ("id,name,lat,lon\n7,X,1,1\n7,Y,2,2\n", "the id '7' stands also in .*row 1"),
    ],
)
def test_a_bad_table_is_an_error_that_names_the_row(tmp_path, text: str, message: str):
    with pytest.raises(GazetteerError, match=message):
        list(read_table(write(tmp_path / "bad.csv", [text])))


def test_a_file_of_another_kind_is_an_error(tmp_path):
    with pytest.raises(GazetteerError, match="cannot be read"):
        list(read_table(write(tmp_path / "picture.gpkg", ["not a layer"])))


def test_a_missing_source_is_an_error(tmp_path, capsys):
    assert (
        main(["gazetteer", "build", str(tmp_path / "none.zip"), "-o", str(tmp_path / "own")]) != 0
    )
    assert "there is no file" in capsys.readouterr().err


# --- Hostile and damaged sources


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\t²\ten\tTesta\t\t\t\t\n", "columns"),
        (f"1\t{10**30}\ten\tTesta\t\t\t\t\n", "the id"),
        (dump_line(10**30, "Testa", 35, 36), "the id"),  # type: ignore[arg-type]
        (dump_line(1, "Testa", 35, 36, population=10**30), "the population"),
        (dump_line(1, "Testa", 35, 36).replace("35", "nan", 1), "out of range"),
        ("x" * 70_000 + "\n", "longer than"),
    ],
)
def test_a_number_or_line_out_of_bounds_is_an_error(tmp_path, line: str, message: str):
    with pytest.raises(GazetteerError, match=message):
        build.build([write(tmp_path / "bad.txt", [line])], tmp_path / "own")
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("damage", ["offset", "encrypted", "deflate", "method", "garbage"])
def test_a_damaged_zip_is_an_error_that_names_the_file(tmp_path, damage: str):
    raw = bytearray(
        zipped(
            tmp_path / "SY.zip", "SY.txt", "".join(VILLAGES) * 50, zipfile.ZIP_DEFLATED
        ).read_bytes()
    )
    entry = raw.rfind(b"PK\x01\x02")
    if damage == "offset":
        raw[entry + 42 : entry + 46] = b"\xff\xff\xff\x7f"
    elif damage == "encrypted":
        raw[entry + 8] |= 1
    elif damage == "method":
        raw[entry + 10] = 97
    elif damage == "deflate":
        start = raw.find(b"SY.txt") + 6
        raw[start : start + 40] = bytes(40)
    else:
        raw = bytearray(b"PK\x03\x04" + bytes(500))
    (tmp_path / "bad.zip").write_bytes(raw)
    with pytest.raises(GazetteerError, match=r"bad\.zip"):
        build.build([tmp_path / "bad.zip"], tmp_path / "own")


def test_a_layer_that_is_none_is_an_error(tmp_path):
    for name, text in (("a.geojson", "{}"), ("b.gpkg", "x"), ("c.geojson", '{"type": "Topology"}')):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(GazetteerError, match=name[:1]):
            list(read_table(tmp_path / name))


def test_a_population_that_is_no_number_is_an_error_and_not_nobody(tmp_path):
    table = write(tmp_path / "p.csv", ["name,lat,lon,population\n", "Testa,35,36,inf\n"])
    with pytest.raises(GazetteerError, match=r"row 1: the population 'inf'"):
        list(read_table(table))


def test_a_layer_that_names_other_files_to_be_read_is_refused(tmp_path):
    secret = write(tmp_path / "secret.csv", ["name,lat,lon\n", "TOPSECRET,1,2\n"])
    (tmp_path / "evil.geojson").write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>"
        f"{secret}</SrcDataSource><GeometryType>wkbPoint</GeometryType><GeometryField"
        " encoding='PointFromColumns' x='lon' y='lat'/></OGRVRTLayer></OGRVRTDataSource>",
        encoding="utf-8",
    )
    with pytest.raises(GazetteerError, match="it is neither"):
        list(read_table(tmp_path / "evil.geojson"))
