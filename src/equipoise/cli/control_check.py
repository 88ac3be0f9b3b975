"""`equipoise control-check`: what the control arm's check can see, and what a caution changes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.extras import needing
from equipoise.cli.pages import write_figure

if TYPE_CHECKING:
    from equipoise.simulate.drift import CheckPower
    from equipoise.trial.trial import Trial

_ALL = ("exact binomial", "one-sample log-rank", "prior predictive", "Bayesian discrepancy")


@click.command(name="control-check", short_help="What the control arm's check can see, and what a caution changes.")
@trial_argument
@click.option(
    "--n", "sizes", type=click.IntRange(1, 1000), multiple=True, help="Controls (default: the trial's cohorts)."
)
@click.option("--method", "methods", type=click.Choice(_ALL), multiple=True, help="Methods (default: the trial's own).")
@click.option("--all-methods", is_flag=True, help="All four methods beside each other.")
@click.option(
    "--worth",
    type=click.FloatRange(1),
    default=100.0,
    show_default=True,
    help="Patients history is worth, where the file says nothing.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, True, True),
    default=0.15,
    show_default=True,
    help="Difference that does not matter yet (Bayesian discrepancy).",
)
@click.option(
    "--entry",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="Months over which controls enter (log-rank test).",
)
@click.option(
    "--shape",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Weibull shape of the controls' true times in the whole procedure (log-rank test).",
)
@click.option(
    "--replicates", type=click.IntRange(100), default=20000, show_default=True, help="For the simulated log-rank test."
)
@click.option("--seed", type=int, default=2012, show_default=True, help="Seed of that simulation.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=needing("report"),
    help="Write power against drift as SVG.",
)
@json_option
def command(
    trial: str, sizes: tuple[int, ...], methods: tuple[str, ...], all_methods: bool, worth: float, margin: float, entry: float, shape: float,
    replicates: int, seed: int, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how often the check cautions when history is right, and how wrong history must be before it does.

    Then the whole procedure under drift: type I error and power of the trial for each thing that a caution may change, exact for
    the checks of a count, simulated for the log-rank test.
    """
    from equipoise.simulate.drift import check_power, in_words, power_figure
    from equipoise.simulate.drift_of_times import Entry
    from equipoise.simulate.policies import PolicyRow, policy_rows, policy_table
    from equipoise.trial.exhibits import Cell, Table
    from equipoise.trial.problem import BadInput, Problem
    from equipoise.trial.protocol_parts import ControlCheck

    found = load_trial(trial)
    if found.control_check is None or found.history is None:
        raise BadInput(
            found.id,
            [Problem("no-check", "control_check", "nothing", "[control_check] and [history] in the trial file")],
        )
    own, rate = found.control_check, found.history.rate
    counts = sizes or (found.monitoring.control_cohort if found.monitoring is not None else ()) or (20, 40)
    drift = [round(-0.4 + 0.05 * k, 2) for k in range(17)]
    drift = [d for d in drift if 0 < rate + d < 1]
    powers: list[CheckPower] = []
    checks: list[ControlCheck] = []
    for method in dict.fromkeys(_ALL if all_methods else methods or (own.method,)):
        check = ControlCheck.model_validate(
            {"method": method, "alpha": own.alpha, "worth": own.worth or worth}
            | ({"margin": own.margin or margin} if method == "Bayesian discrepancy" else {})
        )
        checks.append(check)
        for n in counts:
            if method == "one-sample log-rank":
                powers.append(_of_times(found, own.alpha, n, drift, entry, replicates, seed))
            else:
                powers.append(check_power(check, rate, n, drift))
    rows: list[PolicyRow] = []
    tables: list[Table] = []
    if found.design is not None and found.monitoring is not None and found.monitoring.control_cohort:
        how = Entry(entry, shape, replicates, seed)
        for check in checks:
            of_check = policy_rows(found, check, (-0.2, -0.1, 0.0, 0.1, 0.2), how, worth)
            rows += of_check
            tables.append(policy_table(found, check, of_check, how))
    words = [in_words(p) for p in powers]
    if figure is not None:
        write_figure(figure, power_figure(powers, rate), "control-check")
    if as_json:
        emit(
            {
                "trial": found.id,
                "history": rate,
                "alpha": own.alpha,
                "checks": powers,
                "in_words": words,
                "procedure": [
                    {
                        "method": r.method,
                        "on_caution": r.on_caution,
                        "drift": r.drift,
                        "type_i_error": r.type_i_error.value,
                        "power": r.power.value,
                        "caution": r.caution.value,
                        "mc_error": None
                        if r.power.mc_error is None
                        else {
                            "type_i_error": r.type_i_error.mc_error,
                            "power": r.power.mc_error,
                            "caution": r.caution.mc_error,
                        },
                    }
                    for r in rows
                ],
            }
        )
        return
    shown = [k for k, d in enumerate(drift) if round(100 * abs(d)) % 10 == 0]
    columns = ["Check", "Controls", *(f"{100 * drift[k]:+.0f}" for k in shown)]
    cells_of: list[list[Cell]] = []
    for p in powers:
        at = dict(zip(p.drift, p.seen, strict=True))
        cells = [at.get(drift[k]) for k in shown]
        cells_of.append(
            [
                p.method,
                p.n,
                *("" if q is None else f"{q.value:.3f}" for q in cells),
            ]
        )
    show_table(
        Table(
            f"Probability of a caution by drift of the controls from history's {rate:.0%} (points), level {own.alpha:g}", columns, cells_of,
            notes=_how(powers, entry, replicates),
        )
    )  # fmt: skip
    for text in words:
        say(text)
    for table in tables:
        show_table(table)
    if figure is not None:
        click.echo(f"Wrote {figure}.")


def _how(powers: list[CheckPower], entry: float, replicates: int) -> tuple[str, ...]:
    """How the figures were found: the p-value of a count, and the Monte-Carlo error of what is simulated."""
    errors = [q.mc_error for p in powers for q in p.seen if q.mc_error]
    curve = next((p.rate for p in powers if p.method == "one-sample log-rank"), math.nan)
    counts = "Exact for counts. Binomial and predictive p: two-sided, all counts that are no more likely."
    if not errors:
        return (counts,)
    simulated = (
        f"The log-rank test is simulated: {replicates} control arms, exponential times, entry over {entry:g} months; Monte-Carlo "
        f"standard error {max(errors):.3f} at most. Its drift is from the curve's own {curve:.1%} at the landmark."
    )
    return (counts, simulated) if any(p.method != "one-sample log-rank" for p in powers) else (simulated,)


def _of_times(
    trial: Trial, alpha: float, n: int, drift: list[float], entry: float, replicates: int, seed: int
) -> CheckPower:
    """What the log-rank check sees. Raises BadInput without a curve of the monitored endpoint."""
    from equipoise.simulate.drift import logrank_power
    from equipoise.trial.problem import BadInput, Problem

    assert trial.history is not None
    endpoint = trial.landmark(trial.monitoring.endpoint) if trial.monitoring is not None else None
    curve = next((c for c in trial.history.curves if endpoint is not None and c.endpoint == endpoint.of), None)
    if endpoint is None or curve is None:
        raise BadInput(
            trial.id,
            [Problem("check-without-curve", "history.curves", "nothing", "a curve of the monitored endpoint")],
        )
    return logrank_power(
        alpha, curve.median.months, endpoint.landmark.months, n, drift, entry=entry, replicates=replicates, seed=seed
    )
