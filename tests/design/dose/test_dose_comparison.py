"""Doses compared at random, one picked and tested: against plain enumeration, and the level against a scan of truths."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.dose_design import End, Give, Seen
from equipoise.design.dose.exact import DoseTruth, characteristics
from equipoise.design.dose.meanwhile import Meanwhile, Wait
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.problem import BadInput


def design(**said: Any) -> Any:
    return dose_shelf.build("dose-comparison", {"n": 6, **said})


def picks(said: dict[str, Any], doses: int) -> list[tuple[tuple[tuple[int, int], ...], int]]:
    """Every outcome, responses and DLTs of each dose, with the dose that is picked, from 0; written from the rule, with scipy alone."""
    n, found = said["n"], []
    for seen in product(product(range(n + 1), repeat=2), repeat=doses):
        fit = ["phi_t" not in said or beta.sf(said["phi_t"], 1 + t, 1 + n - t) < said.get("c_t", 0.95) for _, t in seen]
        score = [s / n if said.get("pick") != "utility" else (60 * s + 40 * (n - t)) / (100 * n) for s, t in seen]
        if any(fit):
            best = max(x for x, ok in zip(score, fit, strict=True) if ok)
            j = next(d for d in range(doses) if fit[d] and score[d] >= best - said.get("margin", 0) - 1e-9)
            if seen[j][0] >= said.get("least", 0):
                found.append((seen, j))
    return found


PICKS: dict[str, list[tuple[tuple[tuple[int, int], ...], int]]] = {}


def by_loops(said: dict[str, Any], response: tuple[float, ...], dlt: tuple[float, ...], boundary: int) -> np.ndarray:
    """P(dose j is picked and declared), outcome by outcome."""
    n, doses = said["n"], len(response)
    of_s = [[float(binom.pmf(s, n, r)) for s in range(n + 1)] for r in response]
    of_t = [[float(binom.pmf(t, n, q)) for t in range(n + 1)] for q in dlt]
    enough = [[float(binom.sf(boundary - s - 1, said.get("further", 0), r)) for s in range(n + 1)] for r in response]
    found = np.zeros(doses)
    key = repr((sorted(said.items()), doses))
    if key not in PICKS:
        PICKS[key] = picks(said, doses)
    for seen, j in PICKS[key]:
        p = enough[j][seen[j][0]]
        for d, (s, t) in enumerate(seen):
            p *= of_s[d][s] * of_t[d][t]
        found[j] += p
    return found


RULES: list[dict[str, Any]] = [
    {"n": 5, "doses": 2, "further": 4, "margin": 0.2},
    {"n": 5, "doses": 2, "further": 4, "phi_t": 0.3, "c_t": 0.8, "least": 1},
    {"n": 4, "doses": 2, "further": 3, "pick": "utility", "margin": 0.05, "phi_t": 0.4, "c_t": 0.9},
    {"n": 3, "doses": 3, "further": 2, "margin": 0.34},
    {"n": 3, "doses": 3, "further": 3, "pick": "utility", "phi_t": 0.4, "c_t": 0.8},
]


@pytest.mark.independent
@pytest.mark.parametrize("said", RULES)
def test_picked_and_declared_outcome_by_outcome(said: dict[str, Any]) -> None:
    found = design(**said, p0=0.2, alpha=0.1)
    for response, dlt in (((0.2, 0.35, 0.5), (0.1, 0.3, 0.45)), ((0.6, 0.2, 0.25), (0.4, 0.2, 0.7))):
        r, t = response[: found.doses], dlt[: found.doses]
        by = by_loops(said, r, t, found.boundary)
        assert found.exactly(DoseTruth(t, r)).select == pytest.approx(by, abs=1e-12)


@pytest.mark.independent
@pytest.mark.parametrize("said", [RULES[0], RULES[2]])
def test_no_truth_of_a_scan_makes_more_errors(said: dict[str, Any]) -> None:
    """Every truth of a grid, by loops of its own; and one response less would be too few."""
    p0, alpha = 0.2, 0.1
    found = design(**said, p0=p0, alpha=alpha)
    assert found.worst.error <= alpha
    toxic = (0.0, 0.5, 1.0) if "phi_t" in said else (0.0,)
    largest = 0.0
    for r in product((0.0, 0.1, 0.2, 0.3, 0.6, 1.0), repeat=2):
        null = np.array(r) <= p0
        for t in product(toxic, repeat=2):
            largest = max(largest, float(by_loops(said, r, t, found.boundary)[null].sum()))
    assert largest <= found.worst.error + 1e-9
    at = by_loops(said, found.worst.response, found.worst.dlt, found.boundary)
    assert at[np.array(found.worst.response) <= p0 + 1e-9].sum() == pytest.approx(found.worst.error, abs=1e-9)
    assert found.exact.worst(p0, found.boundary - 1).error > alpha


@pytest.mark.property
@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.sampled_from(["response", "utility"]),
    st.sampled_from([0.0, 0.05, 0.2]),
)
def test_the_level_is_kept_whatever_the_other_doses_do(
    r: list[float], t: list[float], pick: str, margin: float
) -> None:
    found = TESTED.setdefault(
        (pick, margin), design(n=8, doses=3, further=6, pick=pick, margin=margin, phi_t=0.35, p0=0.25, alpha=0.05)
    )
    assert found.exact.error(0.25, r, t)[found.boundary] <= 0.05 + 1e-12
    assert found.exact.error(0.25, r, t)[found.boundary] <= found.exact.any_rule(0.25)[found.boundary] + 1e-12


TESTED: dict[tuple[str, float], Any] = {}


def test_testing_what_was_picked_as_though_it_were_alone_finds_too_much() -> None:
    numbers = design(n=15, further=10, doses=3, p0=0.2, alpha=0.05).numbers()
    assert numbers["unguarded_boundary"] == 9  # one dose of 25 patients: 9 of 25 at 5 %
    assert numbers["level_unguarded"] > 0.08
    assert numbers["boundary"] > 9
    assert numbers["level"] <= 0.05
    assert numbers["level"] <= numbers["level_of_any_rule"]
    bound = design(n=15, further=10, doses=3, p0=0.2, alpha=0.05, guard="any rule")
    assert bound.boundary >= numbers["boundary"]
    assert bound.exact.any_rule(0.2)[bound.boundary] <= 0.05


@pytest.mark.independent
@pytest.mark.parametrize("said", [RULES[1], RULES[2], {"n": 3, "doses": 2}])
def test_sums_are_what_states_give(said: dict[str, Any]) -> None:
    """The design's own sums against the road that every design has, state by state."""
    found = design(**{**said, "n": 3, "further": 2 if said.get("further") else 0}, **({"p0": 0.2, "alpha": 0.1} if said.get("further") else {}))  # fmt: skip
    truth = DoseTruth((0.1, 0.4), (0.3, 0.6))
    own, by_states = found.exactly(truth), characteristics(found, truth)
    assert own.select == pytest.approx(by_states.select, abs=1e-12)
    assert own.select_none == pytest.approx(by_states.select_none, abs=1e-12)
    assert own.patients == pytest.approx(by_states.patients, abs=1e-12)
    assert own.dlts == pytest.approx(by_states.dlts, abs=1e-12)
    assert own.cohorts == pytest.approx(by_states.cohorts, abs=1e-12)
    assert own.ends == pytest.approx(by_states.ends, abs=1e-12)


