"""Dose-finding designs, five doses and thirty patients: exact behaviour, pathways, the next dose, and trials a second, beside peers and bounds.

Exact: the bound is one multiplication for each state met and each result of its cohort, states x (cohort + 1), timed in the same run on an
array of so many numbers; 'times' is our time over that. Simulated without a calendar, compiled: the bound is turning the generator once a
patient, by the same code. Peers simulate: R's BOIN (get.oc), dfcrm (crmsim) and simFastBOIN (sim_boin); where they are not installed (R_LIBS says
where to look) they are skipped aloud. All times are processor time, the least of several rounds: the machine may be busy with other work.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exact import characteristics as state_by_state
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.history import answer
from equipoise.design.dose.paths import pathways
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.files.kernels import DOSES, ready
from equipoise.simulate.replicates import default_workers
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
_5, _CRM = {"target": 0.3, "doses": 5}, {"target": 0.25, "skeleton": SKELETON}
_ROWS = (
    "3: 0/2/3",
    "6: 1/3/4",
    "9: 2/4/5",
    "12: 3/5/7",
    "15: 4/6/8",
    "18: 4/7/9",
    "21: 5/8/10",
    "24: 6/9/11",
    "27: 7/10/12",
    "30: 7/11/13",
)
_LEVELS, _MODIFIED = (60.0, 75.0, 90.0, 112.0, 140.0), {"expansion": {"n": 12}}
_PAIRS = {"target": 0.3, "first": 2, "second": 3, "cohorts": 10}
_BACKFILL = {**_5, "backfill": {"cap": 12, "needs_response": False}}
_BOIN12 = {"phi_t": 0.35, "phi_e": 0.25, "doses": 5, "cohorts": 10}
#: The whole shelf, five doses and thirty patients where it has them; and whether its exact behaviour is asked (it is not where that
#: depends on time, or has too many states).
SHELF: list[tuple[str, str, dict[str, Any], bool]] = [
    ("3+3", "a-plus-b", {"doses": 5}, True),
    ("3+3, de-escalating", "a-plus-b", {"doses": 5, "deescalate": True}, True),
    ("rolling six", "rolling-six", {"doses": 5}, False),
    ("BOIN", "boin", _5, True),
    ("BOIN, 12 at a dose are enough", "boin", {**_5, "n_stop": 12}, True),
    ("BOIN, expansion", "boin", {**_5, **_MODIFIED}, True),
    ("BOIN, backfill", "boin", _BACKFILL, False),
    ("TITE-BOIN, imputation", "boin", {**_5, "tite": "imputation"}, False),
    ("TITE-BOIN, effective size", "boin", {**_5, "tite": "ess"}, False),
    ("keyboard", "keyboard", _5, True),
    ("mTPI", "mtpi", _5, True),
    ("i3+3", "i3plus3", _5, True),
    ("own table", "table", {**_5, "rows": _ROWS}, True),
    ("CRM, empiric", "crm", _CRM, True),
    ("CRM, logistic", "crm", {**_CRM, "model": "logistic"}, True),
    ("CRM, exponential prior", "crm", {**_CRM, "prior": "exponential"}, True),
    ("CRM by likelihood", "crm", {**_CRM, "method": "likelihood"}, False),
    ("CRM, expansion", "crm", {**_CRM, **_MODIFIED}, True),
    ("TITE-CRM, linear", "crm", {**_CRM, "tite": "linear"}, False),
    ("TITE-CRM, adaptive", "crm", {**_CRM, "tite": "adaptive"}, False),
    ("BLRM", "blrm", {"levels": _LEVELS, "reference": 90.0, "cohorts": 10}, False),
    ("BOIN12, 3 doses", "boin12", dict(dose_shelf.one("boin12").example), False),
    ("BOIN12, 5 doses", "boin12", _BOIN12, False),
    ("BOIN combination, 2 x 3", "boin-combination", _PAIRS, False),
]  # fmt: skip
#: A pathway of it has 309, 3,470 and 32,067 nodes: each twentieth of a cohort's outcomes differs.
EFFTOX = {**dose_shelf.one("efftox").example, "cohorts": 10}
IN_TIME: list[tuple[str, str, dict[str, Any]]] = [
    ("BOIN", "boin", {"target": 0.3, "doses": 5}),
    ("TITE-BOIN (2020)", "boin", {"target": 0.3, "doses": 5, "tite": "ess"}),
    ("TITE-CRM", "crm", {"target": 0.25, "skeleton": SKELETON, "tite": "linear"}),
    ("rolling six", "rolling-six", {"doses": 5}),
]
_P = "c(.05,.15,.3,.45,.6)"
#: Package → our design of the same trial, what simulates it, and how many trials that are.
PEERS = {
    "simFastBOIN": ("BOIN", f"sim_boin(n_trials=20000, target=.3, p_true={_P}, n_cohort=10, cohort_size=3, n_earlystop=1000)", 20_000),
    "BOIN": ("BOIN", f"get.oc(target=.3, p.true={_P}, ncohort=10, cohortsize=3, ntrial=2000)", 2000),
    "dfcrm": ("CRM", f"crmsim({_P}, c(.08,.16,.25,.35,.46), .25, 30, 1, nsim=200, mcohort=3)", 200),
}  # fmt: skip
TRIALS = 200_000


def timed(call: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """The least of processor seconds, and what the last call gave."""
    took, found = [], None
    for _ in range(rounds):
        start = time.process_time()
        found = call()
        took.append(time.process_time() - start)
    return min(took), found


def bound(multiplications: int) -> float:
    """Seconds of so many multiplications of probabilities in one array."""
    a, b = np.full(multiplications, 0.5), np.full(multiplications, 0.25)
    return timed(lambda: a * b, 21)[0] or 1e-6


def beside(package: str) -> tuple[float, str]:
    """Trials a second of an R package on one core, and its version; or 0, and why it was skipped."""
    if shutil.which("Rscript") is None:
        return 0.0, "skipped: R is not installed"
    _, call, trials = PEERS[package]
    code = (
        f"suppressPackageStartupMessages(library({package})); best <- Inf; for (k in 1:3) {{ t <- proc.time(); "
        f"invisible(capture.output({call})); best <- min(best, sum((proc.time() - t)[1:2])) }}; "
        f"cat({trials} / best, as.character(packageVersion('{package}')))"
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return 0.0, f"skipped: R has no {package}"
    rate, version = done.stdout.split()[-2:]
    return float(rate), version


def random_words() -> float:
    """Trials a second if a trial were its thirty patients' random numbers and nothing else, by the same code; 0 without numba."""
    if find_spec("numba") is None:
        return 0.0
    from numba import njit

    from equipoise.numerics.random.philox import block, uniform

    @njit  # type: ignore[untyped-decorator]
    def turned(trials: int, key: np.uint64) -> int:
        found = 0
        for trial in range(trials):
            for patient in range(30):
                a, _, _, _ = block(key, key, patient, trial)
                found += int(uniform(a) < 0.3)
        return found

    turned(1, np.uint64(1))
    return TRIALS / timed(lambda: turned(TRIALS, np.uint64(1)), 5)[0]


