"""Simulated behaviour: against exact numbers, published durations, and what is printed of a public dispute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from design.dose.oracles import reals, rows
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.history import answer
from equipoise.design.dose.months import expected_months
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.numerics.random.streams import uniforms
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput

TRUTH = DoseTruth((0.05, 0.15, 0.30, 0.45, 0.60))


def boin(**said: Any) -> Any:
    return dose_shelf.build("boin", {"target": 0.3, "doses": 5, "cohorts": 6, **said})


def within(found: Any, exact: Any, times: float = 4) -> None:
    pairs = zip((*found.select, found.select_none), (*exact.select, exact.select_none), strict=True)
    for a, b in pairs:
        assert abs(a - b) <= times * np.sqrt(max(b * (1 - b), 1e-3) / found.trials)


@pytest.mark.property
def test_in_time_or_without_it_a_design_that_waits_chooses_the_same() -> None:
    """Trial by trial: patients turned away are lost, so only the first of them differ; chances agree with the exact ones."""
    exact = characteristics(boin(), TRUTH)
    slow = Calendar(accrual=3, window=1)
    timed, untimed = simulate(boin(), TRUTH, 1500, 3, slow), simulate(boin(), TRUTH, 1500, 3)
    within(timed, exact)
    within(untimed, exact)
    assert timed.total == pytest.approx(exact.total, abs=0.5)
    # Each waits for the last answer only, which a DLT gives early: somewhat less than a window a cohort.
    assert timed.months is not None
    assert timed.months < expected_months(exact, exact.cohorts, 3, 1)
    assert timed.months > expected_months(exact, exact.cohorts, 3, 0.8)
    assert untimed.months is None


@pytest.mark.published
def test_durations_that_zhao_printed() -> None:
    """Uniform gaps, the first patient at once, and who comes while a cohort is waited for turned away: then the printed months come back."""
    compared = 0
    for r in rows("zhao2024_boin_oc"):
        said = {"target": 0.25, "cohorts": 10, "n_stop": 9, "stay_on_1_of_3": True}
        calendar = Calendar(float(r["accrual_per_month"]), 1, "uniform", "at once")
        found = simulate(boin(**said), DoseTruth(reals(r["truth"])), 400, 5, calendar)
        exact = characteristics(boin(**said), DoseTruth(reals(r["truth"])))
        assert found.months is not None
        assert found.months_error is not None
        # The number of patients differs by chance, and months with it.
        a_patient = found.months / found.total
        months = found.months - a_patient * (found.total - exact.total)
        assert months == pytest.approx(float(r["duration_months"]), abs=0.25 + found.months_error), r
        compared += 1
    assert compared == 10


def test_late_dlts_come_late() -> None:
    calendar = Calendar(3, 1, late=0.8)
    shares = [calendar.share((i + 0.5) / 1000, 0.3) for i in range(1000)]
    assert np.mean([s > 0.5 for s in shares]) == pytest.approx(0.8, abs=0.002)
    assert max(shares) <= 1
    assert shares == sorted(shares)


IN_TIME = [
    ("boin", {"target": 0.3, "doses": 5, "cohorts": 6, "tite": "imputation"}),
    ("boin", {"target": 0.3, "doses": 5, "cohorts": 6, "tite": "ess"}),
    ("crm", {"target": 0.3, "skeleton": (0.05, 0.15, 0.3, 0.45, 0.6), "cohorts": 6, "tite": "linear", "stop_if_above": 0.35}),
    ("crm", {"target": 0.3, "skeleton": (0.05, 0.15, 0.3, 0.45, 0.6), "cohort": 1, "cohorts": 18, "tite": "adaptive", "answered_first": 1}),
]  # fmt: skip


@pytest.mark.property
@pytest.mark.parametrize(("kind", "said"), IN_TIME)
def test_who_comes_slowly_meets_the_design_that_waits(kind: str, said: dict[str, Any]) -> None:
    """With windows over before the next one comes, each design in time is the same trial by trial as the one that waits."""
    timed, plain = (
        dose_shelf.build(kind, {**said, **more})
        for more in ({}, {"tite": "none", "answered_first": 0} if kind == "crm" else {"tite": "none"})
    )
    slow = Calendar(accrual=0.001, window=0.01)
    assert replace(simulate(timed, TRUTH, 30, 4, slow), ends={}) == replace(
        simulate(plain, TRUTH, 30, 4, slow), ends={}
    )


@pytest.mark.property
@pytest.mark.parametrize(("kind", "said"), IN_TIME)
def test_deciding_meanwhile_is_quicker(kind: str, said: dict[str, Any]) -> None:
    timed, plain = (
        dose_shelf.build(kind, {**said, "tite": t, **({"answered_first": 0} if t == "none" and kind == "crm" else {})})
        for t in (said["tite"], "none")
    )
    fast = Calendar(accrual=4, window=2)
    a, b = simulate(timed, TRUTH, 60, 4, fast), simulate(plain, TRUTH, 60, 4, fast)
    assert a.months is not None
    assert b.months is not None
    assert a.months < 0.9 * b.months
    assert sum(a.select) + a.select_none == pytest.approx(1)


#: Days of the window of a trial that is written down: so many that rounding to days changes no decision.
DAYS = 90_000


def conducted(design: Any, truth: DoseTruth, trial: int, calendar: Calendar) -> tuple[str, int]:
    """The same patients, met through the notation: at each arrival the history as known is written down, read again and asked."""
    people = uniforms(11, "dose finding: patients", trial, 256, 4).tolist()
    cohorts: list[tuple[int, list[tuple[float, float, bool, float]]]] = []
    now, room = 0.0, 0

    def told(at: float) -> str:
        words = []
        for dose, patients in cohorts:
            letters = []
            for came, answered, dlt, share in patients:
                day = f":{round(share * DAYS)}" if dlt else ""
                followed = int((at - came) / calendar.window * DAYS)
                letters.append((f"T{day}" if dlt else "N") if answered <= at else f"P:{min(followed, DAYS - 1)}")
            words.append(f"{dose}{''.join(letters)}")
        return " ".join(words)

    for u in people:
        now += calendar.gap(u[2])
        if room == 0:
            found = answer(design, read_outcomes(told(now)), DAYS)
            if found.action == "wait":
                continue
            if found.size == 0:
                break
            assert isinstance(found.dose, int)
            cohorts.append((found.dose, []))
            room = found.size
        dose, patients = cohorts[-1]
        dlt = u[0] < truth.dlt[dose - 1]
        share = u[3] if dlt else 1.0
        patients.append((now, now + share * calendar.window, dlt, share))
        room -= 1
    end = answer(design, read_outcomes(told(1e9)), DAYS)
    return found.action, end.recommend if found.action == "declare" and isinstance(end.recommend, int) else 0


@pytest.mark.property
@pytest.mark.parametrize(("kind", "said"), [*IN_TIME, ("rolling-six", {"doses": 5}), ("a-plus-b", {"doses": 5})])
def test_a_simulated_trial_is_the_conducted_one(kind: str, said: dict[str, Any]) -> None:
    """Trial by trial, through written histories and `design next`, the same dose is named."""
    design, calendar = dose_shelf.build(kind, said), Calendar(3, 1)
    chosen = [0] * 6
    for trial in range(12):
        chosen[conducted(design, TRUTH, trial, calendar)[1]] += 1
    found = simulate(design, TRUTH, 12, 11, calendar)
    assert [round(12 * p) for p in (found.select_none, *found.select)] == chosen


@pytest.mark.parametrize(("kind", "said"), IN_TIME)
def test_each_design_in_time_conforms(kind: str, said: dict[str, Any]) -> None:
    assert faults_of(dose_shelf.build(kind, {**said, "cohorts": 5}), 2_000) == []


def test_a_design_in_time_asks_for_a_calendar() -> None:
    design = boin(tite="ess")
    with pytest.raises(BadInput) as bad:
        behaviour(design, TRUTH, "exact")
    assert [p.where for p in bad.value.problems] == ["--accrual, --window", "--behaviour"]


def test_streams_do_not_depend_on_the_design_or_the_number_of_trials() -> None:
    a = simulate(boin(), TRUTH, 50, 9, Calendar(3, 1))
    assert a == simulate(boin(), TRUTH, 50, 9, Calendar(3, 1))
    assert a != simulate(boin(), TRUTH, 50, 10, Calendar(3, 1))


@pytest.mark.independent
@pytest.mark.parametrize("r", rows("boin12_dispute"), ids=lambda r: r["reading"])
def test_the_dispute_over_boin12(r: dict[str, str]) -> None:
    """brockk/escalation#8, another simulation of each reading, 200,000 trials; ours, by the design's own verdict, within its error."""
    said = {
        "phi_t": 0.35, "phi_e": 0.25, "doses": 5, "cohorts": 12, "n_stop": 12, "explore": int(r["explore"]), "choose": r["choose"],
        "inadmissible": r["inadmissible"],
    }  # fmt: skip
    truth = DoseTruth(reals(r["truth"]), reals(r["response"]))
    found = simulate(dose_shelf.build("boin12", said), truth, 800, 2)
    for ours, theirs in zip((found.select_none, *found.select), reals(r["select_none_1_to_5"]), strict=True):
        assert abs(ours - theirs) <= 4 * np.sqrt(max(theirs * (1 - theirs), 1e-3) / found.trials), r


def test_too_many_states_are_simulated_unless_exact_numbers_are_asked_for() -> None:
    # Chances of three doses and two outcomes: few states at three cohorts, many at twelve.
    large: Any = dose_shelf.build("boin12", {"phi_t": 0.35, "phi_e": 0.25, "doses": 3, "cohorts": 2})
    truth = DoseTruth((0.1, 0.2, 0.3), (0.2, 0.3, 0.4))
    assert behaviour(large, truth).method == "exact"
    assert behaviour(large, truth, "simulated", 50).method == "simulated"
    with pytest.raises(BadInput):
        behaviour(large, DoseTruth((0.1, 0.2, 0.3), (0.2, 0.3)))
