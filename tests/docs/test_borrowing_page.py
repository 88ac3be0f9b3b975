"""The numbers of docs/borrowing.md are today's."""

from __future__ import annotations

import math
import re
import tomllib
from typing import Any

import pytest

from equipoise.files.history_file import library_of
from equipoise.history.answers import Count, past_arms, rate_answers
from equipoise.history.hazards import past_times
from equipoise.history.three_answers import prespecified
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.simulate.drift import check_power, logrank_power, procedure
from equipoise.simulate.drift_of_times import Entry, curve_rate
from equipoise.simulate.policies import POLICIES, policy_rows
from equipoise.trial.design import Design
from equipoise.trial.protocol_parts import ControlCheck
from helpers import ROOT

PAGE_TEXT = (ROOT / "docs" / "borrowing.md").read_text()
PAGE = " ".join(PAGE_TEXT.split())
TIMES = PAGE.partition("on a caution, by times")[2]


def test_what_north_borrows(north: Any) -> None:
    library = library_of(north, "north")
    past, assumed = past_arms(north, (), library)
    found = rate_answers("", Count(48, 94), Count(25, 47), 0.44, past, Borrowing(), assumed=assumed)
    patients = re.search(r"(\d+) arms of ed-sclc with (\d+) patients.* counts of (\d+)", assumed[0])
    assert patients is not None
    arms, n, worth = patients.groups()
    assert f"**{arms} arms of `ed-sclc` with {n} patients**" in PAGE
    assert f"({worth} in all)" in PAGE
    size = re.search(r"worth \d+ patients", found.borrowed)
    assert size is not None
    assert f"**{size[0]}**" in PAGE
    assert len(past) == 5
    own = prespecified(north)
    assert own is not None
    in_full = own.rate_prior([a.x for a in past], [a.n for a in past]).effective_size().in_full()
    assert f"**{in_full.removeprefix('the prior is ')}**" in PAGE
    assert "all 5 rates are medians converted (Weibull shape 1.5)" in assumed


def test_what_the_checks_see() -> None:
    check = ControlCheck(method="exact binomial", alpha=0.10)
    twenty, forty = (check_power(check, 0.44, n, [-0.1, 0.1]) for n in (20, 40))
    assert twenty.least_down is not None and twenty.least_up is not None  # noqa: PT018
    assert forty.least_down is not None and forty.least_up is not None  # noqa: PT018
    assert f"{100 * twenty.least_down:.1f} points too high or {100 * twenty.least_up:.1f} points too low" in PAGE
    assert f"with 40 controls, {100 * forty.least_down:.1f} or {100 * forty.least_up:.1f} points" in PAGE
    assert f"probability of {twenty.seen[0].value:.3f} or {twenty.seen[1].value:.3f}" in PAGE
    times = logrank_power(0.10, 5.5, 6.0, 20, [0.0], entry=10.0, replicates=20000, seed=2012)
    assert times.least_down == pytest.approx(0.215, abs=0.005)
    assert times.least_up == pytest.approx(0.235, abs=0.005)


@pytest.mark.parametrize("policy", ["note", "randomised comparison", "re-estimate the hurdle", "stop"])
def test_what_a_caution_changes(north: Any, north_design: Design, policy: str) -> None:
    check = ControlCheck.model_validate(
        {"method": "exact binomial", "alpha": 0.10, "on_caution": policy, "worth": 100.0}
    )
    trial = north.model_copy(update={"control_check": check})
    errors = [procedure(trial, 0.44 + d, 0.44 + d).declare for d in (0.0, 0.1, 0.2)]
    power = procedure(trial, 0.58, 0.44).declare
    assert f"| {policy} | " + " | ".join(f"{v:.4f}" for v in [*errors, power]) + " |" in PAGE


def test_what_a_caution_of_times_changes(north: Any, north_design: Design) -> None:
    check = ControlCheck(method="one-sample log-rank", alpha=0.10)
    rows = policy_rows(north, check, (0.0, 0.1, 0.2), Entry())
    for policy in POLICIES:
        of = [r for r in rows if r.on_caution == policy]
        line = re.search(rf"\| {policy} ((?:\| 0\.\d{{4}}(?: ± 0\.\d{{4}})? ){{4}})\|", TIMES)
        assert line is not None
        shown = [[float(v) for v in cell.split("±")] for cell in line[1].strip("| ").split("|")]
        for cell, q in zip(shown, [*(r.type_i_error for r in of), of[0].power], strict=True):
            assert cell[0] == pytest.approx(q.value, abs=1.01e-4)
            assert (cell[1:] or [0.0])[0] == pytest.approx(q.mc_error, abs=1.01e-4)
    assert "has 46.9 % at six months" in PAGE
    assert curve_rate(north.model_copy(update={"control_check": check})) == pytest.approx(0.469, abs=5e-4)


def test_the_three_answers() -> None:
    found = rate_answers("", Count(48, 94), Count(25, 47), 0.44, [Count(408, 870)], Borrowing()).answers
    assert f"{100 * found[0].estimate:+.1f} points over history (one-sided p = {found[0].evidence:.4f})" in PAGE
    assert f"{100 * found[1].estimate:.1f} points against its controls" in PAGE


def test_what_times_borrow(north: Any) -> None:
    library = library_of(north, "north")
    assert library is not None
    past = past_times(north, library, "PFS")
    assert (
        f"the {sum(a.n for a in past.arms)} patients enter as **{sum(a.events for a in past.arms):.0f} events**" in PAGE
    )
    se = [1 / math.sqrt(a.events) for a in past.arms]
    own = prespecified(north)
    assert own is not None
    prior = own.log_hazard_prior([math.log(a.hazard) for a in past.arms], se)
    assert f"**{str(prior.effective_size()).removeprefix('the prior is ')}**" in PAGE
    assert f"worth {math.log(2) ** 2:.2f} n events" in PAGE


def test_the_entry_that_prespecifies(north: Any) -> None:
    entry = PAGE_TEXT.partition("    [history.borrowing]\n")[2].partition("\n\n")[0]
    stated = tomllib.loads("\n".join(line.strip() for line in entry.splitlines()))
    assert stated == north.model_dump(mode="json")["history"]["borrowing"]
