"""[[baseline]] in SDTM and ADaM: age and sex in DM, every variable as a supplement of DM by its own QNAM, and in ADSL under that name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.standards.dataset import Variable
from equipoise.trial.baseline import Baseline, Value, told
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: CDISC's terms for a level of a variable or factor named 'sex'.
_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}
_MOST = 8


def baseline_names(trial: Trial) -> dict[str, Baseline]:
    """QNAM → its variable: BL and six letters; the last is a number where an earlier one has the name."""
    found: dict[str, Baseline] = {}
    for b in (b for b in trial.baseline if b.asked):
        name = ("BL" + "".join(c for c in b.name.upper() if c.isalnum()))[:_MOST]
        i = 2
        while name in found:
            name, i = name[: _MOST - len(str(i))] + str(i), i + 1
        found[name] = b
    return found


def baseline_values(trial: Trial, patient: Patient) -> Iterator[tuple[str, Baseline, Value]]:
    """QNAM, variable and value, of what was recorded of a patient."""
    given = (patient.enrolled.data.get("baseline") or {}) if patient.enrolled is not None else {}
    return ((name, b, given[b.name]) for name, b in baseline_names(trial).items() if b.name in given)


def demographics(trial: Trial, patient: Patient) -> dict[str, Any]:
    """AGE, AGEU and SEX where a variable or a factor of the trial is the age in years, or the sex."""
    found: dict[str, Any] = {}
    for _, b, value in baseline_values(trial, patient):
        if b.name.casefold() == "age" and b.kind == "number" and b.unit == "years":
            found |= {"AGE": value, "AGEU": "YEARS"}
    levels = dict(patient.enrolled.data["factors"]) if patient.enrolled is not None else {}
    levels |= {b.name: value for _, b, value in baseline_values(trial, patient)}
    sex = next((_SEXES.get(str(v).casefold()) for k, v in levels.items() if k.casefold() in ("sex", "gender")), None)
    return found | ({"SEX": sex} if sex is not None else {})


def implied(extra: Mapping[str, tuple[str, str]]) -> set[str]:
    """Variables of DM that a supplement says already, so that screening is not told them a second time."""
    return {v for v, names in (("AGE", {"BLAGE"}), ("SEX", {"SEX", "GENDER", "BLSEX", "BLGENDER"})) if names & set(extra)}  # fmt: skip


def read_back(trial: Trial, extra: Mapping[str, tuple[str, str]]) -> dict[str, Value]:
    """The values of [[baseline]] among a subject's supplements: QNAM → where, and what it says."""
    asked = {name: b for name, b in baseline_names(trial).items() if extra.get(name, ("", ""))[1] != ""}
    return told(trial.baseline, {b.name: extra[name][1] for name, b in asked.items()})


def adsl_variables(trial: Trial) -> list[Variable]:
    """The variables in ADSL."""
    return [
        Variable(
            name, b.title[:40], "float" if b.kind == "number" else "text", origin="Predecessor", core="Perm",
            method=f"SUPPDM.QVAL where QNAM is {name}",
        )
        for name, b in baseline_names(trial).items()
    ]  # fmt: skip
