"""What becomes of a patient, given what is known of it today and what one draw takes to be true: by the kind of the monitored
endpoint, a landmark, a response or a recorded outcome.

Days are whole days after entry. Only what can settle a patient's status is made up (and every assessment, where an endpoint's
rules ask for missed ones). A record that is due already comes with one of this trial's own delays, of those that would have
kept it from us until today; if there is none, the assessment was missed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.happening import Happening
from equipoise.simulate.source import Life
from equipoise.simulate.toxicities import event_that_counts
from equipoise.simulate.virtual_patient import standing
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.patient import ACCEPTED
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import NE, PD, PR, SD

#: How an event of a time to event comes to be recorded: its kind, its details, and whether it takes a scan to see it.
_SHOWN: Mapping[str, tuple[str, Mapping[str, Any], bool]] = {
    "progression": ("assessed", {"response": PD}, True),
    "documented progression": ("assessed", {"response": PD}, True),
    "response": ("assessed", {"response": PR}, True),
    "clinical progression": ("progressed", {"basis": "clinical"}, False),
    "death": ("died", {}, False),
    "next therapy": ("next therapy", {}, False),
    "treatment ended early": ("treatment ended", {"reason": "toxicity"}, False),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a patient today: days since entry, the day on which it was last seen without an event, the number of its last
    assessment, the day it went off study (None: on study), whether its status is known, a response that waits for its confirmation,
    and whether a dose was given."""

    age: int = 0
    last: int = 0
    visit: int = 0
    off: int | None = None
    settled: bool = False
    unconfirmed: bool = False
    dosed: bool = False


NEW = Known()


@dataclass(frozen=True)
class Truth:
    """What one draw takes to be true: the chance of success by arm, that of never being evaluable, the rate [per day] at which
    patients go off study, and the number of the assessment at which successes and failures show (probabilities from number 1 on)."""

    success: Mapping[str, float]
    never: float
    off: float
    shows: tuple[NDArray[np.float64], NDArray[np.float64]] = field(default_factory=lambda: (np.ones(1), np.ones(1)))


class Futures(Protocol):
    """Makes the futures of patients under one truth."""

    def life(self, known: Known, arm: str) -> Life:
        """One future of a patient on an arm."""
        ...


class _Chance:
    """What the three have in common: random numbers, delays, leaving."""

    def __init__(self, trial: Trial, truth: Truth, delays: Sequence[int], rng: np.random.Generator) -> None:
        assert trial.assessments is not None
        self.trial, self.schedule, self.truth, self.rng = trial, trial.assessments, truth, rng
        self.delays = sorted(delays)

    def recorded(self, day: int, age: int) -> int | None:
        """The day on which something of ``day`` is recorded, after today; None: it would have been recorded by now."""
        first = sum(d <= age - day for d in self.delays) if day <= age else 0
        if first == len(self.delays):
            return None
        return day + self.delays[first + int(self.rng.integers(len(self.delays) - first))]

    def leaves(self, known: Known, by: int) -> int | None:
        """The day on which a patient leaves who will never be evaluable: any between now and ``by``; None: it stays."""
        passed = min(known.age / by, 1.0)
        chance = self.truth.never * (1 - passed) / (1 - self.truth.never * passed)
        if self.rng.random() >= chance:
            return None
        return known.age + 1 + int(self.rng.random() * (by - known.age - 1))

    def lost(self, day: int, known: Known) -> list[Happening]:
        """The record of leaving."""
        return [Happening(day, self.recorded(day, known.age) or known.age + 1, "lost", {})]

    def goes_off(self, known: Known, leaves: int | None) -> int:
        """The day on which a patient goes off study."""
        if known.off is not None:
            return known.off
        day = known.age + 1 + int(self.rng.exponential(1 / self.truth.off))
        return day if leaves is None else min(day, leaves)


