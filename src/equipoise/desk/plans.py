"""Plan simulations: a plan for each scenario and each way of waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from equipoise.desk.run_plans import told_together
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
    ways = _ways(trial, waiting)
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
    told_together(trial.id, refused)
    return plans


def _ways(trial: Trial, waiting: str) -> Sequence[Waiting]:
    """The ways of waiting that are meant. Enrolment never pauses for a look on events or on patients enrolled."""
    planned = trial.monitored.monitoring.while_waiting
    by_cohort = trial.monitored.by_cohort
    asked: Mapping[str, Sequence[Waiting]] = {
        "as planned": (planned,),
        "both": ("continue", "pause") if by_cohort else ("continue",),
    }
    ways: Sequence[Waiting] = asked.get(waiting) or (cast("Waiting", waiting),)
    if not by_cohort and any(way != "continue" for way in ways):
        problem = Problem(
            "waiting", "--waiting", repr(waiting), "'continue': this design looks while enrolment goes on", "leave it out"
        )  # fmt: skip
        raise BadInput("simulate", [problem])
    return ways


def null_and_target(name: str, trial: Trial, seed: int) -> list[Plan]:
    """Enrolment continued and, where it may be, paused, under the null, then under the target.

    The scenarios of these names, else the first and the last of the design's own.
    """
    there = scenario_names(find_trial(name))
    plans = plans_of(name, trial, [n for n in ("null", "target") if n in there], seed, "both")
    first, last = plans[0].scenario.id, plans[-1].scenario.id
    return [p for p in plans if p.scenario.id == first] + [p for p in plans if p.scenario.id == last and last != first]


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
