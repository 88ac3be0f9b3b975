"""Every row of tests/fixtures/drug/pk_oracles.csv at its grade, and the blind window."""

from __future__ import annotations

import csv
from collections.abc import Callable

import numpy as np
import pytest

from equipoise.desk import drug as act
from equipoise.drug import chain as chains
from equipoise.drug.blind_window import Cumulative
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.dosing import calvert
from equipoise.drug.exhibits import half_life_days
from equipoise.drug.patients import population, typical
from equipoise.drug.profile import profile
from equipoise.drug.schedule import read_schedule
from equipoise.files.drug_file import find_drug, read_drug
from equipoise.trial.drug import Drug
from helpers import FIXTURES

with (FIXTURES / "drug" / "pk_oracles.csv").open() as file:
    ROWS = {r["id"]: r for r in csv.DictReader(file)}
with (FIXTURES / "drug" / "neuropathy_window.csv").open() as file:
    WINDOW = list(csv.DictReader(file))
TDM1 = read_drug(find_drug("T-DM1"))
TUSA = read_drug(find_drug("tusamitamab-ravtansine"))
EOI = 1.5 / 24


def clearance(**given: float) -> float:
    return float(typical(TDM1, given).parameters["CL"][0])


def volume(weight: float) -> float:
    return float(typical(TDM1, {"weight": weight}).parameters["V1"][0])


def tdm1(day: float) -> float:
    course = Course(macro(*typical(TDM1).disposition()), Doses.of([0.0], [252.0], 0.5 / 24))
    return float(course.concentration([day])[0, 0])


def species(day: float) -> chains.ChainCourse:
    assert TUSA.chain is not None
    return chains.course(typical(TUSA), TUSA.chain, [0.0], [180.0], EOI, [day])


def cycle(n: int) -> tuple[float, float, float]:
    found = profile(typical(TDM1), read_schedule("3.6 mg/kg every 21 days"), n)
    return float(found.cmax[0, -1]), float(found.trough[0, -1]), float(found.area_for_ever[0])


#: Row → what we say. Those of MARIANNE and of the chain's mass have tests of their own; eribulin's model is not ours.
SAID: dict[str, Callable[[], float]] = {
    "tdm1_halflife": lambda: half_life_days(TDM1),
    "tdm1_cl_49kg": lambda: clearance(weight=49.0),
    "tdm1_cl_ecd332": lambda: clearance(ecd=332.0),
    "tdm1_cl_alb33": lambda: clearance(albumin=33.0),
    "tdm1_cl_tum303": lambda: clearance(tumour=30.3),
    "tdm1_cl_tbl54": lambda: clearance(trastuzumab=54.0),
    "tdm1_v_49kg": lambda: volume(49.0),
    "tdm1_v_98kg": lambda: volume(98.0),
    "tdm1_c1": lambda: tdm1(1),
    "tdm1_c3": lambda: tdm1(3),
    "tdm1_c14": lambda: tdm1(14),
    "tdm1_c21": lambda: tdm1(21),
    "tdm1_aucinf": lambda: cycle(1)[2],
    "tdm1_cycle8_cmax": lambda: cycle(8)[0],
    "dar_cmax": lambda: float(species(EOI).conjugated[0, 0]),
    "dar_naked_eoi": lambda: float(species(EOI).naked[0, 0]),
    "dar_avg_eoi": lambda: float(species(EOI).ratio[0, 0]),
    "dar_avg_d1": lambda: float(species(1).ratio[0, 0]),
    "dar_avg_d7": lambda: float(species(7).ratio[0, 0]),
    "dar_avg_d14": lambda: float(species(14).ratio[0, 0]),
    "dar_adc_d7": lambda: float(species(7).conjugated[0, 0]),
    "dar_adc_d14": lambda: float(species(14).conjugated[0, 0]),
    "dar_auc": lambda: float(species(200).area[0, 0]),
    "calvert_cap": lambda: float(calvert(5, 300)),
    "calvert_cap6": lambda: float(calvert(6, 126)),
}
ELSEWHERE = {"tdm1_ctrough_marianne", "tdm1_aucinf_marianne", "dar_mass", "friberg_eribulin"}
#: Relative to the printed value. Published ones are printed with three figures, from coefficients that are rounded, that of TBL most (-0.002).
WITHIN = {"tdm1_cl_tbl54": 0.05, "tdm1_v_49kg": 2.5e-3, "tdm1_c21": 0.5e-6 / 1.6} | dict.fromkeys(
    ("tdm1_cl_49kg", "tdm1_cl_ecd332", "tdm1_cl_tum303"), 2e-3
)
OF_GRADE = {"published": 1e-3, "independent": 1e-9, "property": 1e-9}


def rows(*grades: str) -> list[str]:
    return [k for k in SAID if ROWS[k]["grade"] in grades]


