"""What the control arm's check can see, and the whole procedure under drift: enumerated again, outcome by outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom, binomtest

from equipoise.cli.main import run as cli
from equipoise.files.trial_file import trial_from
from equipoise.history.control_check import checked
from equipoise.numerics.counts import consistency
from equipoise.simulate.drift import check_power, in_words, logrank_power, procedure
from equipoise.simulate.run import run
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial
from variants import NORTH


def with_check(trial: Trial, **changes: Any) -> Trial:
    raw = {"method": "exact binomial", "alpha": 0.10, **changes}
    return trial.model_copy(update={"control_check": ControlCheck.model_validate(raw)})


@pytest.mark.independent
@pytest.mark.parametrize(("n", "rate"), [(20, 0.44), (40, 0.44), (13, 0.1)])
def test_counts_against_scipy(n: int, rate: float) -> None:
    """The exact p by scipy's binomtest; Box's p by its beta-binomial; agreement by sampling-free sums over a fine grid."""
    exact = [binomtest(y, n, rate).pvalue for y in range(n + 1)]
    assert consistency.two_sided(n, rate) == pytest.approx(exact, abs=1e-12)
    chances = betabinom.pmf(range(n + 1), n, rate * 60, (1 - rate) * 60)
    box = [chances[chances <= c * (1 + 1e-7)].sum() for c in chances]
    assert consistency.prior_predictive(n, rate, 60) == pytest.approx(box, abs=1e-10)
    p = (np.arange(40000) + 0.5) / 40000
    history = beta.pdf(p, rate * 60, (1 - rate) * 60) / 40000
    found = consistency.agreement(n, rate, 60, 0.15)
    for y in (0, n // 2, n):
        inside = beta.cdf(p + 0.15, 1 + y, 1 + n - y) - beta.cdf(p - 0.15, 1 + y, 1 + n - y)
        assert found[y] == pytest.approx(history @ inside, abs=1e-6)


@pytest.mark.independent
def test_what_20_and_40_controls_can_see(north: Trial) -> None:
    """The figures that the documentation shows."""
    assert north.control_check is not None
    twenty, forty = (check_power(north.control_check, 0.44, n, [-0.2, 0.1]) for n in (20, 40))
    assert in_words(twenty).startswith(
        "With 20 controls (exact binomial), history's 44% must be 28.2 points too high or 27.0"
    )
    assert (forty.least_down, forty.least_up) == (0.185, 0.211)
    assert twenty.false_alarm.value == pytest.approx(
        sum(binom.pmf(y, 20, 0.44) for y in range(21) if binomtest(y, 20, 0.44).pvalue < 0.10), abs=1e-12
    )
    low = [y for y in range(21) if binomtest(y, 20, 0.44).pvalue < 0.10]
    assert twenty.seen[0].value == pytest.approx(binom.pmf(low, 20, 0.24).sum(), abs=1e-12)


@pytest.mark.independent
def test_the_logrank_check_has_its_level_and_its_power() -> None:
    """Without censoring O - E has a known law: n - H(sum of times); here only that the level is near 10 % and errors are stated."""
    found = logrank_power(0.10, 5.5, 6.0, 40, [-0.2, 0.0, 0.2], entry=10.0, replicates=4000, seed=7)
    assert found.false_alarm.value == pytest.approx(0.10, abs=0.02)
    assert all(q.mc_error is not None for q in found.seen)
    count = check_power(ControlCheck(method="exact binomial", alpha=0.10), found.rate, 40, [-0.2, 0.2])
    assert found.seen[0].value > count.seen[0].value, "times say more than a count"
    again = logrank_power(0.10, 5.5, 6.0, 40, [-0.2, 0.0, 0.2], entry=10.0, replicates=4000, seed=7)
    assert again == found


@pytest.mark.independent
@pytest.mark.parametrize("policy", ["note", "stop", "randomised comparison", "re-estimate the hurdle"])
def test_the_procedure_by_plain_enumeration(north: Trial, north_design: Design, policy: str) -> None:
    """NORTH's numbers written out: 17/39, 42/80; 20 and 40 controls; the rules of each policy by their words."""
    trial = with_check(north, on_caution=policy, worth=100.0)
    pt, pc = 0.55, 0.54
    low20 = {y for y in range(21) if binomtest(y, 20, 0.44).pvalue < 0.10}
    low40 = {y for y in range(41) if binomtest(y, 40, 0.44).pvalue < 0.10}
    from equipoise.numerics.counts.two_binomials import rejection_region

    barnard = rejection_region(80, 40, 0.05, "barnard")

    def at_first(x: int, y: int) -> bool:
        """True: goes on."""
        if y in low20:
            if policy == "stop":
                return False
            if policy == "randomised comparison":
                return x * 20 > y * 39
            if policy == "re-estimate the hurdle":
                return x / 39 > (44 + y) / 120
        return x > 17

    def at_last(x: int, y: int) -> bool:
        """True: declares."""
        if y in low40:
            if policy == "stop":
                return False
            if policy == "randomised comparison":
                return bool(barnard[x, y])
            if policy == "re-estimate the hurdle":
                return bool(binom.sf(x - 1, 80, (44 + y) / 140) <= 0.05)
        return x > 42

    last = np.array([[at_last(x, y) for y in range(41)] for x in range(81)])
    declare = early = 0.0
    x2, y2 = binom.pmf(range(42), 41, pt), binom.pmf(range(21), 20, pc)
    for x in range(40):
        for y in range(21):
            chance = binom.pmf(x, 39, pt) * binom.pmf(y, 20, pc)
            if not at_first(x, y):
                early += chance
            else:
                declare += chance * (x2 @ last[x : x + 42, y : y + 21] @ y2)
    found = procedure(trial, pt, pc)
    assert found.declare == pytest.approx(declare, abs=1e-10)
    assert found.stop_early == pytest.approx(early, abs=1e-10)


