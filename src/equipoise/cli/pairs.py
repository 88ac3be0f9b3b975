"""Names and numbers on the command line: rate=0.5 or tested=0.58,control=0.44."""

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
