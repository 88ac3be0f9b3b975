"""Many simulated trials, and what they say: probabilities with their Monte-Carlo errors, beside the exact ones."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.design import Characteristics, Quantity
from equipoise.trial.exhibits import Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """One replicate in a line: what was decided, and how many were on study when the first look was known."""

    replicate: int
    looks: int
    action: str
    successes: int
    evaluable: int
    randomised: int
    tested: int
    cohort_full: int
    at_cutoff: int
    at_readout: int
    look_day: int
    readout_day: int
    duration: int
    control_caution: bool
    hazard_ratio: float
    logrank_p: float


def outcome(plan: Plan, replicate: int) -> Outcome:
    """Run one replicate and keep its line."""
    result = run(plan, replicate)
    first, last = result.looks[0], result.looks[-1]
    evidence = last.decision.evidence[plan.trial.tested_arms[0].name]
    beside = last.decision.beside
    check, comparison = beside["control arm against history"], beside["randomised comparison"]
    start = plan.trial.start
    return Outcome(
        replicate=replicate,
        looks=len(result.looks),
        action=last.decision.action.name,
        successes=evidence["successes"],
        evaluable=evidence["n"],
        randomised=result.randomised,
        tested=result.tested,
        cohort_full=first.randomised_at_cohort_full,
        at_cutoff=first.randomised_at_cutoff,
        at_readout=first.randomised_at_readout,
        look_day=(first.cutoff - start).days,
        readout_day=(first.readout - start).days,
        duration=(result.ended - start).days,
        control_caution=bool(check and check["disagrees"]),
        hazard_ratio=comparison["hr"] if comparison else math.nan,
        logrank_p=comparison["logrank_p"] if comparison else math.nan,
    )


def _chunk(plan: Plan, replicates: Sequence[int]) -> list[Outcome]:
    return [outcome(plan, r) for r in replicates]


def simulate(
    plan: Plan, replicates: int, workers: int = 1, progress: Callable[[int], None] | None = None
) -> Iterator[Outcome]:
    """Outcomes of replicates 0, 1, 2 …, in that order and the same for any number of ``workers``.

    ``progress`` is told how many are done. To stop early, stop asking: what came is whole.
    """
    if workers <= 1:
        for r in range(replicates):
            yield outcome(plan, r)
            if progress:
                progress(r + 1)
        return
    size = max(1, min(25, replicates // (4 * workers)))
    chunks = [range(i, min(i + size, replicates)) for i in range(0, replicates, size)]
    with ProcessPoolExecutor(workers, initializer=_ignore_interrupt) as pool:
        done = 0
        futures = [pool.submit(_chunk, plan, list(c)) for c in chunks]
        try:
            for future in futures:
                for found in future.result():
                    done += 1
                    yield found
                if progress:
                    progress(done)
        finally:
            for future in futures:
                future.cancel()


def _ignore_interrupt() -> None:
    """Ctrl-C is for the parent, which keeps what is done; a worker finishes its chunk."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def default_workers() -> int:
    """As many as there are cores to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def probability(hits: int, of: int) -> Quantity:
    """A simulated probability with its Monte-Carlo standard error sqrt(p (1 - p) / n)."""
    p = hits / of
    return Quantity(p, math.sqrt(p * (1 - p) / of))


def mean(values: Sequence[float]) -> Quantity:
    """A simulated mean with its Monte-Carlo standard error sd / sqrt(n); NaN for one value."""
    m = math.fsum(values) / len(values)
    if len(values) < 2:
        return Quantity(m, math.nan)
    variance = math.fsum((v - m) ** 2 for v in values) / (len(values) - 1)
    return Quantity(m, math.sqrt(variance / len(values)))


@dataclass(frozen=True)
class Summary:
    """What the replicates of one scenario and one way of waiting say."""

    scenario: str
    label: str
    waiting: str
    seed: int
    asked: int
    done: int
    characteristics: Characteristics
    at_cohort_full: Quantity
    at_cutoff: Quantity
    at_readout: Quantity
    at_readout_range: tuple[int, int]
    randomised: Quantity
    readout_month: Quantity
    duration_months: Quantity
    control_caution: Quantity
    evaluable_final: Quantity | None


def summarise(plan: Plan, outcomes: Sequence[Outcome], asked: int) -> Summary:
    """Summary of the outcomes that are there; ``asked`` says how many were meant."""
    n = len(outcomes)
    looks = [look.n for look in plan.design.looks]
    stopped_early = sum(o.looks < len(looks) for o in outcomes)
    finals = [float(o.evaluable) for o in outcomes if o.looks == len(looks)]
    readouts = sorted(o.at_readout for o in outcomes)
    return Summary(
        scenario=plan.scenario.id,
        label=plan.scenario.label,
        waiting=plan.waiting,
        seed=plan.seed,
        asked=asked,
        done=n,
        characteristics=Characteristics(
            truth=plan.scenario.id,
            method=f"simulated, {n} replicates, seed {plan.seed}",
            declare=probability(sum(o.action == "declare" for o in outcomes), n),
            stop_early=probability(stopped_early, n),
            expected_n=mean([float(looks[o.looks - 1]) for o in outcomes]),
        ),
        at_cohort_full=mean([float(o.cohort_full) for o in outcomes]),
        at_cutoff=mean([float(o.at_cutoff) for o in outcomes]),
        at_readout=mean([float(o.at_readout) for o in outcomes]),
        at_readout_range=(readouts[int(0.1 * (n - 1))], readouts[math.ceil(0.9 * (n - 1))]),
        randomised=mean([float(o.randomised) for o in outcomes]),
        readout_month=mean([o.readout_day / 30.4375 for o in outcomes]),
        duration_months=mean([o.duration / 30.4375 for o in outcomes]),
        control_caution=probability(sum(o.control_caution for o in outcomes), n),
        evaluable_final=mean(finals) if finals else None,
    )


def summary_table(summaries: Sequence[Summary], exact: Sequence[Characteristics | None]) -> Table:
    """Simulated beside exact, and who was on study when the look read out."""

    def shown(q: Quantity, digits: int) -> str:
        return f"{q.value:.{digits}f} ± {q.mc_error:.{digits}f}"

    rows = []
    for s, e in zip(summaries, exact, strict=True):
        c = s.characteristics
        rows.append(
            [
                s.scenario,
                s.waiting,
                str(s.done),
                shown(c.stop_early, 3),
                f"{e.stop_early.value:.3f}" if e else "–",
                shown(c.declare, 3),
                f"{e.declare.value:.3f}" if e else "–",
                shown(s.at_cohort_full, 1),
                f"{shown(s.at_readout, 1)} ({s.at_readout_range[0]} to {s.at_readout_range[1]})",
                shown(s.readout_month, 1),
                shown(s.duration_months, 1),
            ]
        )
    return Table(
        "Simulated trials beside the exact design",
        [
            "Scenario",
            "Waiting",
            "Trials",
            "P(stop at look 1)",
            "exact",
            "P(declare)",
            "exact",
            "At full cohort",
            "At read-out (10 to 90 %)",
            "Read-out, month",
            "End, month",
        ],
        rows,
        notes=(
            *(f"{name}: {label}." for name, label in {s.scenario: s.label for s in summaries}.items()),
            "Waiting: what enrolment does while the look is awaited. At full cohort, at read-out: patients randomised by then. "
            "± is the Monte-Carlo standard error. Exact: the design's binomial calculation at the scenario's rate of the "
            "monitored endpoint, with every planned patient evaluable.",
        ),
    )  # fmt: skip
