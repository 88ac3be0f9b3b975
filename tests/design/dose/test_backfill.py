"""Backfill by the paper's sentences, case by case; with nobody to backfill it is the design without it, patient by patient."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.backfill import BesideCounts
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.conducting import Given, grouped, in_cohorts, next_dose
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.dose_design import End, Give, Seen
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.history import answer
from equipoise.design.dose.meanwhile import Meanwhile, Wait
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.dose_outcomes import PatientOutcome, read_outcomes, written
from equipoise.trial.problem import BadInput

N, X, P = PatientOutcome("N"), PatientOutcome("X"), PatientOutcome("P", 5)
TRUTH = DoseTruth((0.05, 0.15, 0.30, 0.45, 0.60), (0.1, 0.2, 0.3, 0.4, 0.5))


def design(kind: str = "boin", backfill: dict[str, Any] | None = None, **said: Any) -> Any:
    own = {"doses": 5, **({"target": 0.3} if kind != "a-plus-b" else {}), **said}
    return dose_shelf.build(kind, {**own, "backfill": {"cap": 10, **(backfill or {})}})


def at(found: Any, *cohorts: tuple[int, Seen]) -> BesideCounts:
    state: BesideCounts = found.start()
    for dose, seen in cohorts:
        state = found.step(state, dose, seen)
    return state


NOBODY = (0, 0, 0, 0, 0)
CLEAN, ONE_RESPONSE = Seen(3), Seen(2, 0, 1)


@pytest.mark.parametrize(
    ("said", "cohorts", "pending", "open_dose"),
    [
        # Nobody responded: nothing is open. A response at dose 1 opens it and dose 2, of which the higher is given.
        ({}, [(1, CLEAN), (2, CLEAN), (3, CLEAN)], NOBODY, 0),
        ({}, [(1, ONE_RESPONSE), (2, CLEAN), (3, CLEAN)], NOBODY, 2),
        ({}, [(1, CLEAN), (2, ONE_RESPONSE), (3, CLEAN)], NOBODY, 2),
        ({}, [(1, CLEAN), (2, CLEAN), (3, ONE_RESPONSE)], NOBODY, 0),
        ({"needs_response": False}, [(1, CLEAN), (2, CLEAN), (3, CLEAN)], NOBODY, 2),
        ({"needs_response": False}, [(1, CLEAN)], NOBODY, 0),
        # A cap of 4: three were treated at dose 2, so one more may be, and not while he is pending.
        ({"needs_response": False, "cap": 4}, [(1, CLEAN), (2, CLEAN), (3, CLEAN)], NOBODY, 2),
        ({"needs_response": False, "cap": 4}, [(1, CLEAN), (2, CLEAN), (3, CLEAN)], (0, 1, 0, 0, 0), 1),
        ({"needs_response": False, "cap": 3}, [(1, CLEAN), (2, CLEAN), (3, CLEAN)], NOBODY, 0),
    ],
)  # fmt: skip
def test_which_dose_is_open(said: dict[str, Any], cohorts: list[tuple[int, Seen]], pending: tuple[int, ...], open_dose: int) -> None:  # fmt: skip
    found = design(backfill=said)
    assert found.open_dose(at(found, *cohorts), pending) == open_dose


def test_a_dose_closes_by_its_own_and_the_pooled_rate_and_opens_again() -> None:
    found = design(backfill={"needs_response": False, "cap": 20})
    state = at(found, (1, CLEAN), (2, CLEAN), (3, CLEAN))
    two_of_five = found.beside(
        state, 2, Seen(0, 2)
    )  # 2 of 5 at dose 2 is at least λd; with 0 of 3 above it is 2 of 8, which is not
    assert found.open_dose(two_of_five, NOBODY) == 2
    worse = found.step(two_of_five, 3, Seen(1, 2))  # 2 of 5, and with dose 3 4 of 11, above λd = 0.3585
    assert found.open_dose(worse, NOBODY) == 1
    better = found.beside(worse, 2, Seen(3))
    assert found.open_dose(better, NOBODY) == 2


def test_a_lower_dose_closes_all_above() -> None:
    found = design(backfill={"needs_response": False, "cap": 20, "close_at": 0.5})
    state = at(found, (1, CLEAN), (2, CLEAN), (3, CLEAN), (4, CLEAN))
    assert found.open_dose(state, NOBODY) == 3
    toxic = found.beside(found.beside(state, 1, Seen(0, 6)), 2, Seen(0, 3))
    assert found.open_dose(toxic, NOBODY) == 0


def test_doses_that_disagree_are_pooled() -> None:
    """Dose 3 is clean, and of dose 2 three of six had a DLT: BOIN alone would escalate."""
    clean = [(1, CLEAN), (2, CLEAN), (3, CLEAN)]
    found = {c: design(backfill={"conflict": c}) for c in ("highest", "lowest", "ignored")}
    states = {c: d.beside(at(d, *clean), 2, Seen(0, 3)) for c, d in found.items()}
    assert found["ignored"].verdict(states["ignored"]).action == Give(4, 3)
    said = found["highest"].verdict(states["highest"])
    assert said.action == Give(3, 3)  # 3 of 9 lies between λe and λd: stay
    assert said.bound == ("conflict",)
    worse = {c: d.beside(states[c], 2, Seen(0, 2)) for c, d in found.items()}
    # 5 of 8 at dose 2, with dose 3 5 of 11: down, and dose 2 alone is too high: dose 1.
    assert found["highest"].verdict(worse["highest"]).action.dose == 1
    lower = {c: d.beside(at(d, *clean), 1, Seen(0, 3)) for c, d in found.items()}
    both = {c: d.beside(lower[c], 2, Seen(0, 3)) for c, d in found.items()}
    # From dose 2 on 3 of 9 stays; from dose 1 on 6 of 15 goes down, where dose 1 alone (3 of 6) is too high: there is none below.
    assert found["highest"].verdict(both["highest"]).action.dose == 3
    assert found["lowest"].verdict(both["lowest"]).action.dose == 1


def test_who_is_backfilled_counts_as_stated_and_never_in_the_number_of_patients() -> None:
    for counts in (True, False):
        found = design(backfill={"counts": counts}, cohorts=4)
        state = found.beside(at(found, (1, CLEAN), (2, CLEAN)), 1, Seen(1, 2))
        assert state.n[0] == (6 if counts else 3)
        assert state.patients == 6
        assert state.everybody(1) == (6, 2)
        assert (state.at, state.cohorts) == (2, 2)
        more = found.step(found.step(state, 3, CLEAN), 4, CLEAN)
        assert found.verdict(more).action == End("enough patients", declares=True)


def test_who_is_waited_for() -> None:
    found = design(backfill={"needs_response": False})
    state = at(found, (1, CLEAN), (2, CLEAN))
    backfill = found.meanwhile(state, Meanwhile(((2, 0.5),)))
    assert (backfill.action, backfill.name(2)) == (Give(1, 1), "backfill")
    # Only a backfilled one is pending: the design goes on.
    assert found.meanwhile(state, Meanwhile(((1, 0.5),))).action == Give(3, 3)
    full = design(backfill={"needs_response": False, "cap": 3})
    assert isinstance(full.meanwhile(at(full, (1, CLEAN), (2, CLEAN)), Meanwhile(((2, 0.5),))), Wait)
    assert found.verdict(found.start()).action == Give(1, 3)


def test_a_history_marks_backfilled_patients() -> None:
    found = design(backfill={"cap": 8})
    told = answer(found, read_outcomes("1NNE 2NNN 3NP:3P:2 +2N"), 28)
    assert (told.action, told.dose, told.size) == ("backfill", 2, 1)
    assert told.n == (3, 4, 1, 0, 0)
    assert told.cautions == ()
    own = answer(
        found, read_outcomes("1NNE 2NNN 3NNN 2N"), 28
    )  # unmarked it is a cohort of the design's own, and a caution says so
    assert own.n == (3, 4, 3, 0, 0)
    assert "+2NN" in own.cautions[0]
    down = answer(found, read_outcomes("1NNE 2NTT 1NNN"), 28)  # the design itself gave dose 1
    assert (down.n, down.cautions) == ((6, 3, 0, 0, 0), ())
    with pytest.raises(BadInput, match="backfills nobody"):
        answer(dose_shelf.build("boin", {"doses": 5, "target": 0.3}), read_outcomes("1NNN +1N"))


def test_backfilled_patients_interrupt_no_cohort() -> None:
    """Dose 2's cohort has one who is replaced after a backfilled patient came; the next backfilled ones are another group."""
    found = design(backfill={"needs_response": False})
    came = [Given(1, N)] * 3 + [Given(2, N), Given(2, X), Given(2, N), Given(1, N, beside=True), Given(1, P, beside=True), Given(2, N), Given(1, N, beside=True)]  # fmt: skip
    assert written(in_cohorts(found, came)) == "1NNN 2NXNN +1NP:5N"
    assert [g.members for g in grouped(found, came)] == [(0, 1, 2), (3, 4, 5, 8), (6, 7, 9)]
    asked = next_dose(found, in_cohorts(found, came[:8]), 28)
    assert (asked.action, asked.dose, asked.size) == ("stay", 2, 1)
    after = next_dose(
        found, in_cohorts(found, came), 28
    )  # of whom only a backfilled one is pending: the design goes on
    assert (after.action, after.dose, after.size, after.n) == ("escalate", 3, 3, (5, 3, 0, 0, 0))


