"""The whole procedure where the check reads times: against a closed form, and against trials simulated one by one."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy.special import comb, gammainc
from scipy.stats import binom

from equipoise.cli.main import run as cli
from equipoise.decide.on_caution import Counts, consequence
from equipoise.decide.trial_rule import on_caution_of
from equipoise.design import shelf
from equipoise.numerics.times.one_sample import one_sample_logrank
from equipoise.simulate.drift_of_times import Entry, curve_rate, times_procedure
from equipoise.trial.design import Design
from equipoise.trial.duration import Duration
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial

FEW = Entry(replicates=4000, seed=5)


def with_times(trial: Trial, policy: str, **monitoring: Any) -> Trial:
    check = ControlCheck.model_validate(
        {"method": "one-sample log-rank", "alpha": 0.10, "on_caution": policy, "worth": 100.0}
    )
    assert trial.monitoring is not None
    return trial.model_copy(
        update={"control_check": check, "monitoring": trial.monitoring.model_copy(update=monitoring)}
    )


def truncated_sum(k: int, hazard: float, end: float, s: float) -> float:
    """P(the sum of k exponential times, each known to lie below ``end``, is at most s): inclusion and exclusion over which exceed it."""
    if k == 0:
        return float(s >= 0)
    if s <= 0:
        return 0.0
    terms = [
        (-1) ** j * comb(k, j) * math.exp(-hazard * j * end) * gammainc(k, hazard * (s - j * end))
        for j in range(k + 1)
        if s > j * end
    ]
    return math.fsum(terms) / (1 - math.exp(-hazard * end)) ** k


@pytest.mark.independent
@pytest.mark.parametrize("rate", [0.30, 0.47, 0.60])
def test_one_look_with_everybody_followed_to_the_landmark_in_closed_form(north: Trial, rate: float) -> None:
    """Everybody enters on one day: given y of m beyond the landmark, what history expects is y H + hazard × a sum of truncated times."""
    m, landmark, median = 14, 6.0, 5.5
    design = shelf.build("a-hern", {"kind": "a-hern", "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80})
    trial = with_times(north, "stop", control_cohort=(m,), final_follow_up=Duration.parse("6 months"))
    hazard, true, z = math.log(2) / median, -math.log(rate) / landmark, 1.6448536269514722
    caution, declare = 0.0, 0.0
    for y in range(m + 1):
        observed = m - y
        # |O - E| > z sqrt(E): E outside these two roots
        half = z * math.sqrt(observed + z**2 / 4)
        low, high = observed + z**2 / 2 - half, observed + z**2 / 2 + half
        below, above = ((e / hazard - y * landmark) for e in (low, high))
        seen = truncated_sum(observed, true, landmark, below) + 1 - truncated_sum(observed, true, landmark, above)
        caution += binom.pmf(y, m, rate) * seen
    declare = (1 - caution) * design.characteristics({"rate": 0.5}).declare.value
    found = times_procedure(trial.designed(design), 0.5, rate, Entry(months=1e-6, replicates=20000))
    assert found.errors is not None
    assert found.caution == pytest.approx(caution, abs=4 * found.errors[2])
    assert found.declare == pytest.approx(declare, abs=4 * found.errors[0])
    assert found.errors[2] == pytest.approx(math.sqrt(caution * (1 - caution) / 20000), rel=0.05)


@pytest.mark.independent
@pytest.mark.parametrize("policy", ["stop", "randomised comparison", "re-estimate the hurdle"])
@pytest.mark.thorough
def test_trials_one_by_one(north: Trial, north_design: Design, policy: str) -> None:
    """Both arms drawn, each look analysed by ``one_sample_logrank`` itself: NORTH's rules written out."""
    trial = with_times(north, policy)
    rng, replicates = np.random.default_rng(11), 3000
    pt, pc, landmark = 0.55, 0.56, 6.0
    tested = rng.random((replicates, 80)) < pt
    times = rng.exponential(landmark / -math.log(pc), (replicates, 40))
    enters = np.sort(rng.uniform(0, 10, (replicates, 40)))
    declared = early = cautions = 0
    hazard = math.log(2) / 5.5
    for r in range(replicates):
        for k, (n, m) in enumerate([(39, 20), (80, 40)]):
            day = enters[r, m - 1] + (landmark if k == 0 else 12.0)
            here = enters[r] < day
            follow = day - enters[r][here]
            seen = np.minimum(times[r][here], follow)
            test = one_sample_logrank(seen, times[r][here] <= follow, seen * hazard)
            x, y = int(tested[r, :n].sum()), int((times[r, :m] > landmark).sum())
            verdict = north_design.verdict(Evidence(k + 1, "IMGN901", n, x, 39 if k else 0))
            action = verdict.action.name
            if test.p_two_sided < 0.10:
                changed = consequence(on_caution_of(trial), Counts(x, n, y, m, k == 1))
                assert changed is not None
                action = changed.action.name
            if action != "continue":
                declared += action == "declare"
                early += k == 0
                cautions += test.p_two_sided < 0.10
                break
    found = times_procedure(trial, pt, pc, FEW)
    assert found.errors is not None
    for ours, count, error in zip(
        (found.declare, found.stop_early, found.caution), (declared, early, cautions), found.errors, strict=True
    ):
        theirs = count / replicates
        assert ours == pytest.approx(theirs, abs=4 * math.hypot(error, math.sqrt(theirs * (1 - theirs) / replicates)))


