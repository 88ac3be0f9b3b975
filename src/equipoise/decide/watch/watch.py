"""What a watch answers: what it needs of a trial file, and where a safety rule stands on the data of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from equipoise.decide.ruling import Codes, by_count, code_of
from equipoise.trial.arm import Arm
from equipoise.trial.problem import Problem
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Reading:
    """Where a rule stands: what its design says of the data, and how it came there.

    ``speaks``: its boundary is reached, whatever becomes of those who are still followed. ``ended``: it has ended with nothing found.
    ``because``: what was seen, in sentences; ``cautions``: the design's own. ``events``: those that count so far; ``watched``: patients so far. ``distance``: events below the boundary, 0 or less
    where it is reached; None where no number of events reaches it. ``counts``: the evidence in numbers. ``path``: (so many
    watched or come, events among them); ``boundary``: (the rule's look, the least that speaks there).
    """

    speaks: bool
    ended: bool
    because: Sequence[str]
    cautions: Sequence[str]
    events: int
    watched: int
    distance: float | None
    unit: str
    counts: Mapping[str, Any]
    path: Sequence[tuple[float, float]]
    boundary: Sequence[tuple[float, float]]
    #: what the path and the boundary are drawn against, and what is counted
    axes: tuple[str, str]
    #: what was seen at the rule's look and from what on it speaks, in a few words, where they are no counts
    seen: str = ""
    needed: str = ""

    @property
    def seen_in_words(self) -> str:
        """'3 of 12', 'hazard ratio 1.21 at 62 deaths'."""
        return self.seen or f"{self.counts['events_at']} of {self.counts['at']}"

    @property
    def needed_in_words(self) -> str:
        """'4 of 12', 'hazard ratio 1.11 at 62 deaths', 'out of reach'."""
        least = self.counts.get("boundary_at")
        return self.needed or ("out of reach" if least is None else f"{least} of {self.counts['at']}")


class Watch(Protocol):
    """Makes one type of evidence for rules beside a design."""

    def problems(self, rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
        """Why a trial made of these parts (those that could be read) cannot bring the evidence, in words."""
        ...

    def read(self, trial: Trial, snap: Snapshot, rule: SafetyRule) -> Reading:
        """Where the rule stands at the snapshot's cut-off."""
        ...

    def boundary(self, rule: SafetyRule) -> Sequence[tuple[int, int]] | None:
        """Of each number at which the rule looks the least that speaks, where nothing else counts; None where something does."""
        ...


def one_arm(rule: SafetyRule, where: str) -> Iterator[Problem]:
    """A rule on one arm names it by `arm`."""
    if rule.arm is None:
        kind = rule.rule.get("kind")
        yield Problem("safety-arm", f"{where}.between", str(list(rule.arms)), f"`arm`: {kind} watches one arm")


def two_arms(rule: SafetyRule, where: str) -> Iterator[Problem]:
    """A rule on what is between two arms names both by `between`."""
    if rule.between is None:
        kind = rule.rule.get("kind")
        yield Problem(
            "safety-arm", f"{where}.arm", repr(rule.arm), f"`between` = [tested, control]: {kind} compares two"
        )


def tested_and_control(rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """Two arms, of which the first is tested and the second is not."""
    yield from two_arms(rule, where)
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    if len(arms) == 1:
        yield Problem(
            "safety-one-arm", f"{where}.rule.kind", repr(rule.rule.get("kind")),
            "a rule on one arm: this trial has no second with which to compare",
        )  # fmt: skip
    elif rule.between is not None:
        tested = {a.name: a.tested for a in arms}
        if [tested.get(a, i == 0) for i, a in enumerate(rule.between)] != [True, False]:
            yield Problem(
                "safety-between", f"{where}.between", str(list(rule.between)), "the tested arm, then the control"
            )


@lru_cache(maxsize=8192)
def codes_of(ask: Any, n: int) -> Codes:
    """What is said of each count 0 … ``n``, shape (n + 1,), as ``ruling.CODES``. ``ask``: a frozen value, count → verdict."""

    def said(x: int) -> int:
        return code_of(ask(x).action)

    found: Codes = by_count(n, said)[:, 0]
    found.setflags(write=False)
    return found
