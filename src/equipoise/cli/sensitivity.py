"""`equipoise sensitivity`: one time-to-event endpoint under several published rules, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, figure_option, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command


@click.command(cls=Command, name="sensitivity", short_help="An endpoint under several published rules, side by side.")
@trial_argument
@cohort_option
@data_options
@click.option("--endpoint", "endpoint_name", default="PFS", show_default=True, help="A time-to-event endpoint.")
@click.option(
    "--rules", multiple=True, help="'as stated' or a named set; repeat. Default: as stated, then FDA's and EMA's."
)
@click.option(
    "--assessor", "assessors", multiple=True, help="Whose assessments count; repeat (default: the endpoint's)."
)
@click.option("--patients/--no-patients", default=True, help="List the patients whose result changes.")
@figure_option("Write one arm's curves under each set of rules as SVG.")
@click.option("--arm", "arm_name", help="Whose curves (default: the first tested arm).")
@json_option
def command(
    trial: str,
    cohort: str,
    asked: Asked,
    endpoint_name: str,
    rules: tuple[str, ...],
    assessors: tuple[str, ...],
    patients: bool,
    figure: Path | None,
    arm_name: str | None,
    as_json: bool,
) -> None:
    """Analyse one endpoint under several rules of events and censoring, and list the patients whose result changes.

    Everything is held against the first set of rules. Named sets: FDA documented progression, FDA investigator claims, EMA, NORTH.
    """
    found = desk.opening.load_one(trial, cohort)
    data = asked.take(trial, found)
    found, snap = data.trial, data.snap
    question = desk.sensitivity.question(found, endpoint_name, rules, assessors, arm_name)
    result = question.answer(snap)
    if figure is not None:
        desk.pages.write_figure(figure, question.figure(snap, result), "sensitivity")
    if as_json:
        emit(result)
        return
    say(f"{found.title}")
    say(f"Data cut-off {snap.cutoff}, {len(snap.randomised)} patients {found.entered}.")
    show_table(question.table(result))
    if found.assessments is None:
        say(
            "Caution: this trial plans no tumour assessments and may record none. Rules that ask for a baseline or for progression on "
            "imaging then censor everybody."
        )
    if patients and result.changes:
        show_table(desk.sensitivity.changes(result))
    say("What each set of rules says, and how much of its document was read: docs/endpoints.md.")
