"""A drug: its model and sources, concentrations of a patient or a population, schedules held against each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.desk.opening import load_trial
from equipoise.drug import exhibits
from equipoise.drug.dosing import Surface, body_surface, read_dose
from equipoise.drug.patients import Patients, population, typical
from equipoise.drug.profile import Band, Profile, band, profile
from equipoise.drug.schedule import Schedule, checked, read_schedules
from equipoise.files.drug_file import find_drug, read_drug
from equipoise.trial.drug import Drug
from equipoise.trial.duration import Duration
from equipoise.trial.exhibits import LineFigure, Table
from equipoise.trial.part import MOST_TIMES
from equipoise.trial.problem import BadInput, Problem, near


@dataclass(frozen=True)
class ShownDrug:
    """A drug as its file states it."""

    drug: Drug

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        d = self.drug
        return {
            "drug": d.id, "title": d.title, "names": d.names, "analyte": d.analyte, "compartments": d.compartments,
            "half_life_days": exhibits.half_life_days(d),
            "infusion": {"hours": d.infusion.hours, **_who(d.infusion)},
            "parameters": {
                p.name: {"value": p.value, "unit": p.unit, "cv": p.cv or None, "sd_log": p.spread() or None, "range": p.range, **_who(p)}
                for p in d.parameters
            },
            "covariates": {c.name: {"reference": c.reference, "unit": c.unit, "sd_log": c.sd_log or None, **_who(c)} for c in d.covariates},
            "effects": [
                {"parameter": e.parameter, "covariate": e.covariate, "form": e.form, "coefficient": e.coefficient, **_who(e)} for e in d.effects
            ],
            "correlations": [{"between": r.between, "value": r.value, **_who(r)} for r in d.correlations],
            "chain": d.chain.model_dump(mode="json") if d.chain else None,
            "assumptions": exhibits.assumptions(d),
            "paragraph": exhibits.paragraph(d),
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """Parameters, and covariates where there are any."""
        effects = [exhibits.effects_table(self.drug)] if self.drug.effects else []
        return [exhibits.parameters_table(self.drug), *effects]


def _who(part: Any) -> dict[str, str | None]:
    return {"source": part.source or None, "assumed": part.assumed or None}


def find(name: str, trial: str = "") -> Drug:
    """The drug of that name or file; with ``trial`` as that trial's file states it. Raises BadInput."""
    if not trial:
        return read_drug(find_drug(name))
    stated = {d.id: d for d in load_trial(trial).drugs}
    if name not in stated:
        allowed = f"one of [[drugs]] of {trial}: {', '.join(stated) or 'it states none'}"
        raise BadInput(name, [Problem("no-drug", "DRUG", repr(name), allowed, near(name, list(stated)))])
    return stated[name]


def show(name: str, trial: str = "") -> ShownDrug:
    """The drug of that name. Raises BadInput."""
    return ShownDrug(find(name, trial))


@dataclass(frozen=True)
class Who:
    """Which patients: one at the reference but for what is ``given`` (name, value), or a population. None: not said."""

    given: Sequence[tuple[str, float]] = ()
    height: float | None = None
    formula: Surface | None = None
    population: int | None = None
    seed: int | None = None

    def patients(self, drug: Drug) -> Patients:
        """The patients of that drug. Raises BadInput with all that cannot be."""
        given, problems = dict(self.given), [*self._wrong()]
        if self.height is not None and not problems:
            given["bsa"] = float(body_surface(given["weight"], self.height, self.formula or "DuBois"))
        try:
            if self.population is None:
                found = typical(drug, given)
            else:
                found = population(drug, self.population, 1 if self.seed is None else self.seed, given)
        except BadInput as bad:
            problems += [p for p in bad.problems if p not in problems]
        if problems:
            raise BadInput(drug.id, problems)
        return found

    def _wrong(self) -> Iterator[Problem]:
        names = [k for k, _ in self.given]
        for name in sorted({k for k in names if names.count(k) > 1}):
            yield Problem("twice", name, "two values", "one: as an option, or among --covariates")
        if self.seed is not None and self.population is None:
            yield Problem("without", "--seed", str(self.seed), "goes with --population: one patient has no draws")
        if self.height is None:
            if self.formula is not None:
                yield Problem("without", "--surface", self.formula, "goes with --weight and --height")
            return
        if "bsa" in names:
            yield Problem("twice", "bsa", "--bsa and --height", "either --bsa, or --weight and --height")
        if "weight" not in names:
            yield Problem("missing", "--weight", "nothing", "--height needs --weight: body surface is of both")
        elif not dict(self.given)["weight"] > 0:
            yield Problem("out-of-range", "weight", f"{dict(self.given)['weight']:g}", "a number above 0")
        if not (math.isfinite(self.height) and self.height > 0):
            yield Problem("out-of-range", "--height", f"{self.height:g}", "a number above 0")


