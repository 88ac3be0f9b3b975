"""Three answers to one question: the tested arm against history, against the concurrent controls, and against both combined.

Each has its estimate, its interval, its decision at one and the same level, and what it leans on. None takes account of
interim looks: they stand beside the design's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betainc

from equipoise.analyse.rates import ArmRate, analyse_rate
from equipoise.history.borrowed import PastArm, borrowed
from equipoise.history.hazards import PastTimes
from equipoise.history.library import HistoryLibrary
from equipoise.numerics.borrowing import logit_grid
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.counts.proportions import clopper_pearson, exact_binomial, risk_difference
from equipoise.numerics.counts.two_binomials import barnard_p
from equipoise.trial.exhibits import ForestFigure, ForestRow, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.said_numbers import p_value
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Count:
    """Successes among patients."""

    x: int
    n: int


@dataclass(frozen=True)
class Answer:
    """One answer. ``measure`` 'difference of rates' (above 0 favours the tested arm) or 'hazard ratio' (below 1 does).

    ``evidence`` is a one-sided p, or a posterior probability that the tested arm is better; ``better``: the decision at the level.
    """

    against: str
    measure: str
    estimate: float
    interval: tuple[float, float]
    interval_kind: str
    evidence: float
    evidence_kind: str
    better: bool
    decision: str
    leans_on: Sequence[str]


@dataclass(frozen=True)
class Answers:
    """The three answers to a question (fewer where there is no control, or no history).

    ``standing``: whether this way of borrowing is the prespecified one. ``past``: the published arms behind the third, for times.
    ``counted``: which patients of a log a rate is of ('' for numbers as given).
    """

    question: str
    level: float
    answers: Sequence[Answer]
    borrowed: str
    standing: str = ""
    past: PastTimes | None = None
    counted: str = ""


def rate_answers(
    question: str, tested: Count, control: Count | None, hurdle: float, history: Sequence[Count | PastArm], borrowing: Borrowing,
    level: float = 0.05, assumed: Sequence[str] = (),
) -> Answers:  # fmt: skip
    """For a rate. ``history``: the arms borrowed from; ``hurdle``: the rate that stands for them in the first answer;
    ``assumed``: what is assumed of those arms.

    Intervals have level 1 - 2 ``level``, so that they agree in size with one-sided decisions at ``level``.
    """
    confidence = 1 - 2 * level
    percent = f"{100 * confidence:g} %"
    alone = clopper_pearson(tested.x, tested.n, confidence)
    p = exact_binomial(tested.x, tested.n, hurdle, "greater").p
    found = [
        Answer(
            f"history ({hurdle:.1%})", "difference of rates", tested.x / tested.n - hurdle, (alone.lower - hurdle, alone.upper - hurdle),
            f"exact (Clopper–Pearson), {percent}", p, "p, exact binomial, one-sided", p <= level, in_words(p <= level),
            ("the hurdle is right, and known without error", "these patients are like history's: eligibility, scans, care"),
        )
    ]  # fmt: skip
    if control is None or control.n == 0:
        return Answers(question, level, found, "")
    gap = risk_difference(tested.x, tested.n, control.x, control.n, confidence)
    p = barnard_p(tested.x, tested.n, control.x, control.n)
    found.append(
        Answer(
            f"concurrent controls ({control.x}/{control.n})", "difference of rates", gap.estimate, (gap.lower, gap.upper),
            f"Miettinen–Nurminen, {percent}", p, "p, Barnard's exact test, one-sided", p <= level, in_words(p <= level),
            ("randomisation, and nothing of history", f"{control.n} controls: its power is small"),
        )
    )  # fmt: skip
    if not history:
        return Answers(question, level, found, "")
    prior = borrowing.rate_prior([h.x for h in history], [h.n for h in history])
    mass = prior.posterior(control.x, control.n).mass()
    a, b = 1 + tested.x, 1 + tested.n - tested.x
    better = float(mass @ (1 - betainc(a, b, logit_grid.RATE)))
    estimate = a / (a + b) - float(mass @ logit_grid.RATE)

    def quantile(q: float) -> float:
        low, high = -1.0, 1.0
        for _ in range(45):
            middle = (low + high) / 2
            below = float(mass @ betainc(a, b, np.clip(logit_grid.RATE + middle, 0.0, 1.0)))
            low, high = (middle, high) if below < q else (low, middle)
        return (low + high) / 2

    worth = str(prior.effective_size())
    found.append(
        Answer(
            f"both combined ({len(history)} historical arm{'s' if len(history) > 1 else ''})", "difference of rates", estimate, (quantile(level), quantile(1 - level)),
            f"posterior, {percent}", better, "P(tested rate is the higher)", better >= 1 - level, in_words(better >= 1 - level),
            (f"{borrowing}: {worth}", *assumed, "history's arms and these controls differ as past trials differed among themselves"),
        )
    )  # fmt: skip
    return Answers(question, level, found, f"{borrowing}: {worth}")


def in_words(better: bool) -> str:
    """A decision as it is read."""
    return "better" if better else "not shown to be better"


def trial_answers(
    trial: Trial, snap: Snapshot, history: Sequence[Count], borrowing: Borrowing | None = None, level: float = 0.05,
    library: HistoryLibrary | None = None,
) -> Answers:  # fmt: skip
    """The rate of the monitored endpoint, of all patients who came early enough: those whom ``analyse_rate`` counts.

    What is borrowed: ``past_arms``. Raises BadInput without history or monitoring, or without a tested patient who counts.
    """
    endpoint = trial.looked_at
    if trial.history is None or endpoint is None:
        given = [
            Problem(
                "no-history",
                "history",
                "nothing",
                "[history] and [monitoring] in the trial file, or numbers as options",
            )
        ]
        raise BadInput(trial.id, given)
    past, assumed = past_arms(trial, history, library)
    result = analyse_rate(trial, snap, endpoint)
    arms = result.arms
    tested = arms[trial.tested_arms[0].name]
    if not tested.n:
        raise BadInput(
            trial.id,
            [
                Problem(
                    "no-patients",
                    "log",
                    f"nobody of {tested.of} on the tested arm who counts",
                    f"at least one; counted are {result.counted}",
                )
            ],
        )
    control = arms[trial.control_arms[0].name] if trial.control_arms else None
    concurrent = Count(control.successes, control.n) if control is not None and control.n else None
    found = rate_answers(
        endpoint.label, Count(tested.successes, tested.n), concurrent, trial.history.rate, past, borrowing or Borrowing(), level,
        assumed,
    )  # fmt: skip
    who = [(trial.tested_arms[0].label, tested), *([(trial.control_arms[0].label, control)] if control else [])]
    return replace(found, counted=f"{result.counted}. {'; '.join(f'{label}: {_of(a)}' for label, a in who)}")


def _of(a: ArmRate) -> str:
    return f"{a.successes}/{a.n}, {a.too_recent} too recent, {a.not_evaluable} not evaluable"


def past_arms(
    trial: Trial, history: Sequence[Count], library: HistoryLibrary | None
) -> tuple[Sequence[Count | PastArm], Sequence[str]]:
    """What is borrowed from, and what that assumes: ``history`` as given; else the library's arms; else what it is worth.

    The last is one arm of [control_check] worth patients at the historical rate. Nothing where the trial file has neither.
    """
    if history or trial.history is None:
        return history, ()
    if library is not None and trial.history.library is not None and trial.monitoring is not None:
        found = borrowed(trial, library)
        if found.arms:
            return found.arms, found.leans_on
    check = trial.control_check
    if check is not None and check.worth is not None:
        arm = Count(round(check.worth * trial.history.rate), round(check.worth))
        return [arm], (f"history is worth {check.worth:g} patients, as the trial file says",)
    return (), ()


def _evidence(a: Answer) -> str:
    """A p-value or a probability as it is read: four decimals, or a bound at either end."""
    posterior = a.evidence_kind.startswith("P(")
    return "> 0.9999" if posterior and a.evidence > 0.9999 else p_value(a.evidence)


def answers_table(found: Answers) -> Table:
    """The answers under each other."""
    rows = []
    for a in found.answers:
        shown = "{:+.1f}" if a.measure == "difference of rates" else "{:.2f}"
        scale = 100 if a.measure == "difference of rates" else 1
        low, high = (shown.format(scale * v) for v in a.interval)
        rows.append(
            [
                a.against, f"{shown.format(scale * a.estimate)} ({low} to {high})", _evidence(a), a.decision, "; ".join(a.leans_on),
            ]
        )  # fmt: skip
    measure = "Difference, points" if found.answers[0].measure == "difference of rates" else "Hazard ratio"
    return Table(
        f"{found.question}: three answers at one-sided {found.level:g}",
        ["Tested arm against", f"{measure} (interval)", "Evidence", "Decision", "Leans on"],
        rows,
        notes=(
            "Evidence: " + "; ".join(f"{a.against.partition(' (')[0]}: {a.evidence_kind}" for a in found.answers) + ".",
            "Intervals: "
            + "; ".join(a.interval_kind for a in found.answers)
            + ". No account is taken of interim looks.",
            *((f"Counted are {found.counted}.",) if found.counted else ()),
            *((f"Borrowing: {found.standing}.",) if found.standing and found.borrowed else ()),
        ),
    )


def answers_figure(found: Answers) -> ForestFigure:
    """The estimates with their intervals, under each other; 0 points or a ratio of 1 is no effect."""
    ratio = found.answers[0].measure == "hazard ratio"
    scale = 1 if ratio else 100
    rows = [
        ForestRow(f"Against {a.against}", a.decision, scale * a.estimate, scale * a.interval[0], scale * a.interval[1], 1.0)
        for a in found.answers
    ]  # fmt: skip
    label = (
        "Hazard ratio (below 1 favours the tested arm)"
        if ratio
        else "Difference of rates, points (above 0 favours the tested arm)"
    )
    return ForestFigure(
        f"{found.question}: three answers", label, rows, (1.0, "no effect") if ratio else (0.0, "no effect"),
        f"Estimates with intervals of {100 * (1 - 2 * found.level):g} %. Each leans on other assumptions.", "ratio" if ratio else "points",
    )  # fmt: skip
