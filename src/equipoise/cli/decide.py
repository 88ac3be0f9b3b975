"""`equipoise decide`: take a look at the data, as known at a cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli.common import DAY, bullet, cohort_option, emit, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, known_on_option, reader_option, say_notes, unblind_option
from equipoise.cli.doses import show_doses
from equipoise.cli.log_place import LOG
from equipoise.cli.outside import asked as asked_witness
from equipoise.cli.outside import say_kept, witness_options
from equipoise.cli.phase1 import part_option
from equipoise.cli.usage import Command
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from equipoise.design.basket.decided import Decided
    from equipoise.desk.doses import Doses
    from equipoise.desk.order import Ordered
    from equipoise.desk.safety import SafetyAsked
    from equipoise.files.log_address import Address
    from equipoise.trial.log import Log
    from equipoise.trial.snapshot import Snapshot
    from equipoise.trial.trial import Trial


@click.command(cls=Command, name="decide", short_help="Take a look: the decision, its reasons and cautions.")
@trial_argument
@cohort_option
@click.option("--log", "log_path", type=LOG, required=True, help="The trial's log: a path or a URL.")
@click.option("--look", type=int, help="Number of the look, from 1.")
@part_option("1: the next dose of phase I instead, on any day. 2, or left out: a look of phase II.")
@click.option("--safety", is_flag=True, help="Ask the safety rules beside the design instead, on any day.")
@click.option("--cutoff", type=DAY, required=True, help="Data cut-off, YYYY-MM-DD.")
@known_on_option
@unblind_option
@reader_option
@click.option("--record", is_flag=True, help="Record the decision in the log, so that the report shows it.")
@click.option("--by", envvar="EQUIPOISE_BY", help="Who records it [env EQUIPOISE_BY].")
@witness_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    trial: str,
    cohort: str,
    log_path: Address,
    look: int | None,
    part: int | None,
    safety: bool,
    cutoff: date,
    known_on: date | None,
    unblind: Path | None,
    reader: str | None,
    record: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Take a look at the data as known at the cut-off.

    In a trial with cohorts at those of one, or of each where none is named; --record asks for one.

    Says the action, its reasons, cautions and the distance to the boundary; or that the look is not ripe (exit status
    2), who is still to be followed, and when it will be.

    With --part 1 the next dose, as `equipoise doses` says it: whom the design gives which, or (exit status 2) whom it waits for.

    With --safety each rule of [[safety]]: its counts, its boundary, how far it is, what it says and what it does.
    """
    if part not in (None, 1, 2):
        raise BadInput("decide", [Problem("unknown-part", "--part", str(part), "1, phase I, or 2, phase II")])
    if (look is not None) + safety + (part == 1) != 1:
        allowed = (
            "one of them: a look of the design by its number, the safety rules beside it, or --part 1, the next dose"
        )
        given = "neither" if look is None and not safety else "both"
        raise BadInput("decide", [Problem("look-or-safety", "--look, --safety", given, allowed)])
    if record:
        desk.look.somebody(by)
    found = desk.opening.load_trial(trial)
    asked = Asked(log_path, None, cutoff, known_on, unblind, reader=reader, by=by)
    if part == 1:
        data = asked.take(trial, found)
        _dose(ctx, trial, desk.doses.take(data.trial, data.snap), log_path, by if record else None, as_json=as_json)
        return
    if look is None:
        data = asked.take(trial, found)
        _ask_safety(trial, data.trial, data.snap, log_path, by if record else None, as_json=as_json)
        return
    if found.divided and not cohort and not record:
        data = asked.take(trial, found)
        _each(ctx, data.log, data.trial, look, asked, as_json)
        return
    data = asked.take(trial, found.one(cohort))
    found, snap = data.trial, data.snap
    result = desk.look.take(found, snap, look)
    done = None
    if record and by and isinstance(result, Decision):
        at_hand = desk.opening.load_at_hand(trial, log_path, by).one(cohort)
        store = desk.opening.log_of(found, log_path)
        done = desk.look.record(at_hand, store, result, snap.known_on, by, asked_witness())
    if as_json:
        emit({**({"cohort": cohort} if cohort else {}), **desk.look.as_json(result), **recorded(done)})
    elif isinstance(result, Decision):
        show_decision(found, result)
    else:
        show_not_ripe(result)
    say_recorded(done, as_json)
    if not isinstance(result, Decision):
        ctx.exit(2)


def _dose(ctx: click.Context, name: str, doses: Doses, log_path: Address, by: str | None, *, as_json: bool) -> None:
    """The next dose, recorded where ``by`` says who does; the exit status is 2 where the design waits: nothing is decided then."""
    waits = doses.next.action == "wait"
    done = None
    if by and not waits:
        at_hand, store = desk.opening.load_at_hand(name, log_path, by), desk.opening.log_of(doses.trial, log_path)
        done = desk.doses.record(at_hand, store, doses, by, asked_witness())
    if as_json:
        emit({"part": 1, "ripe": not waits, **doses.as_json(), **recorded(done)})
    else:
        show_doses(doses)
    say_recorded(done, as_json)
    if waits:
        ctx.exit(2)


