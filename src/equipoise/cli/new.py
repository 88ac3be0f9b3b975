"""`equipoise new`: begin a trial: a folder with a commented trial file, scenarios, and the next commands."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem


@click.command(
    cls=Command,
    name="new",
    short_help="Begin a trial: a folder with its file, scenarios and the next commands.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("name", metavar="NAME", required=False)
@click.option("--kind", metavar="KIND", help="What to begin from: see --list.")
@click.option("--list", "listed", is_flag=True, help="Every kind of a beginning.")
@click.option(
    "--from-csv",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Begin from a table with a row a patient: its mapping is drafted, each guess marked.",
)
@click.argument("entries", nargs=-1, type=click.UNPROCESSED, metavar="[--p0 0.2 --p1 0.4 …]")
@json_option
def command(
    name: str | None, kind: str | None, listed: bool, table: Path | None, entries: tuple[str, ...], as_json: bool
) -> None:
    """Begin a trial in the folder NAME: trial.toml with comments, and scenarios/ made of the hypotheses.

    The hypotheses are the kind's own (`equipoise design KIND --help`): what is not given is the example's.

    \b
    equipoise new merkel --kind single-arm-response --p0 0.2 --p1 0.4
    equipoise new rescue --kind jung --p0 0.1 --p1 0.3
    equipoise new mine --from-csv patients.csv
    """
    if listed:
        found = desk.new.kinds()
        if as_json:
            emit([{"kind": k, "title": words} for k, words in found.items()])
            return
        bullet([f"{k}: {words}" for k, words in found.items()])
        return
    stated, problems = _pairs(entries)
    if name is None:
        problems.append(Problem("missing", "NAME", "nothing", "the name of the folder, such as merkel"))
    if kind is None and table is None:
        problems.append(Problem("missing", "--kind", "nothing", "a kind: `equipoise new --list`"))
    if table is not None:
        problems += [Problem("usage", f"--{k}", v, "nothing beside --from-csv") for k, v in stated.items()]
        problems += (
            [Problem("usage", "--kind", repr(kind), "--kind or --from-csv, not both")] if kind is not None else []
        )
    if name is None or (kind is None and table is None):
        raise BadInput("new", problems)
    if table is not None:
        begun = desk.new.begin_from_csv(name, table, problems)
    else:
        begun = desk.new.begin(name, str(kind), stated, problems)
    if as_json:
        emit(begun.as_json())
        return
    say(f"Wrote {begun.folder}/: {', '.join(begun.files)}.")
    if begun.trial.design is not None:
        say(begun.trial.design.describe())
    for note in begun.notes:
        say(note)
    click.echo("Next:")
    for line in begun.next_steps:
        click.echo(f"  {line}")


def _pairs(words: tuple[str, ...]) -> tuple[dict[str, str], list[Problem]]:
    """The kind's own options as typed, and what is wrong with them."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--") or len(word) == 2:
            problems.append(Problem("usage", "command line", repr(word), "options such as --p0 0.2"))
            continue
        key, said, value = word[2:].partition("=")
        if not said:
            if not left or left[0].startswith("--"):
                problems.append(Problem("usage", word, "no value", f"a value: {word} 0.2"))
                continue
            value = left.pop(0)
        if key in found:
            problems.append(Problem("usage", f"--{key}", "twice", "once"))
        found[key] = value
    return found, problems
