"""Doses that were given otherwise than the protocol's dose modifications say: derived from the doses and events as recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from equipoise.analyse.groups import Group
from equipoise.trial.dose_ruling import ruling_on
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import share
from equipoise.trial.trial import Trial

#: A dose within so much of what the rule allows is as it says: doses are rounded to two decimals.
_SAME = 0.005
Departs = Literal["given after a stop", "given during a hold", "not reduced"]


@dataclass(frozen=True)
class Departure:
    """A dose against a rule: ``rule`` is its name, ``event`` the number of the dose's event."""

    patient: str
    drug: str
    on: date
    event: int
    rule: str
    departs: Departs


def departures(trial: Trial, patient: Patient) -> Iterator[Departure]:
    """All of a patient's, in the order of the doses."""
    for dose in patient.doses:
        drug = str(dose.data["drug"])
        found = ruling_on(trial, patient, drug, dose.happened)
        arm = trial.at(patient.site, dose.happened).arm_by_name.get(patient.arm)
        plan = next((t for t in arm.regimen if t.drug == drug), None) if arm is not None else None
        given = dose.data.get("dose")
        departs: Departs
        if found.stopped is not None:
            by, departs = found.stopped, "given after a stop"
        elif found.held is not None:
            by, departs = found.held, "given during a hold"
        elif (
            found.reduced is not None and plan is not None and plan.dose is not None and given is not None
            and dose.data.get("unit") == plan.unit and float(given) / plan.dose > found.share + _SAME
        ):  # fmt: skip
            by, departs = found.reduced, "not reduced"
        else:
            continue
        yield Departure(patient.name, drug, dose.happened, dose.number, by[0].name, departs)


def departures_table(trial: Trial, groups: Sequence[Group]) -> Table | None:
    """By arm: patients with a dose against each rule; None where the trial has no rule or nobody was given a dose."""
    if not trial.dose_modifications or not any(p.doses for g in groups for p in g.patients):
        return None
    by = [{p.name: list(departures(trial, p)) for p in g.patients} for g in groups]
    rows: list[list[Cell]] = [
        ["Any dose against a rule", *(share(sum(bool(d) for d in of.values()), g.n) for of, g in zip(by, groups, strict=True))]
    ]  # fmt: skip
    seen = sorted({(d.rule, d.departs) for of in by for found in of.values() for d in found})
    for rule, departs in seen:
        with_it = [sum(any((d.rule, d.departs) == (rule, departs) for d in f) for f in of.values()) for of in by]
        rows.append([f"{rule}: {departs}", *(share(k, g.n) for k, g in zip(with_it, groups, strict=True))])
    rules = tuple(f"{r.name}: {r}." for r in trial.dose_modifications)
    note = "Derived: what came before the day of a dose counts, what came on it does not. " + " ".join(rules)
    return Table("Dose modifications not followed", ["Patients with", *(g.head for g in groups)], rows, notes=(note,))