class ToLandmark(_Chance):
    """Times to the event are exponential, with the chance of success of the last assessment that can show a failure."""

    def __init__(self, endpoint: Landmark, trial: Trial, *others: Any) -> None:
        super().__init__(trial, *others)
        self.day, of = endpoint.landmark.days, trial.time_to_event(endpoint.of)
        self.kind, self.data, self.by_scan = shown(of)
        self.every = any(rule.when in ("missed assessments", "no baseline") for rule in of.censoring)
        self.seen_by = by(of.assessor)
        last = self.schedule.day_of(self.schedule.visit_by(self.day)) if self.by_scan else self.day
        self.rates = {arm: -math.log(p) / (last or self.day) for arm, p in self.truth.success.items()}

    def life(self, known: Known, arm: str) -> Life:
        """Until the event is seen, or its absence at the landmark."""
        leaves = None if known.settled else self.leaves(known, self.day)
        event = max(known.last + math.ceil(self.rng.exponential(1 / self.rates[arm])), 1)
        if not self.by_scan and event <= known.age and self.recorded(event, known.age) is None:
            event = known.age + math.ceil(self.rng.exponential(1 / self.rates[arm]))
        off = self.goes_off(known, leaves)
        if self.by_scan and known.off is None:
            seen = self.schedule.day_of(self.schedule.visit_from(max(event, known.age + 1)))
            off = seen if leaves is None else min(seen, leaves)
        return Life(off, [] if known.settled else self._records(known, event, leaves))

    def _records(self, known: Known, event: int, leaves: int | None) -> list[Happening]:
        found: list[Happening] = []
        if self.every and known is NEW:
            found.append(self._assessed(0, 0, {"response": NE, "baseline": True}))
        for visit in self._visits(known):
            shown_on = event if event <= visit and not self.by_scan else visit
            if leaves is not None and leaves < shown_on:
                return found + self.lost(leaves, known)
            if event <= visit:
                recorded = self.recorded(shown_on, known.age)
                if recorded is not None and self.kind != "assessed":
                    return [*found, Happening(shown_on, recorded, self.kind, self.data)]
                if recorded is not None:
                    return [*found, self._assessed(shown_on, recorded, self.data)]
                continue
            recorded = self.recorded(visit, known.age)
            if recorded is not None and (visit >= self.day or self.every):
                found.append(self._assessed(visit, recorded, {"response": SD}))
            if recorded is not None and visit >= self.day:
                return found
        raise AssertionError("assessments go on until a status is known")

    def _visits(self, known: Known) -> Iterator[int]:
        """Planned scans or, where none shows the event, contacts."""
        if self.by_scan:
            return (self.schedule.day_of(k) for k in count(known.visit + 1))
        return count(known.last + self.schedule.follow_up_every.days, self.schedule.follow_up_every.days)

    def _assessed(self, day: int, recorded: int, data: Mapping[str, Any]) -> Happening:
        stands = standing(self.trial) if data["response"] == PD else {}
        return Happening(day, recorded, "assessed", {**data, **stands, **self.seen_by})


class ToResponse(_Chance):
    """Success or failure shows at one of the assessments that are due, as often at each as in this trial so far."""

    def __init__(self, endpoint: Response, trial: Trial, *others: Any) -> None:
        super().__init__(trial, *others)
        self.endpoint, self.seen_by = endpoint, by(endpoint.assessor)
        self.due = due_visit(endpoint, self.schedule)
        assert endpoint.within is not None, "the doorway asks for it where a design looks at a response"
        self.last_day = endpoint.within.days + endpoint.window.days

    def life(self, known: Known, arm: str) -> Life:
        """Until a response is seen and confirmed, or none can be."""
        leaves = self.leaves(known, self.schedule.day_of(1)) if known.visit == 0 and not known.settled else None
        off = self.goes_off(known, leaves)
        if known.settled:
            return Life(off, [])
        if leaves is not None:
            return Life(off, self.lost(leaves, known))
        if known.unconfirmed:
            return Life(off, self._seen(known, known.visit + 1, self.endpoint.success[0]))
        if known.visit >= self.due:
            return Life(off, [])
        p, (good, bad) = self.truth.success[arm], (s[known.visit :] for s in self.truth.shows)
        succeeds = self.rng.random() < p * good.sum() / (p * good.sum() + (1 - p) * bad.sum())
        share = good if succeeds else bad
        visit = known.visit + 1 + int(np.searchsorted(np.cumsum(share), self.rng.random() * share.sum()))
        if succeeds:
            found = self._seen(known, visit, self.endpoint.success[0])
            if found and self.endpoint.confirmed:
                again = self.schedule.visit_from(found[0].day + self.endpoint.confirmation_after.days)
                found += self._seen(known, again, self.endpoint.success[0])
            return Life(off, found)
        stays = visit == self.due and SD not in self.endpoint.success
        return Life(off, self._seen(known, visit, SD if stays else PD))

    def _seen(self, known: Known, visit: int, response: str) -> list[Happening]:
        """An assessment or, where it was missed, the next; none that would be too late."""
        for k in count(visit):
            day = self.schedule.day_of(k)
            recorded = self.recorded(day, known.age)
            if recorded is not None:
                stands = standing(self.trial) if response == PD else {}
                return [Happening(day, recorded, "assessed", {"response": response, **stands, **self.seen_by})]
            if day > max(self.last_day, known.age):
                break
        return []


