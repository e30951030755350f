"""Sentences + places + times -> Events.

What happened, where, when, who, and whether it happened.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geomap.context import (
    Sentence,
    Story,
    backdated,
    claimed_by,
    joint_evidence,
    mention,
    status_of,
    time_for,
    told_once,
)
from geomap.model import (
    Actor,
    Basis,
    DatePrecision,
    Document,
    Event,
    EventType,
    Kind,
    Mention,
    Quantity,
    Status,
    Use,
    When,
    day_of,
)
from geomap.quantities import find_figures
from geomap.salience import scored
from geomap.times import Role

# One row a kind of trigger: type, ACLED's sub-type (or ours), weight, pattern. The first that
# matches a word takes it.
_TRIGGER_ROWS: tuple[tuple[EventType, str, float, str], ...] = (
    (
        EventType.AGREEMENT,
        "ceasefire",
        0.8,
        (
            r"cease-?fires?|truces?|armistice|peace (?:deal|agreement|accord|treaty)|signed an?"
            r" (?:agreement|accord|deal|treaty)"
        ),
    ),
    (
        EventType.BLOCKADE,
        "blockade",
        0.7,
        r"blockad(?:e|es|ed|ing)|besieg(?:e|ed|ing)|under siege|siege of",
    ),
    (
        EventType.TERRITORIAL_CLAIM,
        "claim",
        0.6,
        (
            r"stak(?:e|es|ed|ing) (?:a )?claims?|laid claim|lays claim|claims?"
            r" sovereignty|claim(?:ed|s)? the territory|(?:is|are|was|were) claimed by(?= both|"
            r" (?-i:[A-Z]))|declared independence|annex(?:ed|es|ation)"
        ),
    ),
    (
        EventType.BATTLE,
        "armed_clash",
        0.95,
        (
            r"attack(?:ed|s|ing)? (?:on )?(?:an? |the |its"
            r" )?(?:army|military|police|security|government|rebel|naval)"
            r" (?:base|bases|post|posts|barracks|convoy|convoys|checkpoint|checkpoints|camp"
            r"|camps|position|positions|outpost|patrol|station)|storm(?:ed|ing)"
            r" (?:an? |the )?(?:\w+"
            r" )?(?:barracks|base|town|village|city|camp|post|prison|palace)|overr[au]n"
            r"|seiz(?:ed|ing)"
            r" (?:an? |the )?(?:border |army |military )?(?:post|base|checkpoint|crossing)"
        ),
    ),
    (
        EventType.RIOT,
        "violent_demonstration",
        0.9,
        (
            r"(?:protest[eo]rs|demonstrators|youths|fans|crowds?|mobs?) (?:\w+"
            r" ){0,2}clash(?:ed|es)?|clash(?:ed|es)? (?:\w+ ){0,2}(?:with|between) (?:riot"
            r" )?police|(?:threw|throwing|hurled) (?:stones|rocks|petrol bombs)"
        ),
    ),
    (
        EventType.EXPLOSION,
        "air_drone_strike",
        1.0,
        (
            r"air ?strikes?|air raids?|drones? (?:hit|struck|attacked|targeted)|drone"
            r" (?:strikes?|attacks?)|bombed|bombing raids?|barrel bombs?|warplanes?"
            r" (?:hit|struck|bombed)"
        ),
    ),
    (EventType.EXPLOSION, "suicide_bomb", 1.0, r"suicide (?:bomb(?:ing|er|ers|ings)?|attack)"),
    (
        EventType.EXPLOSION,
        "shelling",
        1.0,
        (
            r"shell(?:ed|ing)|artillery|rocket(?:s)? (?:fire|attack|hit|struck)|missiles?"
            r" (?:strike|attack|hit|struck|fired)|(?:rockets?|missiles?|shells?) (?:were|was|had"
            r" been) (?:fired|launched)|fired (?:\w+ ){0,2}(?:rockets?|missiles?)|mortar"
        ),
    ),
    (
        EventType.EXPLOSION,
        "remote_explosive",
        0.95,
        (
            r"car bombs?|roadside bombs?|bomb(?:ing|ings)?(?:"
            r" attack)?|explosions?|exploded|blasts?|landmines?|grenades?|ied"
        ),
    ),
    (
        EventType.VIOLENCE_AGAINST_CIVILIANS,
        "abduction",
        1.0,
        (
            r"abduct(?:ed|ion|ions|ing)|kidnap(?:ped|ping|s)?|forced disappearances?|taken"
            r" hostage|hostages?"
        ),
    ),
    (
        EventType.VIOLENCE_AGAINST_CIVILIANS,
        "sexual_violence",
        1.0,
        r"rap(?:ed|es)|sexual(?:ly)? (?:assault|violence|abuse)(?:ed)?|gang-?raped",
    ),
    (
        EventType.VIOLENCE_AGAINST_CIVILIANS,
        "attack",
        0.95,
        (
            r"massacr(?:e|es|ed)|execut(?:ed|ions)|behead(?:ed|ing)|lynch(?:ed|ing)"
            r"|murder(?:ed|s)?|assassinat(?:ed|ion)|killings?|killed|shot"
            r" dead|gunned down|stabbed|tortur(?:ed|e|ing)|beaten|opened"
            r" fire|gunmen|shootings?|attacked|attacks?"
        ),
    ),
    (
        EventType.BATTLE,
        "armed_clash",
        0.9,
        (
            r"(?:military |ground |counter-?)?(?:operation|offensive|campaign)s?(?= against| in|"
            r" on| last|,| by|\.| to| which| that| was| began|$| and|"
            r" launched)|clash(?:es|ed)?|fighting|battles?|gun"
            r" ?battles?|firefights?|skirmish(?:es)?|combat|ambush(?:ed)?|hostilities|defeated"
            r"|overthr(?:ow|ew|own)|war(?=\b(?!"
            r" crimes?| on drugs| chest| room| memorial))|wars|expelled|expulsion of"
        ),
    ),
    (
        EventType.STRATEGIC,
        "non_violent_transfer",
        0.75,
        (
            r"captur(?:ed|es)|seiz(?:ed|es|ing)|retak(?:en|e)|retook|regain(?:ed|s)|recaptured|took"
            r" control|withdr(?:ew|awal|awn)|surrender(?:ed)?|liberated"
        ),
    ),
    (
        EventType.STRATEGIC,
        "arrests",
        0.8,
        r"arrest(?:ed|s)?|detain(?:ed|s)|detention|imprison(?:ed|ment)|jailed|sentenced",
    ),
    (
        EventType.STRATEGIC,
        "looting",
        0.7,
        (
            r"loot(?:ed|ing)|burn(?:ed|t) down|torched|set (?:fire"
            r" to|ablaze)|demolish(?:ed|ing)|raid(?:ed|s)?"
        ),
    ),
    (
        EventType.RIOT,
        "mob_violence",
        0.9,
        (
            r"riot(?:s|ed|ing|ers)?|mob(?:s)?(?= attacked| violence| justice|\b)|looters|violent"
            r" demonstrations?"
        ),
    ),
    (
        EventType.PROTEST,
        "peaceful_protest",
        0.9,
        (
            r"protest(?:s|ed|ing|ers|ors)?|demonstrat(?:ion|ions|ed|ors)|rall(?:y|ies|ied)(?= in|"
            r" against| outside|\b)|sit-ins?|strikes?(?= by| over| against| in)|march(?:ed|es)(?="
            r" in| through| on| to| against)|took to the streets"
        ),
    ),
    (
        EventType.AID,
        "aid",
        0.5,
        (
            r"(?:humanitarian|military|financial|emergency|food)"
            r" (?:aid|assistance|relief|support)|deliver(?:ed|ing) (?:\w+"
            r" ){0,2}(?:food|aid|relief|medicines?|water|tents|flour)|aid"
            r" (?:convoy|convoys|deliver(?:y|ies)|trucks|shipments?)|relief supplies|airlift(?:ed)?"
        ),
    ),
    (
        EventType.DIPLOMACY,
        "meeting",
        0.6,
        (
            r"(?:arriv(?:ed|es|ing) for|held|holds?|hold(?:ing)?|attend(?:s|ed|ing)?|met for|a)"
            r" (?:\w+"
            r" ){0,3}?(?:meetings?|talks|summit|conference|ceremony|groundbreaking"
            r"|negotiations)|summit|negotiations|peace"
            r" talks|telephon(?:ed|es)|phoned|mediat(?:ion|e|ed|ing)|hosted|met with|met(?= in"
            r" (?-i:[A-Z])| for talks)|hosted (?=[A-Z])|visit(?:ed|s|ing)? (?=[A-Z])|state"
            r" visit|envoys?|talks (?=with|between|in)"
        ),
    ),
    (
        EventType.STRATEGIC,
        "sanction",
        0.5,
        (
            r"(?:impos(?:ed|es|ing)|tighten(?:ed|s)) (?:\w+"
            r" ){0,2}(?:sanctions|embargo|restrictions|curfew|ban)|sanctioned|expel(?:led|s) (?:\w+"
            r" ){0,3}(?:diplomats?|ambassador|envoy)|(?:suspend(?:ed|s)|cut|sever(?:ed|s)|broke"
            r" off|froze) (?:\w+"
            r" ){0,2}(?:ties|relations|links|aid|flights|talks|cooperation|membership)|suspension"
            r" of|cancel(?:l?ed|s) (?:\w+"
            r" ){0,2}(?:visit|talks|meeting|agreement|trip)|prohibit(?:ed|s)?"
        ),
    ),
    (
        EventType.STRATEGIC,
        "concession",
        0.45,
        (
            r"conced(?:ed|es|ing)|(?:lift(?:ed|s)|eas(?:ed|es)|relax(?:ed|es)|cancel(?:l?ed|s))"
            r" (?:\w+ ){0,2}(?:ban|restrictions|sanctions|curfew|embargo|blockade|siege|martial"
            r" law|state of emergency|emergency)|lifted a state of emergency|releas(?:ed|es) (?:\w+"
            r" ){0,3}(?:prisoners|hostages|detainees)|pardon(?:ed|s)|amnesty|freed"
        ),
    ),
    (
        EventType.STRATEGIC,
        "investigation",
        0.35,
        (
            r"investigat(?:ed|es|ing|ion|e)|inquir(?:y|ies)|probe(?:s|d)?(?= into| by|"
            r" of)|inspectors|opened (?:an? )?(?:\w+ )?(?:hearing|case)"
        ),
    ),
    (
        EventType.STRATEGIC,
        "mobilization",
        0.45,
        (
            r"mobili[sz](?:ed|es|ing|ation)|on (?:high )?alert|war games|military"
            r" (?:exercises?|drills?|manoeuvres|maneuvers)|deploy(?:ed|s|ing|ment)|massed"
        ),
    ),
    (
        EventType.STRATEGIC,
        "retreat",
        0.5,
        (
            r"pull(?:ed|ing|s) out|retreat(?:ed|s|ing)?|disarm(?:ed|ing|ament)?|laid down (?:their"
            r" )?arms|peacekeep(?:ers|ing) (?:\w+ ){0,2}arrived"
        ),
    ),
    (
        EventType.AGREEMENT,
        "agreement",
        0.45,
        (
            r"agree(?:d|s)?(?= to| on| upon| that| with| in\b)|reach(?:ed|es)? (?:an? )?(?:\w+"
            r" )?(?:agreement|deal|understanding|accord|compromise)|concluded (?:an? )?(?:\w+"
            r" )?(?:agreement|treaty|pact|deal)|free-?trade pact|signed|offer(?:ed|s)(?= to| its|"
            r" their| his| troops| talks| concessions)|accept(?:ed|s)(?= an?\b|"
            r" the)|(?:ready|willing) to"
            r" (?=negotiate|contribute|provide|meet|talk)|(?:announced|said) (?:it|they|he|she)"
            r" (?:will|would) (?=allow|return|provide|accept|meet)"
        ),
    ),
    (
        EventType.STATEMENT,
        "rejection",
        0.32,
        (
            r"reject(?:s|ed|ing)?|refus(?:ed|es|ing|al)|rul(?:ed|es) out|declin(?:ed|es) to|turned"
            r" down|rebuff(?:ed|s)?|veto(?:ed|es)?|dismiss(?:ed|es)(?= calls| claims| an?\b| the)"
        ),
    ),
    (
        EventType.STATEMENT,
        "threat",
        0.32,
        r"threat(?:en)?(?:ed|s|ing)?|ultimatum|warn(?:ed|s)(?= that| of)|vow(?:ed|s)(?= to)",
    ),
    (
        EventType.STATEMENT,
        "demand",
        0.3,
        (
            r"demand(?:ed|s|ing)?|urg(?:ed|es|ing)|call(?:ed|s)? (?:on|for|upon)|appeal(?:ed|s)?(?="
            r" to| for)|request(?:ed|s)|ask(?:ed|s)(?= for| the| that)|insist(?:ed|s)"
        ),
    ),
    (
        EventType.STATEMENT,
        "support",
        0.3,
        (
            r"prais(?:ed|es|ing)|endors(?:ed|es)|back(?:ed|s)(?= [A-Z]| the|"
            r" a)|welcom(?:ed|es)|hail(?:ed|s)(?= the| a)|defend(?:ed|s)(?= the| its|"
            r" his)|express(?:ed|es|ing) (?:\w+"
            r" ){0,2}support|(?:upgrad(?:ed|es)|establish(?:ed|es)|restor(?:ed|es)) (?:\w+"
            r" ){0,2}(?:ties|relations)|apologi[sz](?:ed|es)|forgiv(?:e|en)"
        ),
    ),
    (
        EventType.STATEMENT,
        "statement",
        0.3,
        (
            r"condemn(?:ed|s|ing)?|denounc(?:ed|es|ing)|accus(?:ed|es|ing)|criticis(?:ed|es|ing)"
            r"|criticiz(?:ed|es|ing)|blam(?:ed|es|ing)|deplor(?:ed|es)|express(?:ed|es|ing)"
        ),
    ),
)
_TRIGGERS = [
    (kind, sub, weight, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE))
    for kind, sub, weight, pattern in _TRIGGER_ROWS
]
_METAPHOR = re.compile(
    r"\b(?:price|trade|bidding|culture|star|turf|cold|world|drug|tug"
    r" of|legal|court(?:room)?|custody|title|relegation|ratings|console|format|browser|advertising)"
    r" (?:wars?|battles?)\b|"
    r"\b(?:battles?|fight(?:ing)?|war)\s+(?:against|with|on|of|for)\s+(?:cancer|covid|poverty"
    r"|drugs|inflation|corruption|obesity|disease|wits|the"
    r" (?:title|flames|blaze|virus|bulge|elements))\b|"
    r"\bheart attacks?\b|\bpanic attacks?\b|\basthma attacks?\b|\bhunger strikes?\b|\blabou?r"
    r" strikes?\b|\bstormed to\b|\bbomb(?:ed)? at the box office\b|\bbombshell\b|\bbaby"
    r" boom\b|\bprice"
    r" explosion\b|\b(?:advertising|election|marketing|presidential|political|vaccination"
    r"|fundraising|awareness|smear)"
    r" campaigns?\b|"
    r"\b(?:rescue|relief|business|mining|search|recovery|factory|surgical|daily|bank)"
    r" operations?\b|\bpopulation explosion\b|\bexplosion (?:of|in)"
    r" (?:interest|demand|popularity|growth)\b|\bkilled off\b|\bkilled the"
    r" (?:bill|mood|deal)\b|\bgoal shoot\w*\b|\bshooting (?:guard|star|percentage|range|a"
    r" film)\b|\bcombat sports\b|\bfilm shooting\b|\bexecuted (?:the|a|an)"
    r" (?:plan|strategy|order|play|search warrant)\b|\b(?:sharp|defen[cs]e|personal)"
    r" attack\b|\bcaptured (?:the )?(?:hearts?|imagination|attention|title|on"
    r" (?:camera|video|film))\b|\bblast(?:s|ed)? (?:critics?|decision|ruling)\b|\bblasts? of"
    r" (?:cold|hot|fresh|arctic|icy|warm)?\s*air\b|\ba blast for\b|"
    r"\bwars? (?:of words|on"
    r" (?:plastic|waste|drugs|crime|litter|smoking|obesity|poverty))\b|\bclash(?:es)? of"
    r" (?:colou?rs|cultures|styles|titans|personalities|interests|egos|opinions)\b|\b(?:cup"
    r"|league|title|semi-?final|derby|play-?off)"
    r" clash\b|\bbattle(?:d|s)? it out\b|"
    r"\b(?:shares?|stocks|film|movie|play|show|debate|row|anger|popularity|sales)"
    r" (?:bombed|exploded)\b|\bexplod(?:ed|ing) (?:in|with|into)"
    r" (?:laughter|anger|applause|tears|rage|popularity)\b|\bkilling it\b|\bsiege (?:of|by)"
    r" (?:reporters|journalists|photographers|fans)\b|"
    r"\b(?:virus|disease|bacteria|parasite|fungus|toxin|cancer|infection|pest)s?"
    r" attacks?\b|\b(?:rally|race|racing) (?:driver|car|team)s?\b|\brally on the"
    r" (?:stock|markets?)\b|\b(?:stock|market|share|bond|oil) (?:market )?rall(?:y|ies)\b|"
    # What nature and accidents kill is no violence.
    r"\b(?:disease|virus|outbreak|epidemic|cholera|measles|malaria|ebola|crash|accident"
    r"|collision|derailment|landslide|mudslide|avalanche|earthquake|quake|floods?|flooding"
    r"|storm|cyclone|hurricane|typhoon|tornado|tsunami|eruption|wildfires?|bushfires?|heatwave"
    r"|drought|famine|lightning|stampede|shipwreck|collapse)\b[^.;]{0,50}?\bkill(?:ed|s|ing)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"\b(?P<n>\d{1,3}|one|two|three|four|five|six|seven|ten)[-"
    r" ](?P<unit>hour|day|week|month)s?(?:[- ]long)?\b",
    re.IGNORECASE,
)
_NUMBER = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_KILLED_BEFORE = re.compile(
    r"\b(?:killed|dead|died|deaths?|lives|fatalities|killings?|massacred|executed|shot"
    r" dead|beheaded|casualties|bodies)\b",
    re.IGNORECASE,
)
_INJURED = re.compile(r"\b(?:injur(?:ed|ies|ing)|wounded|hurt)\b", re.IGNORECASE)
_LIVES = re.compile(r"\bclaim(?:ed|s|ing)\s+(?:the lives of\s+)?", re.IGNORECASE)
_PEOPLE_ROLE = (
    r"(?:forces|army|military|troops|soldiers|rebels|insurgents|militants|militia|fighters"
    r"|police|government|separatists|gunmen|protesters|demonstrators|civilians|leaders?"
    r"|officials?|authorities|president|administration|navy|air"
    r" force)"
)
_PERSON = re.compile(
    r"(?:President|Prime"
    r" Minister|Minister|Chancellor|King|Secretary)\s+(?P<name>(?:[A-Z][\w’'-]+\s?){1,4})"
    r"|\bcounterpart\s+(?P<other>(?:[A-Z][\w’'-]+\s?){2,3})"
)
_OWN_PLACE_TYPES = {EventType.DIPLOMACY, EventType.STATEMENT}


@dataclass(frozen=True, slots=True)
class _Trigger:
    start: int
    end: int
    type: EventType
    sub_type: str
    weight: float


def find_events(story: Story) -> list[Event]:
    """Return the events of a document, the best first in score.

    Tellings of one event are one with all their evidence.
    """
    return _numbered(story.doc, scored(told_events(story), story))


def told_events(story: Story) -> list[Event]:
    """Return the events of a document before they are weighed against each other."""
    found: list[Event] = []
    for position, sentence in enumerate(story.sentences):
        triggers = _triggers(sentence)
        spans = [(t.start, t.end) for t in triggers]
        for trigger in triggers:
            event = _event(story, sentence, position, trigger, spans)
            if event is not None:
                found.append(
                    replace(event, score=round(event.score * _GOVERNED, 4))
                    if _governed(trigger, triggers, sentence)
                    else event
                )
    shares = _country_shares(story)
    return [_weighed(_dated(event, story), shares) for event in told_once(found, _same, _join)]


def _country_shares(story: Story) -> dict[str, float]:
    """Return how much of the document's naming of places falls to each country.

    People's and governments' names included.
    """
    counts = Counter(
        t.place.country
        for s in story.sentences
        for t in s.toponyms
        if t.place is not None and t.place.country
    )
    most = max(counts.values(), default=1)
    return {country: number / most for country, number in counts.items()}


def _weighed(event: Event, shares: dict[str, float]) -> Event:
    """Trust an event less as the main one in a country that the document hardly names."""
    place = event.places[0].place if event.places else None
    if place is None or not place.country:
        return event
    return replace(
        event,
        score=round(
            event.score * (_ELSEWHERE + (1 - _ELSEWHERE) * shares.get(place.country, 0.0)), 4
        ),
    )


_ELSEWHERE = 0.5


_GOVERNED = 0.4
_GOVERNING = frozenset({"rejection", "threat", "demand", "statement", "support"})


def _governed(trigger: _Trigger, triggers: Sequence[_Trigger], sentence: Sentence) -> bool:
    """Tell whether the trigger only says what somebody rejects, demands or threatens.

    "rejected a truce" is no truce.
    """
    for other in triggers:
        gap = sentence.text[
            other.end - sentence.span.start : max(other.end, trigger.start) - sentence.span.start
        ]
        if (
            other.sub_type in _GOVERNING
            and other.end <= trigger.start
            and len(gap) < 80
            and not re.search(r"[;:.]|,\s+(?:which|who|after|as|while)\b", gap)
        ):
            return trigger.sub_type not in _GOVERNING
    return False


def _dated(event: Event, story: Story) -> Event:
    """Give what happened without a time of its own the publication day.

    `basis` says that it is only that.
    """
    if (
        event.when is not None
        or story.published is None
        or event.status not in {Status.OCCURRED, Status.ONGOING}
    ):
        return event
    return replace(
        event, when=When(story.published, story.published, DatePrecision.DAY, Basis.PUBLICATION)
    )


def _triggers(sentence: Sentence) -> list[_Trigger]:
    """Return the triggers of a sentence, one a type, without those that are figures of speech."""
    text, base = sentence.text, sentence.span.start
    barred = [m.span() for m in _METAPHOR.finditer(text)]
    taken: list[tuple[int, int]] = []
    out: list[_Trigger] = []
    for kind, sub, weight, pattern in _TRIGGERS:
        for match in pattern.finditer(text):
            if any(match.start() < b and match.end() > a for a, b in [*barred, *taken]):
                continue
            taken.append(match.span())
            out.append(_Trigger(base + match.start(), base + match.end(), kind, sub, weight))
    if _GAMES.search(text) and not _HARD.search(text):
        out = [trigger for trigger in out if trigger.type not in _VIOLENT_WORDS]
    out = [t for t in out if not _is_the_toll(t, out, text, base)]
    best: dict[EventType, _Trigger] = {}
    for trigger in out:
        known = best.get(trigger.type)
        # The noun of the event tells more of its time and place than a verb beside it.
        if known is None or (_noun(text, trigger, base) and not _noun(text, known, base)):
            best[trigger.type] = trigger
    return sorted(best.values(), key=lambda t: t.start)


def _is_the_toll(trigger: _Trigger, triggers: Sequence[_Trigger], text: str, base: int) -> bool:
    """Tell whether "killed" only says what a strike, bomb or battle of the same clause did.

    "shelling killed 12" is one event.
    """
    if text[trigger.start - base : trigger.end - base].casefold() not in {"killed", "killing"}:
        return False
    for other in triggers:
        low, high = sorted((trigger.start, other.start))
        if (
            other.type in {EventType.BATTLE, EventType.EXPLOSION}
            and other is not trigger
            and not re.search(r"[;:.]\s|,\s+(?:while|but|and)\b", text[low - base : high - base])
        ):
            return True
    return False


# Sport, culture and markets speak the language of war: there only what no game can mean is an
# event.
_GAMES = re.compile(
    r"\b(?:striker|goalkeeper|midfielder|coach|team|league|cup|champions?|championship|match"
    r"|tournament|stadium|fans|film|movie|cinemas?|album|charts|novel|painting|band|singer"
    r"|rapper|box"
    r" office|theatre|shares|stock"
    r" exchange|investors|retailers|shoppers|pupils|playwright|sequel|premiere)\b"
    r"|\b(?-i:[A-Z]\w+ Rally)\b",
    re.IGNORECASE,
)
_HARD = re.compile(
    r"\b(?:gunm[ae]n|soldiers?|troops|militants?|rebels?|insurgents?|militia|police|shot"
    r" dead|stabbed|suicide|air ?strikes?|shelling|bomb exploded|car bomb|wounded|injured|people"
    r" were killed|arrested)\b",
    re.IGNORECASE,
)
_VIOLENT_WORDS = frozenset(
    {
        EventType.BATTLE,
        EventType.EXPLOSION,
        EventType.VIOLENCE_AGAINST_CIVILIANS,
        EventType.BLOCKADE,
        EventType.RIOT,
        EventType.PROTEST,
    }
)


def _noun(text: str, trigger: _Trigger, base: int) -> bool:
    word = text[trigger.start - base : trigger.end - base].casefold()
    return not word.endswith("ed")


def _event(
    story: Story,
    sentence: Sentence,
    position: int,
    trigger: _Trigger,
    spans: Sequence[tuple[int, int]],
) -> Event | None:
    clause = sentence.clause(trigger.start, trigger.end)
    status = status_of(sentence, clause, trigger.start)
    places = _places(story, position, sentence, trigger, (clause.start, clause.end))
    when = _when(story, position, sentence, trigger, spans, status)
    if (
        status is Status.OCCURRED
        and when is not None
        and story.published is not None
        and when.start is not None
        and day_of(when.start) > story.published
    ):
        status = Status.PLANNED
    status = backdated(status, when, story, sentence)
    actors = _actors(sentence)
    killed, injured = _toll(story, sentence) if trigger.type in _VIOLENT else (None, None)
    score = _score(trigger, position, status, places, killed, when)
    if (
        trigger.type is EventType.STATEMENT
        and not actors
        and not any(t.place is not None and t.place.kind is Kind.COUNTRY for t in sentence.toponyms)
    ):
        return None
    return Event(
        "",
        trigger.type,
        trigger.sub_type,
        actors,
        places,
        when,
        status,
        killed,
        injured,
        claimed_by(sentence),
        (sentence.evidence(story.doc),),
        score,
    )


_VIOLENT = {
    EventType.BATTLE,
    EventType.EXPLOSION,
    EventType.VIOLENCE_AGAINST_CIVILIANS,
    EventType.RIOT,
    EventType.PROTEST,
}


def _score(
    trigger: _Trigger,
    position: int,
    status: Status,
    places: Sequence[Mention],
    killed: Quantity | None,
    when: When | None,
) -> float:
    """Return how likely this is what the document is about.

    Type, place in the text, whether it happened, how exactly it is told.
    """
    score = trigger.weight * (0.55 + 0.45 / (1 + 0.25 * position))
    score *= (
        1.0
        if status in {Status.OCCURRED, Status.ONGOING}
        else 0.5
        if status is not Status.BACKGROUND
        else 0.35
    )
    score *= (
        _EXACTNESS.get(places[0].place.kind, 0.85)
        if places and places[0].place is not None
        else 0.7
    )
    score *= 1.08 if killed is not None else 1.0
    score *= 1.04 if when is not None and when.basis is not Basis.PUBLICATION else 1.0
    return round(score / (score + 0.3), 4)


# What an article is about is mostly told with its town.
_EXACTNESS = {
    Kind.SITE: 1.0,
    Kind.SETTLEMENT: 1.0,
    Kind.ADMIN2: 0.97,
    Kind.ADMIN1: 0.92,
    Kind.DISPUTED_AREA: 0.95,
    Kind.COUNTRY: 0.88,
}


# Where people flee to is not where the fighting is.
_SOUGHT = re.compile(
    r"\b(?:fled|flee|fleeing|escap(?:ed|ing)|cross(?:ed|ing)|sought"
    r" (?:refuge|shelter|safety)|seeking"
    r" (?:refuge|shelter|safety)|evacuated|displaced)\b[^.;]{0,60}\b(?:to|for|into"
    r"|in)\s+(?:(?:the|neighbou?ring|nearby)\s+)*$",
    re.IGNORECASE,
)


_LEAD = 3  # sentences


def _places(
    story: Story, position: int, sentence: Sentence, trigger: _Trigger, clause: tuple[int, int]
) -> tuple[Mention, ...]:
    """Return the event's own places.

    Of the clause, the sentence, what it refers back to, then the document's focus.

    A government's name, an actor's home and the dateline are no places of fighting; a visit or talk
    with no place of its own
    is where the text reports from.
    """
    stated = [
        mention(t)
        for t in sentence.toponyms
        if t.use is Use.LITERAL
        and not (
            trigger.type in _VIOLENT
            and _SOUGHT.search(sentence.text[: t.start - sentence.span.start])
        )
    ]
    told = sorted(
        [*stated, *sentence.coreferences],
        key=lambda m: abs(m.start - trigger.end) + (0 if m.start >= trigger.end else 12),
    )
    near = [m for m in told if clause[0] <= m.start < clause[1]]
    chosen = near or ([] if trigger.type in _OWN_PLACE_TYPES else told)
    if not chosen and trigger.type in _OWN_PLACE_TYPES and story.reported_from is not None:
        chosen = [story.reported_from]
    if not chosen and position < _LEAD and story.reported_from is not None:
        chosen = [
            story.reported_from
        ]  # the lead of a report with a dateline tells of where it is written
    if not chosen and story.focus is not None:
        chosen = [story.focus]
    if not chosen:
        chosen = [
            mention(t)
            for t in sentence.toponyms
            if t.place is not None and t.place.kind is Kind.COUNTRY
        ][:1]
    if not chosen and story.reported_from is not None:
        chosen = [story.reported_from]
    kept = _finest(chosen)
    if (
        position < _LEAD
        and len(kept) == 1
        and trigger.type not in _OWN_PLACE_TYPES
        and (town := _town_of(story, kept[0])) is not None
    ):
        return (town, *kept)
    return kept


_TOWN_NAMED, _TOWN_SHARE = 2, 0.5


def _town_of(story: Story, country: Mention) -> Mention | None:
    """Return the town in a country that the document mostly names there.

    What the lead tells of the country happened in it (12 of 15 annotated articles).
    """
    if country.place is None or country.place.kind is not Kind.COUNTRY:
        return None
    towns = [
        t
        for s in story.sentences
        for t in s.toponyms
        if t.use is Use.LITERAL
        and t.place is not None
        and t.place.kind in {Kind.SETTLEMENT, Kind.SITE}
        and t.place.country == country.place.country
    ]
    counts = Counter(t.place.id for t in towns if t.place is not None)
    ident, count = next(iter(counts.most_common(1)), ("", 0))
    if count < _TOWN_NAMED or count < _TOWN_SHARE * len(towns):
        return None
    return next(mention(t) for t in towns if t.place is not None and t.place.id == ident)


def _finest(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Return each place once, without the country or province that only says where the place is."""
    out: dict[str, Mention] = {}
    for item in mentions:
        out.setdefault(item.ident, item)
    kept = [m for m in out.values() if not any(_contains(m, other) for other in out.values())]
    return tuple(kept[:4])


