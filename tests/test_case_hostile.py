"""What a case does with documents and files that were made to break, fill or stop it."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from conftest import changed

from geomap.case import Case, duplicates, intake, opening, packing, store, stories, sums
from geomap.case.tables import read_unhcr_flows
from geomap.cli import main
from geomap.errors import CaseError, DocumentError
from geomap.geoparser import Geoparser
from geomap.model import Document, Parsed
from geomap.stopping import heed, stoppable

pytestmark = pytest.mark.usefixtures("own_notes")
STORY = (
    "Shelling in Tripoli killed 12 people on Monday, hospital staff said. Families left the"
    " southern districts in cars and on foot, taking what they could carry. The road to Zawiya was"
    " closed by noon and the market stayed empty"
)


@pytest.fixture(scope="module")
def parser() -> Geoparser:
    return Geoparser()


@pytest.fixture(scope="module")
def made(tmp_path_factory, parser) -> bytes:
    """Return the bytes of a case with three documents."""
    path = tmp_path_factory.mktemp("made") / "case.gpkg"
    texts = (
        "Shelling hit Homs on Monday and killed four people.",
        "Some 3,000 people fled Goma for Bukavu in March 2023.",
        "Protesters marched through Aleppo.",
    )
    with Case.create(path, geoparser=parser) as case:
        case.add([Document(f"t{n}", text) for n, text in enumerate(texts)])
    return path.read_bytes()


def changed_with_sums(path: Path, *statements: str) -> None:
    """Change a case so that its sums agree."""
    with Case.open(path, geoparser=Geoparser()) as case, case._store.writing() as db:
        for statement in statements:
            db.execute(statement)


def untold(docs: Iterator[Document] | list[Document]) -> Iterator[Parsed]:
    """Yield documents as read, with nothing in them."""
    for doc in docs:
        yield Parsed(doc, (), (), ())


# What is too much to be read again


@pytest.fixture
def flows(tmp_path) -> Path:
    table = tmp_path / "flows.csv"
    row = "{},SYR,JOR,5,{}\n"
    table.write_text(
        "year,coo_iso,coa_iso,refugees,note\n"
        + row.format(2021, "")
        + row.format(2022, "\x01" * 9_000) * 3
        + row.format(2023, ""),
        encoding="utf-8",
    )
    return table


def test_what_could_not_be_read_again_is_refused_alone_before_it_is_written(
    tmp_path, parser, flows, monkeypatch, capsys
):
    monkeypatch.setattr(packing, "LONGEST", 100_000)
    path = tmp_path / "case.gpkg"
    with Case.create(path, geoparser=parser) as case:
        with pytest.raises(DocumentError, match=r"flows\.csv:2022: what was read in it takes more"):
            case.add_many_parsed(read_unhcr_flows(flows, parser.gazetteer))
        assert {entry.id for entry in case.documents()} == {"flows.csv:2021", "flows.csv:2023"}
        assert [source for source, _ in case.failures()] == ["flows.csv:2022"]
    assert Case.check(path, geoparser=parser) == ()
    assert main(["case", "add", str(path), "--unhcr-flows", str(flows)]) == 1
    assert capsys.readouterr().err.count("flows.csv:2022") == 1


def test_what_is_packed_record_by_record_is_what_was_read(parser):
    told = parser.parse("Some 3,000 people fled Goma for Bukavu in March 2023. Shelling hit Homs.")
    assert told.movements
    body = told.to_dict()
    del body["document"]
    assert packing.unpacked(packing.packed(told, "x")) == body


@pytest.mark.parametrize("parsed", ["x'00'", "x'789c8b8e05000117008b'"])  # the latter is "[]"
def test_a_document_that_cannot_be_read_fails_alone_when_a_case_is_mended_or_saved(
    path, tmp_path, parser, parsed
):
    with Case.open(path, readonly=True) as case:
        keys = {entry.id: entry.key for entry in case.documents()}
    changed_with_sums(path, f"UPDATE geomap_documents SET parsed = {parsed} WHERE id = 't1'")  # noqa: S608
    changed(path, "UPDATE geomap_records SET block = 'x'")
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(path.read_bytes())
    assert Case.check(path, geoparser=parser) == ("geomap_records",)
    saved = Case.recover(copy, tmp_path / "saved.gpkg", geoparser=parser)
    assert saved.lost == ()
    for file in (path, tmp_path / "saved.gpkg"):
        with Case.open(file, geoparser=parser) as case:
            assert [source for source, _ in case.failures()] == ["t1"]
            assert "holds what geomap does not write" in case.failures()[0][1]
            assert case.events()
            assert case.movements() == []
            # It stays in the file, and the others go on.
            assert len(case.documents()) == 3
            assert case.parsed(keys["t0"]).toponyms
            with pytest.raises(CaseError, match=keys["t1"]):
                case.parsed(keys["t1"])
            case.add([Document("t9", "Shelling hit Aleppo on Tuesday and killed two people.")])


# Copies of one story


def near_copies(count: int) -> list[Document]:
    return [Document(f"c{n}", f"{STORY} {chr(0x4E00 + n)}.") for n in range(count)]


def test_near_copies_are_compared_with_a_few_and_not_with_all(tmp_path, parser, monkeypatch):
    asked = []
    same = stories.same_story
    monkeypatch.setattr(stories, "same_story", lambda a, b: asked.append(1) or same(a, b))
    with Case.create(tmp_path / "case.gpkg", geoparser=parser) as case:
        case.add_many_parsed(untold(near_copies(80)))
        edges = case._store.rows("SELECT count(*) FROM geomap_duplicates")[0][0]
        assert (case.info()["stories"], edges) == (1, 2 * 79)
        assert len(asked) < 2 * 80
        # Marks, by which copies are found, do not grow with them either.
        monkeypatch.setattr(stories, "_OF_A_MARK", 10)
        before = case._store.rows("SELECT count(*) FROM geomap_bands")[0][0]
        case.add_many_parsed(untold([Document("late", f"{STORY} late.")]))
        after = case._store.rows("SELECT count(*) FROM geomap_bands")[0][0]
        assert after - before < 12
        assert case.info()["stories"] == 1


def test_a_form_letter_with_other_figures_costs_a_few_looks_however_many_there_are(
    tmp_path, parser, monkeypatch
):
    monkeypatch.setattr(stories, "_COMPARED", 5)
    looked = []
    alike = stories.may_be_same
    monkeypatch.setattr(stories, "may_be_same", lambda a, b: looked.append(1) or alike(a, b))
    letters = [Document(f"f{n}", STORY.replace("12", str(100 + n))) for n in range(30)]
    with Case.create(tmp_path / "case.gpkg", geoparser=parser) as case:
        case.add_many_parsed(untold(letters))
        assert len(looked) <= 5 * 30
        assert case.info()["stories"] == 30
        # A copy of one of them is found among all the others.
        case.add_many_parsed(untold([Document("copy", f"{letters[17].text} Now.")]))
        assert case.info()["stories"] == 30


def test_in_a_story_told_many_times_only_a_much_longer_copy_counts_in_place_of_the_first(
    tmp_path, parser, monkeypatch
):
    monkeypatch.setattr(stories, "_MANY", 6)
    with Case.create(tmp_path / "case.gpkg", geoparser=parser) as case:

        def counts(*docs: Document) -> str:
            case.add_many_parsed(untold(list(docs)))
            (key,) = {entry.story for entry in case.documents()}
            return next(entry.id for entry in case.documents() if entry.key == key)

        few = counts(*near_copies(4))
        assert counts(Document("longer", f"{STORY} and more.")) == "longer" != few
        assert counts(*near_copies(8)) == "longer"
        assert counts(Document("longest", f"{STORY} and then some more.")) == "longer"
        assert counts(Document("whole", f"{STORY} {'and so it went on ' * 3}.")) == "whole"


def test_the_earliest_of_equal_copies_counts_and_another_one_when_its_day_is_put_right(
    tmp_path, parser
):
    days = {"one": 5, "two": 4, "six": 6}
    docs = [
        Document(name, f"{STORY} {name}.", published=dt.date(2024, 3, day))
        for name, day in days.items()
    ]
    with Case.create(tmp_path / "case.gpkg", geoparser=parser) as case:

        def leading() -> str:
            (key,) = {entry.story for entry in case.documents()}
            return next(entry.id for entry in case.documents() if entry.key == key)

        case.add(docs)
        assert leading() == "two"
        key = next(entry.key for entry in case.documents() if entry.id == "two")
        case.describe(key, title="", source="", published=dt.date(2024, 3, 9))
        assert leading() == "one"
        case.add([Document("found", docs[2].text, published=dt.date(2024, 3, 1))])
        assert leading() == "found"
        assert {e.doc_id for r in case.events() for e in r.evidence} == {
            entry.key for entry in case.documents() if entry.id == "found"
        }


def test_two_stories_that_a_third_text_joins_are_one(tmp_path, parser):
    words = STORY.split()
    front, back = " ".join(words[:24]), " ".join(words[-24:])
    assert not duplicates.same_story(front, back)
    with Case.create(tmp_path / "case.gpkg", geoparser=parser) as case:
        case.add([Document("front", front), Document("back", back)])
        assert case.info()["stories"] == 2
        case.add([Document("whole", STORY)])
        assert case.info()["stories"] == 1
        changed_stories = {entry.story for entry in case.documents()}
    changed(tmp_path / "case.gpkg", "DELETE FROM geomap_duplicates")
    assert Case.check(tmp_path / "case.gpkg", geoparser=parser) == ("geomap_duplicates",)
    with Case.open(tmp_path / "case.gpkg", geoparser=parser) as case:
        assert {entry.story for entry in case.documents()} == changed_stories


# What a file would run


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.mark.parametrize(
    "harm",
    [
        f"CREATE TRIGGER t AFTER UPDATE ON geomap_meta BEGIN {ENDLESS}; END",
        f"CREATE TRIGGER t AFTER INSERT ON [Events] BEGIN {ENDLESS}; END",
        'CREATE TRIGGER t BEFORE DELETE ON"gpkg_contents"BEGIN SELECT RAISE(IGNORE); END',
        f"CREATE VIEW v AS {ENDLESS}",
        f"CREATE VIEW v AS {ENDLESS}; UPDATE sqlite_master SET type = 'table' WHERE name = 'v'",  # noqa: S608
        "ALTER TABLE geomap_names ADD COLUMN more AS (upper(key))",
        "ALTER TABLE events ADD COLUMN more AS (hex(zeroblob(100000000)))",
        "CREATE TABLE other (a, b AS (a + 1))",
        "CREATE INDEX i ON events (hex(zeroblob(length(id))))",
        "CREATE INDEX i ON geomap_documents (key) WHERE length(text) > 5",
        "DROP TABLE layer_styles; CREATE TABLE layer_styles (a DEFAULT (hex(zeroblob(900))))",
        "DROP TABLE geomap_dirty; CREATE TABLE geomap_dirty (block TEXT CHECK (block <> hex(5)))",
        "DROP TABLE geomap_dirty; CREATE VIEW geomap_dirty AS SELECT 'x' AS block",
        "CREATE VIRTUAL TABLE other USING fts4(a)",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE x(a)' WHERE name = 'geomap_failures'",
        "UPDATE sqlite_master SET sql = x'00' WHERE name = 'geomap_names_name'",
        "UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'events'",
    ],
)
def test_what_a_file_would_run_is_refused_and_its_documents_are_saved(
    path, tmp_path, parser, harm, capsys
):
    statements = [harm] if "TRIGGER" in harm else harm.split("; ")
    changed(path, "PRAGMA writable_schema=ON", *statements)
    refused = "CREATE VIEW v" not in harm or "UPDATE" in harm
    for readonly in (True, False):
        if refused:
            with pytest.raises(CaseError, match="damaged"):
                Case.open(path, readonly=readonly, geoparser=parser)
        else:  # a view that nothing asks
            Case.open(path, readonly=readonly, geoparser=parser).close()
    target = tmp_path / "saved.gpkg"
    code = main(["case", "recover", str(path), "-o", str(target)])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    if code == 0:
        with Case.open(target, geoparser=parser) as case:
            assert {entry.id for entry in case.documents()} == {"t0", "t1", "t2"}
    else:  # of a file with a broken schema SQLite reads nothing
        assert told.err.count("\n") == 1
        assert "nothing can be saved" in told.err
        assert not target.exists()


def test_what_is_saved_is_read_from_geomaps_own_tables_alone(path, tmp_path, parser):
    changed(
        path,
        "DROP TABLE geomap_sums",
        "ALTER TABLE geomap_meta RENAME TO other",
        "CREATE VIEW geomap_meta AS SELECT 'title' AS name, 'planted' AS value",
    )
    target = tmp_path / "saved.gpkg"
    Case.recover(path, target, geoparser=parser)
    with Case.open(target, geoparser=parser) as case:
        assert case.title != "planted"
        assert {entry.id for entry in case.documents()} == {"t0", "t1", "t2"}


def test_a_document_whose_records_cannot_be_written_fails_alone_when_a_case_is_saved(
    path, tmp_path, parser, monkeypatch
):
    derive = intake.Intake.derive

    def derived(self: intake.Intake, key: str) -> None:
        (name,) = self.db.execute(
            "SELECT id FROM geomap_documents WHERE key = ?", (key,)
        ).fetchone()
        if name == "t1":
            raise ValueError("no record of this")
        derive(self, key)

    monkeypatch.setattr(intake.Intake, "derive", derived)
    target = tmp_path / "saved.gpkg"
    Case.recover(path, target, geoparser=parser)
    with Case.open(target, geoparser=parser) as case:
        assert case.failures() == [("t1", "no record of this")]
        assert {entry.id for entry in case.documents()} == {"t0", "t1", "t2"}
        assert case.events()


def test_tables_that_another_program_puts_beside_the_layers_stay(path, parser):
    changed(
        path,
        'CREATE TABLE "my places" (fid INTEGER PRIMARY KEY, geom POINT, note TEXT)',
        'CREATE VIRTUAL TABLE "rtree_my places_geom" USING rtree(id, minx, maxx, miny, maxy)',
        "CREATE TABLE gpkg_extensions (table_name TEXT, definition TEXT NOT NULL)",
        "CREATE TABLE mine (fid INTEGER PRIMARY KEY, note TEXT)",
        "CREATE TRIGGER mine_insert AFTER INSERT ON mine BEGIN UPDATE mine SET note = 'x'; END",
        "CREATE VIEW seen AS SELECT id FROM events",
        "CREATE INDEX mine_note ON mine (note)",
        "ALTER TABLE events ADD COLUMN note TEXT",
    )
    with Case.open(path, geoparser=parser) as case:
        case.add([Document("t9", "Shelling hit Aleppo on Tuesday and killed two people.")])
    assert Case.check(path, geoparser=parser) == ()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_a_question_that_does_not_end_is_broken_off(path, monkeypatch):
    with Case.open(path, readonly=True) as case:
        monkeypatch.setattr(opening, "_MOST_TURNS", 3)
        with pytest.raises(CaseError, match="does not end"):
            case._store.rows(ENDLESS)
        assert case.documents()


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("stopped", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_question_at_once(path, stopped):
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), stopped))
    with Case.open(path, readonly=True) as case, stoppable():
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            case._store.rows(ENDLESS)


@pytest.mark.usefixtures("heard")
def test_whoever_works_on_after_a_stop_is_not_stopped_by_it(path):
    with pytest.raises(KeyboardInterrupt), stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
    heed()
    with Case.open(path, readonly=True) as case:
        assert case._store.rows("SELECT 1") == [(1,)]


@pytest.mark.usefixtures("heard")
def test_a_signal_in_the_middle_of_writing_flows_is_a_stop_and_no_damage(
    tmp_path, flows, monkeypatch, capsys
):
    path = tmp_path / "case.gpkg"
    Case.create(path).close()
    calls = []

    def hashed(*values: object) -> int:
        calls.append(values)
        if len(calls) == 20:
            os.kill(os.getpid(), signal.SIGTERM)
        return row_hash(*values)

    row_hash = sums.row_hash
    monkeypatch.setattr(sums, "row_hash", hashed)
    assert main(["case", "add", str(path), "--unhcr-flows", str(flows)]) == 143
    assert capsys.readouterr().err == "geomap: stopped\n"
    monkeypatch.undo()
    assert Case.check(path) == ()


# An older format


def as_format_1(path: Path) -> None:
    """Make a case of what format 1 was: without sums."""
    changed(
        path,
        "DROP TABLE geomap_sums",
        "DROP TABLE geomap_undrawn",
        "UPDATE geomap_meta SET value = '1' WHERE name = 'format'",
    )


def test_two_processes_that_bring_one_case_up_do_it_once(path, parser, monkeypatch):
    as_format_1(path)
    begin = store.Store.writing
    raced = []

    def late(self: store.Store) -> AbstractContextManager[sqlite3.Connection]:
        if not raced:
            raced.append(1)
            Case.open(path, geoparser=parser).close()  # the other process is faster
        return begin(self)

    monkeypatch.setattr(store.Store, "writing", late)
    with Case.open(path, geoparser=parser) as case:
        assert len(case.documents()) == 3
        assert case.add([Document("t9", "Shelling hit Aleppo and killed two people.")]).new
    assert Case.check(path, geoparser=parser) == ()


@pytest.mark.skipif(os.name == "nt", reason="rights are set otherwise there")
def test_a_case_that_anybody_could_read_is_its_owners_alone_once_it_is_brought_up(path, parser):
    as_format_1(path)
    path.chmod(0o644)
    with Case.open(path, geoparser=parser):
        assert {
            oct(stat.S_IMODE(file.stat().st_mode)) for file in path.parent.glob("case.gpkg*")
        } == {"0o600"}
