"""What the commands share: arguments, and speaking twice: a page for people, JSON for machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise.cli.extras import needing

if TYPE_CHECKING:
    from rich.progress import Progress

    from equipoise.trial.exhibits import Table
    from equipoise.trial.trial import Trial

F = TypeVar("F", bound=Callable[..., Any])
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
trial_argument = click.argument("trial", metavar="TRIAL")
cohort_option = click.option(
    "--cohort", default="", metavar="NAME", help="The cohort that is meant, in a trial with cohorts."
)


class Day(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day; anything else is a usage error."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"got {value!r}; a day is written YYYY-MM-DD, such as 2013-02-12", param, ctx)


DAY = Day()


def emit(value: Any) -> None:
    """Print a value as JSON."""
    from equipoise.files.plain import to_json

    click.echo(to_json(value), nl=False)


def show_table(table: Table) -> None:
    """Print a table for people."""
    from rich.console import Console

    from equipoise.cli.text_table import drawn, table_text

    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        for piece in drawn(table, console.width):
            console.print(piece)
    else:
        click.echo(table_text(table, width_of_a_pipe()), nl=False)
    for note in table.notes:
        say(note, indent="  ")


def width_of_a_pipe() -> int:
    """Columns of what is not a terminal: as COLUMNS says, else as the terminal has where errors go (`| less`); 160 where there is none."""
    with suppress(KeyError, ValueError):
        return max(int(os.environ["COLUMNS"]), 40)
    with suppress(OSError, ValueError):
        return os.get_terminal_size(2).columns
    return 160


def say(text: str, indent: str = "", first: str = "") -> None:
    """Print a wrapped paragraph."""
    import shutil
    import textwrap

    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    click.echo(textwrap.fill(text, width, initial_indent=indent + first, subsequent_indent=indent + " " * len(first)))


def figure_option(help_text: str) -> Callable[[F], F]:
    """--figure, a file for an SVG."""
    return click.option(
        "--figure", type=click.Path(path_type=Path, dir_okay=False), callback=needing("report"), help=help_text
    )


def progress(quiet: bool = False, transient: bool = False) -> Progress:
    """A bar on standard error that tells how much is done; none where ``quiet``, gone at the end where ``transient``."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), disable=quiet, transient=transient)


def bullet(lines: Sequence[str]) -> None:
    """Print lines as a list."""
    for line in lines:
        say(line, indent="  ", first="- ")


def mark_assumed(trial: Trial, *paths: str) -> str:
    """' (assumed)' where an entry of the file is our assumption."""
    return " (assumed)" if trial.assumed(*paths) else ""