def _contains(outer: Mention, inner: Mention) -> bool:
    if (
        outer.place is None
        or inner.place is None
        or outer is inner
        or outer.place.id == inner.place.id
    ):
        return False
    if outer.place.kind is Kind.COUNTRY:
        return inner.place.kind is not Kind.COUNTRY and inner.place.country == outer.place.country
    return (
        outer.place.kind is Kind.ADMIN1
        and inner.place.kind in {Kind.SETTLEMENT, Kind.ADMIN2, Kind.SITE}
        and inner.place.admin1 == outer.place.id
    )


def _when(
    story: Story,
    position: int,
    sentence: Sentence,
    trigger: _Trigger,
    spans: Sequence[tuple[int, int]],
    status: Status,
) -> When | None:
    time = time_for(sentence, trigger.start, trigger.end, spans)
    when = time.when if time is not None else None
    duration = _duration(sentence, trigger)
    if (
        when is not None
        and when.precision is DatePrecision.DAY
        and duration
        and when.start is not None
    ):
        return replace(when, end=day_of(when.start) + duration, precision=DatePrecision.RANGE)
    if when is not None:
        return replace(when, as_of=None)
    if (
        time is None
        and trigger.type in _VIOLENT
        and status is Status.OCCURRED
        and (beside := _told_beside(story, position)) is not None
    ):
        return beside
    if time is not None or story.published is None:
        return None
    if trigger.type in {EventType.DIPLOMACY, EventType.STATEMENT} or status is Status.PLANNED:
        return When(
            story.published,
            None if status is Status.PLANNED else story.published,
            DatePrecision.DAY,
            Basis.PUBLICATION,
        )
    return None


