"""When will a look be ripe, and how many will be on study then? A forecast for a running trial, from its log as known today.

Each draw is the log of today conducted onward by the loop that conducts simulated trials: its patients, its sites, its strata and
what is left in their blocks, its looks, its pauses. Who comes and what becomes of them, one draw from ``belief`` says; when a
cohort is full and a look is ripe, the rules that ``decide`` asks. A look on the way is taken to say: go on. So nothing of the
outcome is foreseen but the days on which it is known. After the look is known, the fan counts those who come as long as places are
left. A pause that the protocol does not ask for is taken to end tomorrow.

A draw of NORTH's first look from its 40th patient costs about a sixth of a whole simulated NORTH: 18 ms of a slow core, 7 s for the
400 draws that are the default. Every figure shows its Monte-Carlo error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.continued_blocks import ContinuedBlocks, histories, left_in_block
from equipoise.conduct.minimisation import Minimisation
from equipoise.conduct.place import Allocation
from equipoise.numerics.random.streams import generator
from equipoise.simulate.belief import Belief
from equipoise.simulate.loop import Loop
from equipoise.simulate.progress import Progress, is_ripe
from equipoise.trial.block_sizes import assumed_blocks
from equipoise.trial.decision import Continue, Decision, Fingerprints
from equipoise.trial.evidence import ArmsEvidence, Evidence, TwoArmEvidence
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

Array = NDArray[np.float64]

#: Days beyond today that a forecast looks ahead; a look that is not known by then counts as known then.
HORIZON = 3652
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Foreseen:
    """A forecast quantity: its quantiles over the draws, and the Monte-Carlo error of each.

    ``quantiles`` maps 0.1, 0.25, 0.5, 0.75, 0.9 to a value; ``mc_error`` likewise, by order statistics.
    """

    quantiles: dict[float, float]
    mc_error: dict[float, float]


@dataclass(frozen=True)
class Forecast:
    """Days are counted from the cut-off. ``ripe_already``: the look can be taken today, and nothing is foreseen."""

    trial: str
    look: int
    cutoff: date
    draws: int
    seed: int
    ripe_already: bool
    randomised_today: int
    cohort_full: Foreseen | None
    ripe: Foreseen | None
    known: Foreseen | None
    randomised_at_ripe: Foreseen | None
    randomised_at_known: Foreseen | None
    on_study_at_ripe: Foreseen | None
    #: (day, 10 %, 50 %, 90 %) of patients randomised, weekly
    fan: Sequence[tuple[int, float, float, float]]
    method: str

    def day(self, foreseen: Foreseen, share: float) -> date:
        """The calendar day of a quantile."""
        return self.cutoff + timedelta(days=math.ceil(foreseen.quantiles[share]))


def forecast(
    trial: Trial, snap: Snapshot, look: int, *, draws: int = 400, seed: int = 1, site_shape: float = 4.0
) -> Forecast:  # fmt: skip
    """Forecast ``look``. Raises BadInput for a trial that cannot be foreseen, or a look that there is not or will not be."""
    problems = [*_problems(trial)]
    if not 100 <= draws <= 100_000:
        problems.append(Problem("out-of-range", "draws", str(draws), "100 to 100000"))
    if not site_shape > 0:
        problems.append(Problem("out-of-range", "site_shape", f"{site_shape:g}", "a number above 0"))
    if problems:
        raise BadInput("forecast", problems)
    base = (trial.id, look, snap.cutoff, draws, seed)
    method = f"Conducted onward from the log: Poisson–gamma by site (shape {site_shape:g}), exponential times, {draws} draws, seed {seed}"
    method = ". ".join(filter(None, [method, assumed_blocks(trial)]))
    randomised = len(snap.randomised)
    if is_ripe(trial, snap, look):
        return Forecast(*base, True, randomised, None, None, None, None, None, None, (), method)
    onward = _Onward(trial, snap, look, site_shape)
    found = [onward.once(generator(seed, "forecast", i)) for i in range(draws)]
    full, ripe, known, at_ripe, at_known, on_study = (np.array([f[k] for f in found], float) for k in range(6))
    days = np.arange(0, int(np.quantile(known, 0.9)) + 35, 7)
    counted = np.array([np.searchsorted(f[6], days, side="right") for f in found]) + randomised
    fan = np.quantile(counted, (0.1, 0.5, 0.9), axis=0)
    return Forecast(
        *base, False, randomised, _foreseen(full), _foreseen(ripe), _foreseen(known), _foreseen(at_ripe),
        _foreseen(at_known), _foreseen(on_study),
        tuple((int(d), float(a), float(b), float(c)) for d, a, b, c in zip(days, *fan, strict=True)), method,
    )  # fmt: skip


def _problems(trial: Trial) -> Sequence[Problem]:
    if trial.monitoring is None or not trial.sites or trial.assessments is None:
        return [Problem("not-forecast", "trial", trial.id, "a trial with [monitoring], [assessments] and [[sites]]")]
    m = trial.monitored
    if not m.by_cohort or m.toxicity is not None or m.design.takes not in (Evidence, TwoArmEvidence, ArmsEvidence):
        allowed = "a design that looks at a yes or a no of so many patients; looks on events and on times are not foreseen here"
        return [
            Problem(
                "not-forecast",
                "design",
                f"looks on {m.looks[0].unit}",
                allowed,
                "`equipoise simulate` says when they come",
            )
        ]
    of = m.times
    if of is not None and of.origin != "randomisation":
        return [Problem("not-forecast", f"endpoints.{of.name}.origin", repr(of.origin), "'randomisation'")]
    return []


def _foreseen(values: Array) -> Foreseen:
    ordered = np.sort(values)
    n = len(ordered)
    quantiles, errors = {}, {}
    for q in _SHARES:
        spread = math.sqrt(n * q * (1 - q))
        low, high = (int(np.clip(round(n * q + s * spread), 0, n - 1)) for s in (-1, 1))
        quantiles[q] = float(np.quantile(ordered, q))
        errors[q] = float(ordered[high] - ordered[low]) / 2
    return Foreseen(quantiles, errors)


class _Onward:
    """What all draws share: the trial as it stands in its log, and what that leads us to believe."""

    def __init__(self, trial: Trial, snap: Snapshot, look: int, site_shape: float) -> None:
        self.trial, self.look, self.today = trial, look, snap.cutoff
        self.conduct = _resumed(trial, snap)
        self.progress = Progress.of(self.conduct, self.today, _goes_on)
        if self.progress.stage > look:
            over = self.progress.stage > len(trial.monitored.design.looks)
            allowed = "none: the log says that the trial is over" if over else f"{self.progress.stage} or later"
            raise BadInput("forecast", [Problem("look-taken", "look", str(look), allowed)])
        monitoring, last = trial.monitored.monitoring, trial.monitored.is_final(self.progress.stage)
        self.waiting, self.cap = monitoring.while_waiting, monitoring.cap or 0
        if self.progress.paused and (self.waiting == "continue" or last):
            recorded = self.conduct.log[len(self.conduct.log) - 1].recorded
            self.conduct.order("enrolment resumed", self.today, recorded, "forecast")
            self.progress = replace(self.progress, paused=False)
        given_so_far = histories(self.conduct.log)
        self.begun = {stratum: len(arms) for stratum, arms in given_so_far.items()}
        self.left = {stratum: left_in_block(trial, arms) for stratum, arms in given_so_far.items()}
        self.belief = Belief(self.conduct, self.progress, self.today, site_shape)

    def _onward(self, rng: np.random.Generator) -> Allocation:
        """Arms that can follow those given: the seed is secret, so its random numbers are drawn anew."""
        if self.trial.randomisation is not None and self.trial.randomisation.minimises:
            return Minimisation(self.trial, f"forecast {rng.integers(1 << 62)}")
        return ContinuedBlocks(self.trial, self.begun, self.left, rng)

    def once(self, rng: np.random.Generator) -> tuple[float, float, float, int, int, int, Array]:
        """Cohort full, ripe, known (days from the cut-off); randomised at ripe and known; on study at ripe; new entries."""
        source = self.belief.draw(rng)
        conduct = self.conduct.fork(self._onward(rng))
        due, stays = source.of_those_in_the_trial(self.progress.order)
        loop = Loop(conduct, source, _goes_on, self.progress, self.waiting, self.cap, due)
        loop.from_day(self.today + timedelta(days=1), self.today + timedelta(days=HORIZON), self.look)
        began = (self.today - self.trial.start).days
        new = [(day - began, off) for _, day, off in loop.courses]
        if loop.looks and loop.looks[-1].decision.look == self.look:
            taken = loop.looks[-1]
            full, ripe, known = (self._from_today(d) for d in (taken.full_on, taken.cutoff, taken.readout))
            if self.look == loop.stages and loop.last_entry is not None:
                full = self._from_today(loop.last_entry)
            at_ripe, at_known = taken.randomised_at_cutoff, taken.randomised_at_readout
        else:
            full = ripe = known = HORIZON
            at_ripe = at_known = loop.randomised
        on_study = sum(s > ripe for s in stays) + sum(day <= ripe < day + off for day, off in new)
        places = 0 if loop.closed else self.trial.target_enrolment - loop.randomised
        later = islice(chain([source.latest] if source.latest else [], source.arrivals()), places)
        entries = [day for day, _ in new] + [self._from_today(day) for day, _ in later]
        return max(full, 0), ripe, known, at_ripe, at_known, on_study, np.array(entries, float)

    def _from_today(self, day: date) -> int:
        return (day - self.today).days


def _goes_on(trial: Trial, log: Log, today: date, look: int) -> Decision:
    """What a look is taken to say: nothing is foreseen of the outcome."""
    return Decision(
        trial.id, look, len(trial.monitored.design.looks), today, Continue(), ("Foreseen to go on.",), (), 0.0, "", {}, {}, (),
        (), Fingerprints("", "", ""),
    )  # fmt: skip


def _resumed(trial: Trial, snap: Snapshot) -> Conduct:
    """The trial as the snapshot has it: what stands, all known by the end of the cut-off, responses as its file states."""
    end = datetime.combine(snap.cutoff, time.max, UTC)
    standing = (
        replace(event, number=number, corrects=None, recorded=min(event.recorded, end))
        for number, event in enumerate(snap.events, start=1)
    )
    found = Conduct(trial, Log(standing), virtual=True)
    found.patients.update(snap.patients)
    return found
