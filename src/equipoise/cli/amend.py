"""Amending a running trial: `equipoise conduct amend` and `equipoise conduct approve`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import DAY, bullet, emit, json_option, trial_argument
from equipoise.cli.known import log_option, say_torn
from equipoise.cli.orders import key as key_option
from equipoise.cli.outside import asked, by_option, say_kept
from equipoise.cli.usage import Command
from equipoise.trial.changes import told
from equipoise.trial.problem import BadInput

if TYPE_CHECKING:
    from equipoise.desk.amend import Amended
    from equipoise.files.log_address import Address


@click.command(cls=Command, short_help="Amend the trial: record its new definition, and what changed.")
@trial_argument
@log_option
@click.option("--on", type=DAY, required=True, help="Day of the amendment, YYYY-MM-DD.")
@click.option(
    "--allow",
    default="",
    metavar="NAMES",
    help="Changes that are meant though patients are randomised, or a look is taken: arms,blocks …",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and whether it would be refused; record nothing.")
@by_option
@click.option("--why", required=True, help="Why the trial is amended.")
@key_option
@json_option
@click.pass_context
def amend(
    ctx: click.Context, trial: str, log_path: Address, on: date, allow: str, dry_run: bool, by: str, why: str, key: str, as_json: bool
) -> None:  # fmt: skip
    """Amend the trial: the log goes on with the trial file as it is now or, where an amendments folder lies beside it, with the next of these.

    The log keeps the new definition, and each event is judged under the one in force at its site on its day. Until a changed file is
    amended every other order is refused. While patients are randomised, changes of arms, shares, factors, blocks and method are refused
    unless --allow names them; so are changes of a look's rule once one is taken, and of sites or cohorts with patients. Where the new file
    says [amendments] per_site = true, it is in force at each site from the day of its approval: `conduct approve`.
    """
    found = desk.opening.load_trial(trial)
    store = desk.opening.log_of(found, log_path)
    new = desk.amend.next_definition(trial, store, by)
    named = [name.strip() for name in allow.split(",") if name.strip()]
    done = desk.amend.amend(new, store, on, by, why, named, dry=dry_run, key=key, witness=asked())
    if as_json:
        emit(done)
        if done.problems:
            ctx.exit(2)
        return
    say_kept(done)
    say_torn(done.torn_line_set_aside, ended=done.last_line_ended)
    _show(done)
    if done.problems:
        raise BadInput("amend", done.problems)


def _show(done: Amended) -> None:
    """Print what changes, and what was recorded."""
    if done.changes is None:
        click.echo("What changed is not known: the log was opened before definitions were kept in it.")
    else:
        bullet(told(done.changes))
    if done.per_site:
        click.echo("In force at each site from the day of its approval: conduct approve --site SITE --on DAY.")
    if done.event is not None:
        click.echo(f"Event {done.event.number}: amended, {done.event.happened}. Chain {(done.hash or '')[:12]}")
    elif not done.problems:
        click.echo("Nothing is recorded: --dry-run.")


@click.command(cls=Command, short_help="Record the day on which a site approved an amendment.")
@trial_argument
@log_option
@click.option("--site", required=True, help="The site.")
@click.option("--on", type=DAY, required=True, help="Day from which the amendment is in force there, YYYY-MM-DD.")
@click.option("--amendment", type=int, metavar="EVENT", help="Number of the event that amended (default: the last).")
@by_option
@click.option("--why", default="", help="Why, where it does not go without saying.")
@key_option
@json_option
def approve(
    trial: str, log_path: Address, site: str, on: date, amendment: int | None, by: str, why: str, key: str, as_json: bool
) -> None:  # fmt: skip
    """Record the day on which a site approved an amendment: from that day it is in force there, and what happens there is judged by it."""
    found = desk.opening.load_at_hand(trial, log_path, by)
    done = desk.amend.approve(found, desk.opening.log_of(found, log_path), site, on, by, why, amendment, key, asked())
    if as_json:
        emit(done)
        return
    say_kept(done)
    say_torn(done.torn_line_set_aside, ended=done.last_line_ended)
    click.echo(f"Event {done.event.number}: {site} approved, {done.event.happened}. Chain {done.hash[:12]}")
