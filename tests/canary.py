"""Text that would do harm if anything ran it, put into every field of text of a case.

Each would set `hit` in the page, ask `evil.example`, or touch a file; `tests/test_injection.py` and
`benchmarks/injection.py` look for all three.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing
from collections.abc import Callable, Collection, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import geomap
from geomap import model
from geomap.case import Case
from geomap.model import Actor, Kind, Parsed, Place

CANARIES = (
    "{% endraw %}{{7*7}}{% raw %}",
    "{% endraw %}{{ cycler.__init__.__globals__.os.popen('touch TOUCHED').read() }}{% raw %}",
    "{% endraw %}{% bad",
    "</script><script>window.hit=1</script>",
    '"onload="window.hit=1" autofocus onfocus="window.hit=1',
    "'onmouseover='window.hit=1' x='",
    "${window.hit=1}`${window.hit=1}`",
    "[x](javascript:window.hit=1) <javascript:window.hit=1>",
    "javascript:window.hit=1",
    "![i](http://evil.example/i.png) http://evil.example/a www.evil.example a@evil.example",
    ":material/map: :red[red] :streamlit: :smile: -> -- <=",
    r"$x^2$ $$\href{javascript:window.hit=1}{x}$$",
    "<img src=http://evil.example/i.png onerror=window.hit=1><svg onload=window.hit=1>",
    "</title></textarea></style><iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "} @import url(http://evil.example/a.css); <!-- <link rel=stylesheet href=//evil.example>",
    "=HYPERLINK(1) **bold** `code` # head \u202eevil\u2069",
)
# What other fields hang on, ids and codes of countries, is spoilt in the last document only.
_KEYS = {"id", "doc_id", "country", "lang"}

TEXTS = (
    "Shelling hit Kharkiv on Monday and killed 4 people, officials said.",
    "As of 25 September, a total of 2,900 people had fled Nagorno-Karabakh for Armenia.",
    "As of 26 September, a total of 19,000 people had fled Nagorno-Karabakh for Armenia.",
    "Some 300 people fled Goma for Bukavu on Tuesday, the United Nations said.",
    "Rebels attacked Aleppo on Monday and killed 12 people. About 40 people fled Aleppo for Homs.",
)


def spoilt(
    value: Any,
    word: Callable[[], str],
    seen: set[str],
    *,
    kept: Collection[str] = _KEYS,
    where: str = "",
) -> Any:
    """Return a value of the model with a canary in each of its fields of text but those kept."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        seen.add(where)
        return word() if where.endswith(".url") else f"{value} {word()}"
    if isinstance(value, tuple):
        return tuple(spoilt(item, word, seen, kept=kept, where=where) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value).__name__
        return dataclasses.replace(
            value,
            **{
                f.name: spoilt(
                    getattr(value, f.name), word, seen, kept=kept, where=f"{kind}.{f.name}"
                )
                for f in dataclasses.fields(value)
                if f.name not in kept
            },
        )
    return value


def words(first: int) -> Iterator[str]:
    """Yield the canaries for ever, each with a number of its own, from the one told."""
    number = first
    while True:
        yield f"{CANARIES[number % len(CANARIES)]} c{number}"
        number += 1


def parsed(first: int = 0) -> tuple[list[Parsed], set[str]]:
    """Return documents with canaries everywhere, and which fields hold them."""
    seen: set[str] = set()
    more = words(first)
    out = []
    for number, text in enumerate(TEXTS):
        doc = geomap.Document(f"d{number}", text, "Title", "Source", "u", dt.date(2023, 9, 27))
        told = geomap.parse(doc)
        actor = Actor("rebels", "armed group", "")
        told = dataclasses.replace(
            told,
            events=tuple(dataclasses.replace(e, actors=(actor,)) for e in told.events),
            warnings=(*told.warnings, "odd"),
        )
        last = number == len(TEXTS) - 1
        out.append(spoilt(told, lambda: next(more), seen, kept=() if last else _KEYS))
    return out, seen


def fields() -> set[str]:
    """Return every field of the model that holds text."""

    def leaves(hint: Any) -> set[Any]:
        inner = typing.get_args(hint)
        return set().union(*map(leaves, inner)) if inner else {hint}

    return {
        f"{name}.{field}"
        for name, kind in vars(model).items()
        if dataclasses.is_dataclass(kind)
        for field, hint in typing.get_type_hints(kind).items()
        if str in leaves(hint)
    }


def case(path: Path, first: int = 0) -> tuple[str, set[str]]:
    """Make a case of them, with corrections; return its title, and which fields hold canaries."""
    told, seen = parsed(first)
    title = CANARIES[first % len(CANARIES)]
    more = words(first + 1)
    with Case.create(path, title=title) as made:
        made.add_many_parsed(told)
        made.add([geomap.DocumentError(f"failed {next(more)}", next(more))])
        key = next(d.key for d in made.documents() if "Goma" in made.parsed(d.key).document.text)
        one = made.parsed(key).toponyms[0]
        place = Place(f"hand:{first}", next(more), 36.2, 50.0, Kind.SETTLEMENT)
        made.reassign(place, doc=key, start=one.start, end=one.end, who=next(more), when=next(more))
        event = next(iter(made.frames()["events"]["id"]))
        made.set(event, who=next(more), at=next(more), status="ongoing")
    seen |= {"Case.title", "failure.source", "failure.error"}
    seen |= {f"Correction.{name}" for name in ("who", "time", "after")}
    return title, seen
