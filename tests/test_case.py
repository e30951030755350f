from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pyogrio
import pytest
from conftest import SEED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geomap.case import Case, opening, store
from geomap.case.duplicates import bands, same_story
from geomap.case.tables import read_unhcr_flows
from geomap.case.totals import Counted, Ground, totals
from geomap.cli import main
from geomap.errors import CaseError, CaseLockedError, CorrectionError, DocumentError, OptionError
from geomap.export import write_geojson
from geomap.geoparser import Geoparser
from geomap.model import (
    Document,
    Event,
    EventType,
    Mention,
    Movement,
    MovementKind,
    Quantifier,
    Quantity,
    Status,
    Toponym,
    Unit,
)

# The exodus as it was told over a year, in own words; figures and days are those of the reports.
SNAPSHOTS = [
    (
        "2023-09-25",
        (
            "More than 2,900 people had crossed into Armenia from Nagorno-Karabakh by 5 a.m. on"
            " Monday, the Armenian government said."
        ),
    ),
    (
        "2023-09-26",
        (
            "The number of refugees who have arrived in Armenia from Nagorno-Karabakh has reached"
            " 19,000, the Armenian government said on Tuesday."
        ),
    ),
    (
        "2023-09-28",
        (
            "As of 8 p.m. on Thursday, a total of 76,407 people had fled Nagorno-Karabakh for"
            " Armenia, the government in Yerevan said."
        ),
    ),
    (
        "2023-09-29",
        (
            "About 93,000 people have fled Nagorno-Karabakh to Armenia since the offensive began,"
            " officials said on Friday."
        ),
    ),
    (
        "2024-02-10",
        (
            "A total of 115,183 people fled from Nagorno-Karabakh to Armenia since September 2023,"
            " the refugee agency said in February 2024."
        ),
    ),
    (
        "2024-09-18",
        (
            "Since September 2023, 115,366 people have fled Nagorno-Karabakh for Armenia, the"
            " migration service said on 18 September 2024."
        ),
    ),
]
STRIKES = [
    (
        "2024-03-06",
        (
            "Shelling in Tripoli killed 12 people on Monday, hospital staff said. About 400 people"
            " fled to Zawiya."
        ),
    ),
    (
        "2024-03-07",
        (
            "At least 14 people were killed by shelling in Tripoli on Monday, the health ministry"
            " said."
        ),
    ),
    (
        "2024-03-08",
        (
            "Protesters marched through Zawiya on Thursday. A ceasefire was signed in Tripoli on"
            " Friday."
        ),
    ),
]


def documents(told: list[tuple[str, str]] = SNAPSHOTS) -> list[Document]:
    return [
        Document(f"d{n}", text, source="wire", published=dt.date.fromisoformat(day))
        for n, (day, text) in enumerate(told)
    ]


def exported(case: Case, folder: Path) -> str:
    return hashlib.sha256(
        b"".join(path.read_bytes() for path in write_geojson(case.frames(), folder))
    ).hexdigest()


@pytest.fixture(scope="module")
def parser(gaz) -> Geoparser:
    return Geoparser(gaz)


@pytest.fixture
def case(tmp_path, parser):
    with Case.create(tmp_path / "case.gpkg", title="test", geoparser=parser) as made:
        yield made


@pytest.fixture
def strikes(case):
    case.add(documents(STRIKES))
    return case


def key_with(case: Case, word: str) -> str:
    return next(d.key for d in case.documents() if word in case.parsed(d.key).document.text)


def name_in(case: Case, key: str, name: str) -> Toponym:
    return next(t for t in case.parsed(key).toponyms if t.name == name)


# Totals


@pytest.mark.parametrize("order", [0, 1, 2])
def test_six_snapshots_of_one_exodus_are_its_last_count_in_any_order(tmp_path, parser, order):
    docs = documents()
    random.Random(order).shuffle(docs)
    with Case.create(tmp_path / "exodus.gpkg", geoparser=parser) as exodus:
        exodus.add(docs[:3])
        exodus.add(docs[3:])
        (total,) = exodus.totals()
        assert (total.best, total.measure, len(total.used), len(total.set_aside)) == (
            115_366,
            "cumulative",
            1,
            5,
        )
        (figures,) = exodus.series().values()
        assert [f["best"] for f in figures] == [2_900, 19_000, 76_407, 93_000, 115_183, 115_366]
        assert [f["increment"] for f in figures] == [2_900, 16_100, 57_407, 16_593, 22_183, 183]
        assert [f["role"] for f in figures].count("recommended") == 1
        assert "115,366" in total.explain()


