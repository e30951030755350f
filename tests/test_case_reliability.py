from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from conftest import changed

from geomap.case import Case, store
from geomap.case.schema import DERIVED
from geomap.case.sums import SUMMED, differing
from geomap.case.tables import read_unhcr_flows
from geomap.cli import main
from geomap.errors import CaseError, DocumentError, GeomapError, OptionError
from geomap.geoparser import Geoparser
from geomap.model import (
    Document,
    Event,
    EventType,
    Evidence,
    Kind,
    Mention,
    Movement,
    MovementKind,
    Place,
    Quantifier,
    Quantity,
    Toponym,
    Unit,
    When,
)

pytestmark = pytest.mark.usefixtures("own_notes")
HALF = "half an emoji \ud83d"
DIGITS = int("9" * 4000) * 10**301  # 4,301 digits: one more than Python writes out


def _campaigns() -> ModuleType:
    """Return benchmarks/reliability.py, whose campaigns run here with small counts."""
    path = Path(__file__).parents[1] / "benchmarks" / "reliability.py"
    spec = importlib.util.spec_from_file_location("reliability", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reliability"] = module
    spec.loader.exec_module(module)
    return module


campaigns = _campaigns()


@pytest.fixture(scope="module")
def parser() -> Geoparser:
    return Geoparser()


@pytest.fixture(scope="module")
def made(tmp_path_factory, parser) -> bytes:
    """Return the bytes of a case that holds one of everything."""
    path = tmp_path_factory.mktemp("made") / "case.gpkg"
    campaigns.sample(path, parser, 8)
    return path.read_bytes()


def wrong(found: dict[str, int]) -> list[str]:
    return [came for came in found if campaigns.is_wrong(came)]


# What the disk may do


def test_a_checkpoint_that_was_broken_off_loses_nothing_and_locks_nobody_out(tmp_path, parser):
    path, log = tmp_path / "case.gpkg", tmp_path / "case.gpkg-wal"
    Case.create(path).close()
    with Case.open(path, geoparser=parser) as case:
        case.add(campaigns.documents(4))
        halfway = path.read_bytes(), log.read_bytes()
        case._store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        done = path.read_bytes()
    # The first page, which tells how long the file is, was put back, and then the disk was full.
    path.write_bytes(done[:4096] + halfway[0][4096:])
    log.write_bytes(halfway[1])
    assert path.stat().st_size < int.from_bytes(done[28:32], "big") * 4096
    for readonly in (True, False):
        with Case.open(path, readonly=readonly, geoparser=parser) as case:
            assert len(case.documents()) == 4
            assert len(case.frames()["events"]) > 0


def test_after_a_full_disk_a_case_opens_and_goes_on(parser):
    found = campaigns.full(2, 3, parser, count=10)
    assert wrong(found) == []
    assert sum(n for came, n in found.items() if "same bytes" in came or "half" in came) == 2


def test_a_kill_while_adding_loses_nothing_that_was_saved(parser):
    found = campaigns.kill_add(1, 5, parser, count=10)
    assert wrong(found) == []


def test_two_writers_at_once_lose_nothing(parser):
    assert wrong(campaigns.writers(1, 1, parser, count=4)) == []


def test_a_case_is_read_although_a_writer_was_killed_with_its_journal_open(path, tmp_path, parser):
    whole = campaigns.told(path, parser)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA cache_size=1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE geomap_documents SET text = upper(text), title = 'half written'")
    killed = tmp_path / "killed.gpkg"
    for end in ("", "-journal"):
        shutil.copy(f"{path}{end}", f"{killed}{end}")
    db.execute("ROLLBACK")
    db.close()
    assert b"half written" in killed.read_bytes()
    assert campaigns.told(killed, parser) == whole


def test_only_its_owner_may_read_a_case(tmp_path):
    path = tmp_path / "case.gpkg"
    Case.create(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".case*")) == []


# What a bit may do


@pytest.mark.parametrize("known", [False, True])
def test_a_flipped_bit_is_told_or_without_effect_and_never_shown(parser, known):
    assert wrong(campaigns.flips(6, 11 + known, parser, known=known)) == []


