"""Audit: does what was recorded at each time point follow from the lesions, by the criteria? Every place where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from equipoise.analyse.criteria.criterion import Criterion, TimePoint, scans_of
from equipoise.analyse.criteria.selection import selection_findings
from equipoise.analyse.criteria.untangle import size_of
from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.lesion import Reading, readings
from equipoise.trial.measured import shown as measured_in_words
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies import PROGRESSIONS, VOCABULARIES
from equipoise.trial.vocabularies.recist11 import NON_CR_NON_PD, SD

Rule = Literal[
    "target response",
    "non-target response",
    "overall response from its parts",
    "overall response from lesions",
    "overall response from measurements",
    "sum of diameters",
    "choice of lesions",
    "time point twice",
    "no response recorded",
]
RULES: tuple[Rule, ...] = (
    "target response", "non-target response", "overall response from its parts", "overall response from lesions",
    "overall response from measurements", "sum of diameters", "choice of lesions", "time point twice", "no response recorded",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: what was recorded, what follows, why, and the lesions that show it."""

    patient: str
    assessor: str
    visit: str
    on: date
    rule: Rule
    recorded: str
    derived: str
    because: str
    lesions: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Audit:
    """What was looked at, and what was found. ``compared`` counts the responses of each rule that could be compared; ``others`` the
    time points whose response is by another criterion, which are not held against this one."""

    criterion: str
    patients: int
    time_points: Mapping[str, int]
    compared: Mapping[tuple[Rule, str], int]
    findings: Sequence[Finding]
    others: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _counts(self) -> Counter[tuple[Rule, str]]:
        return Counter((f.rule, f.assessor) for f in self.findings)

    def count(self, rule: Rule, assessor: str) -> int:
        """Findings of a rule for an assessor."""
        return self._counts[rule, assessor]


def audit(patients: Iterable[Patient], criterion: Criterion) -> Audit:
    """Derive the response of every patient, assessor and time point, and hold the record against it."""
    n = 0
    time_points: Counter[str] = Counter()
    compared: Counter[tuple[Rule, str]] = Counter()
    findings: list[Finding] = []
    others: Counter[str] = Counter()
    for patient in patients:
        by_assessor = {INVESTIGATOR: patient.assessments} | patient.readers
        n += any(by_assessor.values())
        for assessor, read in by_assessor.items():
            baseline = [a for a in read if a.baseline]
            after = [a for a in read if not a.baseline]
            time_points[assessor] += len(after)
            others.update(str(a.event.data["criterion"]) for a in after if _by_another(a))
            if criterion.reads == "lesions":
                findings += _choice(patient, assessor, baseline)
            findings += _twice(patient, assessor, after)
            points = {p.event: p for p in criterion.read(scans_of(read, criterion.reads))}
            for one in read:
                findings += _one(patient, assessor, one, points.get(one.number), criterion, compared)
    return Audit(criterion.name, n, dict(time_points), dict(compared), findings, dict(others))


def _by_another(a: Assessment) -> bool:
    return not a.word.known and "criterion" in a.event.data


def _one(
    patient: Patient,
    assessor: str,
    assessment: Assessment,
    point: TimePoint | None,
    criterion: Criterion,
    compared: Counter[tuple[Rule, str]],
) -> list[Finding]:
    data = assessment.event.data
    seen = readings(assessment.lesions)
    found: list[Finding] = []

    def compare(rule: Rule, recorded: str, derived: str, because: str) -> None:
        compared[rule, assessor] += 1
        # From its parts alone nobody tells whether a progression is confirmed.
        same = rule == "overall response from its parts" and {recorded, derived} <= PROGRESSIONS
        if recorded != derived and not same:
            found.append(_finding(patient, assessor, assessment, rule, recorded, derived, because, seen))

    total = _sum(seen)
    if data.get("sum_mm") is not None and total is not None:
        same = abs(data["sum_mm"] - total) <= 0.05
        compare(
            "sum of diameters",
            f"{data['sum_mm']:.4g} mm",
            f"{data['sum_mm'] if same else total:.4g} mm",
            "The sum of the diameters that were recorded.",
        )
    if assessment.baseline:
        return found
    if _by_another(assessment):
        return found
    recorded, target, other = data["response"], data.get("target", ""), data.get("non_target", "")
    # Before there was a word for it, what neither went nor progressed was stable.
    other = NON_CR_NON_PD if other == SD else other
    # What was recorded of new lesions counts where anything was; else what was read.
    new = data.get("new_lesion", any(r.kind == "new" and r.state == "unequivocal" for r in seen))
    if not recorded or not assessment.word.known:
        found.append(
            _finding(patient, assessor, assessment, "no response recorded", recorded or "nothing", "", "", seen)
        )
        recorded = ""
    if recorded and (target or other):
        because = f"From target {target or 'none'}, non-target {other or 'none'}, {'a' if new else 'no'} new lesion."
        compare("overall response from its parts", recorded, criterion.overall(target, other, new), because)
    if point is not None:
        if target:
            compare("target response", target, point.target, point.because[0])
        if other:
            because = next((s for s in point.because if s.startswith("Non-target")), point.sentence)
            compare("non-target response", other, point.non_target, because)
        if recorded:
            of: Rule = "overall response from lesions"
            if criterion.reads == "measurements":
                of = "overall response from measurements"
            compare(of, recorded, point.overall, point.sentence)
    return found