def test_the_exodus_told_in_other_words_is_not_added_up_either(case):
    case.add(
        documents(
            [
                (
                    "2023-09-25",
                    (
                        "More than 2,900 refugees from Nagorno-Karabakh had entered Armenia as of 5"
                        " a.m. on Monday, the government said."
                    ),
                ),
                (
                    "2023-09-26",
                    (
                        "Armenia said on Tuesday that 19,000 refugees from Nagorno-Karabakh have"
                        " entered the country."
                    ),
                ),
                (
                    "2023-09-28",
                    (
                        "A total of 76,407 refugees have crossed into Armenia from"
                        " Nagorno-Karabakh, Armenia's government said on Thursday evening."
                    ),
                ),
                (
                    "2023-09-29",
                    (
                        "About 93,000 people fled Nagorno-Karabakh for Armenia, the government said"
                        " on Friday."
                    ),
                ),
                (
                    "2024-09-18",
                    (
                        "The total number of people displaced from Nagorno-Karabakh to Armenia"
                        " stands at 115,366, the government said."
                    ),
                ),
            ]
        )
    )
    (total,) = case.totals()
    assert (total.best, len(total.used)) == (115_366, 1)


def test_the_forecast_of_the_seed_stands_beside_the_count(case):
    case.add(
        [
            Document("seed", SEED.read_text(encoding="utf-8"), published=dt.date(2023, 9, 25)),
            *documents(),
        ]
    )
    assert [t.best for t in case.totals(by="destination_country") if t.key == ("ARM",)] == [115_366]
    assert 120_000 in [t.best for t in case.totals(status="expected")]
    assert all(t.status == "expected" for t in case.totals(status=["expected"]))


def test_a_count_is_told_by_destination_and_origin(case):
    case.add(documents())
    assert [(t.key, t.best) for t in case.totals(by=("origin", "destination_country"))] == [
        (("Nagorno-Karabakh", "ARM"), 115_366)
    ]
    with pytest.raises(OptionError, match="origin_country"):
        case.totals(by="town")
    with pytest.raises(OptionError, match="cumulative"):
        case.totals(measure="sum")


def test_a_later_rounded_figure_does_not_take_the_place_of_an_exact_one(case):
    case.add(
        [
            *documents(),
            *documents(
                [
                    (
                        "2024-11-02",
                        (
                            "More than 100,000 people have fled Nagorno-Karabakh for Armenia since"
                            " September 2023."
                        ),
                    )
                ]
            ),
        ]
    )
    (total,) = case.totals()
    assert total.best == 115_366
    assert any("repeats or rounds 115,366" in s.why for s in total.set_aside)


def test_a_town_is_not_added_to_the_province_around_it_and_children_not_to_everybody(case):
    case.add(
        documents(
            [
                (
                    "2024-05-02",
                    (
                        "A total of 4,000 people had fled Aleppo for Turkey by Wednesday, the"
                        " governor said."
                    ),
                ),
                (
                    "2024-05-03",
                    (
                        "A total of 9,000 people had fled Syria for Turkey by Thursday, the United"
                        " Nations said."
                    ),
                ),
            ]
        )
    )
    (total,) = case.totals()
    assert total.best == 9_000
    assert "same people" in total.set_aside[0].why


def test_a_vague_figure_beside_a_count_of_the_same_people_is_set_aside(case):
    case.add(
        documents(
            [
                *SNAPSHOTS[2:3],
                (
                    "2023-09-27",
                    "Thousands of people continued to flee Nagorno-Karabakh on Wednesday.",
                ),
            ]
        )
    )
    (total,) = case.totals()
    assert total.best == 76_407
    assert any("names no period" in s.why for s in total.set_aside)


GROUND = Ground(
    inside={
        "town": ("town", "land"),
        "other": ("other", "land"),
        "land": ("land",),
        "far": ("far",),
    },
    names={},
    countries={},
)


def counted(
    ident: str,
    n: int,
    origin: str,
    destination: str,
    *,
    measure: str = "cumulative",
    day: str = "2024-01-01",
    part: str = "",
) -> Counted:
    return Counted(
        ident,
        f"s{ident}",
        "out",
        measure,
        "occurred",
        "person",
        n,
        n,
        n,
        day,
        day,
        day,
        (origin,) if origin else (),
        (destination,) if destination else (),
        (),
        part,
        "recommended",
        "",
        apart=False,
    )