def test_in_calendar_time_it_is_the_same_and_waits_twice() -> None:
    found = design(n=6, further=4, p0=0.2, alpha=0.1, phi_t=0.35)
    truth = DoseTruth((0.1, 0.3), (0.4, 0.5))
    exact, timed = behaviour(found, truth), simulate(found, truth, 1500, 3, Calendar(3, 1))
    for a, b, error in zip(exact.select, timed.select, timed.mc_error or (), strict=False):
        assert abs(a - b) <= 4 * max(error, 0.005)
    assert exact.method == "exact"
    # Sixteen patients at three a month and two windows; who has a DLT is answered before his window ends.
    assert timed.months == pytest.approx(exact.total / 3 + exact.cohorts, abs=0.3)


def test_patients_are_randomised_while_others_are_pending() -> None:
    found = design(n=2, further=1, p0=0.2, alpha=0.4)
    state = found.start()
    assert found.meanwhile(state, Meanwhile(((1, 0.1),))).action == Give(2, 1)
    assert found.meanwhile(state, Meanwhile(((1, 0.1), (2, 0.1)))).action == Give(1, 1)
    full = Meanwhile(((1, 0.1), (1, 0.1), (2, 0.1), (2, 0.1)))
    assert isinstance(found.meanwhile(state, full), Wait)
    state = found.step(found.step(state, 1, Seen(0, 0, 2)), 2, Seen(2))
    assert found.meanwhile(state, Meanwhile()).action == Give(1, 1)
    assert isinstance(found.meanwhile(state, Meanwhile(((1, 0.5),))), Wait)


def test_picking_without_a_test() -> None:
    found = design(n=4, margin=0.25, phi_t=0.3)
    state = found.step(found.step(found.start(), 1, Seen(2, 0, 2)), 2, Seen(1, 0, 3))
    assert (found.verdict(state).action, found.recommend(state)) == (
        End("picked", declares=True),
        1,
    )  # within the margin
    strict = design(n=4, phi_t=0.3)
    assert strict.recommend(strict.step(strict.step(strict.start(), 1, Seen(2, 0, 2)), 2, Seen(1, 0, 3))) == 2
    toxic = found.step(found.step(found.start(), 1, Seen(0, 2, 0, 2)), 2, Seen(0, 1, 0, 3))
    assert (found.verdict(toxic).action, found.recommend(toxic)) == (End("too toxic", declares=False), 0)


def test_what_it_may_not_be() -> None:
    with pytest.raises(BadInput) as bad:
        design(n=6, least=7, pick="utility", u2=50, u3=30)
    assert {p.where for p in bad.value.problems} == {"least", "u2, u3"}
    with pytest.raises(BadInput) as bad:
        design(n=6, p0=0.2)
    assert "alpha" in str(bad.value)
    with pytest.raises(BadInput) as bad:
        design(n=90, doses=4, further=5, guard="any rule")
    assert {p.where for p in bad.value.problems} == {"n", "further", "guard"}