def simulated() -> dict[str, float]:
    """Print and return trials a second of our designs, without a calendar, on one core."""
    if not ready(DOSES):
        print("no compiled simulator here: no numba, and no library")
        return {}
    simulate(dose_shelf.build("boin", DESIGNS[0][2]), TRUTH, 100)  # made ready
    words, found = random_words(), dict[str, float]()
    print(f"{'simulated, compiled':22}{'trials/s':>12}{'first run':>12}{'of the words':>14}")
    for name, kind, said in DESIGNS:
        design: Any = dose_shelf.build(kind, said)
        first, _ = timed(lambda d=design: simulate(d, TRUTH, TRIALS), 1)  # type: ignore[misc]
        again, _ = timed(lambda d=design: simulate(d, TRUTH, TRIALS), 5)  # type: ignore[misc]
        found[name] = TRIALS / again
        print(f"{name:22}{TRIALS / again:12,.0f}{TRIALS / first:12,.0f}{TRIALS / again / words if words else 0:14.2f}")
    print(f"{'the words alone':22}{words:12,.0f}   (thirty patients' of each trial; 3+3 has fewer)")
    start = time.perf_counter()
    simulate(dose_shelf.build("boin", DESIGNS[0][2]), TRUTH, 10 * TRIALS, 1, None, default_workers())
    print(f"BOIN on all cores, by the clock {10 * TRIALS / (time.perf_counter() - start):,.0f} trials a second")
    return found


