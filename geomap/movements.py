"""Sentences + places + times + quantities -> Movements: who left where for where, how many, since when, who says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geomap.context import Sentence, Story, backdated, claimed_by, mention, status_of, time_for
from geomap.model import Basis, DatePrecision, Document, Kind, Measure, Mention, Movement, MovementKind, Quantity, Status, Unit, Use, When
from geomap.quantities import Figure, find_figures
from geomap.times import Role, Time

_PEOPLE = r"(?:people|persons?|residents|civilians|inhabitants|families|households|refugees|migrants|villagers|women|children|families|idps|asylum[- ]seekers|population|communities|locals|survivors|workers|returnees|citizens|evacuees|others|many|everyone|students|compatriots)"
# One row a kind of trigger: kind, whether figure or people must be near, pattern.
_TRIGGER_ROWS: tuple[tuple[MovementKind, str], ...] = (
    (MovementKind.STOCK, r"(?:remain(?:s|ed)?|still|currently|are|living) (?:\w+ )?displaced|(?:are|were|is) (?:currently |now |still )?(?:living|staying|sheltering|housed|camped|hosted|accommodated|residing)|(?:have|has) (?:been )?(?:taken )?shelter(?:ed)?|hosts?|hosting|is home to|(?:refugees|idps|displaced (?:people|persons)|asylum[- ]seekers) (?:live|living|remain|stay|in (?:the )?(?:camps?|(?-i:[A-Z])\w+))|continuing to camp|in (?:temporary |evacuation |relief |displacement |makeshift )?(?:shelters|camps|centers|centres)|sheltering|sheltered|homeless|internally displaced (?:people|persons|households|families)|displaced (?:households|families)|idps|(?:stranded|stuck|trapped|held|languishing)(?= (?:on|at|in)\b)|registered as displaced|housed(?= in\b)|at sea(?= (?:in|off|near)\b)|became idps"),
    (MovementKind.RETURN, r"return(?:ed|ing|s)?(?= to| home|ed from| from|ees|\b(?= of))|went (?:back|home)|returnees|go(?:ne|ing)? (?:back|home)|came (?:back|home)|com(?:e|ing) home|repatriat(?:ed|ion|ing)|voluntary returns?|return of"),
    (MovementKind.EXPULSION, r"expel(?:led|ling|s)?|expulsions?|deport(?:ed|ing|ation|ations|s)?|forcibly (?:transferred|removed|relocated)|forced transfer|forcibly returned|sent back|(?<=been )sent(?= to\b)|(?<=were )sent(?= to\b)|(?:pushed|turned) (?:back|away|around)|turning away|pushbacks?"),
    (MovementKind.EVACUATION, r"evacuat(?:ed|ing|ion|ions|e|es)|airlifted|relocat(?:ed|ing|ion|e)|bussed|transported (?:by bus )?(?=to\b)"),
    (MovementKind.DISPLACEMENT, r"fle(?:d|e|es|eing)|displac(?:ed|es|ing|ement|ements)|uproot(?:ed|ing)|forced (?:to (?:flee|leave|abandon)|from|out of)|forc(?:ed|ing)(?= (?:[\w,]+ ){1,5}(?:to (?:flee|leave|abandon|seek|evacuate|move)|from (?:their|its)|out\b))|driven (?:from|out of|off)|drove (?:\w+ )?from|cross(?:ed|ing)(?= (?:into|over|the border|to|from)|\b)|entered|arriv(?:ed|ing|als?|e|es)|sought (?:refuge|shelter|safety|asylum)|seek(?:ing)? (?:refuge|shelter|safety|asylum)|tak(?:en|ing|e) (?:refuge|shelter)|took (?:refuge|shelter)|left(?= (?:their|the|for|behind|home|[A-Z]))|leav(?:e|ing)(?= (?:their|the|for|home|[A-Z]))|abandon(?:ed|ing) (?:their|the)|escap(?:ed|ing)|pour(?:ed|ing) (?:into|across|out)|stream(?:ed|ing) (?:into|across|out|over)|exodus|influx|trekk(?:ed|ing)|outflow|made homeless|lost their homes|moved (?:to|into|out of|from)|gone to|headed (?:to|for)|reach(?:ed|ing)|rushed to|rescued|saved(?= [\d,]+)|caused (?=[\d,]+ displacements)"),
)  # fmt: skip
# Reports copied out of PDF files glue words together: "weredisplaced", "fledShirqat".
_BEFORE_TRIGGER = r"(?:(?<![\w-])|(?<=\b[Ww]ere)|(?<=\b[Ww]as)|(?<=\b[Hh]ave)|(?<=\b[Hh]ad)|(?<=\b[Bb]een)|(?<=\bpeople)|(?<=\b[Tt]o))"
_TRIGGERS = [(kind, re.compile(rf"{_BEFORE_TRIGGER}(?i:{pattern})(?:(?![\w-])|(?=[A-Z]|from\b|by\b|in\b|to\b|about\b|at\b|people\b|more\b))")) for kind, pattern in _TRIGGER_ROWS]
# Verbs that tell of flight by themselves, without a figure; the others ("arrived", "entered") need one.
_STRONG = re.compile(r"fle(?:d|e|eing)|displac|uproot|forced|driven|drove|exodus|influx|evacuat|deport|expel|expul|repatriat|refuge|shelter|return|abandon|homeless", re.IGNORECASE)
_NOT_PEOPLE = frozenset("troops soldiers fighters servicemen policemen rebels militants casualties dead fatalities victims lives protesters protestors demonstrators beneficiaries detainees".split())
# They travel and are treated without fleeing; only a verb of flight or evacuation makes them count.
_MAYBE_PEOPLE = frozenset("members staff tourists passengers patients workers employees labourers laborers foreigners".split())
_ARMED = re.compile(r"\b(?:troops|soldiers?|fighters|rebels|insurgents|militants|police(?:men)?|gunm[ae]n|suspects?|attackers?|assailants?|robbers?|prisoners?|inmates|drivers?|diplomats?|ambassadors?|team|players|ship|bus|flights?|plane|animals|cattle|convoys?|trucks?|aid|money|capital|investors|embassy|killer|driver|president|minister)\b", re.IGNORECASE)
_NOT_FLIGHT = re.compile(
    r"fle(?:d|e|eing) (?:the )?(?:scene|on foot|police|in a (?:car|vehicle)|custody|justice|after (?:the )?(?:crash|shooting|robbery))|return(?:ed|s|ing)? (?:to (?:normal|work|power|office|school|duty|the (?:field|pitch|court|top|polls|negotiat\w+|table|air|subject|issue))|fire|a verdict|the favou?r|calls?)|moved to tears|left (?:behind|dead|at least|many dead|\d+ dead)|"
    r"reached (?:a|an|the) (?:deal|agreement|peak|high|point|age|conclusion|final|end|level|settlement|semi)|arriv(?:ed|ing|e) (?:at (?:a|the) (?:decision|conclusion|scene)|for (?:a|the|talks))|entered (?:into|the (?:race|war|market|conflict|second|third|talks)|office|service|force)|evacuation drills?|displac(?:ed|ement) (?:by (?:a )?robots?|as (?:the )?leader)|crossing (?:the finish|point|guard)|left (?:the (?:field|pitch|company|party|band|team|race)|his|her)|escap(?:ed|ing) (?:injury|unhurt|death|notice|punishment|relegation)|left (?:for|the) (?:dead|hospital)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|out of|outside)\s+(?:(?:the|its|their|eastern|western|northern|southern|central|north-?\w*|south-?\w*|east|west|north|south|nearby|war-torn|neighbou?ring|rebel-held|besieged|occupied|breakaway|disputed|town|city|village|villages|region|province|district|state|areas?|parts|capital|towns|country|enclave|camps?|regions|districts|provinces|counties|states|neighbou?rhoods|of|in|around|and|ethnic|fighting|violence|conflict|clashes|attacks?|shelling|homes?|their|houses|mainly|mostly)[\s,]+){0,7}$", re.IGNORECASE)
_TO = re.compile(r"(?<!according )\b(?:to|into|toward|towards|onto|for|reach(?:ed|ing)?|enter(?:ed|ing)?|cross(?:ed|ing)? (?:into|over to|the border (?:in)?to)|border (?:into|with))\s+(?:(?:the|its|their|eastern|western|northern|southern|central|north-?\w*|south-?\w*|neighbou?ring|nearby|safer|town|city|village|region|province|district|state|areas?|parts|capital|towns|country|camps?|of|in|relative|safety|shelters|and|refugee|government-controlled)[\s,]+){0,6}$", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|on|inside|within|across|throughout|at|around|near|of)\s+(?:(?:the|its|their|eastern|western|northern|southern|central|north-?\w*|south-?\w*|neighbou?ring|nearby|town|city|village|region|province|district|state|areas?|parts|capital|towns|villages|country|camps?|of|and|several|other)[\s,]+){0,6}$", re.IGNORECASE)
_VIA = re.compile(r"\b(?:through|via|across|along)\s+(?:the\s+)?(?:\w+\s+)?$", re.IGNORECASE)
_OBJECT_ORIGIN = re.compile(r"(?:fle(?:d|e|es|eing)|evacuat(?:ed|e|es|ing)|left|leav(?:e|ing)|escap(?:ed|ing)|abandon(?:ed|ing)|exodus (?:of|from)|vacat(?:ed|e))(?:\s+(?:the|their|homes?|houses|in|violence|fighting|conflict|clashes|war|attacks|shelling|bombardment|war-torn|besieged|eastern|western|northern|southern|and|town|city|village|villages|region|of|persecution|unrest|repression|insecurity|parts|areas|around|homes)\b)*\s*$", re.IGNORECASE)
_OBJECT_DESTINATION = re.compile(r"(?:entered|reach(?:ed|ing)?|entering|enter|arrivals? in|arriv(?:ed|ing|e) (?:in|at)|influx (?:in)?to|(?:sought|seek(?:ing)?|tak(?:en|ing|e)|took|found|given) (?:refuge|shelter|sanctuary|asylum|safety) (?:in|at)|sheltering in|resettled in)(?:\s+(?:the|neighbou?ring|nearby|eastern|western|northern|southern|town|city|village|region|of|camps?|and|country)\b)*\s*$", re.IGNORECASE)
_RESIDENTS_OF = re.compile(r"\b(?:residents|people|inhabitants|families|villagers|civilians|population|citizens|refugees|households)\s+(?:of|from)\s+(?:(?:the|town|city|village|of|eastern|western|northern|southern)\s+)*$", re.IGNORECASE)
# "to collective centres in Donetsk", "at an emergency site at Qayara": what people come to is told by the place it is in.
_TO_SITE = re.compile(
    r"\b(?:to|into|toward|towards|arriv\w+ at|reach\w*)\s+(?:[\w'’,-]+\s+){0,5}?(?:camps?|cent(?:er|re)s?|sites?|shelters?|villages?|towns?|areas?|parts|neighbou?rhoods?|districts?|settlements?|schools?|countryside|suburbs|outskirts|homes?|places)\s+(?:[\w'’-]+\s+){0,3}?(?:in|at|of|near|around|outside)\s+(?:(?:the|city|town|village|northern|southern|eastern|western|central|rural|north|south|east|west)\s+)*$",
    re.IGNORECASE,
)
# What drives people out, and where it is: "fighting in the northern city of Kunduz displaced 24,000".
_CAUSE_IN = re.compile(r"\b(?:fighting|clashes|violence|conflict|offensive|shelling|bombing|bombardment|airstrikes|strikes|attacks?|floods?|flooding|fires?|wildfires?|storms?|earthquake|operations?|insecurity|unrest|rains?)\s+(?:in|around|on|at|near)\s+(?:(?:the|and|around|northern|southern|eastern|western|central|city|town|village|region|province|district|of)\s+)*$", re.IGNORECASE)
_DISTANCE_FROM = re.compile(r"\b(?:km|kilomet\w+|miles?|metres?|meters?|feet|yards|minutes|hours|far|away|drive)\s+(?:\w+\s+)?from\s+(?:the\s+)?$", re.IGNORECASE)
# "Chad, which borders Sudan, has received 12,000 refugees": the subject is where they came.
_RECEIVES = re.compile(r"(?:,[^,.;]{3,90},)?\s+(?:has |have |had )?(?:been the recipient of|received|taken in|took in|absorbed|welcomed)\b", re.IGNORECASE)
_CONTAINER = re.compile(r"^(?:'s|’s)?\s*(?:\w+\s+)?(?:,|\(|in|of)\s*(?:the\s+)?(?:\w+\s+)?$", re.IGNORECASE)
_LIST = re.compile(r"^(?:\s+(?:city|town|village|district|province|county|state|region|governorate|camps?|islands?|valley))?\s*(?:,|and|or|,\s*and|&|/|as well as)\s*(?:the\s+|in\s+|from\s+|to\s+|neighbou?ring\s+|nearby\s+|central\s+|northern\s+|southern\s+|eastern\s+|western\s+)?$", re.IGNORECASE)
_CUMULATIVE = re.compile(r"\b(?:so far|in total|a total of|total(?:s|l?ed|l?ing)? (?:of|number|to)|brings? the|bringing the|overall|to date|altogether|since)\b", re.IGNORECASE)
_NEW = re.compile(r"\b(?:newly|new arrivals|in the (?:last|past)|over the (?:last|past|weekend)|this week|last (?:week|month|night)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|per day|a day|each day|daily|between|within|during|in (?:january|february|march|april|may|june|july|august|september|october|november|december))\b", re.IGNORECASE)
_REASON = re.compile(r"\b(?:due to|because of|as a result of|following|after|amid|owing to|triggered by|caused by|fearing|for fear of|fleeing)\s+(?P<why>[^,.;()]{4,90})", re.IGNORECASE)
_GROUP = re.compile(rf"\b(?P<group>(?:(?:ethnic|local|displaced|many|some|most|internally|war-weary|fleeing|other|all|these|those|the|more|thousands of|hundreds of)\s+)*(?:[A-Z][a-z]+(?:ns|is|ans|ese)\b|{_PEOPLE}))", re.IGNORECASE)


_FROM_PLACE = re.compile(r"\s*(?:people\s+|others\s+|families\s+)?from\s+(?:the\s+)?[A-Z]")
# Counted so, people are displaced without any verb that says it: "some 1,700 asylum seekers on Samos".
_DISPLACED_NOUN = re.compile(r"refugees?|asylum[- ]seekers?|idps?|displaced|evacuees|returnees", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Trigger:
    start: int
    end: int
    kind: MovementKind
    word: str


def find_movements(story: Story) -> list[Movement]:
    """Return the population movements of a document in text order; one told twice with one figure is one record."""
    found: list[Movement] = []
    told = False
    for sentence in story.sentences:
        here = _in_sentence(story, sentence, told=told)
        told = bool(here)
        found.extend(here)
    return _numbered(story.doc, _merged(found))


def _in_sentence(story: Story, sentence: Sentence, *, told: bool) -> list[Movement]:
    """Return the movements of a sentence; `told` says that the one before tells of some, so that "they" are those who move."""
    triggers = _triggers(sentence)
    figures = [_of_homes(sentence, f) for f in find_figures(story.doc.text, sentence.span.start, sentence.span.end) if _counts_people(sentence, f)]
    claimed = [(_nearest([t for t in triggers if _fits(t, figure, sentence)], figure, sentence), figure) for figure in figures]
    # "47,000 were displaced: 33,000 from Idlib, 4,600 from Hama": each part belongs to the verb of the whole.
    whole = next((t for t, _ in claimed if t is not None and t.kind is not MovementKind.STOCK), None)
    claimed = [(whole if t is None and _FROM_PLACE.match(sentence.text, f.end - sentence.span.start) else t, f) for t, f in claimed]
    pairs: list[tuple[_Trigger, Figure | None]] = [(t, f) for t, f in claimed if t is not None]
    pairs += [(_Trigger(f.end, f.end, MovementKind.STOCK, f.noun), f) for t, f in claimed if t is None and _DISPLACED_NOUN.match(f.noun)]
    if not pairs:
        alone = next((t for t in triggers if not re.match(r"(?:rescued|uproot\w*\s+trees)", sentence.text[t.start - sentence.span.start :], re.IGNORECASE) and _STRONG.match(t.word) and _told_of_people(sentence, t, told=told)), None)
        if alone is not None and not (figures and alone.kind is MovementKind.STOCK):
            pairs = [(alone, None)]
    return [_movement(story, sentence, trigger, figure, figures) for trigger, figure in pairs]


# "Displaced people" names a state, "people displaced by" a movement.
_DISPLACED_PEOPLE = re.compile(r"displaced\s+(?:people|persons|families|households|residents|civilians|children|populations?|communities)\b", re.IGNORECASE)


def _triggers(sentence: Sentence) -> list[_Trigger]:
    text, base = sentence.text, sentence.span.start
    barred = [m.span() for m in _NOT_FLIGHT.finditer(text)]
    out: list[_Trigger] = []
    for kind, pattern in _TRIGGERS:
        for match in pattern.finditer(text):
            taken = any(match.start() < t.end - base and match.end() > t.start - base for t in out)
            if not taken and not any(match.start() < b and match.end() > a for a, b in barred):
                named = kind is MovementKind.DISPLACEMENT and _DISPLACED_PEOPLE.match(text, match.start()) and not re.search(r"\b(?:was|were|been|newly|ha[sv]e|had)\s+(?:\w+\s+)?$", text[: match.start()])
                out.append(_Trigger(base + match.start(), base + match.end(), MovementKind.STOCK if named else kind, match.group()))
    return sorted(out, key=lambda t: t.start)


# An evacuated home stands for its household.
_EVACUATED_HOMES = re.compile(r"\s*(?:homes|houses)\s+(?:were|was|have been|had been)\s+evacuated\b", re.IGNORECASE)


def _of_homes(sentence: Sentence, figure: Figure) -> Figure:
    if _EVACUATED_HOMES.match(sentence.text[figure.end - sentence.span.start :]):
        return replace(figure, quantity=replace(figure.quantity, unit=Unit.HOUSEHOLD))
    return figure


def _counts_people(sentence: Sentence, figure: Figure) -> bool:
    """Tell whether a figure counts civilians who may move, not the dead, fighters, houses or years."""
    at, end = figure.start - sentence.span.start, figure.end - sentence.span.start
    after, before = sentence.text[end : end + 40], sentence.text[max(0, at - 30) : at]
    if _EVACUATED_HOMES.match(after):
        return True
    if figure.noun.rstrip("s") in {"village", "home", "house"} or figure.noun in _NOT_PEOPLE:
        return False
    if figure.noun in _MAYBE_PEOPLE and not re.search(r"\b(?:fle[de]|fleeing|displaced|evacuat\w+|forced)\b", sentence.text, re.IGNORECASE):
        return False
    # "500 of the 4,000 villagers had left": the second is whom they are part of.
    if re.search(r"\d\s+of\s+(?:the|its|their)\s+$", before):
        return False
    if re.match(r"\s*(?:[\w-]+ ){0,2}?(?:were|was|have been|had been|are) (?:killed|dead|injured|wounded|missing|arrested)\b", after, re.IGNORECASE):
        return False
    if re.match(r"\s*(?:people |persons |civilians |others |more )?(?:were |was |have been |had been |are )?(?:killed|dead|died|injured|wounded|missing|arrested|deaths|homes|houses|buildings|villages|schools|tents|camps|shelters|countries|provinces|districts|states|cases|soldiers|troops|fighters|attacks|incidents|trucks|vehicles|buses|boats|rescuers|police|hospitals|towns|cities|ethnic groups|shops|structures|dwellings|sites|cent(?:er|re)s|times|locations|municipalities|barangays|communes|counties|reported cases)\b", after, re.IGNORECASE):
        return False
    if re.search(r"\b(?:killed|killing|dead|wounded|injured|claimed|death toll (?:of|to|at)|deaths? of|left|(?:dead|killed|deaths|bodies), including)\s+(?:at least\s+|more than\s+|nearly\s+|about\s+)?$", before, re.IGNORECASE):
        return False
    if not figure.noun:
        word = re.match(r"\s*(?P<word>[a-z][\w-]*)", after)
        verbs = r"(?:have|has|had|were|was|are|is|be|been|to|in|from|at|by|and|or|who|that|fled|left|displaced|crossed|entered|arrived|returned|evacuated|so|on|since|into|across|of|more|for|as|would|could|will|still|now|remain|internally|forced|homeless|refugees?|already|during|after|between|people|when|while|because|due|living|sheltering|migrants?|newly|over|out|have)"
        if word and not re.fullmatch(verbs, word["word"], re.IGNORECASE):
            return False
    # "The school at 126 Social Island Road", "Charles Dickens, 46, returned": an address and an age.
    if not figure.noun and (re.match(r"\s+[A-Z]\w+(?:\s[A-Z]\w+)*\s(?:Road|Street|Avenue|Lane|Drive|Boulevard|Way)\b", after) or (re.search(r"[A-Z]\w+,\s*$", before) and after.startswith(","))):
        return False
    value = figure.quantity.value or figure.quantity.minimum or figure.quantity.maximum or 0
    return value > 1


def _nearest(triggers: Sequence[_Trigger], figure: Figure, sentence: Sentence) -> _Trigger | None:
    """Return the trigger that a figure belongs to: subject before its verb, or object close after it."""
    best: tuple[float, _Trigger] | None = None
    for trigger in triggers:
        gap = trigger.start - figure.end if trigger.start >= figure.end else (figure.start - trigger.end) * 1.3 + 6
        between = sentence.text[min(figure.end, trigger.end) - sentence.span.start : max(figure.start, trigger.start) - sentence.span.start]
        cost = gap + 40 * len(re.findall(r"[;:]", between)) + (25 if re.search(r"\b(?:killed|died|dead|injured|wounded)\b", between) else 0)
        cost += 60 if _relative(trigger, figure, sentence) and any(t.start > trigger.end and t.kind is not MovementKind.STOCK for t in triggers) else 0
        cost += (70 if re.search(r"idps|displaced|refugees|asylum", trigger.word, re.IGNORECASE) else 25) if trigger.kind is MovementKind.STOCK and any(t.kind is not MovementKind.STOCK and t.word.casefold() != "fleeing" for t in triggers) else 0
        cost += 30 if not _STRONG.match(trigger.word) and any(_STRONG.match(t.word) for t in triggers) and trigger.start < figure.start else 0
        if best is None or cost < best[0]:
            best = (cost, trigger)
    return best[1] if best is not None and best[0] < 190 else None


# A town is home to its people, and firemen rescue anyone: these tell of displacement only when they tell of the displaced.
_NEEDS_DISPLACED = re.compile(r"hosts?|hosting|is home to|rescued|at sea|stranded|stuck|trapped|held|languishing|(?:are|were|is) (?:\w+ )?(?:living|staying|housed|residing)", re.IGNORECASE)


def _fits(trigger: _Trigger, figure: Figure, sentence: Sentence) -> bool:
    """Tell whether the trigger can be of these people."""
    if not _NEEDS_DISPLACED.fullmatch(trigger.word):
        return True
    near = sentence.text[max(0, figure.start - 10 - sentence.span.start) : figure.end + 110 - sentence.span.start]
    return bool(re.search(r"refugees?|asylum|migrants?|idps?|displaced|evacuees|returnees|camps?|shelters?|cent(?:er|re)s?", near, re.IGNORECASE))


def _relative(trigger: _Trigger, figure: Figure, sentence: Sentence) -> bool:
    """Tell whether the trigger only says which people: "9,800 people displaced by the operations arrived"."""
    between = sentence.text[figure.end - sentence.span.start : trigger.start - sentence.span.start] if trigger.start >= figure.end else "x x"
    return trigger.word.casefold() in {"displaced", "uprooted", "evacuated", "fleeing"} and bool(re.fullmatch(r"\s*(?:\w+\s+)?(?:people|persons|civilians|residents|villagers|families|households)?\s*(?:already|newly|internally|recently)?\s*", between)) and not re.search(r"\b(?:were|was|are|is|been|be|have|has|had)\b", between)


def _told_of_people(sentence: Sentence, trigger: _Trigger, *, told: bool) -> bool:
    """Tell whether civilians are said to move where no figure stands; fighters, suspects and single persons are not."""
    at, end = trigger.start - sentence.span.start, trigger.end - sentence.span.start
    clause = sentence.clause(trigger.start, trigger.end)
    before = sentence.text[max(0, clause.start - sentence.span.start) : at]
    after = sentence.text[end : end + 60]
    if _ARMED.search(before[-45:]) or _ARMED.match(after.strip()) or _ARMED.search(after[:30]):
        return False
    if trigger.kind is MovementKind.STOCK and not re.search(r"displaced|refugee|idp|shelter|homeless|camp", trigger.word, re.IGNORECASE):
        return False
    near = before[-70:] + " " + after[:45]
    subject = told and re.search(r"\b(?:they|those|some|others)\s+(?:\w+\s+){0,4}$", before, re.IGNORECASE) and not re.search(r"\b(?:he|she|it)\b", before[-30:], re.IGNORECASE)
    return bool(re.search(rf"\b{_PEOPLE}\b", near, re.IGNORECASE) or subject or any(t.use is Use.DEMONYM and t.name.endswith("s") and abs(t.start - trigger.start) < 70 for t in sentence.toponyms))


def _movement(story: Story, sentence: Sentence, trigger: _Trigger, figure: Figure | None, figures: Sequence[Figure]) -> Movement:
    clause = sentence.clause(trigger.start, trigger.end)
    kind = _kind(sentence, trigger)
    origins, destinations, within = _ends(sentence, trigger, kind, figure, figures)
    if not origins and not within and kind in {MovementKind.DISPLACEMENT, MovementKind.EXPULSION}:
        origins = _country_left(story, sentence, trigger, destinations)
    time = time_for(sentence, trigger.start, trigger.end)
    # "The biggest since 2015, when a million crossed": the crossing was in 2015.
    if time is not None and time.end <= trigger.start and re.match(r",?\s*when\b", story.doc.text[time.end : trigger.start]):
        time = replace(time, role=Role.AT)
    status = status_of(sentence, clause, trigger.start, progressive=_progressive(trigger, sentence))
    if status is not Status.DENIED and (kind is MovementKind.STOCK or (status in {Status.PLANNED, Status.EXPECTED} and _finite(trigger, sentence))):
        status = Status.OCCURRED  # a number of displaced people is a state of things, whatever is said of them
    measure = _measure(sentence, trigger, kind, time, figure, status)
    when = _when(story, time, measure, status, sentence)
    status = backdated(status, when, story, sentence)
    quantity = figure.quantity if figure else None
    score = 0.5 + (0.2 if figure and figure.noun else 0.08 if figure else 0.0) + (0.15 if _STRONG.match(trigger.word) else 0.0) + (0.1 if origins or destinations or within else 0.0)
    return Movement(
        "", kind, origins, destinations, within, quantity, _group(sentence, trigger, figure, story), measure, status, when, claimed_by(sentence), _reason(sentence, trigger),
        (sentence.evidence(story.doc),), round(score, 4),
    )  # fmt: skip


def _kind(sentence: Sentence, trigger: _Trigger) -> MovementKind:
    """Return the kind; evacuating "for" a country, or by oneself, is flight and not an authority's evacuation."""
    after = sentence.text[trigger.end - sentence.span.start :][:40]
    if trigger.kind is MovementKind.EVACUATION and re.match(r"e?s?\s+(?:the|their|this|that)\s+\w+\s+(?:for|to)\s+[A-Z]", after) and not trigger.word.casefold().endswith(("ed", "ion")):
        return MovementKind.DISPLACEMENT
    return trigger.kind


