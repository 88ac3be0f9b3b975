"""Estimates after a one-arm rate design, naive and respecting its stages, side by side."""

from __future__ import annotations

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.spec import MOST_COUNT
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.numerics.sequential.staged_inference import Outcome, StagedInference, infer
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.said_numbers import p_value


def estimate(design: RateDesign, look: int, n: int, successes: int, conf_level: float = 0.90) -> StagedInference:
    """What a trial that ended at ``look`` with ``successes`` among ``n`` patients says of the rate.

    At the last look n may be more or fewer than planned. At an earlier one it may be more, by patients who were treated
    while the look was awaited (over-running); the stop itself was on the planned number. Raises BadInput with all problems.
    """
    stages = design.stages
    problems = []
    if not 1 <= look <= len(stages.n):
        problems.append(Problem("no-such-look", "look", str(look), f"1 to {len(stages.n)}"))
    else:
        planned, last = stages.n[look - 1], look == len(stages.n)
        least = (stages.n[-2] + 1 if len(stages.n) > 1 else 1) if last else planned
        if n > MOST_COUNT:
            problems.append(Problem("out-of-range", "n", f"{n:g}", f"at most {MOST_COUNT:,}"))
        if n < least:
            problems.append(Problem("cohort", "n", str(n), f"{least} or more at look {look}"))
    if not 0 <= successes <= n:
        problems.append(Problem("not-a-count", "successes", str(successes), f"a whole number from 0 to n = {n}"))
    if not 0 < conf_level < 1:
        problems.append(Problem("out-of-range", "conf_level", f"{conf_level:g}", "a probability between 0 and 1"))
    if problems:
        raise BadInput("estimate", problems)
    overrun = 0
    if look == len(stages.n):
        stages = Stages((*stages.n[:-1], n), (*stages.low[:-1], n), (*stages.high[:-1], n))
    else:
        overrun = n - stages.n[look - 1]
    try:
        return infer(stages, Outcome(look, successes, overrun), design.p0, conf_level)
    except ValueError as error:
        raise BadInput("estimate", [Problem("does-not-end", "successes", str(successes), str(error))]) from None


def estimate_table(found: StagedInference) -> Table:
    """The estimates, the naive ones first, so that one sees the bias."""
    level = f"{100 * found.conf_level:g} %"
    o = found.outcome
    rows = [
        ["Naive: successes / patients", f"{found.naive:.4f}", _ci(found.naive_ci), p_value(found.naive_p)],
        ["Unbiased, least variance (UMVUE)", f"{found.umvue:.4f}", "", ""],
        ["Median-unbiased; exact interval and p", f"{found.median_unbiased:.4f}", _ci(found.ci), p_value(found.p)],
        ["Bias-adjusted (Whitehead)", f"{found.bias_adjusted:.4f}", "", ""],
        ["Naive less its bias (Guo & Liu)", f"{found.bias_subtracted:.4f}", "", ""],
    ]
    over = f", {o.overrun} of them after the stop" if o.overrun else ""
    return Table(
        f"Estimates after look {o.stage}: {o.successes} successes among {found.n} patients{over}",
        ["Estimate of the rate", "Value", f"{level} interval", f"One-sided p (rate ≤ {found.p0:g})"],
        rows,
        notes=(
            "Exact, in the stagewise order of outcomes. The naive row takes the number of patients as fixed (Clopper–Pearson, "
            "exact binomial).",
            f"Koyama & Chen's interval as R's clinfun gives it is {_ci(found.koyama_chen_ci)}; its upper limit leaves out the "
            "outcome seen, and it covers less than it says.",
        ),
    )


def _ci(ci: tuple[float, float]) -> str:
    return f"{ci[0]:.4f} to {ci[1]:.4f}"