def _finding(
    patient: Patient,
    assessor: str,
    assessment: Assessment,
    rule: Rule,
    recorded: str,
    derived: str,
    because: str,
    seen: Sequence[Reading],
) -> Finding:
    kinds: tuple[str, ...] = ("target", "non-target", "new")
    if rule in ("target response", "sum of diameters"):
        kinds = ("target",)
    elif rule == "non-target response":
        kinds = ("non-target",)
    a = assessment
    measures = [m for v in VOCABULARIES.values() for m in v.measures] if a.measurements else []
    shown = (*(_shown(r) for r in seen if r.kind in kinds), *measured_in_words(a.measurements, measures))
    return Finding(patient.name, assessor, a.visit, a.happened, rule, recorded, derived, because, shown, a.event.source)


def _shown(r: Reading) -> str:
    size = f" {r.size:.4g} mm" if r.size is not None else ""
    return f"{r.lesion}{f' {r.organ.lower()}' if r.organ else ''}: {r.state}{size}"


def _sum(seen: Sequence[Reading]) -> float | None:
    """The sum of all measured target lesions [mm]; None if there is none, or one was not evaluated."""
    sizes = [size_of(r) for r in seen if r.kind == "target" and r.state != "merged"]
    known = [s for s in sizes if s is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def _choice(patient: Patient, assessor: str, baseline: Sequence[Assessment]) -> list[Finding]:
    found = []
    for a in baseline:
        for why, shown in selection_findings(readings(a.lesions)):
            found.append(
                Finding(
                    patient.name, assessor, a.visit, a.happened, "choice of lesions", "target", "not a target", why,
                    tuple(_shown(r) for r in shown), a.event.source,
                )
            )  # fmt: skip
    return found


def _twice(patient: Patient, assessor: str, read: Sequence[Assessment]) -> list[Finding]:
    visits = Counter(a.visit or a.happened.isoformat() for a in read)
    return [
        Finding(
            patient.name, assessor, a.visit, a.happened, "time point twice", a.recorded, "",
            f"{visits[a.visit or a.happened.isoformat()]} records of one time point.", (), a.event.source,
        )
        for a in read
        if visits[a.visit or a.happened.isoformat()] > 1
    ]  # fmt: skip


def counts_table(found: Audit) -> Table:
    """How often the record does not follow, by rule and assessor."""
    assessors = list(found.time_points)
    rows: list[list[Cell]] = [["Time points after baseline", *(found.time_points[a] for a in assessors)]]
    for rule in RULES:
        if any(found.count(rule, a) or found.compared.get((rule, a)) for a in assessors):
            rows.append([rule.capitalize(), *(_of(found, rule, a) for a in assessors)])
    return Table(
        f"Recorded responses that do not follow by {found.criterion}",
        ["", *(a.capitalize() for a in assessors)],
        rows,
        notes=(
            "Findings of those that could be compared; a choice of lesions is counted by lesion, at baseline.",
            *(
                f"Recorded by {c} and not held against {found.criterion}: {n} time points."
                for c, n in found.others.items()
            ),
        ),
    )


def _of(found: Audit, rule: Rule, assessor: str) -> str:
    n, of = found.count(rule, assessor), found.compared.get((rule, assessor))
    return f"{n} of {of} ({100 * n / of:.1f}%)" if of else str(n)
