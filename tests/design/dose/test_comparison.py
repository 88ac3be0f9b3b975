"""A comparison of doses after any design: its own sums against states, its level over truths, and what it says of a history."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.exact import DoseTruth, characteristics
from equipoise.design.dose.history import answer
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput

SMALL = {"n": 2, "phi_t": 0.5}
TESTED = {"n": 12, "margin": 0.1, "phi_t": 0.4, "further": 6, "p0": 0.2, "alpha": 0.1}
TRUTH = DoseTruth((0.1, 0.3, 0.5), (0.2, 0.4, 0.5))


def design(comparison: dict[str, Any], kind: str = "boin", **said: Any) -> Any:
    own = {"doses": 3, **({"target": 0.3, "cohorts": 2} if kind == "boin" else {}), **said}
    return dose_shelf.build(kind, {**own, "comparison": comparison})


@cache
def of_two() -> Any:
    return design(TESTED, cohorts=4)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("kind", "said", "comparison"),
    [
        ("boin", {}, SMALL),
        ("a-plus-b", {"doses": 2}, SMALL | {"further": 1, "p0": 0.2, "alpha": 0.3}),
        ("boin", {"expansion": {"n": 2, "rule": "none", "first": 1}}, SMALL),
    ],
)
def test_its_sums_are_what_states_give(kind: str, said: dict[str, Any], comparison: dict[str, Any]) -> None:
    found = design(comparison, kind, **said)
    truth = DoseTruth(TRUTH.dlt[: found.doses], TRUTH.response[: found.doses])
    own, by_states = found.exactly(truth), characteristics(found, truth)
    assert own.select == pytest.approx(by_states.select, abs=1e-12)
    assert own.select_none == pytest.approx(by_states.select_none, abs=1e-12)
    assert own.patients == pytest.approx(by_states.patients, abs=1e-10)
    assert own.dlts == pytest.approx(by_states.dlts, abs=1e-10)
    assert own.cohorts == pytest.approx(by_states.cohorts, abs=1e-10)
    assert sum(own.ends.values()) == pytest.approx(1, abs=1e-12)


def test_it_conforms() -> None:
    assert faults_of(design(SMALL), 1_000) == []


rate = st.floats(0, 1)


@given(st.tuples(rate, rate, rate), st.tuples(rate, rate, rate))
def test_the_level_is_kept_whatever_was_declared_and_whatever_the_others_are(
    dlt: tuple[float, float, float], response: tuple[float, float, float]
) -> None:
    found = of_two().exactly(DoseTruth(tuple(sorted(dlt)), response))
    assert sum(p for p, r in zip(found.select, response, strict=True) if r <= 0.2) <= 0.1 + 1e-9


@pytest.mark.slow
def test_in_calendar_time_it_is_what_exact_sums_say() -> None:
    n = 300
    s, e = simulate(of_two(), TRUTH, n, 1, Calendar(3, 1)), behaviour(of_two(), TRUTH)
    assert (s.method, e.method) == ("simulated", "exact")
    for p, q in zip((*s.select, s.select_none), (*e.select, e.select_none), strict=True):
        assert abs(p - q) < 4 * (q * (1 - q) / n) ** 0.5
    in_time = design(TESTED, cohorts=4, tite="ess")
    with pytest.raises(BadInput) as bad:
        behaviour(in_time, TRUTH)
    assert bad.value.problems[0].code == "needs-time"


FOUND = "1NNN 2NNN 3NTT 2NNN"


@pytest.mark.parametrize(
    ("history", "action", "dose", "places", "recommend"),
    [
        ("1NNN 2NNN", "escalate", 3, None, 2),
        ("1NNN 2NNN 3NTT 2NNP:5", "wait", None, None, 2),
        (FOUND, "randomise", None, (12, 12, 0), None),
        (f"{FOUND} 1NE 2P:3", "randomise", None, (10, 11, 0), None),
        (f"{FOUND} 1NNNNNNNNNNNE 2EEEEENNNNNNP:3", "wait", None, None, None),
        (f"{FOUND} 1NNNNNNNNNNNE 2EEEEENNNNNNN", "expand", 2, None, None),
        (f"{FOUND} 1EEEEEEENNNNN 2EEEEENNNNNNN", "expand", 1, None, None),
        (f"{FOUND} 1NNNNNNNNNNNE 2TTTTTTTTTTTE", "expand", 1, None, None),
        (f"{FOUND} 1NNNNNNNNNNNE 2EEEEENNNNNNN 2EEEEEE", "declare", 2, None, 2),
        (f"{FOUND} 1NNNNNNNNNNNN 2ENNNNNNNNNNN 1NNNNNN", "stop", None, None, None),
        ("1NTT 1NTT", "stop", None, None, None),
        ("1NTN 1NTN 1NTN 1NNN", "randomise", None, (12, 0, 0), None),  # the lowest is compared with none
    ],
)
def test_what_it_says_of_a_history(
    history: str, action: str, dose: int | None, places: tuple[int, ...] | None, recommend: int | None
) -> None:
    found = answer(of_two(), read_outcomes(history), 28)
    assert (found.action, found.dose, found.places, found.recommend) == (action, dose, places, recommend), found


def test_nothing_tested_names_what_the_design_declared_until_one_is_picked() -> None:
    of = design({"n": 3}, cohorts=4)
    assert answer(of, read_outcomes(FOUND)).recommend == 2
    assert answer(of, read_outcomes(f"{FOUND} 1EEN")).recommend == 2
    found = answer(of, read_outcomes(f"{FOUND} 1EEN 2ENN"))
    assert (found.action, found.dose, found.recommend) == ("declare", 1, 1)
    assert found.because == ("Dose 1 was picked, with 2 responses.",)


def test_the_protocol_says_the_boundary_of_each_number_of_doses() -> None:
    of = of_two()
    assert of.of(1).boundary <= of.of(2).boundary
    assert f"its own boundary: {of.of(1).boundary} responses of 18 for one dose." in of.describe()
    assert [c["doses"] for c in of.numbers()["comparison"]] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "said", "comparison", "codes"),
    [
        ("boin", {}, {"n": 5, "doses": 4}, {"comparison-doses"}),
        ("boin", {"backfill": {"cap": 6}}, {"n": 5}, {"comparison-of-backfill"}),
        ("boin-combination", {"doses": None, "first": 2, "second": 2, "target": 0.3}, {"n": 5}, {"comparison-of-two-drugs"}),
        ("dose-comparison", {"n": 5}, {"n": 5}, {"comparison-of-comparison"}),
        ("boin", {}, {"n": 5, "further": 3, "margin": 2}, {"out-of-range", "not-tested"}),
        ("boin", {}, {"p0": 0.2}, {"missing", "half-stated"}),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(kind: str, said: dict[str, Any], comparison: dict[str, Any], codes: set[str]) -> None:
    own = {"doses": 3, **({"target": 0.3, "cohorts": 2} if kind == "boin" else {}), **said}
    with pytest.raises(BadInput) as bad:
        dose_shelf.build(kind, {**{k: v for k, v in own.items() if v is not None}, "comparison": comparison})
    assert {p.code for p in bad.value.problems} == codes, bad.value.problems