def recorded(done: Ordered | None) -> dict[str, Any]:
    """What was recorded, as machines get it: nothing where nothing was."""
    if done is None:
        return {}
    return {
        "recorded": {"number": done.event.number, "hash": done.hash, "checkpoint": done.checkpoint, "notes": done.notes}
    }


def say_recorded(done: Ordered | None, as_json: bool) -> None:
    """Say what was recorded, to people."""
    if done is not None and not as_json:
        say_kept(done)
        click.echo(f"Recorded as event {done.event.number}. Chain {done.hash[:12]}")


def _each(ctx: click.Context, log: Log, found: Trial, look: int, asked: Asked, as_json: bool) -> None:
    """A look in every cohort; the exit status is 2 where none is ripe."""
    looks = desk.cohorts.look_in_each(found, log, look, asked.cutoff, asked.known_on)
    if as_json:
        emit(looks.as_json())
    else:
        for c in found.cohorts:
            result = looks.of[c.name]
            click.secho(f"Cohort {c.name}, {c.title}", bold=True)
            if result is None:
                say(f"Its design has no look {look}.", indent="  ")
            elif isinstance(result, Decision):
                show_decision(found.cohort(c.name), result)
            else:
                show_not_ripe(result)
            click.echo()
        if looks.together is not None:
            _show_together(looks.together)
    for notes in looks.notes.values():
        say_notes(notes)
    if not looks.taken:
        ctx.exit(2)


def _show_together(together: Decided) -> None:
    """Print what the cohorts of a basket say together."""
    click.secho("The cohorts together", bold=True)
    say(together.in_words(), indent="  ")
    if together.cohorts:
        show_table(together.table())


def show_decision(trial: Trial, d: Decision) -> None:
    """Print a decision for people."""
    from equipoise.decide.words import beside_is, beside_lines, headline

    click.secho(headline(d), bold=True)
    click.echo("Because")
    bullet(d.because)
    say(f"Distance to the boundary: {d.distance:+g} {d.unit}.", indent="  ")
    click.echo("Cautions")
    bullet(d.cautions or ["none"])
    beside = beside_lines(d)
    if beside:
        click.echo(beside_is(trial).rstrip(":"))
        bullet(beside)
    if d.assumptions:
        click.echo("Rests on assumptions")
        bullet(d.assumptions)
    f = d.fingerprints
    say(f"Fingerprints: trial {f.trial[:16]}, data {f.data[:16]}, {f.software}. Research software.")


def _ask_safety(name: str, trial: Trial, snap: Snapshot, log_path: Address, by: str | None, *, as_json: bool) -> None:
    """Ask the safety rules, and record it where ``by`` says who does."""
    asked = desk.safety.take(trial, snap)
    done = None
    if by:
        at_hand, store = desk.opening.load_at_hand(name, log_path, by), desk.opening.log_of(trial, log_path)
        done = desk.safety.record(at_hand, store, asked, by, asked_witness())
    if as_json:
        emit({**asked.as_json(), **recorded(done)})
    else:
        show_safety(trial, asked)
    say_recorded(done, as_json)


def show_safety(trial: Trial, asked: SafetyAsked) -> None:
    """Print what each safety rule says, for people."""
    from equipoise.decide.safety_words import headline, lines

    for r in asked.rules:
        click.secho(headline(r), bold=True)
        bullet(lines(trial, r))
    f = asked.fingerprints
    say(f"Fingerprints: trial {f.trial[:16]}, data {f.data[:16]}, {f.software}. Research software.")


def show_not_ripe(n: NotRipe) -> None:
    """Print why a look cannot be taken yet."""
    click.secho(f"Look {n.look} of {n.of_looks} is not ripe at {n.cutoff}.", bold=True)
    bullet(n.because)
    if n.waiting:
        click.echo("Still to be followed")
        bullet([_awaited(w) for w in n.waiting[:20]])
        if len(n.waiting) > 20:
            say(f"and {len(n.waiting) - 20} more (--json lists all).", indent="  ")
    when = f"expected on {n.ripe_on}" if n.ripe_on else "when its cohort is enrolled and followed"
    say(f"Ripe: {when}, if everybody is assessed as planned.")


def _awaited(w: Mapping[str, Any]) -> str:
    day = str(w["expected"])
    due = "" if day in w["because"] else f"; due {day}"
    return f"{w['patient']} ({w['arm']}): {w['because']}{due}, at the latest {w['at_latest']}"
