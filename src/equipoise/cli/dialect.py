"""How a CSV is written, on the command line: --encoding, --separator and --decimal, for every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from equipoise.trial.dialect import Dialect, encoding_named, separator_named

T = TypeVar("T")


class Named(click.ParamType[str]):
    """A name that is known, or a usage error that says which are."""

    def __init__(self, name: str, read: Callable[[str], str]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value as it is known; anything else is a usage error."""
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(f"got {value!r}; {error}", param, ctx)


encoding_option = click.option(
    "--encoding",
    type=Named("encoding", encoding_named),
    help="Of a CSV or a transport file that is not UTF-8, such as windows-1252.",
)
separator_option = click.option(
    "--separator",
    type=Named("separator", separator_named),
    help="Between a CSV's columns: comma, semicolon, tab, bar, or a character (default: found out).",
)
decimal_option = click.option(
    "--decimal", type=click.Choice([".", ","]), help="A CSV's decimal mark (default: found out)."
)


def dialect_options(command: Callable[..., T]) -> Callable[..., T]:
    """--encoding, --separator and --decimal; the command gets them as one value, ``dialect``."""

    @wraps(command)
    def asking(*, encoding: str | None, separator: str | None, decimal: str | None, **others: Any) -> T:
        return command(dialect=Dialect(encoding, separator, decimal), **others)

    return encoding_option(separator_option(decimal_option(asking)))