def test_the_sums_that_sqlite_keeps_are_those_of_the_rows(path):
    with sqlite3.connect(path) as db:
        assert {table: differing(db, table) for table in SUMMED} == {t: [] for t in SUMMED}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET fatalities = fatalities + 1",
        "DELETE FROM movements WHERE fid = 1",
        "UPDATE geomap_records SET body = replace(body, 'Homs', 'Hams')",
        "UPDATE geomap_merged SET members = '[]'",
        "UPDATE places SET geom = x'00'",
        "UPDATE geomap_places SET body = '['",
        "UPDATE geomap_figures SET best = best + 1",
        "DELETE FROM geomap_names",
    ],
)
def test_what_is_drawn_is_never_shown_damaged_and_is_drawn_anew(path, parser, made, damage):
    keys, right = campaigns.told(path, parser)
    changed(path, damage)
    with Case.open(path, readonly=True, geoparser=parser) as case:
        for name, view in campaigns.views(case, keys).items():
            try:
                assert view() == right[name]
            except CaseError as error:
                assert "`geomap case check" in str(error)  # noqa: PT017 - a view may do either
    assert Case.check(path, geoparser=parser) != ()
    assert campaigns.told(path, parser) == (keys, right)
    assert Case.check(path, geoparser=parser) == ()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE geomap_documents SET title = 'Another' WHERE key = '{key}'",
        "UPDATE geomap_documents SET text = text || '.' WHERE key = '{key}'",
        "UPDATE geomap_documents SET parsed = x'789c' WHERE key = '{key}'",
        "UPDATE geomap_documents SET text = CAST(x'ff' AS TEXT) WHERE key = '{key}'",
    ],
)
def test_a_damaged_document_is_named_and_not_shown_and_the_others_are_saved(
    path, tmp_path, parser, damage
):
    keys, right = campaigns.told(path, parser)
    changed(path, damage.format(key=keys[0]))
    with Case.open(path, readonly=True) as case:
        with pytest.raises(CaseError, match="damaged"):
            case.parsed(keys[0])
        assert case.parsed(keys[1]).to_dict() == right[f"document {keys[1]}"]
        with pytest.raises(CaseError, match="geomap case recover"):
            case.documents()
    with pytest.raises(CaseError, match=f"{keys[0]}|damaged"):
        Case.open(path, geoparser=parser)
    before = path.read_bytes()
    saved = Case.recover(path, tmp_path / "saved.gpkg", geoparser=parser)
    assert path.read_bytes() == before
    assert sorted((*saved.kept, *saved.read, *saved.lost)) == sorted(keys)
    assert (saved.lost == (keys[0],)) == ("SET text" in damage)
    found, now = campaigns.told(tmp_path / "saved.gpkg", parser)
    assert {k: now[f"document {k}"] for k in found} == {k: right[f"document {k}"] for k in found}
    if not saved.lost:
        assert now["layers"] == right["layers"]


