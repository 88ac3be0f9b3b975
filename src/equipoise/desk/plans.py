"""Plan simulations: a plan for each scenario and each way of waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from equipoise.files.bundled import find_trial, scenario_names
from equipoise.files.scenario_file import scenarios_of
from equipoise.simulate.cohorts import scenario_of, seed_of
from equipoise.simulate.plan import Plan, Waiting
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


def plans_of(name: str, trial: Trial, scenarios: Sequence[str], seed: int, waiting: str = "as planned") -> list[Plan]:
    """A plan for each scenario and each way of waiting; ``name`` is where the trial is found.

    Without scenarios all in the trial's folder are taken, or the design's own truths where it has none. ``waiting`` is one way, *as planned* or *both*.
    Raises BadInput for a trial without a design, and with the problems of all scenarios at once.
    """
    file = find_trial(name)
    planned = trial.monitored.monitoring.while_waiting
    asked: Mapping[str, Sequence[Waiting]] = {"as planned": (planned,), "both": ("continue", "pause")}
    ways: Any = asked.get(waiting, (waiting,))
    plans: list[Plan] = []
    refused: list[tuple[str, BadInput]] = []
    for scenario, read in scenarios_of(trial, file, scenarios):
        courses = None
        try:
            truth = scenario_of(read(), trial)
            for way in ways:
                plans.append(Plan.of(trial, truth, seed_of(trial, seed), way, courses=courses))
                courses = plans[-1].courses
        except BadInput as bad:
            refused.append((scenario, bad))
    if len(refused) == 1:
        raise refused[0][1]
    if refused:
        problems = [
            Problem(p.code, f"scenario {scenario}: {p.where}", p.given, p.allowed, p.next_step)
            for scenario, bad in refused
            for p in bad.problems
        ]
        raise BadInput(f"scenarios of {trial.id}", problems)
    return plans


def null_and_target(name: str, trial: Trial, seed: int) -> list[Plan]:
    """Enrolment continued and paused under the null, then under the target: the scenarios of these names, else the design's own."""
    there = scenario_names(find_trial(name))
    plans = plans_of(name, trial, [n for n in ("null", "target") if n in there], seed, "both")
    return [*plans[:2], *plans[-2:]]


def plans_by_cohort(
    name: str, trial: Trial, scenarios: Sequence[str], seed: int, waiting: str = "as planned"
) -> dict[str, list[Plan]]:
    """Plans of each cohort of a trial, as ``plans_of`` of it. Raises BadInput with the problems of all cohorts, each once."""
    plans: dict[str, list[Plan]] = {}
    problems: list[Problem] = []
    for cohort, view in trial.views.items():
        try:
            plans[cohort] = plans_of(name, view, scenarios, seed, waiting)
        except BadInput as bad:
            problems.extend(p for p in bad.problems if p not in problems)
    if problems:
        raise BadInput(f"scenarios of {trial.id}", problems)
    return plans