@pytest.mark.parametrize(
    ("figures", "best"),
    [
        ([("town", "far", 5), ("other", "far", 6)], 11),  # two towns are added
        ([("town", "far", 5), ("land", "far", 9)], 9),  # a town is part of its country
        (
            [("town", "far", 5), ("other", "far", 6), ("land", "far", 9)],
            11,
        ),  # the parts add up to more than the whole told
        (
            [("town", "far", 5), ("town", "", 9)],
            9,
        ),  # where to is not told: the same people may be in both
        ([("town", "far", 9), ("", "far", 5)], 9),
        ([("town", "other", 5), ("far", "town", 5)], 10),
    ],
)
def test_figures_whose_ends_overlap_are_not_added(figures, best):
    (total,) = totals([counted(str(i), n, a, b) for i, (a, b, n) in enumerate(figures)], GROUND)
    assert total.best == best
    assert len(total.used) + len(total.set_aside) == len(figures)


def test_measures_are_never_added_and_new_flows_of_disjoint_days_are():
    told = totals(
        [
            counted("1", 5, "town", "far"),
            counted("2", 7, "town", "far", measure="stock"),
            counted("3", 1, "town", "far", measure="new"),
            counted("4", 2, "town", "far", measure="new", day="2024-02-01"),
        ],
        GROUND,
    )
    assert [(t.measure, t.best) for t in told] == [("cumulative", 5), ("new", 3), ("stock", 7)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_totals_do_not_depend_on_the_order_of_figures_and_never_exceed_the_sum(data):
    places = st.sampled_from(["town", "other", "land", "far", ""])
    rows = data.draw(
        st.lists(
            st.tuples(places, places, st.integers(1, 50), st.sampled_from(["", "child"])),
            min_size=1,
            max_size=8,
        )
    )
    figures = [counted(str(i), n, a, b, part=p) for i, (a, b, n, p) in enumerate(rows)]
    shuffled = data.draw(st.permutations(figures))
    one, other = totals(figures, GROUND), totals(shuffled, GROUND)
    assert one == other
    (total,) = one
    assert max(f.best for f in figures) <= total.best <= sum(f.best for f in figures)
    assert sorted((*total.used, *(s.id for s in total.set_aside))) == sorted(f.id for f in figures)


# Gathering


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(9)), cut=st.integers(0, 9))
def test_the_export_does_not_depend_on_the_order_of_adding_and_adding_twice_changes_nothing(
    tmp_path_factory, parser, order, cut
):
    docs = documents([*SNAPSHOTS, *STRIKES])
    # One text under another headline and day, and one of which a copy is longer.
    docs[8] = Document(
        "again", docs[0].text, "Another headline", "Post", published=dt.date(2023, 9, 24)
    )
    docs[7] = Document(
        "longer", docs[6].text + " The road was closed.", "", "Wire", published=dt.date(2024, 3, 6)
    )
    folder = tmp_path_factory.mktemp("order")
    with (
        Case.create(folder / "a.gpkg", geoparser=parser) as straight,
        Case.create(folder / "b.gpkg", geoparser=parser) as mixed,
    ):
        straight.add(docs)
        mixed.add([docs[n] for n in order[:cut]])
        mixed.add([docs[n] for n in order[cut:]])
        before = exported(straight, folder / "a")
        assert exported(mixed, folder / "b") == before
        assert straight.totals() == mixed.totals()
        again = mixed.add([docs[n] for n in order])
        assert again.new == []
        assert exported(mixed, folder / "c") == before


def test_two_tellings_of_one_strike_are_one_event_with_the_range_of_its_toll(strikes):
    (event,) = [e for e in strikes.events() if e.type is EventType.EXPLOSION]
    assert len({e.doc_id for e in event.evidence}) == 2
    frame = strikes.frames()["events"]
    row = frame[frame["id"] == event.id].iloc[0]
    assert (row["sources"], row["conflict"]) == (2, "12 to 14 killed")
    assert event.fatalities is not None
    assert event.fatalities.value == 14
    assert event.when is not None
    assert str(event.when.start) == "2024-03-04"


def test_every_evidence_is_the_text_of_its_document(strikes):
    strikes.add(documents())
    texts = {d.key: strikes.parsed(d.key).document.text for d in strikes.documents()}
    for record in (*strikes.events(), *strikes.movements()):
        for evidence in record.evidence:
            assert texts[evidence.doc_id][evidence.start : evidence.end] == evidence.text


