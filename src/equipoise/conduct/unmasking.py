"""The arms behind the codes of a masked log, for whoever holds the secret.

They are read by going through the log: the n-th randomisation of a stratum has the n-th arm of its list (by minimisation: the arm that the
patients before lead to), and its code must be the one that the secret in force gave there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from equipoise.conduct.masking import Key
from equipoise.conduct.place import Place
from equipoise.conduct.sealed import Sealed, another_secret
from equipoise.conduct.walk import Defined, Stood, Walk
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED, own_treatments
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Told:
    """The arm of each code; and the randomisations whose arm cannot be told, for their secret is not at hand."""

    arms: dict[str, str]
    untold: list[Stood]
    sealed: Sealed

    def arm_of(self, randomised: Event) -> str:
        """The arm of one patient. Raises BadInput where its secret is not at hand."""
        for stood in self.untold:
            if stood.event.patient == randomised.patient:
                raise BadInput("secret", [self.missing(stood)])
        return self.arms[randomised.data["code"]]

    def missing(self, stood: Stood) -> Problem:
        """That the secret of a randomisation is not at hand."""
        problem = another_secret(self.sealed.secrets, stood.commitment)
        given = f"event {stood.event.number}: {problem.given}"
        step = "several secrets may stand in one file, one after the other"
        return Problem(problem.code, stood.event.patient, given, problem.allowed, step)


def arms_behind(events: Iterable[Event], sealed: Sealed, defined: Defined | None = None) -> Told:
    """The arms behind a log's codes. Raises BadInput naming the first patient whose code the secret in force does not give.

    ``defined``: the trial as it was defined when an event was recorded; today's where it is not said.
    """
    told = Told({}, [], sealed)
    walk = Walk(events)
    codes: set[str] = set()
    for stood in walk:
        event, place = stood.event, stood.place
        if "code" not in event.data:
            continue
        key = sealed.key(stood.commitment, defined(event) if defined else None)
        if key is None:
            told.untold.append(stood)
            codes.add(event.data["code"])
            continue
        refuse_another_code(event, place, key, codes)
        code = event.data["code"]
        codes.add(code)
        if told.untold and key.asks_who_came_before:
            told.untold.append(stood)
            continue
        told.arms[code] = walk.given[event.patient] = key.give(place)
    return told


def refuse_another_code(event: Event, place: Place, key: Key, taken: Container[str]) -> None:
    """Raise BadInput where a randomisation's code is not the one that a key gives there; ``taken``: the codes before it."""
    if event.data["code"] == key.code(event.patient, place.stratum, place.position, taken):
        return
    step = "the secret that randomised this trial; or the file's arms, shares or block sizes were changed since"
    said = f"code {event.data['code']} (event {event.number})"
    raise BadInput(
        "secret", [Problem("another-seed", event.patient, said, "the code that the secret gives this patient", step)]
    )


def unmasked(trial: Trial, log: Log, sealed: Sealed, defined: Defined | None = None) -> Log:
    """The log with its codes read as arms and its masked doses as the arm's own drug; its chain is the record's. Raises BadInput."""
    told = arms_behind(log, sealed, defined)
    if told.untold:
        raise BadInput("secret", [told.missing(told.untold[0])])
    arms = told.arms
    arm_of = {e.patient: arms[e.data["code"]] for e in log if e.kind == "randomised" and "code" in e.data}
    views = trial.whole.views
    own = {"": own_treatments(trial.whole.arms), **{name: own_treatments(view.arms) for name, view in views.items()}}
    cohort_of = {e.patient: str(e.data["cohort"]) for e in log if e.patient and "cohort" in e.data}

    def told_of(event: Event) -> Event:
        arm = arm_of.get(event.patient)
        if arm is None:
            return event
        if event.kind == "randomised" and "code" in event.data:
            return replace(event, data={"arm": arm, **{k: v for k, v in event.data.items() if k != "code"}})
        treatment = own.get(cohort_of.get(event.patient, ""), {}).get(arm)
        if event.kind == "treated" and event.data["drug"] == MASKED and treatment is not None:
            return replace(event, data={**event.data, "drug": treatment.drug})
        return event

    return log.reread(told_of(e) for e in log)
