"""Ask a dose-finding design: its numbers, how it behaves, what comes next, and what may come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.dose_design import DoseDesign, End, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.history import Answer, answer, take_in
from equipoise.design.dose.interval_exact import characteristics
from equipoise.design.dose.months import expected_months
from equipoise.design.dose.paths import Node, pathways
from equipoise.files.grades import Grade, grade_of
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class AskedDose:
    """A design with all that was asked of it."""

    about: dose_shelf.DoseKind
    design: DoseDesign[Any]
    behaviour: Sequence[DoseCharacteristics]
    months: Sequence[float | None]
    grade: Grade

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        shown = [_shape(c, m) for c, m in zip(self.behaviour, self.months, strict=True)]
        return {
            "kind": self.about.name,
            "title": self.about.title,
            **self.design.numbers(),
            **({"characteristics": shown[0] if len(shown) == 1 else shown} if shown else {}),
            "protocol": self.design.describe(),
            "cautions": list(self.design.cautions),
            "reference": self.about.reference,
            "grade": {"grade": self.grade.grade, "second_hand": self.grade.second_hand, "oracle": self.grade.oracle},
        }

    def tables(self) -> list[Table]:
        """The decision table and the behaviour at each truth."""
        found = []
        rows = self.design.numbers().get("table")
        if rows:
            names = {
                "n": "Patients",
                "escalate_if_at_most": "Escalate if at most",
                "deescalate_if_at_least": "De-escalate if at least",
            }
            names["eliminate_if_at_least"] = "Eliminate if at least"
            cells: list[list[Cell]] = [["–" if row[k] is None else row[k] for k in names] for row in rows]
            found.append(Table("DLTs at the dose", list(names.values()), cells))
        for c, m in zip(self.behaviour, self.months, strict=True):
            doses = range(1, self.design.doses + 1)
            shown: list[list[Cell]] = [
                [
                    d,
                    f"{c.truth.dlt[d - 1]:g}",
                    f"{c.select[d - 1]:.4f}",
                    f"{c.patients[d - 1]:.2f}",
                    f"{c.dlts[d - 1]:.2f}",
                ]
                for d in doses
            ]
            shown.append(["none", "", f"{c.select_none:.4f}", f"{c.total:.2f} in all", f"{sum(c.dlts):.2f} in all"])
            notes = (
                []
                if m is None
                else [f"{m:.1f} months on average; who comes while a cohort is followed is turned away."]
            )
            title = f"Behaviour, {c.method}"
            found.append(Table(title, ["Dose", "True DLT rate", "Selected", "Patients", "DLTs"], shown, notes))
        return found


def ask(
    kind: str,
    given: Mapping[str, Any],
    truths: Sequence[Sequence[float]] = (),
    responses: Sequence[Sequence[float]] = (),
    accrual: float | None = None,
    window: float | None = None,
) -> AskedDose:
    """Build a design and ask how it behaves. ``accrual``: patients a month; ``window``: months for which each is followed for DLTs.

    Raises BadInput with all that is wrong.
    """
    about = dose_shelf.one(kind)
    design = built(kind, given, truths[0] if truths else None)
    if (accrual is None) != (window is None):
        missing = "--accrual" if accrual is None else "--window"
        allowed = "both: patients a month, and the months for which each is followed"
        raise BadInput("design", [Problem("half-stated", missing, "nothing", allowed)])
    behaviour = []
    for i, dlt in enumerate(truths):
        response = tuple(responses[min(i, len(responses) - 1)]) if responses else ()
        behaviour.append(characteristics(design, DoseTruth(tuple(dlt), response)))
    months = [
        expected_months(c, c.cohorts, accrual, window) if accrual is not None and window is not None else None
        for c in behaviour
    ]  # fmt: skip
    return AskedDose(about, design, behaviour, months, grade_of(about.module))


def built(kind: str, given: Mapping[str, Any], truth: Sequence[float] | None = None) -> DoseDesign[Any]:
    """The design; as many doses as its truth or its skeleton has, where their number is not stated."""
    table = dict(given)
    if "doses" in dose_shelf.spec_model(kind).model_fields and "doses" not in table and truth:
        table["doses"] = len(truth)
    return dose_shelf.build(kind, table)


def next_of(kind: str, given: Mapping[str, Any], outcomes: str) -> Answer:
    """What comes after a history. Raises BadInput for a history or a design that cannot be read."""
    return answer(built(kind, given), read_outcomes(outcomes))


@dataclass(frozen=True)
class Paths:
    """The merged tree of what may come."""

    design: DoseDesign[Any]
    nodes: Sequence[Node]

    def as_json(self) -> dict[str, Any]:
        """The documented shape: nodes with their ways."""
        return {"nodes": [_node(n) for n in self.nodes]}

    def table(self) -> Table:
        """A row a node."""
        rows = []
        for n in self.nodes:
            shown = _node(n)
            ways = "; ".join(f"{w['outcomes']} → {w['to']}" for w in shown["ways"])
            rows.append(
                [n.number, n.depth, shown["action"], shown["dose"] or "none", shown["recommend"] or "none", ways]
            )
        return Table(
            "Pathways", ["State", "Cohorts on", "Action", "Next dose", "If it ended now", "Outcomes → state"], rows
        )


def paths_of(kind: str, given: Mapping[str, Any], outcomes: str, cohorts: int) -> Paths:
    """The pathways after a history. Raises BadInput where somebody in it is pending: what may come of him is not a cohort's."""
    design = built(kind, given)
    told = take_in(design, read_outcomes(outcomes))
    if told.waiting:
        allowed = "a history of which everybody is known"
        raise BadInput("outcomes", [Problem("pending", "outcomes", "; ".join(told.waiting), allowed)])
    return Paths(design, pathways(design, told.state, cohorts))


def _node(n: Node) -> dict[str, Any]:
    action = n.verdict.action
    recommend = (n.recommend or None) if not isinstance(action, End) or action.declares else None
    dose = recommend if isinstance(action, End) else action.dose
    return {
        "state": n.number,
        "depth": n.depth,
        "at": n.at or None,
        "action": n.verdict.name(n.at),
        "dose": dose,
        "size": 0 if isinstance(action, End) else action.size,
        "because": list(n.verdict.because),
        "recommend": recommend,
        "ways": [{"outcomes": _letters(s), "to": to} for s, to in n.ways],
    }


def _letters(seen: Seen) -> str:
    return "N" * seen.none + "T" * seen.toxic + "E" * seen.response + "B" * seen.both


def _shape(c: DoseCharacteristics, months: float | None) -> dict[str, Any]:
    return {
        "method": c.method,
        "truth": list(c.truth.dlt),
        **({"response": list(c.truth.response)} if c.truth.response else {}),
        "select": list(c.select),
        "select_none": c.select_none,
        "patients": list(c.patients),
        "dlts": list(c.dlts),
        "total_patients": c.total,
        "ends": dict(c.ends),
        "months": months,
        "mc_error": None if c.mc_error is None else list(c.mc_error),
    }