def test_a_wire_story_under_two_headlines_is_one_source_with_two_citations(case):
    body = (
        "Shelling in Tripoli killed 12 people on Monday, hospital staff said. Families left the"
        " southern districts in cars and on foot, taking what they could carry. The road to Zawiya"
        " was closed by noon."
    )
    day = dt.date(2024, 3, 5)
    case.add(
        [
            Document("a", body, "Shelling kills 12", "Daily", published=day),
            Document("b", body, "Twelve dead in Tripoli", "Post", published=day),
            Document("c", f"TRIPOLI (Wire) - {body}", "Tripoli", "Wire", published=day),
        ]
    )
    assert case.info()["documents"] == 2
    assert case.info()["stories"] == 1
    assert {e.doc_id for r in case.events() for e in r.evidence} == {key_with(case, "(Wire)")}
    assert {c["source"] for c in case.citations(key_with(case, "(Wire)"))} == {
        "Daily",
        "Post",
        "Wire",
    }


def test_a_correction_holds_when_a_longer_copy_of_the_story_comes(tmp_path, case):
    body = (
        "Shelling in Tripoli killed 12 people on Monday, hospital staff said. Families left the"
        " southern districts in cars and on foot, taking what they could carry."
    )
    case.add([Document("a", body, published=dt.date(2024, 3, 5))])
    key = case.documents()[0].key
    told = name_in(case, key, "Tripoli")
    case.reassign(
        next(p for p in told.alternatives if p.country == "LBN").id,
        doc=key,
        start=told.start,
        end=told.end,
    )
    case.add([Document("b", f"{body} The road was closed by noon.", published=dt.date(2024, 3, 5))])
    assert {e.places[0].place.country for e in case.events() if e.places} == {"LBN"}
    case.undo()
    assert {d.story for d in case.documents()} == {key_with(case, "noon")}


def test_an_update_with_another_toll_is_no_copy():
    text = (
        "Shelling in Tripoli killed 12 people on Monday, hospital staff said. Families left the"
        " southern districts in cars and on foot, taking what they could carry."
    )
    assert same_story(text, f"{text} The road was closed.")
    assert not same_story(text, text.replace("12", "15"))
    assert set(bands(text)) & set(bands(f"{text} The road was closed."))
    assert bands("too short") == []


def test_a_document_that_fails_is_kept_with_its_reason_and_the_rest_goes_on(case):
    done = case.add([DocumentError("bad.txt", "it is empty"), *documents()])
    assert (len(done.new), done.failed) == (6, [("bad.txt", "bad.txt: it is empty")])
    assert case.failures() == [("bad.txt", "bad.txt: it is empty")]


def test_watching_a_folder_adds_what_is_new(tmp_path, case):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text(STRIKES[0][1], encoding="utf-8")
    assert case.watch(tmp_path / "in").new == ["one"]
    (tmp_path / "in" / "two.txt").write_text(STRIKES[1][1], encoding="utf-8")
    done = case.watch(tmp_path / "in")
    assert (done.new, done.known) == (["two"], ["one"])


def test_reading_anew_changes_nothing_and_keeps_corrections(tmp_path, strikes):
    key = key_with(strikes, "12 people")
    told = name_in(strikes, key, "Tripoli")
    strikes.reassign(told.alternatives[0].id, doc=key, start=told.start, end=told.end, scope="case")
    before = exported(strikes, tmp_path / "a")
    assert strikes.reparse() == 3
    assert exported(strikes, tmp_path / "b") == before
    assert strikes.unmatched() == []


# Corrections


def test_a_place_is_reassigned_for_a_mention_a_document_the_case_or_a_country_in_play(
    tmp_path, strikes
):
    before = exported(strikes, tmp_path / "before")
    key = key_with(strikes, "12 people")
    told = name_in(strikes, key, "Tripoli")
    other = next(p for p in told.alternatives if p.country == "LBN")
    countries = {}
    for scope in ("mention", "document", "case"):
        strikes.reassign(
            other.id,
            doc=key,
            start=told.start,
            end=told.end,
            scope=scope,
            who="an analyst",
            when="2024-03-09",
        )
        countries[scope] = [
            name_in(strikes, d.key, "Tripoli").place.country for d in strikes.documents()
        ]
        strikes.undo()
        assert exported(strikes, tmp_path / scope) == before
    assert countries == {
        "mention": ["LBN", "LBY", "LBY"],
        "document": ["LBN", "LBY", "LBY"],
        "case": ["LBN", "LBN", "LBN"],
    }
    strikes.reassign(
        other.id, doc=key, start=told.start, end=told.end, scope="always", country="LBY"
    )
    # Zawiya is in Libya, and only two documents name it.
    assert [name_in(strikes, d.key, "Tripoli").place.country for d in strikes.documents()] == [
        "LBN",
        "LBY",
        "LBN",
    ]


