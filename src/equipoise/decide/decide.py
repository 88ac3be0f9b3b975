"""Decide: the one place where rule meets data. Is the look ripe; if so, what does the design say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from equipoise import __version__
from equipoise.analyse.landmark import Cohort, cohort
from equipoise.analyse.randomised import randomised_comparison
from equipoise.decide.on_caution import Counts, consequence
from equipoise.history.control_check import control_check
from equipoise.trial.decision import Decision, Fingerprints, NotRipe
from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def decide(trial: Trial, design: Design[Evidence], snap: Snapshot, look: int) -> Decision | NotRipe:
    """What the design says at ``look`` of what was known at the snapshot's cut-off.

    The tested arm is compared with history, by the design. The randomised comparison stands beside the decision; a control
    arm that disagrees with history is a caution, and changes the decision only where the trial file's ``on_caution`` says so. The same trial, log and cut-off give the
    same decision, to the byte.
    """
    cohorts = look_cohorts(trial, design, snap, look)
    not_ripe = _not_ripe(trial, design, snap, look, cohorts)
    if not_ripe is not None:
        return not_ripe
    tested = cohorts[trial.tested_arms[0].name]
    evidence = Evidence(
        look=look,
        arm=trial.tested_arms[0].name,
        n=len(tested.members),
        successes=tested.successes,
        earlier_n=design.looks[look - 2].n if look > 1 else 0,
    )
    verdict = design.verdict(evidence)
    check = control_check(trial, cohorts, snap)
    action, because, distance, unit = verdict.action, list(verdict.because), verdict.distance, verdict.unit
    if check is not None and check.caution:
        control = cohorts[trial.control_arms[0].name]
        counts = Counts(
            tested.successes, len(tested.members), control.successes, len(control.members), look == len(design.looks)
        )
        changed = consequence(trial, counts)
        if changed is not None:
            before = f"By the design alone: {action.name}. {because[0]}"
            action, because = changed.action, [changed.because, before, *because[1:]]
            if changed.distance is not None:
                distance, unit = changed.distance, changed.unit
    cautions = [
        *verdict.cautions,
        *_definition_cautions(trial, snap),
        *([check.caution] if check is not None and check.caution else []),
        *_cohort_cautions(cohorts),
    ]
    return Decision(
        trial=trial.id,
        look=look,
        of_looks=len(design.looks),
        cutoff=snap.cutoff,
        action=action,
        because=because,
        cautions=cautions,
        distance=distance,
        unit=unit,
        evidence={name: _cohort_numbers(c) for name, c in cohorts.items()},
        beside={
            "randomised comparison": randomised_comparison(trial, snap, cohorts),
            "control arm against history": check.numbers if check is not None else None,
        },
        assumptions=assumptions_behind(trial),
        fingerprints=_fingerprints(trial, snap),
    )


def look_cohorts(trial: Trial, design: Design[Evidence], snap: Snapshot, look: int) -> dict[str, Cohort]:
    """The cohorts of a look: the tested arm's, and the control arm's where the trial names one."""
    monitoring = trial.monitoring
    if monitoring is None:
        raise BadInput(
            trial.id,
            [Problem("no-monitoring", "monitoring", "nothing", "a trial with a design and [monitoring]")],
        )
    if not 1 <= look <= len(design.looks):
        raise BadInput(trial.id, [Problem("no-such-look", "look", str(look), f"1 to {len(design.looks)}")])
    endpoint = trial.landmark(monitoring.endpoint)
    tested = trial.tested_arms[0].name
    cohorts = {tested: cohort(snap.on_arm(tested), endpoint, trial, snap.cutoff, design.looks[look - 1].n)}
    if monitoring.control_cohort and trial.control_arms:
        control = trial.control_arms[0].name
        cohorts[control] = cohort(
            snap.on_arm(control), endpoint, trial, snap.cutoff, monitoring.control_cohort[look - 1]
        )
    return cohorts


def enrolment_complete(trial: Trial, snap: Snapshot) -> bool:
    """True once the planned number is randomised, or enrolment was closed before."""
    return len(snap.randomised) >= trial.target_enrolment or any(e.kind == "enrolment closed" for e in snap.events)


def _not_ripe(
    trial: Trial, design: Design[Evidence], snap: Snapshot, look: int, cohorts: Mapping[str, Cohort]
) -> NotRipe | None:
    final = look == len(design.looks)
    complete = enrolment_complete(trial, snap)
    because: list[str] = []
    for name, c in cohorts.items():
        label = trial.arm_by_name[name].label
        if not c.complete and not (final and complete):
            if complete:
                because.append(
                    f"{label}: {len(c.members)} patients count, {c.planned} are needed, and enrolment is over"
                )
            else:
                because.append(f"{label}: {len(c.members)} of the {c.planned} patients of this look are enrolled")
        if c.pending:
            because.append(f"{label}: {len(c.pending)} of {len(c.members)} patients are still to be followed")
    follow_up_until = _follow_up_until(trial, snap) if final else None
    if final and not complete:
        because.append(f"{len(snap.randomised)} of {trial.target_enrolment} patients are randomised")
    elif follow_up_until is not None and snap.cutoff < follow_up_until:
        because.append(f"the last patient randomised is still to be followed, until {follow_up_until}")
    if not because:
        return None
    waiting = [m for c in cohorts.values() for m in c.pending]
    days = [m.expected if m.expected > snap.cutoff else m.at_latest + timedelta(days=1) for m in waiting]
    if follow_up_until is not None:
        days.append(follow_up_until)
    enrolled_enough = all(c.complete for c in cohorts.values()) or (final and complete)
    return NotRipe(
        trial=trial.id,
        look=look,
        of_looks=len(design.looks),
        cutoff=snap.cutoff,
        because=because,
        waiting=[
            {
                "patient": m.patient,
                "arm": m.arm,
                "because": m.because,
                "expected": m.expected,
                "at_latest": m.at_latest,
            }
            for m in waiting
        ],
        enrolled=sum(len(c.members) for c in cohorts.values()),
        needed=sum(c.planned for c in cohorts.values()),
        ripe_on=max(days, default=None) if enrolled_enough else None,
        fingerprints=_fingerprints(trial, snap),
    )


def _follow_up_until(trial: Trial, snap: Snapshot) -> date | None:
    if trial.monitoring is None or not snap.randomised:
        return None
    last = snap.randomised[-1].randomised
    assert last is not None
    return last.happened + timedelta(days=trial.monitoring.final_follow_up.days)


def _definition_cautions(trial: Trial, snap: Snapshot) -> list[str]:
    """The definition in force in the log against the file at hand."""
    recorded = [e.data["fingerprint"] for e in snap.events if e.kind in ("opened", "amended")]
    if recorded and recorded[-1] != trial.fingerprint:
        return [
            f"The trial file differs from the one that the log was opened or last amended with "
            f"(fingerprint {trial.fingerprint[:12]}, the log has {recorded[-1][:12]}): record the amendment."
        ]
    return []


def _cohort_cautions(cohorts: Mapping[str, Cohort]) -> list[str]:
    return [
        f"Arm {name}: {len(c.passed_over)} of the first {len(c.members) + len(c.passed_over)} patients could not be "
        f"evaluated and {'is' if len(c.passed_over) == 1 else 'are'} not counted."
        for name, c in cohorts.items()
        if c.passed_over
    ]


def _cohort_numbers(c: Cohort) -> dict[str, Any]:
    failures = sum(m.status == "failure" for m in c.members)
    return {
        "planned": c.planned,
        "n": len(c.members),
        "successes": c.successes,
        "failures": failures,
        "not_evaluable_counted_as_failure": len(c.members) - c.successes - failures,
        "not_evaluable_replaced": len(c.passed_over),
        "rate": c.successes / len(c.members) if c.members else None,
    }


def assumptions_behind(trial: Trial) -> Sequence[str]:
    """What the decision rests on that the trial's sources do not say."""
    entries = ["design", "history", "control_check"]
    if trial.monitoring is not None:
        monitored = trial.landmark(trial.monitoring.endpoint)
        entries += ["monitoring", f"endpoints.{monitored.name}", f"endpoints.{monitored.of}", "assessments"]
    return [f"{', '.join(a.of)}: {a.because}" for a in trial.assumed(*entries)]


def _fingerprints(trial: Trial, snap: Snapshot) -> Fingerprints:
    return Fingerprints(trial=trial.fingerprint, data=snap.head, software=f"equipoise {__version__}")