def test_a_damaged_correction_is_not_applied_in_silence(path, tmp_path, parser):
    changed(path, "UPDATE geomap_corrections SET after = 'null' WHERE number = 1")
    with pytest.raises(CaseError, match=r"corrections 1.*geomap case recover"):
        Case.open(path, geoparser=parser)
    saved = Case.recover(path, tmp_path / "saved.gpkg", geoparser=parser)
    assert saved.corrections == ("1",)
    with Case.open(tmp_path / "saved.gpkg", readonly=True) as case:
        assert [c.number for c in case.corrections()] == [2, 3]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE geomap_meta SET value = 'abc' WHERE name = 'format'",
        "UPDATE geomap_meta SET value = '²' WHERE name = 'format'",
        "DELETE FROM geomap_meta",
        "DROP TABLE geomap_figures",
        "DROP TABLE events",
        "ALTER TABLE geomap_names ADD COLUMN more TEXT",
        "UPDATE geomap_sums SET total = 1 WHERE part = 'geomap_documents'",
        "DELETE FROM geomap_citations",
    ],
)
@pytest.mark.parametrize("readonly", [True, False])
def test_whatever_is_wrong_in_a_case_is_said_in_clear_words(path, parser, damage, readonly):
    changed(path, damage)
    with (
        pytest.raises(CaseError, match="damaged"),
        Case.open(path, readonly=readonly, geoparser=parser) as case,
    ):
        case.documents()


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE geomap_documents SET parsed = x'789c8b8e05000117008b'",  # packed "[]"
        "UPDATE geomap_documents SET parsed = 5",
        "UPDATE geomap_documents SET published = 'never'",
        "UPDATE geomap_documents SET story = ''",
        "UPDATE geomap_records SET body = '5'",
        "UPDATE geomap_records SET body = '{\"places\": 5}'",
        "UPDATE geomap_records SET kind = '', body = '{}'",
        "UPDATE geomap_merged SET members = '{}', body = '[]'",
        "UPDATE geomap_places SET body = '[]', inside = '5'",
        "UPDATE geomap_figures SET best = 'x', origins = x'00'",
        "UPDATE geomap_figures SET best = 9223372036854775807",
        "UPDATE geomap_corrections SET action = 'none'",
        "UPDATE geomap_corrections SET target = '5'",
        "UPDATE geomap_corrections SET after = '[[]]'",
        "UPDATE events SET geom = x'00', start = 'x'",
        "UPDATE movements SET quantity = 'many'",
        "INSERT INTO geomap_dirty VALUES ('e'), ('p|nowhere'), ('m|'), ('e|=')",
    ],
)
def test_a_case_made_to_do_harm_is_refused_or_read_and_never_a_traceback(path, parser, nonsense):
    with Case.open(path, readonly=True) as case:
        keys = [entry.key for entry in case.documents()]
    opened = store.Store(path)
    with opened.writing() as db:  # with sums that agree
        db.execute(nonsense)
    opened.close()
    for readonly in (True, False):
        try:
            with Case.open(path, readonly=readonly, geoparser=parser) as case:
                acts = [
                    lambda case=case: case.set(case.events()[0].id, status="denied"),
                    case.undo,
                    lambda case=case: case.merge([e.id for e in case.events()]),
                    lambda case=case: case.add(campaigns.documents(9)),
                ]
                for act in campaigns.views(case, keys[:2]).values() if readonly else acts:
                    with contextlib.suppress(GeomapError):
                        act()
        except GeomapError:
            pass


def test_a_table_that_was_made_a_view_is_not_read(path):
    changed(
        path,
        "ALTER TABLE geomap_documents RENAME TO hidden",
        "CREATE VIEW geomap_documents AS SELECT * FROM hidden",
    )
    with pytest.raises(CaseError, match="none of geomap's"):
        Case.open(path, readonly=True)


def test_a_file_is_looked_through_once_a_state(path, parser, monkeypatch):
    looked = []
    monkeypatch.setattr(
        store.Store, "_check_pages", lambda self: looked.append(self.path), raising=True
    )
    Case.open(path, readonly=True).close()
    Case.open(path, readonly=True).close()
    assert len(looked) == 1
    Case.open(path, geoparser=parser).close()
    Case.open(path, geoparser=parser).close()
    assert len(looked) == 1  # SQLite's own look was enough; the sums were added to it
    os.utime(path, ns=(1, 1))
    Case.open(path, readonly=True).close()
    assert len(looked) == 2
    assert str(path) not in "".join(p.read_text() for p in (path.parent / "notes").iterdir())


def test_a_file_from_elsewhere_is_opened_as_sqlite_advises(path):
    for readonly in (True, False):
        with Case.open(path, readonly=readonly) as case:
            pragmas = {
                name: case._store.db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("trusted_schema", "cell_size_check")
            }
            assert pragmas == {"trusted_schema": 0, "cell_size_check": 1}


def test_sqlite_errors_are_told_apart_by_their_names_and_not_by_their_words(path):
    error = sqlite3.OperationalError("der Datenträger ist voll")
    error.sqlite_errorname = "SQLITE_FULL"
    assert "free space on the disk" in str(store._clear(path, error))


# An older format


