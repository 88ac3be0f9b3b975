"""Survival estimators at n = 120, two to one, whole months: ms a call, and the ratio to scipy and statsmodels.

Same data, same process, calls interleaved; the median of the rounds. A ratio above 1: the other takes that much longer.
Answers are compared first: a fast wrong number is no result.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from scipy.stats import CensoredData, ecdf
from scipy.stats import logrank as scipy_logrank

from equipoise.numerics.times.survival import cox, kaplan_meier, logrank

try:
    import statsmodels.duration.api as smd
except ImportError:  # a development library: without it scipy alone is the peer
    smd = None

ROUNDS, N = 30, 120


def ms(call: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats * 1e3


def main() -> None:
    rng = np.random.default_rng(2012)
    treated = np.arange(N) < 80
    t, e = np.ceil(rng.exponential(8, N)), rng.random(N) < 0.7
    x = treated[:, None].astype(float)

    def censored(mine: np.ndarray) -> CensoredData:
        return CensoredData(uncensored=t[mine & e], right=t[mine & ~e])

    everybody = np.ones(N, dtype=bool)
    jobs: dict[str, dict[str, Callable[[], object]]] = {
        "Kaplan–Meier": {
            "ours": lambda: kaplan_meier(t, e),
            "scipy": lambda: ecdf(censored(everybody)).sf.confidence_interval(method="log-log"),
        },
        "log-rank": {
            "ours": lambda: logrank(t, e, treated),
            "scipy": lambda: scipy_logrank(censored(treated), censored(~treated)),
        },
        "Cox": {"ours": lambda: cox(t, e, treated)},
    }
    chi2, log_hr = logrank(t, e, treated).chi2, cox(t, e, treated).log_hr
    z = scipy_logrank(censored(treated), censored(~treated)).statistic
    assert abs(z**2 / chi2 - 1) < 1e-9
    if smd is not None:
        jobs["Kaplan–Meier"]["statsmodels, no limits"] = lambda: smd.SurvfuncRight(t, e)
        jobs["log-rank"]["statsmodels"] = lambda: smd.survdiff(t, e, treated)
        jobs["Cox"]["statsmodels"] = lambda: smd.PHReg(t, x, status=e, ties="efron").fit(disp=0)
        assert abs(smd.survdiff(t, e, treated)[0] / chi2 - 1) < 1e-9
        assert abs(smd.PHReg(t, x, status=e, ties="efron").fit(disp=0).params[0] / log_hr - 1) < 1e-6

    print(f"n = {N}, {int(e.sum())} events, {len(np.unique(t))} distinct times; median of {ROUNDS} rounds")
    for job, calls in jobs.items():
        for call in calls.values():
            call()
        repeats = {name: 20 if name == "ours" else 3 for name in calls}
        rounds = [{name: ms(call, repeats[name]) for name, call in calls.items()} for _ in range(ROUNDS)]
        ours = median(r["ours"] for r in rounds)
        print(f"{job:13s} ours {ours:.3f} ms")
        for name in calls:
            if name != "ours":
                ratio = median(r[name] / r["ours"] for r in rounds)
                print(f"{'':13s} {name:22s} {median(r[name] for r in rounds):7.3f} ms   ratio {ratio:.1f}")

    code = "import time; s = time.perf_counter(); import {}; print((time.perf_counter() - s) * 1e3)"
    base = "numpy, scipy.special; "
    for label, module in (
        ("numpy, scipy.special", "numpy, scipy.special"),
        ("ours, on top of them", base + "import equipoise.numerics.times.survival"),
        ("first curve as well", base + "from equipoise.numerics.times.survival import kaplan_meier as k; k([1], [1])"),
    ):
        runs = [
            subprocess.run([sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=True)
            for _ in range(5)
        ]
        print(f"import: {label:22s} {median(float(r.stdout) for r in runs):6.1f} ms")


if __name__ == "__main__":
    main()
