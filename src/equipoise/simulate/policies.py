"""Each thing that a caution may change, under each method of the check: type I error and power of the trial under drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.simulate.drift import Procedure, procedure
from equipoise.simulate.drift_of_times import Entry, curve_rate, times_procedure
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial

POLICIES = ("note", "randomised comparison", "re-estimate the hurdle", "stop")


@dataclass(frozen=True)
class PolicyRow:
    """One policy under one drift: both true rates lie ``drift`` above the design's. ``caution`` as where the null is true."""

    method: str
    on_caution: str
    drift: float
    type_i_error: Quantity
    power: Quantity
    caution: Quantity


def policy_rows(
    trial: Trial, check: ControlCheck, drifts: Sequence[float], entry: Entry, worth: float = 100.0
) -> list[PolicyRow]:  # fmt: skip
    """All policies under ``check``: exact for the checks of a count, simulated for the log-rank test.

    ``worth``: patients that history is worth where the check does not say. Power: the tested arm better by p1 - p0.
    """
    assert trial.history is not None
    p0, p1 = rates_of(trial)
    by_times = check.method == "one-sample log-rank"
    found = []
    for policy in POLICIES:
        changed = check.model_copy(update={"on_caution": policy, "worth": check.worth or worth})
        of = trial.model_copy(update={"control_check": changed})

        def at(tested: float, control: float, of: Trial = of) -> Procedure:
            if by_times:
                return times_procedure(of, tested, control, entry)
            return procedure(of, tested, control)

        for d in drifts:
            null, target = at(p0 + d, p0 + d), at(min(p1 + d, 0.99), p0 + d)
            errors, at_target = null.errors or (None, None, None), target.errors or (None,)
            found.append(
                PolicyRow(
                    check.method, policy, d, Quantity(null.declare, errors[0]), Quantity(target.declare, at_target[0]),
                    Quantity(null.caution, errors[2]),
                )
            )  # fmt: skip
    return found


def rates_of(trial: Trial) -> tuple[float, float]:
    """The rates of the design's own null and target."""
    truths = list(trial.monitored.design.truths().values())
    return truths[0]["rate"], truths[-1]["rate"]


def policy_table(trial: Trial, check: ControlCheck, rows: Sequence[PolicyRow], entry: Entry) -> Table:
    """The rows of one method, with what they assume."""
    notes = ["Power: the tested arm better than its controls by p1 - p0. All planned patients evaluated."]
    how = "exact"
    if check.method == "one-sample log-rank":
        how = "simulated"
        assert trial.history is not None
        p0, curve = rates_of(trial)[0], curve_rate(trial.model_copy(update={"control_check": check}))
        times = "exponential" if entry.shape == 1 else f"Weibull (shape {entry.shape:g})"
        notes.append(
            f"± is the Monte-Carlo standard error of {entry.replicates} control arms; the tested arm is summed exactly. Times {times}, seen on "
            f"their day, nobody lost; controls enter over {entry.months:g} months."
        )
        if abs(curve - p0) >= 0.005:
            notes.append(
                f"History's curve has {curve:.3f} at the landmark, the design p0 = {p0:g}: at a drift of 0 these controls already lie "
                f"{100 * abs(p0 - curve):.1f} points {'below' if p0 < curve else 'above'} the curve that they are tested against."
            )
    shown: list[list[Cell]] = [
        [r.on_caution, f"{100 * r.drift:+.0f}", _said(r.type_i_error), _said(r.power), _said(r.caution)] for r in rows
    ]
    return Table(
        f"The whole procedure ({check.method}), {how}: both true rates drift together",
        ["On a caution", "Drift", "Type I error", "Power", "P(caution at the end)"], shown, notes,
    )  # fmt: skip


def _said(q: Quantity) -> str:
    return f"{q.value:.4f}" + (f" ± {q.mc_error:.4f}" if q.mc_error else "")
