from __future__ import annotations

import json
import re

import pytest

import geomap
from geomap.page import page

RUNS_IN_TEMPLATES = (
    "{% endraw %}{{7*7}}{% raw %}",
    "{% endraw %}{{ cycler.__init__.__globals__.os.popen('touch TOUCHED').read() }}{% raw %}",
    "{% endraw %}{% bad",
    "{{ 7*7 }}",
    "{# #}",
    "GEOMAP-DATA GEOMAP-TITLE GEOMAP-POLICY",
    '</title><script>window.hit=1</script>"onload="window.hit=1',
    "<!-- <script> ]]> \u2028",
)


@pytest.mark.parametrize("text", RUNS_IN_TEMPLATES)
def test_a_title_is_text_and_never_a_template(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = page({"said": text}, title=text, height="100%")
    import html

    assert html.unescape(re.search(r"<title>(.*?)</title>", made, re.DOTALL)[1]) == text
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', made, re.DOTALL)[1]
    assert json.loads(block) == {"said": text}
    assert list(tmp_path.iterdir()) == []


def test_the_frame_of_the_page_is_the_same_whatever_is_put_in():
    def frame(text: str) -> str:
        made = page({"said": text}, title=text, height="100%")
        made = re.sub(r"<title>.*?</title>", "", made, flags=re.DOTALL)
        return re.sub(r'(application/json"[^>]*>).*?(</script>)', r"\1\2", made, flags=re.DOTALL)

    assert len({frame(text) for text in ("", *RUNS_IN_TEMPLATES)}) == 1


def test_a_page_allows_its_own_scripts_and_asks_nobody(seed):
    (policy,) = re.findall(
        r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', geomap.to_html(seed)
    )
    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    drawn = geomap.to_html(seed, tiles="OpenStreetMap.Mapnik")
    assert "img-src data: https://tile.openstreetmap.org;" in drawn


def test_a_height_that_is_none_is_refused():
    with pytest.raises(geomap.OptionError, match="height"):
        page({}, title="", height="1px;}</style><script>")
