"""One article with everything that was read in it marked.

A click on a mark says why, and puts it right.
"""

from __future__ import annotations

import streamlit as st

from geomap.errors import GeomapError
from geomap.marks import pieces
from geomap.model import (
    LARGEST,
    DatePrecision,
    Event,
    EventType,
    Mention,
    Movement,
    MovementKind,
    Parsed,
    Quantifier,
    Quantity,
    Status,
    Unit,
    When,
)
from geomap.pages import say, work
from geomap.pages.frame import text_frame
from geomap.pages.panels import place_panel, record_panel


def page() -> None:
    """Draw the page."""
    opened = work.case()
    entries = opened.documents()
    if not entries:
        st.info("No text yet. Add one on the page Sources.")
        return
    keys = [e.key for e in entries]
    names = {
        e.key: " · ".join(filter(None, [e.title or e.id, e.source, e.published[:10]]))
        for e in entries
    }
    if st.session_state.get("document") not in names:
        st.session_state.document = keys[0]
    key = st.selectbox(
        "Article",
        keys,
        format_func=names.__getitem__,
        key="document",
        bind="query-params",
        persist_state="session",
    )
    parsed = opened.parsed(key)
    for warning in parsed.warnings:
        say.warning(warning)
    if not parsed.toponyms:
        st.info("No place is named in this text, so nothing of it is on the map.")
    left, right = st.columns([3, 2])
    with left:
        st.html(_LEGEND)
        clicked = text_frame(pieces(parsed), picked=st.session_state.get("marked", ""))
        if clicked and clicked != st.session_state.get("marked"):
            st.session_state.marked = clicked
            st.rerun()
    with right:
        _side(key, parsed, st.session_state.get("marked", ""))


_LEGEND = (
    '<p style="font-size:.85rem;line-height:1.9"><span style="border-bottom:3px solid'
    ' #009e73">place</span> · <span style="border-bottom:3px solid #cc79a7">its government or'
    ' army</span> · <span style="border-bottom:3px solid #e69f00">its people</span> · <span'
    ' style="border-bottom:3px dotted #009e73">not resolved</span> · <b style="border-bottom:3px'
    ' double #0072b2">figure</b> · <span style="border-bottom:2px dashed">date</span> · <span'
    ' style="background:rgba(213,94,0,.15)">event</span> · <span'
    ' style="background:rgba(0,114,178,.17)">movement</span></p>'
)


def _side(key: str, parsed: Parsed, marked: str) -> None:
    toponym = next((t for t in parsed.toponyms if f"{t.start}-{t.end}" == marked), None)
    if toponym is not None:
        place_panel(key, toponym)
    elif marked.startswith(key) or "#" in marked:
        record_panel(marked)
    else:
        st.info(
            "Click a mark in the article to see what it was read as, what else it may be, and to"
            " put it right."
        )
    with st.expander("Add what was missed"):
        _add(key, parsed)
    log = work.case().corrections()
    if log:
        with st.expander(f"Corrections ({sum(not c.undone for c in log)})"):
            for correction in reversed(log[-50:]):
                st.text(
                    f"{correction.number}. {correction.action.value} {correction.time[:16]}"
                    + (" (undone)" if correction.undone else "")
                )


def _add(key: str, parsed: Parsed) -> None:
    from geomap.text.segment import sentences

    spans = [
        s for s in sentences(parsed.document.text) if parsed.document.text[s.start : s.end].strip()
    ]
    with st.form(f"add {key}"):
        sentence = st.selectbox(
            "Sentence",
            range(len(spans)),
            format_func=lambda n: " ".join(
                parsed.document.text[spans[n].start : spans[n].end].split()
            )[:120],
        )
        what = st.selectbox(
            "What",
            [*(t.value for t in EventType), *(k.value for k in MovementKind)],
            format_func=work.plain,
        )
        names = {t.start: t for t in parsed.toponyms if t.place is not None}
        a, b = st.columns(2)
        place = a.selectbox(
            "Place, or where from",
            [None, *names],
            format_func=lambda s: "not told" if s is None else names[s].name,
        )
        other = b.selectbox(
            "Where to",
            [None, *names],
            format_func=lambda s: "not told" if s is None else names[s].name,
        )
        number = a.number_input(
            "People or killed", min_value=0, max_value=LARGEST - 1, value=None, step=1
        )
        status = b.selectbox("Status", [s.value for s in Status])
        day = a.date_input("Day", None)
        if not st.form_submit_button("Add"):
            return
    evidence = (work.case().evidence(key, *spans[sentence]),)
    quantity = (
        Quantity(number, number, number, Quantifier.EXACT, Unit.PERSON, str(number))
        if number is not None
        else None
    )
    when = When(day, day, DatePrecision.DAY) if day else None
    ends = [
        (Mention(t.name, t.start, t.end, t.place),) if s is not None and (t := names.get(s)) else ()
        for s in (place, other)
    ]
    record: Event | Movement
    if what in set(EventType):
        record = Event(
            "",
            EventType(what),
            places=ends[0],
            when=when,
            status=Status(status),
            fatalities=quantity,
            evidence=evidence,
            score=1.0,
        )
    else:
        record = Movement(
            "",
            MovementKind(what),
            ends[0],
            ends[1],
            quantity=quantity,
            when=when,
            status=Status(status),
            evidence=evidence,
            score=1.0,
        )
    try:
        work.case().add_by_hand(key, record, when=work.now())
    except GeomapError as error:
        say.error(error)
        return
    st.rerun()
