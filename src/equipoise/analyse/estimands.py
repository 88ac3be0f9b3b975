"""Estimands as a trial's readers see them: attributes of ICH E9(R1), section A.3, an endpoint a row."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.estimand import Estimand
from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial


def stated(trial: Trial) -> Iterator[tuple[TimeToEvent | Response | Landmark, Estimand]]:
    """The endpoints that have an estimand; a landmark has that of the endpoint it reads."""
    for endpoint in trial.endpoints:
        if isinstance(endpoint, Outcome | Toxicity):
            continue
        holder = trial.time_to_event(endpoint.of) if isinstance(endpoint, Landmark) else endpoint
        if holder.estimand is not None:
            yield endpoint, holder.estimand


def strategies(estimand: Estimand) -> str:
    """'next therapy: hypothetical; death: composite'."""
    return "; ".join(f"{s.event}: {s.strategy}" for s in estimand.intercurrent)


def estimands_table(trial: Trial) -> Table | None:
    """Population, variable, strategy for each intercurrent event, and summary; None where no estimand is stated."""
    treatments = " against ".join(
        " or ".join(a.label for a in arms) for arms in (trial.tested_arms, trial.control_arms) if arms
    )
    rows: list[list[str | int | float | None]] = [
        [
            endpoint.label,
            trial.population_by_name[endpoint.population].label,
            strategies(estimand),
            # A landmark is a share of patients, whatever the time to event is summarised by.
            "share of patients" if isinstance(endpoint, Landmark) else estimand.summary or "not stated",
        ]
        for endpoint, estimand in stated(trial)
    ]
    if not rows:
        return None
    return Table(
        "Estimands",
        ["Variable", "Population", "Intercurrent events and their strategies", "Summary"],
        rows,
        notes=(f"Treatments: {treatments}. Strategies by the names of ICH E9(R1); the endpoints' rules were checked against them.",),
    )  # fmt: skip