def main() -> None:
    """Print the tables."""
    print(f"{'exact behaviour':22}{'ms':>9}{'states':>9}{'bound, ms':>11}{'times':>8}{'state by state, ms':>20}")
    for name, kind, said in DESIGNS:
        # A design keeps what it learnt of its states: each round builds its own.
        took, _ = timed(lambda k=kind, s=said: characteristics(dose_shelf.build(k, s), TRUTH), 5)  # type: ignore[misc]
        slow, _ = timed(lambda k=kind, s=said: state_by_state(dose_shelf.build(k, s), TRUTH), 2)  # type: ignore[misc]
        met = states(dose_shelf.build(kind, said))
        least = bound(met * 4)
        print(f"{name:22}{1000 * took:9.1f}{met:9,}{1000 * least:11.4f}{took / least:8.0f}{1000 * slow:20.0f}")
    shelf()
    blrm = dict(dose_shelf.one("blrm").example)
    took, _ = timed(lambda: answer(dose_shelf.build("blrm", blrm), read_outcomes("1NNN 2NTN")))
    print(f"the next dose by BLRM {1000 * took:.1f} ms")
    ours = simulated()
    for name, kind, said in IN_TIME:
        took, _ = timed(lambda k=kind, s=said: simulate(dose_shelf.build(k, s), TRUTH, 200, 1, Calendar(3, 1)), 1)  # type: ignore[misc]
        print(f"in calendar time, {name:22}{200 / took:8.0f} trials a second")
    for package, (name, _, _) in PEERS.items():
        rate, version = beside(package)
        against = f"; ours {ours[name] / rate:,.0f} times" if rate and name in ours else ""
        print(f"R {package} {version}" + (f": {rate:,.0f} trials a second{against}" if rate else ""))


def shelf() -> None:
    """Four cohorts from the start, and exact behaviour, of each design of the shelf."""
    print(f"{'the shelf':32}{'four cohorts, ms':>17}{'nodes':>8}{'exact, ms':>12}")
    for name, kind, said, exact in SHELF:
        took, nodes = timed(lambda k=kind, s=said: paths(k, s))  # type: ignore[misc]
        asked = f"{'-':>12}"
        if exact:
            whole, _ = timed(lambda k=kind, s=said: behaviour(dose_shelf.build(k, s), TRUTH, "exact"))  # type: ignore[misc]
            asked = f"{1000 * whole:12.1f}"
        print(f"{name:32}{1000 * took:17.1f}{len(nodes):8,}{asked}", flush=True)
    for cohorts, rounds in ((2, 3), (3, 2), (4, 1)):
        took, nodes = timed(lambda c=cohorts: paths("efftox", EFFTOX, c), rounds)  # type: ignore[misc]
        print(f"{f'EffTox, 4 doses, {cohorts} cohorts':32}{1000 * took:17.1f}{len(nodes):8,}{'-':>12}", flush=True)
    print("a comparison of doses at random has no cohorts: no pathway is asked of it")


def paths(kind: str, said: dict[str, Any], cohorts: int = 4) -> Any:
    """So many cohorts from the start."""
    design: Any = dose_shelf.build(kind, said)
    return pathways(design, design.start(), cohorts)


def states(design: Any) -> int:
    """How many states are met from which a cohort is treated or the trial ends."""
    nodes = pathways(design, design.start(), 60)
    return len(nodes)


if __name__ == "__main__":
    main()
