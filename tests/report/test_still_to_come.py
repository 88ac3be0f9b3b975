"""What is still to come, in the closed report of trials of other designs than one rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from equipoise.analyse.data import cut
from equipoise.desk import analyse
from equipoise.dossier.findings import Findings
from equipoise.dossier.look import look_exhibits
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.exhibits import Paragraph, Table
from helpers import tried

KINDS = ["group-sequential", "jung", "exact-two-arm", "km-landmark", "one-sample-logrank"]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", tried(KINDS, ("group-sequential", "jung")))
def test_a_committee_reads_what_is_still_to_come_at_a_first_look(kind: str) -> None:
    trial = read_trial(find_trial(f"kinds/{kind}"))
    plan = Plan.of(trial, own_scenarios(trial)[-1], seed=20)
    first = next(
        (done.log, look) for i in range(9)
        if (look := (done := run(plan, i)).looks[0]).decision.action.name == "continue"
    )  # fmt: skip
    log, look = first
    snap = cut(trial, log, look.cutoff)
    f = Findings(trial, snap, analyse.run(trial, snap).analysis, [look.decision])
    tables = [e for e in look_exhibits(f) if isinstance(e, Table)]
    assert [t.title for t in tables] == ["What is still to come"]
    powers = [float(str(row[1]).rstrip(" %<>")) for row in tables[0].rows]
    assert len(powers) == 4
    assert all(0 <= p <= 100 for p in powers)
    assert powers[0] < powers[1], "more likely at the target than under the null"
    assert powers[2] != powers[3]
    later = replace(f, snap=replace(snap, cutoff=snap.known_on.replace(year=snap.known_on.year + 1)))
    assert any(isinstance(e, Paragraph) and "--cutoff" in e.text for e in look_exhibits(later))