def as_format_1(path: Path, *statements: str) -> None:
    """Make a case of what format 1 was: without sums, and with whatever was let in."""
    changed(
        path,
        "DROP TABLE geomap_sums",
        "DROP TABLE geomap_undrawn",
        "UPDATE geomap_meta SET value = '1' WHERE name = 'format'",
        *statements,
    )


def test_a_case_of_format_1_is_read_as_it_is_and_gets_its_sums_when_written(path, parser):
    keys, right = campaigns.told(path, parser)
    as_format_1(path)
    assert campaigns.told(path, parser) == (keys, right)
    Case.open(path, geoparser=parser).close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT value FROM geomap_meta WHERE name='format'").fetchone() == ("2",)
        assert all(differing(db, table) == [] for table in SUMMED)
    assert campaigns.told(path, parser) == (keys, right)


def test_a_case_that_a_correction_out_of_bounds_had_locked_opens_and_tells_it(path, parser, capsys):
    huge = Quantity(1, 1, 1, Quantifier.EXACT, Unit.PERSON, "x").to_dict() | {"value": 10**30}
    with Case.open(path, geoparser=parser) as case:
        target = json.dumps(case.corrections()[0].target)
        doc = case.corrections()[0].target["records"][0]["doc"]
    set_ = f"""INSERT INTO geomap_corrections VALUES (9, '', '', 'set', '{target}', '{{}}',
        '{json.dumps({"quantity": huge})}', 0)"""  # noqa: S608
    # As the old one left it: the record written, its block not drawn.
    record = f"""UPDATE geomap_records SET body =
        replace(body, '"value":321', '"value":{10**30}') WHERE key = '{doc}'"""  # noqa: S608
    block = "INSERT INTO geomap_dirty SELECT block FROM geomap_records GROUP BY block"
    as_format_1(path, set_, record, block)
    with Case.open(path, geoparser=parser) as case:
        assert [c.number for c, _ in case.unfit()] == [9]
        assert 321 in {m.quantity.value for m in case.movements() if m.quantity}
        assert len(case.frames()["movements"]) == len(case.movements())
        case.add(campaigns.documents(10))
    assert main(["case", "corrections", str(path)]) == 0
    assert "correction 9 is not applied" in capsys.readouterr().err
    assert main(["case", "corrections", str(path), "--undo", "9"]) == 0
    with Case.open(path, readonly=True) as case:
        assert case.unfit() == []


# Bounds before anything is written


@pytest.mark.parametrize(
    "count",
    [10**30, 10**10, -1, float("inf"), float("nan"), 5.0, pytest.param(DIGITS, id="4,301 digits")],
)
def test_a_figure_out_of_bounds_is_none_and_the_message_stays_short(count):
    with pytest.raises(OptionError) as error:
        Quantity(count, None, None, Quantifier.EXACT)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "changes",
    [
        {"lon": 180.5},
        {"lat": -91.0},
        {"lon": float("nan")},
        {"lat": float("inf")},
        {"population": 10**30},
        {"uncertainty_km": float("inf")},
    ],
)
def test_a_place_that_is_nowhere_on_earth_is_none(changes):
    with pytest.raises(OptionError):
        replace(Place("x", "X", 10.0, 10.0, Kind.SETTLEMENT), **changes)


@pytest.mark.parametrize(
    "moment",
    ["2024", 5, dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=-12)))],
)
def test_what_is_no_moment_of_the_calendar_is_no_time(moment):
    with pytest.raises(OptionError):
        When(start=moment)


def _figure(count: object) -> dict[str, object]:
    return {"value": count, "minimum": None, "maximum": None, "quantifier": "exact"}


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": _figure(10**30)},
        {"quantity": _figure(DIGITS)},
        {"quantity": _figure(float("inf"))},
        {"quantity": _figure(float("nan"))},
        {"when": When(dt.date(1, 1, 1), dt.date(1, 1, 1))},
        {"when": When(dt.date(9999, 12, 31), dt.date(9999, 12, 31))},
        {"when": {"start": "0001-01-01"}},
        {"when": When(dt.date(2024, 1, 2), dt.date(2024, 1, 1))},
        {"origins": (Mention("X", 0, 1, None, HALF),)},
        {"origins": [{"name": "X", "start": 0, "end": 1, "place": {"lon": 1e9, "lat": 1e9}}]},
        {"claimed_by": HALF},
        {"claimed_by": 5},
        {"group": float("inf")},
        {"group": ["a"]},
        {"status": "no such"},
        {"who": HALF},
    ],
)
def test_a_correction_out_of_bounds_is_refused_and_nothing_is_written(path, parser, changes):
    with Case.open(path, geoparser=parser) as case:
        before = case.revision, case.corrections(), case.movements()
        with pytest.raises(GeomapError):
            case.set(case.movements()[0].id, **changes)
        assert (case.revision, case.corrections(), case.movements()) == before
    Case.open(path, geoparser=parser).close()


