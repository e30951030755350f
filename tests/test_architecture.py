from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import geomap
from geomap import errors

ROOT = Path(geomap.__file__).parent
# Each room imports only those before it; DESIGN calls this the flow.
ORDER = (
    "errors",
    "stopping",
    "integrity",
    "weights",
    "model",
    "gazetteer",
    "regions",
    "text",
    "quantities",
    "times",
    "toponyms",
    "home",
    "resolve",
    "context",
    "salience",
    "events",
    "movements",
    "geoparser",
    "evaluate",
    "crosswalk",
    "output",
    "frames",
    "filters",
    "marks",
    "case",
    "diagrams",
    "page",
    "maps",
    "export",
    "geocoder",
    "writing",
    "cli",
    "pages",
)


def rooms(path: Path) -> tuple[str, set[str]]:
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("geomap"):
            parts = node.module.split(".")
            imported |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return room, imported - {room}


def test_every_module_imports_only_rooms_before_its_own():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        room, imported = rooms(path)
        if room not in {"__init__", "__main__"}:
            wrong += [
                f"{path.name} imports {other}"
                for other in imported
                if ORDER.index(other) > ORDER.index(room)
            ]
    assert wrong == []


def test_the_public_names_are_pinned_and_sorted():
    assert geomap.__all__ == sorted(geomap.__all__)
    assert all(getattr(geomap, name) is not None for name in geomap.__all__)
    assert set(geomap.__all__) == {
        "Case",
        "Document",
        "DocumentError",
        "Event",
        "Gazetteer",
        "GazetteerError",
        "GazetteerNotFoundError",
        "GeomapError",
        "Geoparser",
        "Movement",
        "OptionError",
        "Parsed",
        "Place",
        "Toponym",
        "parse",
        "to_frames",
        "to_html",
    }


def test_import_geomap_loads_nothing_heavy():
    code = (
        "import geomap, sys; print([m for m in ('geopandas', 'folium', 'streamlit', 'pandas',"
        " 'numpy', 'shapely') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_every_error_is_a_geomap_error_with_a_builtin():
    found = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert all(issubclass(e, geomap.GeomapError) for e in found)
    assert issubclass(geomap.DocumentError, ValueError)
    assert issubclass(geomap.GazetteerNotFoundError, FileNotFoundError)
