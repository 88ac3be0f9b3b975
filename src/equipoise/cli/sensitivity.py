"""`equipoise sensitivity`: one time-to-event endpoint under several published rules, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.pages import write_figure


@click.command(name="sensitivity", short_help="An endpoint under several published rules, side by side.")
@trial_argument
@data_options
@click.option("--endpoint", "endpoint_name", default="PFS", show_default=True, help="A time-to-event endpoint.")
@click.option(
    "--rules", multiple=True, help="'as stated' or a named set; repeat. Default: as stated, then FDA's and EMA's."
)
@click.option(
    "--assessor", "assessors", multiple=True, help="Whose assessments count; repeat (default: the endpoint's)."
)
@click.option("--patients/--no-patients", default=True, help="List the patients whose result changes.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one arm's curves under each set of rules as SVG.",
)
@click.option("--arm", "arm_name", help="Whose curves (default: the first tested arm).")
@json_option
def command(
    trial: str,
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
    from equipoise.analyse.sensitivity import AS_STATED, changes_table, overlay, sensitivity, side_by_side
    from equipoise.trial.check import near
    from equipoise.trial.endpoint import TimeToEvent
    from equipoise.trial.named_rules import NAMED_RULES
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    times = {e.name: e for e in found.endpoints if isinstance(e, TimeToEvent)}
    known = [AS_STATED, *NAMED_RULES]
    problems = [
        Problem("unknown-rules", "--rules", repr(r), f"one of {', '.join(known)}", near(r, known))
        for r in rules
        if r not in known
    ]
    if endpoint_name not in times:
        problems.append(
            Problem(
                "unknown-endpoint",
                "--endpoint",
                repr(endpoint_name),
                f"a time to event: {', '.join(times)}",
                near(endpoint_name, list(times)),
            )
        )
    arms = [a.name for a in (*found.tested_arms, *found.control_arms)]
    if arm_name is not None and arm_name not in arms:
        problems.append(
            Problem("unknown-arm", "--arm", repr(arm_name), f"one of {', '.join(arms)}", near(arm_name, arms))
        )
    if problems:
        raise BadInput(found.id, problems)
    endpoint = times[endpoint_name]
    snap = asked.cut(found, asked.log(trial, found))
    result = sensitivity(
        found,
        snap,
        endpoint,
        rules or (AS_STATED, *(r for r in NAMED_RULES if r != "NORTH")),
        assessors or (endpoint.assessor,),
    )
    if figure is not None:
        write_figure(figure, overlay(found, snap, endpoint, result, arm_name or arms[0]), "sensitivity")
    if as_json:
        emit(result)
        return
    say(f"{found.title}")
    say(f"Data cut-off {snap.cutoff}, {len(snap.randomised)} patients randomised.")
    show_table(side_by_side(found, result))
    if found.assessments is None:
        say(
            "Caution: this trial plans no tumour assessments and may record none. Rules that ask for a baseline or for progression on "
            "imaging then censor everybody."
        )
    if patients and result.changes:
        show_table(changes_table(result))
    say("What each set of rules says, and how much of its document was read: docs/endpoints.md.")
