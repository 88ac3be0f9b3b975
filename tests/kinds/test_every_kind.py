"""Every kind of the shelf is a trial: checked, simulated, conducted, decided and reported from its example file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.design import shelf
from equipoise.desk import analyse, check
from equipoise.desk.look import as_json
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.files.bundled import find_trial
from equipoise.files.plain import to_json
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import simulate
from equipoise.simulate.run import run
from equipoise.simulate.scenario import Piece, PieceHazards
from equipoise.simulate.summary import Summary, exact_of, summarise, summary_table
from equipoise.simulate.tally import Tally
from equipoise.trial.decision import Decision
from equipoise.trial.design import Characteristics, Quantity
from equipoise.trial.foresight import foresight
from equipoise.trial.trial import Trial

KINDS = shelf.kinds()
#: Monte-Carlo errors within which exact and simulated agree.
ERRORS = 4.0
HARDLY_ANY = PieceHazards(
    progression=(Piece(per_month=0.0),), death_before=(Piece(per_month=0.01),), death_after=(Piece(per_month=0.0),)
)  # fmt: skip


@cache
def example(kind: str) -> Trial:
    return read_trial(find_trial(f"kinds/{kind}"))


@cache
def plans(kind: str) -> tuple[Plan, Plan]:
    """Under the design's null and under its target, where nobody is lost."""
    null, *_, target = own_scenarios(example(kind))
    return Plan.of(example(kind), null, seed=20), Plan.of(example(kind), target, seed=20)


def simulated(plan: Plan, replicates: int) -> tuple[Summary, Characteristics]:
    tally = Tally()
    for lines in simulate(plan, replicates):
        tally.add(lines)
    exact = exact_of(plan)
    assert exact is not None, "the design's own truths are truths of the design"
    return summarise(plan, tally, replicates), exact


def agree(found: Quantity, exact: Quantity, n: int, also: float = 0.0) -> bool:
    """Within ERRORS Monte-Carlo errors of the exact value, of which a count of n may miss one; ``also``: what else it may be off."""
    error = (max(exact.value * (1 - exact.value), 1 / n) / n) ** 0.5
    return abs(found.value - exact.value) <= ERRORS * error + also


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_an_example_of_each_kind(kind: str) -> None:
    trial = example(kind)
    assert trial.design_table is not None
    assert trial.design_table["kind"] == kind
    assert check.check(f"kinds/{kind}").trial.fingerprint == trial.fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_exact_and_simulated_agree(kind: str) -> None:
    for plan in plans(kind):
        n = 400 if plan.usual else 30
        found, exact = simulated(plan, n)
        assert agree(found.characteristics.declare, exact.declare, n), plan.scenario.id
        assert agree(found.characteristics.stop_early, exact.stop_early, n), plan.scenario.id
        assert summary_table([found], [exact]).rows


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_exact_and_simulated_agree_over_many_trials(kind: str) -> None:
    for plan in plans(kind):
        n = 20_000 if plan.usual else 200
        found, exact = simulated(plan, n)
        off = APPROXIMATE.get(kind, 0.0)
        assert agree(found.characteristics.declare, exact.declare, n, off), plan.scenario.id
        assert agree(found.characteristics.stop_early, exact.stop_early, n, off), plan.scenario.id


#: Kinds whose own numbers are normal approximations, or take a time for continuous that is counted in days: by how much these may be off
#: what simulated trials show. Where it is much, the design says so itself in its cautions. Of an imbalance, looks are passed while another is awaited.
APPROXIMATE = {
    "case-morgan": 0.05, "huang-talukder-thomas": 0.08, "km-landmark": 0.04, "one-sample-logrank": 0.025, "group-sequential": 0.035,
    "screening": 0.01, "borrowing-survival": 0.01, "safety-survival": 0.03, "safety-imbalance": 0.12,
}  # fmt: skip


@cache
def conducted(kind: str) -> tuple[Trial, Any, list[Decision]]:
    """One trial under the target, day by day, and what is decided at each of its looks on its log."""
    plan = plans(kind)[1]
    done = run(plan, 0, detail=True)
    decisions = []
    for taken in done.looks:
        found = decide(plan.trial, cut(plan.trial, done.log, taken.cutoff), taken.decision.look)
        assert isinstance(found, Decision)
        decisions.append(found)
    return plan.trial, done, decisions


@pytest.mark.parametrize("kind", KINDS)
def test_each_look_is_decided_from_the_log_the_same_twice(kind: str) -> None:
    trial, done, decisions = conducted(kind)
    assert [d.look for d in decisions] == [t.decision.look for t in done.looks]
    assert decisions[-1].action.name != "continue"
    for taken, found in zip(done.looks, decisions, strict=True):
        assert found.action == taken.decision.action
        again = decide(trial, cut(trial, done.log, taken.cutoff), found.look)
        assert to_json(as_json(again)) == to_json(as_json(found))
        # The simulated log was cut without fingerprints; all else is the same.
        assert replace(found, fingerprints=taken.decision.fingerprints, cautions=()) == replace(
            taken.decision, cautions=()
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_too_early_is_not_ripe(kind: str) -> None:
    trial, done, _ = conducted(kind)
    early = decide(trial, cut(trial, done.log, trial.start), 1)
    assert not isinstance(early, Decision)
    assert early.because


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_reported(kind: str) -> None:
    trial, done, decisions = conducted(kind)
    snap = cut(trial, done.log, decisions[-1].cutoff)
    plan = plans(kind)[1]
    found, exact = simulated(plan, 5)
    readouts = [(t.decision.look, t.readout, t.randomised_at_readout) for t in done.looks]
    page = trial_document(
        Findings(trial, snap, analyse.run(trial, snap).analysis, decisions, [found], [exact], readouts, "a test", None)
    )
    assert {"decision", "design"} <= {s.name for s in page.sections}


def test_the_examples_are_where_templates_are_looked_for() -> None:
    folder: Path = find_trial("kinds/simon").parent.parent
    assert sorted(p.name for p in folder.iterdir()) == sorted(KINDS)


def test_the_living_are_not_to_be_counted_for_less_time_than_the_dead() -> None:
    trial = example("one-sample-logrank")
    os = trial.time_to_event("OS")
    assert not any("last contact" in text for text in foresight(trial))
    censoring = tuple(c.model_copy(update={"at": "last contact"}) for c in os.censoring)
    cautioned = trial.model_copy(update={"endpoints": (os.model_copy(update={"censoring": censoring}),)})
    assert sum("biased against the treatment" in text for text in foresight(cautioned)) == 1


@pytest.mark.parametrize("kind", ["group-sequential", "one-sample-logrank"])
def test_a_look_that_is_never_reached_is_never_taken(kind: str) -> None:
    """Hardly anybody dies: once all have been followed the last look is taken on what there is, and it is the only one."""
    plan = plans(kind)[0]
    quiet = {name: truth.model_copy(update={"hazards": HARDLY_ANY}) for name, truth in plan.scenario.arms.items()}
    few = plan.trial.model_copy(update={"target_enrolment": 24})
    done = run(Plan.of(few, plan.scenario.model_copy(update={"arms": quiet}), 3), 0)
    assert [t.decision.look for t in done.looks] == [2]
    last = done.looks[0].decision
    assert last.action.name == ("stop" if kind == "group-sequential" else "declare")
    assert last.cautions, "it was not taken on what was planned"
