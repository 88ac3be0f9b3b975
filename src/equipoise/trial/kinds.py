"""Kinds of event, and the details that each carries."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.trial.oversight import ON_PATIENTS, ON_TRIAL

_KINDS: Mapping[str, Mapping[str, tuple[tuple[type, ...], bool]]] = {
    "opened": {
        "trial": ((str,), True),
        "fingerprint": ((str,), True),
        "definition": ((str,), False),
        "left_out": ((list,), False),
        "administrator": ((str,), False),
        "part": ((int,), False),
    },
    "amended": {"fingerprint": ((str,), True), "definition": ((str,), False), "allowed": ((list,), False)},
    "approved": {"fingerprint": ((str,), True)},
    "sealed": {"commitment": ((str,), True), "scheme": ((str,), True)},
    "site activated": {},
    "enrolment paused": {"cohort": ((str,), False)},
    "enrolment resumed": {"cohort": ((str,), False)},
    "enrolment closed": {"cohort": ((str,), False)},
    "screened": {
        "failed": ((list,), True),
        "subject": ((dict,), False),
        "cohort": ((str,), False),
        "birth_year": ((int,), False),
        "sex": ((str,), False),
        "initials": ((str,), False),
        "new_person": ((bool,), False),
    },
    "consented": {"version": ((str,), True)},
    "enrolled": {
        "factors": ((dict,), True),
        "baseline": ((dict,), False),
        "arm": ((str,), False),
        "cohort": ((str,), False),
        "part": ((int,), False),
    },
    "eligibility reviewed": {"eligible": ((bool,), True), "failed": ((list,), False), "reason": ((str,), False)},
    "randomised": {
        "arm": ((str,), False),
        "code": ((str,), False),
        "stratum": ((str,), True),
        "actual": ((str,), False),
    },
    "unblinded": {"reason": ((str,), True)},
    "assigned": {
        "level": ((str,), True),
        "against_design": ((bool,), False),
        "backfill": ((bool,), False),
        "at_random": ((bool,), False),
    },
    "treated": {
        "drug": ((str,), True),
        "cycle": ((int,), True),
        "day": ((int,), True),
        "dose": ((int, float), False),
        "unit": ((str,), False),
        "times_a_day": ((int,), False),
        "until": ((str,), False),
        "until_dated": ((str,), False),
        "until_date_rule": ((str,), False),
    },
    "dose omitted": {
        "drug": ((str,), True),
        "cycle": ((int,), True),
        "day": ((int,), True),
        "reason": ((str,), True),
    },
    "treatment ended": {"reason": ((str,), True)},
    "study ended": {"reason": ((str,), True)},
    "assessed": {
        "response": ((str,), True),
        "criterion": ((str,), False),
        "sum_mm": ((int, float), False),
        "new_lesion": ((bool,), False),
        "baseline": ((bool,), False),
        "assessor": ((str,), False),
        "accepted": ((bool,), False),
        "visit": ((str,), False),
        "visit_number": ((int, float), False),
        "lesions": ((list,), False),
        "measurements": ((dict,), False),
        "confirmed": ((bool,), False),
        "target": ((str,), False),
        "non_target": ((str,), False),
    },
    "progressed": {"basis": ((str,), True)},
    "outcome": {"outcome": ((str,), True), "result": ((str,), True)},
    "adverse event": {
        "term": ((str,), True),
        "grade": ((int,), True),
        "serious": ((bool,), False),
        "criteria": ((list,), False),
        "related": ((bool,), False),
        "reported": ((str,), False),
        "organ_class": ((str,), False),
        "ctcae": ((int,), False),
        "severity": ((str,), False),
        "causality": ((str,), False),
        "until": ((str,), False),
        "until_dated": ((str,), False),
        "until_date_rule": ((str,), False),
    },
    "dlt adjudicated": {"dlt": ((bool,), True), "reason": ((str,), True)},
    "next therapy": {"therapy": ((str,), False)},
    "deviation": {"what": ((str,), True), "major": ((bool,), True)},
    "contact": {},
    "withdrawn": {"reason": ((str,), False)},
    "lost": {},
    "died": {"cause": ((str,), False)},
    "decided": {
        "look": ((int,), False),
        "part": ((int,), False),
        "action": ((str,), True),
        "cutoff": ((str,), True),
        "known_on": ((str,), True),
        "cohort": ((str,), False),
        "attained": ((list,), False),
        "head": ((str,), False),
        "history": ((str,), False),
        "level": ((str,), False),
        "recommended": ((str,), False),
    },
    "dose set": {
        "level": ((str,), True),
        "dose": ((int, float), True),
        "unit": ((str,), True),
        "cutoff": ((str,), True),
        "known_on": ((str,), True),
        "history": ((str,), False),
        "action": ((str,), True),
        "recommended": ((str,), False),
        "definition": ((str,), True),
        "head": ((str,), True),
        "decision": ((int,), False),
    },
    "safety look": {
        "rule": ((str,), True),
        "speaks": ((bool,), True),
        "does": ((str,), True),
        "events": ((int,), True),
        "watched": ((int,), True),
        "cutoff": ((str,), True),
        "known_on": ((str,), True),
        "head": ((str,), False),
    },
    "reconciled": {"number": ((int,), True), "hash": ((str,), True), "lost": ((list,), True)},
    "granted": {
        "person": ((str,), True),
        "role": ((str,), True),
        "sites": ((list,), False),
        "name": ((str,), False),
        "arms": ((bool,), False),
    },
    "revoked": {"person": ((str,), True), "role": ((str,), True)},
    "trained": {"person": ((str,), True), "what": ((str,), True)},
    "delegated": {"person": ((str,), True), "tasks": ((list,), True)},
    "clock corrected": {},
    "voided": {},
    "redacted": {"event": ((int,), True), "recorded": ((str,), True), "corrected": ((int,), False)},
    "form": {
        "form": ((str,), True),
        "visit": ((str,), False),
        "values": ((dict,), True),
    },
    **ON_PATIENTS,
    **ON_TRIAL,
}

#: What is recorded of the people of a trial: who may do what, and since when.
PEOPLE_KINDS = frozenset({"granted", "revoked", "trained", "delegated"})

TRIAL_KINDS = frozenset(
    {
        "opened",
        "amended",
        "approved",
        "sealed",
        "site activated",
        "enrolment paused",
        "enrolment resumed",
        "enrolment closed",
        "decided",
        "dose set",
        "safety look",
        "reconciled",
        *PEOPLE_KINDS,
        "clock corrected",
        "redacted",
        *ON_TRIAL,
    }
)
#: What is recorded of a patient: his record. Acts about it are none of it.
PATIENT_KINDS = frozenset(_KINDS) - TRIAL_KINDS - {"voided"} - frozenset(ON_PATIENTS)
#: What any event of a patient may say of its day: the partial date that was recorded, and the rule that made it a day.
DATED: Mapping[str, tuple[tuple[type, ...], bool]] = {"dated": ((str,), False), "date_rule": ((str,), False)}
#: What any event may say: the key under which it was ordered, so that the order repeated gives the first answer again.
ORDERED: Mapping[str, tuple[tuple[type, ...], bool]] = {"key": ((str,), False)}
#: Kinds of event and the details that each carries: name → (types, required).
KINDS: Mapping[str, Mapping[str, tuple[tuple[type, ...], bool]]] = {
    kind: {**details, **(DATED if kind in PATIENT_KINDS else {}), **ORDERED} for kind, details in _KINDS.items()
}