def _told_beside(story: Story, position: int) -> When | None:
    """Return the one day or month that the sentence before or after tells, marked as inferred."""
    for other in (position - 1, position + 1):
        if 0 <= other < len(story.sentences):
            told = [
                t.when
                for t in story.sentences[other].times
                if t.when is not None
                and t.role is Role.AT
                and t.when.precision in {DatePrecision.DAY, DatePrecision.MONTH}
                and not t.future
            ]
            if len(told) == 1:
                return replace(told[0], basis=Basis.INFERRED, as_of=None)
    return None


def _duration(sentence: Sentence, trigger: _Trigger) -> dt.timedelta | None:
    near = sentence.text[
        max(0, trigger.start - sentence.span.start - 30) : trigger.end - sentence.span.start + 10
    ]
    match = _DURATION.search(near)
    if match is None:
        return None
    n = int(match["n"]) if match["n"].isdigit() else _NUMBER[match["n"].casefold()]
    return dt.timedelta(
        days=max(
            1,
            round(n * {"hour": 1 / 24, "day": 1, "week": 7, "month": 30}[match["unit"].casefold()]),
        )
    )


def _actors(sentence: Sentence) -> tuple[Actor, ...]:
    """Return who takes part.

    "Armenian rebels", governments named by their country or capital, and persons with a title.
    """
    out: dict[str, Actor] = {}
    for toponym in sentence.toponyms:
        if toponym.use is Use.LITERAL:
            continue
        country = toponym.place.country if toponym.place else ""
        after = sentence.text[toponym.end - sentence.span.start :]
        match = re.match(rf"(?:['’]s)?\s+(?:[a-z-]+\s)?(?P<role>{_PEOPLE_ROLE})\b", after)
        name = toponym.name + (f" {match['role']}" if match else "")
        if match or toponym.use is Use.ASSOCIATIVE:
            out.setdefault(name, Actor(name, match["role"] if match else "government", country))
    for match in _PERSON.finditer(sentence.text):
        name = (match["name"] or match["other"]).strip()
        out.setdefault(name, Actor(name, "person"))
    return tuple(out.values())[:6]


