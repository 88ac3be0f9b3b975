"""What a drug's file and the command refuse: everything at once, each once, with where, what is allowed and the nearest word."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from equipoise.drug.dosing import body_surface, read_dose
from equipoise.drug.patients import typical
from equipoise.drug.schedule import read_schedule
from equipoise.files.bundled import trials_folder
from equipoise.files.drug_file import bundled_drugs, find_drug, read_drug
from equipoise.files.schemas import schema_of
from equipoise.trial.problem import BadInput, Problem
from helpers import Answer

Equipoise = Callable[..., Answer]
TDM1 = (trials_folder() / "drugs" / "T-DM1.toml").read_text()


def problems_of(call: Callable[[], Any]) -> list[Problem]:
    with pytest.raises(BadInput) as bad:
        call()
    return list(bad.value.problems)


def changed(folder: Path, *changes: tuple[str, str]) -> list[Problem]:
    text = TDM1
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "x.toml").write_text(text)
    return problems_of(lambda: read_drug(folder / "x.toml"))


#: What is changed in T-DM1's file → where the problem is.
CHANGES: dict[str, tuple[tuple[str, str], str]] = {
    "a volume in L/day": (('value = 3.127\nunit = "L"', 'value = 3.127\nunit = "L/day"'), "parameters[1].unit"),
    "a clearance in L": (('value = 0.676\nunit = "L/day"', 'value = 0.676\nunit = "L"'), "parameters[0].unit"),
    "a clearance of zero": (("value = 0.676", "value = 0.0"), "parameters[0].value"),
    "a clearance below zero": (("value = 0.676", "value = -1.0"), "parameters[0].value"),
    "a correlation above one": (("value = 0.5\n", "value = 1.5\n"), "correlations[0].value"),
    "a correlation with itself": (('["CL", "V1"]', '["CL", "CL"]'), "correlations[0].between"),
    "a correlation of nothing": (('["CL", "V1"]', '["CL", "V9"]'), "correlations[0].between"),
    "a correlation without spread": (("cv = 0.1166\n", ""), "correlations[0].between"),
    "spread said twice": (("cv = 0.1911", "cv = 0.1911\nsd_log = 0.19"), "parameters[0]"),
    "no source": (('cv = 0.1911\nsource = "Lu 2014, doi:10.1007/s00280-014-2500-2"', "cv = 0.1911"), "parameters[0]"),
    "source and assumed": (("cv = 0.1911", 'cv = 0.1911\nassumed = "x"'), "parameters[0]"),
    "a covariate that is not there": (('covariate = "albumin"', 'covariate = "albumen"'), "effects[3].covariate"),
    "an effect on nothing": (('parameter = "CL"\ncovariate = "ecd"', 'parameter = "CLL"\ncovariate = "ecd"'), "effects[2].parameter"),
    "a power of a reference of zero": (('form = "exponential"\n', ""), "effects[5].form"),
    "one compartment with four parameters": (("compartments = 2", "compartments = 1"), "parameters[2].name"),
    "three compartments with four": (("compartments = 2", "compartments = 3"), "parameters"),
    "a range without the value": (("value = 0.66", "value = 0.66\nrange = [1.0, 2.0]"), "parameters[3].range"),
    "a key that is not known": (("hours = 0.5", "hours = 0.5\nminutes = 3"), "infusion.minutes"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_fault_in_the_file_is_named_where_it_is(what: str, tmp_path: Path) -> None:
    change, where = CHANGES[what]
    found = changed(tmp_path, change)
    assert where in [p.where for p in found]
    assert len(set(found)) == len(found)
    assert all(p.allowed for p in found)


def test_three_that_cannot_be_correlated_so(tmp_path: Path) -> None:
    more = (
        '\n[[correlations]]\nbetween = ["CL", "Q"]\nvalue = 0.9\nassumed = "x"\n'
        '\n[[correlations]]\nbetween = ["V1", "Q"]\nvalue = -0.9\nassumed = "x"\n\n[[effects]]'
    )
    (found,) = changed(tmp_path, ("\n[[effects]]", more))
    assert found.where == "correlations"
    assert "eigenvalue" in found.given


def test_all_at_once_with_the_nearest_word(tmp_path: Path) -> None:
    found = changed(
        tmp_path, ("value = 0.676", "value = 0.0"), ('value = 3.127\nunit = "L"', 'value = 3.127\nunit = "l"')
    )
    assert [p.where for p in found] == ["parameters[0].value", "parameters[1].unit"]
    found = changed(tmp_path, ('covariate = "albumin"', 'covariate = "albumen"'), ('["CL", "V1"]', '["CL", "V9"]'))
    assert [p.where for p in found] == ["effects[3].covariate", "correlations[0].between"]
    assert "'albumin'" in found[0].next_step


@pytest.mark.parametrize("name", bundled_drugs())
def test_bundled_drugs_are_sound(name: str) -> None:
    drug = read_drug(find_drug(name))
    assert drug.id == name
    assert find_drug(name.lower()) == find_drug(name)
    jsonschema.validate(tomllib.loads(find_drug(name).read_text()), schema_of("drug"))
    for part in (*drug.parameters, *drug.effects, *drug.covariates, *drug.correlations):
        assert bool(part.source) != bool(part.assumed)
    assert type(drug).model_validate(drug.model_dump()) == drug


def test_an_unknown_drug_is_told_the_nearest() -> None:
    (found,) = problems_of(lambda: find_drug("TDM1"))
    assert found.next_step == "did you mean 'T-DM1'?"
    assert "IMGN901" in found.allowed


#: A schedule that cannot be read → the character from which.
UNREADABLE = {
    "": 1, "sixty mg": 1, "60": 3, "60 mg/m3 every 3 days": 4, "AUC every 21 days": 5, "0 mg every 21 days": 1, "60 mg": 6,
    "60 mg/m2 sometimes": 10, "60 mg/m2 days every 21 days": 10, "60 mg/m2 days 1;8 every 21 days": 10, "60 mg/m2 every day": 10,
    "60 mg/m2 days 1,30 every 21 days": 15, "60 mg/m2 days 0 every 21 days": 15, "60 mg/m2 days 1,1 every 21 days": 15,
    "60 mg/m2 every 0 days": 16, "60 mg/m2 every 21 days or so": 10, "-60 mg/m2 every 21 days": 1,
}  # fmt: skip


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_schedule_is_refused_at_its_character(text: str) -> None:
    found = problems_of(lambda: read_schedule(text))
    assert {p.where for p in found} >= {f"--schedule, character {UNREADABLE[text]}"}
    assert all(re.search(r"such as|1 to \d+|each day once", p.allowed) for p in found)


@pytest.mark.parametrize(
    ("text", "days", "every", "dose"),
    [
        ("60 mg/m2 days 1,8,15 every 28 days", (1, 8, 15), 28, "60 mg/m2"),
        ("3.6 mg/kg every 3 weeks", (1,), 21, "3.6 mg/kg"),
        ("60 mg/m² day 1 every 7 days", (1,), 7, "60 mg/m2"),
        (" 180 mg days 8, 1 every 21 days", (1, 8), 21, "180 mg"),
        ("AUC 5 every 21 days", (1,), 21, "AUC 5"),
    ],
)
def test_a_schedule_is_read(text: str, days: tuple[int, ...], every: int, dose: str) -> None:
    found = read_schedule(text)
    assert (found.days, found.every, str(found.dose)) == (days, every, dose)


def test_milligrams_of_each_basis() -> None:
    who = {"weight": 70.0, "bsa": 1.73, "gfr": 200.0}
    said = {t: float(read_dose(t).milligrams(who)) for t in ("3.6 mg/kg", "112 mg/m2", "180 mg", "AUC 6")}
    assert said == pytest.approx({"3.6 mg/kg": 252, "112 mg/m2": 193.76, "180 mg": 180, "AUC 6": 900})
    assert [p.where for p in problems_of(lambda: read_dose("112 mg/m2").milligrams({"weight": 70.0}))] == ["bsa"]


def test_body_surface_by_both_formulas() -> None:
    """170 cm and 70 kg: 0.007184 · 70^0.425 · 170^0.725, and sqrt(70 · 170 / 3600)."""
    assert float(body_surface(70, 170)) == pytest.approx(
        0.007184 * np.exp(0.425 * np.log(70) + 0.725 * np.log(170)), rel=1e-12
    )
    assert float(body_surface(70, 170)) == pytest.approx(1.81, abs=0.005)
    assert float(body_surface(70, 170, "Mosteller")) == pytest.approx(1.818, abs=0.0005)


def test_a_patient_that_cannot_be() -> None:
    drug = read_drug(find_drug("T-DM1"))
    found = problems_of(lambda: typical(drug, {"albumn": 33.0, "weight": -70.0, "ecd": 0.0, "trastuzumab": 0.0}))
    assert [p.where for p in found] == ["albumn", "weight", "ecd"]
    assert "'albumin'" in found[0].next_step


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["show", "T-DM2"], ["DRUG"]),
        (["profile", "T-DM1", "--dose", "3.6 mg/m2"], ["bsa"]),
        (["profile", "T-DM1", "--dose", "3 ml", "--every", "3 weks", "--cycles", "0", "--weight", "-1"], ["--dose, character 3", "--every", "--cycles", "weight"]),
        (["profile", "T-DM1", "--dose", "3 mg", "--days", "1,30", "--cycles", "2000"], ["--cycles", "--days"]),
        (["profile", "T-DM1", "--dose", "3 mg", "--population", "0"], ["--population"]),
        (["profile", "T-DM1", "--dose", "3 mg", "--population", "100000", "--cycles", "6"], ["--population"]),
        (["profile", "T-DM1", "--dose", "3 mg/m2", "--height", "-170"], ["--weight", "--height"]),
        (["compare", "T-DM1", "--schedule", "3 mg", "--schedule", "x", "--covariates", "a=1"], ["--schedule 1, character 5", "--schedule 2, character 1", "a"]),
        (["profile", "T-DM1", "--dose", "3 mg", "--weight", "70", "--covariates", "weight=80"], ["weight"]),
        (["profile", "T-DM1", "--dose", "3 mg", "--seed", "7", "--surface", "Mosteller"], ["--seed", "--surface"]),
        (["profile", "T-DM1", "--dose", "3 mg/m2", "--height", "nan", "--weight", "0"], ["weight", "--height"]),
        (["profile", "T-DM1", "--dose", "AUC 5"], ["gfr"]),
        (["compare", "T-DM1", "--schedule", "3 mg every 21 days", "--over", "5"], ["--over"]),
        (["compare", "T-DM1", "--schedule", "3 mg every 1 day", "--over", "5000"], ["--over"]),
    ],
)  # fmt: skip
def test_the_command_refuses_all_at_once(words: list[str], where: list[str], equipoise: Equipoise) -> None:
    answer = equipoise("drug", *words, "--json")
    assert answer.status == 2
    assert [p["where"] for p in answer.json["error"]["problems"]] == where
