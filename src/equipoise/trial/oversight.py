"""Acts of those who look over the record: queries, verification, signatures, freezes, looks step by step. Events, and no values.

None of them is part of a patient's record: analyses do not read them. They name the events that they are about by number. They stand: what was
wrong with one is said by another (a query is closed, a cut is withdrawn).
"""

from __future__ import annotations

from collections.abc import Mapping

_Details = Mapping[str, tuple[tuple[type, ...], bool]]
_QUERY: _Details = {"query": ((int,), True), "event": ((int,), True)}
_LOOK: _Details = {"look": ((int,), True), "cohort": ((str,), False)}
_SAYS: _Details = {"text": ((str,), True)}
_MAY_SAY: _Details = {"text": ((str,), False)}
_ABOUT: _Details = {"event": ((int,), True)}

#: Acts about a patient's record: the event names the patient, and is no part of his record.
ON_PATIENTS: Mapping[str, _Details] = {
    "query opened": {**_ABOUT, "field": ((str,), False), **_SAYS},
    "query answered": {**_QUERY, **_SAYS},
    "query closed": {**_QUERY, **_MAY_SAY},
    "query reopened": {**_QUERY, **_SAYS},
    "verified": {"events": ((list,), True), **_MAY_SAY},
    "signed": {
        "meaning": ((str,), True),
        "name": ((str,), True),
        "events": ((list,), True),
        "digest": ((str,), True),
        "cutoff": ((str,), False),
    },
    "frozen": {},
    "unfrozen": {},
    "coded": {
        **_ABOUT,
        "field": ((str,), True),
        "term": ((str,), True),
        "code": ((str,), True),
        "dictionary": ((str,), True),
        "version": ((str,), True),
    },
    "safety reviewed": {
        **_ABOUT,
        "related": ((bool,), True),
        "expected": ((bool,), True),
        **_MAY_SAY,
    },
    "impact assessed": {**_ABOUT, **_SAYS},
}
#: Steps of a look, in their order; 'decided' stands between the fourth and the fifth.
STEPS: tuple[str, ...] = ("cut off", "look checked", "entry closed", "look unblinded", "decided", "recommended")
#: Acts of the trial as a whole.
ON_TRIAL: Mapping[str, _Details] = {
    "cut off": {**_LOOK, "cutoff": ((str,), True)},
    "look checked": {**_LOOK, **_MAY_SAY},
    "entry closed": _LOOK,
    "cut withdrawn": _LOOK,
    "look unblinded": _LOOK,
    "recommended": {**_LOOK, "recommendation": ((str,), True), **_MAY_SAY},
    "recommendation taken": {**_LOOK, **_SAYS},
    "locked": {},
    "unlocked": {},
    "reviewed": {"scope": ((str,), True), "finding": ((str,), True)},
    "seen": {"page": ((str,), True)},
    "exported": {"what": ((str,), True), "filter": ((str,), False), "head": ((str,), True)},
}
#: All of them; each says when it was given by its moment, and its day is that moment's.
OVERSIGHT = frozenset({*ON_PATIENTS, *ON_TRIAL})
#: The tables that tell how the record stands with those who look over it.
TABLES = ("queries", "verification", "signatures", "endorsements", "looks", "trail", "to-sign")
#: What a committee recommends.
RECOMMENDATIONS = ("continue", "continue with changes", "pause enrolment", "stop")
#: What a signature means.
MEANINGS = (
    "I have entered these data",
    "I have reviewed these data and they are right",
    "I endorse these data at the cut-off",
)


def targets(data: Mapping[str, object]) -> list[int]:
    """The numbers of the events that an act is about."""
    found = data.get("events")
    numbers = list(found) if isinstance(found, list) else [data.get("event")]
    return [n for n in numbers if isinstance(n, int) and not isinstance(n, bool)]
