"""The log of a simulated E2511 as conduct would have masked it, and as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from equipoise.conduct.masking import Key
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED

#: The seed of the simulation and, as a text, the secret of the allocation: their lists are the same.
SEED = 1234567890123456


@cache
def simulated() -> SimulatedTrial:
    trial = read_trial(find_trial("e2511"))
    return run(Plan.of(trial, read_scenario(find_scenario(find_trial("e2511"), "target")), SEED, "continue"), 0, detail=True)  # fmt: skip


def masked() -> Log:
    key, log = Key(read_trial(find_trial("e2511")), str(SEED)), Log()
    places: dict[str, int] = {}
    for e in simulated().log:
        data = dict(e.data)
        if e.kind == "randomised":
            place = places.get(data["stratum"], 0)
            places[data["stratum"]] = place + 1
            data = {"code": key.code(e.patient, data["stratum"], place), "stratum": data["stratum"]}
        elif e.kind == "treated" and data["drug"] in ("veliparib", "placebo"):
            data["drug"] = MASKED
        log.add(replace(e, data=data))
    return log
