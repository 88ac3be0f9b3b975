"""The numbers of docs/drug.md are today's; its console block is run with the others."""

from __future__ import annotations

import numpy as np

from equipoise.drug import chain as chains
from equipoise.drug.blind_window import Cumulative
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.drug.exhibits import half_life_days
from equipoise.drug.patients import Patients, population, typical
from equipoise.files.drug_file import bundled_drugs, find_drug, read_drug
from helpers import ROOT

PAGE = " ".join((ROOT / "docs" / "drug.md").read_text().split())
TDM1 = read_drug(find_drug("T-DM1"))


def trough_and_area(patients: Patients) -> tuple[float, float]:
    amount = 3.6 * patients.covariates["weight"][:, None]
    course = Course(macro(*patients.disposition()), Doses.of([0.0], amount, 0.5 / 24))
    return float(course.concentration([21.0]).mean()), float(course.area_for_ever().mean())


def test_of_t_dm1() -> None:
    assert f"Half-life of T-DM1: {half_life_days(TDM1):.2f} days" in PAGE
    assert f"is {float(typical(TDM1, {'trastuzumab': 54.0}).parameters['CL'][0]):.3f} L/day here" in PAGE
    trough, area = trough_and_area(typical(TDM1))
    assert f"({trough:.2f} and {area:.0f} for the typical patient)" in PAGE
    trough, area = trough_and_area(population(TDM1, 20_000, 1))
    assert f"further ({trough:.1f} and {area:.0f})" in PAGE


def test_of_the_chain() -> None:
    drug = read_drug(find_drug("tusamitamab-ravtansine"))
    assert drug.chain is not None
    patients = typical(drug)
    area = chains.course(patients, drug.chain, [0.0], [180.0], 1.5 / 24, [200.0]).area[0, 0]
    whole = chains.area_for_ever(patients, drug.chain, np.array([180.0]))[0]
    assert f"{area:.5f}, is that to day 200; to infinity it is {whole:.5f}" in PAGE


def test_of_the_blind_window() -> None:
    for k in (1, 2, 3):
        t = Cumulative(0.29, k)
        row = f"| {k} | {t.in_window():.1%} | {t.seen(6):.3f} | {t.seen(12):.3f} | {t.after(90 / 112):.1%} |"
        assert row.replace("%", " %") in PAGE


def test_all_bundled_drugs_are_named() -> None:
    assert all(f"| `{name}` |" in PAGE for name in bundled_drugs())
