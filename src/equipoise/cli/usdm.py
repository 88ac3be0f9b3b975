"""`equipoise usdm`: the trial as CDISC's study definition (USDM 4.0), and a trial file of one."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say, show_table, trial_argument
from equipoise.cli.usage import Command, Group


@click.group(cls=Group, name="usdm", short_help="USDM 4.0: the protocol as CDISC's study definition, out and in.")
def command() -> None:
    """The protocol as CDISC's Unified Study Definitions Model (USDM 4.0, JSON), out and in."""


@command.command(cls=Command, name="export", short_help="Write a trial as USDM 4.0.")
@trial_argument
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option(
    "--plain", is_flag=True, help="Without our extension: what USDM has no place for (rules, blocks, sites) stays here."
)
@json_option
def export_(trial: str, out: Path, plain: bool, as_json: bool) -> None:
    """Write a trial, with protocol.toml beside it, as USDM 4.0.

    What USDM has no place for stands in one extension attribute, by which `usdm import` gives the same trial back.
    """
    sent = desk.usdm.send(trial, out, plain=plain)
    if as_json:
        emit(sent.as_json())
        return
    say(f"Wrote {out}: {sent.instances} instances of {sent.classes} classes.")
    if sent.silent:
        say("USDM's rules ask for these too, and the trial does not say them:")
        bullet(sent.silent)


@command.command(cls=Command, name="import", short_help="Make a trial file of a USDM 4.0 study.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder for trial.toml."
)
@click.option(
    "--from",
    "way",
    type=click.Choice(["extension", "usdm"]),
    help="Of a document that Equipoise wrote and somebody changed: the definition as it was, or the plain USDM.",
)
@json_option
def import_(file: Path, out: Path, way: str | None, as_json: bool) -> None:
    """Write trial.toml with what the study definition holds. What it does not hold is listed as missing.

    `equipoise check` and `equipoise design` then say what the trial still lacks.
    """
    # click has held `way` to the choices that `take` names.
    taken = desk.usdm.take(file, out, way or "")  # type: ignore[arg-type]
    if as_json:
        emit(taken.as_json())
        return
    say(f"{taken.trial.title}")
    say(f"Wrote {' and '.join(str(p) for p in taken.written)}.")
    if taken.missing:
        click.echo("Missing, and to be made yours:")
        bullet([f"{of}: {because.removeprefix('Missing: ')}" for of, because in taken.missing])
    if taken.unheld:
        show_table(taken.table())
    say(f"Next: equipoise check {out}")