def _toll(story: Story, sentence: Sentence) -> tuple[Quantity | None, Quantity | None]:
    killed = injured = None
    for figure in find_figures(story.doc.text, sentence.span.start, sentence.span.end):
        at = figure.start - sentence.span.start
        around = sentence.text[max(0, at - 40) : figure.end - sentence.span.start + 60]
        after = sentence.text[
            figure.end - sentence.span.start : figure.end - sentence.span.start + 45
        ]
        claimed = _LIVES.search(sentence.text[max(0, at - 25) : at])
        if injured is None and _INJURED.search(after):
            injured = figure.quantity
        elif killed is None and (_KILLED_BEFORE.search(around) or claimed):
            killed = figure.quantity
    return killed, injured


def _same(a: Event, b: Event) -> bool:
    """Tell whether two tellings are of one event.

    Same type, a place in common, times that agree.
    """
    if a.type is not b.type or (
        a.status is not b.status and {a.status, b.status} - {Status.OCCURRED, Status.ONGOING}
    ):
        return False
    shared = {m.ident for m in a.places} & {m.ident for m in b.places}
    if not shared and a.places and b.places:
        return False
    return _agree(a.when, b.when)


def _agree(a: When | None, b: When | None) -> bool:
    if (
        a is None
        or b is None
        or a.start is None
        or b.start is None
        or a.end is None
        or b.end is None
    ):
        return a is None or b is None
    return day_of(a.start) <= day_of(b.end) and day_of(b.start) <= day_of(a.end)


