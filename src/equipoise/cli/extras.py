"""Optional libraries: asked for before a command's work begins, and named where they are missing."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import click

from equipoise.trial.problem import Missing

#: Extra of pyproject.toml → what a command that asks for it imports.
EXTRAS = {
    "report": ("jinja2", "matplotlib"),
    "documents": ("docx", "rtflite", "weasyprint"),
    "fast": ("numba",),
    "grid": ("pyarrow",),
    "cluster": ("distributed",),
    "sign": ("cryptography",),
    "postgres": ("psycopg",),
    "site": ("django", "allauth", "fido2", "csp", "django_htmx", "whitenoise", "waitress", "argon2"),
}


def need(what: str, *extras: str) -> None:
    """Raise Missing, with all that is missing and the one line that installs it, where ``what`` cannot be done here."""
    missing = {e: [name for name in EXTRAS[e] if find_spec(name) is None] for e in extras}
    lacking = [e for e in extras if missing[e]]
    if lacking:
        names = " and ".join(name for e in lacking for name in missing[e])
        raise Missing(f"{what} needs {names}: pip install 'equipoise[{','.join(lacking)}]'")


def needing(
    *extras: str, when: Callable[[Any], bool] = lambda value: value is not None
) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback of an option or an argument: where its value is such, it needs these extras."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if not ctx.resilient_parsing and when(value):
            need(param.opts[0] if param.param_type_name == "option" else str(value), *extras)
        return value

    return callback
