"""Derive endpoints and responses of very many patients, by arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from equipoise.analyse.columns.fallback import completed
from equipoise.analyse.columns.from_patients import pool_of
from equipoise.analyse.columns.run import outcome
from equipoise.analyse.columns.summary import PoolSummary, counts_table, summary, times_table
from equipoise.analyse.stated import derived
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS


@dataclass(frozen=True)
class Pooled:
    """What the arrays say; ``derived``: responses follow from the lesions; ``losses``: what was recorded and is in no endpoint."""

    trial: str
    cutoff: date
    derived: bool
    summary: PoolSummary
    losses: Sequence[str] = ()

    def tables(self) -> list[Table]:
        """Times, then responses."""
        times = times_table(self.summary)
        lost = tuple(f"Caution: {text}" for text in self.losses)
        return [replace(times, notes=(*times.notes, *lost)), counts_table(self.summary)]


def run(
    trial: Trial, snap: Snapshot, derive: bool, cores: int, watch: Callable[[int], Callable[[int], None]]
) -> Pooled:
    """Derive every endpoint of every patient; what the arrays do not know is derived patient by patient.

    ``watch`` is told how many patients there are, and gives whom to tell how many are done.
    """
    plan = trial.assessments
    if plan is not None and plan.vocabulary != OURS:
        # Arrays hold a response as a code, and only these words have one: rules of two consecutive assessments and of a progression that is to
        # be confirmed are the reference's alone.
        allowed = f"the words of {OURS.criterion} ({', '.join(OURS.order)}): the arrays know no others, and no progression that waits for the next assessment"
        step = "`equipoise analyse` with the same trial and log: the same endpoints, patient by patient"
        raise BadInput(trial.id, [Problem("not-in-columns", "assessments.criterion", plan.criterion, allowed, step)])
    if derive and plan is not None and not plan.vocabulary.derives(plan.criterion):
        allowed = f"a trial whose responses follow from lesions; this one's are by {plan.criterion}"
        raise BadInput(trial.id, [Problem("cannot-derive", "--derive", "asked for", allowed)])
    derive = derive or (plan is not None and plan.responses == "from lesions")
    pool = pool_of(snap.patients.values(), snap.cutoff, trial)
    done = outcome(pool, trial, derive=derive, cores=cores, on_chunk=watch(len(pool.patients)))
    if done.refused or done.refused_populations:
        people = [derived(p, "RECIST 1.1") if derive else p for p in snap.patients.values()]
        done = completed(done, people, trial, snap.cutoff, pool.patients.arms)
    return Pooled(trial.id, snap.cutoff, derive, summary(pool, trial, done), snap.losses)
