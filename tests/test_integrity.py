"""What geomap made is whole when it is used, and nothing of the user's is deleted."""

from __future__ import annotations

import json
import lzma
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from geomap import GazetteerError, OptionError, integrity, weights
from geomap.cli import main
from geomap.errors import WeightsError
from geomap.gazetteer import Gazetteer, build
from geomap.gazetteer import compile as compiling
from geomap.gazetteer.index import find_source

TABLE = "name,lat,lon\nTesta,35.0,36.0\nProba,35.5,36.5\n"


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "places.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture
def tables(tmp_path) -> Path:
    """Tables of the product with few rows, which compile in no time."""
    source, small = find_source(), tmp_path / "data"
    (small / "supplement").mkdir(parents=True)
    for path in [*source.glob("*.tsv*"), *(source / "supplement").glob("*.tsv")]:
        raw = path.read_bytes()
        text = lzma.decompress(raw) if path.suffix == ".xz" else raw
        rows = 1 if path.parent.name == "supplement" else 300
        text = b"".join(text.splitlines(keepends=True)[:rows])
        out = lzma.compress(text, preset=0) if path.suffix == ".xz" else text
        (small / path.relative_to(source)).write_bytes(out)
    files = [p for p in sorted(small.rglob("*")) if p.is_file()]
    sums = {p.relative_to(small).as_posix(): integrity.sha256(p) for p in files}
    (small / "manifest.json").write_text(json.dumps({"files": sums}), encoding="utf-8")
    return small


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != integrity.SEEN
    }


# --- Nothing is deleted that is not ours


@pytest.mark.parametrize("stranger", ["thesis.txt", "sub/thesis.txt", ".hidden"])
def test_a_build_never_replaces_a_folder_that_holds_anything_else(tmp_path, table, stranger):
    victim = tmp_path / "victim"
    (victim / stranger).parent.mkdir(parents=True)
    (victim / stranger).write_text("precious", encoding="utf-8")
    with pytest.raises(GazetteerError, match=r"holds other files .* new or holds a gazetteer"):
        build.add(table, out=victim)
    assert contents(victim) == {stranger: b"precious"}


def test_a_file_put_beside_an_index_keeps_the_index_from_being_replaced(tmp_path, table):
    own = build.add(table, out=tmp_path / "own")
    (own / "notes.md").write_text("mine", encoding="utf-8")
    before = contents(own)
    with pytest.raises(GazetteerError, match=r"notes\.md"):
        build.add(table, out=own)
    assert contents(own) == before


def test_an_index_and_an_empty_folder_are_replaced(tmp_path, table):
    (tmp_path / "own").mkdir()
    own = build.add(table, out=tmp_path / "own")
    table.write_text(TABLE + "Terza,36.0,37.0\n", encoding="utf-8")
    build.add(table, out=own)
    assert len(Gazetteer([own])) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["own", "places.csv"]


def test_a_target_that_is_a_link_or_a_file_is_refused(tmp_path, table):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for target in (tmp_path / "link", table):
        with pytest.raises(GazetteerError, match="is not a folder"):
            build.add(table, out=target)
    assert table.read_text(encoding="utf-8") == TABLE


@pytest.mark.parametrize("name", ["../victim", "a/b", "a\\b", "..", ".", ".x", " ", "C:x", "a\0"])
def test_the_name_of_an_added_gazetteer_cannot_leave_its_folder(tmp_path, table, name, monkeypatch):
    monkeypatch.setenv("GEOMAP_GAZETTEERS", str(tmp_path / "gazetteers"))
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(OptionError, match="plain name"):
        build.add(table, name=name)
    assert contents(victim) == {"thesis.txt": b"precious"}
    assert main(["gazetteer", "add", str(table), "--name", "../victim"]) != 0


def test_a_rename_that_fails_puts_the_old_index_back(tmp_path, table, monkeypatch):
    own = build.add(table, out=tmp_path / "own")
    before = contents(own)
    table.write_text(TABLE + "Terza,36.0,37.0\n", encoding="utf-8")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "index":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(GazetteerError, match="No space left"):
        build.add(table, out=own)
    assert contents(own) == before


# --- An index is whole, or is not used