@pytest.mark.property
@pytest.mark.parametrize("kind", ["boin", "keyboard", "i3plus3"])
def test_with_nobody_to_backfill_it_is_the_design_alone(kind: str) -> None:
    """No dose ever responds, or the cap is reached by the cohorts: the same patients, decisions and months."""
    calendar = Calendar(3, 1)
    alone = simulate(dose_shelf.build(kind, {"target": 0.3, "doses": 5}), DoseTruth(TRUTH.dlt), 150, 4, calendar)
    silent = DoseTruth(TRUTH.dlt, (0.0,) * 5)
    for found, truth in ((design(kind), silent), (design(kind, {"cap": 1, "needs_response": False}), TRUTH)):
        same = behaviour(found, truth, trials=150, seed=4, calendar=calendar)
        assert (same.select, same.patients, same.dlts, same.months, same.turned_away) == (
            alone.select, alone.patients, alone.dlts, alone.months, alone.turned_away
        )  # fmt: skip
        assert same.backfilled == (0.0,) * 5


@pytest.mark.parametrize("conflict", ["highest", "lowest", "ignored"])
def test_it_conforms(conflict: str) -> None:
    assert faults_of(design(backfill={"conflict": conflict, "needs_response": False}, doses=3, cohorts=3), 4_000) == []


