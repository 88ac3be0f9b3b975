"""Phase I conducted day by day with virtual patients: through the same log, derivation of DLTs and verdict as a real one.

This loop is the reference. It knows no design: of each day on which somebody could be treated it asks what ``equipoise doses`` answers. It decides
on what is recorded, and nothing else.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from equipoise.analyse.dose_limiting import DltStatus, dlt_status, responding
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.draws import draws_of
from equipoise.design.dose.dose_design import BACKFILL
from equipoise.design.dose.history import Answer
from equipoise.simulate import accrual
from equipoise.simulate.happening import Happening
from equipoise.simulate.loop import moment
from equipoise.simulate.phase1_patient import Phase1People
from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.trial.dose_outcomes import PatientOutcome
from equipoise.trial.dose_standing import lot

#: By whom orders of a simulation are given.
BY = "simulation"
#: The design's answers that end the trial, and the one that gives nobody a place.
ENDS, WAIT = ("declare", "stop"), "wait"


def asked(plan: Phase1Plan, patients: Sequence[DltStatus]) -> Answer:
    """What the design says of patients in the order of their assignment, as ``equipoise doses`` does. Histories that were met are not asked again.

    How long somebody who is pending was followed says nothing to a design that waits for everybody: it is left out there.
    """
    rule = plan.phase1.rule
    known = tuple(p.given(timed=rule.asks_when) for p in patients)
    if not rule.asks_how_long:
        known = tuple((k[0], PatientOutcome("P", 0) if k[1].letter == "P" else k[1], k[2], k[3]) for k in known)
    found: Answer | None = plan.asked.get(known)
    if found is None:
        cohorts = [g.treated for g in rule.groups(known)]
        found = plan.asked[known] = rule.next(cohorts, plan.phase1.window.days)
    return found


@dataclass(frozen=True)
class DoseDecision:
    """A decision that was acted on: the day, how many were assigned before, and what the design said. ``number``: the log's last event then."""

    day: date
    before: int
    answer: Answer
    number: int


@dataclass
class Crowd:
    """Who came and found no place: turned away, waited, went elsewhere; and who failed screening."""

    turned_away: int = 0
    waited: int = 0
    went: int = 0
    failed: int = 0
    screened: int = 0


