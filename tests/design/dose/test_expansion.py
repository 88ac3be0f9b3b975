"""An expansion of any design: its own sums against the road that every design has, its rule against plain enumeration."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.dose_design import End, Give, Seen
from equipoise.design.dose.exact import DoseTruth, characteristics
from equipoise.design.dose.history import answer
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput

WATCHED = {"n": 7, "theta0": 0.2, "theta1": 0.45, "phi": 0.2, "first": 2, "every": 2}
TRUTH = DoseTruth((0.1, 0.3, 0.5))


def design(kind: str = "boin", expansion: dict[str, Any] | None = None, **said: Any) -> Any:
    own = {"doses": 3, **({"target": 0.3, "cohorts": 4} if kind == "boin" else {}), **said}
    return dose_shelf.build(kind, {**own, "expansion": WATCHED | (expansion or {})})


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("boin", {}, {}),
    ("boin", {"n_stop": 6}, {"when_stopped": "no dose"}),
    ("a-plus-b", {}, {}),
    ("boin", {}, {"rule": "none"}),
    ("boin", {}, {"rule": "safety-pocock", "n": 6}),
]


@pytest.mark.independent
@pytest.mark.parametrize(("kind", "said", "expansion"), CASES)
def test_its_sums_are_what_states_give(kind: str, said: dict[str, Any], expansion: dict[str, Any]) -> None:
    found = design(kind, expansion, **said)
    own, by_states = found.exactly(TRUTH), characteristics(found, TRUTH)
    assert own.select == pytest.approx(by_states.select, abs=1e-12)
    assert own.select_none == pytest.approx(by_states.select_none, abs=1e-12)
    assert own.patients == pytest.approx(by_states.patients, abs=1e-10)
    assert own.dlts == pytest.approx(by_states.dlts, abs=1e-10)
    assert own.cohorts == pytest.approx(by_states.cohorts, abs=1e-10)
    assert sum(own.ends.values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.independent
def test_a_dose_is_stopped_as_plain_sums_say() -> None:
    found = design()
    assert found.looks == (2, 4, 6, 7)
    boundary = {m: found.watch.boundary_at(m) for m in found.looks}

    @cache
    def stays(k: int, x: int) -> float:
        """P(never stopped from look k on, with x before it)."""
        if k == len(found.looks):
            return 1.0
        m = found.looks[k] - (found.looks[k - 1] if k else 0)
        return sum(
            float(binom.pmf(y, m, 0.3)) * stays(k + 1, x + y) for y in range(m + 1) if x + y < boundary[found.looks[k]]
        )

    assert found._of_one(0.3)[0] == pytest.approx(stays(0, 0), abs=1e-12)
    assert found._of_one(0.2)[0] >= 1 - WATCHED["phi"] - 1e-12


@pytest.mark.parametrize("kind", ["boin", "a-plus-b", "keyboard"])
def test_it_conforms(kind: str) -> None:
    found = design(kind, **({"target": 0.3, "cohorts": 3} if kind == "keyboard" else {}))
    assert faults_of(found, 4_000) == []


def after_four_cohorts(found: Any, *cohorts: tuple[int, int]) -> Any:
    state = found.start()
    for dose, dlt in cohorts:
        state = found.step(state, dose, Seen(3 - dlt, dlt))
    return state


def test_the_dose_is_expanded_and_where_it_is_too_toxic_the_one_below() -> None:
    found = design()
    state = after_four_cohorts(found, (1, 0), (2, 0), (3, 1), (3, 1))
    assert state.dose == 3
    assert found.verdict(state).action == Give(3, 2)
    toxic = found.step(state, 3, Seen(0, 2))
    assert (toxic.dose, toxic.here, found.recommend(toxic)) == (2, 0, 2)
    assert found.verdict(toxic).action == Give(2, 2)
    assert found.gone(toxic) == (3,)
    lowest = found.step(found.step(toxic, 2, Seen(0, 2)), 1, Seen(0, 2))
    assert found.verdict(lowest).action == End("too toxic", declares=False)
    assert found.recommend(lowest) == 0
    done = state
    for size in (2, 2, 2, 1):
        done = found.step(done, 3, Seen(size))
    assert (found.verdict(done).action, found.recommend(done)) == (End("expanded", declares=True), 3)
    stern = design(expansion={"when_stopped": "no dose"})
    ended = stern.step(after_four_cohorts(stern, (1, 0), (2, 0), (3, 1), (3, 1)), 3, Seen(0, 2))
    assert stern.verdict(ended).action == End("too toxic", declares=False)


def test_what_is_given_off_the_expansion_does_not_count_for_its_rule() -> None:
    found = design()
    state = after_four_cohorts(found, (1, 0), (2, 0), (3, 1), (3, 1))
    other = found.step(state, 1, Seen(0, 2))
    assert (other.dose, other.here) == (3, 0)
    assert other.n[0] == state.n[0] + 2


def test_in_calendar_time() -> None:
    found = design()
    exact, timed = behaviour(found, TRUTH), simulate(found, TRUTH, 1500, 2, Calendar(3, 1))
    for a, b, e in zip(exact.select, timed.select, timed.mc_error or (), strict=False):
        assert abs(a - b) <= 4 * max(e, 0.005)
    assert timed.months == pytest.approx(exact.total / 3 + exact.cohorts, rel=0.12)
    rolling = behaviour(design("rolling-six"), TRUTH, trials=200, calendar=Calendar(3, 1))
    assert np.sum(rolling.patients) > 9
    assert rolling.method == "simulated"


def test_what_it_may_not_be() -> None:
    with pytest.raises(BadInput) as bad:
        design(expansion={"n": 0, "theta1": 0.1, "rule": "sprt", "first": 9}, target=1.5)
    assert {p.where for p in bad.value.problems} == {"target", "expansion.n", "expansion.rule"}
    with pytest.raises(BadInput) as bad:
        design(expansion={"theta1": 0.1, "first": 9})
    assert {p.where for p in bad.value.problems} == {"expansion.first", "expansion.theta1"}


def test_with_backfill_of_which_there_is_none_it_is_the_expansion_alone() -> None:
    """Where no dose ever responds nobody is backfilled: the same trials."""
    calendar, more = Calendar(3, 1), {"expansion": {"n": 6, "theta0": 0.25, "theta1": 0.5}}
    own = {"target": 0.3, "doses": 3, "cohorts": 4}
    alone = simulate(dose_shelf.build("boin", own | more), TRUTH, 200, 4, calendar)
    both = simulate(
        dose_shelf.build("boin", own | more | {"backfill": {}}), DoseTruth(TRUTH.dlt, (0, 0, 0)), 200, 4, calendar
    )
    assert (both.select, both.patients, both.dlts, both.months, both.ends) == (
        alone.select, alone.patients, alone.dlts, alone.months, alone.ends
    )  # fmt: skip
    busy = simulate(
        dose_shelf.build("boin", own | more | {"backfill": {"needs_response": False}}), TRUTH, 200, 4, calendar
    )
    assert busy.backfilled is not None
    assert sum(busy.backfilled) > 1
    # Backfilled patients are beside the cohorts' and the expansion's.
    assert sum(busy.patients) - sum(busy.backfilled) == pytest.approx(sum(alone.patients), abs=1.5)


def test_the_dose_that_is_expanded_follows_from_backfilled_patients_too_until_it_has_a_patient() -> None:
    """Twelve were treated at 1 to 3, and dose 2 is named; two backfilled at dose 2 are not answered yet. With seven DLTs more dose 2 is eliminated, and dose 1 is named."""
    own = {
        "target": 0.3,
        "doses": 3,
        "cohorts": 4,
        "backfill": {"needs_response": False},
        "expansion": {"n": 6, "rule": "none"},
    }
    found: Any = dose_shelf.build("boin", own)
    waits = answer(found, read_outcomes("1NNN 2NNN 3NTT 2NNT +2P:3P:1"), 28)
    assert (waits.action, waits.recommend) == ("wait", 2)
    fine = answer(found, read_outcomes("1NNN 2NNN 3NTT 2NNT +2NN"), 28)
    assert (fine.action, fine.dose, fine.size) == ("expand", 2, 6)
    toxic = answer(found, read_outcomes("1NNN 2NNN 3NTT 2NNT +2TTTTTTT"), 28)
    assert (toxic.action, toxic.dose) == ("expand", 1)
    begun = answer(found, read_outcomes("1NNN 2NNN 3NTT 2NNT +2NN 2NNN"), 28)
    assert (begun.action, begun.dose, begun.size, begun.n) == ("expand", 2, 3, (3, 11, 3))
