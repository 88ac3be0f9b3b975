"""Options that say where a log's heads are kept outside it, and what a log is held against."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise import desk
from equipoise.cli.extras import need, needing

if TYPE_CHECKING:
    from equipoise.desk.witness import Witness

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
_PLACE = f"{__name__}.asked"


def _kept(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Lay an option aside for ``asked``: every order has it, and no order does anything else with it."""
    if value is not None and param.name == "witness_folder" and not ctx.resilient_parsing:
        need("--witness", "sign")
    ctx.meta.setdefault(_PLACE, {})[param.name] = value
    return value


def witness_options(command: F) -> F:
    """--witness, --signing-key and --receipt, on every order; what was given is asked for by ``asked``."""
    for option in (
        click.option(
            "--receipt", "receipts", type=FILE, envvar="EQUIPOISE_RECEIPT", expose_value=False, callback=_kept,
            help="Append the event's number and the log's head to this file [env EQUIPOISE_RECEIPT].",
        ),
        click.option(
            "--signing-key", "signing_key", type=FILE, envvar="EQUIPOISE_SIGNING_KEY", expose_value=False, callback=_kept,
            help="The installation's key, which signs checkpoints [env EQUIPOISE_SIGNING_KEY].",
        ),
        click.option(
            "--witness", "witness_folder", type=FOLDER, envvar="EQUIPOISE_WITNESS", expose_value=False, callback=_kept,
            help="Folder outside the log where its heads are witnessed [env EQUIPOISE_WITNESS].",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


_by = click.option("--by", required=True, envvar="EQUIPOISE_BY", help="Who gives the order [env EQUIPOISE_BY].")


def by_option(command: F) -> F:
    """--by, who gives an order, and where the head with it is kept outside."""
    return witness_options(_by(command))


def asked() -> Witness | None:
    """The witness that this command was given; None for none. Raises BadInput where it cannot be used."""
    given = click.get_current_context().meta.get(_PLACE, {})
    if not any(given.get(name) for name in ("witness_folder", "receipts")):
        return None  # no witness is loaded for nothing
    return desk.witness.witness_of(given.get("witness_folder"), given.get("signing_key"), given.get("receipts"))


def say_kept(done: Any) -> None:
    """Say on standard error what could not be kept outside."""
    for note in done.notes:
        click.echo(note, err=True)


def outside_options(command: Callable[..., T]) -> Callable[..., T]:
    """--witness, --trust, --expect and --authority of what reads; the command gets them as one value, ``held``."""

    @wraps(command)
    def asking(
        *,
        witness: Path | None,
        trust: tuple[str, ...],
        expect: tuple[str, ...],
        authority: Path | None,
        **others: Any,
    ) -> T:
        return command(held=desk.outside.Outside(witness, trust, expect, authority), **others)

    asked_of: Callable[..., T] = asking
    for option in (
        click.option(
            "--authority", type=FILE, metavar="FILE",
            help="Certificates (PEM) of the time-stamping authority: checks the time stamps beside checkpoints.",
        ),
        click.option(
            "--expect", multiple=True, metavar="HASH|FILE",
            help="A head that must be in the log: '317 HASH', a code of a report, or a file of receipts, a decision's JSON, a checkpoint.",
        ),
        click.option(
            "--trust", multiple=True, metavar="KEY|FILE", callback=needing("sign", when=bool),
            help="Whose signatures count: the public key's line, or its file.",
        ),
        click.option("--witness", type=FOLDER, envvar="EQUIPOISE_WITNESS", help="Folder of checkpoints [env EQUIPOISE_WITNESS]."),
    ):  # fmt: skip
        asked_of = option(asked_of)
    return asked_of
