"""Exact behaviour of dose-finding designs: five doses, thirty patients; beside it the multiplications that such a sum cannot do without.

The bound is one multiplication for each state met and each result of its cohort, states x (cohort + 1), timed in the same run on an
array of so many numbers; 'times' is our time over that. A four-cohort pathway and the next dose are timed too, and whole simulated trials a
second in calendar time. R's BOIN and dfcrm simulate; where they are not installed they are skipped aloud.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exact import characteristics as state_by_state
from equipoise.design.dose.history import answer
from equipoise.design.dose.interval_exact import characteristics
from equipoise.design.dose.paths import pathways
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.dose_outcomes import read_outcomes

TRUTH = DoseTruth((0.05, 0.15, 0.30, 0.45, 0.60))
SKELETON = (0.08, 0.16, 0.25, 0.35, 0.46)
DESIGNS: list[tuple[str, str, dict[str, Any]]] = [
    ("BOIN", "boin", {"target": 0.3, "doses": 5}),
    ("keyboard", "keyboard", {"target": 0.3, "doses": 5}),
    ("3+3", "a-plus-b", {"doses": 5}),
    ("3+3, de-escalating", "a-plus-b", {"doses": 5, "deescalate": True}),
    ("CRM", "crm", {"target": 0.25, "skeleton": SKELETON}),
]
IN_TIME: list[tuple[str, str, dict[str, Any]]] = [
    ("BOIN", "boin", {"target": 0.3, "doses": 5}),
    ("TITE-BOIN (2020)", "boin", {"target": 0.3, "doses": 5, "tite": "ess"}),
    ("TITE-CRM", "crm", {"target": 0.25, "skeleton": SKELETON, "tite": "linear"}),
    ("rolling six", "rolling-six", {"doses": 5}),
]
R = {
    "BOIN": "suppressPackageStartupMessages(library(BOIN)); t <- proc.time(); invisible(get.oc(target=.3, p.true=c(.05,.15,.3,.45,.6), "
    "ncohort=10, cohortsize=3, ntrial=2000)); cat(2000 / sum((proc.time() - t)[1:2]))",
    "dfcrm": "suppressPackageStartupMessages(library(dfcrm)); t <- proc.time(); invisible(crmsim(c(.05,.15,.3,.45,.6), "
    "c(.08,.16,.25,.35,.46), .25, 30, 1, nsim=200, mcohort=3)); cat(200 / sum((proc.time() - t)[1:2]))",
}


def timed(call: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """The median of processor seconds, and what the last call gave."""
    took, found = [], None
    for _ in range(rounds):
        start = time.process_time()
        found = call()
        took.append(time.process_time() - start)
    return median(took), found


def bound(multiplications: int) -> float:
    """Seconds of so many multiplications of probabilities in one array."""
    a, b = np.full(multiplications, 0.5), np.full(multiplications, 0.25)
    return timed(lambda: a * b, 21)[0] or 1e-6


def beside(package: str) -> str:
    """Trials a second of an R package, or why it was skipped."""
    if shutil.which("Rscript") is None:
        return "skipped: R is not installed"
    done = subprocess.run(["Rscript", "-e", R[package]], capture_output=True, text=True, check=False)
    return f"{float(done.stdout):,.0f} trials a second" if done.returncode == 0 else f"skipped: R has no {package}"


def main() -> None:
    """Print the tables."""
    print(f"{'exact behaviour':22}{'ms':>9}{'states':>9}{'bound, ms':>11}{'times':>8}")
    for name, kind, said in DESIGNS:
        # A design keeps what it learnt of its states: each round builds its own.
        took, _ = timed(lambda k=kind, s=said: characteristics(dose_shelf.build(k, s), TRUTH))  # type: ignore[misc]
        met = states(dose_shelf.build(kind, said))
        least = bound(met * 4)
        print(f"{name:22}{1000 * took:9.1f}{met:9,}{1000 * least:11.4f}{took / least:8.0f}")
    took, _ = timed(lambda: state_by_state(dose_shelf.build("boin", DESIGNS[0][2]), TRUTH), 1)
    print(f"{'BOIN, state by state':22}{1000 * took:9.1f}   (the reference that the arrays are held to)")
    for name, kind, said in DESIGNS:
        took, nodes = timed(lambda k=kind, s=said: paths(k, s))  # type: ignore[misc]
        print(f"four cohorts on, {name:22}{1000 * took:8.1f} ms, {len(nodes)} nodes")
    blrm = dict(dose_shelf.one("blrm").example)
    took, _ = timed(lambda: answer(dose_shelf.build("blrm", blrm), read_outcomes("1NNN 2NTN")))
    print(f"the next dose by BLRM {1000 * took:.1f} ms")
    for name, kind, said in IN_TIME:
        took, _ = timed(lambda k=kind, s=said: simulate(dose_shelf.build(k, s), TRUTH, 200, 1, Calendar(3, 1)), 1)  # type: ignore[misc]
        print(f"in calendar time, {name:22}{200 / took:8.0f} trials a second")
    for package in R:
        print(f"R {package}: {beside(package)}")


def paths(kind: str, said: dict[str, Any]) -> Any:
    """Four cohorts from the start."""
    design: Any = dose_shelf.build(kind, said)
    return pathways(design, design.start(), 4)


def states(design: Any) -> int:
    """How many states are met from which a cohort is treated or the trial ends."""
    nodes = pathways(design, design.start(), 60)
    return len(nodes)


if __name__ == "__main__":
    main()
