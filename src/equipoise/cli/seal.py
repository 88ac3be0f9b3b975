"""The allocation's secret at the command line: `equipoise conduct seal`, `commit` and `reseal`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say, trial_argument
from equipoise.cli.known import log_option
from equipoise.cli.outside import asked, by_option, say_kept
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.desk.order import Ordered
    from equipoise.files.log_address import Address

secret_option = click.option(
    "--secret",
    "--seed-file",
    "secret_file",
    type=click.Path(path_type=Path),
    help="The file with the allocation's secret, as `conduct seal` made it [env EQUIPOISE_SECRET_FILE].",
)
_the_secret = click.option(
    "--secret",
    "secret_file",
    type=click.Path(path_type=Path),
    required=True,
    help="The file with the allocation's secret, as `conduct seal` made it.",
)


class Sizes(click.ParamType[tuple[int, ...]]):
    """Sizes of blocks, 6,9."""

    name = "sizes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Read sizes; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"got {value!r}; sizes are whole numbers, such as 6,9", param, ctx)


@click.command(cls=Command, short_help="Make the secret by which a trial's arms are given.")
@trial_argument
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The new file; its owner alone may read it."
)
@click.option(
    "--blocks", type=Sizes(), default=(), help='Sizes of blocks, 6,9: where the trial file says block_sizes = "sealed".'
)
@json_option
def seal(trial: str, out: Path, blocks: tuple[int, ...], as_json: bool) -> None:
    """Make the secret by which a trial's arms are given: 32 random bytes of the system, in a file of their own.

    Keep it outside the trial's folder and the log's, with a copy locked away: whoever has it foresees every arm, and without it no more arms
    can be given. Nothing of it is shown here. `conduct open --secret FILE` (or `commit`) binds the log to it.
    """
    made = desk.sealing.seal(trial, desk.opening.load_trial(trial), out, blocks)
    if as_json:
        emit(made)
        return
    click.echo(f"Made the secret of {made.trial} in {made.secret_file}. Commitment {made.commitment}")
    if made.warning:
        say(f"Warning: {made.warning}")


@click.command(cls=Command, short_help="Bind a log to its allocation's secret.")
@trial_argument
@log_option
@_the_secret
@by_option
@click.option("--why", default="", help="Why, where it does not go without saying.")
@json_option
def commit(trial: str, log_path: Address, secret_file: Path, by: str, why: str, as_json: bool) -> None:
    """Record the commitment of the allocation's secret in a log that has none. From then on no other secret gives an arm."""
    found = desk.opening.load_trial(trial)
    secret = desk.sealing.the_secret(trial, found, secret_file, log_path)
    _said(desk.sealing.commit(found, desk.opening.log_of(found, log_path), secret, by, why, asked()), as_json)


@click.command(cls=Command, short_help="Go on with another secret, and say why.")
@trial_argument
@log_option
@_the_secret
@by_option
@click.option("--why", required=True, help="Why the trial goes on with another secret.")
@json_option
def reseal(trial: str, log_path: Address, secret_file: Path, by: str, why: str, as_json: bool) -> None:
    """Go on with another secret, where the first was lost or seen. Each list goes on at its next place.

    It stands as a caution in every decision and report from then on. Keep the old secret if it is there: `verify --secret` asks for both.
    """
    found = desk.opening.load_trial(trial)
    secret = desk.sealing.the_secret(trial, found, secret_file, log_path)
    _said(desk.sealing.reseal(found, desk.opening.log_of(found, log_path), secret, by, why, asked()), as_json)


def _said(done: Ordered, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    say_kept(done)
    event = done.event
    click.echo(f"Event {event.number}: committed to the secret {event.data['commitment'][:12]}. Chain {done.hash[:12]}")
