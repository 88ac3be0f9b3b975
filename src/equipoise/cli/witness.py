"""What is kept of a log outside it: keys, checkpoints, time stamps; reconciling, and the drill of a restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, say, trial_argument
from equipoise.cli.data import reader_option
from equipoise.cli.extras import need
from equipoise.cli.known import log_option
from equipoise.cli.log_place import LOG
from equipoise.cli.outside import FILE, FOLDER, asked, by_option, outside_options, say_kept
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.desk.outside import Outside
    from equipoise.files.log_address import Address


@click.command(cls=Command, short_help="Make the installation's key, which signs checkpoints.")
@click.option("--out", type=FOLDER, required=True, help="New folder for the key, away from logs and witnesses.")
@click.option("--name", default="equipoise", show_default=True, help="Its name: trials.example.org, say.")
@json_option
def keys(out: Path, name: str, as_json: bool) -> None:
    """Make the key by which this installation signs what it witnesses (Ed25519).

    signing.key is for its owner only: whoever has it can sign in the installation's name. signing.pub is for everybody who
    verifies: hand it out by another way than the checkpoints.
    """
    need("A key", "sign")
    made = desk.witness.make_keys(out, name)
    if as_json:
        emit(made)
    else:
        click.echo(f"{made.secret}: keep it secret. {made.public}: hand it out.\n{made.verifier}")


@click.command(cls=Command, short_help="Sign the log's head of now: to a folder, or as a text for a mail.")
@trial_argument
@log_option
@click.option(
    "--signing-key",
    "key",
    type=FILE,
    required=True,
    envvar="EQUIPOISE_SIGNING_KEY",
    help="The installation's key [env EQUIPOISE_SIGNING_KEY].",
)
@click.option(
    "--witness", type=FOLDER, envvar="EQUIPOISE_WITNESS", help="Folder to write it to [env EQUIPOISE_WITNESS]."
)
@click.option("--as-text", is_flag=True, help="Print it, with a line on what it is, for a mail.")
@reader_option
@json_option
def checkpoint(
    trial: str, log_path: Address, key: Path, witness: Path | None, as_text: bool, reader: str | None, as_json: bool
) -> None:
    """Sign the head that the log has now: its number, its hash and the time, nothing of any patient.

    Orders do so by themselves where they have --witness and --signing-key; by this command somebody does so at the end of a day.
    """
    need("A checkpoint", "sign")
    if witness is None and not as_text and not as_json:
        raise click.UsageError("give --witness FOLDER, --as-text or --json: a checkpoint goes somewhere")
    found = desk.opening.load_trial(trial)
    signed = desk.checkpoint.sign(found, desk.opening.log_of(found, log_path), key, witness, reader)
    if as_json:
        emit(signed)
        return
    if as_text:
        click.echo(
            f"Checkpoint of trial {signed.trial}: event {signed.number} of its log has the hash {signed.hash}.\n"
            f"Keep this mail. If that event has another hash, or none, the log was changed or cut after it was sent.\n"
            f"To check it, save what follows as a file:  equipoise conduct verify {signed.trial} --log LOG --expect FILE\n"
        )
        click.echo(signed.note, nl=False)
    if signed.file is not None:
        click.echo(f"Head {signed.number}, {signed.hash[:12]}, witnessed in {signed.file}", err=as_text)


@click.command(cls=Command, short_help="Record that witnessed heads are lost, so that the trial can go on.")
@trial_argument
@log_option
@by_option
@click.option("--why", required=True, help="Why they are lost, and what was done: which receipts were entered again.")
@click.option(
    "--expect", multiple=True, metavar="FILE", help="Receipts: those of lost events are recorded as lost too."
)
@json_option
def reconcile(trial: str, log_path: Address, by: str, why: str, expect: tuple[str, ...], as_json: bool) -> None:
    """Reconcile a log with its witness, after an older copy had to be restored.

    While a head is witnessed that the log has not, nobody is randomised. This records which heads are lost, who knows it and
    why; from then on the log goes on, and verify says what was lost.
    """
    from equipoise.trial.problem import BadInput, Problem

    witness = asked()
    if witness is None or witness.folder is None:
        raise BadInput("reconcile", [Problem("no-witness", "--witness", "nothing", "the folder of witnessed heads")])
    found = desk.opening.load_at_hand(trial, log_path, by)
    done = desk.restore.reconcile(found, desk.opening.log_of(found, log_path), witness, by, why, expect)
    if as_json:
        emit(done)
        return
    say_kept(done)
    say(desk.restore.in_words(done.event))


@click.command(cls=Command, short_help="Restore a back-up in a temporary place, and verify it there.")
@trial_argument
@click.option("--backup", type=LOG, required=True, help="The copy of the log: a path, or the URL of a database.")
@click.option("--log", "log_path", type=LOG, help="The log in use: its head is one more to find.")
@outside_options
@reader_option
@json_option
@click.pass_context
def drill(
    ctx: click.Context,
    trial: str,
    backup: Address,
    log_path: Address | None,
    held: Outside,
    reader: str | None,
    as_json: bool,
) -> None:
    """Restore a back-up in a temporary place and verify it there; nothing else is touched.

    Ends with "Same head", or with the witnessed heads and receipts that it lacks (exit status 1). Where no head is known outside the back-up
    it is refused: nothing would tell an old copy.
    """
    found = desk.opening.load_trial(trial)
    running = desk.opening.log_of(found, log_path) if log_path is not None else None
    done = desk.restore.drill(found, desk.opening.log_of(found, backup), held, running, reader)
    if as_json:
        emit(done)
    else:
        for note in done.notes:
            say(note)
        for problem in done.problems:
            say(str(problem))
        click.echo(f"Restored {done.events} events from {backup}, chain whole. Head {done.hash}")
        for head in done.missing:
            number = f"head {head.number}, " if head.number is not None else "head "
            click.echo(f"Missing: {number}{head.hash[:12]}… ({head.source})")
        if done.same_head:
            click.echo("Same head.")
        elif done.ok:
            click.echo("Nothing known is missing; its head itself is known to nobody outside.")
    if not done.ok:
        ctx.exit(1)


@click.command(cls=Command, short_help="A time stamp of RFC 3161 for a checkpoint: the request, then the token.")
@click.argument("file", type=FILE, metavar="CHECKPOINT")
@click.option(
    "--token", type=FILE, help="What the authority answered (.tsr): it is checked, and put beside the checkpoint."
)
@click.option("--authority", type=FILE, metavar="FILE", help="Certificates (PEM) of the authority.")
@json_option
def stamp(file: Path, token: Path | None, authority: Path | None, as_json: bool) -> None:
    """Have an outside authority say when a checkpoint was there (RFC 3161, by the openssl command; nothing is sent from here).

    Without --token writes the request, CHECKPOINT.tsq, to be sent to the authority. With --token and --authority checks its
    answer and keeps it as CHECKPOINT.tsr, where conduct verify --authority finds it.
    """
    if (token is None) != (authority is None):
        raise click.UsageError("--token and --authority go together: a token is kept once it has been checked")
    made = desk.stamp.stamp(file, token, authority)
    if as_json:
        emit(made)
    elif made.at is None:
        say(
            f"{made.file}: send it as application/timestamp-query; then conduct stamp {file.name} --token ANSWER --authority CERTIFICATES"
        )
    else:
        click.echo(f"{made.file}: stamped {made.at:%Y-%m-%d %H:%M:%S} UTC")


COMMANDS = (keys, checkpoint, reconcile, drill, stamp)
