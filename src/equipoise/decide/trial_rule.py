"""The rule of a trial at its looks: the design, and what a control arm that contradicts history changes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.on_caution import Counts, OnCaution, consequence, needed
from equipoise.decide.ruling import (
    CONTINUE,
    DECLARE,
    REFUSED,
    STOP,
    Codes,
    Outcomes,
    Rule,
    Ruling,
    Seen,
    by_count,
    code_of,
)
from equipoise.history.control_check import checked, numbers_by_count
from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence, TwoArmEvidence
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import ControlCheck
from equipoise.trial.trial import Trial


class DesignRule(Rule):
    """The design's own verdict on the tested arm."""

    def __init__(self, design: Design[Evidence]) -> None:
        self.design: Any = design

    def of(self, seen: Seen) -> Ruling:
        """The verdict."""
        v = self.design.verdict(seen.evidence)
        return Ruling("design", v.action, tuple(v.because), v.distance, v.unit, tuple(v.cautions))

    def table(self, outcomes: Outcomes) -> Codes:
        """The verdict on every count; REFUSED where the design takes no such number.

        Of one rate it is the same whatever the controls show.
        """
        o = outcomes
        if self.design.takes is TwoArmEvidence:
            of = range(o.m + 1) if o.y is None else (o.y,)
            return np.hstack([_of_two(self.design, o.look, o.n, o.m, y, o.earlier) for y in of])
        return _verdicts(self.design, o.look, o.arm, o.n, o.earlier_n, o.earlier_successes)


class UnlessControlsContradict(Rule):
    """A rule, unless the control arm contradicts history: then what the trial file's ``on_caution`` says takes over."""

    def __init__(self, rule: Rule, trial: Trial, check: ControlCheck, *, last: bool) -> None:
        assert trial.history is not None, "checked when the trial file is read"
        self.rule, self.trial, self.check, self.last = rule, trial, check, last
        self.then = on_caution_of(trial)

    def of(self, seen: Seen) -> Ruling:
        """The rule's ruling with the check's caution, if there is one, and what it changes."""
        ruling = self.rule.of(seen)
        found = checked(self.trial, *seen.control, seen.times) if seen.control is not None else None
        if found is None or found.caution is None or seen.control is None:
            return ruling
        cautious = replace(ruling, cautions=(*ruling.cautions, found.caution))
        y, m = seen.control
        e = seen.evidence
        changed = consequence(self.then, Counts(e.successes, e.n, y, m, self.last))
        if changed is None or ruling.action is None:
            return cautious
        before = f"By the {ruling.by} alone: {ruling.action.name}. {ruling.because[0]}"
        return Ruling(
            f"{ruling.by}, unless the control arm contradicts history", changed.action,
            (changed.because, before, *ruling.because[1:]),
            ruling.distance if changed.distance is None else changed.distance,
            ruling.unit if changed.distance is None else changed.unit, cautious.cautions, (ruling,),
        )  # fmt: skip

    def table(self, outcomes: Outcomes) -> Codes:
        """The action on every pair of counts."""
        n, m = outcomes.n, outcomes.m
        of = range(m + 1) if outcomes.y is None else (outcomes.y,)
        found = np.repeat(self.rule.table(outcomes), len(of), axis=1)
        if not self.then.takes_over or m == 0:
            return found
        warned = cautions(self.trial, m) if outcomes.warned is None else np.full(m + 1, outcomes.warned)
        goes = DECLARE if self.last else CONTINUE
        for i, y in enumerate(of):
            if warned[y]:
                least = needed(self.then, n, y, m, self.last)
                instead = np.where(np.arange(n + 1) >= least, goes, STOP)
                found[:, i] = np.where(found[:, i] == REFUSED, REFUSED, instead)
        return found


def rule_of(trial: Trial, look: int) -> Rule:
    """What has a say at look ``look`` (from 1) of a monitored trial."""
    found: Rule = DesignRule(trial.monitored.design)
    if trial.control_check is not None and trial.history is not None:
        found = UnlessControlsContradict(found, trial, trial.control_check, last=trial.monitored.is_final(look))
    return found


def cautions(trial: Trial, m: int) -> NDArray[np.bool_]:
    """Whether each number of successes 0 … m of ``m`` controls raises a caution; none without a check, or for one of times."""
    check = trial.control_check
    if check is None or trial.history is None or m == 0 or check.method == "one-sample log-rank":
        return np.zeros(m + 1, dtype=np.bool_)
    return numbers_by_count(check, trial.history.rate, m) < check.alpha


def on_caution_of(trial: Trial) -> OnCaution:
    """What a caution changes in this trial."""
    check = trial.control_check
    assert check is not None
    assert trial.history is not None
    return OnCaution(check.on_caution, trial.monitored.alpha, trial.history.rate, check.worth)


@lru_cache(maxsize=4096)
def _verdicts(design: Any, look: int, arm: str, n: int, earlier: int, successes: int | None) -> Codes:
    def ask(x: int) -> int:
        try:
            return code_of(design.verdict(design.takes(look, arm, n, x, earlier, successes)).action)
        except BadInput:
            return REFUSED

    found = by_count(n, ask)
    found.setflags(write=False)
    return found


def _of_two(design: Any, look: int, n: int, m: int, y: int, earlier: tuple[tuple[int, int], ...]) -> Codes:
    def ask(x: int) -> int:
        try:
            return code_of(design.verdict(TwoArmEvidence(look, n, x, m, y, earlier)).action)
        except BadInput:
            return REFUSED

    return by_count(n, ask)
