"""One simulated trial: virtual patients through the same randomiser, log, snapshot, endpoints and decision.

This loop is the reference. It knows no design: it asks ``decide``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from equipoise.analyse.data import cut
from equipoise.analyse.landmark import LandmarkStatus, counts, landmark_status
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.decide.decide import decide
from equipoise.decide.enrolment import stage_is_full, stage_targets
from equipoise.numerics.random.streams import short_uniforms
from equipoise.simulate import accrual
from equipoise.simulate.plan import Plan
from equipoise.simulate.virtual_patient import Happening, fate, life
from equipoise.trial.decision import Decision
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem

#: Records after which a patient's status at a landmark may have changed.
_TELLING = frozenset({"assessed", "died", "progressed", "withdrawn", "lost", "next therapy", "contact"})
#: Virtual patients drawn at a time; more are drawn when they are needed, and change nothing of the first.
_BATCH = 256


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


@dataclass
class _Draws:
    """The uniform numbers of each patient for each purpose, drawn in batches."""

    plan: Plan
    replicate: int
    tables: dict[str, list[list[float]]] = field(default_factory=dict)

    def of(self, index: int) -> dict[str, Sequence[float]]:
        if not self.tables or index >= len(self.tables["patient"]):
            rows = (index // _BATCH + 1) * _BATCH
            for purpose, width in self.plan.widths.items():
                self.tables[purpose] = short_uniforms(self.plan.seed, purpose, self.replicate, rows, width).tolist()
        return {purpose: table[index] for purpose, table in self.tables.items()}


def run(plan: Plan, replicate: int, *, detail: bool = False) -> SimulatedTrial:
    """Conduct one trial with virtual patients, day by day, to its last decision.

    ``detail`` adds doses, adverse events and contacts to the log; the decisions are the same without, unless the
    monitored endpoint asks for them, and then they are always there.
    """
    return _Run(plan, replicate, detail).to_the_end()


class _Run:
    def __init__(self, plan: Plan, replicate: int, detail: bool) -> None:
        self.plan, self.replicate, self.detail = plan, replicate, detail or not plan.usual
        self.trial, self.design = plan.trial, plan.design
        allocation = PermutedBlocks(self.trial, plan.seed, replicate)
        self.conduct = Conduct.open(self.trial, _moment(self.trial.start), "simulation", allocation)
        self.draws = _Draws(plan, replicate)
        self.due: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
        self.order: dict[str, list[str]] = {arm.name: [] for arm in self.trial.arms}
        self.status: dict[str, LandmarkStatus] = {}
        self.unsettled_until: dict[date, list[str]] = defaultdict(list)
        self.randomised = 0
        self.last_randomised = self.trial.start
        self.looks: list[LookTaken] = []
        self.stage = 1
        self.courses: list[tuple[str, int, int]] = []
        self.paused = self.closed = False
        self.full_at: dict[int, int] = {}
        self.full_on: dict[int, date] = {}
        self.looks_planned = self.design.looks
        self.changed = False
        self.pending_look: tuple[Decision, date, int] | None = None
        assert self.trial.monitoring is not None
        self.monitoring = self.trial.monitoring
        self.endpoint = self.trial.landmark(self.monitoring.endpoint)
        self.controls = [a.name for a in self.trial.control_arms][:1]
        self.tested = self.trial.tested_arms[0].name

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
            if self.stage > len(self.looks_planned):
                return self._result(today)
            touched = self._record(today)
            while arrival is not None and arrival[0] <= today:
                self._arrive(arrived, arrival[1], today)
                arrived += 1
                arrival = next(coming, None)
            self._settle(today, touched)
            if self.changed:
                self._pause_when_full(today)
            final = self.stage == len(self.looks_planned)
            if self.pending_look is None and (self.changed or final) and self._may_be_ripe(today):
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

    def _record(self, today: date) -> set[str]:
        touched = set(self.unsettled_until.pop(today, ()))
        for patient, happened, thing in self.due.pop(today, ()):
            self.conduct.order(thing.kind, happened, _moment(today), "simulation", patient=patient, data=thing.data)
            if thing.kind in _TELLING:
                touched.add(patient)
        return touched

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
        for factor, levels, u in zip(
            self.trial.randomisation.factors, self.plan.levels, [*own[1:4], *own[8:15]], strict=False
        ):
            level = min(bisect_right(levels, u), len(levels) - 1)
            factors[factor.name] = factor.levels[level]
            stratum = stratum * len(levels) + level
        self.conduct.enrol(name, today, now, "simulation", factors)
        arm = self.conduct.randomise(name, today, now, "simulation").data["arm"]
        self.order[arm].append(name)
        self.changed = True
        self.randomised += 1
        self.last_randomised = today
        plan = self.plan
        course = plan.courses[arm].strata[stratum]
        what = fate(self.trial, plan.scenario, course, plan.toxicity[arm], plan.leaving, draws)
        self.courses.append((arm, (today - self.trial.start).days, what.off_study))
        for thing in life(
            self.trial, plan.scenario, arm, what, plan.leaving, draws, detail=self.detail, contacts=plan.contacts
        ):
            self.due[today + timedelta(days=max(thing.recorded, 1))].append(
                (name, today + timedelta(days=thing.day), thing)
            )
        # Time alone may settle a status: at the landmark itself, and when its window has gone by.
        for day in (self.endpoint.landmark.days, self.endpoint.landmark.days + self.endpoint.window.days + 1):
            self.unsettled_until[today + timedelta(days=day)].append(name)
        if self.randomised >= self.trial.target_enrolment:
            self.closed = True
            self.conduct.order("enrolment closed", today, now, "simulation", "the planned number is randomised")

    def _settle(self, today: date, touched: set[str]) -> None:
        """Bring the landmark status up to date of those about whom something was recorded today."""
        for name in touched:
            # Also those whose status was known: a late record may change it.
            found = landmark_status(self.conduct.patients[name], self.endpoint, self.trial, today)
            if found is not None:
                self.status[name] = found
                self.changed = True

    def _counting(self, arm: str) -> list[str]:
        """Patients of an arm, in the order of randomisation, less those known not to count."""
        policy = self.endpoint.not_evaluable
        return [n for n in self.order[arm] if n not in self.status or counts(self.status[n], policy)]

    def _pause_when_full(self, today: date) -> None:
        if self.stage in self.full_at and self.plan.waiting == "continue":
            return
        if self.stage == len(self.looks_planned):
            return
        controls = len(self._counting(self.controls[0])) if self.controls else 0
        full = stage_is_full(self.trial, self.design, self.stage, len(self._counting(self.tested)), controls)
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

    # -- looks ------------------------------------------------------------------------------------------------------

    def _may_be_ripe(self, today: date) -> bool:
        """A cheap necessary condition; ``decide`` has the word."""
        final = self.stage == len(self.looks_planned)
        if final and not (
            self.closed and today >= self.last_randomised + timedelta(days=self.monitoring.final_follow_up.days)
        ):
            return False
        need_tested, need_controls = stage_targets(self.trial, self.design, self.stage)
        for arm, need in [
            (self.tested, need_tested),
            *((c, need_controls) for c in self.controls if need_controls),
        ]:
            members = self._counting(arm)[:need]
            if len(members) < need and not (final and self.closed):
                return False
            if any(n not in self.status or self.status[n].status == "pending" for n in members):
                return False
        return True

    def _look(self, today: date) -> None:
        decision = decide(
            self.trial, self.design, cut(self.trial, self.conduct.log, today, fingerprint=False), self.stage
        )
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
            self.stage = len(self.looks_planned) + 1
            if not self.closed:
                self.closed = True
                self.conduct.order("enrolment closed", today, now, "simulation", "the trial stops")
            return
        self.stage += 1
        self.changed = True
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