@dataclass(frozen=True)
class Profiled:
    """Concentrations under one schedule."""

    found: Profile

    def as_json(self) -> dict[str, Any]:
        """The documented shape: numbers of one patient as they are; of a population median, lower and upper."""
        f, p = self.found, self.found.patients
        many = p.n > 1
        return {
            "drug": p.drug.id, "analyte": p.drug.analyte, "schedule": _schedule(f.schedule), "cycles": f.cycles,
            "patients": p.n, "dose_mg": _shown(f.dose[:, None], many, one=True),
            "covariates": None if many else {k: float(v[0]) for k, v in p.covariates.items()},
            "cmax": {"unit": exhibits.CONCENTRATION, "by_cycle": _shown(f.cmax, many)},
            "trough": {"unit": exhibits.CONCENTRATION, "by_cycle": _shown(f.trough, many)},
            "auc": {"unit": exhibits.AREA, "by_cycle": _shown(f.area, many), "to_infinity": _shown(f.area_for_ever[:, None], many, one=True)},
            "units": {"times": "day", "concentrations": exhibits.CONCENTRATION, "dose_mg": "mg"},
            "times": f.times, "concentrations": _shown(f.concentrations, many),
            "chain": self._chain(many),
            "assumptions": exhibits.assumptions(p.drug),
        }  # fmt: skip

    def _chain(self, many: bool) -> dict[str, Any] | None:
        c, drug = self.found.chain, self.found.patients.drug
        if c is None or drug.chain is None:
            return None
        out = drug.chain.payload
        return {
            "ratio": {"unit": exhibits.RATIO, "values": _shown(c.ratio, many)},
            "naked": {"unit": exhibits.CONCENTRATION, "values": _shown(c.naked, many)},
            "payload": {"name": out.name, "unit": "nmol", "values": _shown(c.payload, many)} if out else None,
            "metabolite": {"name": out.metabolite, "unit": "nmol", "values": _shown(c.metabolite, many)} if out and out.metabolite else None,
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """By cycle."""
        return [exhibits.cycles_table(self.found)]

    def figure(self) -> LineFigure:
        """Over time."""
        return exhibits.figure([self.found], f"{self.found.patients.drug.id}, {self.found.schedule}")


def _schedule(s: Schedule) -> dict[str, Any]:
    return {"text": str(s), "dose": str(s.dose), "days": s.days, "every_days": s.every}


def _shown(values: Any, many: bool, one: bool = False) -> Any:
    """Numbers of one patient, or median and band of many; ``one``: there is one number a patient."""
    if not many:
        return float(values[0, 0]) if one else values[0]
    b: Band = band(values)
    return {k: float(getattr(b, k)[0]) if one else getattr(b, k) for k in ("median", "lower", "upper")}


def take_profile(
    name: str, dose: str, days: tuple[int, ...], every: str, cycles: int, who: Who, trial: str = ""
) -> Profiled:
    """Concentrations of so many cycles. Raises BadInput with all that is wrong with dose, cycle and patient."""
    drug, problems = find(name, trial), list[Problem]()
    read, length, patients = None, None, None
    try:
        read = read_dose(dose)
    except BadInput as bad:
        problems += bad.problems
    try:
        length = Duration.parse(every).days
    except ValueError as error:
        problems.append(Problem("duration", "--every", repr(every), str(error)))
    if not 1 <= cycles <= MOST_TIMES:
        problems.append(Problem("out-of-range", "--cycles", f"{cycles:,}", f"1 to {MOST_TIMES:,} cycles"))
    try:
        patients = who.patients(drug)
    except BadInput as bad:
        problems += bad.problems
    if read is not None and length is not None:
        try:
            said = checked(read, days, length, "", {"days": "--days", "every": "--every"})
            if patients is not None and not problems:
                return Profiled(profile(patients, said, cycles))
        except BadInput as bad:
            problems += bad.problems
    raise BadInput(f"{name}: profile", problems)


@dataclass(frozen=True)
class Compared:
    """Several schedules of one drug over the same time."""

    profiles: tuple[Profile, ...]
    days: int

    def rows(self) -> list[dict[str, Any]]:
        """One schedule each: amounts, and the last cycle's largest, trough and area, all of medians."""
        found = []
        for f in self.profiles:
            per_cycle = float(np.median(f.dose)) * len(f.schedule.days)
            found.append(
                {
                    "schedule": _schedule(f.schedule), "cycles": f.cycles,
                    "amount_per_cycle": f.schedule.dose.value * len(f.schedule.days),
                    "amount_per_week": f.schedule.dose.value * len(f.schedule.days) / f.schedule.every * 7,
                    "basis": f.schedule.dose.basis, "mg_per_cycle": per_cycle,
                    "cmax_first": float(np.median(f.cmax[:, 0])), "cmax_last": float(np.median(f.cmax[:, -1])),
                    "trough_last": float(np.median(f.trough[:, -1])),
                    "auc_per_cycle": float(np.median(f.area[:, -1])),
                    "auc_per_week": float(np.median(f.area[:, -1])) / f.schedule.every * 7,
                }
            )  # fmt: skip
        return found

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        p = self.profiles[0].patients
        return {
            "drug": p.drug.id, "patients": p.n, "days": self.days,
            "units": {"concentration": exhibits.CONCENTRATION, "auc": exhibits.AREA},
            "schedules": self.rows(), "assumptions": exhibits.assumptions(p.drug),
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """All schedules side by side."""
        p, number = self.profiles[0].patients, exhibits.number
        columns = (
            "schedule", "given per cycle", "given per week", f"Cmax [{exhibits.CONCENTRATION}]",
            f"trough [{exhibits.CONCENTRATION}]", f"AUC per cycle [{exhibits.AREA}]", "AUC per week",
        )  # fmt: skip
        rows = [
            [
                r["schedule"]["text"], f"{r['amount_per_cycle']:g} {r['basis']}", f"{r['amount_per_week']:.4g} {r['basis']}",
                number(r["cmax_last"]), number(r["trough_last"]), number(r["auc_per_cycle"]), number(r["auc_per_week"]),
            ]
            for r in self.rows()
        ]  # fmt: skip
        who = "reference patient" if p.n == 1 else f"medians of {p.n:,} virtual patients"
        return [
            Table(f"{p.drug.id}: schedules over {self.days} days, last whole cycle, {who}", columns, rows, ("A trough is that at the end of the cycle.",))
        ]  # fmt: skip

    def figure(self) -> LineFigure:
        """All on one axis."""
        return exhibits.figure(self.profiles, f"{self.profiles[0].patients.drug.id}: schedules")


def compare(name: str, schedules: tuple[str, ...], days: int, who: Who, trial: str = "") -> Compared:
    """Hold schedules against each other over so many days. Raises BadInput with all that is wrong."""
    drug, problems, read, patients = find(name, trial), list[Problem](), list[Schedule](), None
    try:
        read = read_schedules(schedules)
    except BadInput as bad:
        problems += bad.problems
    try:
        patients = who.patients(drug)
    except BadInput as bad:
        problems += bad.problems
    low, high = max((s.every for s in read), default=1), min((s.every for s in read), default=1) * MOST_TIMES
    if read and not low <= days <= high:
        allowed = f"{low} to {high:,} days: at least the longest cycle, and at most {MOST_TIMES:,} of the shortest"
        problems.append(Problem("out-of-range", "--over", f"{days} days", allowed))
    if problems or patients is None:
        raise BadInput(f"{name}: compare", problems)
    return Compared(tuple(profile(patients, s, days // s.every) for s in read), days)
