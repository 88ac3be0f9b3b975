"""Trials a second of the reference loop, beside its own lower bound: drawing the random numbers it uses."""

from __future__ import annotations

import time

from equipoise.design import shelf
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.numerics.streams import uniforms
from equipoise.simulate.replicates import outcome
from equipoise.simulate.plan import Plan
from equipoise.simulate.virtual_patient import WIDTHS

if __name__ == "__main__":
    file = find_trial("north")
    trial = read_trial(file)
    assert trial.design is not None
    plan = Plan.of(
        trial, shelf.build("simon", trial.design), read_scenario(find_scenario(file, "null")), 2012, "continue"
    )
    outcome(plan, 0)
    start = time.perf_counter()
    for r in range(40):
        outcome(plan, r)
    loop = (time.perf_counter() - start) / 40
    start = time.perf_counter()
    for r in range(40):
        for purpose, width in WIDTHS.items():
            uniforms(2012, purpose, r, 256, width)
    bound = (time.perf_counter() - start) / 40
    print(
        f"reference loop: {1 / loop:.0f} trials a second on one core; its random numbers alone: {1 / bound:.0f}; ratio {loop / bound:.0f}"
    )