def _progressive(trigger: _Trigger, sentence: Sentence) -> bool:
    before = sentence.text[: trigger.start - sentence.span.start]
    return trigger.word.casefold().endswith("ing") and bool(re.search(r"\b(?:is|are|been)\s+(?:\w+\s+)?$", before))


def _ends(sentence: Sentence, trigger: _Trigger, kind: MovementKind, figure: Figure | None, figures: Sequence[Figure]) -> tuple[tuple[Mention, ...], tuple[Mention, ...], tuple[Mention, ...]]:
    """Return origins, destinations and the places within which a movement is told, by the words before each place."""
    named = [mention(t) for t in sentence.toponyms if t.use is not Use.DEMONYM]
    places = sorted([*named, *sentence.coreferences], key=lambda p: p.start)
    roles: dict[str, list[Mention]] = {"from": [], "to": [], "in": [], "cause": []}
    previous: tuple[Mention, str] | None = None
    for item in places:
        role = _attached(sentence, item, figure, figures) or _role(sentence, item, trigger, kind)
        if role == "other":
            continue
        if previous is not None and _contained(previous[0], item) and _CONTAINER.match(sentence.text[previous[0].end - sentence.span.start : item.start - sentence.span.start]):
            continue
        if previous is not None and (gap := sentence.text[previous[0].end - sentence.span.start : item.start - sentence.span.start]) and _LIST.match(gap):
            if _contained(previous[0], item):
                previous = (item, previous[1])
                continue
            role = role or previous[1]
        if role in roles:
            roles[role].append(item)
        previous = (item, role)
    if roles["from"]:
        roles["cause"] = []
    if kind is MovementKind.EVACUATION and (roles["to"] or roles["in"]):
        roles["in"], roles["cause"] = roles["in"] + roles["cause"], []
    roles["from" if (roles["to"] or trigger.word.casefold().startswith(("fle", "evacuat"))) and kind is not MovementKind.STOCK else "in"] += roles["cause"]
    origins, destinations, within = (_distinct(roles[name]) for name in ("from", "to", "in"))
    if kind is MovementKind.STOCK and figure is not None:
        origins = tuple(m for m in origins if 0 <= m.start - (figure.group[1] if figure.group else figure.end) < _NEAR_NOUN)
    if kind is not MovementKind.STOCK:
        origins = origins or _described(sentence, trigger, _DESCRIBED_FROM)
        destinations = destinations or _described(sentence, trigger, _DESCRIBED_HOME if kind is MovementKind.RETURN else _DESCRIBED_TO)
    if len(destinations) > 1:  # "to their homes in east Aleppo" is told by the place
        destinations = tuple(m for m in destinations if not m.name.casefold().startswith(("their", "his", "her")))
    taken = {m.ident for m in (*origins, *destinations)}
    within = tuple(m for m in within if m.ident not in taken and not origins and not destinations)
    if kind is MovementKind.STOCK and not within and destinations:
        return origins, destinations, ()
    return origins, destinations, within[:3]


