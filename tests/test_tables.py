from __future__ import annotations

import gzip

import pytest

from geomap.case.tables import read_unhcr_flows
from geomap.errors import DocumentError

HEADER = "year,coo_iso,coa_iso,refugees\n"


def read(tmp_path, gaz, raw: bytes, name: str = "flows.csv"):
    path = tmp_path / name
    path.write_bytes(raw)
    return list(read_unhcr_flows(path, gaz))


def test_lines_of_flows_keep_their_offsets_over_empty_lines_and_any_line_end(tmp_path, gaz):
    for end in ("\n", "\r\n", "\r"):
        text = HEADER + "\n2020,SYR,TUR,5\n2020,SYR,JOR,7\n\n2021.0,SYR,TUR,9\n"
        first, second = read(tmp_path, gaz, text.replace("\n", end).encode())
        assert [m.quantity.value for m in first.movements] == [5, 7]
        assert second.document.id == "flows.csv:2021"
        for movement in first.movements:
            (evidence,) = movement.evidence
            assert first.document.text[evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize("figure", ["1e30", "inf", "nan", "-1", "many", "9" * 5_000])
def test_a_figure_that_is_no_number_of_people_is_refused_with_its_line(tmp_path, gaz, figure):
    with pytest.raises(DocumentError, match=r"flows\.csv:3"):
        read(tmp_path, gaz, f"{HEADER}2020,SYR,TUR,5\n2020,SYR,TUR,{figure}\n".encode())


@pytest.mark.parametrize("year", ["1e400", "0", "10000", "nan", "x", "", "2020.5", "-2020"])
def test_a_year_that_is_none_is_refused_with_its_line(tmp_path, gaz, year):
    with pytest.raises(DocumentError, match=r"flows\.csv:2.*must be a year"):
        read(tmp_path, gaz, f"{HEADER}{year},SYR,TUR,5\n".encode())


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (HEADER.encode("utf-16"), "flows.csv"),
        (b"\xff\xfe\xff", "flows.csv"),
        (b"", "flows.csv"),
        (f"{HEADER}2020\n".encode(), "flows.csv"),
        (f'{HEADER}2020,"SY\nR",TUR,5\n'.encode(), "flows.csv"),
        (b"\x1f\x8b broken", "flows.csv.gz"),
        (gzip.compress(f"{HEADER}2020,SYR,TUR,5\n".encode())[:-9], "flows.csv.gz"),
    ],
)
def test_a_damaged_table_is_told_in_one_error(tmp_path, gaz, raw, name):
    with pytest.raises(DocumentError, match=name):
        read(tmp_path, gaz, raw, name)


def test_a_packed_table_is_bounded_in_its_lines_and_rows(tmp_path, gaz, monkeypatch):
    line = gzip.compress(HEADER.encode() + b"0" * 20_000_000)
    with pytest.raises(DocumentError, match="more than 10,000 characters") as caught:
        read(tmp_path, gaz, line, "flows.csv.gz")
    assert len(str(caught.value)) < 300
    rows = gzip.compress(HEADER.encode() + b"2020,SYR,TUR,5\n" * 70_000)
    with pytest.raises(DocumentError, match="more than 62,500 rows"):
        read(tmp_path, gaz, rows, "flows.csv.gz")
    monkeypatch.setattr("geomap.case.tables.LONGEST_TABLE", 1_000)
    with pytest.raises(DocumentError, match="or the table more than 1,000"):
        read(tmp_path, gaz, rows, "flows.csv.gz")