@pytest.mark.property
@pytest.mark.parametrize("waiting", [{}, {"while_waiting": "pause"}, {"while_waiting": "cap", "cap": 15}])
def test_a_caution_that_is_only_noted_changes_nothing(
    north: Trial, north_design: Design, waiting: dict[str, Any]
) -> None:
    """The design's own exact error, without Monte-Carlo error; only the caution has one."""
    found = times_procedure(with_times(north, "note", **waiting), 0.44, 0.44, FEW)
    assert found.declare == pytest.approx(north_design.characteristics({"rate": 0.44}).declare.value, abs=1e-12)
    assert found.errors is not None
    assert found.errors[:2] == (0.0, 0.0)
    assert found.errors[2] > 0


@pytest.mark.property
def test_who_waits_sees_other_times(north: Trial, north_design: Design) -> None:
    """Paused, the first look has its cohort's times only, and sees less of a drift; a rising hazard is itself a contradiction."""
    stops = [
        times_procedure(with_times(north, "stop", **w), 0.99, 0.25, FEW).stop_early
        for w in ({"while_waiting": "continue"}, {"while_waiting": "cap", "cap": 15}, {"while_waiting": "pause"})
    ]
    assert stops[0] > stops[1] > stops[2]
    of = with_times(north, "note")
    rate = curve_rate(of)
    plain, rising = (times_procedure(of, 0.99, rate, Entry(replicates=4000, shape=s)).caution for s in (1.0, 3.0))
    assert rising > plain + 0.05


def test_what_is_missing_is_said(north: Trial, north_design: Design) -> None:
    with pytest.raises(BadInput, match="'one-sample log-rank'"):
        times_procedure(north, 0.4, 0.4)
    bare = with_times(north, "stop", control_cohort=())
    assert bare.history is not None
    bare = bare.model_copy(update={"history": bare.history.model_copy(update={"curves": ()})})
    with pytest.raises(BadInput) as bad:
        times_procedure(bare, 0.4, 0.4)
    assert {p.code for p in bad.value.problems} == {"no-controls", "check-without-curve"}


@pytest.mark.thorough
def test_the_command_gives_each_method_its_consequences(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["control-check", "north", "--n", "20", "--replicates", "400", "--method", "one-sample log-rank"]
    assert cli([*asked, "--method", "prior predictive", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["procedure"]
    assert len(rows) == 40
    for row in rows:
        assert (row["mc_error"] is None) == (row["method"] == "prior predictive")
    assert cli(asked) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The whole procedure (one-sample log-rank), simulated" in said
    assert "already lie 2.9 points below the curve" in said