def test_a_correction_is_the_first_alternative_in_later_documents(strikes):
    key = key_with(strikes, "12 people")
    told = name_in(strikes, key, "Tripoli")
    other = next(p for p in told.alternatives if p.country == "LBN")
    strikes.reassign(other.id, doc=key, start=told.start, end=told.end)
    strikes.add(documents([("2024-04-01", "Two people were wounded in Tripoli on Sunday.")]))
    assert name_in(strikes, key_with(strikes, "wounded"), "Tripoli").alternatives[0].id == other.id


def test_the_event_moves_with_its_place(strikes):
    key = key_with(strikes, "12 people")
    told = name_in(strikes, key, "Tripoli")
    strikes.reassign(
        next(p for p in told.alternatives if p.country == "LBN").id,
        doc=key,
        start=told.start,
        end=told.end,
        scope="case",
    )
    assert {
        e.places[0].place.country for e in strikes.events() if e.type is EventType.EXPLOSION
    } == {"LBN"}
    assert set(strikes.frames()["events"].query("type == 'explosion'")["country"]) == {"LBN"}


def figure(n: int) -> Quantity:
    return Quantity(n, n, n, Quantifier.EXACT, Unit.PERSON, str(n))


@pytest.mark.parametrize(
    "correct",
    [
        lambda c: c.set(c.movements()[0].id, status="denied"),
        lambda c: c.set(c.movements()[0].id, quantity=figure(5)),
        lambda c: c.set(c.events()[0].id, type="protest", when=None),
        lambda c: c.reject(c.events()[0].id),
        lambda c: c.split(next(e for e in c.events() if e.type is EventType.EXPLOSION).id),
        lambda c: c.merge([e.id for e in c.events()[:2]]),
        lambda c: c.set_use("associative", doc=key_with(c, "12 people"), start=12, end=19),
        lambda c: c.reject(doc=key_with(c, "12 people"), start=12, end=19),
        lambda c: c.add_by_hand(
            key_with(c, "12 people"),
            Event("", EventType.RIOT, evidence=(c.evidence(key_with(c, "12 people"), 0, 19),)),
        ),
        lambda c: c.add_by_hand(
            key_with(c, "12 people"),
            Movement(
                "",
                MovementKind.RETURN,
                quantity=figure(7),
                evidence=(c.evidence(key_with(c, "12 people"), 0, 19),),
            ),
        ),
    ],
)
def test_undo_restores_the_exact_bytes_of_the_export(tmp_path, strikes, correct):
    before = exported(strikes, tmp_path / "a")
    correction = correct(strikes)
    assert exported(strikes, tmp_path / "b") != before
    assert strikes.undo(correction.number).undone
    assert exported(strikes, tmp_path / "c") == before
    assert [c.undone for c in strikes.corrections()] == [True]


def test_a_corrected_figure_counts_and_a_split_one_is_of_other_people(case):
    case.add(documents())
    last = next(m for m in case.movements() if m.quantity.value == 115_366)
    case.set(last.id, quantity=figure(115_400), who="an analyst")
    assert case.totals()[0].best == 115_400
    case.undo()
    other = next(m for m in case.movements() if m.quantity.value == 19_000)
    case.split(other.id)
    assert case.totals()[0].best == 115_366 + 19_000


def test_merged_figures_are_of_the_same_people(case):
    case.add(
        documents(
            [
                ("2024-05-02", "A total of 4,000 people had fled Aleppo for Turkey by Wednesday."),
                ("2024-05-03", "A total of 9,000 people had fled Homs for Lebanon by Thursday."),
            ]
        )
    )
    assert case.totals()[0].best == 13_000
    case.merge([m.id for m in case.movements()])
    assert case.totals()[0].best == 9_000


def test_a_correction_that_names_something_gone_is_refused_and_one_that_lost_its_record_is_told(
    strikes,
):
    with pytest.raises(CorrectionError, match="no event or movement 'x#e1'"):
        strikes.reject("x#e1")
    with pytest.raises(CorrectionError, match=r"no place name at 1\.\.2"):
        strikes.reject(doc=key_with(strikes, "12 people"), start=1, end=2)
    with pytest.raises(CorrectionError, match="no document"):
        strikes.parsed("nothing")
    with pytest.raises(CorrectionError, match="no place 'geonames:0'"):
        strikes.reassign("geonames:0", doc=key_with(strikes, "12 people"), start=12, end=19)
    with pytest.raises(CorrectionError, match="'colour' cannot be set"):
        strikes.set(strikes.events()[0].id, colour="red")
    with pytest.raises(OptionError):
        strikes.set(strikes.events()[0].id, status="maybe")
    with pytest.raises(CorrectionError, match="two or more"):
        strikes.merge([strikes.events()[0].id])
    evidence = strikes.evidence(key_with(strikes, "12 people"), 0, 10)
    with pytest.raises(CorrectionError, match="do not agree"):
        strikes.add_by_hand(
            key_with(strikes, "12 people"),
            Event(
                "",
                EventType.RIOT,
                evidence=(type(evidence)(evidence.doc_id, 1, 11, evidence.text),),
            ),
        )
    with pytest.raises(CorrectionError, match="no correction to undo"):
        strikes.undo()
    assert strikes.corrections() == []


