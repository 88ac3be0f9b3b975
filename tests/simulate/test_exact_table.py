"""Every kind of one rate along the whole road: with nobody lost the simulated trial behaves as the design's exact theory says."""

from __future__ import annotations

import copy
import math

import pytest

from equipoise.design import shelf
from equipoise.files.kernels import ready
from equipoise.files.trial_file import trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel
from equipoise.simulate.truth import rate_shown
from variants import DESIGNS, NORTH

pytest.importorskip("numba")
ready()

REPLICATES = 20_000
#: Of these, `make test` takes some; `make test-slow` takes all.
QUICK = ("simon", "gehan", "englert-kieser")
KINDS = [k if k in QUICK else pytest.param(k, marks=pytest.mark.slow) for k in DESIGNS]


def one_arm(kind: str, endpoint: str) -> list[Plan]:
    """The kind's own example as a trial of one arm at the design's own truths: all patients come, are followed and evaluated."""
    raw = copy.deepcopy(NORTH)
    raw["assumptions"], raw["sources"] = [], []
    for part in ("history", "control_check", "randomisation"):
        raw.pop(part)
    raw["arms"] = [{**raw["arms"][0], "share": 1}]
    raw["design"] = {"kind": kind, **shelf.one(kind).example}
    raw["target_enrolment"] = max(look.n for look in shelf.build(kind, raw["design"]).looks)
    raw["monitoring"].pop("control_cohort")
    raw["monitoring"].update(endpoint=endpoint, final_follow_up="1 month")
    of = {e["name"]: e for e in raw["endpoints"]}
    of["ORR"].update(within="18 weeks", window="2 weeks", not_evaluable="failure")
    trial = trial_from(raw, kind)
    return [Plan.of(trial, scenario, 7) for scenario in own_scenarios(trial)]


def shown_and_exact(plan: Plan) -> list[tuple[str, float, float]]:
    """What is compared, simulated and exact: P(declare), P(stop early)."""
    assert plan.usual
    arm = plan.trial.arms[0].name
    rate = rate_shown(arm, plan.courses[arm], plan.trial, plan.scenario)
    assert rate is not None
    exact = plan.design.characteristics({"rate": rate})
    lines = Kernel(plan).lines(0, REPLICATES)
    return [
        ("declare", float(lines["declared"].mean()), exact.declare.value),
        ("stop early", float(lines["stopped_early"].mean()), exact.stop_early.value),
    ]


@pytest.mark.property
@pytest.mark.parametrize("endpoint", ["ORR", "PFS6"])
@pytest.mark.parametrize("kind", KINDS)
def test_simulated_is_exact(kind: str, endpoint: str) -> None:
    """At the design's own null and target."""
    for plan in one_arm(kind, endpoint):
        for what, shown, exact in shown_and_exact(plan):
            allowed = 4 * math.sqrt(max(exact * (1 - exact), 0.0) / REPLICATES) + 1 / REPLICATES
            assert abs(shown - exact) <= allowed, f"{what}, {plan.scenario.id}: {shown:.4f}, exactly {exact:.4f}"
