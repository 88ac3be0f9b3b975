"""The safety rules beside a trial's design: what each says of the data of a day, and how that joins the ruling at a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from equipoise.decide.ruling import Codes, Outcomes, Rule, Ruling, Seen, code_of
from equipoise.decide.watch import watch_of
from equipoise.decide.watch.watch import Reading
from equipoise.trial.decision import Action, Stop
from equipoise.trial.event import Event
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.when import Reached


@dataclass(frozen=True)
class SafetyRuling:
    """What a safety rule says at a cut-off. ``due``: '' where it is to be looked at now, else why not yet. ``anew``: events came
    since it last spoke, so that a pause that was reviewed begins again."""

    rule: SafetyRule
    cutoff: date
    known_on: date
    reading: Reading
    ruling: Ruling
    due: str
    anew: bool

    @property
    def speaks(self) -> bool:
        """Its boundary is reached."""
        return self.reading.speaks

    @property
    def says(self) -> str:
        """'speaks', 'ended: the rate is acceptable', 'is silent'."""
        if self.speaks:
            return "speaks"
        return "has ended: nothing was found" if self.reading.ended else "is silent"


def safety_rulings(trial: Trial, snap: Snapshot) -> Sequence[SafetyRuling]:
    """Each rule's ruling on what was known at the cut-off, in the order of the trial file."""
    return [safety_ruling(trial, snap, rule) for rule in trial.safety]


def safety_ruling(trial: Trial, snap: Snapshot, rule: SafetyRule) -> SafetyRuling:
    """One rule's ruling."""
    found = watch_of(rule).read(trial, snap, rule)
    before = last_look(snap.events, rule)
    return SafetyRuling(
        rule, snap.cutoff, snap.known_on, found, ruling_of(rule, found), _due(trial, snap, rule, found, before),
        anew=found.speaks and (before is None or not before.data["speaks"] or found.events > before.data["events"]),
    )  # fmt: skip


def ruling_of(rule: SafetyRule, found: Reading) -> Ruling:
    """A rule that speaks stops the trial, or cautions; one that is silent has no objection."""
    said = f"Safety rule {rule.name} ({rule.label}) speaks: {' '.join(found.because)}"
    action: Action | None = Stop("safety") if found.speaks and rule.does == "stop" else None
    reasons, cautions = ((said,) if action is not None else tuple(found.because)), tuple(found.cautions)
    if found.speaks and action is None:
        does = "This is a caution." if rule.does == "caution" else f"Enrolment pauses for its review, {rule.review}."
        cautions = (f"{said} {does}", *cautions)
    distance = float("inf") if found.distance is None else found.distance
    return Ruling(f"safety rule {rule.name}", action, reasons, distance, found.unit, cautions)


def last_look(events: Sequence[Event], rule: SafetyRule) -> Event | None:
    """The last look at a rule that is in the log."""
    return next((e for e in reversed(events) if e.kind == "safety look" and e.data["rule"] == rule.name), None)


def _due(trial: Trial, snap: Snapshot, rule: SafetyRule, found: Reading, before: Event | None) -> str:
    seen = before.data if before is not None else {"watched": 0, "events": 0}
    if rule.on_endpoint and seen["events"] >= rule.planned[-1]:
        return "its last planned look has been taken"
    last = date.fromisoformat(before.data["cutoff"]) if before is not None else None
    when = rule.when(trial.start, last, seen["events"])
    return when.missing(
        Reached(
            snap.cutoff,
            evaluable=found.watched,
            events=found.events,
            evaluable_before=seen["watched"],
            events_before=seen["events"],
        )
    )


def look_data(r: SafetyRuling) -> dict[str, Any]:
    """What the log keeps of a look at a rule: the next is due by what came since."""
    return {
        "rule": r.rule.name,
        "speaks": r.speaks,
        "does": r.rule.does,
        "events": r.reading.events,
        "watched": r.reading.watched,
        "cutoff": r.cutoff.isoformat(),
        "known_on": r.known_on.isoformat(),
    }


class SafetyRules(Rule):
    """What the safety rules say on a day, to stand beside the rule of a look: whatever that look shows, it is the same."""

    def __init__(self, said: SafetyRuling) -> None:
        self.said = said

    def of(self, seen: Seen) -> Ruling:
        """The ruling of that day. A rule that is silent says nothing of itself beside a decision."""
        ruling = self.said.ruling
        if self.said.speaks:
            return ruling
        return Ruling(ruling.by, None, (), ruling.distance, ruling.unit)

    def table(self, outcomes: Outcomes) -> Codes:
        """The same action on every outcome."""
        m = outcomes.m if outcomes.y is None else 0
        return np.full((outcomes.n + 1, m + 1), code_of(self.said.ruling.action), dtype=np.int8)


def with_safety(rule: Rule, said: Sequence[SafetyRuling]) -> Rule:
    """A rule *and* all safety rules: it goes on only if none of them stops the trial."""
    for each in said:
        rule = rule & SafetyRules(each)
    return rule
