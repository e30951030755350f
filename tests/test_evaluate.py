from __future__ import annotations

import json
from pathlib import Path

import pytest

from geomap import DocumentError, Geoparser
from geomap.cli import main
from geomap.evaluate import NEAR_KM, evaluate, overlapping

TEXT = "Shelling was heard in Goma. Families left Bukavu for Kigali."


def corpus(tmp_path: Path, *marks: dict) -> Path:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        json.dumps({"id": "one", "text": TEXT, "toponyms": list(marks)}) + "\n", encoding="utf-8"
    )
    return path


def mark(name: str, lat: float | None, lon: float | None, **more) -> dict:
    start = TEXT.index(name)
    return {"start": start, "end": start + len(name), "lat": lat, "lon": lon, **more}


def test_measures_count_what_was_found_and_placed(tmp_path):
    path = corpus(
        tmp_path,
        mark("Goma", -1.68, 29.22, type="literal"),
        mark("Bukavu", 50.0, 50.0),
        mark("Kigali", None, None),
    )
    result = evaluate(path, Geoparser())
    counts = result.counts["overlap"]
    assert (
        counts.gold,
        counts.predicted,
        counts.matched,
        counts.judged,
        counts.right,
        counts.unjudgeable,
    ) == (3, 3, 3, 2, 1, 1)
    assert counts.measures()["f1"] == 1
    assert counts.measures()["end_to_end_f1"] == 0.5
    assert counts.measures()["use"] == 1
    assert NEAR_KM == 161
    assert [e for e in result.errors if "Bukavu" in e]
    assert sum(n for _, _, n, _, _ in result.calibration()) == 2


def test_spans_are_matched_one_to_one_with_the_most_pairs():
    assert overlapping([(0, 4), (5, 9)], [(0, 9)]) == {0: 0}
    assert overlapping([(0, 10), (8, 12)], [(0, 9), (9, 10)]) in ({0: 1, 1: 0}, {0: 0, 1: 1})
    assert overlapping([(0, 4)], [(4, 8)]) == {}


def test_the_command_prints_the_table_and_resolves_given_spans(tmp_path, capsys):
    path = corpus(tmp_path, mark("Goma", -1.68, 29.22))
    assert main(["evaluate", str(path), "--gold-spans", "--calibration", "--errors"]) == 0
    out = capsys.readouterr().out
    assert "end-to-end F1" in out
    assert "expected calibration error" in out


def test_a_line_that_is_no_annotated_document_is_named(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"id": "x", "text": "a", "toponyms": [{"start": 0}]}\n', encoding="utf-8")
    with pytest.raises(DocumentError, match="line 1"):
        evaluate(path, Geoparser())
