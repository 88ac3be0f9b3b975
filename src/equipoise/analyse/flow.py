"""Patient flow after CONSORT 2025: screened, excluded, randomised, treated, discontinued and why, left, analysed."""

from __future__ import annotations

from collections import Counter

from equipoise.analyse.binary import status_of
from equipoise.analyse.disposition import discontinued, ended
from equipoise.analyse.eligibility import awaits_review, found_ineligible
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import FlowArm, FlowBox, FlowFigure
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def flow(trial: Trial, snap: Snapshot) -> FlowFigure:
    """The flow of patients as a figure. Patients may fail several criteria; each is counted under each."""
    patients = list(snap.patients.values())
    screened = [p for p in patients if p.screened]
    failed = [p for p in screened if p.failed_criteria]
    reasons = Counter(n for p in failed for n in p.failed_criteria)
    text = {c.number: c.text for c in trial.eligibility}
    randomised = snap.randomised
    of_phase1 = [p for p in screened if p.of_phase1 and p.randomised is None and not p.failed_criteria]
    waiting = len(screened) - len(failed) - len(of_phase1) - sum(p.randomised is not None for p in screened)
    excluded = [f"criterion {n} ({text[n]}): {k}" for n, k in sorted(reasons.items())]
    side = [FlowBox("Not eligible", len(failed), excluded)] if screened else []
    if of_phase1:
        at = Counter(p.assigned.data["level"] if p.assigned is not None else "" for p in of_phase1)
        levels = [f"{label}: {at[label]}" for label in trial.level_numbers if at[label]]
        side.append(FlowBox("In phase I", len(of_phase1), [*levels, *([f"no level: {at['']}"] if at[""] else [])]))
    if waiting:
        side.append(FlowBox(f"Eligible, not {trial.entered}", waiting))
    endpoint = trial.endpoint_by_name.get(trial.monitoring.endpoint) if trial.monitoring else None
    columns = []
    for arm in trial.arms:
        group = snap.on_arm(arm.name)
        boxes = [FlowBox("Allocated", len(group))]
        if arm.regimen and any(p.doses for p in randomised):
            treated = sum(bool(p.doses) for p in group)
            boxes.append(FlowBox("Received treatment", treated, [f"not treated: {len(group) - treated}"]))
            # CONSORT 2025, 22b: who discontinued the intervention, with reasons.
            stopped = Counter(str(ended(p)) for p in group if discontinued(p))
            why = [f"{reason}: {k}" for reason, k in sorted(stopped.items(), key=lambda item: (-item[1], item[0]))]
            boxes.append(FlowBox("Discontinued treatment", stopped.total(), why))
        if (review := trial.eligibility_review) is not None:
            out = sum(bool(found_ineligible(p, review, snap.cutoff)) for p in group)
            waits = sum(awaits_review(p, review, snap.cutoff) for p in group)
            boxes.append(
                FlowBox(
                    f"Eligible by {review.by}",
                    len(group) - out - waits,
                    [f"ineligible ({review.ineligible}): {out}", f"awaiting review: {waits}"],
                )
            )
        boxes.append(
            FlowBox(
                "Followed",
                None,
                [
                    f"died: {sum(p.died is not None for p in group)}",
                    f"withdrew: {sum(p.withdrawn is not None for p in group)}",
                    f"lost: {sum(p.lost is not None for p in group)}",
                ],
            )
        )
        if endpoint is not None and not isinstance(endpoint, TimeToEvent):
            statuses = [s for p in group if (s := status_of(p, endpoint, trial, snap.cutoff))]
            count = Counter(s.status for s in statuses)
            boxes.append(
                FlowBox(
                    f"Evaluable for {endpoint.name}",
                    count["success"] + count["failure"],
                    [f"not evaluable: {count['not evaluable']}", f"still pending: {count['pending']}"],
                )
            )
        else:
            boxes.append(FlowBox("Analysed", len(group)))
        columns.append(FlowArm(arm.label, boxes))
    trunk = [FlowBox("Screened", len(screened))] if screened else []
    trunk.append(FlowBox(trial.entered.capitalize(), len(randomised)))
    return FlowFigure(
        "Patient flow",
        trunk,
        side,
        columns,
        caption="A patient who failed several criteria is counted under each.",
    )