class ToOutcome(_Chance):
    """A result on the day it is due; one that is overdue comes tomorrow."""

    def __init__(self, endpoint: Outcome, trial: Trial, *others: Any) -> None:
        super().__init__(trial, *others)
        self.endpoint = endpoint

    def life(self, known: Known, arm: str) -> Life:
        """Until the result is recorded."""
        due, leaves = self.endpoint.due.days, None
        if not known.settled and known.age < due:
            leaves = self.leaves(known, due)
        off = self.goes_off(known, leaves)
        if known.settled:
            return Life(off, [])
        if leaves is not None:
            return Life(off, self.lost(leaves, known))
        results = self.endpoint.success if self.rng.random() < self.truth.success[arm] else self.endpoint.failure
        recorded = self.recorded(due, known.age)
        day, recorded = (known.age + 1, known.age + 1) if recorded is None else (due, recorded)
        return Life(off, [Happening(day, recorded, "outcome", {"outcome": self.endpoint.name, "result": results[0]})])


class ToToxicity(_Chance):
    """An adverse event that counts comes on any day of its time alike; that there was none is seen at the next planned assessment."""

    def __init__(self, endpoint: Toxicity, trial: Trial, *others: Any) -> None:
        super().__init__(trial, *others)
        self.endpoint, self.end = endpoint, endpoint.within.days

    def life(self, known: Known, arm: str) -> Life:
        """Until the toxicity is recorded, or the end of its time is."""
        leaves = self.leaves(known, self.end) if not known.settled and known.age < self.end else None
        off = self.goes_off(known, leaves)
        if known.settled:
            return Life(off, [])
        found = self._first_dose(known, arm)
        if leaves is not None:
            return Life(off, found + self.lost(leaves, known))
        end = self.end + (found[0].day if found else 0)
        passed, p = min(known.age / end, 1.0), self.truth.success[arm]
        if self.rng.random() < p * (1 - passed) / (1 - p * passed):
            day = known.age + 1 + int(self.rng.random() * (end - known.age))
            data = event_that_counts(self.endpoint.counts, self.endpoint.label)
            return Life(off, [*found, Happening(day, self.recorded(day, known.age) or day, "adverse event", data)])
        day = max(self.schedule.day_of(self.schedule.visit_from(end)), known.age + 1)
        return Life(off, [*found, Happening(day, self.recorded(day, known.age) or day, "contact", {})])

    def _first_dose(self, known: Known, arm: str) -> list[Happening]:
        """A dose on the day of entry, or tomorrow for who came before, where the days count from it."""
        regimen = self.trial.arm_by_name[arm].regimen
        if known.dosed or self.endpoint.origin != "first dose" or not regimen:
            return []
        day = 0 if known is NEW else known.age + 1
        drug = min(regimen, key=lambda t: min(t.days))
        return [Happening(day, day, "treated", drug.given(1, min(drug.days)))]


def futures(trial: Trial, truth: Truth, delays: Sequence[int], rng: np.random.Generator) -> Futures:
    """Who makes the futures of this trial's patients."""
    match trial.monitored.binary:
        case Landmark() as landmark:
            return ToLandmark(landmark, trial, truth, delays, rng)
        case Response() as response:
            return ToResponse(response, trial, truth, delays, rng)
        case Toxicity() as toxicity:
            return ToToxicity(toxicity, trial, truth, delays, rng)
        case outcome:
            return ToOutcome(outcome, trial, truth, delays, rng)


def shown(of: TimeToEvent) -> tuple[str, Mapping[str, Any], bool]:
    """How the event of an endpoint comes to be recorded: by a scan, if any of its events is seen by one."""
    return next(what for source, what in _SHOWN.items() if source in of.events)


def due_visit(endpoint: Response, schedule: Assessments) -> int:
    """The number of the last assessment at which a response may first be seen."""
    return 1 if endpoint.within is None else max(schedule.visit_by(endpoint.within.days), 1)


def by(assessor: str) -> Mapping[str, Any]:
    """What an assessment says of who made it."""
    if assessor == INVESTIGATOR:
        return {}
    return {"assessor": "reader", "accepted": True} if assessor == ACCEPTED else {"assessor": assessor}
