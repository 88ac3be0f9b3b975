"""Milliseconds a call at n = 120, beside scipy in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.stats import CensoredData, ecdf
from scipy.stats import logrank as scipy_logrank

from equipoise.numerics.survival import cox, kaplan_meier, logrank


def ms(call: Callable[[], object], times: int = 200) -> float:
    """Milliseconds a call, the best of five rounds."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(times):
            call()
        rounds.append((time.perf_counter() - start) / times * 1000)
    return min(rounds)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    t, e, g = np.ceil(rng.exponential(200, 120)), rng.random(120) < 0.8, np.arange(120) < 80
    data = CensoredData.right_censored(t, ~e)
    one, two = (CensoredData.right_censored(t[k], ~e[k]) for k in (g, ~g))
    base_km, base_lr = (
        ms(lambda: ecdf(data).sf.confidence_interval(method="log-log")),
        ms(lambda: scipy_logrank(one, two)),
    )
    for name, ours, peer in (
        ("Kaplan–Meier with log-log limits", ms(lambda: kaplan_meier(t, e)), base_km),
        ("log-rank", ms(lambda: logrank(t, e, g.astype(int))), base_lr),
        ("Cox (scipy has none: beside its log-rank)", ms(lambda: cox(t, e, g)), base_lr),
    ):
        print(f"{name}: {ours:.3f} ms, scipy {peer:.3f} ms, ratio {ours / peer:.2f}")
