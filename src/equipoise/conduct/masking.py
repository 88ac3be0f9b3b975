"""Masking: a masked trial's log tells codes; who holds the allocation seed can give them, and read the arms from them.

A code is a keyed hash (HMAC-SHA256, RFC 2104, doi:10.17487/RFC2104) of the patient and of the place in the stratum's list, under the seed. The
patient's arm is no part of it. Arms are read from a log by going through it: the n-th randomisation of a stratum has the n-th arm
of its list (by minimisation: the arm that the patients before lead to), and its code must be the one that this seed gives there. The
terms of the allocation (arms, shares, sizes of blocks) are hashed too, so that a file whose list is another one by now is noticed, and not read as other arms.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from equipoise.conduct.allocation import allocation_of
from equipoise.conduct.place import Earlier, Place
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED, own_treatments
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: Digits and letters that are not mistaken for each other when they are read out (Crockford's base 32).
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8


class Key:
    """The allocation of a masked trial, and its codes."""

    def __init__(self, trial: Trial, seed: str) -> None:
        self._allocation = allocation_of(trial.whole, seed)
        self._trial, self._secret = trial.whole.id, seed.encode()

    def give(self, place: Place) -> str:
        """The arm of the patient who stands there."""
        return self._allocation.give(place)

    def terms(self, stratum: str) -> str:
        """What the arms follow from beside the seed."""
        return self._allocation.terms(stratum)

    def code(self, patient: str, stratum: str, position: int, taken: Container[str] = ()) -> str:
        """The code of a patient at ``position`` (from 0) of the stratum's list: the first one that is not ``taken``."""
        for turn in count():
            named = json.dumps([self._trial, self.terms(stratum), stratum, position, patient, turn])
            number = int.from_bytes(hmac.digest(self._secret, named.encode(), hashlib.sha256), "big")
            code = "".join(_LETTERS[number >> 5 * i & 31] for i in range(_LENGTH))
            if code not in taken:
                return code
        raise AssertionError("codes do not end")

    def arms_of(self, events: Iterable[Event]) -> dict[str, str]:
        """The arms behind a log's codes, by code. Raises BadInput naming the first patient whose code this seed does not give."""
        found: dict[str, str] = {}
        places: dict[str, int] = {}
        entered: dict[str, Mapping[str, Any]] = {}
        given: dict[str, str] = {}

        def earlier() -> list[Earlier]:
            return [Earlier(entered[p]["factors"], arm, str(entered[p].get("cohort", ""))) for p, arm in given.items()]

        for event in events:
            if event.kind == "enrolled":
                entered[event.patient] = event.data  # a correction's data are whole
            if event.kind != "randomised" or (event.corrects is not None and event.data.get("code") in found):
                continue  # a correction of the day keeps code and place
            stratum = event.data["stratum"]
            place = places.get(stratum, 0)
            places[stratum] = place + 1
            if "code" not in event.data:
                given[event.patient] = event.data["arm"]
                continue
            code = self.code(event.patient, stratum, place, found)
            if event.data["code"] != code:
                step = (
                    "the seed that randomised this trial; or the file's arms, shares or block sizes were changed since"
                )
                said = f"code {event.data['code']} (event {event.number})"
                raise BadInput(
                    "seed file",
                    [Problem("another-seed", event.patient, said, "the code that the seed gives this patient", step)],
                )
            who = entered[event.patient]
            at = Place(stratum, place, who["factors"], str(who.get("cohort", "")), earlier)
            found[code] = given[event.patient] = self.give(at)
        return found


def holds_codes(events: Iterable[Event]) -> bool:
    """True of a log in which a patient has a code in place of an arm."""
    return any(e.kind == "randomised" and "code" in e.data for e in events)


def unmasked(trial: Trial, log: Log, key: Key) -> Log:
    """The log with its codes read as arms and its masked doses as the arm's own drug; its chain is the record's. Raises BadInput."""
    arms = key.arms_of(log)
    arm_of = {e.patient: arms[e.data["code"]] for e in log if e.kind == "randomised" and "code" in e.data}
    views = trial.whole.views
    own = {"": own_treatments(trial.whole.arms), **{name: own_treatments(view.arms) for name, view in views.items()}}
    cohort_of = {e.patient: str(e.data["cohort"]) for e in log if e.patient and "cohort" in e.data}

    def told(event: Event) -> Event:
        arm = arm_of.get(event.patient)
        if arm is None:
            return event
        if event.kind == "randomised" and "code" in event.data:
            return replace(event, data={"arm": arm, **{k: v for k, v in event.data.items() if k != "code"}})
        treatment = own.get(cohort_of.get(event.patient, ""), {}).get(arm)
        if event.kind == "treated" and event.data["drug"] == MASKED and treatment is not None:
            return replace(event, data={**event.data, "drug": treatment.drug})
        return event

    return log.reread(told(e) for e in log)
