from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from geomap.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CASES = (ROOT / "docs" / "case.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README + CASES, re.DOTALL))
def test_python_blocks_run_and_print_what_they_say(block: str, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    code = block.replace('"map.html"', repr(str(tmp_path / "map.html")))
    exec(compile(code, "README", "exec"), {})  # noqa: S102
    told = [line.removeprefix("# ") for line in block.split("\n") if line.startswith("# ")]
    assert capsys.readouterr().out.strip().split("\n") == told


def test_the_commands_named_exist(capsys):
    for command in set(re.findall(r"^geomap (\w+)", README, re.MULTILINE)):
        with pytest.raises(SystemExit) as stop:
            main([*shlex.split(command), "--help"])
        assert stop.value.code == 0


def test_pictures_and_links_of_the_readme_are_there():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(((?!http)[^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_settings_of_the_checkout_are_those_of_the_wheel():
    assert (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8") == (
        ROOT / "geomap" / "pages" / ".streamlit" / "config.toml"
    ).read_text(encoding="utf-8")
