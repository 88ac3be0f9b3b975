"""The log of a simulated E2511 as conduct would have masked it, and as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from unittest.mock import patch

from equipoise.conduct.allocation import allocation_of
from equipoise.conduct.masking import Key
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED
from sealed import secret_of

SECRET = secret_of("e2511")


@cache
def simulated() -> SimulatedTrial:
    """Its patients come by a seed, and their arms by the secret."""
    trial = read_trial(find_trial("e2511"))
    plan = Plan.of(trial, read_scenario(find_scenario(find_trial("e2511"), "target")), 2014, "continue")
    with patch("equipoise.simulate.run.allocation_of", lambda trial, seed, replicate: allocation_of(trial, SECRET)):
        return run(plan, 0, detail=True)


def masked() -> Log:
    key, log = Key(read_trial(find_trial("e2511")), SECRET), Log()
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