def _join(a: Event, b: Event) -> Event:
    first, second = (a, b) if a.score >= b.score else (b, a)
    when = _closer(a, b)
    places = {m.ident: m for m in (*first.places, *second.places)}
    actors = {x.name: x for x in (*a.actors, *b.actors)}
    return replace(
        first,
        places=tuple(places.values())[:4],
        when=when,
        evidence=joint_evidence(a, b),
        actors=tuple(actors.values())[:6],
        fatalities=first.fatalities or second.fatalities,
        injuries=first.injuries or second.injuries,
        claimed_by=first.claimed_by or second.claimed_by,
        score=round(1 - (1 - first.score) * 0.93, 4),
    )


def _closer(a: Event, b: Event) -> When | None:
    """Return the time of the two that is known more closely.

    A duration told in one gives the other its end.
    """
    told = [w for w in (a.when, b.when) if w is not None and w.start is not None]
    # A day that is only that of the publication yields to any time that the text tells.
    when = min(
        told, key=lambda w: (w.basis is Basis.PUBLICATION, _length(w)), default=a.when or b.when
    )
    if when is None or when.precision is not DatePrecision.DAY or when.start is None:
        return when
    for event in (a, b):
        duration = max((_told_duration(e.text) for e in event.evidence[:8]), default=0)
        if duration:
            return replace(
                when,
                end=day_of(when.start) + dt.timedelta(days=duration),
                precision=DatePrecision.RANGE,
            )
    return when


def _told_duration(text: str) -> int:
    match = re.search(
        r"\b(?P<n>\d{1,3})[- ](?P<unit>hour|day)(?:[-"
        r" ]long)?\s+(?:\w+\s)?(?:military|ground|campaign|operation|offensive|battle|war"
        r"|siege|assault)",
        text,
        re.IGNORECASE,
    )
    return (
        0
        if match is None
        else max(1, round(int(match["n"]) / (24 if match["unit"].casefold() == "hour" else 1)))
    )


def _length(when: When) -> int:
    if when.start is None or when.end is None:
        return 10**6
    return (day_of(when.end) - day_of(when.start)).days


def _numbered(doc: Document, events: Sequence[Event]) -> list[Event]:
    ordered = sorted(events, key=lambda e: (-e.score, e.evidence[0].start, e.type.value))
    return [
        replace(event, id=f"{doc.id}#e{number}") for number, event in enumerate(ordered, start=1)
    ]
