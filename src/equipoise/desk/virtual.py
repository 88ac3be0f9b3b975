"""Conduct one trial with virtual patients into a log, decide at its looks, and report it with what was simulated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from equipoise.analyse.data import cut
from equipoise.conduct.definitions import Definitions
from equipoise.decide.decide import decide
from equipoise.desk import analyse, look
from equipoise.desk.data import defined_at
from equipoise.desk.report import write as write_report
from equipoise.desk.simulate import Simulated
from equipoise.desk.store import LogStore
from equipoise.dossier.findings import Findings
from equipoise.files.amendments import read_amendments
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.history_file import library_of
from equipoise.files.plain import to_json
from equipoise.files.write import write_text
from equipoise.simulate.run import run
from equipoise.trial.decision import Decision
from equipoise.trial.design import Characteristics
from equipoise.trial.log import Log


@dataclass(frozen=True)
class Virtual:
    """A trial that was conducted with virtual patients: its log, and all that a report is made from."""

    log: Log
    entered: int
    findings: Findings


def conduct(name: str, simulated: Simulated, number: int, store: LogStore) -> Virtual:
    """The first replicate of plan ``number``, through the log as it is read back; ``name`` is where the trial is found."""
    plan = simulated.plans[number]
    virtual = run(plan, 0, detail=True, amendments=read_amendments(find_trial(name)))
    store.create(virtual.log)
    log = store.read().log
    definitions = Definitions.of(plan.trial, log, trial_of)
    looks = []
    for taken in virtual.looks:
        trial = defined_at(definitions, log, taken.cutoff, taken.cutoff)
        snap = cut(trial, log, taken.cutoff)
        looks.append(decide(trial, snap, taken.decision.look))
    readouts = [(t.decision.look, t.readout, t.randomised_at_readout) for t in virtual.looks]
    source = f"scenario '{plan.scenario.id}', seed {plan.seed}, replicate 0"
    found = Findings(
        trial, snap, analyse.run(trial, snap).analysis, looks, simulated.summaries, simulated.exact, readouts, source,
        library_of(trial, name), definitions,
    )  # fmt: skip
    return Virtual(log, virtual.randomised, found)


def write(found: Findings, out: Path) -> list[Path]:
    """Write the report and what it says in JSON: decisions, design, simulation, analysis. The paths of the report."""
    for d in found.looks:
        if isinstance(d, Decision):
            write_text(out / f"decision-look-{d.look}.json", to_json(look.as_json(d)))
    pieces: dict[str, object] = {
        "design": {"numbers": found.trial.monitored.design.numbers(), "at": _once_a_truth(found)},
        "simulation": {"summaries": found.summaries, "exact": found.exact},
        "analysis": analyse.run(found.trial, found.snap).as_json(),
    }
    for name, piece in pieces.items():
        write_text(out / f"{name}.json", to_json(piece))
    return write_report(found, out)


def _once_a_truth(found: Findings) -> list[Characteristics | None]:
    """What the design computes under each truth, whatever enrolment does."""
    return list({s.scenario: e for s, e in zip(found.summaries, found.exact, strict=True)}.values())
