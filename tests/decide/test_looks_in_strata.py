"""Looks on two arms' times, in the strata that the endpoint states."""

from __future__ import annotations

import math
from typing import Any

import pytest

from equipoise.analyse.between_arms import compare
from equipoise.analyse.data import cut
from equipoise.analyse.strata import strata_of
from equipoise.decide.evidence import maker_of
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run

FACTOR = {"name": "stage", "levels": ("III", "IV")}


@pytest.mark.parametrize("kind", ["group-sequential", "safety-survival"])
def test_a_look_is_taken_in_the_strata_that_its_endpoint_states(kind: str) -> None:
    raw: dict[str, Any] = dict(read_toml(find_trial(f"kinds/{kind}"), "a trial file"))
    raw["randomisation"] = {**raw["randomisation"], "factors": (FACTOR,)}
    plain = trial_from(raw, "a test")
    name = plain.monitored.endpoint.name
    raw["endpoints"] = [{**e, "stratified_by": ["stage"]} if e["name"] == name else e for e in raw["endpoints"]]
    trial = trial_from(raw, "a test")
    *_, target = own_scenarios(trial)
    if kind == "group-sequential":
        assert Plan.of(plain, target, seed=4).usual
    p = Plan.of(trial, target, seed=4)
    assert not p.usual
    done = run(p, 0, detail=True)
    snap = cut(trial, done.log, done.looks[0].cutoff)
    apart, together = (maker_of(t).gather(t, snap, 1) for t in (trial, plain))
    a, b = apart.times.values()  # type: ignore[attr-defined]
    strata = strata_of(snap, trial.monitored.times)  # type: ignore[arg-type]
    assert len(set(strata.values())) == 2
    by_strata, without = compare(a, b, "", "", strata, ["stage"]), compare(a, b, "", "")
    assert by_strata is not None
    assert without is not None
    for gathered, found in ((apart, by_strata), (together, without)):
        evidence: Any = gathered.seen().evidence
        if kind == "safety-survival":
            assert evidence.log_hr == pytest.approx(math.log(found.hr), abs=1e-9)
        else:
            assert evidence.z**2 == pytest.approx(found.logrank_chi2)
            assert (evidence.z > 0) == (found.hr < 1)
    assert by_strata.hr != without.hr
    assert by_strata.logrank_chi2 != without.logrank_chi2
