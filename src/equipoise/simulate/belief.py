"""What the log of today leads us to believe of sites, patients and times to come.

Sites screen patients as Poisson processes whose rates differ: site i's rate is Gamma with mean its planned rate and shape
``site_shape``, so after n screened in t months of open enrolment it is Gamma(shape + n, shape / planned + t) (Anisimov & Fedorov
2007, doi:10.1002/sim.2956). Sites not yet open follow their plan. Who is screened comes onto an arm with a Beta(9, 1) chance,
updated by the log; strata come as they came so far. The chance of success of each arm is Beta(1, 1) before those whose status could be
known by now, failures as well as successes; never to be evaluable is Beta(0.5, 19.5) before those whose status is known. The time
on study is exponential, its rate Gamma with shape 1 and the endpoint's own time. Delays of records are those of this log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from equipoise.analyse.status import Status
from equipoise.conduct.conduct import Conduct
from equipoise.simulate.futures import NEW, Futures, Known, Truth, due_visit, futures, shown
from equipoise.simulate.happening import Happening
from equipoise.simulate.progress import Progress
from equipoise.simulate.source import Candidate, Life
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Binary, Landmark, Response, Toxicity
from equipoise.trial.patient import Patient
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class SiteBelief:
    """A site's rate [patients screened a day] is Gamma(shape, rate); it enrols from so many days after today on."""

    name: str
    shape: float
    rate: float
    begins: int
    is_open: bool


class Belief:
    """Made once of a log; each draw of a forecast takes one truth out of it."""

    def __init__(self, conduct: Conduct, progress: Progress, today: date, site_shape: float) -> None:
        trial = self.trial = conduct.trial
        assert trial.assessments is not None
        self.today, self.endpoint, self.schedule = today, trial.monitored.binary, trial.assessments
        self.sites = _sites(conduct, today, site_shape)
        entered = [conduct.patients[name] for names in progress.order.values() for name in names]
        screened = sum(p.screened is not None and not p.of_phase1 for p in conduct.patients.values())
        self.eligible = (9.0 + len(entered), 1.0 + max(screened - len(entered), 0))
        self.factors = [p.enrolled.data["factors"] for p in entered if p.enrolled is not None]
        self.delays = [
            (e.recorded.date() - e.happened).days
            for e in conduct.log
            if e.kind in ("assessed", "died", "outcome") and not e.data.get("baseline")
        ] or [0]
        self.known = {p.name: _known(trial, p, progress.status[p.name], today) for p in entered}
        self._learn(entered, progress)

    def _learn(self, entered: Sequence[Patient], progress: Progress) -> None:
        """Beta and Gamma parameters, and at which assessments success and failure show."""
        status = progress.status
        end = _end(self.endpoint, self.schedule)
        told = [p for p in entered if self.known[p.name].age >= end and status[p.name] is not None]
        stands = {p.name: s.status for p in entered if (s := status[p.name]) is not None}
        self.success = {
            arm: (
                1.0 + sum(stands[p.name] == "success" for p in told if p.arm == arm),
                1.0 + sum(stands[p.name] == "failure" for p in told if p.arm == arm),
            )
            for arm in progress.order
        }
        settled, never = sum(s != "pending" for s in stands.values()), list(stands.values()).count("not evaluable")
        self.never = (0.5 + never, 19.5 + settled - never)
        gone = [k for k in self.known.values() if k.off is not None]
        exposure = sum(k.age if k.off is None else k.off for k in self.known.values())
        self.off = (1.0 + len(gone), float(end + exposure))
        self.shows = (np.ones(1), np.ones(1))
        if isinstance(self.endpoint, Response):
            due = due_visit(self.endpoint, self.schedule)
            counts = [np.full(due, 1 / due), np.full(due, 1 / due)]
            for p in told:
                if stands[p.name] in ("success", "failure"):
                    good = stands[p.name] == "success"
                    counts[not good][_shown_at(p, self.endpoint, self.schedule, due, good=good) - 1] += 1
            self.shows = (counts[0] / counts[0].sum(), counts[1] / counts[1].sum())

    def draw(self, rng: np.random.Generator) -> Drawn:
        """One truth, and who comes and what becomes of them under it."""
        truth = Truth(
            {arm: float(rng.beta(*ab)) for arm, ab in self.success.items()},
            float(rng.beta(*self.never)), float(rng.gamma(self.off[0]) / self.off[1]), self.shows,
        )  # fmt: skip
        eligible = rng.beta(*self.eligible)
        rates = [float(rng.gamma(site.shape) / site.rate * eligible) for site in self.sites]
        return Drawn(self, rates, futures(self.trial, truth, self.delays, rng), rng)


