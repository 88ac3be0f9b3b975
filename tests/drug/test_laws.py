"""Laws of linear pharmacokinetics for generated drugs and doses, and scipy's ODE as a second route at 1e-8."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from equipoise.drug import chain as chains
from equipoise.drug.disposition import Course, Doses, Macro, macro
from equipoise.drug.patients import Patients, population, typical
from equipoise.files.drug_file import find_drug, read_drug
from equipoise.trial.drug import Chain, Drug

TUSA = read_drug(find_drug("tusamitamab-ravtansine"))
positive = st.floats(0.05, 20.0)


@st.composite
def dispositions(draw: st.DrawFn, most: int = 3) -> tuple[float, list[float], list[float]]:
    k = draw(st.integers(1, most))
    volumes = draw(st.lists(positive, min_size=k, max_size=k))
    return draw(positive), volumes, draw(st.lists(positive, min_size=k - 1, max_size=k - 1))


@st.composite
def dosings(draw: st.DrawFn) -> tuple[list[float], list[float], list[float]]:
    """Infusions that may run into each other: start [days], amount [mg], length [days]."""
    n = draw(st.integers(1, 4))
    start = draw(st.lists(st.floats(0, 40), min_size=n, max_size=n))
    amount = draw(st.lists(st.floats(1, 500), min_size=n, max_size=n))
    length = draw(st.lists(st.floats(0.02, 10), min_size=n, max_size=n))
    return start, amount, length


def constants(one: tuple[float, list[float], list[float]]) -> Macro:
    cl, volumes, flows = one
    return macro([cl], [[v] for v in volumes], np.reshape(flows, (len(flows), 1)))


@pytest.mark.property
@given(dispositions(), dosings())
def test_area_is_what_was_given_over_clearance(
    one: tuple[float, list[float], list[float]], dosing: tuple[list[float], ...]
) -> None:
    course = Course(constants(one), Doses.of(*dosing))
    whole = sum(dosing[1]) / one[0]
    assert course.area_for_ever()[0] == pytest.approx(whole, rel=1e-9)
    late = 100.0 + 60.0 / float(constants(one).rate.min())
    assert course.area([late])[0, 0] == pytest.approx(whole, rel=1e-9)


@pytest.mark.property
@given(dispositions(), dosings())
def test_doses_add_up(one: tuple[float, list[float], list[float]], dosing: tuple[list[float], ...]) -> None:
    """Superposition: all doses at once are the sum of each alone."""
    times = np.linspace(0, 90, 181)
    both = Course(constants(one), Doses.of(*dosing)).concentration(times)
    alone = [
        Course(constants(one), Doses.of([s], [a], [d])).concentration(times) for s, a, d in zip(*dosing, strict=True)
    ]
    assert both == pytest.approx(np.sum(alone, axis=0), rel=1e-9, abs=1e-9)


@pytest.mark.property
@given(dispositions(), dosings(), st.floats(0.1, 10))
def test_concentrations_are_in_proportion_to_dose(
    one: tuple[float, list[float], list[float]], dosing: tuple[list[float], ...], times_as_much: float
) -> None:
    start, amount, length = dosing
    t = np.linspace(0, 90, 91)
    single = Course(constants(one), Doses.of(start, amount, length))
    more = Course(constants(one), Doses.of(start, np.multiply(times_as_much, amount), length))
    assert more.concentration(t) == pytest.approx(times_as_much * single.concentration(t), rel=1e-9, abs=1e-9)
    assert more.area(t) == pytest.approx(times_as_much * single.area(t), rel=1e-9, abs=1e-9)


@pytest.mark.property
@given(dispositions())
def test_macro_constants_begin_at_one_over_the_volume(one: tuple[float, list[float], list[float]]) -> None:
    found = constants(one)
    assert found.weight.sum() == pytest.approx(1 / one[1][0], rel=1e-12)
    assert (found.rate > 0).all()
    assert (found.weight >= 0).all()


def ode(
    one: tuple[float, list[float], list[float]], dosing: tuple[list[float], ...], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Concentrations in the central compartment, by scipy, from one change of the rate to the next."""
    cl, v, q = one
    start, amount, length = (np.array(x) for x in dosing)
    stops = np.unique(np.concatenate([[0.0], start, start + length, times]))
    state, found = np.zeros(len(v)), {0.0: 0.0}
    for a, b in pairwise(stops):
        middle = (a + b) / 2
        rate = (amount / length)[(start < middle) & (middle < start + length)].sum()

        def slope(_: float, x: NDArray[np.float64], rate: float = rate) -> NDArray[np.float64]:
            c = x / v
            out = np.zeros_like(x)
            out[0] = rate - cl * c[0]
            for j, flow in enumerate(q, 1):
                out[0] -= flow * (c[0] - c[j])
                out[j] = flow * (c[0] - c[j])
            return out

        state = solve_ivp(slope, (a, b), state, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
        found[b] = state[0] / v[0]
    return np.array([found[t] for t in times])


@pytest.mark.independent
@settings(max_examples=15)
@given(dispositions(), dosings())
def test_scipy_by_another_route(one: tuple[float, list[float], list[float]], dosing: tuple[list[float], ...]) -> None:
    times = np.array([0.5, 1, 3, 7, 14, 21, 42.0])
    found = Course(constants(one), Doses.of(*dosing)).concentration(times)[0]
    assert found == pytest.approx(ode(one, dosing, times), rel=1e-8, abs=1e-8)


@pytest.mark.independent
def test_the_chain_by_scipy() -> None:
    """Nine species written out by hand, two doses, with payload and metabolite."""
    assert TUSA.chain is not None
    p = {k: float(v[0]) for k, v in typical(TUSA).parameters.items()}
    lost = np.array([0.0, *(p[f"kdec{i}"] for i in range(1, 9))])
    clear = np.where(np.arange(9) == 0, p["CL_naked"], p["CL"])
    part = np.array(TUSA.chain.batch) / sum(TUSA.chain.batch)
    state = np.zeros(20)
    length = 1.5 / 24
    checks = {}
    for a, b in ((0.0, length), (length, 14.0), (14.0, 14.0 + length), (14.0 + length, 20.0)):
        rate = 180.0 / 150.0 * 1e3 / length if b - a == pytest.approx(length) else 0.0

        def slope(_: float, x: NDArray[np.float64], rate: float = rate) -> NDArray[np.float64]:
            c, e = x[:9], x[9:18]
            to_e = p["Q"] * (c / p["V1"] - e / p["V2"])
            dc = rate * part - clear / p["V1"] * c - lost * c - to_e
            dc[:-1] += lost[1:] * c[1:]
            dm = 240.0 * 0.0107 * x[18] - 0.256 * x[19]
            return np.concatenate([dc, to_e, [(lost * c).sum() - 240.0 * x[18], dm]])

        state = solve_ivp(slope, (a, b), state, method="LSODA", rtol=1e-11, atol=1e-11).y[:, -1]
        checks[b] = state
    times = list(checks)
    found = chains.course(typical(TUSA), TUSA.chain, [0.0, 14.0], [180.0, 180.0], length, times)
    for i, t in enumerate(times):
        x = checks[t]
        assert found.conjugated[0, i] == pytest.approx(x[1:9].sum() / p["V1"] * 0.15, rel=1e-8)
        assert found.payload[0, i] == pytest.approx(x[18], rel=1e-7)
        assert found.metabolite[0, i] == pytest.approx(x[19], rel=1e-8)


def sealed(patients: Patients) -> Patients:
    """The same, with nothing cleared."""
    nothing = {k: np.zeros_like(v) if k.startswith("CL") else v for k, v in patients.parameters.items()}
    return Patients(patients.drug, patients.covariates, nothing)


@pytest.mark.property
@settings(max_examples=10)
@given(st.integers(1, 1000), st.floats(0.01, 100))
def test_nothing_is_lost_from_the_chain(seed: int, day: float) -> None:
    """Mass balance: without clearance all antibody stays, and payloads on antibodies and those set free are those that were given."""
    patients = sealed(population(TUSA, 3, seed))
    assert TUSA.chain is not None
    out = TUSA.chain.payload
    assert out is not None
    kept: Chain = TUSA.chain.model_copy(
        update={"payload": out.model_copy(update={"elimination": 1e-300, "metabolite": ""})}
    )
    drug: Drug = TUSA.model_copy(update={"chain": kept})
    patients = Patients(drug, patients.covariates, patients.parameters)
    found = chains.course(patients, kept, [0.0], [180.0], 1.5 / 24, [1.5 / 24 + day])
    given_nmol = 180.0 / 150.0 * 1e3
    assert found.total[:, 0] == pytest.approx(given_nmol, rel=1e-9)
    on = found.states[:, 0, :18].reshape(3, 9, 2).sum(axis=2) @ np.arange(9)
    assert on + found.payload[:, 0] == pytest.approx(given_nmol * (chains.shares(kept) @ np.arange(9)), rel=1e-9)


def test_patients_with_doses_of_their_own_are_each_as_alone() -> None:
    """Starts by patient, as a log has them: the same numbers as one patient after the other."""
    tdm1 = read_drug(find_drug("T-DM1"))
    patients = population(tdm1, 4, 9)
    start = np.array([[0, 21, 42], [0, 28, 49], [1, 22, 50], [0, 21, 63.0]])
    amount = np.array([[252, 210, 168.0]] * 4) * np.array([[1], [1.1], [0.9], [1]])
    t = np.linspace(0, 90, 200)
    all_of_them = macro(*patients.disposition())
    found = Course(all_of_them, Doses.of(start, amount, 0.5 / 24))
    for i in range(4):
        one = Macro(all_of_them.rate[i : i + 1], all_of_them.weight[i : i + 1])
        alone = Course(one, Doses.of(start[i], amount[i], 0.5 / 24))
        assert found.concentration(t)[i] == pytest.approx(alone.concentration(t)[0], rel=1e-12, abs=1e-12)
        assert found.area(t)[i] == pytest.approx(alone.area(t)[0], rel=1e-12, abs=1e-12)


def test_more_patients_change_none_of_the_first() -> None:
    for name in ("T-DM1", "tusamitamab-ravtansine", "IMGN901"):
        drug = read_drug(find_drug(name))
        few, many = population(drug, 5, 3), population(drug, 50, 3)
        for k, v in few.parameters.items():
            assert (v == many.parameters[k][:5]).all()


def test_spread_and_correlation_are_those_stated() -> None:
    drug = read_drug(find_drug("T-DM1"))
    all_at_reference = population(drug, 40_000, 5, drug.references())
    logs = {k: np.log(v) for k, v in all_at_reference.parameters.items()}
    for p in drug.parameters:
        assert logs[p.name].std() == pytest.approx(p.spread(), rel=0.02)
        assert logs[p.name].mean() == pytest.approx(np.log(p.ours()), abs=0.02)
    assert np.corrcoef(logs["CL"], logs["V1"])[0, 1] == pytest.approx(0.5, abs=0.015)
    assert abs(np.corrcoef(logs["CL"], logs["Q"])[0, 1]) < 0.015
