"""A trial conducted day by day with virtual patients: through the same randomiser, log, snapshot, endpoints and decision.

This loop is the reference. It knows no design: it asks ``decide``. It begins where a trial stands: a new one, or one that is under
way and is foreseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from equipoise.analyse.standing import has_event, standing
from equipoise.conduct.conduct import Conduct
from equipoise.decide.decide import decided
from equipoise.decide.enrolment import counting, stage_is_full
from equipoise.decide.ripeness import ArmStanding, TrialStanding, all_followed, followed_until, unripe
from equipoise.decide.safety import look_data
from equipoise.simulate.amended import Amendments
from equipoise.simulate.exposed import OVER
from equipoise.simulate.happening import Happening
from equipoise.simulate.plan import Waiting
from equipoise.simulate.progress import Ask, Progress
from equipoise.simulate.safety_looks import SafetyLooks
from equipoise.simulate.source import Source
from equipoise.trial.decision import Continue, Decision
from equipoise.trial.when import Enrolled

#: Records after which a patient's status may have changed; a dose and an adverse event are contacts too: he was alive and followed.
_TELLING = frozenset(
    {
        "assessed",
        "died",
        "progressed",
        "outcome",
        "withdrawn",
        "lost",
        "next therapy",
        "contact",
        "treated",
        "sampled",
        "adverse event",
    }
)


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


@cache
def moment(day: date) -> datetime:
    """The beginning of a day, when all that is recorded on it is."""
    return datetime.combine(day, time(0), UTC)


class Loop:
    """A trial conducted day by day from how far it has come. Who comes, and what becomes of them, the source says; what a
    look comes to, ``ask`` says. ``futures``: what is yet to be recorded of those who are in the trial, by the day of its record.
    ``amending``: what is amended on the way; it changes what is given and no decision.
    ``safety``: whether the safety rules beside the design are looked at; a forecast takes them to say nothing on the way.
    """

    def __init__(
        self, conduct: Conduct, source: Source, ask: Ask, progress: Progress, waiting: Waiting, cap: int,
        futures: Mapping[date, Sequence[tuple[str, date, Happening]]] | None = None, *, safety: bool = False,
        amending: Amendments | None = None,
    ) -> None:  # fmt: skip
        self.conduct, self.source, self.ask, self.waiting, self.cap = conduct, source, ask, waiting, cap
        self.trial, self.monitored = conduct.trial, conduct.trial.monitored
        self.monitoring, self.by_cohort = self.monitored.monitoring, self.monitored.by_cohort
        self.tested, self.stages = self.monitored.tested.name, len(self.monitored.design.looks)
        self.order = {arm: list(names) for arm, names in progress.order.items()}
        self.status = dict(progress.status)
        self.randomised, self.last_entry = sum(map(len, self.order.values())), progress.last_entry
        self.stage, self.enrol, self.pending_look = progress.stage, progress.enrol, progress.awaited
        self.full_at, self.full_on = dict(progress.full_at), dict(progress.full_on)
        self.paused, self.closed = progress.paused, progress.closed
        self.due: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
        for day, things in (futures or {}).items():
            self.due[day].extend(things)
        self.unsettled_until: dict[date, list[str]] = defaultdict(list)
        for name, s in self.status.items():
            if s is not None and s.next_look is not None:
                self.unsettled_until[s.next_look].append(name)
        self.looks: list[LookTaken] = []
        self.safety = SafetyLooks(conduct, asked=safety)
        self.amending = amending
        #: Until when enrolment waits for the review of a safety rule; whether one stopped the trial.
        self.reviewed_on: date | None = None
        self.stopped = False
        self.courses: list[tuple[str, int, int]] = []
        #: Adverse events of which the end is recorded when it comes: patient, term, grade → the number of the record.
        self.lasting: dict[tuple[str, str, int], int] = {}
        #: Of whom it is to be judged anew where they stand before anything hangs on it.
        self.stale: set[str] = set()
        #: Whether anything happened today on which it hangs if a look is ripe.
        self.changed = self.randomised > 0
        #: Whether a look hangs on the statuses alone; before that nobody's is judged.
        self.near = False
        #: One who is known to be waited for and those who are passed over: a look waits until something is recorded of one of them.
        self.hinges: set[str] = set()
        #: The day on which time alone may make the last look ripe, and those on which it may make any.
        self.followed: date | None = None
        self.looking_days = {self.trial.start + timedelta(days=d.days) for d in self.monitoring.not_before}
        #: The days on which patients came onto the tested arm.
        self.entries: list[date] = []
        came = (conduct.patients[name].randomised for name in self.order[self.tested])
        for day in sorted(entry.happened for entry in came if entry is not None):
            self._entered(day)

    def from_day(self, today: date, horizon: date, last_look: int | None = None) -> date | None:
        """Go on from the morning of ``today`` until the trial's end, or until ``last_look`` is known; None: neither by the horizon."""
        opening: dict[date, list[str]] = defaultdict(list)
        for day, site in self.source.openings():
            opening[day].append(site)
        coming = self.source.arrivals()
        arrival, arrived = next(coming, None), 0
        while today <= horizon:
            for site_name in opening.get(today, ()):
                if site_name in self.conduct.standing.sites:
                    continue  # open since phase I
                self.conduct.activate(site_name, today, moment(today), "simulation")
            if self.amending is not None:
                self.amending.record(self.conduct, today, moment(today))
            self._readout(today)
            if self.stage > (last_look or self.stages):
                return today
            self._resume_after_review(today)
            self._record(today)
            while arrival is not None and arrival[0] <= today:
                self._arrive(arrived, arrival[1], today)
                arrived += 1
                arrival = next(coming, None)
            self._look_at_safety(today)
            if self.stopped:
                return today
            asked = self.changed or today == self.followed or today in self.looking_days
            if asked:
                self.near = self._hangs_on_statuses(today)
            near = self.near and not self._waits()
            if near:
                self._settle(today)
            if self.changed:
                self._pause_when_full(today)
                self._close_when_enough(today)
            if near and self.pending_look is None and (self.changed or asked) and self._may_be_ripe(today):
                self._look(today)
            self.changed = False
            today += timedelta(days=1)
        return None

    # -- days -------------------------------------------------------------------------------------------------------

    def _record(self, today: date) -> None:
        self.stale.update(self.unsettled_until.pop(today, ()))
        for patient, happened, thing in self.due.pop(today, ()):
            data = thing.data
            if thing.kind == OVER:
                number = self.lasting.pop((patient, data["term"], data["grade"]), None)
                if number is not None:
                    self.conduct.correct(
                        number, moment(today), "simulation", "it is over", data={"until": happened.isoformat()}
                    )
                continue
            if self.amending is not None and thing.kind == "treated":
                data = self.amending.given(self.conduct, patient, happened, data)
            event = self.conduct.order(thing.kind, happened, moment(today), "simulation", patient=patient, data=data)
            if thing.kind == "adverse event":
                self.lasting[patient, data["term"], data["grade"]] = event.number
            if patient not in self.status:
                continue  # of phase I: no look hangs on him
            if self.safety.rules:
                self.safety.recorded(event)
            if thing.kind in _TELLING:
                self.stale.add(patient)

    def _arrive(self, index: int, site: str, today: date) -> None:
        if self.closed or self.paused or self.reviewed_on is not None:
            return
        who = self.source.candidate(index)
        if who is None:
            return
        name, now = who.name, moment(today)
        self.conduct.screen(name, site, today, now, "simulation", who.failed)
        if who.failed:
            return
        entry = self.conduct.enrol(name, today, now, "simulation", who.factors, baseline=who.baseline)
        if self.trial.randomisation is not None:
            entry = self.conduct.randomise(name, today, now, "simulation")
        arm = entry.data["arm"]
        self.order[arm].append(name)
        if self.safety.rules:
            self.safety.entered(name, arm)
        self.changed = True
        self.randomised += 1
        self.last_entry = today
        if arm == self.tested:
            self._entered(today)
        what = self.source.life(index, who, arm, site, today)
        self.courses.append((arm, (today - self.trial.start).days, what.off_study))
        for thing in what.happenings:
            self.due[today + timedelta(days=max(thing.recorded, 1))].append(
                (name, today + timedelta(days=thing.day), thing)
            )
        self.status[name] = None
        self.stale.add(name)
        if self.randomised >= self.trial.target_enrolment:
            self._close(today, f"the planned number is {self.trial.entered}")

    def _entered(self, today: date) -> None:
        """One more on the tested arm: where a look is on patients enrolled, the days on which time alone may make it ripe."""
        self.entries.append(today)
        for number in range(1, self.stages + 1):
            when = self.monitored.look(number).when(self.monitoring.days_per_unit)
            if isinstance(when, Enrolled) and len(self.entries) == when.n:
                self.looking_days |= {
                    today + timedelta(days=when.days), self.entries[0] + timedelta(days=when.first)
                }  # fmt: skip

    def _standing(self, today: date) -> TrialStanding:
        return TrialStanding(today, self.randomised, self.last_entry, self.closed, self.entries)

    def _hangs_on_statuses(self, today: date) -> bool:
        """Whether anything may hang on who counts and who is waited for: all else that a ripe look needs is there."""
        standing = self._standing(today)
        self.followed = followed_until(self.trial, self.stage, standing)
        if not self.by_cohort:
            if self.pending_look is None and all_followed(self.trial, self.stage, standing):
                # Nothing more is waited for: what an earlier look was to be on will never come.
                self.stage = self.stages
            return True
        at_best = {a: ArmStanding(n, len(self.order[a]), n, pending=0) for a, n in self._planned().items()}
        if self.enrol is not None and not self.closed:
            return True
        if not self.monitored.is_final(self.stage):
            # Whether enrolment pauses hangs on who counts, also before the day on which the look may be taken.
            return all(arm.complete for arm in at_best.values())
        return not unripe(self.trial, self.stage, at_best, standing)

    def _waits(self) -> bool:
        """Whether a look waits, wherever the others stand: for its readout, or for one about whom nothing was recorded since.

        Never where enrolment still pauses or closes by who counts.
        """
        full = self.stage == self.stages or (self.waiting == "continue" and self.stage in self.full_at)
        if not full or (self.enrol is not None and not self.closed):
            return False
        return self.pending_look is not None or (bool(self.hinges) and self.hinges.isdisjoint(self.stale))

    def _settle(self, today: date) -> None:
        """Bring the status up to date of those about whom something was recorded since, or whom time alone may settle."""
        for name in self.stale:
            # Also those whose status was known: a late record may change it.
            before, found = self.status[name], standing(self.conduct.patients[name], self.monitored, self.trial, today)
            self.status[name] = found
            # Who counts and who is waited for hangs on nothing else of a status.
            if (before and before.status) != (found and found.status):
                self.changed = True
            if found is not None and found.next_look is not None:
                self.unsettled_until[found.next_look].append(name)
        self.stale.clear()

    def _counting(self, arm: str) -> Sequence[str]:
        return counting(self.order[arm], self.status, self.monitored.policy)

    def _pause_when_full(self, today: date) -> None:
        if self.stage in self.full_at and self.waiting == "continue":
            return
        if self.stage == self.stages or not self.by_cohort:
            return
        full = stage_is_full(self.trial, self.stage, {arm: len(self._counting(arm)) for arm in self.order})
        if full:
            self.full_at.setdefault(self.stage, self.randomised)
            self.full_on.setdefault(self.stage, today)
        if self.waiting != "continue" and not self.closed:
            enough = full and self.randomised >= self.full_at[self.stage] + self.cap
            if enough != self.paused:
                self.paused = enough
                why = f"the cohort of look {self.stage} is {'enrolled' if enough else 'to be filled again'}"
                self._pause_or_resume(today, why)

    def _close_when_enough(self, today: date) -> None:
        """Close enrolment once the last stage has as many as an earlier look said it is to have."""
        if self.enrol is not None and not self.closed and len(self._counting(self.tested)) >= self.enrol:
            self._close(today, f"the last stage is to have {self.enrol} patients")

    def _close(self, today: date, why: str) -> None:
        self.closed = True
        self.conduct.order("enrolment closed", today, moment(today), "simulation", why)

    # -- safety -----------------------------------------------------------------------------------------------------

    def _look_at_safety(self, today: date) -> None:
        """Look at the safety rules for which it is time; one that speaks anew pauses enrolment or stops the trial."""
        for _, said in self.safety.today(today):
            now, rule = moment(today), said.rule
            self.conduct.order(
                "safety look", today, now, "simulation", " ".join(said.ruling.because), data=look_data(said)
            )
            if not said.anew or rule.does == "caution":
                continue
            if rule.does == "stop":
                self.stopped = True
                if not self.closed:
                    self._close(today, f"safety rule {rule.name} stops the trial")
                return
            assert rule.review is not None, "a pause is reviewed"
            held, until = self.reviewed_on is not None, today + timedelta(days=rule.review.days)
            self.reviewed_on = max(until, self.reviewed_on or until)
            if not held and not self.paused and not self.closed:
                self.conduct.order("enrolment paused", today, now, "simulation", f"safety rule {rule.name} speaks")

    def _resume_after_review(self, today: date) -> None:
        if self.reviewed_on is not None and today >= self.reviewed_on:
            self.reviewed_on = None
            if not self.paused and not self.closed:
                self.conduct.order("enrolment resumed", today, moment(today), "simulation", "the review is done")

    def _pause_or_resume(self, today: date, why: str) -> None:
        """Say that enrolment pauses or goes on for a look's sake; unless it pauses for a review, or is over, already."""
        if self.reviewed_on is None and not self.closed:
            kind = "enrolment paused" if self.paused else "enrolment resumed"
            self.conduct.order(kind, today, moment(today), "simulation", why)

    # -- looks ------------------------------------------------------------------------------------------------------

    def _may_be_ripe(self, today: date) -> bool:
        """The rule of ripeness on what this loop keeps of each patient; ``decide`` has the word."""
        return not unripe(self.trial, self.stage, self._arms(), self._standing(today))

    def _planned(self) -> dict[str, int]:
        planned = self.monitored.planned(self.stage)
        return planned if self.enrol is None else planned | {self.tested: self.enrol}

    def _arms(self) -> dict[str, ArmStanding]:
        if not self.by_cohort:
            arms = ((a.name, self.order[a.name]) for a in self.monitored.counted_arms)
            happened = {arm: sum(has_event(self.status[n], self.monitored) for n in names) for arm, names in arms}
            return {arm: ArmStanding(0, 0, len(self.order[arm]), 0, d) for arm, d in happened.items()}
        found = {}
        self.hinges = set()
        for arm, planned in self._planned().items():
            counted = self._counting(arm)
            places = counted[:planned]
            waited = [n for n in places if (s := self.status[n]) is None or s.status == "pending"]
            if waited:
                # The last to come is waited for longest, unless somebody before is to count after all and takes the place.
                self.hinges = {waited[-1], *set(self.order[arm]).difference(counted)}
            found[arm] = ArmStanding(planned, len(places), len(places), len(waited))
        return found

    def _look(self, today: date) -> None:
        if not self.by_cohort:
            # Events come while a look is awaited: one that was passed meanwhile is not taken after the one that is due.
            while self.stage < self.stages and not unripe(
                self.trial, self.stage + 1, self._arms(), self._standing(today)
            ):
                self.stage += 1
        decision = self.ask(self.trial, self.conduct.log, today, self.stage)
        if isinstance(decision, Decision):
            readout = today + timedelta(days=self.monitoring.readout_delay.days)
            self.pending_look = (decision, readout, self.randomised)

    def _readout(self, today: date) -> None:
        if self.pending_look is None or today < self.pending_look[1]:
            return
        decision, _, at_cutoff = self.pending_look
        self.pending_look = None
        now = moment(today)
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
            data=decided(decision, decision.cutoff),
        )  # fmt: skip
        if decision.action.name != "continue":
            self.stage = self.stages + 1
            if not self.closed:
                self._close(today, "the trial stops")
            return
        self.stage += 1
        self.changed = True
        self.hinges = set()
        self.enrol = decision.action.enrol if isinstance(decision.action, Continue) else None
        if self.paused:
            self.paused = False
            self._pause_or_resume(today, f"look {self.stage - 1} says continue")
