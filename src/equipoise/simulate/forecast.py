"""When will a look be ripe, and how many will be on study then? A forecast for a running trial, from its log as known today.

Sites screen patients as Poisson processes whose rates differ: site i's rate is Gamma with mean its planned rate and shape
``site_shape``, so after n screened in t months it is Gamma(shape + n, shape / planned + t) (Anisimov & Fedorov 2007,
doi:10.1002/sim.2956). Sites not yet open follow their plan. Who is screened is randomised with a Beta(9, 1) chance, updated by
the log; strata come as they came so far, in permuted blocks. A patient of the cohort is settled by his event, seen at the next
planned scan, or by the first scan at the landmark or after it, whatever comes first, and by the delay with which this trial's
records come in; the chance of being event-free at the landmark and that of never being evaluable are updated by the log. Times to
the event are taken as exponential. Each draw plays the rest of the trial once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.landmark import landmark_status
from equipoise.analyse.status import counts
from equipoise.decide.decide import decide
from equipoise.numerics.random.streams import generator
from equipoise.trial.decision import Decision
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Curve, LineFigure, Mark, Table
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

Array = NDArray[np.float64]

#: Days beyond today that a forecast looks ahead.
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


@dataclass(frozen=True)
class _Known:
    """One randomised patient: days since the cut-off, who is settled, who is passed over."""

    arm: str
    origin: int
    settled: bool
    passed: bool
    on_study: bool


def forecast(
    trial: Trial, snap: Snapshot, look: int, *, draws: int = 2000, seed: int = 1, site_shape: float = 4.0
) -> Forecast:  # fmt: skip
    """Forecast ``look``. Raises BadInput for a trial that has no sites or monitoring, or a look that there is not."""
    problems = []
    if trial.monitoring is None or not trial.sites or trial.assessments is None:
        problems.append(
            Problem("not-forecast", "trial", trial.id, "a trial with [monitoring], [assessments] and [[sites]]")
        )
    if not 100 <= draws <= 100_000:
        problems.append(Problem("out-of-range", "draws", str(draws), "100 to 100000"))
    if not site_shape > 0:
        problems.append(Problem("out-of-range", "site_shape", f"{site_shape:g}", "a number above 0"))
    if problems:
        raise BadInput("forecast", problems)
    result = decide(trial, snap, look)
    base = (trial.id, look, snap.cutoff, draws, seed)
    method = f"Poisson–gamma by site (shape {site_shape:g}), exponential times to event, {draws} draws, seed {seed}"
    if isinstance(result, Decision):
        return Forecast(*base, True, len(snap.randomised), None, None, None, None, None, None, (), method)
    play = _Play(trial, snap, look, site_shape)
    found = [play.once(generator(seed, "forecast", i)) for i in range(draws)]
    full, ripe, known, at_ripe, at_known, on_study = (np.array([f[k] for f in found]) for k in range(6))
    horizon = int(np.quantile(known, 0.9)) + 28
    days = np.arange(0, horizon + 7, 7)
    # entries by arm are not needed for the fan: all that are randomised by a day
    counted = np.array([np.searchsorted(f[6], days, side="right") for f in found]) + len(snap.randomised)
    fan = np.quantile(counted, (0.1, 0.5, 0.9), axis=0)
    return Forecast(
        *base, False, len(snap.randomised), _foreseen(full), _foreseen(ripe), _foreseen(known), _foreseen(at_ripe),
        _foreseen(at_known), _foreseen(on_study),
        tuple((int(d), float(a), float(b), float(c)) for d, a, b, c in zip(days, *fan, strict=True)), method,
    )  # fmt: skip


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


class _Play:
    """What all draws share: what is known, and the updated chances."""

    def __init__(self, trial: Trial, snap: Snapshot, look: int, site_shape: float) -> None:
        assert trial.monitoring is not None
        assert trial.assessments is not None
        self.trial, self.snap = trial, snap
        self.monitoring = trial.monitoring
        self.endpoint = trial.landmark(self.monitoring.endpoint)
        self.final = look == len(trial.monitored.design.looks)
        self.tested = trial.tested_arms[0].name
        self.controls = trial.control_arms[0].name if trial.control_arms and self.monitoring.control_cohort else None
        self.need = {self.tested: trial.monitored.design.looks[look - 1].n}
        if self.controls is not None:
            self.need[self.controls] = self.monitoring.control_cohort[look - 1]
        self.landmark = self.endpoint.landmark.days
        first, every = trial.assessments.first.days, trial.assessments.every.days
        self.visits = np.arange(first, self.landmark + 2 * every, every)
        self.last_visit = int(self.visits[np.searchsorted(self.visits, self.landmark)])
        self.closed = any(e.kind == "enrolment closed" for e in snap.events)
        self.left = 0 if self.closed else max(trial.target_enrolment - len(snap.randomised), 0)
        self.known = [self._status(p) for p in snap.randomised]
        self._rates(site_shape)
        self._chances()

    def _status(self, patient: Patient) -> _Known:
        assert patient.randomised is not None
        status = landmark_status(patient, self.endpoint, self.trial, self.snap.cutoff)
        origin = (patient.randomised.happened - self.snap.cutoff).days
        gone = patient.died or patient.withdrawn or patient.lost or patient.first_progression
        settled = status is not None and status.status != "pending"
        passed = status is not None and not counts(status, self.endpoint.not_evaluable)
        return _Known(patient.arm, origin, settled, passed, gone is None)

    def _rates(self, shape: float) -> None:
        """Gamma parameters of each site's rate a day, and the day from which it screens."""
        opened = {e.site: e.happened for e in self.snap.events if e.kind == "site activated"}
        screened: dict[str, int] = {}
        for p in self.snap.patients.values():
            if p.screened is not None:
                screened[p.site] = screened.get(p.site, 0) + 1
        self.sites = []
        for site in self.trial.sites:
            planned = site.rate / DAYS_PER_MONTH
            since = opened.get(site.name)
            exposure = max((self.snap.cutoff - since).days, 0) if since is not None else 0
            begins = 0 if since is not None else max((site.activation - self.snap.cutoff).days, 0)
            self.sites.append((shape + screened.get(site.name, 0), shape / planned + exposure, begins))
        total = sum(screened.values())
        self.eligible = (9.0 + len(self.snap.randomised), 1.0 + max(total - len(self.snap.randomised), 0))

    def _chances(self) -> None:
        """Beta parameters: event-free at the landmark by arm, never evaluable; and the delays of this trial's records."""
        self.free: dict[str, tuple[float, float]] = {}
        never = settled = 0
        for arm in self.need:
            found = [landmark_status(p, self.endpoint, self.trial, self.snap.cutoff) for p in self.snap.on_arm(arm)]
            never += sum(s is not None and s.status == "not evaluable" for s in found)
            settled += sum(s is not None and s.status != "pending" for s in found)
            # failures are known before successes: only those whose landmark has passed are counted
            old = [s for s in found if s is not None and s.expected <= self.snap.cutoff]
            success = sum(s.status == "success" for s in old)
            failure = sum(s.status == "failure" for s in old)
            self.free[arm] = (1.0 + success, 1.0 + failure)
        self.never = (0.5 + never, 19.5 + settled - never)
        lags = [(e.recorded.date() - e.happened).days for e in self.snap.events if e.kind in ("assessed", "died")]
        self.lags = np.array(lags or [0], dtype=float)
        strata = [str(p.randomised.data["stratum"]) for p in self.snap.randomised if p.randomised is not None]
        self.strata = strata or ["all"]

    def once(self, rng: np.random.Generator) -> tuple[float, float, float, int, int, int, Array]:
        """Cohort full, ripe, known (days from the cut-off); randomised at ripe and known; on study at ripe; new entries."""
        entries, arms = self._enrol(rng)
        origins = np.concatenate([[k.origin for k in self.known], entries])
        all_arms = [k.arm for k in self.known] + arms
        never_chance = rng.beta(*self.never)
        event_rate = {arm: -math.log(rng.beta(*ab)) / self.landmark for arm, ab in self.free.items()}
        full = ripe = 0.0
        for arm, need in self.need.items():
            index = [i for i, a in enumerate(all_arms) if a == arm]
            taken = 0
            for i in index:
                if taken == need:
                    break
                full = max(full, float(origins[i]))
                known = self.known[i] if i < len(self.known) else None
                if known is not None and known.settled:
                    taken += not known.passed
                    continue
                day, counted = self._settles(origins[i], event_rate[arm], never_chance, rng)
                if counted or self.endpoint.not_evaluable != "replace":
                    taken += 1
                ripe = max(ripe, day)
        if self.final:
            ripe = max(ripe, float(origins.max(initial=0.0)) + self.monitoring.final_follow_up.days)
        full, ripe = max(full, 0.0), max(ripe, 1.0)
        told = ripe + self.monitoring.readout_delay.days
        if self.monitoring.while_waiting != "continue" and not self.final:
            more = int((entries <= full).sum()) + (self.monitoring.cap or 0)
            entries = np.sort(entries)[:more]
        at_ripe, at_known = (len(self.known) + int((entries <= t).sum()) for t in (ripe, told))
        rate = float(np.mean(list(event_rate.values())))
        waited = np.concatenate([[ripe for k in self.known if k.on_study], ripe - entries[entries <= ripe]])
        on_study = int((rng.exponential(1 / rate, len(waited)) > waited).sum())
        return full, ripe, told, at_ripe, at_known, on_study, entries

    def _settles(self, origin: float, rate: float, never: float, rng: np.random.Generator) -> tuple[float, bool]:
        """The day on which a pending patient's status is known, and whether he counts."""
        lag = float(rng.choice(self.lags))
        if rng.random() < never:
            return origin + self.landmark + self.endpoint.window.days + 1, False
        already = max(-origin, 0.0)
        event = already + rng.exponential(1 / rate)
        seen = self.last_visit
        if event <= self.landmark:
            next_scan = min(int(np.searchsorted(self.visits, event)), len(self.visits) - 1)
            seen = min(int(self.visits[next_scan]), self.last_visit)
        return max(origin + seen + lag, 1.0), True

    def _enrol(self, rng: np.random.Generator) -> tuple[Array, list[str]]:
        """Days and arms of those still to be randomised, at most what is left of the planned number."""
        if self.left == 0:
            return np.empty(0), []
        eligible = rng.beta(*self.eligible)
        rates = np.array([rng.gamma(shape) / scale for shape, scale, _ in self.sites]) * eligible
        begins = np.array([b for _, _, b in self.sites], dtype=float)
        # as many as could ever be needed, site by site, then the earliest of all
        ahead = 60.0
        while (rates * np.maximum(ahead - begins, 0)).sum() < 1.5 * self.left + 20 and ahead < HORIZON:
            ahead *= 1.5
        numbers = rng.poisson(rates * np.maximum(ahead - begins, 0))
        days = np.concatenate(
            [b + np.sort(rng.uniform(0, ahead - b, k)) for b, k in zip(begins, numbers, strict=True) if k]
        )
        days = np.sort(np.floor(days) + 1)[: self.left]
        return days, self._arms(len(days), rng)

    def _arms(self, n: int, rng: np.random.Generator) -> list[str]:
        """Arms by permuted blocks within strata; where in its block a stratum stands today is not known."""
        names, shares = [a.name for a in self.trial.arms], [a.share for a in self.trial.arms]
        r = self.trial.randomisation
        sizes = (r.block_sizes if r is not None else ()) or (sum(shares),)
        queues: dict[str, list[str]] = {}
        found = []
        for _ in range(n):
            stratum = self.strata[int(rng.integers(len(self.strata)))]
            queue = queues.setdefault(stratum, [])
            if not queue:
                size = int(sizes[int(rng.integers(len(sizes)))])
                block = [a for a, s in zip(names, shares, strict=True) for _ in range(s * size // sum(shares))]
                queue.extend(block[i] for i in rng.permutation(len(block)))
            found.append(queue.pop())
        return found


def forecast_table(f: Forecast) -> Table:
    """The forecast for people: medians with 80 % intervals, days as dates."""
    rows: list[list[str | int | float | None]] = []
    for label, x, as_day in (
        ("Cohort of the look enrolled", f.cohort_full, True), ("Look ripe", f.ripe, True), ("Decision known at the sites", f.known, True),
        ("Randomised when it is ripe", f.randomised_at_ripe, False), ("Randomised when it is known", f.randomised_at_known, False),
        ("On study without progression when it is ripe", f.on_study_at_ripe, False),
    ):  # fmt: skip
        if x is None:
            continue
        if as_day and x.quantiles[0.9] <= 0:
            rows.append([label, "already", "", ""])
            continue
        show = [str(f.day(x, q)) if as_day else f"{x.quantiles[q]:.0f}" for q in (0.5, 0.1, 0.9)]
        unit = " days" if as_day else ""
        rows.append([label, show[0], f"{show[1]} to {show[2]}", f"{x.mc_error[0.5]:.1f}{unit}"])
    return Table(
        f"Look {f.look} of {f.trial}, foreseen on {f.cutoff} ({f.randomised_today} randomised)",
        ["What", "Median", "80 % interval", "MC error of the median"],
        rows,
        notes=(f"{f.method}. Assumes that sites go on as they have, and open as planned.",),
    )


def forecast_figure(f: Forecast) -> LineFigure:
    """The fan of accrual, with the look's median and 80 % interval."""
    x = [d / DAYS_PER_MONTH for d, *_ in f.fan]
    marks = []
    if f.ripe is not None:
        marks = [
            Mark(f"ripe, {name}", x=f.ripe.quantiles[q] / DAYS_PER_MONTH)
            for name, q in (("10 %", 0.1), ("median", 0.5), ("90 %", 0.9))
        ]
    return LineFigure(
        f"Accrual foreseen on {f.cutoff}", f"Months after {f.cutoff}", "Patients randomised",
        [Curve("Median, with the 80 % interval", x, [m for *_, m, _ in f.fan], [a for _, a, *_ in f.fan], [c for *_, c in f.fan])],
        marks, caption=f"{f.method}.",
    )  # fmt: skip
