"""One time-to-event endpoint under several published rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from equipoise.analyse.sensitivity import AS_STATED, Sensitivity, changes_table, overlay, sensitivity, side_by_side
from equipoise.trial.check import near
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import SurvivalFigure, Table
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Question:
    """What is asked of a trial: the endpoint, sets of rules, whose assessments count, and whose curves are drawn."""

    trial: Trial
    endpoint: TimeToEvent
    rules: Sequence[str]
    assessors: Sequence[str]
    arm: str

    def answer(self, snap: Snapshot) -> Sensitivity:
        """The endpoint under each set, and the patients whose result changes."""
        return sensitivity(self.trial, snap, self.endpoint, self.rules, self.assessors)

    def table(self, found: Sensitivity) -> Table:
        """The sets beside each other."""
        return side_by_side(self.trial, found)

    def figure(self, snap: Snapshot, found: Sensitivity) -> SurvivalFigure:
        """The arm's curves under each set."""
        return overlay(self.trial, snap, self.endpoint, found, self.arm)


def changes(found: Sensitivity) -> Table:
    """The patients whose result changes."""
    return changes_table(found)


def question(
    trial: Trial, endpoint: str, rules: Sequence[str] = (), assessors: Sequence[str] = (), arm: str | None = None
) -> Question:
    """What is asked: without rules as stated, then FDA's and EMA's. Raises BadInput with every name that is not known."""
    times = {e.name: e for e in trial.endpoints if isinstance(e, TimeToEvent)}
    known = [AS_STATED, *NAMED_RULES]
    arms = [a.name for a in (*trial.tested_arms, *trial.control_arms)]
    problems = list(_unknown("rules", rules, known))
    if endpoint not in times:
        allowed = f"a time to event: {', '.join(times)}"
        step = near(endpoint, list(times))
        problems.append(Problem("unknown-endpoint", "--endpoint", repr(endpoint), allowed, step))
    problems += _unknown("arm", () if arm is None else (arm,), arms)
    if problems:
        raise BadInput(trial.id, problems)
    usual = (AS_STATED, *(r for r in NAMED_RULES if r != "NORTH"))
    of = times[endpoint]
    return Question(trial, of, rules or usual, assessors or (of.assessor,), arm or arms[0])


def _unknown(what: str, given: Sequence[str], known: Sequence[str]) -> Iterator[Problem]:
    for name in given:
        if name not in known:
            allowed = f"one of {', '.join(known)}"
            yield Problem(f"unknown-{what}", f"--{what}", repr(name), allowed, near(name, list(known)))
