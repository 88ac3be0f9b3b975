"""What every order of `equipoise conduct` has in common: its options, and that it is carried out and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from equipoise import desk
from equipoise.cli.common import DAY, F, emit
from equipoise.cli.known import say_torn
from equipoise.cli.outside import asked, by_option, say_kept
from equipoise.cli.pairs import Pair, once

if TYPE_CHECKING:
    from equipoise.conduct.conduct import Conduct
    from equipoise.files.log_address import Address
    from equipoise.trial.event import Event

#: --by, and where the head is kept outside.
by = by_option
why = click.option("--why", default="", help="Why, where it does not go without saying.")
on = click.option("--on", type=DAY, required=True, help="Day on which it happened, YYYY-MM-DD.")
patient = click.option("--patient", required=True, help="The patient's number in the trial.")
site = click.option("--site", required=True, help="The site.")


def said(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """What may be left out, and cannot be nothing where it is given: '' is a variable of a script that nobody set."""
    if not text.strip() and ctx.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT:
        raise click.BadParameter(f"got {text!r}; a text, or leave it out", ctx, param)
    return text


key = click.option(
    "--key",
    default="",
    callback=said,
    help="A key of this order's own: given again under it, it answers what was recorded the first time.",
)
_FACTOR = Pair("NAME=LEVEL, such as ecog=0-1")


def _level(event: Event) -> str:
    """The level that somebody was assigned to, and how."""
    if event.kind != "assigned":
        return ""
    how = ", by lot" if event.data.get("at_random") else ", backfilled" if event.data.get("backfill") else ""
    return f"{event.data['level']}{how}"


def give(
    trial_name: str,
    log_path: Address,
    as_json: bool,
    order: Callable[[Conduct, datetime], Event | Sequence[Event]],
    secret_file: Path | None = None,
    *,
    at_random: bool = False,
) -> None:
    """Carry out one order, and say what was recorded."""
    by = str(click.get_current_context().params["by"])
    trial = desk.opening.load_at_hand(trial_name, log_path, by)
    apart = desk.order.apart(trial_name, log_path)
    allocation = desk.order.allocation(trial, secret_file, apart) if at_random else None
    store = desk.opening.log_of(trial, log_path)
    done = desk.order.give(trial, store, order, allocation, witness=asked(), by=by)
    if as_json:
        emit(done)
        return
    say_kept(done)
    say_torn(done.torn_line_set_aside, ended=done.last_line_ended)
    event = done.event
    who = event.patient or event.site
    of = f" in {event.data['cohort']}" if event.data.get("cohort") else ""
    told = event.data.get("arm") or event.data.get("code") or _level(event)
    detail = f": {told}" if told else ""
    click.echo(
        f"Event {event.number}: {who + ' ' if who else ''}{event.kind}{of}{detail}, {event.happened}. Chain {done.hash[:12]}"
    )


def baseline(help_text: str) -> Callable[[F], F]:
    """--baseline, the values of [[baseline]]."""
    written = Pair("NAME=VALUE, such as age=62")
    return click.option(
        "--baseline", "baseline", type=written, multiple=True, callback=once, metavar="NAME=VALUE", help=help_text
    )


def levels(help_text: str) -> Callable[[F], F]:
    """--factor, the levels of stratification factors and markers."""
    return click.option(
        "--factor", "factors", type=_FACTOR, multiple=True, callback=once, metavar="NAME=LEVEL", help=help_text
    )
