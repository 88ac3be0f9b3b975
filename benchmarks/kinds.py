"""Whole trials of each kind of design a second: compiled where it is, by the reference loop, and their ratio; rpact beside log-rank.

Each is the example trial of its kind (trials/kinds) under its design's own null and target: sites, enrolment, blocks, the log or its
like, looks when they are ripe, decisions. Processor time of one process, in the same run, turn about; the median of the rounds. rpact's
getSimulationSurvival draws the times of the group-sequential example alone: no sites, no scans, no log. Where R or rpact is not at
hand it is skipped aloud.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from statistics import median

from equipoise.design import shelf
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Engine, simulate

RPACT = """
suppressPackageStartupMessages(library(rpact))
design <- getDesignGroupSequential(kMax = 2, alpha = 0.05, typeOfDesign = "asOF", informationRates = c(0.5, 1))
once <- function(n) getSimulationSurvival(design, directionUpper = FALSE, hazardRatio = 0.67, lambda2 = log(2) / 5.5,
  plannedEvents = c(93, 186), maxNumberOfSubjects = 234, allocation1 = 2, allocation2 = 1, accrualTime = c(0, 20),
  maxNumberOfIterations = n, seed = 1)
invisible(once(100))
t <- proc.time()
invisible(once(%d))
cat(sum((proc.time() - t)[1:2]) / %d * 1e6)
"""


def microseconds(plan: Plan, n: int, engine: Engine) -> float:
    """Processor time a trial."""
    start = time.process_time()
    for _ in simulate(plan, n, 1, engine=engine):
        pass
    return (time.process_time() - start) / n * 1e6


def rpact(n: int) -> float | None:
    """The same of rpact; None where it is not at hand."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", RPACT % (n, n)], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=shelf.kinds())
    parser.add_argument("--replicates", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("kind, truth: compiled and reference [microseconds a trial, one core], ratio")
    for kind in args.kinds:
        trial = read_trial(find_trial(f"kinds/{kind}"))
        for scenario in (own_scenarios(trial)[0], own_scenarios(trial)[-1]):
            plan = Plan.of(trial, scenario, 1)
            microseconds(plan, 2, "reference")
            if plan.usual:
                microseconds(plan, 100, "compiled")
            fast, slow = [], []
            for _ in range(args.rounds):
                slow.append(microseconds(plan, 20, "reference"))
                if plan.usual:
                    fast.append(microseconds(plan, args.replicates, "compiled"))
            told = f"{median(fast):10.1f} {median(slow):10.0f}  {median(slow) / median(fast):8,.0f}" if fast else (
                f"{'-':>10} {median(slow):10.0f}  reference only"
            )  # fmt: skip
            print(f"{kind:24} {scenario.id:14} {told}", flush=True)
    there = rpact(2000)
    print("rpact: not at hand, skipped" if there is None else f"rpact, group-sequential, times alone: {there:.1f}")


if __name__ == "__main__":
    main()
