"""Simulated behaviour of any dose-finding design, by its own ``verdict``; in calendar time where a calendar is stated.

Patient i of trial r is row i of the stream (seed, 'dose finding: patients', r): whether a dose is toxic to him, whether he responds, when
he comes after the one before, and when in the window his DLT comes. So every design meets the same patients. A patient who comes
while the design waits is turned away. Months run to the last answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from equipoise.design.dose.dose_design import BACKFILL, DoseDesign, End, Give, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, check_truth
from equipoise.design.dose.kernel.image import image_of
from equipoise.design.dose.kernel.rows import kept
from equipoise.design.dose.kernel.tallied import Alike, tallied
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked
from equipoise.numerics.random.streams import minus_log, uniforms
from equipoise.trial.problem import BadInput, Problem

#: What names the numbers of patients, those of the loop through the log too.
STREAM = "dose finding: patients"
_BLOCK = 128
#: Beyond so many who came the trial is thought never to end.
_MOST_COME = 100_000


@dataclass(frozen=True)
class Calendar:
    """How patients come and when DLTs do. ``accrual``: patients a month; ``window``: months for which each is followed.

    ``arrivals``: at random (poisson), or with gaps uniform on 0 to 2/accrual. ``first``: the first comes after such a gap, or at once.
    ``late``: the share of DLTs that come in the window's second half, by a Weibull time (Yuan and others 2018 take 0.5); None: uniform.
    """

    accrual: float
    window: float
    arrivals: Literal["poisson", "uniform"] = "poisson"
    first: Literal["after a gap", "at once"] = "after a gap"
    late: float | None = None

    def gap(self, u: float) -> float:
        """Months since the one before came."""
        return minus_log(u) / self.accrual if self.arrivals == "poisson" else 2 * u / self.accrual

    def share(self, u: float, rate: float) -> float:
        """The share of the window at which a DLT comes to one who has one; ``rate``: the chance of it in the window.

        Weibull: F(window) = rate and F(window/2) = rate (1 - late).
        """
        if self.late is None:
            return u
        rate = min(rate, 1 - 1e-12)
        whole, shape = self._weibull(rate)
        return float((-math.log1p(-u * rate) / whole) ** (1 / shape))

    def chance_by(self, share: float, rate: float) -> float:
        """The chance of a DLT in the first ``share`` of the window, where ``rate`` is that in all of it."""
        if self.late is None or rate == 0:
            return rate * share
        whole, shape = self._weibull(min(rate, 1 - 1e-12))
        return -math.expm1(-whole * share**shape)

    def _weibull(self, rate: float) -> tuple[float, float]:
        """The cumulative hazard over the window, and the shape."""
        assert self.late is not None, "asked where DLTs are not uniform"
        whole, half = -math.log1p(-rate), -math.log1p(-rate * (1 - self.late))
        return whole, math.log2(whole / half)


@dataclass(slots=True)
class _Patient:
    dose: int
    came: float
    answered: float
    dlt: bool
    response: bool
    share: float


@dataclass
class _Tally:
    doses: int
    chosen: list[int] = field(default_factory=list)
    patients: list[int] = field(default_factory=list)
    dlts: list[int] = field(default_factory=list)
    cohorts: int = 0
    months: float = 0.0
    months_squared: float = 0.0
    turned_away: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    beside: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chosen, self.patients, self.dlts = [0] * (self.doses + 1), [0] * self.doses, [0] * self.doses
        self.beside = [0] * self.doses

    def add(self, state: Any, why: str, chosen: int, months: float, turned_away: int) -> None:
        """One trial more."""
        self.count(Alike(1, state.n, state.dlt, state.cohorts, why, chosen))
        self.months += months
        self.months_squared += months * months
        self.turned_away += turned_away

    def count(self, alike: Alike) -> None:
        """Some trials more."""
        self.chosen[alike.chosen] += alike.times
        for i, (n, y) in enumerate(zip(alike.n, alike.dlt, strict=True)):
            self.patients[i] += n
            self.dlts[i] += y
        self.cohorts += alike.cohorts
        self.ends[alike.why] = self.ends.get(alike.why, 0) + alike.times


def simulate(
    design: DoseDesign[Any], truth: DoseTruth, trials: int, seed: int | str = 1, calendar: Calendar | None = None, workers: int = 1
) -> DoseCharacteristics:  # fmt: skip
    """Behaviour in ``trials`` trials, with Monte-Carlo standard errors. Raises BadInput for a truth that does not fit.

    Without a calendar by the compiled kernel, where it is at hand and worth it, in ``workers`` threads: the same trials, one by one.
    """
    check_truth(design, truth)
    if calendar is not None and hasattr(design, "with_exposure"):
        allowed = "neither: of a design that reads exposures behaviour is simulated without calendar time"
        raise BadInput("design", [Problem("no-calendar", "--accrual, --window", "stated", allowed)])
    tally = _Tally(design.doses)
    image = image_of(design, truth, (seed, STREAM), trials) if calendar is None and kept() else None
    if image is not None:
        for alike in tallied(image, trials, workers):
            tally.count(alike)
    else:
        verdicts: dict[Any, Any] = {}
        for trial in range(trials):
            if calendar is None:
                tally.add(*without_time(design, truth, seed, trial, verdicts), 0.0, 0)
            elif hasattr(design, "open_dose"):
                *told, beside = _with_backfill(design, truth, _people(seed, trial), calendar)
                tally.add(*told)
                tally.beside = [a + b for a, b in zip(tally.beside, beside, strict=True)]
            else:
                tally.add(*_trial(design, truth, _people(seed, trial), calendar))
    chosen = [k / trials for k in tally.chosen]
    errors = tuple(math.sqrt(p * (1 - p) / trials) for p in (*chosen[1:], chosen[0]))
    months = tally.months / trials
    spread = max(tally.months_squared / trials - months * months, 0.0)
    return DoseCharacteristics(
        "simulated", truth, tuple(chosen[1:]), chosen[0], tuple(n / trials for n in tally.patients), tuple(y / trials for y in tally.dlts),
        tally.cohorts / trials, {w: k / trials for w, k in sorted(tally.ends.items())}, 0, errors, trials,
        months if calendar else None, math.sqrt(spread / trials) if calendar else None, tally.turned_away / trials if calendar else None,
        tuple(n / trials for n in tally.beside) if hasattr(design, "open_dose") else None,
    )  # fmt: skip


def _people(seed: int | str, trial: int) -> Iterator[tuple[float, float, float, float]]:
    """The patients of a trial in their order; more of them change none of the first."""
    rows, given = _BLOCK, 0
    while given < _MOST_COME:
        for row in uniforms(seed, STREAM, trial, rows, 4)[given:].tolist():
            yield tuple(row)
        given, rows = rows, 2 * rows
    raise RuntimeError(f"a simulated trial did not end with {given:,} who came")


def _seen(patients: list[tuple[bool, bool]]) -> Seen:
    t, e, b = (sum(p == kind for p in patients) for kind in ((True, False), (False, True), (True, True)))
    return Seen(len(patients) - t - e - b, t, e, b)


def without_time(
    design: DoseDesign[Any], truth: DoseTruth, seed: int | str, trial: int, verdicts: dict[Any, Any]
) -> tuple[Any, str, int]:
    """The last state of a trial, why it ended, and the dose named. ``verdicts``: what the design has said so far."""
    state, people = design.start(), _people(seed, trial)
    with_exposure = getattr(design, "with_exposure", None)
    while True:
        if state not in verdicts:
            verdicts[state] = design.verdict(state).action
        action = verdicts[state]
        if isinstance(action, End):
            return state, action.why, design.recommend(state) if action.declares else 0
        came = [next(people) for _ in range(action.size)]
        seen = _seen([_outcome(u, truth, action.dose) for u in came])
        if with_exposure is not None:
            seen = with_exposure(seen, action.dose, came, truth.dlt)
        state = design.step(state, action.dose, seen)


def _outcome(u: tuple[float, ...], truth: DoseTruth, dose: int) -> tuple[bool, bool]:
    return u[0] < truth.dlt[dose - 1], bool(truth.response) and u[1] < truth.response[dose - 1]


def _trial(
    design: DoseDesign[Any], truth: DoseTruth, people: Iterator[tuple[float, ...]], calendar: Calendar
) -> tuple[Any, str, int, float, int]:
    """The last state, why the trial ended, the dose named, the months it took, and how many were turned away."""
    cohorts: list[list[_Patient]] = []
    known = design.start()  # of the first ``settled`` cohorts, everybody of which is answered
    settled, now, room, turned_away = 0, 0.0, 0, 0
    give = Give(0, 0)
    for i, u in enumerate(people):
        now += 0.0 if i == 0 and calendar.first == "at once" else calendar.gap(u[2])
        if room == 0:
            while settled < len(cohorts) and all(p.answered <= now for p in cohorts[settled]):
                known, settled = _step(design, known, cohorts[settled], now), settled + 1
            state = known
            for cohort in cohorts[settled:]:
                state = _step(design, state, cohort, now)
            verdict = asked(design, state, _meanwhile(cohorts, settled, now, calendar))
            if isinstance(verdict, Wait):
                turned_away += 1
                continue
            if isinstance(verdict.action, End):
                end = verdict.action
                break
            give = verdict.action
            cohorts.append([])
            room = give.size
        dlt, response = _outcome(u, truth, give.dose)
        share = calendar.share(u[3], truth.dlt[give.dose - 1]) if dlt else 1.0
        cohorts[-1].append(_Patient(give.dose, now, now + share * calendar.window, dlt, response, share))
        room -= 1
    last = max((p.answered for c in cohorts for p in c), default=0.0)
    state = design.start()
    for cohort in cohorts:
        state = _step(design, state, cohort, last)
    return state, end.why, design.recommend(state) if end.declares else 0, last, turned_away


def _with_backfill(
    design: Any, truth: DoseTruth, people: Iterator[tuple[float, ...]], calendar: Calendar
) -> tuple[Any, str, int, float, int, list[int]]:
    """The same of a design with backfill, and how many of each dose were backfilled: they belong to no cohort, and no cohort waits for them."""
    state, cohort, beside = design.start(), list[_Patient](), list[_Patient]()
    everybody, backfilled = list[_Patient](), [0] * design.doses
    now, room, turned_away, give = 0.0, 0, 0, Give(0, 0)
    for i, u in enumerate(people):
        now += 0.0 if i == 0 and calendar.first == "at once" else calendar.gap(u[2])
        state, beside = _take_in(design, state, beside, now)
        beside_dose = 0
        if room == 0:
            if cohort and all(p.answered <= now for p in cohort):
                state, cohort = _own(design, state, cohort, now), []
            known = _own(design, state, cohort, now) if cohort else state
            verdict = asked(design, known, _meanwhile([cohort, beside], 0, now, calendar))
            if isinstance(verdict, Wait):
                turned_away += 1
                continue
            if isinstance(verdict.action, End):
                end = verdict.action
                break
            if BACKFILL in verdict.bound:
                beside_dose = verdict.action.dose
            else:
                give, room = verdict.action, verdict.action.size
        dose = beside_dose or give.dose
        dlt, response = _outcome(u, truth, dose)
        share = calendar.share(u[3], truth.dlt[dose - 1]) if dlt else 1.0
        patient = _Patient(dose, now, now + share * calendar.window, dlt, response, share)
        everybody.append(patient)
        if beside_dose:
            beside.append(patient)
            backfilled[dose - 1] += 1
        else:
            cohort.append(patient)
            room -= 1
    last = max((p.answered for p in everybody), default=0.0)
    state, _ = _take_in(design, state, beside, last)
    of = [[p for p in everybody if p.dose == d] for d in range(1, design.doses + 1)]
    told = _Told(tuple(map(len, of)), tuple(sum(p.dlt for p in each) for each in of), state.cohorts)
    return told, end.why, design.recommend(state) if end.declares else 0, last, turned_away, backfilled


@dataclass(frozen=True)
class _Told:
    """What a tally asks for."""

    n: tuple[int, ...]
    dlt: tuple[int, ...]
    cohorts: int


def _own(design: Any, state: Any, cohort: list[_Patient], now: float) -> Any:
    seen = _seen([(p.dlt, p.response) for p in cohort if p.answered <= now])
    return design.step(state, cohort[0].dose, seen)


def _take_in(design: Any, state: Any, beside: list[_Patient], now: float) -> tuple[Any, list[_Patient]]:
    """The state with those backfilled who are answered by now, in the order of their answers, and the others."""
    for p in sorted((p for p in beside if p.answered <= now), key=lambda p: p.answered):
        state = design.beside(state, p.dose, _seen([(p.dlt, p.response)]))
    return state, [p for p in beside if p.answered > now]


def _step(design: DoseDesign[Any], state: Any, cohort: list[_Patient], now: float) -> Any:
    seen = _seen([(p.dlt, p.response) for p in cohort if p.answered <= now])
    return design.step(state, cohort[0].dose, seen)


def _meanwhile(cohorts: list[list[_Patient]], settled: int, now: float, calendar: Calendar) -> Meanwhile:
    pending = tuple(
        (p.dose, min((now - p.came) / calendar.window, 1 - 1e-12))
        for cohort in cohorts[settled:]
        for p in cohort
        if p.answered > now
    )
    if not pending:
        return Meanwhile()
    return Meanwhile(pending, tuple(p.share for cohort in cohorts for p in cohort if p.dlt and p.answered <= now))
