"""One table from geomap's terms to those of ACLED, UCDP, PLOVER, IDMC HELIX, UNHCR and HDX HAPI."""

from __future__ import annotations

from geomap.model import (
    Event,
    EventType,
    Measure,
    Movement,
    MovementKind,
    Precision,
    Quantifier,
    Unit,
)

# type: (ACLED event type, UCDP type_of_violence or None, PLOVER event type)
EVENT_TYPES: dict[EventType, tuple[str, int | None, str]] = {
    EventType.BATTLE: ("Battles", 1, "FIGHT"),
    EventType.EXPLOSION: ("Explosions/Remote violence", 1, "ASSAULT"),
    EventType.VIOLENCE_AGAINST_CIVILIANS: ("Violence against civilians", 3, "ASSAULT"),
    EventType.PROTEST: ("Protests", None, "PROTEST"),
    EventType.RIOT: ("Riots", None, "PROTEST"),
    EventType.STRATEGIC: ("Strategic developments", None, "COERCE"),
    EventType.AGREEMENT: ("Strategic developments", None, "AGREE"),
    EventType.DIPLOMACY: ("", None, "CONSULT"),
    EventType.BLOCKADE: ("Strategic developments", None, "SANCTION"),
    EventType.TERRITORIAL_CLAIM: ("", None, "DEMAND"),
    EventType.AID: ("", None, "AID"),
    EventType.STATEMENT: ("", None, "DISAPPROVE"),
}
# Where the sub-type tells more than the type: force of armies is FIGHT in PLOVER, other harm
# ASSAULT.
PLOVER_SUB_TYPES = {
    "air_drone_strike": "FIGHT",
    "shelling": "FIGHT",
    "sanction": "SANCTION",
    "concession": "CONCEDE",
    "investigation": "INVESTIGATE",
    "mobilization": "MOBILIZE",
    "retreat": "RETREAT",
    "rejection": "REJECT",
    "threat": "THREATEN",
    "demand": "DEMAND",
    "support": "SUPPORT",
    "non_violent_transfer": "RETREAT",
    "looting": "COERCE",
}
ACLED_SUB_TYPES = {
    "armed_clash": "Armed clash",
    "air_drone_strike": "Air/drone strike",
    "suicide_bomb": "Suicide bomb",
    "shelling": "Shelling/artillery/missile attack",
    "remote_explosive": "Remote explosive/landmine/IED",
    "abduction": "Abduction/forced disappearance",
    "sexual_violence": "Sexual violence",
    "attack": "Attack",
    "ceasefire": "Agreement",
    "arrests": "Arrests",
    "looting": "Looting/property destruction",
    "non_violent_transfer": "Non-violent transfer of territory",
    "mob_violence": "Mob violence",
    "peaceful_protest": "Peaceful protest",
    "blockade": "Other",
}
# precision: (ACLED geo_precision, UCDP where_prec, HELIX accuracy)
PRECISIONS: dict[Precision, tuple[int | None, int, str]] = {
    Precision.SITE: (1, 1, "POINT"),
    Precision.SETTLEMENT: (1, 1, "POINT"),
    Precision.NEAR: (2, 2, "ADM3"),
    Precision.ADMIN2: (2, 3, "ADM2"),
    Precision.ADMIN1: (3, 4, "ADM1"),
    Precision.AREA: (3, 4, "ADM1"),
    Precision.COUNTRY: (3, 6, "ADM0"),
    Precision.NONE: (None, 7, ""),
}
TIME_PRECISIONS = {
    "day": (1, 1),
    "week": (2, 2),
    "range": (2, 3),
    "month": (3, 4),
    "year": (None, 5),
}  # ACLED time_precision, UCDP date_prec
HELIX_QUANTIFIERS = {
    Quantifier.EXACT: "EXACT",
    Quantifier.MORE_THAN: "MORE_THAN",
    Quantifier.AT_LEAST: "MORE_THAN",
    Quantifier.LESS_THAN: "LESS_THAN",
    Quantifier.UP_TO: "LESS_THAN",
    Quantifier.NEARLY: "APPROXIMATELY",
    Quantifier.ABOUT: "APPROXIMATELY",
    Quantifier.RANGE: "APPROXIMATELY",
    Quantifier.VAGUE: "APPROXIMATELY",
}
HELIX_TERMS = {
    MovementKind.DISPLACEMENT: "DISPLACED",
    MovementKind.EVACUATION: "EVACUATED",
    MovementKind.RETURN: "RETURNS",
    MovementKind.EXPULSION: "FORCED_TO_FLEE",
    MovementKind.STOCK: "DISPLACED",
}


def event_crosswalk(event: Event) -> dict[str, str | int | None]:
    """Return the columns by which an event drops into ACLED, UCDP and PLOVER tables."""
    acled, violence, plover = EVENT_TYPES[event.type]
    place = event.places[0].place if event.places else None
    geo, where, _ = PRECISIONS[place.precision if place else Precision.NONE]
    time, date = (
        TIME_PRECISIONS.get(event.when.precision.value, (None, 5))
        if event.when is not None and event.when.precision
        else (None, None)
    )
    return {
        "acled_event_type": acled,
        "acled_sub_event_type": ACLED_SUB_TYPES.get(event.sub_type, ""),
        "geo_precision": geo,
        "time_precision": time,
        "type_of_violence": violence,
        "where_prec": where,
        "date_prec": date,
        "plover": PLOVER_SUB_TYPES.get(event.sub_type, plover),
    }


def movement_crosswalk(movement: Movement) -> dict[str, str]:
    """Return the columns by which a movement drops into HELIX, UNHCR and HDX HAPI tables."""
    quantity = movement.quantity
    origin, destination = (
        _country(movement, "origins") or _country(movement, "within"),
        _country(movement, "destinations"),
    )
    abroad = bool(origin and destination and origin != destination)
    return {
        "helix_quantifier": HELIX_QUANTIFIERS[quantity.quantifier] if quantity else "",
        "helix_unit": (
            {Unit.PERSON: "PERSON", Unit.HOUSEHOLD: "HOUSEHOLD"}.get(quantity.unit, "")
            if quantity and quantity.unit
            else ""
        ),
        "helix_category": _category(movement, abroad=abroad),
        "helix_term": HELIX_TERMS[movement.kind],
        "helix_role": "RECOMMENDED",
        "coo_iso": origin,
        "coa_iso": destination,
        "origin_location_code": origin,
        "asylum_location_code": destination,
    }


def _country(movement: Movement, side: str) -> str:
    return next(
        (
            m.place.country
            for m in getattr(movement, side)
            if m.place is not None and m.place.country
        ),
        "",
    )


def _category(movement: Movement, *, abroad: bool) -> str:
    if movement.measure is Measure.STOCK:
        return "PEOPLE_DISPLACED_ACROSS_BORDERS" if abroad else "IDPS"
    if movement.kind is MovementKind.RETURN:
        return "CROSS_BORDER_RETURN" if abroad else "RETURN"
    return "CROSS_BORDER_FLIGHT" if abroad else "NEW_DISPLACEMENT"
