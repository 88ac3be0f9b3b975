"""A forecast for people: its table, and the fan of accrual."""

from __future__ import annotations

from equipoise.simulate.forecast import Forecast
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.exhibits import Curve, LineFigure, Mark, Table


def forecast_table(f: Forecast, entered: str = "randomised") -> Table:
    """The forecast for people: medians with 80 % intervals, days as dates. ``entered``: what the trial calls who came onto an arm."""
    rows: list[list[str | int | float | None]] = []
    for label, x, as_day in (
        ("Cohort of the look enrolled", f.cohort_full, True), ("Look ripe", f.ripe, True), ("Decision known at the sites", f.known, True),
        (f"{entered.capitalize()} when it is ripe", f.randomised_at_ripe, False), (f"{entered.capitalize()} when it is known", f.randomised_at_known, False),
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
        f"Look {f.look} of {f.trial}, foreseen on {f.cutoff} ({f.randomised_today} {entered})",
        ["What", "Median", "80 % interval", "MC error of the median"],
        rows,
        notes=(f"{f.method}. Assumes that sites go on as they have, and open as planned.",),
    )


def forecast_figure(f: Forecast, entered: str = "randomised") -> LineFigure:
    """The fan of accrual, with the look's median and 80 % interval."""
    x = [d / DAYS_PER_MONTH for d, *_ in f.fan]
    marks = []
    if f.ripe is not None:
        marks = [
            Mark(f"ripe, {name}", x=f.ripe.quantiles[q] / DAYS_PER_MONTH)
            for name, q in (("10 %", 0.1), ("median", 0.5), ("90 %", 0.9))
        ]
    return LineFigure(
        f"Accrual foreseen on {f.cutoff}", f"Months after {f.cutoff}", f"Patients {entered}",
        [Curve("Median, with the 80 % interval", x, [m for *_, m, _ in f.fan], [a for _, a, *_ in f.fan], [c for *_, c in f.fan])],
        marks, caption=f"{f.method}.",
    )  # fmt: skip
