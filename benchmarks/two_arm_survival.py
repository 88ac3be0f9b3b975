"""Two-arm survival trials a second: ours, R's rpact, lifelines, and the bound that random numbers and sorting set.

Workload: 120 patients two to one, medians 7.7 and 5.5 months, 4, 6 and 10 patients a month for six months each, 5 %
drop-out a year, analysis at month 24 (82 events). Ours gives the log-rank statistic, Cox's log hazard ratio with its
standard error, and Kaplan–Meier at month 6 with Greenwood's variance in both arms. rpact's getSimulationSurvival gives
the log-rank statistic and a hazard ratio from it, at 82 events. lifelines does our analysis on data drawn by numpy.

All in one run, turn about; the median of the rounds. Answers are compared first: a fast wrong number is no result.
The bound draws as many uniform numbers as we do (one a patient), takes their logarithms and sorts 120 keys, compiled in
the same style on the same cores; a second bound draws two a patient, as two times drawn one by one would need.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import numpy as np
from numba import njit

from equipoise.numerics.random.philox import uniform
from equipoise.numerics.random.streams import key_of
from equipoise.simulate import two_arms_kernel as kernel
from equipoise.simulate.two_arms import TwoArms, simulate
from equipoise.simulate.two_arms_reference import dataset

SEED = 2012
CORES = len(os.sched_getaffinity(0))
LEVEL = 1.959963984540054

RPACT = """
suppressPackageStartupMessages(library(rpact))
design <- getDesignGroupSequential(kMax = 1, alpha = 0.025)
once <- function(n, seed) getSimulationSurvival(design, directionUpper = FALSE, median1 = 7.7, median2 = 5.5,
  plannedEvents = 82, maxNumberOfSubjects = 120, allocation1 = 2, allocation2 = 1, accrualTime = c(0, 6, 12, 18),
  accrualIntensity = c(4, 6, 10), dropoutRate1 = 0.05, dropoutRate2 = 0.05, dropoutTime = 12,
  maxNumberOfIterations = n, seed = seed)
invisible(once(100, 1))
t <- system.time(x <- once(%d, %d))[["elapsed"]]
cat(t, x$overallReject, as.character(packageVersion("rpact")))
"""


@njit(nogil=True, error_model="numpy")
def bound_chunk(k0, k1, first, place, network, replicates, per_patient):  # type: ignore[no-untyped-def]
    lanes = kernel._LANES
    n = place.size
    room, times, _, _ = kernel._tables(n)
    words, keys = room.view(np.uint64), times.view(np.int64)
    for start in range(0, replicates, lanes):
        for _ in range(per_patient):
            kernel._draw(k0, k1, first + start, place, words)
            logarithms(words, keys)
        for q in range(network.shape[0]):
            kernel._exchange(keys, network[q, 0], network[q, 1])
    return keys[0, 0]


@njit(nogil=True, error_model="numpy")
def logarithms(words, keys):  # type: ignore[no-untyped-def]
    n, lanes = keys.shape
    for i in range(n):
        for c in range(lanes):
            keys[i, c] = kernel._bits(kernel._minus_log(uniform(words[i, c])))


def bound(replicates: int, threads: int, per_patient: int, chunk: int = 4096) -> None:
    k0, k1 = key_of(SEED, "bound")
    place, network = np.arange(120, dtype=np.uint64), kernel.network(120)

    def work(start: int) -> None:
        bound_chunk(k0, k1, start, place, network, min(chunk, replicates - start), per_patient)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, replicates, chunk)))


def rate(call: Callable[[], object], trials: int) -> float:
    start = time.perf_counter()
    call()
    return trials / (time.perf_counter() - start)


def rpact(trials: int, seed: int) -> tuple[float, float, str] | None:
    """Trials a second inside R, power and version; None where there is no R or no rpact."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", RPACT % (trials, seed)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    seconds, power, version = done.stdout.split()
    return trials / float(seconds), float(power), version


