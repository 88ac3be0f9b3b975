"""The search for Simon's designs against a plain enumeration of the same thing, in the same run.

The plain one walks n, n1, r1 and r with binomial tables and no bound; its time at a small nmax is the unit.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from scipy.stats import binom

from equipoise.design.one_rate import simon_search
from equipoise.design.one_rate.simon import search
from equipoise.numerics.counts import binomial

PROBLEMS = [(0.10, 0.30, 0.05, 0.90), (0.44, 0.58, 0.05, 0.80), (0.45, 0.60, 0.10, 0.90), (0.50, 0.60, 0.05, 0.90)]


#: Problems whose designs need hundreds of patients.
LARGE = [(0.50, 0.60, 0.05, 0.90), (0.50, 0.55, 0.05, 0.80), (0.30, 0.35, 0.05, 0.90)]


def plain(p0: float, p1: float, alpha: float, power: float, nmax: int) -> tuple[int, float]:
    """Least n and least EN(p0) up to ``nmax``, with vectors over outcomes only."""
    least, best = nmax + 1, float("inf")
    for n in range(2, nmax + 1):
        for n1 in range(1, n):
            x = range(n1 + 1)
            b0, b1 = binom.pmf(x, n1, p0), binom.pmf(x, n1, p1)
            for r1 in range(n1):
                for r in range(r1, n):
                    tail0 = binom.sf([r - k for k in x][r1 + 1 :], n - n1, p0)
                    if b0[r1 + 1 :] @ tail0 > alpha:
                        continue
                    tail1 = binom.sf([r - k for k in x][r1 + 1 :], n - n1, p1)
                    if b1[r1 + 1 :] @ tail1 >= power:
                        least = min(least, n)
                        best = min(best, n1 + (1 - b0[: r1 + 1].sum()) * (n - n1))
                    break
    return least, best


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call, without what an earlier call left in the tables."""
    binomial.pmf.cache_clear()
    binomial.exceeds.cache_clear()
    simon_search.Tables.up_to.cache_clear()
    simon_search._kept_tables.cache_clear()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def many() -> None:
    """A thousand problems, as a page with sliders asks for: no two alike."""
    for i in range(1000):
        p0 = 0.05 + 0.60 * (i % 40) / 40
        p1 = p0 + 0.10 + 0.15 * (i // 40) / 25
        search(p0, p1, (0.05, 0.10)[i % 2], (0.80, 0.90)[i // 2 % 2])


if __name__ == "__main__":
    unit = seconds(lambda: plain(0.3, 0.6, 0.1, 0.8, 22))
    print(f"plain enumeration, 0.30 against 0.60 up to n = 22: {unit:.2f} s (the unit)")
    ours = seconds(lambda: search(0.3, 0.6, 0.1, 0.8))
    print(f"the same, certified, up to n = 1000: {ours:.4f} s, {ours / unit:.4f} of the unit")
    print("optimal, minimax and all admissible designs; proved: nothing beyond the last n can be better")
    for nmax, problems in ((400, PROBLEMS), (1000, LARGE)):
        for problem in problems:
            took = seconds(lambda p=problem, n=nmax: search(*p, nmax=n))
            found = search(*problem, nmax=nmax)
            print(
                f"nmax {nmax} {problem}: {took:.3f} s, {took / unit:.3f} of the unit; optimal n = {found.optimal.n}, "
                f"{len(found.admissible)} admissible, {'proved' if found.proved else 'nmax ended it'}"
            )
    took = seconds(many)
    print(f"1,000 problems, no two alike: {took:.1f} s, {took / unit:.1f} of the unit")