def test_nothing_out_of_bounds_is_added_by_hand(path, parser):
    with Case.open(path, geoparser=parser) as case:
        key = case.documents()[0].key
        evidence = (case.evidence(key, 0, 8),)
        log = case.corrections()
        for record in (
            Event("", EventType.BATTLE, evidence=evidence, score=float("nan")),
            Event("", EventType.BATTLE, evidence=evidence, claimed_by=HALF),
            Event("", EventType.BATTLE, evidence=(Evidence(key, 0, 8, HALF),)),
            Movement("", MovementKind.RETURN, evidence=evidence, score=float("inf")),
            Movement("", MovementKind.RETURN, evidence=evidence, score="high"),
            Toponym(0, 8, evidence[0].text, score=10**400),
        ):
            with pytest.raises(GeomapError):
                case.add_by_hand(key, record)
        assert case.corrections() == log
    Case.open(path, geoparser=parser).close()


@pytest.mark.parametrize(
    "fields",
    [
        {"text": HALF},
        {"title": HALF},
        {"id": f"id {HALF}"},
        {"id": 5},
        {"text": 7},
        {"published": "yesterday"},
    ],
)
def test_a_document_that_no_file_can_hold_is_refused_before_a_case_sees_it(fields):
    with pytest.raises(DocumentError):
        Document(**({"id": "a", "text": "Shelling hit Goma."} | fields))


def test_documents_that_cannot_be_read_fail_alone_and_the_case_opens_again(
    tmp_path, parser, monkeypatch
):
    whole = Geoparser._parsed

    def faulty(self, doc, day):
        if doc.id == "t1":
            raise ZeroDivisionError
        return whole(self, doc, day)

    monkeypatch.setattr(Geoparser, "_parsed", faulty)
    path = tmp_path / "case.gpkg"
    with Case.create(path, geoparser=parser) as case:
        done = case.add(campaigns.documents(3))
        assert done.new == ["t0", "t2"]
        assert len(done.failed) == len(case.failures()) == 1
    with Case.open(path, geoparser=parser) as case:
        assert len(case.documents()) == 2


