"""Where from and where to as one drawing: an SVG that names no host and holds no script."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from geomap.case.totals import Total

_SHADES: Final = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#882255",
    "#88752a",
)
_MOST: Final = 14  # ends on a side; the others are told together
_WIDTH, _BAR, _GAP, _TALL = 760, 12, 8, 420


def flow_diagram(totals: Sequence[Total], *, ink: str = "#1d2733") -> str:
    """Return a flow diagram of totals by origin and destination as SVG.

    The height of a band is its number of people.

    Parameters
    ----------
    totals
        `Case.totals(by=("origin", "destination"))` of one measure; others would add what must not
        be added.
    ink
        CSS colour of the words.

    """
    flows = _joined(
        [
            (t.key[0] or "origin not told", t.key[1] or "destination not told", t.best)
            for t in totals
            if t.best > 0
        ]
    )
    whole = sum(n for _, _, n in flows)
    if not whole:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} 40" role="img"'
            f' aria-label="no flows"><text x="10" y="24" fill="{ink}" font-family="sans-serif"'
            ' font-size="14">No movement with a figure.</text></svg>'
        )
    sides = [
        _heights([(o, n) for o, _, n in flows], whole),
        _heights([(d, n) for _, d, n in flows], whole),
    ]
    tall = max(max(y + h for y, h in side.values()) for side in sides) + 10
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {tall:.0f}" role="img"'
            ' aria-label="People by origin and destination" font-family="system-ui,sans-serif"'
            ' font-size="13">'
        )
    ]
    used = [dict.fromkeys(side, 0.0) for side in sides]
    left, right = 210, _WIDTH - 210
    shades = {name: _SHADES[n % len(_SHADES)] for n, name in enumerate(sides[0])}
    scale = (_TALL - _GAP * _MOST) / whole
    for origin, destination, n in flows:
        h = max(1.0, n * scale)
        a, b = (
            sides[0][origin][0] + used[0][origin],
            sides[1][destination][0] + used[1][destination],
        )
        used[0][origin] += h
        used[1][destination] += h
        middle = (left + right) / 2
        parts.append(
            f'<path d="M{left + _BAR} {a:.1f}C{middle} {a:.1f} {middle} {b:.1f} {right - _BAR}'
            f" {b:.1f}V{b + h:.1f}C{middle} {b + h:.1f} {middle} {a + h:.1f} {left + _BAR}"
            f' {a + h:.1f}Z" fill="{shades[origin]}" fill-opacity="0.45">'
            f"<title>{html.escape(f'{origin} to {destination}: {n:,}')}</title></path>"
        )
    for side, x, anchor, at in ((0, left, "end", left - 6), (1, right - _BAR, "start", right + 6)):
        for name, (y, h) in sides[side].items():
            total = sum(n for o, d, n in flows if (o, d)[side] == name)
            parts.append(
                f'<rect x="{x}" y="{y:.1f}" width="{_BAR}" height="{h:.1f}"'
                f' fill="{shades.get(name, "#777777") if side == 0 else "#777777"}"/>'
            )
            parts.append(
                f'<text x="{at}" y="{y + h / 2 + 4:.1f}" text-anchor="{anchor}"'
                f' fill="{ink}">{html.escape(_short(name))} {total:,}</text>'
            )
    return "".join([*parts, "</svg>"])


def _joined(flows: Sequence[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Tell small ends together, so that the drawing stays readable."""
    kept = []
    for side in (0, 1):
        sums: dict[str, int] = {}
        for flow in flows:
            sums[str(flow[side])] = sums.get(str(flow[side]), 0) + flow[2]
        kept.append(set(sorted(sums, key=lambda name: (-sums[name], name))[:_MOST]))
    out: dict[tuple[str, str], int] = {}
    for origin, destination, n in flows:
        key = (
            origin if origin in kept[0] else "others",
            destination if destination in kept[1] else "others",
        )
        out[key] = out.get(key, 0) + n
    return sorted(((o, d, n) for (o, d), n in out.items()), key=lambda f: (-f[2], f[0], f[1]))


def _heights(ends: Sequence[tuple[str, int]], whole: int) -> dict[str, tuple[float, float]]:
    scale = (_TALL - _GAP * _MOST) / whole
    heights: dict[str, float] = {}
    for name, n in ends:
        heights[name] = heights.get(name, 0.0) + max(1.0, n * scale)
    out, y = {}, 8.0
    for name in sorted(heights, key=lambda k: (-heights[k], k)):
        out[name] = (y, heights[name])
        y += max(heights[name], 15.0) + _GAP
    return out


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"
