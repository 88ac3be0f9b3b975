"""All of NORTH, trials a second, compiled and by the reference loop; beside a bound.

Sites, illness–death, scans every six weeks, patients who cannot be evaluated, the interim look with enrolment going on,
the final analysis, the control arm's check, the decision, log-rank and Cox. The bound: merely turning the generator as
often as a trial does. All in one run on the same cores.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np

from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.kernels import ready
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import default_workers, reference_lines, simulate
from equipoise.simulate.tally import Tally

ROUNDS = 5
#: Blocks of random words that one NORTH takes: patients 144, their records 120, arrivals 18, allocation 30, others 12.
BLOCKS = 324


def rates(works: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Trials a second of each, turn about: the median of several rounds. A busy machine is busy for all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (work, n) in works.items():
            start = time.perf_counter()
            work()
            found[name].append(n / (time.perf_counter() - start))
    return {name: float(np.median(each)) for name, each in found.items()}


def reference_on(plan: Plan, cores: int) -> float:
    """Trials a second of the reference loop in so many processes, once they have begun."""
    n, start = 0, 0.0
    for lines in simulate(plan, 60 * cores, cores, engine="reference"):
        if start:
            n += len(lines["looks"])
        start = start or time.perf_counter()
    return n / (time.perf_counter() - start)


def main() -> None:
    file = find_trial("north")
    trial = read_trial(file)
    assert trial.design is not None
    truth = read_scenario(find_scenario(file, "null"))
    plan = Plan.of(trial, truth, 2012, "continue")
    start = time.perf_counter()
    reference_lines(plan, 0, 30)
    reference = 30 / (time.perf_counter() - start)
    cores = default_workers()
    reference_all = reference_on(plan, cores)
    if not ready():
        print(
            f"reference loop: {reference:.1f} trials a second on one core, {reference_all:.1f} on {cores}; no numba here: no "
            "kernel to compare"
        )
        return
    next(simulate(plan, 1))
    # Making the plan ready, a twentieth of a second, is part of it.
    n = 400_000

    def run(workers: int) -> Tally:
        tally = Tally()
        for lines in simulate(plan, n, workers):
            tally.add(lines)
        return tally

    generator = np.random.Philox(key=np.array([1, 2], dtype=np.uint64))
    found = rates(
        {
            "one": (lambda: run(1), n),
            "all": (lambda: run(cores), n),
            "words": (lambda: generator.random_raw(4 * BLOCKS * 2000), 2000),
        }
    )
    one, all_cores, words = found.values()
    print(f"{cores} cores; median of {ROUNDS} rounds")
    print(f"NORTH, compiled, one core        {one:12,.0f} trials/s")
    print(f"NORTH, compiled, all cores       {all_cores:12,.0f} trials/s")
    print(
        f"NORTH, reference loop, one core  {reference:12,.1f} trials/s   compiled / reference (one core): {one / reference:,.0f}"
    )
    print(f"NORTH, reference loop, {cores} cores   {reference_all:12,.1f} trials/s")
    print(
        f"random words of NORTH alone (numpy, one core) {words:,.0f} trials/s   NORTH / bound (one core): {one / words:.2f}"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally = Tally()
    for lines in simulate(plan, 400_000, cores):
        tally.add(lines)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"memory: {before / 1024:.0f} MB before and {after / 1024:.0f} MB after {tally.n:,} more trials")


if __name__ == "__main__":
    main()