def test_a_mention_added_by_hand_is_a_place_of_the_case(strikes):
    key = key_with(strikes, "12 people")
    text = strikes.parsed(key).document.text
    at = text.index("hospital")
    place = name_in(strikes, key, "Zawiya").place
    strikes.add_by_hand(key, Toponym(at, at + 8, "hospital", place=place, score=1.0))
    assert name_in(strikes, key, "hospital").place == place


# The file


def test_gis_tools_find_typed_layers_with_geometry_and_styles(strikes):
    strikes.add(documents())
    path = strikes.path
    strikes.close()
    layers = dict(pyogrio.list_layers(path))
    assert layers["events"] == "Point"
    assert layers["movements"] == "LineString"
    assert layers["regions"] == "MultiPolygon"
    for name in ("events", "movements", "places", "regions", "event_areas"):
        told = pyogrio.read_info(path, layer=name)
        assert told["crs"] == "EPSG:4326"
        types = dict(zip(told["fields"], told["dtypes"], strict=True))
        if "start" in types:
            assert types["start"].startswith("datetime64")
            dated = [n for n, t in types.items() if t.startswith("datetime64")]
            assert dated[:2] == ["start", "end"]
        assert told["total_bounds"][0] is not None
    frame = pyogrio.read_dataframe(path, layer="movements")
    assert set(frame["quantity"].dropna()) >= {115_366}
    with sqlite3.connect(path) as db:
        styled = dict(
            db.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1")
        )
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        extent = db.execute(
            "SELECT min_x, max_y FROM gpkg_contents WHERE table_name = 'movements'"
        ).fetchone()
    assert set(styled) == {"events", "event_areas", "movements", "places", "regions"}
    assert 'type="categorizedSymbol" attr="type"' in styled["events"]
    assert 'value="dash"' in styled["movements"]
    assert extent[0] is not None


def test_a_movement_without_an_end_has_no_line_and_a_country_no_pin(case):
    case.add(
        documents(
            [
                ("2024-05-02", "A total of 4,000 people had fled Aleppo by Wednesday."),
                ("2024-05-02", "An air strike in Syria killed nine people on Tuesday."),
            ]
        )
    )
    frames = case.frames()
    assert frames["movements"].geometry.isna().all()
    assert frames["events"].geometry.isna().all()
    assert len(frames["event_areas"]) == 1


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _: None, "there is no file"),
        (lambda p: p.mkdir(), "is a folder"),
        (lambda p: p.write_text("hello"), "is no GeoPackage"),
        (lambda p: p.write_bytes(b""), "is no GeoPackage"),
        (
            lambda p: sqlite3.connect(p).execute("CREATE TABLE a (b)").connection.commit(),
            "no GeoPackage",
        ),
    ],
)
def test_what_is_no_case_is_refused_in_clear_words(tmp_path, make, told):
    path = tmp_path / "bad.gpkg"
    make(path)
    with pytest.raises(CaseError, match=told):
        Case.open(path)


