"""Event: one line of the trial's log, with two clocks, an author and a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

#: What the hash of the first event is chained to.
GENESIS = "0" * 64

_KINDS: Mapping[str, Mapping[str, tuple[tuple[type, ...], bool]]] = {
    "opened": {"trial": ((str,), True), "fingerprint": ((str,), True), "left_out": ((list,), False)},
    "amended": {"fingerprint": ((str,), True)},
    "site activated": {},
    "enrolment paused": {"cohort": ((str,), False)},
    "enrolment resumed": {"cohort": ((str,), False)},
    "enrolment closed": {"cohort": ((str,), False)},
    "screened": {"failed": ((list,), True), "subject": ((dict,), False), "cohort": ((str,), False)},
    "enrolled": {"factors": ((dict,), True), "arm": ((str,), False), "cohort": ((str,), False)},
    "eligibility reviewed": {"eligible": ((bool,), True), "failed": ((list,), False), "reason": ((str,), False)},
    "randomised": {
        "arm": ((str,), False),
        "code": ((str,), False),
        "stratum": ((str,), True),
        "actual": ((str,), False),
    },
    "unblinded": {"reason": ((str,), True)},
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
    "next therapy": {"therapy": ((str,), False)},
    "deviation": {"what": ((str,), True), "major": ((bool,), True)},
    "contact": {},
    "withdrawn": {"reason": ((str,), False)},
    "lost": {},
    "died": {"cause": ((str,), False)},
    "decided": {
        "look": ((int,), True),
        "action": ((str,), True),
        "cutoff": ((str,), True),
        "known_on": ((str,), True),
        "cohort": ((str,), False),
        "attained": ((list,), False),
    },
    "safety look": {
        "rule": ((str,), True),
        "speaks": ((bool,), True),
        "does": ((str,), True),
        "events": ((int,), True),
        "watched": ((int,), True),
        "cutoff": ((str,), True),
        "known_on": ((str,), True),
    },
    "voided": {},
}

TRIAL_KINDS = frozenset(
    {
        "opened",
        "amended",
        "site activated",
        "enrolment paused",
        "enrolment resumed",
        "enrolment closed",
        "decided",
        "safety look",
    }
)
PATIENT_KINDS = frozenset(_KINDS) - TRIAL_KINDS - {"voided"}
#: What any event of a patient may say of its day: the partial date that was recorded, and the rule that made it a day.
DATED: Mapping[str, tuple[tuple[type, ...], bool]] = {"dated": ((str,), False), "date_rule": ((str,), False)}
#: Kinds of event and the details that each carries: name → (types, required).
KINDS: Mapping[str, Mapping[str, tuple[tuple[type, ...], bool]]] = {
    kind: {**details, **(DATED if kind in PATIENT_KINDS else {})} for kind, details in _KINDS.items()
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, when; who recorded it, when and why.

    ``number`` counts from 1. ``happened`` is a day. ``recorded`` is a moment in UTC; what is known on a day is what
    was recorded by the end of that day, UTC. ``corrects`` names the event that this one replaces (same kind) or, for
    'voided', takes away.
    """

    number: int
    kind: str
    happened: date
    recorded: datetime
    by: str
    why: str = ""
    patient: str = ""
    site: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    corrects: int | None = None
    source: str = ""

    def content(self, previous: str) -> str:
        """The event as canonical JSON, chained to the hash of the one before."""
        return json.dumps(
            {
                "number": self.number,
                "kind": self.kind,
                "happened": self.happened.isoformat(),
                "recorded": self.recorded.astimezone(UTC).isoformat(timespec="microseconds"),
                "by": self.by,
                "why": self.why,
                "patient": self.patient,
                "site": self.site,
                "data": dict(self.data),
                "corrects": self.corrects,
                "source": self.source,
                "previous": previous,
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )


def hash_of(content: str) -> str:
    """SHA-256 of an event's canonical JSON, hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()
