"""The people of a trial: `equipoise conduct grant`, `revoke`, `train`, `delegate`, `people`, and `export` for one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli import orders
from equipoise.cli.common import DAY, emit, json_option, show_table, trial_argument
from equipoise.cli.data import reader_option
from equipoise.cli.known import log_option
from equipoise.cli.usage import Command
from equipoise.files.log_address import Address
from equipoise.trial.role import ROLES

_ROLE = click.option("--role", required=True, help=f"One of: {', '.join(r.name for r in ROLES)}.")
_PERSON = click.option("--person", required=True, help="The person, by the name under which he gives orders (--by).")


def _words(_ctx: click.Context, _param: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(w.strip() for w in text.split(",") if w.strip()))


_ORDERS: dict[str, tuple[str, str, tuple[Callable[[Any], Any], ...]]] = {
    "grant": (
        "granted",
        "Grant a person a role: an administrator does, and nobody to himself.",
        (
            _PERSON,
            _ROLE,
            click.option("--sites", callback=_words, help="Of a role at sites, for which: S01,S02."),
            click.option("--name", help="The person's name in full, as it is printed."),
            click.option("--arms", type=bool, help="Of an inspector, true: he may know the arms."),
        ),
    ),
    "revoke": ("revoked", "Revoke a role, from now on, at all its sites.", (_PERSON, _ROLE)),
    "train": (
        "trained",
        "Record what a person was trained in.",
        (_PERSON, click.option("--what", required=True, help="As the trial file writes it: 'GCP'.")),
    ),
    "delegate": (
        "delegated",
        "Delegate orders to a coordinator or pharmacist of your site: an investigator does.",
        (
            _PERSON,
            click.option(
                "--tasks",
                callback=_words,
                required=True,
                help="Kinds of event: 'screened,enrolled,assessed'; '' takes back what was delegated. It replaces what was delegated before.",
            ),
        ),
    ),
}


administrator_option = click.option(
    "--administrator",
    default="",
    metavar="NAME",
    help="Open it with people: this one grants the first roles, and nobody gives an order without one.",
)


def add_to(group: click.Group) -> None:
    """Add the verbs that concern people."""
    for name, (kind, text, options) in _ORDERS.items():
        group.add_command(_order(name, kind, text, options))
    group.add_command(people)
    group.add_command(export)


def _order(name: str, kind: str, text: str, options: tuple[Callable[[Any], Any], ...]) -> click.Command:
    def callback(
        trial: str, log_path: Address, on: date, by: str, why: str, key: str, as_json: bool, **given: Any
    ) -> None:
        data = {k: v for k, v in given.items() if v is not None}
        orders.give(trial, log_path, as_json, lambda c, now: c.order(kind, on, now, by, why, data=data, key=key))

    decorated: Any = callback
    of_each = (orders.on, orders.by, orders.why, orders.key, json_option)
    for option in reversed([trial_argument, log_option, *options, *of_each]):
        decorated = option(decorated)
    return click.command(cls=Command, name=name, help=text, short_help=text)(decorated)


@click.command(cls=Command, name="people", short_help="The authorised persons of a day.")
@trial_argument
@log_option
@click.option("--on", type=DAY, help="The day, YYYY-MM-DD, UTC (default: today).")
@reader_option
@json_option
def people(trial: str, log_path: Address, on: date | None, reader: str | None, as_json: bool) -> None:
    """List who held which role on a day, since when, by whose grant, and whether training or delegation keeps his access shut."""
    found = desk.opening.load_trial(trial)
    listed = desk.people.authorised_on(found, desk.opening.log_of(found, log_path), on, reader)
    if as_json:
        emit({**vars(listed), "persons": [{**vars(a), "access": a.access} for a in listed.persons]})
    else:
        show_table(listed.table())


@click.command(cls=Command, name="export", short_help="The log's events, as one reader may see them.")
@trial_argument
@log_option
@reader_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file (JSON Lines).")
@json_option
def export(trial: str, log_path: Address, reader: str | None, out: Path, as_json: bool) -> None:
    """Write the log for one reader, made at this moment: what he may not see is not in the file.

    For who knows the arms of all whom he sees it is the log's own lines with parts withheld, and `conduct verify` verifies its chain. For others it is a list of
    the events that they may see, numbered anew.
    """
    found = desk.opening.load_trial(trial)
    copy = desk.people.export_log(found, desk.opening.log_of(found, log_path), reader, out)
    if as_json:
        emit(copy)
    else:
        how = "the log's own lines: its chain verifies" if copy.verifies else "numbered anew, without the chain"
        click.echo(f"{copy.events} events in {copy.file}, {how}.")