def test_a_geopackage_of_something_else_a_newer_and_a_cut_off_case_are_refused(tmp_path, parser):
    path = tmp_path / "case.gpkg"
    Case.create(path).close()
    with pytest.raises(CaseError, match="exists already"):
        Case.create(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CaseError, match="is damaged: database disk image is mal"):
        Case.open(path)
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(CaseError, match=r"damaged|no geomap case"):
        Case.open(path).add(documents())
    path.write_bytes(whole)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE geomap_meta SET value = '99' WHERE name = 'format'")
    with pytest.raises(CaseError, match="format 99, this geomap reads up to 2; update geomap"):
        Case.open(path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE geomap_meta")
    with pytest.raises(CaseError, match="GeoPackage but no geomap case"):
        Case.open(path)


def test_an_older_case_is_brought_up_to_date_once(tmp_path, monkeypatch):
    path = tmp_path / "case.gpkg"
    Case.create(path, title="old").close()
    monkeypatch.setattr(store, "FORMAT", 3)
    with pytest.raises(CaseError, match="which no released geomap wrote"):
        Case.open(path)
    monkeypatch.setitem(
        store.MIGRATIONS,
        2,
        lambda db: db.execute("INSERT INTO geomap_meta VALUES ('migrated', 'yes')"),
    )
    with pytest.raises(CaseError, match="open it once for writing"):
        Case.open(path, readonly=True)
    with Case.open(path) as opened:
        assert opened.info()["title"] == "old"
    with Case.open(path, readonly=True) as opened:
        assert opened._store.meta("migrated") == "yes"


def test_two_may_read_while_one_writes_and_a_second_writer_is_told_to_wait(
    tmp_path, parser, monkeypatch
):
    monkeypatch.setattr(opening, "WAIT_S", 0.2)
    path = tmp_path / "case.gpkg"
    with Case.create(path, geoparser=parser) as writer:
        writer.add(documents())
        with (
            writer._store.writing() as db,
            Case.open(path, readonly=True) as one,
            Case.open(path, readonly=True) as two,
        ):
            db.execute("DELETE FROM geomap_citations")
            assert one.info()["citations"] == two.info()["citations"] == 6
            with pytest.raises(CaseError, match="for reading only"):
                one.add(documents(STRIKES))
            with pytest.raises(CaseLockedError, match="another process"):
                Case.open(path, geoparser=parser).add(documents(STRIKES))


def test_a_full_disk_leaves_the_case_as_it_was(tmp_path, case):
    case.add(documents())
    before = exported(case, tmp_path / "a")
    case._store.db.execute(
        f"PRAGMA max_page_count = {case._store.db.execute('PRAGMA page_count').fetchone()[0]}"
    )
    long = (
        "In Homs and Aleppo people waited for news of their relatives while the shelling went on. "
        * 400
    )
    with pytest.raises(CaseError, match="free space on the disk"):
        case.add([Document("long", long, published=dt.date(2024, 1, 1))])
    case._store.db.execute("PRAGMA max_page_count = 1000000")
    case.redraw()
    assert exported(case, tmp_path / "b") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_may_not_be_written_is_told(tmp_path):
    path = tmp_path / "case.gpkg"
    Case.create(path).close()
    path.chmod(0o444)
    with pytest.raises(CaseError, match="cannot be written"):
        Case.open(path).add(documents())


ADDING = """
import sys, datetime as dt
from geomap.case import Case
from geomap.model import Document
texts = open(sys.argv[2], encoding="utf-8").read().split("\\n")
with Case.open(sys.argv[1]) as case:
    for start in range(0, len(texts), 10):
        case.add([
            Document(f"t{start + n}", text, published=dt.date(2024, 3, 1))
            for n, text in enumerate(texts[start:start + 10])
        ])
        print(case.info()["documents"], flush=True)
"""


def made_up(count: int) -> list[str]:
    towns = ["Tripoli", "Aleppo", "Homs", "Kharkiv", "Goris", "Goma", "Khartoum"]
    return [
        f"Shelling near {towns[n % 7]} killed {n % 9 + 2} people on Monday. About {n + 1}00 people"
        f" fled {towns[n % 7]} for {towns[(n + 3) % 7]}, report number {n} said."
        for n in range(count)
    ]


def test_a_killed_add_leaves_whole_documents_and_a_rerun_gives_the_same_bytes(tmp_path, parser):
    count, kills = (
        int(os.environ.get("GEOMAP_KILL_DOCUMENTS", "40")),
        int(os.environ.get("GEOMAP_KILLS", "3")),
    )
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(made_up(count)), encoding="utf-8")
    with Case.create(tmp_path / "whole.gpkg", geoparser=parser) as whole:
        whole.add(
            [
                Document(f"t{n}", text, published=dt.date(2024, 3, 1))
                for n, text in enumerate(made_up(count))
            ]
        )
        wanted = exported(whole, tmp_path / "whole")
    pick = random.Random(7)
    for number in range(kills):
        path = tmp_path / f"killed{number}.gpkg"
        Case.create(path).close()
        process = subprocess.Popen(
            [sys.executable, "-c", ADDING, str(path), str(texts)], stdout=subprocess.PIPE, text=True
        )
        told = [process.stdout.readline()]  # the first ten are reported as saved
        time.sleep(pick.random() * count / 40)
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read().split()
        process.wait()
        with Case.open(path, geoparser=parser) as opened:
            held = opened.documents()
            assert len(held) >= int(told[-1] if told[-1].strip() else 0)
            for entry in held:
                parsed = opened.parsed(entry.key)
                assert (parsed.document.text in made_up(count), len(parsed.toponyms) > 0) == (
                    True,
                    True,
                )
            opened.add(
                [
                    Document(f"t{n}", text, published=dt.date(2024, 3, 1))
                    for n, text in enumerate(made_up(count))
                ]
            )
            assert exported(opened, tmp_path / f"killed{number}") == wanted