# Words that place the other end beside the country that the document tells of.
_ABROAD = re.compile(r"\b(?:abroad|into exile|(?:fled|flee|fleeing|left|leave|leaving) the country|out of the country|(?:across|over) the border|neighbou?ring (?:countries|states|nations))\b", re.IGNORECASE)


def _country_left(story: Story, sentence: Sentence, trigger: _Trigger, destinations: Sequence[Mention]) -> tuple[Mention, ...]:
    """Return the country that the document tells of when the words say that people left it: "fled to neighbouring Uganda", "fled abroad"."""
    around = sentence.text[trigger.start - sentence.span.start : trigger.end - sentence.span.start + 60]
    before = sentence.text[: destinations[0].start - sentence.span.start] if destinations else ""
    named = bool(destinations) and destinations[0].place is not None and bool(re.search(r"\bneighbou?ring\s+$", before, re.IGNORECASE))
    if not named and not _ABROAD.search(around):
        return ()
    taken = {m.place.id for m in destinations if m.place is not None}
    told = [t for s in story.sentences for t in s.toponyms if t.use is not Use.DEMONYM and t.place is not None and t.place.kind is Kind.COUNTRY and t.place.id not in taken]
    counts = Counter(t.place.id for t in told if t.place is not None)
    best = max(told, key=lambda t: (counts[t.place.id] if t.place else 0, -t.start), default=None)
    return () if best is None else (mention(best),)


