from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
if not (BENCHMARKS / "fuzz.py").exists():
    pytest.skip("the runner is in the repository only", allow_module_level=True)
for extra in ("docx", "feedparser", "pyarrow", "pypdf", "trafilatura"):
    pytest.importorskip(extra)
sys.path.insert(0, str(BENCHMARKS))
import fuzz  # noqa: E402

# What a damaged file makes GDAL and shapely warn of is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore")
READERS = [kind for kind in fuzz.kinds() if kind != "parse"]


@pytest.mark.parametrize("kind", READERS)
def test_damaged_files_raise_nothing_but_errors_of_ours(kind):
    count = fuzz.fuzz(kind, 25)
    assert dict(count.failures) == {}
    assert count.inputs == 25


def test_texts_of_any_mixture_are_read_and_what_is_found_stands_in_them():
    assert dict(fuzz.fuzz("parse", 25).failures) == {}


def test_an_input_is_the_same_whenever_it_is_made():
    for kind in fuzz.kinds():
        if kind != "table-gpkg":  # GDAL writes the time into it
            assert fuzz.input_of(kind, 3) == fuzz.input_of(kind, 3)
