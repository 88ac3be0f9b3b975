"""What the check of the control arm can see, and what a caution changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.simulate.drift import CheckPower, check_power, in_words, logrank_power, power_figure
from equipoise.simulate.drift_of_times import Entry
from equipoise.simulate.policies import PolicyRow, policy_rows, policy_table
from equipoise.trial.exhibits import Cell, LineFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial

METHODS = ("exact binomial", "one-sample log-rank", "prior predictive", "Bayesian discrepancy")
_OF_TIMES = "one-sample log-rank"


@dataclass(frozen=True)
class Asked:
    """What is asked of the check; what is empty is as the trial file has it. ``worth`` and ``margin``: where it says nothing.

    For the log-rank test: ``entry`` [months] over which controls enter, Weibull ``shape`` of their times, and the simulation.
    """

    sizes: Sequence[int] = ()
    methods: Sequence[str] = ()
    worth: float = 100.0
    margin: float = 0.15
    entry: float = 10.0
    shape: float = 1.0
    replicates: int = 20000
    seed: int = 2012

    @property
    def how(self) -> Entry:
        """How the controls come and how often that is simulated."""
        return Entry(self.entry, self.shape, self.replicates, self.seed)


@dataclass(frozen=True)
class Checked:
    """What the checks see by drift of the controls, and the whole procedure under each thing that a caution may change."""

    trial: Trial
    asked: Asked
    drift: Sequence[float]
    powers: Sequence[CheckPower]
    words: Sequence[str]
    rows: Sequence[PolicyRow]
    procedures: Sequence[Table]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        check, history = _stated(self.trial)
        return {
            "trial": self.trial.id,
            "history": history,
            "alpha": check.alpha,
            "checks": self.powers,
            "in_words": self.words,
            "procedure": [_row_as_json(r) for r in self.rows],
        }

    def table(self) -> Table:
        """The probability of a caution by drift, every ten points."""
        check, rate = _stated(self.trial)
        shown = [k for k, d in enumerate(self.drift) if round(100 * abs(d)) % 10 == 0]
        rows: list[list[Cell]] = []
        for p in self.powers:
            at = dict(zip(p.drift, p.seen, strict=True))
            cells = [at.get(self.drift[k]) for k in shown]
            rows.append([p.method, p.n, *("" if q is None else f"{q.value:.3f}" for q in cells)])
        title = f"Probability of a caution by drift of the controls from history's {rate:.0%} (points), level {check.alpha:g}"
        columns = ["Check", "Controls", *(f"{100 * self.drift[k]:+.0f}" for k in shown)]
        return Table(title, columns, rows, notes=self._how())

    def figure(self) -> LineFigure:
        """Power against drift."""
        return power_figure(self.powers, _stated(self.trial)[1])

    def _how(self) -> tuple[str, ...]:
        """How the figures were found: the p-value of a count, and the Monte-Carlo error of what is simulated."""
        errors = [q.mc_error for p in self.powers for q in p.seen if q.mc_error]
        curve = next((p.rate for p in self.powers if p.method == _OF_TIMES), math.nan)
        counts = "Exact for counts. Binomial and predictive p: two-sided, all counts that are no more likely."
        if not errors:
            return (counts,)
        how = self.asked.how
        simulated = (
            f"The log-rank test is simulated: {how.replicates} control arms, exponential times, entry over {how.months:g} months; "
            f"Monte-Carlo standard error {max(errors):.3f} at most. Its drift is from the curve's own {curve:.1%} at the landmark."
        )
        return (counts, simulated) if any(p.method != _OF_TIMES for p in self.powers) else (simulated,)


def _row_as_json(r: PolicyRow) -> dict[str, Any]:
    figures = {"type_i_error": r.type_i_error, "power": r.power, "caution": r.caution}
    return {
        "method": r.method,
        "on_caution": r.on_caution,
        "drift": r.drift,
        **{name: q.value for name, q in figures.items()},
        "mc_error": None if r.power.mc_error is None else {name: q.mc_error for name, q in figures.items()},
    }


def _stated(trial: Trial) -> tuple[ControlCheck, float]:
    """The trial's own check and its historical rate. Raises BadInput without one."""
    if trial.control_check is None or trial.history is None:
        allowed = "[control_check] and [history] in the trial file"
        raise BadInput(trial.id, [Problem("no-check", "control_check", "nothing", allowed)])
    return trial.control_check, trial.history.rate


def run(trial: Trial, asked: Asked) -> Checked:
    """How often the check cautions by drift of the controls, and the whole procedure where the trial has a design for it."""
    own, rate = _stated(trial)
    cohorts = trial.monitoring.control_cohort if trial.monitoring is not None else ()
    drift = [d for d in (round(-0.4 + 0.05 * k, 2) for k in range(17)) if 0 < rate + d < 1]
    powers: list[CheckPower] = []
    checks: list[ControlCheck] = []
    for method in dict.fromkeys(asked.methods or (own.method,)):
        table = {"method": method, "alpha": own.alpha, "worth": own.worth or asked.worth}
        if method == "Bayesian discrepancy":
            table["margin"] = own.margin or asked.margin
        check = ControlCheck.model_validate(table)
        checks.append(check)
        for n in asked.sizes or cohorts or (20, 40):
            if method == _OF_TIMES:
                powers.append(_of_times(trial, own.alpha, n, drift, asked.how))
            else:
                powers.append(check_power(check, rate, n, drift))
    rows: list[PolicyRow] = []
    procedures: list[Table] = []
    if trial.design is not None and cohorts:
        for check in checks:
            of_check = policy_rows(trial, check, (-0.2, -0.1, 0.0, 0.1, 0.2), asked.how, asked.worth)
            rows += of_check
            procedures.append(policy_table(trial, check, of_check, asked.how))
    return Checked(trial, asked, drift, powers, [in_words(p) for p in powers], rows, procedures)


def _of_times(trial: Trial, alpha: float, n: int, drift: list[float], how: Entry) -> CheckPower:
    """What the log-rank check sees. Raises BadInput without a curve of the monitored endpoint."""
    assert trial.history is not None
    endpoint = trial.looked_at_landmark
    curve = next((c for c in trial.history.curves if endpoint is not None and c.endpoint == endpoint.of), None)
    if endpoint is None or curve is None:
        given = Problem("check-without-curve", "history.curves", "nothing", "a curve of the monitored endpoint")
        raise BadInput(trial.id, [given])
    median, landmark = curve.median.months, endpoint.landmark.months
    return logrank_power(alpha, median, landmark, n, drift, entry=how.months, replicates=how.replicates, seed=how.seed)