def _finite(trigger: _Trigger, sentence: Sentence) -> bool:
    """Tell whether the trigger is a verb that tells what was done: "ordered an alert and evacuated 60,000"; not "to be evacuated", "could be displaced"."""
    if not re.match(r"(?:fled|left|drove|took|sought|went|came|[a-z]+ed)\b", trigger.word, re.IGNORECASE):
        return False
    before = sentence.text[: trigger.start - sentence.span.start]
    if re.search(r"\b(?:could|may|might|would|will|should|must|can|to)\s+(?:also\s+|not\s+)?(?:have\s+)?(?:be(?:en)?\s+)?(?:\w+ly\s+)?$", before, re.IGNORECASE):
        return False
    return not re.search(r"\b(?:be|being|get|getting|to|if|when)\s+(?:\w+ly\s+)?$", before, re.IGNORECASE)


def _attached(sentence: Sentence, item: Mention, figure: Figure | None, figures: Sequence[Figure]) -> str:
    """Return "from" for the place right after this figure ("33,000 from Idlib"), "other" for the place of another figure, or the empty string."""
    for other in figures:
        if other.end <= item.start and re.fullmatch(r"\s*(?:people\s+|others\s+|families\s+)?from\s+(?:the\s+)?", sentence.text[other.end - sentence.span.start : item.start - sentence.span.start]):
            return "from" if other is figure else "other"
    return ""


