"""Names with their values on the command line: tested=0.58,control=0.44 or ecog=0-1; and numbers of criteria."""

from __future__ import annotations

from typing import Any

import click


class Pairs(click.ParamType[dict[str, float]]):
    """Names and numbers: rate=0.5 or tested=0.58,control=0.44."""

    name = "name=value,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Read pairs; anything else is a usage error."""
        if isinstance(value, dict):
            return value
        try:
            said = [(k.strip(), float(v)) for k, v in (part.split("=") for part in value.split(","))]
        except ValueError:
            said = []
        names = [k for k, _ in said]
        twice = sorted({k for k in names if names.count(k) > 1})
        if twice:
            self.fail(f"got {value!r}; {', '.join(twice)} stands twice", param, ctx)
        if not said:
            self.fail(f"got {value!r}; write name=value, and a comma between two", param, ctx)
        return dict(said)


class Criteria(click.ParamType[list[int]]):
    """Numbers of criteria as typed: '2,5'."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Read numbers; anything else is a usage error."""
        if isinstance(value, list):
            return value
        try:
            return [int(n) for n in value.replace(",", " ").split()]
        except ValueError:
            self.fail(f"got {value!r}; numbers of criteria, such as 2,5", param, ctx)


class Pair(click.ParamType[tuple[str, str]]):
    """A name and its value: NAME=LEVEL."""

    name = "pair"

    def __init__(self, written: str) -> None:
        self.written = written

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Read a pair; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        name, sign, level = value.partition("=")
        if not sign or not name.strip():
            self.fail(f"got {value!r}; written {self.written}", param, ctx)
        return name.strip(), level.strip()


def measured(text: str | None) -> dict[str, float | str] | None:
    """Measurements: names with a number or a word. None where nothing is said; what is wrong with one the trial's rules tell."""
    if text is None:
        return None
    found: dict[str, float | str] = {}
    for part in text.split(","):
        name, sign, value = (x.strip() for x in part.partition("="))
        if not sign or not name or name in found:
            raise click.BadParameter(
                f"got {text!r}; write name=value, a comma between two, each name once", param_hint="--measured"
            )
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def once(ctx: click.Context, param: click.Parameter, pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Pairs as a mapping; a name that is given twice with two values is a usage error."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise click.BadParameter(f"got {name} twice, {found[name]!r} and {value!r}; each once", ctx, param)
    return found
