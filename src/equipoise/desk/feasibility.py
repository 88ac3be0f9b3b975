"""Feasibility: a trial's funnel beside its sites' promise, and the scenario that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.funnel_file import funnel_for, past_accrual
from equipoise.files.plain import plain
from equipoise.files.scenario_file import read_scenario, scenarios_of
from equipoise.files.scenario_out import scenario_text
from equipoise.files.trial_file import read_trial
from equipoise.files.write_new import write_new
from equipoise.simulate.feasibility import Feasibility, accrual_of, feasibility, scenario_of
from equipoise.simulate.scenario import Accrual, Scenario
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Feasible:
    """What a funnel says of a trial, and the scenario that was asked for."""

    trial: Trial
    found: Feasibility
    funnel_from: str
    accrual: Accrual | None
    base: str
    written: str

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        accrual = None if self.accrual is None else {"pace": self.accrual.pace, "varies": self.accrual.varies}
        scenario = {"from": self.base, "accrual": accrual, "written": self.written} if self.written else None
        return {
            **plain(self.found), "funnel_from": self.funnel_from, "scenario": scenario, "fingerprints": {"trial": self.trial.fingerprint}
        }  # fmt: skip


def take(
    name: str,
    cohort: str = "",
    funnel: Path | None = None,
    level: float = 0.95,
    scenario: str = "",
    out: Path | None = None,
) -> Feasible:
    """The feasibility of a trial; with ``out`` also a scenario, ``scenario`` or the trial's first, with the funnel's accrual.

    Raises BadInput with all problems of the files, for a trial without a funnel, and where ``out`` is there already.
    """
    path = find_trial(name)
    whole = read_trial(path)
    trial = whole.one(cohort) if cohort else whole
    steps, orphan, where = funnel_for(trial, path, funnel)
    found = feasibility(trial, steps, orphan, past_accrual(), level)
    if out is None:
        if scenario:
            allowed = "goes with --scenario-out: it is the scenario whose accrual is replaced"
            raise BadInput(trial.id, [Problem("scenario", "--scenario", repr(scenario), allowed)])
        return Feasible(trial, found, where, None, "", "")
    base = _base(trial, path, scenario)
    made = scenario_of(trial, base, found.per_month)
    if out.exists():
        allowed = "a file that is not there yet: nothing is written over a scenario"
        raise BadInput(str(out), [Problem("file-exists", "--scenario-out", repr(str(out)), allowed)])
    head = f"# The scenario {base.id!r} of {trial.id} with its accrual by the funnel in {where}: equipoise feasibility {trial.id} --scenario-out\n"
    write_new(out, (head + scenario_text(made)).encode())
    return Feasible(trial, found, where, accrual_of(trial, base, found.per_month), base.id, str(out))


def _base(trial: Trial, path: Path, name: str) -> Scenario:
    if name:
        return read_scenario(find_scenario(path, name))
    known = scenarios_of(trial, path, ())
    if not known:
        allowed = "a scenario to put the accrual in: --scenario FILE"
        raise BadInput(trial.id, [Problem("no-scenario", "--scenario", "none", allowed)])
    return known[0][1]()