_SITES = r"(?:villages?|towns?|areas?|camps?|shelters?|shel-ters|cent(?:re|er)s?|sites?|schools|hotels|neighbou?rhoods|districts|islands?|countries|territory|parts|buildings|settlements)"
_DESCRIBED = rf"(?P<name>(?:(?:an?|the|some|several|many|around|about|nearby|neighbou?ring|other|safer|higher|temporary|makeshift|government|emergency|evacuation|relief|collective|displacement|refugee|overcrowded|coastal|rural|urban|low-lying|flood-prone|frontline|disputed|northern|southern|eastern|western|\d+|two|three|four|five|six|seven|eight|nine|ten|[\w-]+-(?:controlled|held|prone))\s+){{0,4}}{_SITES}(?:\s+and\s+(?:[\w-]+\s+){{0,2}}{_SITES})?)\b(?!\s+(?:of|in|near|around)\s+(?:the\s+)?(?-i:[A-Z]))"
_DESCRIBED_FROM = re.compile(rf"\b(?:from|out of|fle[de]|fleeing|evacuated?|left)\s+{_DESCRIBED}", re.IGNORECASE)
_DESCRIBED_TO = re.compile(rf"\b(?:to|into|towards?|refuge in|refuge at|shelter in|shelter at|arriv\w+ (?:in|at))\s+{_DESCRIBED}", re.IGNORECASE)
_DESCRIBED_HOME = re.compile(rf"(?:\b(?:to|into)\s+(?:{_DESCRIBED}|(?P<homes>their (?:homes?|villages?|areas? of origin)))|\b(?:return\w*|gone|went|came|come|go|going) (?P<home>home))\b", re.IGNORECASE)


