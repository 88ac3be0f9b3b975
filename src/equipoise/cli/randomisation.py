"""`equipoise randomisation`: how a trial's allocation will balance, and how well the next arm can be guessed."""

from __future__ import annotations

from collections.abc import Callable

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, progress, say, show_table, trial_argument
from equipoise.cli.usage import Command


@click.command(
    cls=Command, name="randomisation", short_help="How the allocation will balance, and how well it can be guessed."
)
@trial_argument
@cohort_option
@click.option("--scenario", default="", help="How often the levels of the factors are met (default: all alike).")
@click.option("--replicates", default=500, show_default=True, help="Simulated trials for each method.")
@click.option("--seed", default=1, show_default=True, help="Of the simulation; an allocation's own seed is secret.")
@json_option
def command(trial: str, cohort: str, scenario: str, replicates: int, seed: int, as_json: bool) -> None:
    """Foresee the allocation of a trial, before it is used, beside other methods.

    Shown are how far the arms may be off their ratio, in all and within the levels of the factors, and how often the next arm is
    guessed by somebody who knows all that has gone before. Balance and secrecy are bought from each other.
    """
    found = desk.opening.load_one(trial, cohort)
    with progress(as_json, transient=True) as bar:

        def watch(method: str) -> Callable[[int], object]:
            task = bar.add_task(method, total=replicates)
            return lambda done: bar.update(task, completed=done)

        result = desk.randomisation.compared(trial, found, scenario, replicates, seed, watch)
    if as_json:
        emit(result.as_json())
        return
    say(f"{found.title}")
    show_table(result.table())
