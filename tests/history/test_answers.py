"""Three answers on one page: each number found again by another way."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta, binomtest, norm

from equipoise.analyse.rates import analyse_rate
from equipoise.cli.main import run as cli
from equipoise.files.history_file import library_of
from equipoise.history.against import against_history
from equipoise.history.answers import Count, answers_table, rate_answers, trial_answers
from equipoise.history.answers_of_times import hazard_answers
from equipoise.history.borrowed import borrowed
from equipoise.history.provenance import choice_of
from equipoise.history.rates import choose
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.counts.proportions import risk_difference
from equipoise.simulate.run import run
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.snapshot import Snapshot, snapshot


@pytest.fixture(scope="module")
def snap(plan: Any) -> Snapshot:
    virtual = run(plan("target"), 0, detail=True)
    return snapshot(virtual.log, virtual.looks[-1].cutoff)


@pytest.mark.independent
def test_a_rate_three_times() -> None:
    """48/94 and 25/47 (NORTH's medians as rates, if exponential) with history at 0.44, and 44 of 100 borrowed at half weight."""
    found = rate_answers("PFS6", Count(48, 94), Count(25, 47), 0.44, [Count(44, 100)], Borrowing("power", a0=0.5))
    alone, controls, both = found.answers
    test = binomtest(48, 94, 0.44, alternative="greater")
    assert alone.evidence == pytest.approx(test.pvalue, rel=1e-12)
    two = binomtest(48, 94, 0.44).proportion_ci(0.90)
    assert alone.interval == pytest.approx((two.low - 0.44, two.high - 0.44), abs=1e-12)
    gap = risk_difference(48, 94, 25, 47, 0.90)
    assert (controls.estimate, *controls.interval) == pytest.approx((gap.estimate, gap.lower, gap.upper))
    assert controls.decision == "not shown to be better"
    p = (np.arange(20000) + 0.5) / 20000
    control = beta.pdf(p, 1 + 22 + 25, 1 + 28 + 22)
    control /= control.sum()
    assert both.evidence == pytest.approx(control @ beta.sf(p, 49, 47), abs=1e-7)
    assert both.estimate == pytest.approx(49 / 96 - 48 / 99, abs=1e-9)
    for limit, q in zip(both.interval, (0.05, 0.95), strict=True):
        assert control @ beta.cdf(np.clip(p + limit, 0, 1), 49, 47) == pytest.approx(q, abs=1e-6)
    assert "worth 52 patients" in found.borrowed


@pytest.mark.independent
def test_times_three_times(north: Any, snap: Snapshot) -> None:
    found = hazard_answers(north, snap, "PFS", [300], Borrowing("pooled"), 0.05)
    assert found is not None
    history, controls, both = found.answers
    by_history = against_history(north, snap)["IMGN901"].times["PFS"]
    assert history.estimate == by_history.ratio
    assert history.evidence == by_history.p
    assert controls.interval[0] < controls.estimate < controls.interval[1]
    # pooled: inverse-variance mean of history's and the controls' log hazards, by hand
    from equipoise.analyse.between_arms import arrays
    from equipoise.analyse.survival import observations

    by_arm = observations(north, snap, north.time_to_event("PFS"))
    (tt, te), (ct, ce) = arrays(by_arm["IMGN901"]), arrays(by_arm["CE"])
    past = math.log(math.log(2) / north.history.curves[0].median.exact_days)
    now, d = math.log(ce.sum() / ct.sum()), float(ce.sum())
    mean = (300 * past + d * now) / (300 + d)
    sd = math.sqrt(1 / te.sum() + 1 / (300 + d))
    gap = math.log(te.sum() / tt.sum()) - mean
    # N(0, 10²) before history moves nothing at this size
    assert both.estimate == pytest.approx(math.exp(gap), rel=2e-4)
    assert both.evidence == pytest.approx(norm.cdf(-gap / sd), abs=2e-4)
    assert hazard_answers(north, snap, "TTP", [], Borrowing(), 0.05) is None


def test_from_a_log_and_what_history_is_worth(north: Any, snap: Snapshot) -> None:
    assert len(trial_answers(north, snap, (), Borrowing()).answers) == 2, (
        "no library read, no worth: nothing to borrow from"
    )
    check = ControlCheck(method="exact binomial", alpha=0.1, worth=100.0)
    found = trial_answers(north.model_copy(update={"control_check": check}), snap, (), Borrowing())
    assert [a.against.split(" (")[0] for a in found.answers] == ["history", "concurrent controls", "both combined"]
    table = answers_table(found)
    assert len(table.rows) == 3
    assert all(row[-1] for row in table.rows)
    with pytest.raises(BadInput):
        trial_answers(north.model_copy(update={"history": None}), snap, (), Borrowing())
    assert len(rate_answers("q", Count(3, 9), None, 0.4, [], Borrowing()).answers) == 1


@pytest.mark.independent
@pytest.mark.thorough
def test_from_a_log_and_the_library_it_names(north: Any, snap: Snapshot) -> None:
    """The prior found again by brute force: sums over mu, tau and each arm's own logit in place of Fourier transforms."""
    library = library_of(north, "north")
    assert library is not None
    found = trial_answers(north, snap, (), library=library)
    both = found.answers[2]
    assert both.against == "both combined (5 historical arms)"
    assert any("ed-sclc" in text and "binomial counts" in text for text in both.leans_on)
    assert (
        trial_answers(north, snap, [Count(44, 100)], library=library).answers[2].against
        == "both combined (1 historical arm)"
    )
    arms, _ = choose(library, choice_of(north))
    assert [(a.x, a.n) for a in borrowed(north, library).arms] == [(a.successes, a.of) for a in arms]
    theta = np.arange(-8, 8, 0.04)
    likelihood = np.array([a.successes * theta - a.of * np.logaddexp(0, theta) for a in arms])
    inside = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    predicted = np.zeros_like(theta)
    for tau in np.arange(0.01, 2.5, 0.02):
        kernel = np.exp(-0.5 * ((theta[:, None] - theta) / tau) ** 2)
        kernel /= kernel.sum(axis=1, keepdims=True)
        of_mu = np.prod(kernel @ inside.T, axis=1) * norm.pdf(theta, 0, 2) * norm.pdf(tau, 0, 0.5)
        predicted += of_mu @ kernel
    predicted /= predicted.sum()
    vague = expit(theta) * expit(-theta)
    prior = 0.8 * predicted + 0.2 * vague / vague.sum()
    control = analyse_rate(north, snap, north.landmark(north.monitoring.endpoint)).arms
    tested, own = control["IMGN901"], control["CE"]
    after = prior * np.exp(own.successes * theta - own.n * np.logaddexp(0, theta))
    after /= after.sum()
    by_hand = after @ beta.sf(expit(theta), 1 + tested.successes, 1 + tested.n - tested.successes)
    assert both.evidence == pytest.approx(by_hand, abs=1e-5)


def test_the_command_takes_the_trials_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["answers", "north", "--tested", "48/94", "--control", "25/47", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["questions"][0]["answers"]
    assert found[2]["against"] == "both combined (5 historical arms)"
    assert 0.5 < found[2]["evidence"] < 0.95


def test_the_command_on_norths_published_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [
        "answers",
        "north",
        "--tested",
        "48/94",
        "--control",
        "25/47",
        "--history",
        "408/870",
        "--history",
        "61/140",
    ]
    figure = tmp_path / "answers.svg"
    assert cli([*numbers, "--figure", str(figure), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["questions"][0]["answers"]
    assert [a["better"] for a in found] == [False, False, False]
    assert found[0]["estimate"] == pytest.approx(48 / 94 - 0.44)
    assert figure.read_text().startswith("<?xml")
    assert cli(numbers) == 0
    assert "three answers" in capsys.readouterr().out
    assert cli(["answers", "north", "--tested", "48/4"]) == 2
