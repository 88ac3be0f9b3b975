"""One simulated trial: virtual patients through the same randomiser, log, snapshot, endpoints and decision.

This loop is the reference. It knows no design: it asks ``decide``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.analyse.status import Status, counts
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.decide.decide import decide
from equipoise.decide.enrolment import stage_is_full
from equipoise.decide.ripeness import ArmStanding, TrialStanding, followed_until, unripe
from equipoise.simulate import accrual
from equipoise.simulate.patient_draws import PatientDraws
from equipoise.simulate.plan import Plan
from equipoise.simulate.virtual_patient import Happening, fate, life
from equipoise.trial.decision import Continue, Decision
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem

#: Records after which a patient's status may have changed.
_TELLING = frozenset({"assessed", "died", "progressed", "outcome", "withdrawn", "lost", "next therapy", "contact"})


@dataclass(frozen=True)
class LookTaken:
    """A look of a simulated trial: the decision, who was randomised when it was cut and when it was known, and the day on
    which its cohort was enrolled."""

    decision: Decision
    cutoff: date
    readout: date
    randomised_at_cohort_full: int
    randomised_at_cutoff: int
    randomised_at_readout: int
    full_on: date


@dataclass(frozen=True)
class SimulatedTrial:
    """One replicate: its looks and how it ended.

    ``courses``: of each randomised patient the arm, the day of randomisation and the days on study, from the trial's
    start; on study ends with progression seen, death or leaving.
    """

    replicate: int
    looks: Sequence[LookTaken]
    randomised: int
    tested: int
    ended: date
    log: Log
    courses: Sequence[tuple[str, int, int]]


@cache
def _moment(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


def run(plan: Plan, replicate: int, *, detail: bool = False) -> SimulatedTrial:
    """Conduct one trial with virtual patients, day by day, to its last decision.

    ``detail`` adds doses, adverse events and contacts to the log; the decisions are the same without, unless the
    monitored endpoint asks for them, and then they are always there.
    """
    return _Run(plan, replicate, detail).to_the_end()


class _Run:
    def __init__(self, plan: Plan, replicate: int, detail: bool) -> None:
        self.plan, self.replicate, self.detail = plan, replicate, detail or not plan.usual
        self.trial, self.monitored = plan.trial, plan.trial.monitored
        allocation = PermutedBlocks(self.trial, plan.seed, replicate) if self.trial.randomisation is not None else None
        self.conduct = Conduct.open(self.trial, _moment(self.trial.start), "simulation", allocation)
        self.draws = PatientDraws(plan.widths, plan.seed, replicate)
        self.due: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
        self.order: dict[str, list[str]] = {arm.name: [] for arm in self.trial.arms}
        #: Where each patient stands, and those of whom it is to be judged anew before anything hangs on it.
        self.status: dict[str, Status | None] = {}
        self.stale: set[str] = set()
        self.unsettled_until: dict[date, list[str]] = defaultdict(list)
        self.randomised = 0
        self.last_entry: date | None = None
        self.looks: list[LookTaken] = []
        self.stage = 1
        self.courses: list[tuple[str, int, int]] = []
        self.paused = self.closed = False
        self.full_at: dict[int, int] = {}
        self.full_on: dict[int, date] = {}
        self.stages = len(self.monitored.design.looks)
        #: Whether anything happened today on which it hangs if a look is ripe.
        self.changed = False
        #: The day on which time alone may make the last look ripe.
        self.followed: date | None = None
        #: Whether a look hangs on the statuses alone; before that nobody's is judged.
        self.near = False
        self.pending_look: tuple[Decision, date, int] | None = None
        self.monitoring, self.endpoint = self.monitored.monitoring, self.monitored.endpoint
        self.tested = self.monitored.tested.name
        #: Patients of the tested arm that the last stage is to have, where an earlier look said so.
        self.enrol: int | None = None
        #: Days on which time alone may make a look ripe.
        self.looking_days = {self.trial.start + timedelta(days=d.days) for d in self.monitoring.not_before}

    def to_the_end(self) -> SimulatedTrial:
        start, plan = self.trial.start, self.plan
        horizon = start + timedelta(days=accrual.horizon(self.trial))
        coming = (
            (start + timedelta(days=day), self.trial.sites[site].name)
            for day, site in accrual.arrivals(self.trial, plan.rates, plan.seed, self.replicate)
        )
        opening: dict[date, list[str]] = defaultdict(list)
        opens = accrual.openings(self.trial, plan.rates, plan.seed, self.replicate)
        for site, (day, _) in zip(self.trial.sites, opens, strict=True):
            opening[start + timedelta(days=day)].append(site.name)
        arrival, arrived = next(coming, None), 0
        today = self.trial.start
        while today <= horizon:
            for site_name in opening.get(today, ()):
                self.conduct.activate(site_name, today, _moment(today), "simulation")
            self._readout(today)
            if self.stage > self.stages:
                return self._result(today)
            self._record(today)
            while arrival is not None and arrival[0] <= today:
                self._arrive(arrived, arrival[1], today)
                arrived += 1
                arrival = next(coming, None)
            asked = self.changed or today == self.followed or today in self.looking_days
            if asked:
                self.near = self._hangs_on_statuses(today)
            if self.near:
                self._settle(today)
            if self.changed:
                self._pause_when_full(today)
                self._close_when_enough(today)
            if self.near and self.pending_look is None and (self.changed or asked) and self._may_be_ripe(today):
                self._look(today)
            self.changed = False
            today += timedelta(days=1)
        problem = Problem(
            "endless",
            "accrual",
            f"replicate {self.replicate}, waiting '{plan.waiting}', has {self.randomised} of "
            f"{self.trial.target_enrolment} randomised and goes on ten years after its last site opened",
            "trials that end by then, every one of them",
            "raise accrual.pace, add sites or rates, or let the sites vary less",
        )
        raise BadInput(f"scenario {plan.scenario.id}", [problem])

    # -- days -------------------------------------------------------------------------------------------------------

    def _record(self, today: date) -> None:
        self.stale.update(self.unsettled_until.pop(today, ()))
        for patient, happened, thing in self.due.pop(today, ()):
            self.conduct.order(thing.kind, happened, _moment(today), "simulation", patient=patient, data=thing.data)
            if thing.kind in _TELLING:
                self.stale.add(patient)

    def _arrive(self, index: int, site: str, today: date) -> None:
        if self.closed or self.paused:
            return
        draws = self.draws.of(index)
        own = draws["patient"]
        name, now = f"P{index + 1:04d}", _moment(today)
        failed = []
        if own[0] < self.plan.scenario.screening_failure:
            failed = [1 + int(own[15] * len(self.trial.eligibility))] if self.trial.eligibility else []
            if not failed:
                return
        self.conduct.screen(name, site, today, now, "simulation", failed)
        if failed:
            return
        factors, stratum = {}, 0
        for factor, levels, u in zip(self.trial.factors, self.plan.levels, [*own[1:4], *own[8:15]], strict=False):
            level = min(bisect_right(levels, u), len(levels) - 1)
            factors[factor.name] = factor.levels[level]
            stratum = stratum * len(levels) + level
        entry = self.conduct.enrol(name, today, now, "simulation", factors)
        if self.trial.randomisation is not None:
            entry = self.conduct.randomise(name, today, now, "simulation")
        arm = entry.data["arm"]
        self.order[arm].append(name)
        self.changed = True
        self.randomised += 1
        self.last_entry = today
        plan = self.plan
        course = plan.courses[arm].strata[stratum]
        what = fate(self.trial, plan.scenario, course, plan.toxicity[arm], plan.leaving, draws)
        self.courses.append((arm, (today - self.trial.start).days, what.off_study))
        for thing in life(
            self.trial, plan.scenario, arm, what, plan.leaving, draws,
            response=plan.responses[arm], detail=self.detail, contacts=plan.contacts,
        ):  # fmt: skip
            self.due[today + timedelta(days=max(thing.recorded, 1))].append(
                (name, today + timedelta(days=thing.day), thing)
            )
        self.status[name] = None
        self.stale.add(name)
        if self.randomised >= self.trial.target_enrolment:
            self._close(today, f"the planned number is {self.trial.entered}")

    def _hangs_on_statuses(self, today: date) -> bool:
        """Whether anything may hang on who counts and who is waited for: all else that a ripe look needs is there."""
        standing = TrialStanding(today, self.randomised, self.last_entry, self.closed)
        self.followed = followed_until(self.trial, self.stage, standing)
        at_best = {a: ArmStanding(n, len(self.order[a]), n, pending=0) for a, n in self._planned().items()}
        if self.enrol is not None and not self.closed:
            return True
        if not self.monitored.is_final(self.stage):
            # Whether enrolment pauses hangs on who counts, also before the day on which the look may be taken.
            return all(arm.complete for arm in at_best.values())
        return not unripe(self.trial, self.stage, at_best, standing)

    def _settle(self, today: date) -> None:
        """Bring the status up to date of those about whom something was recorded since, or whom time alone may settle."""
        for name in self.stale:
            # Also those whose status was known: a late record may change it.
            before, found = self.status[name], status_of(self.conduct.patients[name], self.endpoint, self.trial, today)
            self.status[name] = found
            # Who counts and who is waited for hangs on nothing else of a status.
            if (before and before.status) != (found and found.status):
                self.changed = True
            if found is not None and found.next_look is not None:
                self.unsettled_until[found.next_look].append(name)
        self.stale.clear()

    def _counting(self, arm: str) -> list[str]:
        """Patients of an arm, in the order in which they came, less those known not to count where their places are filled again."""
        if self.endpoint.not_evaluable != "replace":
            return self.order[arm]
        return [n for n in self.order[arm] if (s := self.status[n]) is None or counts(s, "replace")]

    def _pause_when_full(self, today: date) -> None:
        if self.stage in self.full_at and self.plan.waiting == "continue":
            return
        if self.stage == self.stages:
            return
        full = stage_is_full(self.trial, self.stage, {arm: len(self._counting(arm)) for arm in self.order})
        if full:
            self.full_at.setdefault(self.stage, self.randomised)
            self.full_on.setdefault(self.stage, today)
        if self.plan.waiting != "continue" and not self.closed:
            enough = full and self.randomised >= self.full_at[self.stage] + self.plan.cap
            if enough != self.paused:
                self.paused = enough
                kind = "enrolment paused" if enough else "enrolment resumed"
                why = f"the cohort of look {self.stage} is {'enrolled' if enough else 'to be filled again'}"
                self.conduct.order(kind, today, _moment(today), "simulation", why)

    def _close_when_enough(self, today: date) -> None:
        """Close enrolment once the last stage has as many as an earlier look said it is to have."""
        if self.enrol is not None and not self.closed and len(self._counting(self.tested)) >= self.enrol:
            self._close(today, f"the last stage is to have {self.enrol} patients")

    def _close(self, today: date, why: str) -> None:
        self.closed = True
        self.conduct.order("enrolment closed", today, _moment(today), "simulation", why)

    # -- looks ------------------------------------------------------------------------------------------------------

    def _may_be_ripe(self, today: date) -> bool:
        """The rule of ripeness on what this loop keeps of each patient; ``decide`` has the word."""
        standing = TrialStanding(today, self.randomised, self.last_entry, self.closed)
        return not unripe(self.trial, self.stage, self._arms(), standing)

    def _planned(self) -> dict[str, int]:
        planned = self.monitored.planned(self.stage)
        return planned if self.enrol is None else planned | {self.tested: self.enrol}

    def _arms(self) -> dict[str, ArmStanding]:
        found = {}
        for arm, planned in self._planned().items():
            places = self._counting(arm)[:planned]
            waited = sum((s := self.status[n]) is None or s.status == "pending" for n in places)
            found[arm] = ArmStanding(planned, len(places), len(places), waited)
        return found

    def _look(self, today: date) -> None:
        decision = decide(self.trial, cut(self.trial, self.conduct.log, today, fingerprint=False), self.stage)
        if isinstance(decision, Decision):
            readout = today + timedelta(days=self.monitoring.readout_delay.days)
            self.pending_look = (decision, readout, self.randomised)

    def _readout(self, today: date) -> None:
        if self.pending_look is None or today < self.pending_look[1]:
            return
        decision, _, at_cutoff = self.pending_look
        self.pending_look = None
        now = _moment(today)
        self.looks.append(
            LookTaken(
                decision,
                decision.cutoff,
                today,
                self.full_at.get(self.stage, self.randomised),
                at_cutoff,
                self.randomised,
                self.full_on.get(self.stage, today),
            )
        )
        self.conduct.order(
            "decided", today, now, "simulation", "; ".join(decision.because),
            data={
                "look": self.stage,
                "action": decision.action.name,
                "cutoff": decision.cutoff.isoformat(),
                "known_on": decision.cutoff.isoformat(),
            },
        )  # fmt: skip
        if decision.action.name != "continue":
            self.stage = self.stages + 1
            if not self.closed:
                self._close(today, "the trial stops")
            return
        self.stage += 1
        self.changed = True
        self.enrol = decision.action.enrol if isinstance(decision.action, Continue) else None
        if self.paused:
            self.paused = False
            self.conduct.order("enrolment resumed", today, now, "simulation", f"look {self.stage - 1} says continue")

    def _result(self, today: date) -> SimulatedTrial:
        return SimulatedTrial(
            self.replicate,
            tuple(self.looks),
            self.randomised,
            len(self.order[self.tested]),
            today,
            self.conduct.log,
            tuple(self.courses),
        )
