"""The words by which movements of people are told.

What moves them, from where, to where, and what only looks like it.
"""

from __future__ import annotations

import re

from geomap.model import MovementKind

PEOPLE = (
    r"(?:people|persons?|residents|civilians|inhabitants|families|households|refugees|migrants"
    r"|villagers|women|children|families|idps|asylum[-"
    r" ]seekers|population|communities|locals|survivors|workers|returnees|citizens|evacuees"
    r"|others|many|everyone|students|compatriots)"
)
# One row a kind of trigger: kind, whether figure or people must be near, pattern.
TRIGGER_ROWS: tuple[tuple[MovementKind, str], ...] = (
    (
        MovementKind.STOCK,
        (
            r"(?:remain(?:s|ed)?|still|currently|are|living) (?:\w+ )?displaced|(?:are|were|is)"
            r" (?:currently |now |still"
            r" )?(?:living|staying|sheltering|housed|camped|hosted|accommodated|residing)"
            r"|(?:have|has)"
            r" (?:been )?(?:taken )?shelter(?:ed)?|hosts?|hosting|is home"
            r" to|(?:refugees|idps|displaced (?:people|persons)|asylum[- ]seekers)"
            r" (?:live|living|remain|stay|in (?:the )?(?:camps?|(?-i:[A-Z])\w+))|continuing to"
            r" camp|in (?:temporary |evacuation |relief |displacement |makeshift"
            r" )?(?:shelters|camps|centers|centres)|sheltering|sheltered|homeless|internally"
            r" displaced (?:people|persons|households|families)|displaced"
            r" (?:households|families)|idps|(?:stranded|stuck|trapped|held|languishing)(?="
            r" (?:on|at|in)\b)|registered as displaced|housed(?= in\b)|at sea(?="
            r" (?:in|off|near)\b)|became idps"
        ),
    ),
    (
        MovementKind.RETURN,
        (
            r"return(?:ed|ing|s)?(?= to| home|ed from| from|ees|\b(?= of))|went"
            r" (?:back|home)|returnees|go(?:ne|ing)? (?:back|home)|came (?:back|home)|com(?:e|ing)"
            r" home|repatriat(?:ed|ion|ing)|voluntary returns?|return of"
        ),
    ),
    (
        MovementKind.EXPULSION,
        (
            r"expel(?:led|ling|s)?|expulsions?|deport(?:ed|ing|ation|ations|s)?|forcibly"
            r" (?:transferred|removed|relocated)|forced transfer|forcibly returned|sent"
            r" back|(?<=been )sent(?= to\b)|(?<=were )sent(?= to\b)|(?:pushed|turned)"
            r" (?:back|away|around)|turning away|pushbacks?"
        ),
    ),
    (
        MovementKind.EVACUATION,
        (
            r"evacuat(?:ed|ing|ion|ions|e|es)|airlifted|relocat(?:ed|ing|ion|e)|bussed|transported"
            r" (?:by bus )?(?=to\b)"
        ),
    ),
    (
        MovementKind.DISPLACEMENT,
        (
            r"fle(?:d|e|es|eing)|displac(?:ed|es|ing|ement|ements)|uproot(?:ed|ing)|forced (?:to"
            r" (?:flee|leave|abandon)|from|out of)|forc(?:ed|ing)(?= (?:[\w,]+ ){1,5}(?:to"
            r" (?:flee|leave|abandon|seek|evacuate|move)|from (?:their|its)|out\b))|driven"
            r" (?:from|out of|off)|drove (?:\w+ )?from|cross(?:ed|ing)(?= (?:into|over|the"
            r" border|to|from)|\b)|entered|arriv(?:ed|ing|als?|e|es)|sought"
            r" (?:refuge|shelter|safety|asylum)|seek(?:ing)?"
            r" (?:refuge|shelter|safety|asylum)|tak(?:en|ing|e) (?:refuge|shelter)|took"
            r" (?:refuge|shelter)|left(?= (?:their|the|for|behind|home|[A-Z]))|leav(?:e|ing)(?="
            r" (?:their|the|for|home|[A-Z]))|abandon(?:ed|ing)"
            r" (?:their|the)|escap(?:ed|ing)|pour(?:ed|ing) (?:into|across|out)|stream(?:ed|ing)"
            r" (?:into|across|out|over)|exodus|influx|trekk(?:ed|ing)|outflow|made homeless|lost"
            r" their homes|moved (?:to|into|out of|from)|gone to|headed"
            r" (?:to|for)|reach(?:ed|ing)|rushed to|rescued|saved(?= [\d,]+)|caused (?=[\d,]+"
            r" displacements)"
        ),
    ),
)
# Reports copied out of PDF files glue words together: "weredisplaced", "fledShirqat".
BEFORE_TRIGGER = (
    r"(?:(?<![\w-])|(?<=\b[Ww]ere)|(?<=\b[Ww]as)|(?<=\b[Hh]ave)|(?<=\b[Hh]ad)|(?<=\b[Bb]een)"
    r"|(?<=\bpeople)|(?<=\b[Tt]o))"
)
TRIGGERS = [
    (
        kind,
        re.compile(
            rf"{BEFORE_TRIGGER}(?i:{pattern})(?:(?![\w-])|(?=[A-Z]|from\b|by\b|in\b|to\b"
            r"|about\b|at\b|people\b|more\b))"
        ),
    )
    for kind, pattern in TRIGGER_ROWS
]
# Verbs that tell of flight by themselves, without a figure; the others ("arrived", "entered") need
# one.
STRONG = re.compile(
    (
        r"fle(?:d|e|eing)|displac|uproot|forced|driven|drove|exodus|influx|evacuat|deport|expel"
        r"|expul|repatriat|refuge|shelter|return|abandon|homeless"
    ),
    re.IGNORECASE,
)
NOT_PEOPLE = frozenset(
    "troops soldiers fighters servicemen policemen rebels militants casualties dead fatalities"
    " victims lives protesters protestors demonstrators beneficiaries detainees".split()
)
# They travel and are treated without fleeing; only a verb of flight or evacuation makes them count.
MAYBE_PEOPLE = frozenset(
    "members staff tourists passengers patients workers employees labourers laborers"
    " foreigners".split()
)
ARMED = re.compile(
    (
        r"\b(?:troops|soldiers?|fighters|rebels|insurgents|militants|police(?:men)?|gunm[ae]n"
        r"|suspects?|attackers?|assailants?|robbers?|prisoners?|inmates|drivers?|diplomats?"
        r"|ambassadors?|team|players|ship|bus|flights?|plane|animals|cattle|convoys?|trucks?|aid"
        r"|money|capital|investors|embassy|killer|driver|president|minister)\b"
    ),
    re.IGNORECASE,
)
NOT_FLIGHT = re.compile(
    r"fle(?:d|e|eing) (?:the )?(?:scene|on foot|police|in a (?:car|vehicle)|custody|justice|after"
    r" (?:the )?(?:crash|shooting|robbery))|return(?:ed|s|ing)? (?:to"
    r" (?:normal|work|power|office|school|duty|the"
    r" (?:field|pitch|court|top|polls|negotiat\w+|table|air|subject|issue))|fire|a verdict|the"
    r" favou?r|calls?)|moved to tears|left (?:behind|dead|at least|many dead|\d+ dead)|"
    r"reached (?:a|an|the)"
    r" (?:deal|agreement|peak|high|point|age|conclusion|final|end|level|settlement|semi)"
    r"|arriv(?:ed|ing|e)"
    r" (?:at (?:a|the) (?:decision|conclusion|scene)|for (?:a|the|talks))|entered (?:into|the"
    r" (?:race|war|market|conflict|second|third|talks)|office|service|force)|evacuation"
    r" drills?|displac(?:ed|ement) (?:by (?:a )?robots?|as (?:the )?leader)|crossing (?:the"
    r" finish|point|guard)|left (?:the"
    r" (?:field|pitch|company|party|band|team|race)|his|her)|escap(?:ed|ing)"
    r" (?:injury|unhurt|death|notice|punishment|relegation)|left (?:for|the) (?:dead|hospital)",
    re.IGNORECASE,
)
FROM = re.compile(
    r"\b(?:from|out"
    r" of|outside)\s+(?:(?:the|its|their|eastern|western|northern|southern|central|north-?\w*"
    r"|south-?\w*|east|west|north|south|nearby|war-torn|neighbou?ring|rebel-held|besieged"
    r"|occupied|breakaway|disputed|town|city|village|villages|region|province|district|state"
    r"|areas?|parts|capital|towns|country|enclave|camps?|regions|districts|provinces|counties"
    r"|states|neighbou?rhoods|of|in|around|and|ethnic|fighting|violence|conflict|clashes"
    r"|attacks?|shelling|homes?|their|houses|mainly|mostly)[\s,]+){0,7}$",
    re.IGNORECASE,
)
TO = re.compile(
    r"(?<!according"
    r" )\b(?:to|into|toward|towards|onto|for|reach(?:ed|ing)?|enter(?:ed|ing)?|cross(?:ed|ing)?"
    r" (?:into|over to|the border (?:in)?to)|border"
    r" (?:into|with))\s+(?:(?:the|its|their|eastern|western|northern|southern|central"
    r"|north-?\w*|south-?\w*|neighbou?ring|nearby|safer|town|city|village|region|province"
    r"|district|state|areas?|parts|capital|towns|country|camps?|of|in|relative|safety|shelters"
    r"|and|refugee|government-controlled)[\s,]+){0,6}$",
    re.IGNORECASE,
)
IN = re.compile(
    (
        r"\b(?:in|on|inside|within|across|throughout|at|around|near|of)\s+(?:(?:the|its|their"
        r"|eastern|western|northern|southern|central|north-?\w*|south-?\w*|neighbou?ring|nearby"
        r"|town|city|village|region|province|district|state|areas?|parts|capital|towns|villages"
        r"|country|camps?|of|and|several|other)[\s,]+){0,6}$"
    ),
    re.IGNORECASE,
)
VIA = re.compile(r"\b(?:through|via|across|along)\s+(?:the\s+)?(?:\w+\s+)?$", re.IGNORECASE)
OBJECT_ORIGIN = re.compile(
    r"(?:fle(?:d|e|es|eing)|evacuat(?:ed|e|es|ing)|left|leav(?:e|ing)|escap(?:ed|ing)"
    r"|abandon(?:ed|ing)|exodus"
    r" (?:of|from)|vacat(?:ed|e))(?:\s+(?:the|their|homes?|houses|in|violence|fighting"
    r"|conflict|clashes|war|attacks|shelling|bombardment|war-torn|besieged|eastern|western"
    r"|northern|southern|and|town|city|village|villages|region|of|persecution|unrest"
    r"|repression|insecurity|parts|areas|around|homes)\b)*\s*$",
    re.IGNORECASE,
)
OBJECT_DESTINATION = re.compile(
    r"(?:entered|reach(?:ed|ing)?|entering|enter|arrivals? in|arriv(?:ed|ing|e) (?:in|at)|influx"
    r" (?:in)?to|(?:sought|seek(?:ing)?|tak(?:en|ing|e)|took|found|given)"
    r" (?:refuge|shelter|sanctuary|asylum|safety) (?:in|at)|sheltering in|resettled"
    r" in)(?:\s+(?:the|neighbou?ring|nearby|eastern|western|northern|southern|town|city"
    r"|village|region|of|camps?|and|country)\b)*\s*$",
    re.IGNORECASE,
)
RESIDENTS_OF = re.compile(
    (
        r"\b(?:residents|people|inhabitants|families|villagers|civilians|population|citizens"
        r"|refugees|households)\s+(?:of|from)\s+(?:(?:the|town|city|village|of|eastern|western"
        r"|northern|southern)\s+)*$"
    ),
    re.IGNORECASE,
)
# "to collective centres in Donetsk", "at an emergency site at Qayara": what people come to is told
# by the place it is in.
TO_SITE = re.compile(
    r"\b(?:to|into|toward|towards|arriv\w+"
    r" at|reach\w*)\s+(?:[\w'’,-]+\s+){0,5}?(?:camps?|cent(?:er|re)s?|sites?|shelters?"
    r"|villages?|towns?|areas?|parts|neighbou?rhoods?|districts?|settlements?|schools?"
    r"|countryside|suburbs|outskirts|homes?|places)\s+(?:[\w'’-]+\s+){0,3}?(?:in|at|of|near"
    r"|around|outside)\s+(?:(?:the|city|town|village|northern|southern|eastern|western|central"
    r"|rural|north|south|east|west)\s+)*$",
    re.IGNORECASE,
)
# What drives people out, and where it is: "fighting in the northern city of Kunduz displaced
# 24,000".
CAUSE_IN = re.compile(
    (
        r"\b(?:fighting|clashes|violence|conflict|offensive|shelling|bombing|bombardment"
        r"|airstrikes|strikes|attacks?|floods?|flooding|fires?|wildfires?|storms?|earthquake"
        r"|operations?|insecurity|unrest|rains?)\s+(?:in|around|on|at|near)\s+(?:(?:the|and|around"
        r"|northern|southern|eastern|western|central|city|town|village|region|province|district"
        r"|of)\s+)*$"
    ),
    re.IGNORECASE,
)
DISTANCE_FROM = re.compile(
    (
        r"\b(?:km|kilomet\w+|miles?|metres?|meters?|feet|yards|minutes|hours|far|away"
        r"|drive)\s+(?:\w+\s+)?from\s+(?:the\s+)?$"
    ),
    re.IGNORECASE,
)
# "Chad, which borders Sudan, has received 12,000 refugees": the subject is where they came.
RECEIVES = re.compile(
    r"(?:,[^,.;]{3,90},)?\s+(?:has |have |had )?(?:been the recipient of|received|taken in|took"
    r" in|absorbed|welcomed)\b",
    re.IGNORECASE,
)
CONTAINER = re.compile(
    r"^(?:'s|’s)?\s*(?:\w+\s+)?(?:,|\(|in|of)\s*(?:the\s+)?(?:\w+\s+)?$", re.IGNORECASE
)
LIST = re.compile(
    r"^(?:\s+(?:city|town|village|district|province|county|state|region|governorate|camps?"
    r"|islands?|valley))?\s*(?:,|and|or|,\s*and|&|/|as"
    r" well"
    r" as)\s*(?:the\s+|in\s+|from\s+|to\s+|neighbou?ring\s+|nearby\s+|central\s+|northern\s+"
    r"|southern\s+|eastern\s+|western\s+)?$",
    re.IGNORECASE,
)
SAID_BEFORE = re.compile(
    r"\b(?:said|says|told"
    r" \w+|announced|reported|stated|added|tweeted|confirmed|estimated|warned)(?:\s+(?:on|late"
    r"|early|in"
    r" a statement|reporters|earlier))*\s*$",
    re.IGNORECASE,
)
SAID_AFTER = re.compile(
    r"\s*,?\s*(?:[\w’'-]+\s+){0,6}(?:said|says|announced|reported|stated|told"
    r" \w+|confirmed|estimated)\b",
    re.IGNORECASE,
)
CUMULATIVE = re.compile(
    r"\b(?:so far|in total|a total of|total(?:s|l?ed|l?ing)? (?:of|number|to)|brings? the|bringing"
    r" the|overall|to date|altogether|since|(?:has|have|had)(?: now| already)? (?:reached|risen"
    r" to|climbed to|grown to|swollen to)|(?:rose|climbed|grew|swelled)"
    r" to|(?:number|count|figure|toll)\b[^.;]{0,60}\b(?:reached|passed|topped|exceeded|stood"
    r" at|stands at))\b",
    re.IGNORECASE,
)
NEW = re.compile(
    r"\b(?:newly|new arrivals|in the (?:last|past)|over the (?:last|past|weekend)|this week|last"
    r" (?:week|month|night)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|per day|a"
    r" day|each day|daily|between|within|during|in"
    r" (?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december))\b",
    re.IGNORECASE,
)
REASON = re.compile(
    r"\b(?:due to|because of|as a result of|following|after|amid|owing to|triggered by|caused"
    r" by|fearing|for fear of|fleeing)\s+(?P<why>[^,.;()]{4,90})",
    re.IGNORECASE,
)
GROUP = re.compile(
    r"\b(?P<group>(?:(?:ethnic|local|displaced|many|some|most|internally|war-weary|fleeing"
    r"|other|all|these|those|the|more|thousands"
    rf" of|hundreds of)\s+)*(?:[A-Z][a-z]+(?:ns|is|ans|ese)\b|{PEOPLE}))",
    re.IGNORECASE,
)
FROM_PLACE = re.compile(r"\s*(?:people\s+|others\s+|families\s+)?from\s+(?:the\s+)?[A-Z]")
# Counted so, people are displaced without any verb that says it: "some 1,700 asylum seekers on
# Samos".
DISPLACED_NOUN = re.compile(
    r"refugees?|asylum[- ]seekers?|idps?|displaced|evacuees|returnees", re.IGNORECASE
)
# "Displaced people" names a state, "people displaced by" a movement.
DISPLACED_PEOPLE = re.compile(
    (
        r"displaced\s+(?:people|persons|families|households|residents|civilians|children"
        r"|populations?|communities)\b"
    ),
    re.IGNORECASE,
)
# An evacuated home stands for its household.
EVACUATED_HOMES = re.compile(
    r"\s*(?:homes|houses)\s+(?:were|was|have been|had been)\s+evacuated\b", re.IGNORECASE
)
# A town is home to its people, and firemen rescue anyone: these tell of displacement only when they
# tell of the displaced.
NEEDS_DISPLACED = re.compile(
    r"hosts?|hosting|is home to|rescued|at"
    r" sea|stranded|stuck|trapped|held|languishing|(?:are|were|is) (?:\w+"
    r" )?(?:living|staying|housed|residing)",
    re.IGNORECASE,
)
# Words that place the other end beside the country that the document tells of.
ABROAD = re.compile(
    r"\b(?:abroad|into exile|(?:fled|flee|fleeing|left|leave|leaving) the country|out of the"
    r" country|(?:across|over) the border|neighbou?ring (?:countries|states|nations))\b",
    re.IGNORECASE,
)
SITES = (
    r"(?:villages?|towns?|areas?|camps?|shelters?|shel-ters|cent(?:re|er)s?|sites?|schools|hotels"
    r"|neighbou?rhoods|districts|islands?|countries|territory|parts|buildings|settlements)"
)
DESCRIBED = (
    r"(?P<name>(?:(?:an?|the|some|several|many|around|about|nearby|neighbou?ring|other|safer"
    r"|higher|temporary|makeshift|government|emergency|evacuation|relief|collective|displacement"
    r"|refugee|overcrowded|coastal|rural|urban|low-lying|flood-prone|frontline|disputed|northern"
    r"|southern|eastern|western|\d+|two|three|four|five|six|seven|eight|nine|ten"
    rf"|[\w-]+-(?:controlled|held|prone))\s+){{0,4}}{SITES}(?:\s+and\s+(?:[\w-]+\s+)"
    rf"{{0,2}}{SITES})?)\b(?!\s+(?:of|in|near|around)\s+(?:the\s+)?(?-i:[A-Z]))"
)
DESCRIBED_FROM = re.compile(
    rf"\b(?:from|out of|fle[de]|fleeing|evacuated?|left)\s+{DESCRIBED}", re.IGNORECASE
)
DESCRIBED_TO = re.compile(
    r"\b(?:to|into|towards?|refuge in|refuge at|shelter in|shelter at|arriv\w+"
    rf" (?:in|at))\s+{DESCRIBED}",
    re.IGNORECASE,
)
DESCRIBED_HOME = re.compile(
    rf"(?:\b(?:to|into)\s+(?:{DESCRIBED}|(?P<homes>their (?:homes?|villages?|areas? of"
    r" origin)))|\b(?:return\w*|gone|went|came|come|go|going) (?P<home>home))\b",
    re.IGNORECASE,
)
NEAR_NOUN = 40  # code points from the counted people to where they are from
