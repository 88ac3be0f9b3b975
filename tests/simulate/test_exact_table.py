"""Every kind of one rate along the whole road: with nobody lost the simulated trial behaves as the design's exact theory says."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.files.kernels import ready
from equipoise.files.trial_file import trial_from
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel
from equipoise.simulate.truth import rate_shown
from variants import DESIGNS, NORTH, TRUTH, read_truth

pytest.importorskip("numba")
ready()

REPLICATES = 20_000
#: Of these, `make test` takes some; `make test-slow` takes all.
QUICK = ("simon", "gehan", "bop2")
KINDS = [k if k in QUICK else pytest.param(k, marks=pytest.mark.slow) for k in DESIGNS]


def one_arm(kind: str, endpoint: str, rate: float) -> Plan:
    """The kind's own example as a trial of one arm, all of whose patients are followed and evaluated; the endpoint shows about
    this rate."""
    raw, truth = copy.deepcopy(NORTH), copy.deepcopy(TRUTH)
    raw["assumptions"], raw["sources"] = [], []
    for part in ("history", "control_check", "randomisation"):
        raw.pop(part)
    raw["arms"] = [{**raw["arms"][0], "share": 1}]
    raw["design"] = {"kind": kind, **shelf.one(kind).example}
    raw["target_enrolment"] = max(look.n for look in shelf.build(kind, raw["design"]).looks)
    raw["monitoring"].pop("control_cohort")
    raw["monitoring"].update(endpoint=endpoint, final_follow_up="1 month")
    of = {e["name"]: e for e in raw["endpoints"]}
    of["PFS6"]["not_evaluable"] = "failure"
    of["ORR"].update(within="18 weeks", window="2 weeks", not_evaluable="failure")
    hazard = [{"per_month": -math.log(rate) / 6}] if endpoint == "PFS6" else [{"per_month": 0.03}]
    hazards = {"progression": hazard, "death_before": [{"per_month": 0.0}], "death_after": [{"per_month": 0.1}]}
    truth.update(
        factors={}, prognosis={}, screening_failure=0.1, withdrawal_per_year=0.0, loss_per_year=0.0,
        reporting_delay="0 days", visits={},
        arms={raw["arms"][0]["name"]: {"hazards": hazards, "observed_response" if endpoint == "ORR" else "response": rate}},
    )  # fmt: skip
    return Plan.of(trial_from(raw, kind), read_truth(truth), 7)


def shown_and_exact(kind: str, endpoint: str, rate: float) -> list[tuple[str, float, float]]:
    """What is compared, simulated and exact: P(declare), P(stop early)."""
    plan = one_arm(kind, endpoint, rate)
    assert plan.usual
    arm = plan.trial.arms[0].name
    true = rate_shown(arm, plan.courses[arm], plan.trial, plan.scenario)
    assert true is not None
    assert true == pytest.approx(rate, abs=0.1)
    exact = plan.design.characteristics({"rate": true})
    lines = Kernel(plan).lines(0, REPLICATES)
    return [
        ("declare", float(lines["declared"].mean()), exact.declare.value),
        ("stop early", float(lines["stopped_early"].mean()), exact.stop_early.value),
    ]


@pytest.mark.property
@pytest.mark.parametrize("endpoint", ["ORR", "PFS6"])
@pytest.mark.parametrize("kind", KINDS)
def test_simulated_is_exact(kind: str, endpoint: str) -> None:
    """At the design's own null and target (of Gehan, with no rate of its own to exclude, at half the target)."""
    truths = [t["rate"] for t in shelf.build(kind, {"kind": kind, **shelf.one(kind).example}).truths().values()]
    for rate in (truths[0] or truths[-1] / 2, truths[-1]):
        for what, shown, exact in shown_and_exact(kind, endpoint, rate):
            allowed = 4 * math.sqrt(exact * (1 - exact) / REPLICATES) + 1 / REPLICATES
            assert abs(shown - exact) <= allowed, f"{what} at {rate:g}: {shown:.4f}, exactly {exact:.4f}"