class Drawn:
    """A source of patients for the loop: those who come onto an arm, as one draw has it."""

    def __init__(self, belief: Belief, rates: Sequence[float], makes: Futures, rng: np.random.Generator) -> None:
        self.belief, self.rates, self.makes, self.rng = belief, rates, makes, rng
        self._coming = self._come()
        self.latest: tuple[date, str] | None = None

    def openings(self) -> Iterator[tuple[date, str]]:
        """Sites open on the planned day, or tomorrow where that has passed."""
        for site in self.belief.sites:
            if not site.is_open:
                yield self.belief.today + timedelta(days=max(site.begins, 1)), site.name

    def arrivals(self) -> Iterator[tuple[date, str]]:
        """All sites are one Poisson process, thinned by those that are not open yet. Asked again it goes on where it was."""
        for arrival in self._coming:
            self.latest = arrival
            yield arrival

    def _come(self) -> Iterator[tuple[date, str]]:
        upto, sites, passed = list(accumulate(self.rates)), self.belief.sites, 0.0
        while True:
            passed += float(self.rng.exponential(1 / upto[-1]))
            site = sites[int(np.searchsorted(upto, self.rng.random() * upto[-1], side="right"))]
            if passed >= site.begins:
                yield self.belief.today + timedelta(days=int(passed) + 1), site.name

    def candidate(self, index: int) -> Candidate:
        """Somebody of the stratum of one who came before; of any, as long as nobody has."""
        past, name = self.belief.factors, f"foreseen-{index + 1}"
        if past:
            return Candidate(name, [], past[int(self.rng.integers(len(past)))])
        factors = self.belief.trial.factors
        return Candidate(name, [], {f.name: f.levels[int(self.rng.integers(len(f.levels)))] for f in factors})

    def life(self, index: int, who: Candidate, arm: str, site: str, day: date) -> Life:
        """What becomes of a new patient."""
        return self.makes.life(NEW, arm)

    def of_those_in_the_trial(self, order: Mapping[str, Sequence[str]]) -> tuple[dict[date, list[Any]], list[int]]:
        """What is yet to be recorded of them, by the day of its record; and how many days from today each stays on study."""
        due: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
        stays = []
        for arm, names in order.items():
            for name in names:
                known = self.belief.known[name]
                entry, life = self.belief.today - timedelta(days=known.age), self.makes.life(known, arm)
                stays.append(life.off_study - known.age)
                for thing in life.happenings:
                    day = entry + timedelta(days=max(thing.recorded, known.age + 1))
                    due[day].append((name, entry + timedelta(days=thing.day), thing))
        return due, stays


def _sites(conduct: Conduct, today: date, shape: float) -> list[SiteBelief]:
    screened: dict[str, int] = defaultdict(int)
    for p in conduct.patients.values():
        screened[p.site] += p.screened is not None and not p.of_phase1
    shut = _shut(conduct, today)
    found = []
    # Where the log begins with phase I, sites enrol into phase II from the day on which its dose was set.
    begun = max((e.happened for e in conduct.standing.doses), default=date.min)
    for site in conduct.trial.sites:
        since = conduct.standing.sites.get(site.name)
        since = max(since, begun) if since is not None else None
        exposure = sum(day not in shut for day in _days(since, today)) if since is not None else 0
        begins = 0 if since is not None else max((site.activation - today).days, 0)
        rate = shape / (site.rate / DAYS_PER_MONTH) + exposure
        found.append(SiteBelief(site.name, shape + screened[site.name], rate, begins, since is not None))
    return found


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=k) for k in range((until - since).days))


def _shut(conduct: Conduct, today: date) -> set[date]:
    """Days on which enrolment was paused or closed."""
    changes = [*conduct.standing.states(conduct.trial.cohort_name), (today, 0, "")]
    return {
        day for (since, _, state), (until, _, _) in pairwise(changes) if state != "open" for day in _days(since, until)
    }


def _end(endpoint: Binary, schedule: Assessments) -> int:
    """The day after entry on which a patient's status could be known, whatever it is."""
    match endpoint:
        case Landmark():
            return schedule.day_of(schedule.visit_from(endpoint.landmark.days))
        case Response():
            return schedule.day_of(due_visit(endpoint, schedule))
        case Toxicity():
            return schedule.day_of(schedule.visit_from(endpoint.within.days))
        case _:
            return endpoint.due.days


def _known(trial: Trial, patient: Patient, status: Status | None, today: date) -> Known:
    assert patient.randomised is not None
    assert trial.assessments is not None
    entry, endpoint = patient.randomised.happened, trial.monitored.binary
    of = trial.monitored.times
    assessor = of.assessor if of is not None else getattr(endpoint, "assessor", INVESTIGATOR)
    made = [(a.happened - entry).days for a in patient.read_by(assessor) if a.word.readable and not a.baseline]
    last = max(made, default=0)
    if of is not None and not shown(of)[2] and patient.last_contact is not None:
        last = (patient.last_contact - entry).days
    gone = [e.happened for e in (patient.died, patient.withdrawn, patient.lost) if e is not None]
    gone += [found.on for found in (patient.first_progression,) if found is not None]
    return Known(
        age=(today - entry).days,
        last=max(last, 0),
        visit=trial.assessments.nearest_visit(max(made)) if made else 0,
        off=min(((day - entry).days for day in gone), default=None),
        settled=status is not None and status.status != "pending",
        dosed=bool(patient.doses),
        unconfirmed=isinstance(endpoint, Response) and _responded(patient, endpoint) is not None,
    )


def _responded(patient: Patient, endpoint: Response) -> date | None:
    """The day of the first response, confirmed or not."""
    days = [a.happened for a in patient.read_by(endpoint.assessor) if a.response in endpoint.success]
    return min(days, default=None)


def _shown_at(patient: Patient, endpoint: Response, schedule: Assessments, due: int, *, good: bool) -> int:
    """The number of the assessment at which a patient's status showed, from 1 to ``due``."""
    assert patient.randomised is not None
    failed = patient.first_progression
    on = _responded(patient, endpoint) if good else failed.on if failed is not None else None
    if on is None:
        return due
    return min(max(schedule.nearest_visit((on - patient.randomised.happened).days), 1), due)
