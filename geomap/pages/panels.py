"""Panels that several pages show.

One record with its evidence and what can be put right, and one mention of a place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import streamlit as st

from geomap.case.totals import Total
from geomap.errors import GeomapError
from geomap.filters import STATUSES
from geomap.model import (
    LARGEST,
    Basis,
    DatePrecision,
    Event,
    Movement,
    Place,
    Quantifier,
    Quantity,
    Toponym,
    Unit,
    Use,
    When,
)
from geomap.pages import say
from geomap.pages.say import literal
from geomap.pages.work import case, geoparser, guarded, now, plain


def record_panel(ident: str) -> None:
    """Show a joint record with all its sentences, and a form that changes it."""
    record = find(ident)
    if record is None:
        return
    what = record.type.value if isinstance(record, Event) else record.kind.value
    told = f"{record.status.value} · score {record.score:.2f}"
    st.markdown(f"**{literal(plain(what).capitalize())}** · {literal(told)}")
    entries = {d.key: d for d in case().documents()}
    for evidence in record.evidence[:12]:
        entry = entries.get(evidence.doc_id)
        with st.container(border=True):
            st.text(evidence.text)
            row = st.container(horizontal=True, vertical_alignment="center")
            row.caption(
                literal(
                    " · ".join(
                        filter(None, [entry.source, entry.published[:10], entry.title or entry.id])
                    )
                    if entry
                    else evidence.doc_id
                )
            )
            if row.button("Read", key=f"read {ident} {evidence.doc_id} {evidence.start}"):
                st.session_state.document, st.session_state.marked = evidence.doc_id, ident
                st.switch_page(_page("read"))
    _record_form(record)


def _page(name: str) -> Any:
    from geomap.pages import read

    return st.Page(read.page, title="Read", url_path=name)


def find(ident: str) -> Event | Movement | None:
    """Return a joint record by its id, or the one in which it was joined."""
    try:
        return case().record(ident)
    except GeomapError:
        return None


def _record_form(record: Event | Movement) -> None:
    figure = record.fatalities if isinstance(record, Event) else record.quantity
    with st.form(f"change {record.id}"):
        st.caption("Put right (kept in the log, can be undone)")
        status = st.selectbox(
            "Status", STATUSES, STATUSES.index(record.status.value), key=f"status {record.id}"
        )
        b, c = st.columns(2)
        number = b.number_input(
            "Killed" if isinstance(record, Event) else "People",
            min_value=0,
            max_value=LARGEST - 1,
            value=(
                (figure.value if figure.value is not None else figure.minimum) if figure else None
            ),
            step=1,
            key=f"figure {record.id}",
        )
        told = record.when.start if record.when is not None else None
        day = c.date_input(
            "Day",
            dt.date.fromisoformat(str(told)[:10]) if told else None,
            min_value=dt.date(1500, 1, 1),
            max_value=dt.date(2100, 1, 1),
            key=f"day {record.id}",
        )
        buttons = st.container(horizontal=True)
        saved = buttons.form_submit_button("Save")
        rejected = buttons.form_submit_button("Reject", help="It did not happen, or is none")
        split = buttons.form_submit_button(
            "Split", help="The tellings are of different events or people"
        )
    if saved and (changes := _changes(record, status, number, day)):
        _done(lambda: case().set(record.id, at=now(), **changes))
    elif rejected:
        _done(lambda: case().reject(record.id, when=now()))
    elif split:
        _done(lambda: case().split(record.id, when=now()))


def _changes(record: Event | Movement, status: str, number: int | None, day: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    figure = record.fatalities if isinstance(record, Event) else record.quantity
    if status != record.status.value:
        out["status"] = status
    if number is not None and (figure is None or number not in {figure.value, figure.minimum}):
        out["fatalities" if isinstance(record, Event) else "quantity"] = Quantity(
            number,
            number,
            number,
            Quantifier.EXACT,
            figure.unit if figure else Unit.PERSON,
            figure.text if figure else "",
        )
    told = record.when.start if record.when is not None else None
    if isinstance(day, dt.date) and str(day) != str(told)[:10]:
        out["when"] = When(
            day,
            day,
            DatePrecision.DAY,
            Basis.EXPLICIT,
            record.when.text if record.when else "",
            record.when.as_of if record.when else None,
        )
    return out


def _done(act: Any) -> None:
    if guarded(act):
        st.rerun()


def place_panel(key: str, toponym: Toponym) -> None:
    """Show a mention with what it may be, and say what it is."""
    told = f"{toponym.use.value} · score {toponym.score:.2f}"
    st.markdown(f"**{literal(toponym.name)}** · {literal(told)}")
    st.caption(
        literal(_told(toponym.place) if toponym.place else f"Not resolved: {toponym.reason}")
    )
    if toponym.reasons:
        st.caption(literal("Why: " + "; ".join(toponym.reasons)))
    search = st.text_input(
        "Look for another name",
        key=f"search {key} {toponym.start}",
        placeholder="A name in any spelling",
    )
    choices = _choices(toponym, search)
    ident = f"{key} {toponym.start}"
    with st.form(f"place {ident}"):
        chosen = (
            st.radio("It is", choices, format_func=_told_literally, key=f"choice {ident} {search}")
            if choices
            else None
        )
        scope = st.selectbox(
            "For",
            ["mention", "document", "case", "always"],
            format_func=_SCOPES.__getitem__,
            key=f"scope {ident}",
        )
        countries = sorted(
            {
                t.place.country
                for t in case().parsed(key).toponyms
                if t.place is not None and t.place.country and t.name != toponym.name
            }
        )
        country = (
            st.selectbox(
                "Country in play",
                countries,
                key=f"country {ident}",
                help="For the last choice: where a document also names a place there",
            )
            if countries
            else ""
        )
        use = st.selectbox(
            "Used as",
            [u.value for u in Use],
            [u.value for u in Use].index(toponym.use.value),
            format_func=_USES.__getitem__,
            key=f"use {ident}",
        )
        buttons = st.container(horizontal=True)
        saved = buttons.form_submit_button("Save")
        rejected = buttons.form_submit_button("No place", help="These words name no place")
    start, end = toponym.start, toponym.end
    if saved:
        if use != toponym.use.value:
            _done(lambda: case().set_use(use, doc=key, start=start, end=end, when=now()))
        elif chosen is not None and (
            toponym.place is None or chosen.id != toponym.place.id or scope != "mention"
        ):
            _done(
                lambda: case().reassign(
                    chosen,
                    doc=key,
                    start=start,
                    end=end,
                    scope=scope,
                    country=country if scope == "always" else "",
                    when=now(),
                )
            )
    elif rejected:
        _done(lambda: case().reject(doc=key, start=start, end=end, when=now()))


_SCOPES = {
    "mention": "this mention",
    "document": "the name in this article",
    "case": "the name in the whole case",
    "always": "the name wherever the country is in play",
}
_USES = {
    "literal": "a place",
    "associative": "a government, army or thing of the place",
    "demonym": "people of the place",
}


def _choices(toponym: Toponym, search: str) -> list[Place]:
    found = geoparser().gazetteer.candidates(search, loose=True)[:12] if search.strip() else []
    own = [toponym.place] if toponym.place is not None else []
    return list({p.id: p for p in (*found, *own, *toponym.alternatives)}.values())


def _told(place: Place) -> str:
    return ", ".join(
        dict.fromkeys(filter(None, [place.name, place.admin1_name, place.country_name]))
    ) + (
        " "
        "("
        f"{plain(place.kind.value)}"
        f"{f', {place.population:,} people' if place.population else ''})"
    )


def _told_literally(place: Place) -> str:
    return literal(_told(place))


def totals_panel(totals: Sequence[Total], *, label: str) -> None:
    """Show totals that say which figures they used and which they set aside."""
    if not totals:
        say.caption(f"{label}: no figure fits.")
        return
    for total in totals:
        bounds = (
            f" (at least {total.low:,})"
            if total.high is None
            else f" ({total.low:,} to {total.high:,})"
            if total.low != total.high
            else ""
        )
        unit = "households" if total.unit == "household" else "people"
        told = (
            f"{unit}{bounds} · {total.status}, {total.measure} · {len(total.used)} counted,"
            f" {len(total.set_aside)} set aside"
        )
        with st.expander(f"**{total.best:,}** {literal(told)}"):
            for ident in total.used[:30]:
                st.text(f"counted   {_sentence(ident)}")
            for item in total.set_aside[:60]:
                st.text(f"set aside {_sentence(item.id)}\n          since: {item.why}")


def _sentence(ident: str) -> str:
    record = find(ident)
    return " ".join(record.evidence[0].text.split())[:160] if record is not None else ident