_NEAR_NOUN = 40  # code points from the counted people to where they are from


def _described(sentence: Sentence, trigger: _Trigger, pattern: re.Pattern[str]) -> tuple[Mention, ...]:
    """Return an end that is described and not named: "to government relief camps"; it has no place, and says why."""
    begin = max(0, trigger.start - 45 - sentence.span.start)
    for match in pattern.finditer(sentence.text, begin, trigger.end - sentence.span.start + 110):
        group = next(name for name, text in match.groupdict().items() if text)
        at = sentence.span.start + match.start(group)
        return (Mention(match[group], at, at + len(match[group]), None, "described, not named"),)
    return ()


def _contained(container: Mention, item: Mention) -> bool:
    """Tell whether the second of "Goma, North Kivu" only says where the first is."""
    inner, outer = container.place, item.place
    if inner is None or outer is None:
        return False
    if outer.kind is Kind.COUNTRY:
        return inner.kind is not Kind.COUNTRY and inner.country == outer.country
    return outer.kind in {Kind.ADMIN1, Kind.ADMIN2, Kind.REGION, Kind.DISPUTED_AREA} and (inner.admin1 == outer.id or inner.admin1_name == outer.name) and inner.id != outer.id


def _role(sentence: Sentence, item: Mention, trigger: _Trigger, kind: MovementKind) -> str:
    begin = sentence.span.start
    before = sentence.text[: item.start - begin]
    if re.search(r"(?:homes?|villages?|towns?|land)$", item.name, re.IGNORECASE) and item.name.casefold().startswith(("their", "his", "her")):
        # Fleeing "their homes" says no more than fleeing; which homes a return goes to is told before.
        return "to" if kind is MovementKind.RETURN else ""
    if _DISTANCE_FROM.search(before):
        return ""
    if item.end <= trigger.start and _RECEIVES.match(sentence.text[item.end - begin :]):
        return "to"
    if _OBJECT_ORIGIN.search(before):
        return "from"
    if _OBJECT_DESTINATION.search(before):
        return "to"
    if _RESIDENTS_OF.search(before[-50:]) and kind is not MovementKind.STOCK:
        return "from"
    if _FROM.search(before[-120:]):
        # "People displaced from Aleppo returned": where they had fled from is not where they return from.
        return "" if kind is MovementKind.RETURN and item.end < trigger.start and re.search(r"\b(?:displaced|fled|uprooted|evacuated)(?: again)? from\b[^,;]{0,60}$", before) else "from"
    if _CAUSE_IN.search(before[-100:]):
        return "cause"
    far = item.start - trigger.end > 110 or item.end < trigger.start - 60
    if _TO.search(before[-90:]) and not far and item.start > trigger.start - 12:
        return "to"
    if _TO_SITE.search(before[max(0, trigger.start - begin) :]) and item.start > trigger.start:
        return "to" if kind is not MovementKind.STOCK else "in"
    if item.name.casefold() == "there" and item.start >= trigger.end:
        return "to" if kind is not MovementKind.STOCK else "in"
    if _VIA.search(before[-30:]):
        return "via"
    if _IN.search(before[-80:]):
        if kind is MovementKind.EVACUATION and re.search(r"\b(?:were|was|been|being)\s+(?:\w+\s+)?$", sentence.text[: trigger.start - begin]) and not re.search(r"\b(?:camps?|shelters?|cent(?:er|re)s?|schools?)\s+(?:\w+\s+){0,2}$", before[-40:], re.IGNORECASE):
            return "cause"
        if kind is MovementKind.RETURN and re.search(r"return(?:ed|ing|s)?\s+(?:to|in)\s", before[-40:]):
            return "to"
        arriving = re.search(r"(?:arriv|refuge|shelter|camp)\w*\s+(?:\w+\s){0,3}$", before[-60:])
        return "to" if arriving and re.search(r"arriv|refuge", arriving.group(), re.IGNORECASE) else "in"
    return ""