def of_lifelines(trial: TwoArms, trials: int) -> float | None:
    """Trials a second of lifelines on ready data (drawing is not counted); None where it is not installed."""
    if importlib.util.find_spec("lifelines") is None:
        return None
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    data = [dataset(trial, SEED, i) for i in range(trials)]
    ours = simulate(trial, trials, SEED)
    got: list[tuple[float, float, float]] = []

    def run() -> None:
        for time_, event, arm in data:
            test = logrank_test(time_[arm == 1], time_[arm == 0], event[arm == 1], event[arm == 0])
            cox = CoxPHFitter().fit(pd.DataFrame({"t": time_, "e": event, "arm": arm}), "t", "e")
            curves = [KaplanMeierFitter().fit(time_[arm == a], event[arm == a]).predict(6.0) for a in (1, 0)]
            got.append((math.sqrt(test.test_statistic), float(cox.params_.iloc[0]), float(curves[0])))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        per_second = rate(run, trials)
    want = np.array([np.abs(ours["z"]), ours["log_hr"], ours["survival_tested"]]).T
    # lifelines stops its search for the hazard ratio early: it is up to 1e-4 from R's, and ours is R's to 1e-10.
    assert np.allclose(got, want, rtol=0, atol=(1e-9, 1e-3, 1e-9)), "lifelines and we disagree"
    return per_second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400_000, help="of ours, a round")
    parser.add_argument("--rpact-trials", type=int, default=20_000)
    parser.add_argument("--lifelines-trials", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=11)
    ask = parser.parse_args()
    trial, n = TwoArms.of(), ask.trials
    simulate(trial, 64, SEED)
    bound(64, 1, 1)

    many = simulate(trial, n, SEED, threads=CORES)
    power = float((many["z"] > LEVEL).mean())
    print(f"{CORES} cores; {n} trials of ours a round, {ask.rpact_trials} of rpact; median of {ask.rounds} rounds")
    print(f"events {many['events'].mean():.2f}, mean log hazard ratio {many['log_hr'].mean():.4f}, power {power:.4f}")

    rounds: list[dict[str, Any]] = []
    version, powers = "", []
    for k in range(ask.rounds):
        this = {
            "ours, 1 core": rate(lambda: simulate(trial, n // CORES, SEED), n // CORES),
            "ours, all cores": rate(lambda: simulate(trial, n, SEED, threads=CORES), n),
            "bound, 1 core": rate(lambda: bound(n // CORES, 1, 1), n // CORES),
            "bound, all cores": rate(lambda: bound(n, CORES, 1), n),
            "bound of two numbers a patient, all cores": rate(lambda: bound(n, CORES, 2), n),
        }
        answer = rpact(ask.rpact_trials, SEED + k)
        if answer is not None:
            this["rpact"], power_, version = answer
            powers.append(power_)
        rounds.append(this)
    for name in rounds[0]:
        values = [r[name] for r in rounds]
        microseconds = 1e6 / median(values)
        print(
            f"{name:42s} {median(values):12,.0f} trials/s ({min(values):,.0f} to {max(values):,.0f}) {microseconds:8.3f} us"
        )

    def ratio(above: str, below: str) -> str:
        values = [r[above] / r[below] for r in rounds]
        return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    if "rpact" in rounds[0]:
        error = math.sqrt(power * (1 - power) * (1 / n + 1 / (ask.rpact_trials * len(powers))))
        mean = sum(powers) / len(powers)
        print(f"rpact {version}: power {mean:.4f} at 82 events (ours - rpact's: {(power - mean) / error:+.1f} errors)")
        assert abs(power - mean) < 4 * error + 0.001, "rpact and we disagree"
        print(f"ours (all cores) / rpact: {ratio('ours, all cores', 'rpact')}")
        print(f"ours (1 core) / rpact: {ratio('ours, 1 core', 'rpact')}")
    else:
        print("SKIPPED: rpact (no Rscript, or no package rpact)")
    print(f"ours / bound (all cores): {ratio('ours, all cores', 'bound, all cores')}")
    print(f"ours / bound (1 core): {ratio('ours, 1 core', 'bound, 1 core')}")
    print(
        f"ours / bound of two numbers a patient: {ratio('ours, all cores', 'bound of two numbers a patient, all cores')}"
    )
    slow = of_lifelines(trial, ask.lifelines_trials)
    if slow is None:
        print("SKIPPED: lifelines (not installed)")
    else:
        fast = median(r["ours, all cores"] for r in rounds)
        print(f"lifelines (1 core) {slow:.1f} trials/s; ours (all cores) / lifelines: {fast / slow:,.0f}")


if __name__ == "__main__":
    main()