def test_what_backfill_costs_and_gives() -> None:
    calendar, trials = Calendar(3, 1), 400
    alone = simulate(dose_shelf.build("boin", {"target": 0.3, "doses": 5}), DoseTruth(TRUTH.dlt), trials, 4, calendar)
    found = behaviour(design(), TRUTH, trials=trials, seed=4, calendar=calendar)
    assert found.backfilled is not None
    assert sum(found.backfilled) > 3
    # As many in the cohorts, for the same time; who was turned away is fewer.
    assert sum(found.patients) - sum(found.backfilled) == pytest.approx(sum(alone.patients), abs=1)
    assert found.months == pytest.approx(alone.months, abs=0.6)
    assert (found.turned_away or 0) < (alone.turned_away or 0)
    with pytest.raises(BadInput) as bad:
        behaviour(design(), TRUTH)
    assert bad.value.problems[0].code == "needs-time"


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=10))
def test_an_open_dose_is_lower_cleared_and_under_its_cap(history: list[tuple[int, int, int, bool]]) -> None:
    found = design(backfill={"cap": 7})
    state = found.start()
    for dose, dlt, responses, beside in history:
        seen = Seen(3 - dlt, dlt) if not responses else Seen(max(3 - dlt - responses, 0), dlt, min(responses, 3 - dlt))
        put = found.beside if beside and dose < state.at else found.step
        state = put(state, dose, seen)
    b = found.open_dose(state, NOBODY)
    if b:
        assert b < state.at
        assert b < state.out
        assert state.everybody(b)[0] < 7
        assert sum(state.responses[:b]) > 0


@pytest.mark.parametrize(
    ("kind", "said", "backfill", "where"),
    [
        ("a-plus-b", {}, {}, "backfill"),
        ("boin", {"tite": "ess"}, {}, "backfill"),
        ("crm", {"skeleton": (0.1, 0.2, 0.3)}, {}, "backfill.close_at"),
        ("boin", {}, {"cap": 0, "conflict": "all"}, "backfill.cap"),
    ],
)
def test_what_it_may_not_be(kind: str, said: dict[str, Any], backfill: dict[str, Any], where: str) -> None:
    own = {"doses": 3, **({"target": 0.3} if kind != "a-plus-b" else {}), **said}
    with pytest.raises(BadInput) as bad:
        dose_shelf.build(kind, {**own, "backfill": {"cap": 10, **backfill}})
    assert where in {p.where for p in bad.value.problems}


def test_designs_that_count_patients_at_a_dose_may_have_it_uncounted() -> None:
    found = design("a-plus-b", {"counts": False, "needs_response": False, "close_at": 0.34})
    state = found.beside(at(found, (1, CLEAN), (2, CLEAN)), 1, Seen(1, 1))
    assert found.verdict(state).action == Give(3, 3)
    model = dose_shelf.build("crm", {"target": 0.25, "skeleton": (0.1, 0.25, 0.4), "backfill": {"close_at": 0.33, "needs_response": False}})  # fmt: skip
    assert model.verdict(model.start()).action == Give(1, 3)