def held(row: str) -> None:
    oracle = ROWS[row]
    assert SAID[row]() == pytest.approx(float(oracle["value"]), rel=WITHIN.get(row, OF_GRADE[oracle["grade"]]))


def test_no_row_is_left_out() -> None:
    assert set(SAID) | ELSEWHERE == set(ROWS)


@pytest.mark.published
@pytest.mark.parametrize("row", rows("published"))
def test_published(row: str) -> None:
    held(row)


@pytest.mark.independent
@pytest.mark.parametrize("row", rows("independent", "property"))
def test_independent(row: str) -> None:
    held(row)


def test_the_area_of_the_chain_goes_on_after_day_200() -> None:
    assert TUSA.chain is not None
    whole = float(chains.area_for_ever(typical(TUSA), TUSA.chain, [180.0])[0])
    assert whole == pytest.approx(360.41545586, rel=1e-10)
    assert whole == pytest.approx(float(ROWS["dar_auc"]["value"]), rel=2e-7)


@pytest.mark.published
@pytest.mark.parametrize("who", ["typical", "population"])
def test_marianne_within_one_standard_deviation(who: str) -> None:
    """Cmax 74.4 (10.1), trough 1.34 (0.802), area 338 (69.5): the means, and in a population the spreads within a factor of two."""
    patients = typical(TDM1) if who == "typical" else population(TDM1, 5_000, 31102024)
    amount = 3.6 * patients.covariates["weight"][:, None]
    course = Course(macro(*patients.disposition()), Doses.of([0.0], amount, 0.5 / 24))
    peak, trough = course.concentration([0.5 / 24, 21.0]).T
    for said, row in ((trough, "tdm1_ctrough_marianne"), (course.area_for_ever(), "tdm1_aucinf_marianne")):
        mean, sd = (float(x.strip("()")) for x in ROWS[row]["value"].split())
        assert abs(said.mean() - mean) < sd
        if who == "population":
            assert sd / 2 < said.std() < 2 * sd
    assert abs(peak.mean() - 74.4) < 10.1


def test_a_population_is_not_nearer_to_marianne() -> None:
    """As was hoped for: it is further, since the mean of 1 / CL lies above 1 / mean. docs/drug.md says so; should this change, so must that."""
    patients = population(TDM1, 5_000, 31102024)
    area = 3.6 * patients.covariates["weight"] / patients.parameters["CL"]
    assert area.mean() > 373 > 338


@pytest.mark.property
def test_all_antibody_is_plain_where_both_are_cleared_alike() -> None:
    """Row dar_mass: with one clearance the sum over ratios is a two-compartment antibody."""
    parameters = tuple(
        p.model_copy(update={"value": TUSA.of("CL").value}) if p.name == "CL_naked" else p for p in TUSA.parameters
    )
    alike: Drug = TUSA.model_copy(update={"parameters": parameters})
    assert alike.chain is not None
    times, start = np.array([0.03, EOI, 1, 7, 14, 15.0, 30]), [0.0, 14.0]
    found = chains.course(typical(alike), alike.chain, start, [180.0, 180.0], EOI, times)
    plain = Course(macro(*typical(alike).disposition()), Doses.of(start, [180.0, 180.0], EOI)).concentration(times)
    both = found.conjugated + found.naked / alike.chain.naked_mass * alike.chain.conjugated_mass
    assert both == pytest.approx(plain, rel=1e-11)


@pytest.mark.independent
@pytest.mark.parametrize("row", WINDOW, ids=lambda r: f"k={r['shape_k']}")
def test_the_blind_window(row: dict[str, str]) -> None:
    """0.29 after six cycles at 112 mg/m2, cumulative with the shape k, as printed: every figure to its last digit."""
    toxicity = Cumulative(0.29, float(row["shape_k"]))
    said = {
        "p_cycle1": toxicity.in_window(),
        "p_at_least_1_of_6": toxicity.seen(6),
        "p_at_least_1_of_12": toxicity.seen(12),
        "p_at_least_2_of_6": toxicity.seen(6, 2),
        "risk_6_cycles_at_112": toxicity.after(1.0),
        "risk_6_cycles_at_90": toxicity.after(90 / 112),
    }
    for name, value in said.items():
        digits = len(row[name].partition(".")[2])
        assert value == pytest.approx(float(row[name]), abs=0.5000001 * 10**-digits), name


def test_calvert_below_the_cap() -> None:
    assert float(calvert(5, 90)) == 575


def test_show_says_what_the_issue_asks_for() -> None:
    told = act.show("T-DM1").as_json()
    assert told["half_life_days"] == pytest.approx(3.938501, abs=1e-6)
    assert told["parameters"]["CL"]["value"] == 0.676
    assert told["parameters"]["CL"]["unit"] == "L/day"
    assert "10.1007/s00280-014-2500-2" in told["parameters"]["CL"]["source"]
