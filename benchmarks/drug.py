"""Concentrations of 1,000 virtual patients, six cycles, every hour: our closed form, and scipy's ODE in the same run.

T-DM1, 3.6 mg/kg every 21 days, all patients with their own parameters. The ODE (LSODA, tolerances 1e-9) is solved for a few of the same patients and
scaled up. The chain (tusamitamab ravtansine, nine ratios) is timed for 100 patients. Processor time, the least of several rounds; the answers are compared first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from equipoise.drug.patients import Patients, population
from equipoise.drug.profile import profile
from equipoise.drug.schedule import read_schedule
from equipoise.files.drug_file import find_drug, read_drug

PATIENTS, CYCLES, BY_ODE = 1_000, 6, 5
SCHEDULE = read_schedule("3.6 mg/kg every 21 days")


def timed(call: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The least of processor seconds, and what the last call gave."""
    took, found = [], None
    for _ in range(rounds):
        start = time.process_time()
        found = call()
        took.append(time.process_time() - start)
    return min(took), found


def by_ode(patients: Patients, i: int, times: np.ndarray) -> np.ndarray:
    """One patient's concentrations by scipy, from one change of the infusion to the next."""
    p = {k: float(v[i]) for k, v in patients.parameters.items()}
    dose, length = 3.6 * float(patients.covariates["weight"][i]), patients.drug.infusion.hours / 24
    matrix = np.array([[-(p["CL"] + p["Q"]) / p["V1"], p["Q"] / p["V2"]], [p["Q"] / p["V1"], -p["Q"] / p["V2"]]])
    state, found = np.zeros(2), []
    for start in SCHEDULE.starts(CYCLES):
        for a, b, rate in ((start, start + length, dose / length), (start + length, start + 21.0, 0.0)):
            own = times[(times >= a) & (times < b)]
            into = np.array([rate, 0.0])
            done = solve_ivp(
                lambda _, x, into=into: matrix @ x + into, (a, b), state, "LSODA", [*own, b], rtol=1e-9, atol=1e-9
            )
            found.extend(done.y[0, :-1] / p["V1"])
            state = done.y[:, -1]
    return np.array(found)


def main() -> None:
    """Print the table."""
    patients = population(read_drug(find_drug("T-DM1")), PATIENTS, 2012)
    ours, found = timed(lambda: profile(patients, SCHEDULE, CYCLES), 5)
    times = found.times[:-1]
    theirs, last = timed(lambda: [by_ode(patients, i, times) for i in range(BY_ODE)], 2)
    worst = max(float(np.abs(last[i] - found.concentrations[i, :-1]).max()) for i in range(BY_ODE))
    assert worst < 1e-5, worst
    scaled = theirs * PATIENTS / BY_ODE
    numbers = found.concentrations.size
    print(
        f"{PATIENTS:,} patients, {CYCLES} cycles, {found.times.size:,} times: {numbers:,} concentrations, by cycle too"
    )
    print(f"{'closed form':24}{ours:10.3f} s")
    print(f"{'scipy LSODA':24}{scaled:10.1f} s   (from {BY_ODE} patients; largest difference {worst:.1e} ug/mL)")
    print(f"{'ratio':24}{scaled / ours:10.0f}")
    chain = population(read_drug(find_drug("tusamitamab-ravtansine")), 100, 2012)
    took, _ = timed(lambda: profile(chain, read_schedule("180 mg every 14 days"), 2), 2)
    print(f"{'chain, 100 patients':24}{took:10.3f} s   (two cycles of 14 days, every hour)")


if __name__ == "__main__":
    main()