@dataclass
class Phase1Loop:
    """A phase I from its first day to the design's end. ``end``: what the design said at last."""

    plan: Phase1Plan
    conduct: Conduct
    people: Phase1People
    order: list[str] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    decisions: list[DoseDecision] = field(default_factory=list)
    crowd: Crowd = field(default_factory=Crowd)
    end: Answer | None = None
    came: int = 0

    def __post_init__(self) -> None:
        self.trial = self.plan.trial
        #: As many as phase I is to have.
        self.most = self.plan.phase1.patients or self.trial.target_enrolment
        #: Who is enrolled into phase I of a trial of two parts is on no arm, and is called by a name of its own.
        self.part: int | None = 1 if self.trial.in_parts else None
        self.named = "D" if self.trial.in_parts else "P"
        self.status: dict[str, DltStatus] = {}
        self.due: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
        self.stale: set[str] = set()
        #: Days on which time alone may make an open event a DLT.
        self.telling: set[date] = set()
        #: Who waits, with the day of coming and the site.
        self.line: deque[tuple[int, date, str]] = deque()
        self._answer: Answer | None = None
        self.draws = draws_of(self.plan.seed, self.people.replicate)

    def from_day(self, today: date, horizon: date) -> date | None:
        """Go on from the morning of ``today`` until the design ends; None: it has not by the horizon."""
        plan, coming_to = self.plan, self.plan.coming
        start = coming_to.start
        opening: dict[date, list[str]] = defaultdict(list)
        opens = accrual.openings(coming_to, plan.rates, plan.seed, self.people.replicate)
        for site, (day, _) in zip(coming_to.sites, opens, strict=True):
            opening[start + timedelta(days=day)].append(site.name)
        coming = accrual.arrivals(coming_to, plan.rates, plan.seed, self.people.replicate)
        arrival = next(coming, None)
        while today <= horizon:
            for site_name in opening.get(today, ()):
                self.conduct.activate(site_name, today, moment(today), BY)
            self._record(today)
            if self._told(today) and self.ended(today):
                return today
            self._from_the_line(today)
            while arrival is not None and start + timedelta(days=arrival[0]) <= today:
                self._arrive(self.came, coming_to.sites[arrival[1]].name, today)
                self.came += 1
                arrival = next(coming, None)
            today += timedelta(days=1)
        return None

    def go_on(self, today: date, until: date) -> None:
        """Record what is still to come of those who are in the trial, to the evening of ``until``; nobody comes."""
        while today <= until:
            self._record(today)
            today += timedelta(days=1)

    # -- days ---------------------------------------------------------------------------------------------------------

    def _record(self, today: date) -> None:
        for patient, happened, thing in self.due.pop(today, ()):
            self.conduct.order(thing.kind, happened, moment(today), BY, patient=patient, data=thing.data)
            status = self.status.get(patient)
            # Doses and visits say nothing more of who is answered.
            if thing.kind not in ("treated", "contact") or status is None or status.letter == "P":
                self.stale.add(patient)
            if thing.kind == "adverse event":
                for rule in self.plan.phase1.dlt.rules:
                    if rule.lasting_longer_than is not None and rule.concerns(thing.data):
                        self.telling.add(max(happened + timedelta(days=rule.lasting_longer_than.days), today))

    def _told(self, today: date) -> bool:
        """Bring statuses up to date; whether anybody's outcome is another one. More days of follow-up alone end no trial: a design that decides
        meanwhile waits for everybody before it names a dose."""
        changed = after_lot = False
        for name in self.order:
            known = self.status.get(name)
            assigned = self.conduct.patients[name].assigned
            after_lot = after_lot or (assigned is not None and assigned.data.get("at_random") is True)
            if name in self.stale or known is None or (known.letter == "P" and today in self.telling):
                patient = self.conduct.patients[name]
                found = self.status[name] = responding(
                    self.trial, patient, today, dlt_status(self.trial, patient, today), after_lot=after_lot
                )
                changed = changed or known is None or known.outcome.letter != found.outcome.letter
                if known is None or known.outcome != found.outcome:
                    self._answer = None
        self.stale.clear()
        return changed

    def answer(self, today: date) -> Answer:
        """What the design says on what is recorded."""
        self._told(today)
        if self._answer is None:
            self._answer = asked(self.plan, [self.status[name] for name in self.order])
        return self._answer

    def ended(self, today: date) -> bool:
        """Whether the design ends, or as many as were planned are in and all of them known."""
        answer = self.answer(today)
        full = len(self.order) >= self.most
        if full and answer.action not in ENDS and not any(s.pending for s in self.status.values()):
            answer = replace(answer, action="declare" if answer.recommend else "stop", dose=answer.recommend)
        if answer.action not in ENDS:
            return False
        self.end = answer
        self._decided(today, answer)
        return True

    def _decided(self, today: date, answer: Answer) -> None:
        self.decisions.append(DoseDecision(today, len(self.order), answer, len(self.conduct.log)))

    def _open(self, today: date) -> Answer | None:
        """The answer that gives a place; None where there is none today."""
        if len(self.order) >= self.most:
            return None
        answer = self.answer(today)
        return None if answer.action in (*ENDS, WAIT) or answer.size < 1 else answer

    def _from_the_line(self, today: date) -> None:
        patience = self.plan.truth.waits_at_most
        while self.line and patience is not None and (today - self.line[0][1]).days > patience.days:
            self.line.popleft()
            self.crowd.went += 1
        while self.line and (answer := self._open(today)) is not None:
            index, _, site = self.line.popleft()
            self._screen(index, site, today, answer)

    def _levels(self) -> dict[str, str]:
        """Of the stratification factors, which say nothing in phase I: the first level of each."""
        return {f.name: f.levels[0] for f in self.trial.factors}

    def _arrive(self, index: int, site: str, today: date) -> None:
        answer = None if self.line else self._open(today)
        if answer is not None:
            self._screen(index, site, today, answer)
            return
        room = self.plan.truth.waiting_list
        if room == "everyone" or len(self.line) < room:
            self.line.append((index, today, site))
            self.crowd.waited += 1
        else:
            self.crowd.turned_away += 1

    def _level(self, answer: Answer) -> tuple[int, dict[str, bool]]:
        """The level that an answer gives the next patient, and how it is recorded."""
        if answer.places is not None:
            number = sum(s.drawn for s in self.status.values())
            return lot(answer.places, self.draws.level(number)), {"at_random": True}
        assert answer.dose is not None, "a place is at a dose"
        return int(answer.dose), {"backfill": True} if answer.action == BACKFILL else {}

    def _screen(self, index: int, site: str, today: date, answer: Answer) -> None:
        """Screen and, unless he fails, enrol and assign who came as ``index``."""
        name, now = f"{self.named}{index + 1:04d}", moment(today)
        fails = self.people.fails(index) < self.plan.scenario.screening_failure
        criteria = len(self.trial.eligibility)
        if fails and not criteria:
            self.crowd.failed += 1
            return  # there is no criterion that a log could name
        failed = [1 + int(self.people.criterion(index) * criteria)] if fails else []
        self.conduct.screen(name, site, today, now, BY, failed)
        if fails:
            self.crowd.failed += 1
            return
        level, how = self._level(answer)
        self._decided(today, answer)
        self.conduct.enrol(name, today, now, BY, self._levels(), part=self.part)
        self.conduct.order("assigned", today, now, BY, patient=name, data={"level": self.plan.labels[level - 1], **how})
        self.order.append(name)
        self.index[name] = index
        self.stale.add(name)
        for thing in self.people.life(index, level):
            on, known = today + timedelta(days=thing.day), today + timedelta(days=max(thing.recorded, 1))
            self.due[known].append((name, on, thing))
