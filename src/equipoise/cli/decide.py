"""`equipoise decide`: take a look at the data, as known at a cut-off."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import DAY, bullet, emit, json_option, load_trial, say, trial_argument
from equipoise.cli.data import cut, known_on_option, take_log

if TYPE_CHECKING:
    from equipoise.trial.decision import Decision, NotRipe
    from equipoise.trial.trial import Trial


@click.command(name="decide", short_help="Take a look: the decision, its reasons and cautions.")
@trial_argument
@click.option("--log", "log_path", type=click.Path(path_type=Path), required=True, help="The trial's log.")
@click.option("--look", type=int, required=True, help="Number of the look, from 1.")
@click.option("--cutoff", type=DAY, required=True, help="Data cut-off, YYYY-MM-DD.")
@known_on_option
@click.option("--record", is_flag=True, help="Record the decision in the log, so that the report shows it.")
@click.option("--by", envvar="EQUIPOISE_BY", help="Who records it [env EQUIPOISE_BY].")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    trial: str,
    log_path: Path,
    look: int,
    cutoff: date,
    known_on: date | None,
    record: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Take a look at the data as known at the cut-off.

    Says the action, its reasons, cautions and the distance to the boundary; or that the look is not ripe (exit status
    2), who is still to be followed, and when it will be.
    """
    from equipoise.decide.decide import decide
    from equipoise.trial.decision import Decision

    if record and not by:
        raise click.UsageError("A record says who made it: give --by.")
    found = load_trial(trial)
    snap = cut(found, take_log(trial, found, log_path, None), cutoff, known_on)
    result = decide(found, snap, look)
    if record and by and isinstance(result, Decision):
        record_decision(found, log_path, result, known_on or cutoff, by)
    if as_json:
        emit(decision_json(result))
    elif isinstance(result, Decision):
        show_decision(result)
    else:
        show_not_ripe(result)
    if not isinstance(result, Decision):
        ctx.exit(2)


def record_decision(trial: Trial, log_path: Path, d: Decision, known_on: date, by: str) -> None:
    """Add the decision to the log, under its lock."""
    from datetime import UTC, datetime

    from equipoise.conduct.conduct import Conduct
    from equipoise.files.log_file import writing

    with writing(log_path, trial.id) as writer:
        now = max(datetime.now(UTC), writer.log[len(writer.log) - 1].recorded)
        data = {
            "look": d.look,
            "action": d.action.name,
            "cutoff": d.cutoff.isoformat(),
            "known_on": known_on.isoformat(),
        }
        Conduct(trial, writer.log).order("decided", now.date(), now, by, "; ".join(d.because), data=data)
        writer.save()


def decision_json(result: Decision | NotRipe) -> object:
    """The documented shape: the decision, and `ripe`."""
    from equipoise.files.plain import plain
    from equipoise.trial.decision import Decision

    return {"ripe": isinstance(result, Decision), **plain(result)}


def show_decision(d: Decision) -> None:
    """Print a decision for people."""
    from equipoise.decide.words import beside_lines, headline

    click.secho(headline(d), bold=True)
    click.echo("Because")
    bullet(d.because)
    say(f"Distance to the boundary: {d.distance:+g} {d.unit}.", indent="  ")
    click.echo("Cautions")
    bullet(d.cautions or ["none"])
    click.echo("Beside it, not part of the decision")
    bullet(beside_lines(d))
    if d.assumptions:
        click.echo("Rests on assumptions")
        bullet(d.assumptions)
    f = d.fingerprints
    say(f"Fingerprints: trial {f.trial[:16]}, data {f.data[:16]}, {f.software}. Research software.")


def show_not_ripe(n: NotRipe) -> None:
    """Print why a look cannot be taken yet."""
    click.secho(f"Look {n.look} of {n.of_looks} is not ripe at {n.cutoff}.", bold=True)
    bullet(n.because)
    if n.waiting:
        click.echo("Still to be followed")
        bullet(
            [
                f"{w['patient']} ({w['arm']}): {w['because']}; assessment due {w['expected']}, at the latest {w['at_latest']}"
                for w in n.waiting[:20]
            ]
        )
        if len(n.waiting) > 20:
            say(f"and {len(n.waiting) - 20} more (--json lists all).", indent="  ")
    when = f"expected on {n.ripe_on}" if n.ripe_on else "when its cohort is enrolled and followed"
    say(f"Ripe: {when}, if everybody is assessed as planned.")