@pytest.mark.parametrize("day", [dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_no_publication_date_keeps_a_case_from_being_opened(tmp_path, parser, day):
    path = tmp_path / "case.gpkg"
    text = "Shelling in Homs killed 12 people. About 400 people fled Homs for Aleppo on Monday."
    with Case.create(path, geoparser=parser) as case:
        case.add([replace(campaigns.documents(1)[0], id="edge", text=text, published=day)])
        case.add(campaigns.documents(2))
    with Case.open(path, geoparser=parser) as case:
        assert {"t0", "t1"} <= {entry.id for entry in case.documents()}
        case.frames()


@pytest.mark.parametrize("people", ["1e30", "inf", "nan", "-5", "1" * 4301])
def test_a_table_with_a_figure_out_of_bounds_is_refused_at_its_line(tmp_path, parser, people):
    table = tmp_path / "flows.csv"
    table.write_text(f"year,coo_iso,coa_iso,refugees\n2020,SYR,TUR,{people}\n", encoding="utf-8")
    path = tmp_path / "case.gpkg"
    with Case.create(path, geoparser=parser) as case:
        with pytest.raises(DocumentError, match=r"flows\.csv:2"):
            case.add_many_parsed(read_unhcr_flows(table, parser.gazetteer))
        assert case.documents() == []
    with Case.open(path, geoparser=parser) as case:
        assert case.add(campaigns.documents(2)).new == ["t0", "t1"]


def test_a_group_of_records_that_cannot_be_drawn_is_set_aside_and_told(
    path, parser, monkeypatch, capsys
):
    from geomap.case import picture

    joint = picture._joint

    def breaks(block, tellings):
        if block.startswith("e|explosion|real|") and len(tellings) > 1:
            raise OverflowError("too large")
        return joint(block, tellings)

    monkeypatch.setattr(picture, "_joint", breaks)
    with Case.open(path, geoparser=parser) as case:
        case.add(
            [replace(d, id=f"more {d.id}", text=f"{d.text} More.") for d in campaigns.documents(4)]
        )
        assert case.undrawn()
        assert {why for _, why in case.undrawn()} == {"too large"}
        assert len(case.documents()) == 12
        left = set(case.frames()["events"]["id"])
        assert left == {e.id for e in case.events()}
    assert main(["case", "info", str(path)]) == 0
    assert "not drawn" in capsys.readouterr().out
    monkeypatch.setattr(picture, "_joint", joint)
    with sqlite3.connect(path) as db:
        assert differing(db, "geomap_undrawn") == []
    assert set(DERIVED) >= {"geomap_undrawn"}


def test_a_correction_that_cannot_be_drawn_is_taken_back(path, parser, monkeypatch):
    from geomap.case import picture

    def breaks(*_):
        raise OverflowError("too large")

    with Case.open(path, geoparser=parser) as case:
        ident, log = case.events()[0].id, case.corrections()
        monkeypatch.setattr(picture, "_joint", breaks)
        with pytest.raises(OptionError, match="nothing was changed"):
            case.set(ident, status="denied")
        assert case.corrections() == log
        with pytest.raises(OptionError, match="nothing was changed"):
            case.undo()
        assert case.corrections() == log


def test_a_copy_that_is_another_file_may_be_looked_through_by_itself(path, tmp_path, parser):
    other = tmp_path / "other.gpkg"
    shutil.copy(path, other)
    assert main(["case", "check", str(other)]) == 0
    assert main(["case", "recover", str(other), "-o", str(tmp_path / "new.gpkg")]) == 0
    assert campaigns.told(tmp_path / "new.gpkg", parser) == campaigns.told(path, parser)
    assert main(["case", "recover", str(other), "-o", str(path)]) == 1


TWO_THREADS = """
import sys, threading
from pathlib import Path
from geomap.case import Case
from geomap.model import Document
done = threading.Event()
with Case.create(Path(sys.argv[1])) as case:
    def ask():
        while not done.is_set():
            case.info(), case.title, case.documents(), case.corrections()
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    for n in range(12):
        case.add([Document(f"d{n}", f"Shelling hit Goma on Monday, killing {n + 2} people.")])
    done.set()
    asking.join()
    print(len(case.documents()))
"""


def test_one_thread_adds_while_another_asks_and_neither_waits_for_ever(tmp_path):
    # In a process of its own, for two locks taken in two orders stop the whole interpreter.
    ran = subprocess.run(
        [sys.executable, "-c", TWO_THREADS, str(tmp_path / "case.gpkg")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ran.stdout.strip() == "12"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_is_no_case_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.gpkg")
    with pytest.raises(CaseError, match="is no file"):
        Case.open(tmp_path / "pipe.gpkg")


@pytest.mark.parametrize("readonly", [True, False])
def test_a_journal_that_would_delete_another_file_is_refused(tmp_path, readonly):
    path, victim = tmp_path / "case.gpkg", tmp_path / "thesis.txt"
    Case.create(path).close()
    victim.write_text("precious", encoding="utf-8")
    name = str(victim).encode()
    tail = name + len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big")
    head = bytes.fromhex("d9d505f920a163d7") + bytes(4) + bytes(500) + bytes(4)
    (tmp_path / "case.gpkg-journal").write_bytes(head + tail + bytes.fromhex("d9d505f920a163d7"))
    with pytest.raises(CaseError, match="would delete another file"):
        Case.open(path, readonly=readonly)
    assert victim.read_text(encoding="utf-8") == "precious"
