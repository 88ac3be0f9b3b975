"""The flow of patients where the dose is found: a column a level."""

from __future__ import annotations

from equipoise.dossier.escalation.findings import Escalation
from equipoise.trial.exhibits import FlowArm, FlowBox, FlowFigure


def level_flow(f: Escalation) -> FlowFigure:
    """From screening to who can be judged for DLTs, by dose level; levels to which nobody was assigned are left out."""
    everybody = list(f.snap.patients.values())
    screened = [p for p in everybody if p.screened]
    failed = [p for p in screened if p.failed_criteria]
    assigned = {p.patient for p in f.patients}
    enrolled = [p for p in everybody if p.enrolled is not None]
    waiting = sum(p.name not in assigned for p in enrolled)
    side = [FlowBox("Not eligible", len(failed))] if failed else []
    if waiting:
        side.append(FlowBox("Enrolled, at no dose level", waiting))
    columns = []
    for i, x in enumerate(f.trial.dose_levels, 1):
        own = [p for p in f.patients if p.level == i]
        if not own:
            continue
        records = [f.snap.patients[p.patient] for p in own]
        letters = [p.letter for p in own]
        judged = letters.count("N") + letters.count("T")
        columns.append(
            FlowArm(
                f"{x.label}, {x}",
                [
                    FlowBox("Assigned", len(own)),
                    FlowBox("Treated", sum(bool(r.doses) for r in records)),
                    FlowBox(
                        "Evaluable for DLT",
                        judged,
                        [
                            f"with a DLT: {letters.count('T')}",
                            f"pending: {letters.count('P')}",
                            f"replaced: {letters.count('X')}",
                        ],
                    ),
                    FlowBox(
                        "Off treatment",
                        sum(r.treatment_ended is not None for r in records),
                        [f"died: {sum(r.died is not None for r in records)}"],
                    ),
                ],
            )
        )
    trunk = [FlowBox("Screened", len(screened)), FlowBox("Enrolled", len(enrolled))]
    return FlowFigure("Patient flow by dose level", trunk, side, columns)