def test_a_damaged_index_of_the_bundle_mends_itself(tables, tmp_path):
    cache = tmp_path / "cache"
    folder = Gazetteer([tables], cache=cache).layers[0].index
    clean, dice = contents(folder), random.Random(7)
    for name in sorted(clean):
        raw = clean[name]
        at = dice.randrange(len(raw))
        flipped = raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :]
        for bad in (b"", raw[: len(raw) // 2], bytes(len(raw)), raw + b"x", flipped, None):
            if bad is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(bad)
            assert Gazetteer([tables], cache=cache).layers[0].index == folder
            assert contents(folder) == clean, name
    assert [p.name for p in cache.iterdir()] == [folder.name]


def test_a_damaged_gazetteer_of_the_user_is_an_error_and_stays(tmp_path, table):
    own = build.add(table, out=tmp_path / "own")
    clean, dice = contents(own), random.Random(11)
    for name in sorted(clean):
        raw = clean[name]
        for bad in (b"", raw[: len(raw) // 2], bytes(len(raw))):
            (own / name).write_bytes(bad)
            with pytest.raises(GazetteerError, match=r"damaged|another version"):
                Gazetteer([own])
        for _ in range(40):
            at = dice.randrange(len(raw))
            flipped = raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :]
            (own / name).write_bytes(flipped)
            with pytest.raises(GazetteerError, match=r"damaged|another version"):
                Gazetteer([own])
        (own / name).write_bytes(raw)
    assert len(Gazetteer([own])) == 2


def test_a_whole_index_is_read_in_full_only_once(tmp_path, table, monkeypatch):
    own = build.add(table, out=tmp_path / "own")
    Gazetteer([own])
    monkeypatch.setattr(integrity, "sha256", lambda path: pytest.fail(f"{path} is read again"))
    Gazetteer([own])


def test_what_killed_builds_left_is_swept_after_a_day(tables, tmp_path):
    cache = tmp_path / "cache"
    for name in ("building-old", "building-new", "building-strange"):
        (cache / name).mkdir(parents=True)
        (cache / name / "index.bin").write_bytes(b"half")
    cache.chmod(0o700)
    (cache / "building-strange" / "thesis.txt").write_text("precious", encoding="utf-8")
    for name in ("building-old", "building-strange"):
        os.utime(cache / name, (0, 0))
    Gazetteer([tables], cache=cache)
    assert sorted(p.name for p in cache.glob("building-*")) == ["building-new", "building-strange"]


def test_a_table_that_does_not_agree_with_the_manifest_is_refused(tables, tmp_path):
    path = tables / "countries.tsv"
    path.write_bytes(path.read_bytes().replace(b"Afghanistan", b"Afghanistam"))
    with pytest.raises(GazetteerError, match=r"countries\.tsv is damaged.*reinstall"):
        Gazetteer([tables], cache=tmp_path / "cache")


# --- No index comes from where others can write

owners = pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system has no owners of files")


@owners
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_an_index_is_never_loaded_from_a_folder_that_others_can_change(
    tables, tmp_path, mode, monkeypatch
):
    shared, temporary = tmp_path / "shared", tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(temporary))
    planted = Gazetteer([tables], cache=shared).layers[0].index
    shared.chmod(mode)
    used = Gazetteer([tables], cache=shared).layers[0].index
    assert used.parent == temporary / f"geomap-{os.getuid()}"
    assert used.parent.stat().st_mode & 0o777 == 0o700
    assert used != planted


@owners
def test_an_index_planted_in_the_temporary_folder_is_not_loaded(tables, tmp_path, monkeypatch):
    temporary, closed = tmp_path / "tmp", tmp_path / "file"
    closed.write_text("", encoding="utf-8")
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(temporary))
    planted = temporary / f"geomap-{os.getuid()}"
    shutil.copytree(Gazetteer([tables], cache=tmp_path / "c").layers[0].index.parent, planted)
    planted.chmod(0o777)
    with pytest.raises(GazetteerError, match=r"others can change .* GEOMAP_CACHE"):
        Gazetteer([tables], cache=closed / "cache")


@owners
def test_an_added_gazetteer_that_others_can_change_is_refused(table, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOMAP_GAZETTEERS", str(tmp_path / "gazetteers"))
    folder = build.add(table)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(GazetteerError, match=r"others can change .*chmod go-w"):
        Gazetteer()


@owners
def test_caches_are_the_users_alone(tables, tmp_path):
    used = Gazetteer([tables], cache=tmp_path / "cache").layers[0].index
    assert {p.stat().st_mode & 0o777 for p in (used, used.parent)} == {0o700}


# --- Weights


def test_the_shipped_weights_agree_with_their_seal():
    sums = integrity.sums_of(weights.SHIPPED)
    files = {p.name for p in weights.SHIPPED.iterdir()} - {integrity.SEAL}
    assert sums == {name: integrity.sha256(weights.SHIPPED / name) for name in files}


@pytest.mark.parametrize("name", sorted(integrity.sums_of(weights.SHIPPED)))
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_damaged_weights_are_a_clear_error(tmp_path, name, damage):
    folder = tmp_path / "weights"
    shutil.copytree(weights.SHIPPED, folder)
    raw = (folder / name).read_bytes()
    if damage == "missing":
        (folder / name).unlink()
    else:
        middle = len(raw) // 2
        bad = raw[:middle] if damage == "cut" else raw[:middle] + b"\xff" + raw[middle + 1 :]
        (folder / name).write_bytes(bad)
    with pytest.raises(WeightsError, match=rf"{name}.* reinstall geomap"):
        weights.read(name, folder)


def test_damaged_weights_end_the_command_with_one_line(tmp_path):
    shutil.copytree(weights.SHIPPED, tmp_path / "w")
    (tmp_path / "w" / "encoder.onnx").write_bytes(b"\0" * 100)
    (tmp_path / "a.txt").write_text("Fighting broke out in Goma, Congo, on Monday.", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "geomap", "parse", str(tmp_path / "a.txt"), "-o", os.devnull],
        env={**os.environ, "GEOMAP_WEIGHTS": str(tmp_path / "w")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "encoder.onnx" in done.stderr
