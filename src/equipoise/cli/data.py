"""Which data a command speaks of: those of a log or of a table, as known at a cut-off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise import desk
from equipoise.cli.common import DAY
from equipoise.cli.dialect import dialect_options
from equipoise.cli.log_place import LOG
from equipoise.trial.dialect import FOUND_OUT, Dialect

if TYPE_CHECKING:
    from equipoise.desk.data import Data
    from equipoise.files.log_address import Address
    from equipoise.trial.role import View
    from equipoise.trial.trial import Trial

T = TypeVar("T")
log_option = click.option("--log", "log_path", type=LOG, help="The trial's log: a path or a URL.")
table_option = click.option(
    "--table", type=click.Path(path_type=Path), help="A CSV of patients, mapped by [table] in the trial file."
)
known_on_option = click.option(
    "--known-on",
    type=DAY,
    help="Take in what was recorded by this day (default: the cut-off itself; of data that came at once, their day).",
)
unblind_option = click.option(
    "--unblind",
    type=click.Path(path_type=Path),
    metavar="SECRET_FILE",
    help="The file with the allocation's secret, which tells the arms of a masked log.",
)
define_option = click.option(
    "--define", type=click.Path(path_type=Path), help="A define.xml: types, labels, lengths and terms of CSVs."
)
reader_option = click.option(
    "--as",
    "--reader",
    "reader",
    metavar="PERSON",
    envvar="EQUIPOISE_AS",
    help="Who reads, in a log with people [env EQUIPOISE_AS].",
)
cutoff_option = click.option("--cutoff", type=DAY, help="Data cut-off (default: the last day of the log).")


@dataclass(frozen=True)
class Asked:
    """Which data: what was given of the options."""

    log_path: Address | None = None
    table: Path | None = None
    cutoff: date | None = None
    known_on: date | None = None
    unblind: Path | None = None
    dialect: Dialect = FOUND_OUT
    define: Path | None = None
    reader: str | None = None
    #: Who gives an order with these data: he is the reader in a log with people, where no other is named.
    by: str | None = None

    def take(self, trial_name: str, trial: Trial, view: View = "by arm") -> Data:
        """The data that the reader may see on a page that shows ``view``; what was left out of them is said on standard error."""
        data = desk.data.take(
            trial_name,
            trial,
            self.log_path,
            self.table,
            self.cutoff,
            self.known_on,
            self.unblind,
            self.dialect,
            self.define,
            self.reader,
            view,
            self.by,
        )
        say_what_is_left_out(data)
        return data


def data_options(command: Callable[..., T], reading: Callable[..., Any] = reader_option) -> Callable[..., T]:
    """--log, --as, --table, how it is written and defined, --cutoff, --known-on and --unblind; the command gets them as one value, ``asked``.

    ``reading``: the option that says who reads, where --as means something else.
    """

    @wraps(command)
    def asking(
        *,
        log_path: Address | None,
        table: Path | None,
        cutoff: date | None,
        known_on: date | None,
        unblind: Path | None,
        dialect: Dialect,
        define: Path | None,
        reader: str | None,
        **others: Any,
    ) -> T:
        return command(asked=Asked(log_path, table, cutoff, known_on, unblind, dialect, define, reader), **others)

    of_table = table_option(dialect_options(define_option(cutoff_option(known_on_option(unblind_option(asking))))))
    with_reader: Callable[..., T] = reading(of_table)
    return log_option(with_reader)


def say_what_is_left_out(data: Data) -> None:
    """Say on standard error what is not in the data."""
    if data.torn is not None:
        click.echo(f"{data.torn}: the last line is torn; it is no record and is left out.", err=True)
    say_notes([*data.notes, *data.snap.notes])


def say_notes(notes: Sequence[str]) -> None:
    """Say on standard error what a snapshot's notes say."""
    for note in notes:
        click.echo(f"Note: {note}", err=True)