# Tables, and the command line


def test_unhcr_flows_are_movements_whose_totals_are_those_of_the_table(tmp_path, case):
    table = tmp_path / "flows.csv"
    table.write_text(
        "year,coo_name,coo,coo_iso,coa_name,coa,coa_iso,"
        "refugees,asylum_seekers,refugee_like,oip\n"
        "2022.0,Syrian Arab Rep.,SYR,SYR,Jordan,JOR,JOR,100.0,,5.0,\n"
        "2022.0,Unknown,UKN,UKN,Jordan,JOR,JOR,,7.0,,\n"
        "2023.0,Syrian Arab Rep.,SYR,SYR,Jordan,JOR,JOR,40.0,2.0,,\n",
        encoding="utf-8",
    )
    assert case.add_many_parsed(read_unhcr_flows(table, case.geoparser.gazetteer)) == 2
    told = {
        t.key: t.best for t in case.totals(by=("year", "origin_country", "destination_country"))
    }
    assert told == {
        ("2022", "SYR", "JOR"): 105,
        ("2022", "UKN", "JOR"): 7,
        ("2023", "SYR", "JOR"): 42,
    }
    assert [t.best for t in case.totals(by="origin_country") if t.key == ("SYR",)] == [147]
    (tmp_path / "bad.csv").write_text(
        "year,coo_iso,coa_iso,refugees\n2022,SYR,JOR,many\n", encoding="utf-8"
    )
    with pytest.raises(DocumentError, match=r"bad\.csv:2"):
        list(read_unhcr_flows(tmp_path / "bad.csv", case.geoparser.gazetteer))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="no column 'year'"):
        list(read_unhcr_flows(tmp_path / "other.csv", case.geoparser.gazetteer))


def test_the_command_line_makes_fills_adds_up_and_exports_a_case(tmp_path, capsys):
    path = str(tmp_path / "karabakh.gpkg")
    rows = "\n".join(
        json.dumps({"id": d.id, "text": d.text, "published": str(d.published)}) for d in documents()
    )
    (tmp_path / "in.jsonl").write_text(rows, encoding="utf-8")
    assert main(["case", "new", path, "--title", "Karabakh"]) == 0
    assert main(["case", "add", path, str(tmp_path / "in.jsonl"), "--quiet"]) == 0
    assert "6 added, 0 known before, 0 failed" in capsys.readouterr().out
    assert main(["case", "add", path, str(tmp_path / "in.jsonl")]) == 0
    assert "0 added, 6 known before" in capsys.readouterr().out
    assert main(["case", "info", path]) == 0
    assert "Karabakh" in capsys.readouterr().out
    assert main(["case", "totals", path, "--by", "origin,destination_country", "--explain"]) == 0
    printed = capsys.readouterr().out
    assert "Nagorno-Karabakh / ARM: 115,366 people (cumulative, occurred)" in printed
    assert "an earlier count of the same people" in printed
    assert main(["case", "export", path, "-o", str(tmp_path / "out"), "--corrections"]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "corrections.jsonl",
        "event_areas.geojson",
        "events.geojson",
        "movements.geojson",
        "places.geojson",
        "regions.geojson",
    ]
    assert main(["case", "corrections", path, "--undo"]) == 1
    assert "no correction to undo" in capsys.readouterr().err
    assert main(["case", "new", path]) == 1


def test_status_words_of_totals_are_checked(case):
    with pytest.raises(OptionError, match="occurred"):
        case.totals(status="done")
    assert case.totals(status=Status.PLANNED) == []


def test_a_place_by_hand_is_kept(strikes):
    key = key_with(strikes, "12 people")
    told = name_in(strikes, key, "Tripoli")
    own = type(told.place)(
        "hand:market",
        "Old Market",
        13.18,
        32.89,
        told.place.kind,
        country="LBY",
        precision=told.place.precision,
    )
    strikes.reassign(own, doc=key, start=told.start, end=told.end)
    assert name_in(strikes, key, "Tripoli").place == own
    assert "hand:market" in set(strikes.frames()["places"]["id"])
    assert isinstance(strikes.events()[0].places[0], Mention)