@pytest.mark.property
@given(st.floats(0.05, 0.95), st.integers(5, 60), st.floats(10, 300))
@pytest.mark.slow
def test_what_history_says_is_the_least_surprising(rate: float, n: int, worth: float) -> None:
    for p in (consistency.two_sided(n, rate), consistency.prior_predictive(n, rate, worth)):
        assert ((p > 0) & (p <= 1 + 1e-9)).all()
        assert p.max() == pytest.approx(1, abs=1e-9)
    agree = consistency.agreement(n, rate, worth, 0.15)
    assert ((agree >= 0) & (agree <= 1)).all()


def test_a_stop_and_a_comparison_reach_the_decision(north: Trial, north_design: Design, plan: Any) -> None:
    """The reference loop takes the policy; the compiled kernel leaves such trials to it."""
    from equipoise.decide.decide import decide
    from equipoise.trial.decision import Decision
    from equipoise.trial.snapshot import snapshot

    virtual = run(plan("target"), 0, detail=True)
    snap = snapshot(virtual.log, virtual.looks[0].cutoff)
    assert north.history is not None
    said = {}
    for policy in ("note", "stop", "randomised comparison", "re-estimate the hurdle"):
        elsewhere = with_check(
            north.model_copy(update={"history": north.history.model_copy(update={"rate": 0.95})}),
            on_caution=policy,
            worth=50.0,
        )
        found = decide(elsewhere, snap, 1)
        assert isinstance(found, Decision)
        assert any("does worse than history" in c for c in found.cautions)
        said[policy] = found
    assert said["note"].action == virtual.looks[0].decision.action
    assert said["note"].because == virtual.looks[0].decision.because
    assert said["stop"].action.name == "stop"
    assert "history does not hold" in str(said["stop"].action)
    assert said["stop"].because[1].startswith("By the design alone: ")
    assert "the randomised comparison decides" in said["randomised comparison"].because[0]
    assert "the hurdle is re-estimated" in said["re-estimate the hurdle"].because[0]


def test_the_logrank_check_decides_on_times(north: Trial, north_design: Design, plan: Any) -> None:
    from equipoise.decide.decide import decide
    from equipoise.trial.decision import Decision
    from equipoise.trial.snapshot import snapshot

    virtual = run(plan("target"), 0, detail=True)
    snap = snapshot(virtual.log, virtual.looks[0].cutoff)
    found = decide(with_check(north, method="one-sample log-rank"), snap, 1)
    assert isinstance(found, Decision)
    check = found.beside["control arm against history"]
    assert check is not None
    z = (check["events"] - check["expected_events"]) / check["expected_events"] ** 0.5
    from scipy.stats import norm

    assert check["p"] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)


def test_methods_have_their_numbers_and_their_problems(north: Trial) -> None:
    assert checked(with_check(north, method="prior predictive", worth=80.0), 9, 20) is not None
    raw = {**NORTH, "control_check": {"method": "Bayesian discrepancy", "alpha": 0.1}}
    with pytest.raises(BadInput, match="`worth` is needed"):
        trial_from(raw, "a file")
    raw["control_check"] = {"method": "one-sample log-rank", "alpha": 0.1}
    raw["history"] = {**NORTH["history"], "curves": [c for c in NORTH["history"]["curves"] if c["endpoint"] != "PFS"]}
    with pytest.raises(BadInput, match="no curve of PFS"):
        trial_from({k: v for k, v in raw.items() if k not in ("assumptions", "sources")}, "a file")
    with pytest.raises(BadInput, match="a check of a count"):
        procedure(with_check(north, method="one-sample log-rank"), 0.4, 0.4)


def test_files_that_say_nothing_new_keep_their_fingerprint(north: Trial) -> None:
    dumped = north.model_dump(mode="json")["control_check"]
    assert dumped == {"method": "exact binomial", "alpha": 0.1}
    assert "on_caution" in with_check(north, on_caution="stop").model_dump(mode="json")["control_check"]


@pytest.mark.thorough
def test_the_command_speaks_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "power.svg"
    assert cli(["control-check", "north", "--n", "20", "--figure", str(figure), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["checks"][0]["least_down"] == 0.282
    assert {r["on_caution"] for r in found["procedure"]} == {
        "note",
        "randomised comparison",
        "re-estimate the hurdle",
        "stop",
    }
    at_null = next(r for r in found["procedure"] if r["on_caution"] == "note" and r["drift"] == 0.0)
    assert at_null["type_i_error"] == pytest.approx(0.04865, abs=5e-5)
    assert figure.read_text().startswith("<?xml")
    assert cli(["control-check", "north", "--n", "20"]) == 0
    assert "28.2 points too high" in " ".join(capsys.readouterr().out.split())
    assert cli(["control-check", "colon"]) == 2
