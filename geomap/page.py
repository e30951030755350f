"""The HTML page around a map: a frame of our own constants, and data put in after it is rendered.

The frame is all that a template ever sees. What comes from outside, the title and the payload,
goes in afterwards: escaped into an element that holds text, or as JSON into a block that no browser
runs. A Content-Security-Policy names each script of ours by its hash, so that nothing else runs
either, and lets the page ask nobody.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from geomap.errors import MissingExtraError, OptionError

_ASSETS: Final = Path(__file__).parent / "assets"
# Where the frame is cut; they stand in constants only, so no text can bring one.
_POLICY, _TITLE, _DATA = "GEOMAP-POLICY", "GEOMAP-TITLE", "GEOMAP-DATA"
_START: Final = (
    'geomapDraw(map_geomap,JSON.parse(document.getElementById("geomap-data").textContent));'
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A rendered page, cut where the policy, the title and the data go, with what it runs."""

    before: str
    to_title: str
    to_data: str
    after: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...]


def page(data: object, *, title: str, height: str, images: Sequence[str] = ()) -> str:
    """Return a page that draws data; whatever title and data hold is shown and never run.

    Parameters
    ----------
    data
        What `map.js` draws, as JSON knows it.
    title
        Name of the page, any text.
    height
        CSS height of the map.
    images
        Origins the page may ask for images; none unless tiles are wanted.

    Raises
    ------
    MissingExtraError
        When folium is not installed.
    OptionError
        For a height that is none.

    """
    frame = _frame(height)
    policy = _policy(frame, images)
    return "".join(
        (
            frame.before,
            html.escape(policy),
            frame.to_title,
            html.escape(title),
            frame.to_data,
            _json(data),
            frame.after,
        )
    )


def script_hashes() -> tuple[str, ...]:
    """Return the sources that a policy around a page must allow for the page to be drawn."""
    return _frame("100%").scripts


def hashes(texts: Sequence[str]) -> tuple[str, ...]:
    """Return each inline script or style as a Content-Security-Policy names it."""
    return tuple(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in texts
    )


def _policy(frame: _Frame, images: Sequence[str]) -> str:
    rules = {
        "default-src": ("'none'",),
        "script-src": frame.scripts,
        "style-src": frame.styles,
        "img-src": ("data:", *images),
        "base-uri": ("'none'",),
        "form-action": ("'none'",),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


@cache
def _frame(height: str) -> _Frame:
    """Render the page of our constants, once for each height."""
    rendered = _rendered(height)
    before, to_title, to_data, after = re.split(f"{_POLICY}|{_TITLE}|{_DATA}", rendered)
    return _Frame(
        before,
        to_title,
        to_data,
        after,
        hashes(re.findall(r"<script>(.*?)</script>", rendered, re.DOTALL)),
        hashes(re.findall(r"<style>(.*?)</style>", rendered, re.DOTALL)),
    )


def _rendered(height: str) -> str:
    try:
        import folium
        from branca.element import Element, Link
    except ImportError as error:
        raise MissingExtraError("folium", "map") from error
    try:
        drawn = folium.Map(
            location=(0, 0),
            zoom_start=2,
            tiles=None,
            prefer_canvas=True,
            height=height,
            world_copy_jump=True,
            attribution_control=False,
        )
    except ValueError as error:
        raise OptionError("height", height, "a CSS length such as 100% or 600px") from error
    # A fixed name, so that the same input gives the same bytes.
    drawn._id = "geomap"  # noqa: SLF001
    figure: Any = drawn.get_root()
    figure._id = "geomap_page"  # noqa: SLF001
    figure.title = None
    for child in list(figure._children.values()):  # noqa: SLF001
        child.render()
    header = figure.header
    for name, element in list(header._children.items()):  # noqa: SLF001
        if isinstance(element, Link) or "cdn" in str(getattr(element, "_template_str", "")):
            del header._children[name]  # noqa: SLF001
    header.add_child(Element(_raw(_head())), name="geomap_assets", index=0)
    block = f'<script type="application/json" id="geomap-data">{_DATA}</script>'
    figure.html.add_child(Element(block), name="geomap_data")
    figure.script.add_child(Element(_raw(f"{asset('map.js')}\n{_START}")), name="geomap_marks")
    rendered: str = figure._template.render(this=figure, kwargs={})  # noqa: SLF001
    # folium forbids zooming the page, which readers with weak eyes need.
    rendered = re.sub(
        r'<meta name="viewport" content="width=device-width,\s*initial-scale=1.0,'
        r' maximum-scale=1.0, user-scalable=no" />',
        "",
        rendered,
    )
    return rendered.replace("<html>", '<html lang="en">', 1)


def _head() -> str:
    return (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_TITLE}</title>"
        '<link rel="icon" href="data:,">'
        f"<style>{asset('leaflet.css')}{asset('map.css')}</style>"
        f"<script>{asset('leaflet.js')}</script>"
    )


def _raw(ours: str) -> str:
    """Return a constant of ours as a template that renders to it."""
    return "{% raw %}" + ours + "{% endraw %}"


def _json(data: object) -> str:
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Without this sign no element can begin or end inside the block.
    return payload.replace("<", "\\u003c")


@cache
def asset(name: str) -> str:
    """Return a script or style that ships with the map, ready to stand inside a page."""
    text = (_ASSETS / name).read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    # Leaflet's images are not used; an empty image keeps the style sheet from asking for them.
    return (
        re.sub(r"url\([^)]*\)", "none", text)
        if name.endswith(".css")
        else text.replace("</script", "<\\/script")
    )
