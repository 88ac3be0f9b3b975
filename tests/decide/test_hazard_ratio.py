"""The hazard ratio at a look by deaths: what comes through the door, and what the doorway refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.decide.evidence import maker_of
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.decision import Decision
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.problem import BadInput

FILE = find_trial("kinds/safety-survival")


@pytest.mark.independent
def test_the_log_hazard_ratio_maximises_efrons_partial_likelihood() -> None:
    trial = read_trial(FILE)
    *_, target = own_scenarios(trial)
    done = run(Plan.of(trial, target, seed=4), 0, detail=True)
    taken = done.looks[0]
    snap = cut(trial, done.log, taken.cutoff)
    gathered: Any = maker_of(trial).gather(trial, snap, 1)
    evidence = gathered.seen().evidence
    assert isinstance(evidence, HazardRatioEvidence)
    rows = [(o.days, o.event, arm == "T") for arm, found in gathered.times.items() for o in found]
    time, event, treated = (np.array(v) for v in zip(*rows, strict=True))
    assert evidence.deaths == int(event.sum()) >= 60
    assert evidence.earlier == ()

    def minus(beta: float) -> float:
        weight, total = np.exp(beta * treated), 0.0
        for day in np.unique(time[event]):
            dead = (time == day) & event
            at_risk, tied, d = weight[time >= day].sum(), weight[dead].sum(), int(dead.sum())
            total += beta * treated[dead].sum() - sum(math.log(at_risk - k / d * tied) for k in range(d))
        return -total

    best = minimize_scalar(minus, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
    assert evidence.log_hr == pytest.approx(best.x, abs=1e-6)
    found = decide(trial, snap, 1)
    assert isinstance(found, Decision)
    assert (found.action.name == "stop") == (evidence.log_hr >= trial.monitored.design.log_threshold(evidence.deaths))  # type: ignore[attr-defined]


def test_the_doorway_asks_for_deaths_of_two_arms_allocated_as_designed() -> None:
    raw = dict(read_toml(FILE, "a trial file"))
    raw["design"] = {**raw["design"], "allocation": "2:1"}
    (endpoint,) = raw["endpoints"]
    raw["endpoints"] = ({**endpoint, "events": ("progression", "death")},)
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "a test")
    assert {"design.allocation", "monitoring.endpoint"} <= {p.where for p in bad.value.problems}
    assert any("whose only event is death" in p.allowed for p in bad.value.problems)
