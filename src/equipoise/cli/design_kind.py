"""`equipoise design KIND`: one command a kind of design, made from what the kind's own table may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import click
from click.core import ParameterSource

from equipoise import desk
from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.extras import needing
from equipoise.cli.history_choice import history_parameters, show_history
from equipoise.cli.pairs import Pairs
from equipoise.cli.usage import Command, Judge
from equipoise.design import shelf
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.retired import Retired

if TYPE_CHECKING:
    from equipoise.design.study.curtailed import Side
    from equipoise.desk.design import Answered
    from equipoise.trial.design import Truth


class Said(click.ParamType[dict[str, Any]]):
    """Evidence: names and numbers, with '/' between looks and ':' between what goes together: look=2,…,earlier=26:26/42:42."""

    name = "name=value,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Read evidence; anything else is a usage error."""
        if isinstance(value, dict):
            return value
        try:
            said = [(k.strip(), _said(v)) for k, v in (part.split("=") for part in value.split(","))]
        except ValueError:
            said = []
        names = [k for k, _ in said]
        twice = sorted({k for k in names if names.count(k) > 1})
        if twice:
            self.fail(f"got {value!r}; {', '.join(twice)} stands twice", param, ctx)
        if not said:
            self.fail(
                f"got {value!r}; write name=value and a comma between two, and '/' between looks, as in earlier=40/80",
                param,
                ctx,
            )
        return dict(said)


def _said(value: str) -> float | tuple[float | tuple[float, ...], ...]:
    """A number; or numbers of several looks, or several numbers of each."""
    if "/" not in value and ":" not in value:
        return float(value)
    return tuple(tuple(map(float, v.split(":"))) if ":" in v else float(v) for v in value.split("/"))


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers with commas between them."""

    name = "numbers"

    def __init__(self, item: type) -> None:
        self.item = item

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """Read numbers; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.item(part) for part in value.split(","))
        except ValueError:
            numbers = (
                "whole numbers with commas between them, such as 2,5"
                if self.item is int
                else "numbers with commas between them, such as 0.5,1"
            )
            self.fail(f"got {value!r}; write {numbers}", param, ctx)


class Known(click.Choice[str]):
    """One of some words; a retired one is told what to say instead."""

    def __init__(self, choices: Sequence[str], retired: Retired) -> None:
        super().__init__(choices)
        self.retired = retired

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """One of the words; anything else is a usage error."""
        instead = self.retired.instead(value)
        if instead is not None:
            self.fail(f"{value!r} is no longer one of {', '.join(map(repr, self.choices))}: {instead}", param, ctx)
        return super().convert(value, param, ctx)


def make(kind: str) -> click.Command:
    """The command of one kind."""
    about = shelf.one(kind)
    fields = shelf.spec_model(kind).model_fields
    of_history = history_parameters(fields)
    options: list[click.Parameter] = [
        option_of(name, field.annotation, field, given_otherwise=bool(of_history) and name in desk.history.NUMBERS)
        for name, field in fields.items()
        if name != "kind"
    ]
    options += of_history
    options += [
        click.Option(
            ["--truth", "truths"], type=Pairs(), multiple=True,
            help="Behaviour under this truth too, such as rate=0.5; may be given again.",
        ),
        click.Option(
            ["--evidence"], type=Said(),
            help=desk.evidence.help_for(about.takes),
        ),
        click.Option(
            ["--estimate", "ended"], type=Pairs(),
            help="Estimates after such an end, naive and respecting the stages, such as look=2,n=80,successes=47.",
        ),
        click.Option(
            ["--curtail"], type=click.Choice(["futility", "efficacy", "both"]),
            help="Look after each patient and stop once the outcome is settled (designs for one arm and a rate).",
        ),
        click.Option(
            ["--figure"], type=click.Path(path_type=Path, dir_okay=False), callback=needing("report"),
            help="Write the operating characteristics as SVG.",
        ),
    ]  # fmt: skip

    def callback(
        truths: tuple[Truth, ...], evidence: Mapping[str, Any] | None, ended: Mapping[str, float] | None,
        curtail: Side | None, figure: Path | None, as_json: bool, **given: Any,
    ) -> None:  # fmt: skip
        table = {k: v for k, v in given.items() if v is not None and k in fields}
        asked = {k: v for k, v in given.items() if k not in fields}
        source = click.get_current_context().get_parameter_source
        typed = frozenset(k for k in given if source(k) is ParameterSource.COMMANDLINE)
        found = desk.design.ask(kind, table, truths, evidence, ended, curtail, asked, typed)
        if figure is not None:
            desk.pages.write_figure(figure, found.figure(), "operating-characteristics")
        if as_json:
            emit(found.as_json())
            return
        say_answer(found)
        if figure is not None:
            click.echo(f"Wrote {figure}.")

    command = Command(
        kind, callback=callback, params=options, help=f"{about.title}.\n\n{about.reference}", short_help=about.title
    )
    command.judge = judge_of(kind)
    return json_option(command)


def judge_of(kind: str) -> Judge:
    """What is wrong with a design's entries on a line of which something else could not be read; what is missing is told by the line."""

    def judge(typed: Mapping[str, Any]) -> list[Problem]:
        model = shelf.spec_model(kind)
        try:
            model.read({k: v for k, v in typed.items() if k in model.model_fields and v is not None})
        except BadInput as bad:
            return [p for p in bad.problems if p.code != "missing"]
        return []

    return judge


def option_of(name: str, annotation: Any, field: Any, *, given_otherwise: bool = False) -> click.Option:
    """The option of an entry; ``given_otherwise``: it need not be given, another option may."""
    flag = "--" + name.replace("_", "-")
    kind, default = _click_type(annotation), None if field.is_required() else field.default
    help_text = field.description or ""
    retired = next((m for m in field.metadata if isinstance(m, Retired)), None)
    if retired is not None:
        kind = Known(kind.choices, retired)
    if kind is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=bool(default), show_default=True, help=help_text)
    return click.Option(
        [flag, name], type=kind, required=field.is_required() and not given_otherwise, default=default,
        show_default=default is not None, help=help_text,
    )  # fmt: skip


def _click_type(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _click_type(next(a for a in arguments if a is not type(None)))
    if origin is Annotated:
        return _click_type(arguments[0])
    if origin is Literal:
        if all(isinstance(a, int) for a in arguments):
            return int
        return click.Choice([str(a) for a in arguments])
    if origin is tuple:
        return Numbers(_click_type(arguments[0]))
    return annotation


def say_answer(found: Answered) -> None:
    """Print a design for people: what it is, how it behaves, and what it says of the evidence."""
    design, verdict = found.design, found.verdict
    if found.history is not None:
        show_history(found.history, found.standing)
    say(design.describe())
    for table in found.tables():
        show_table(table)
    if verdict is not None:
        detail = getattr(verdict.action, "why", "") or getattr(verdict.action, "what", "")
        say(f"Verdict: {verdict.action.name.upper()}{f' ({detail})' if detail else ''}. {' '.join(verdict.because)}")
        for caution in verdict.cautions:
            say(f"Caution. {caution}")
    estimates = found.estimates_table()
    if estimates is not None:
        show_table(estimates)
    for caution in design.cautions:
        say(f"Caution. {caution}")
    say(f"Reference: {found.about.reference}")
    grade = found.grade
    say(f"Grade: {grade.said}. {grade.oracle}")
