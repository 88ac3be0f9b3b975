"""Decide: the one place where rule meets data. Is the look ripe; if so, what does the trial's rule say of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from equipoise import __version__
from equipoise.analyse.early_enough import enrolment_over
from equipoise.analyse.editions import pooled_in
from equipoise.decide.evidence import maker_of
from equipoise.decide.evidence.maker import Gathered
from equipoise.decide.late_corrections import cautions_of_corrections
from equipoise.decide.ripeness import TrialStanding, followed_until, unripe
from equipoise.decide.ruling import Ruling
from equipoise.decide.safety import safety_rulings, with_safety
from equipoise.decide.trial_rule import rule_of
from equipoise.trial.decision import Decision, Fingerprints, NotRipe, Stop
from equipoise.trial.endpoint import Landmark, Toxicity
from equipoise.trial.problem import BadInput
from equipoise.trial.resealed import cautions_of_secret
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: What a simulated trial does whose last look its rule refuses: it ends, and nothing is shown.
UNRULED = Stop("the rule does not take what the look brings: nothing is shown")


def decide(trial: Trial, snap: Snapshot, look: int, *, ends_anyway: bool = False) -> Decision | NotRipe:
    """What the trial's rule says at ``look`` of what was known at the snapshot's cut-off.

    The design rules on the evidence that it takes. Where that is the tested arm's rate, the randomised comparison stands beside the
    decision; a control arm that disagrees with history is a caution, and changes the decision only where the trial file's ``on_caution``
    says so. The same trial, log and cut-off give the same decision, to the byte. Raises BadInput for a look that there is not, or a trial without a design or [monitoring],
    and where the rule does not take the evidence; ``ends_anyway``: at the last look it ends the trial then (UNRULED), as in a simulation.
    """
    gathered = maker_of(trial).gather(trial, snap, look)
    not_ripe = _not_ripe(trial, snap, look, gathered)
    if not_ripe is not None:
        return not_ripe
    rule, seen = with_safety(rule_of(trial, look), safety_rulings(trial, snap)), gathered.seen()
    try:
        ruling = rule.of(seen)
    except BadInput as refused:
        if not ends_anyway or not trial.monitored.is_final(look):
            raise
        ruling = Ruling("nothing", UNRULED, tuple(str(p) for p in refused.problems), float("inf"), "")
    assert ruling.action is not None, "a design has always something to say"
    return Decision(
        trial=trial.id,
        look=look,
        of_looks=len(trial.monitored.design.looks),
        cutoff=snap.cutoff,
        action=ruling.action,
        because=list(ruling.because),
        cautions=[
            *ruling.cautions,
            *_definition_cautions(trial, snap),
            *cautions_of_secret(snap.events),
            *gathered.cautions(),
            *_graded(trial, snap),
            *cautions_of_corrections(trial, snap, look, gathered),
            *(f"Not in the data: {text}" for text in snap.losses),
            *_passed(trial, snap, look, gathered),
            *_together(trial, look),
        ],
        distance=ruling.distance,
        unit=ruling.unit,
        evidence=gathered.numbers(),
        beside=gathered.beside(),
        attained=gathered.attained(),
        assumptions=assumptions_behind(trial),
        fingerprints=_fingerprints(trial, snap),
    )


def _graded(trial: Trial, snap: Snapshot) -> list[str]:
    """Toxicities that the look counts, where they were graded by more than one edition of CTCAE."""
    m = trial.monitored
    looked_at = [e for e in (m.endpoint, m.toxicity) if isinstance(e, Toxicity)]
    return [text for e in looked_at for text in pooled_in(trial, snap, e)]


def decided(d: Decision, known_on: date) -> dict[str, Any]:
    """What the log keeps of a decision: later looks ask it on how much this one was taken, `verify` on which data."""
    return {
        "look": d.look,
        "action": d.action.name,
        "cutoff": d.cutoff.isoformat(),
        "known_on": known_on.isoformat(),
        **({"attained": list(d.attained)} if d.attained else {}),
        **({"head": d.fingerprints.data} if d.fingerprints.data else {}),
    }


def standing_of(trial: Trial, snap: Snapshot) -> TrialStanding:
    """How the trial stands at the cut-off: over once the planned number has come, or enrolment was closed before."""
    days = ((p.randomised.happened, p.arm) for p in snap.randomised if p.randomised is not None)
    entered = sorted(days, key=lambda e: e[0])
    tested = trial.monitored.tested.name
    return TrialStanding(
        snap.cutoff, len(entered), entered[-1][0] if entered else None, enrolment_over(trial, snap),
        [day for day, arm in entered if arm == tested],
    )  # fmt: skip


def _not_ripe(trial: Trial, snap: Snapshot, look: int, gathered: Gathered) -> NotRipe | None:
    standing, arms, waiting = standing_of(trial, snap), gathered.arms, gathered.waiting
    because = unripe(trial, look, arms, standing)
    if not because:
        return None
    final = trial.monitored.is_final(look)
    days = [
        m.expected if m.expected > snap.cutoff or m.at_latest is None else m.at_latest + timedelta(days=1)
        for m in waiting
    ]
    least = trial.monitored.monitoring.not_before
    if least:
        days.append(trial.start + timedelta(days=least[look - 1].days))
    until = followed_until(trial, look, standing)
    if until is not None:
        days.append(until)
    enrolled_enough = trial.monitored.by_cohort and (
        all(a.complete for a in arms.values()) or (final and standing.over)
    )
    return NotRipe(
        trial=trial.id,
        look=look,
        of_looks=len(trial.monitored.design.looks),
        cutoff=snap.cutoff,
        because=[*because, *(f"Not in the data: {text}" for text in snap.losses)],
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
        enrolled=sum(a.members for a in arms.values()),
        needed=sum(a.planned for a in arms.values()) if trial.monitored.by_cohort else trial.monitored.look(look).n,
        ripe_on=max(days, default=None) if enrolled_enough else None,
        fingerprints=_fingerprints(trial, snap),
    )


def _passed(trial: Trial, snap: Snapshot, look: int, gathered: Gathered) -> list[str]:
    """A look on events that is asked for when what the next one is on has come too."""
    m = trial.monitored
    if m.by_cohort or m.is_final(look) or unripe(trial, look + 1, gathered.arms, standing_of(trial, snap)):
        return []
    return [f"What look {look + 1} is on has come too: that look is due, and this one is passed."]


def _together(trial: Trial, look: int) -> list[str]:
    """A cohort of a basket: at its last look its own stages have not the last word."""
    basket = trial.whole.basket
    if basket is None or not trial.monitored.is_final(look):
        return []
    return [
        f"This is what the cohort's own stages say. The trial declares its cohorts together, by [basket] ({basket.model}), when all "
        "have ended: `equipoise basket`."
    ]


def _definition_cautions(trial: Trial, snap: Snapshot) -> list[str]:
    """The definition in force in the log against the file at hand; and who came under an earlier one."""
    recorded = [e.data["fingerprint"] for e in snap.events if e.kind in ("opened", "amended")]
    if recorded and recorded[-1] != trial.fingerprint:
        return [
            f"The trial file differs from the one that the log was opened or last amended with "
            f"(fingerprint {trial.fingerprint[:12]}, the log has {recorded[-1][:12]}): record the amendment."
        ]
    before = sum(
        trial.at(p.site, p.randomised.happened).fingerprint != trial.fingerprint
        for p in (snap.randomised if trial.amended else ())
        if p.randomised is not None
    )
    if before:
        return [
            f"{before} of {len(snap.randomised)} patients were {trial.entered} under an earlier definition of the trial; "
            f"all are analysed under the one in force at the cut-off, fingerprint {trial.fingerprint[:12]}."
        ]
    return []


def assumptions_behind(trial: Trial) -> Sequence[str]:
    """What the decision rests on that the trial's sources do not say."""
    entries = ["design", "history", "control_check"]
    if trial.monitoring is not None:
        monitored = trial.endpoint_by_name[trial.monitoring.endpoint]
        entries += ["monitoring", f"endpoints.{monitored.name}", "assessments"]
        if isinstance(monitored, Landmark):
            entries.append(f"endpoints.{monitored.of}")
        if trial.monitoring.toxicity is not None:
            entries.append(f"endpoints.{trial.monitoring.toxicity}")
    return [f"{', '.join(a.of)}: {a.because}" for a in trial.assumed(*entries)]


def _fingerprints(trial: Trial, snap: Snapshot) -> Fingerprints:
    return Fingerprints(trial=trial.fingerprint, data=snap.head, software=f"equipoise {__version__}")