def _distinct(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    out: dict[str, Mention] = {}
    # A name says more than what refers back to it.
    for item in sorted(mentions, key=lambda m: m.name.casefold().startswith(("the ", "their ", "his ", "her ", "this ", "that "))):
        out.setdefault(item.place.id if item.place else item.name.casefold(), item)
    return tuple(sorted(out.values(), key=lambda m: m.start))[:6]


def _measure(sentence: Sentence, trigger: _Trigger, kind: MovementKind, time: Time | None, figure: Figure | None, status: Status) -> Measure:
    if kind is MovementKind.STOCK:
        return Measure.STOCK
    if figure is None or status in {Status.EXPECTED, Status.PLANNED}:
        return Measure.UNSPECIFIED
    if (time is not None and time.role in {Role.AS_OF, Role.SINCE, Role.BY}) or _CUMULATIVE.search(sentence.text):
        return Measure.CUMULATIVE
    if status is Status.ONGOING:
        return Measure.UNSPECIFIED
    # "Were displaced by the storm" happened in a period that the text implies; "have been displaced" runs up to now.
    perfect = re.search(r"\b(?:has|have)\s+(?:\w+\s+){0,2}$", sentence.text[: trigger.start - sentence.span.start], re.IGNORECASE)
    return Measure.CUMULATIVE if perfect and not _NEW.search(sentence.text) else Measure.NEW


def _when(story: Story, time: Time | None, measure: Measure, status: Status, sentence: Sentence) -> When | None:
    """Return the time of a movement; one that goes on without a time of its own is as of the publication."""
    when = time.when if time is not None else None
    published = story.doc.published
    # "On Sunday he said that 5,000 would leave": the day is that of the saying.
    if status in {Status.EXPECTED, Status.PLANNED} and time is not None and not time.future:
        return None
    if status is Status.ONGOING and published is not None and (time is None or time.role is Role.AT) and not _dated_trigger(time, sentence):
        return When(None, None, None, Basis.PUBLICATION, "", published)
    if when is None:
        return When(as_of=published, basis=Basis.PUBLICATION) if published is not None and measure in {Measure.CUMULATIVE, Measure.STOCK} else None
    if time is not None and time.role is Role.SINCE:
        return When(when.start, published or when.end, DatePrecision.RANGE, when.basis, when.text, published)
    if time is not None and time.role in {Role.AS_OF, Role.BY}:
        return replace(when, as_of=when.as_of or when.end)
    return when


def _dated_trigger(time: Time | None, sentence: Sentence) -> bool:
    """Tell whether the time stands right beside the movement and not with another verb of the sentence."""
    if time is None or time.when is None:
        return False
    clause_start = sentence.clause(time.start, time.end).start
    return any(t.start >= clause_start and t.end <= time.start for t in _triggers(sentence))


def _group(sentence: Sentence, trigger: _Trigger, figure: Figure | None, story: Story) -> str:
    if figure is not None and figure.group is not None:
        return story.doc.text[figure.group[0] : figure.group[1]]
    before = sentence.text[: trigger.start - sentence.span.start]
    matches = list(_GROUP.finditer(before[-90:]))
    return matches[-1]["group"].strip() if matches and figure is None else ""


def _reason(sentence: Sentence, trigger: _Trigger) -> str:
    match = _REASON.search(sentence.text, max(0, trigger.start - sentence.span.start))
    return match["why"].strip(" \"“”'") if match else ""


def _merged(movements: Sequence[Movement]) -> list[Movement]:
    """Join the same movement told twice with the same figure; another figure is another record."""
    out: list[Movement] = []
    for movement in movements:
        for position, known in enumerate(out):
            if _same(known, movement):
                out[position] = _join(known, movement)
                break
        else:
            out.append(movement)
    return out


def _figure_of(quantity: Quantity | None) -> tuple[int | None, int | None, int | None] | None:
    return None if quantity is None else (quantity.value, quantity.minimum, quantity.maximum)


def _same(a: Movement, b: Movement) -> bool:
    if a.kind is not b.kind or _figure_of(a.quantity) != _figure_of(b.quantity) or a.status is not b.status:
        return False
    if a.quantity is None and a.evidence[0].start != b.evidence[0].start:
        return _ends_of(a) == _ends_of(b)
    return _compatible(a.origins, b.origins) and _compatible(a.destinations, b.destinations)


def _ends_of(m: Movement) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    return tuple(frozenset(x.ident for x in side) for side in (m.origins, m.destinations, m.within))  # type: ignore[return-value]


def _compatible(a: Sequence[Mention], b: Sequence[Mention]) -> bool:
    one, two = ({m.ident for m in side} for side in (a, b))
    return not one or not two or bool(one & two)


def _join(a: Movement, b: Movement) -> Movement:
    # Records come in text order, so joining keeps the evidence in order.
    evidence = a.evidence if b.evidence[0] == a.evidence[-1] else (*a.evidence, *b.evidence)
    return replace(
        a, origins=a.origins or b.origins, destinations=a.destinations or b.destinations, within=a.within or b.within, when=a.when or b.when,
        group=a.group or b.group, claimed_by=a.claimed_by or b.claimed_by, reason=a.reason or b.reason, evidence=evidence, score=max(a.score, b.score),
    )  # fmt: skip


def _numbered(doc: Document, movements: Sequence[Movement]) -> list[Movement]:
    ordered = sorted(movements, key=lambda m: (m.evidence[0].start, -m.score, m.kind.value))
    return [replace(movement, id=f"{doc.id}#m{number}") for number, movement in enumerate(ordered, start=1)]
