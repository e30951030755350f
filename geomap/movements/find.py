"""Find the movements of a document, sentence by sentence.

Triggers, the figures that belong to them, their time, status and measure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from geomap.context import Sentence, Story, backdated, claimed_by, status_of, time_for
from geomap.model import (
    Basis,
    DatePrecision,
    Measure,
    Movement,
    MovementKind,
    Status,
    Unit,
    Use,
    When,
    day_of,
)
from geomap.movements import words
from geomap.movements.ends import Trigger, country_left, ends
from geomap.movements.merge import merged, numbered
from geomap.quantities import Figure, find_figures
from geomap.times import Role, Time


def find_movements(story: Story) -> list[Movement]:
    """Return the population movements of a document in text order.

    One told twice with one figure is one record.
    """
    found: list[Movement] = []
    told = False
    for sentence in story.sentences:
        here = _in_sentence(story, sentence, told=told)
        told = bool(here)
        found.extend(here)
    return numbered(story.doc, merged(found))


def _in_sentence(story: Story, sentence: Sentence, *, told: bool) -> list[Movement]:
    """Return the movements of a sentence.

    `told` says that the one before tells of some, so that "they" are those who move.
    """
    triggers = _triggers(sentence)
    figures = [
        _of_homes(sentence, f)
        for f in find_figures(story.doc.text, sentence.span.start, sentence.span.end)
        if _counts_people(sentence, f)
    ]
    claimed = [
        (_nearest([t for t in triggers if _fits(t, figure, sentence)], figure, sentence), figure)
        for figure in figures
    ]
    # "47,000 were displaced: 33,000 from Idlib, 4,600 from Hama": each part belongs to the verb of
    # the whole.
    whole = next(
        (t for t, _ in claimed if t is not None and t.kind is not MovementKind.STOCK), None
    )
    claimed = [
        (
            (
                whole
                if t is None and words.FROM_PLACE.match(sentence.text, f.end - sentence.span.start)
                else t
            ),
            f,
        )
        for t, f in claimed
    ]
    pairs: list[tuple[Trigger, Figure | None]] = [(t, f) for t, f in claimed if t is not None]
    pairs += [
        (Trigger(f.end, f.end, MovementKind.STOCK, f.noun), f)
        for t, f in claimed
        if t is None and words.DISPLACED_NOUN.match(f.noun)
    ]
    if not pairs:
        alone = next(
            (
                t
                for t in triggers
                if not re.match(
                    r"(?:rescued|uproot\w*\s+trees)",
                    sentence.text[t.start - sentence.span.start :],
                    re.IGNORECASE,
                )
                and words.STRONG.match(t.word)
                and _told_of_people(sentence, t, told=told)
            ),
            None,
        )
        if alone is not None and not (figures and alone.kind is MovementKind.STOCK):
            pairs = [(alone, None)]
    return [
        _movement(story, sentence, triggers, trigger, figure, figures) for trigger, figure in pairs
    ]


def _triggers(sentence: Sentence) -> list[Trigger]:
    text, base = sentence.text, sentence.span.start
    barred = [m.span() for m in words.NOT_FLIGHT.finditer(text)]
    out: list[Trigger] = []
    for kind, pattern in words.TRIGGERS:
        for match in pattern.finditer(text):
            taken = any(match.start() < t.end - base and match.end() > t.start - base for t in out)
            if not taken and not any(match.start() < b and match.end() > a for a, b in barred):
                named = (
                    kind is MovementKind.DISPLACEMENT
                    and words.DISPLACED_PEOPLE.match(text, match.start())
                    and not re.search(
                        r"\b(?:was|were|been|newly|ha[sv]e|had)\s+(?:\w+\s+)?$",
                        text[: match.start()],
                    )
                )
                out.append(
                    Trigger(
                        base + match.start(),
                        base + match.end(),
                        MovementKind.STOCK if named else kind,
                        match.group(),
                    )
                )
    return sorted(out, key=lambda t: t.start)


def _of_homes(sentence: Sentence, figure: Figure) -> Figure:
    if words.EVACUATED_HOMES.match(sentence.text[figure.end - sentence.span.start :]):
        return replace(figure, quantity=replace(figure.quantity, unit=Unit.HOUSEHOLD))
    return figure


def _counts_people(sentence: Sentence, figure: Figure) -> bool:
    """Tell whether a figure counts civilians who may move.

    Not the dead, fighters, houses or years.
    """
    at, end = figure.start - sentence.span.start, figure.end - sentence.span.start
    after, before = sentence.text[end : end + 40], sentence.text[max(0, at - 30) : at]
    if words.EVACUATED_HOMES.match(after):
        return True
    if figure.noun.rstrip("s") in {"village", "home", "house"} or figure.noun in words.NOT_PEOPLE:
        return False
    if figure.noun in words.MAYBE_PEOPLE and not re.search(
        r"\b(?:fle[de]|fleeing|displaced|evacuat\w+|forced)\b", sentence.text, re.IGNORECASE
    ):
        return False
    # "500 of the 4,000 villagers had left": the second is whom they are part of.
    if re.search(r"\d\s+of\s+(?:the|its|their)\s+$", before):
        return False
    if re.match(
        r"\s*(?:[\w-]+ ){0,2}?(?:were|was|have been|had been|are)"
        r" (?:killed|dead|injured|wounded|missing|arrested)\b",
        after,
        re.IGNORECASE,
    ):
        return False
    if re.match(
        r"\s*(?:people |persons |civilians |others |more )?(?:were |was |have been |had been |are"
        r" )?(?:killed|dead|died|injured|wounded|missing|arrested|deaths|homes|houses"
        r"|buildings|villages|schools|tents|camps|shelters|countries|provinces|districts"
        r"|states|cases|soldiers|troops|fighters|attacks|incidents|trucks|vehicles|buses|boats"
        r"|rescuers|police|hospitals|towns|cities|ethnic"
        r" groups|shops|structures|dwellings|sites|cent(?:er|re)s|times|locations"
        r"|municipalities|barangays|communes|counties|reported"
        r" cases)\b",
        after,
        re.IGNORECASE,
    ):
        return False
    if re.search(
        r"\b(?:killed|killing|dead|wounded|injured|claimed|death toll (?:of|to|at)|deaths?"
        r" of|left|(?:dead|killed|deaths|bodies), including)\s+(?:at least\s+|more"
        r" than\s+|nearly\s+|about\s+)?$",
        before,
        re.IGNORECASE,
    ):
        return False
    if not figure.noun:
        word = re.match(r"\s*(?P<word>[a-z][\w-]*)", after)
        verbs = (
            r"(?:have|has|had|were|was|are|is|be|been|to|in|from|at|by|and|or|who|that|fled|left"
            r"|displaced|crossed|entered|arrived|returned|evacuated|so|on|since|into|across|of"
            r"|more|for|as|would|could|will|still|now|remain|internally|forced|homeless|refugees?"
            r"|already|during|after|between|people|when|while|because|due|living|sheltering"
            r"|migrants?|newly|over|out|have)"
        )
        if word and not re.fullmatch(verbs, word["word"], re.IGNORECASE):
            return False
    # "The school at 126 Social Island Road", "Charles Dickens, 46, returned": an address and an
    # age.
    if not figure.noun and (
        re.match(
            r"\s+[A-Z]\w+(?:\s[A-Z]\w+)*\s(?:Road|Street|Avenue|Lane|Drive|Boulevard|Way)\b", after
        )
        or (re.search(r"[A-Z]\w+,\s*$", before) and after.startswith(","))
    ):
        return False
    value = figure.quantity.value or figure.quantity.minimum or figure.quantity.maximum or 0
    return value > 1


def _nearest(triggers: Sequence[Trigger], figure: Figure, sentence: Sentence) -> Trigger | None:
    """Return the trigger that a figure belongs to.

    Subject before its verb, or object close after it.
    """
    best: tuple[float, Trigger] | None = None
    for trigger in triggers:
        gap = (
            trigger.start - figure.end
            if trigger.start >= figure.end
            else (figure.start - trigger.end) * 1.3 + 6
        )
        between = sentence.text[
            min(figure.end, trigger.end) - sentence.span.start : max(figure.start, trigger.start)
            - sentence.span.start
        ]
        cost = (
            gap
            + 40 * len(re.findall(r"[;:]", between))
            + (25 if re.search(r"\b(?:killed|died|dead|injured|wounded)\b", between) else 0)
        )
        cost += (
            60
            if _relative(trigger, figure, sentence)
            and any(t.start > trigger.end and t.kind is not MovementKind.STOCK for t in triggers)
            else 0
        )
        cost += (
            (
                70
                if re.search(r"idps|displaced|refugees|asylum", trigger.word, re.IGNORECASE)
                else 25
            )
            if trigger.kind is MovementKind.STOCK
            and any(
                t.kind is not MovementKind.STOCK and t.word.casefold() != "fleeing"
                for t in triggers
            )
            else 0
        )
        cost += (
            30
            if not words.STRONG.match(trigger.word)
            and any(words.STRONG.match(t.word) for t in triggers)
            and trigger.start < figure.start
            else 0
        )
        if best is None or cost < best[0]:
            best = (cost, trigger)
    return best[1] if best is not None and best[0] < 190 else None


def _fits(trigger: Trigger, figure: Figure, sentence: Sentence) -> bool:
    """Tell whether the trigger can be of these people."""
    if not words.NEEDS_DISPLACED.fullmatch(trigger.word):
        return True
    near = sentence.text[
        max(0, figure.start - 10 - sentence.span.start) : figure.end + 110 - sentence.span.start
    ]
    return bool(
        re.search(
            (
                r"refugees?|asylum|migrants?|idps?|displaced|evacuees|returnees|camps?|shelters?"
                r"|cent(?:er|re)s?"
            ),
            near,
            re.IGNORECASE,
        )
    )


def _relative(trigger: Trigger, figure: Figure, sentence: Sentence) -> bool:
    """Tell whether the trigger only says which people.

    "9,800 people displaced by the operations arrived".
    """
    between = (
        sentence.text[figure.end - sentence.span.start : trigger.start - sentence.span.start]
        if trigger.start >= figure.end
        else "x x"
    )
    return (
        trigger.word.casefold() in {"displaced", "uprooted", "evacuated", "fleeing"}
        and bool(
            re.fullmatch(
                (
                    r"\s*(?:\w+\s+)?(?:people|persons|civilians|residents|villagers|families"
                    r"|households)?\s*(?:already|newly|internally|recently)?\s*"
                ),
                between,
            )
        )
        and not re.search(r"\b(?:were|was|are|is|been|be|have|has|had)\b", between)
    )


def _told_of_people(sentence: Sentence, trigger: Trigger, *, told: bool) -> bool:
    """Tell whether civilians are said to move where no figure stands.

    Fighters, suspects and single persons are not.
    """
    at, end = trigger.start - sentence.span.start, trigger.end - sentence.span.start
    clause = sentence.clause(trigger.start, trigger.end)
    before = sentence.text[max(0, clause.start - sentence.span.start) : at]
    after = sentence.text[end : end + 60]
    if (
        words.ARMED.search(before[-45:])
        or words.ARMED.match(after.strip())
        or words.ARMED.search(after[:30])
    ):
        return False
    if trigger.kind is MovementKind.STOCK and not re.search(
        r"displaced|refugee|idp|shelter|homeless|camp", trigger.word, re.IGNORECASE
    ):
        return False
    near = before[-70:] + " " + after[:45]
    subject = (
        told
        and re.search(r"\b(?:they|those|some|others)\s+(?:\w+\s+){0,4}$", before, re.IGNORECASE)
        and not re.search(r"\b(?:he|she|it)\b", before[-30:], re.IGNORECASE)
    )
    return bool(
        re.search(rf"\b{words.PEOPLE}\b", near, re.IGNORECASE)
        or subject
        or any(
            t.use is Use.DEMONYM and t.name.endswith("s") and abs(t.start - trigger.start) < 70
            for t in sentence.toponyms
        )
    )


def _movement(
    story: Story,
    sentence: Sentence,
    triggers: Sequence[Trigger],
    trigger: Trigger,
    figure: Figure | None,
    figures: Sequence[Figure],
) -> Movement:
    clause = sentence.clause(trigger.start, trigger.end)
    kind = _kind(sentence, trigger)
    origins, destinations, within = ends(sentence, trigger, kind, figure, figures)
    # "Into Armenia from Karabakh, Armenia's government said": nobody leaves for where they came
    # from.
    apart = tuple(m for m in origins if m.ident not in {d.ident for d in destinations})
    origins = apart or origins
    if not origins and not within and kind in {MovementKind.DISPLACEMENT, MovementKind.EXPULSION}:
        origins = country_left(story, sentence, trigger, destinations)
    time = time_for(sentence, trigger.start, trigger.end)
    # "The biggest since 2015, when a million crossed": the crossing was in 2015.
    if (
        time is not None
        and time.end <= trigger.start
        and re.match(r",?\s*when\b", story.doc.text[time.end : trigger.start])
    ):
        time = replace(time, role=Role.AT)
    status = status_of(sentence, clause, trigger.start, progressive=_progressive(trigger, sentence))
    if status is not Status.DENIED and (
        kind is MovementKind.STOCK
        or (status in {Status.PLANNED, Status.EXPECTED} and _finite(trigger, sentence))
    ):
        status = (
            Status.OCCURRED
        )  # a number of displaced people is a state of things, whatever is said of them
    if time is not None and time.role is Role.AT and _of_saying(time, sentence, trigger):
        # "Have fled, officials said on Friday": Friday is what the figure is as of, and not when
        # they fled.
        told = time.when and replace(time.when, basis=Basis.INFERRED)
        time = (
            replace(time, role=Role.AS_OF)
            if _perfect(sentence, trigger)
            else replace(time, when=told)
        )
    measure = _measure(sentence, trigger, kind, time, figure, status)
    when = _when(story, time, measure, status, sentence, triggers)
    status = backdated(status, when, story, sentence)
    quantity = figure.quantity if figure else None
    score = (
        0.5
        + (0.2 if figure and figure.noun else 0.08 if figure else 0.0)
        + (0.15 if words.STRONG.match(trigger.word) else 0.0)
        + (0.1 if origins or destinations or within else 0.0)
    )
    return Movement(
        "",
        kind,
        origins,
        destinations,
        within,
        quantity,
        _group(sentence, trigger, figure, story),
        measure,
        status,
        when,
        claimed_by(sentence),
        _reason(sentence, trigger),
        (sentence.evidence(story.doc),),
        round(score, 4),
    )


def _kind(sentence: Sentence, trigger: Trigger) -> MovementKind:
    """Return the kind; evacuating "for" a country.

    Or by oneself, is flight and not an authority's evacuation.
    """
    after = sentence.text[trigger.end - sentence.span.start :][:40]
    if (
        trigger.kind is MovementKind.EVACUATION
        and re.match(r"e?s?\s+(?:the|their|this|that)\s+\w+\s+(?:for|to)\s+[A-Z]", after)
        and not trigger.word.casefold().endswith(("ed", "ion"))
    ):
        return MovementKind.DISPLACEMENT
    return trigger.kind


def _progressive(trigger: Trigger, sentence: Sentence) -> bool:
    before = sentence.text[: trigger.start - sentence.span.start]
    return trigger.word.casefold().endswith("ing") and bool(
        re.search(r"\b(?:is|are|been)\s+(?:\w+\s+)?$", before)
    )


def _finite(trigger: Trigger, sentence: Sentence) -> bool:
    """Tell whether the trigger is a verb that tells what was done.

    "ordered an alert and evacuated 60,000"; not "to be evacuated", "could be displaced".
    """
    if not re.match(
        r"(?:fled|left|drove|took|sought|went|came|[a-z]+ed)\b", trigger.word, re.IGNORECASE
    ):
        return False
    before = sentence.text[: trigger.start - sentence.span.start]
    if re.search(
        (
            r"\b(?:could|may|might|would|will|should|must|can|to)\s+(?:also\s+"
            r"|not\s+)?(?:have\s+)?(?:be(?:en)?\s+)?(?:\w+ly\s+)?$"
        ),
        before,
        re.IGNORECASE,
    ):
        return False
    return not re.search(
        r"\b(?:be|being|get|getting|to|if|when)\s+(?:\w+ly\s+)?$", before, re.IGNORECASE
    )


def _measure(
    sentence: Sentence,
    trigger: Trigger,
    kind: MovementKind,
    time: Time | None,
    figure: Figure | None,
    status: Status,
) -> Measure:
    if kind is MovementKind.STOCK:
        return Measure.STOCK
    if figure is None or status in {Status.EXPECTED, Status.PLANNED}:
        return Measure.UNSPECIFIED
    if (
        time is not None and time.role in {Role.AS_OF, Role.SINCE, Role.BY}
    ) or words.CUMULATIVE.search(sentence.text):
        return Measure.CUMULATIVE
    if status is Status.ONGOING:
        return Measure.UNSPECIFIED
    # "Were displaced by the storm" happened in a period that the text implies; "have been
    # displaced" runs up to now.
    return (
        Measure.CUMULATIVE
        if _perfect(sentence, trigger) and not words.NEW.search(sentence.text)
        else Measure.NEW
    )


def _perfect(sentence: Sentence, trigger: Trigger) -> bool:
    return bool(
        re.search(
            r"\b(?:has|have)\s+(?:\w+\s+){0,2}$",
            sentence.text[: trigger.start - sentence.span.start],
            re.IGNORECASE,
        )
    )


def _of_saying(time: Time, sentence: Sentence, trigger: Trigger) -> bool:
    """Tell whether a time stands right beside a verb of saying.

    "said on Friday", "on Friday the ministry said".
    """
    at, end = time.start - sentence.span.start, time.end - sentence.span.start
    if words.SAID_BEFORE.search(sentence.text[max(0, at - 40) : at]):
        return True
    return time.end <= trigger.start and bool(
        words.SAID_AFTER.match(sentence.text[end : trigger.start - sentence.span.start])
    )


def _when(
    story: Story,
    time: Time | None,
    measure: Measure,
    status: Status,
    sentence: Sentence,
    triggers: Sequence[Trigger],
) -> When | None:
    """Return the time of a movement.

    One that goes on without a time of its own is as of the publication.
    """
    when = time.when if time is not None else None
    published = story.doc.published
    # "On Sunday he said that 5,000 would leave": the day is that of the saying.
    if status in {Status.EXPECTED, Status.PLANNED} and time is not None and not time.future:
        return None
    if (
        status is Status.ONGOING
        and published is not None
        and (time is None or time.role is Role.AT)
        and not _dated_trigger(time, sentence, triggers)
    ):
        return When(None, None, None, Basis.PUBLICATION, "", published)
    if when is None:
        return (
            When(as_of=published, basis=Basis.PUBLICATION)
            if published is not None and measure in {Measure.CUMULATIVE, Measure.STOCK}
            else None
        )
    if time is not None and time.role is Role.SINCE:
        end = published or when.end
        if when.start is not None and end is not None and day_of(end) < day_of(when.start):
            end = when.end  # a text from before the day that it tells
        return When(when.start, end, DatePrecision.RANGE, when.basis, when.text, published)
    if time is not None and time.role in {Role.AS_OF, Role.BY}:
        return replace(when, as_of=when.as_of or when.end)
    return when


def _dated_trigger(time: Time | None, sentence: Sentence, triggers: Sequence[Trigger]) -> bool:
    """Tell whether the time stands right beside the movement and not with another verb."""
    if time is None or time.when is None:
        return False
    clause_start = sentence.clause(time.start, time.end).start
    return any(t.start >= clause_start and t.end <= time.start for t in triggers)


def _group(sentence: Sentence, trigger: Trigger, figure: Figure | None, story: Story) -> str:
    if figure is not None and figure.group is not None:
        return story.doc.text[figure.group[0] : figure.group[1]]
    before = sentence.text[: trigger.start - sentence.span.start]
    matches = list(words.GROUP.finditer(before[-90:]))
    return matches[-1]["group"].strip() if matches and figure is None else ""


def _reason(sentence: Sentence, trigger: Trigger) -> str:
    match = words.REASON.search(sentence.text, max(0, trigger.start - sentence.span.start))
    return match["why"].strip(" \"“”'") if match else ""
