"""Many replicates of a simulated phase I: a row each, the same for any number of workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from equipoise.simulate.phase1_plan import Phase1Plan
from equipoise.simulate.phase1_run import SimulatedPhase1, run
from equipoise.simulate.processes import in_chunks, uncollected


@dataclass(frozen=True)
class Phase1Row:
    """What came of one replicate. By level, from 1: ``patients`` assigned, ``dlts``, ``not_evaluable``, ``backfilled``, ``cumulative`` (patients with a
    cumulative toxicity that was recorded by the end). ``dose``: declared, 0 for none; ``handed_over``: the same after a look at what was given,
    where there is one. ``days``: from the trial's start to the end."""

    replicate: int
    dose: int
    handed_over: int
    action: str
    days: int
    patients: tuple[int, ...]
    dlts: tuple[int, ...]
    not_evaluable: tuple[int, ...]
    cumulative: tuple[int, ...]
    turned_away: int
    waited: int
    went: int
    failed: int
    decisions: int
    would_differ: int
    backfilled: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a line of a file."""
        return asdict(self)

    @classmethod
    def read(cls, line: Mapping[str, Any]) -> Phase1Row:
        """From a line of a file."""
        read: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in line.items()}
        return cls(**read)

    @classmethod
    def of(cls, plan: Phase1Plan, found: SimulatedPhase1) -> Phase1Row:
        """The row of a simulated phase I."""
        levels = range(1, len(plan.labels) + 1)
        terms = {t.term for t in plan.truth.cumulative}
        events = (
            [e for e in found.log if e.kind == "adverse event" and e.recorded.date() <= found.ended] if terms else []
        )
        toxic = {e.patient for e in events if e.data["term"] in terms}

        def at(letters: str) -> tuple[int, ...]:
            return tuple(sum(p.level == k and p.letter in letters for p in found.patients) for k in levels)

        crowd = found.crowd
        return cls(
            found.replicate, found.dose, found.handed_over, found.end.action, (found.ended - plan.trial.first_day).days,
            at("NTXP"), at("T"), at("X"), tuple(sum(p.level == k and p.patient in toxic for p in found.patients) for k in levels),
            crowd.turned_away, crowd.waited, crowd.went, crowd.failed, len(found.decisions), len(found.would_differ),
            tuple(sum(p.level == k and p.beside for p in found.patients) for k in levels),
        )  # fmt: skip


def rows(plan: Phase1Plan, first: int, n: int) -> list[Phase1Row]:
    """Rows of replicates ``first`` …"""
    found = []
    for replicate in range(first, first + n):
        with uncollected():
            found.append(Phase1Row.of(plan, run(plan, replicate)))
    return found


def simulate_phase1(plan: Phase1Plan, replicates: int, workers: int = 1) -> Iterator[Sequence[Phase1Row]]:
    """Rows of all replicates, some at a time, in order."""
    return in_chunks(plan, rows, replicates, workers)
