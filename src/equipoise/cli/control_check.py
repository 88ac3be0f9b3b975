"""`equipoise control-check`: what the control arm's check can see, and what a caution changes."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise.cli.common import design_of, emit, json_option, load_trial, say, show_table, trial_argument

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
    "--replicates", type=click.IntRange(100), default=20000, show_default=True, help="For the simulated log-rank test."
)
@click.option("--seed", type=int, default=2012, show_default=True, help="Seed of that simulation.")
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), help="Write power against drift as SVG.")
@json_option
def command(
    trial: str, sizes: tuple[int, ...], methods: tuple[str, ...], all_methods: bool, worth: float, margin: float, replicates: int,
    seed: int, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how often the check cautions when history is right, and how wrong history must be before it does.

    Then the whole procedure under drift, exactly: type I error and power of the trial for each thing that a caution may change.
    """
    from equipoise.simulate.drift import CheckPower, check_power, in_words, logrank_power, power_figure, procedure
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
    for method in _ALL if all_methods else methods or (own.method,):
        for n in counts:
            if method == "one-sample log-rank":
                monitoring, history = found.monitoring, found.history
                endpoint = found.landmark(monitoring.endpoint) if monitoring is not None else None
                curve = next((c for c in history.curves if endpoint is not None and c.endpoint == endpoint.of), None)
                if endpoint is None or curve is None:
                    raise BadInput(
                        found.id,
                        [
                            Problem(
                                "check-without-curve", "history.curves", "nothing", "a curve of the monitored endpoint"
                            )
                        ],
                    )
                powers.append(
                    logrank_power(own.alpha, curve.median.months, endpoint.landmark.months, n, drift, entry=10.0, replicates=replicates, seed=seed)
                )  # fmt: skip
            else:
                check = ControlCheck.model_validate(
                    {"method": method, "alpha": own.alpha, "worth": own.worth or worth}
                    | ({"margin": own.margin or margin} if method == "Bayesian discrepancy" else {})
                )
                powers.append(check_power(check, rate, n, drift))
    procedures: list[dict[str, str | float]] = []
    design = design_of(found) if found.design is not None else None
    count_based = own if own.method != "one-sample log-rank" else ControlCheck(method="exact binomial", alpha=own.alpha)
    if design is not None and found.monitoring is not None and found.monitoring.control_cohort:
        p0, p1 = (float((found.design or {}).get(k, rate)) for k in ("p0", "p1"))
        for policy in ("note", "randomised comparison", "re-estimate the hurdle", "stop"):
            changed = found.model_copy(
                update={
                    "control_check": count_based.model_copy(update={"on_caution": policy, "worth": own.worth or worth})
                }
            )
            for d in (-0.2, -0.1, 0.0, 0.1, 0.2):
                null = procedure(changed, design, p0 + d, p0 + d)
                target = procedure(changed, design, min(p1 + d, 0.99), p0 + d)
                procedures.append(
                    {
                        "on_caution": policy,
                        "drift": d,
                        "type_i_error": null.declare,
                        "power": target.declare,
                        "caution": null.caution,
                    }
                )
    words = [in_words(p) for p in powers]
    if figure is not None:
        from equipoise.files.write import write_text
        from equipoise.report.figures.draw import draw

        write_text(
            figure, '<?xml version="1.0" encoding="utf-8"?>\n' + draw(power_figure(powers, rate), "control-check")
        )
    if as_json:
        emit(
            {
                "trial": found.id,
                "history": rate,
                "alpha": own.alpha,
                "checks": powers,
                "in_words": words,
                "procedure": procedures,
            }
        )
        return
    shown = [k for k, d in enumerate(drift) if round(100 * abs(d)) % 10 == 0]
    columns = ["Check", "Controls", *(f"{100 * drift[k]:+.0f}" for k in shown)]
    rows: list[list[Cell]] = []
    for p in powers:
        at = dict(zip(p.drift, p.seen, strict=True))
        cells = [at.get(drift[k]) for k in shown]
        rows.append(
            [
                p.method,
                p.n,
                *(
                    "" if q is None else f"{q.value:.3f}" + (f" ± {q.mc_error:.3f}" if q.mc_error else "")
                    for q in cells
                ),
            ]
        )
    show_table(
        Table(
            f"Probability of a caution by drift of the controls from history's {rate:.0%} (points), level {own.alpha:g}", columns, rows,
            notes=("Exact for counts; ± Monte-Carlo error for the log-rank test (exponential times, entry over ten months).",),
        )
    )  # fmt: skip
    for text in words:
        say(text)
    if procedures:
        show_table(
            Table(
                f"The whole procedure ({count_based.method}), exact: both true rates drift together",
                ["On a caution", "Drift", "Type I error", "Power", "P(caution at the end)"],
                [[str(r["on_caution"]), f"{100 * r['drift']:+.0f}", f"{r['type_i_error']:.4f}", f"{r['power']:.4f}", f"{r['caution']:.4f}"] for r in procedures],
                notes=("Power: the tested arm better than its controls by p1 - p0. All planned patients evaluated.",),
            )
        )  # fmt: skip
