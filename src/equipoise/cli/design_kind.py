"""`equipoise design KIND`: one command a kind of design, made from what the kind's own table may say."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click
from click.core import ParameterSource

from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.design_history import NUMBERS, history_parameters, show_history, standing_of, take
from equipoise.cli.extras import needing
from equipoise.cli.pages import write_figure
from equipoise.design import shelf
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.study.curtailed import Curtailed, Side
from equipoise.design.study.estimate import estimate, estimate_table
from equipoise.design.study.operating_curve import operating_curve
from equipoise.numerics.sequential.staged_inference import StagedInference
from equipoise.trial.design import Characteristics, Design, Truth
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from equipoise.history.for_design import DesignHistory


class Pairs(click.ParamType[dict[str, float]]):
    """Names and numbers: rate=0.5 or tested=0.58,control=0.44."""

    name = "name=value,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Read pairs; anything else is a usage error."""
        if isinstance(value, dict):
            return value
        try:
            return {k.strip(): float(v) for k, v in (part.split("=") for part in value.split(","))}
        except ValueError:
            self.fail(f"got {value!r}; write name=value, and a comma between two", param, ctx)


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
            self.fail(f"got {value!r}; write numbers with commas between them, such as 0.5,1", param, ctx)


def make(kind: str) -> click.Command:
    """The command of one kind."""
    about = shelf.one(kind)
    fields = shelf.spec_model(kind).model_fields
    of_history = history_parameters(fields)
    options: list[click.Parameter] = [
        _option(name, field.annotation, field, given_otherwise=bool(of_history) and name in NUMBERS)
        for name, field in fields.items()
        if name != "kind"
    ]
    options += of_history
    options += [
        click.Option(
            ["--truth", "truths"], type=Pairs(), multiple=True,
            help="Behaviour under this truth too, such as rate=0.5; may be given again.",
        ),
        click.Option(["--evidence"], type=Pairs(), help="The verdict on this evidence, such as look=1,n=39,successes=20."),
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
        truths: tuple[Truth, ...], evidence: Mapping[str, float] | None, ended: Mapping[str, float] | None,
        curtail: Side | None, figure: Path | None, as_json: bool, **given: Any,
    ) -> None:  # fmt: skip
        table = {k: v for k, v in given.items() if v is not None and k in fields}
        asked = {k: v for k, v in given.items() if k not in fields}
        source = click.get_current_context().get_parameter_source
        typed = {k for k in given if source(k) is ParameterSource.COMMANDLINE}
        answer(kind, table, truths, evidence, ended, curtail, figure, as_json, asked, typed)

    command = click.Command(
        kind, callback=callback, params=options, help=f"{about.title}.\n\n{about.reference}", short_help=about.title
    )
    return json_option(command)


def _option(name: str, annotation: Any, field: Any, *, given_otherwise: bool = False) -> click.Option:
    flag = "--" + name.replace("_", "-")
    kind, default = _click_type(annotation), None if field.is_required() else field.default
    help_text = field.description or ""
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


def answer(
    kind: str, given: dict[str, Any], truths: tuple[Truth, ...], evidence: Mapping[str, float] | None,
    ended: Mapping[str, float] | None, curtail: Side | None, figure: Path | None, as_json: bool,
    asked: Mapping[str, Any] | None = None, typed: set[str] | None = None,
) -> None:  # fmt: skip
    """Build the design and say what it is, how it behaves, and what it says of the evidence."""
    from equipoise.files.grades import grade_of
    from equipoise.files.trial_file import design_from

    about = shelf.one(kind)
    trial = (asked or {}).get("trial")
    history, problems = _history(given, asked, typed or set())
    # without a history the rest is held against the rules with the kind's own example
    table = {k: v for k, v in (about.example if problems else given).items() if k in NUMBERS}
    table |= {k: v for k, v in given.items() if k not in NUMBERS}
    design, more = design_from({"kind": kind, **table})
    problems += more
    if design is None or problems:
        raise BadInput(f"design {kind}", problems)
    if curtail is not None:
        if not isinstance(design, RateDesign):
            raise BadInput(
                f"design {kind}",
                [Problem("not-curtailed", "--curtail", curtail, "only for designs of one arm and a rate")],
            )
        design = Curtailed(design, curtail)
    named = [*design.truths().items(), *((truth_name(t), t) for t in truths)]
    behaviour = [(name, truth, design.characteristics(truth)) for name, truth in named]
    verdict = design.verdict(evidence_for(design, evidence)) if evidence is not None else None
    estimates = _estimates(kind, design, ended) if ended is not None else None
    grade = grade_of(about.module)
    standing = standing_of(trial, given)
    if figure is not None:
        write_figure(figure, operating_curve(design), "operating-characteristics")
    if as_json:
        emit(
            {
                "kind": kind, "title": about.title, "design": design.numbers(),
                "looks": list(design.looks), "protocol": design.describe(),
                "at": [{"name": n, "truth": dict(t), "characteristics": c} for n, t, c in behaviour],
                "verdict": verdict, "estimates": estimates, "cautions": list(design.cautions), "reference": about.reference,
                "grade": {"grade": grade.grade, "oracle": grade.oracle},
                **({} if history is None else {"history": history, "borrowing": standing or None}),
            }
        )  # fmt: skip
        return
    if history is not None:
        show_history(history, standing)
    say(design.describe())
    show_table(numbers_table(about.title, design))
    show_table(behaviour_table(behaviour))
    if verdict is not None:
        detail = getattr(verdict.action, "why", "") or getattr(verdict.action, "what", "")
        say(f"Verdict: {verdict.action.name.upper()}{f' ({detail})' if detail else ''}. {' '.join(verdict.because)}")
        for caution in verdict.cautions:
            say(f"Caution. {caution}")
    if estimates is not None:
        show_table(estimate_table(estimates))
    for caution in design.cautions:
        say(f"Caution. {caution}")
    say(f"Reference: {about.reference}")
    say(f"Grade: {grade.grade.upper() if grade.grade == 'unvalidated' else grade.grade}. {grade.oracle}")
    if figure is not None:
        click.echo(f"Wrote {figure}.")


def _history(
    given: dict[str, Any], asked: Mapping[str, Any] | None, typed: set[str]
) -> tuple[DesignHistory | None, list[Problem]]:
    """The history taken from a library, now in ``given``, or what is wrong with it."""
    if not asked:
        return None, []
    try:
        return take(given, dict(asked), typed, timed="shape" not in asked), []
    except BadInput as bad:
        return None, list(bad.problems)


def _estimates(kind: str, design: Design[Any], ended: Mapping[str, float]) -> StagedInference:
    if not isinstance(design, RateDesign):
        raise BadInput(
            f"design {kind}",
            [Problem("not-estimated", "--estimate", str(dict(ended)), "only for designs of one arm and a rate")],
        )
    names = ("look", "n", "successes")
    problems = [
        Problem("not-a-count", f"--estimate {k}", str(ended.get(k, "nothing")), "a whole number")
        for k in names
        if k not in ended or ended[k] != int(ended[k])
    ]
    problems += [
        Problem("unknown-key", f"--estimate {k}", f"{v:g}", f"names are {', '.join(names)}, level")
        for k, v in ended.items()
        if k not in (*names, "level")
    ]
    if problems:
        raise BadInput("estimate", problems)
    look, n, successes = (int(ended[k]) for k in names)
    return estimate(design, look, n, successes, ended.get("level", 0.90))


def truth_name(truth: Truth) -> str:
    """'rate 0.5' or 'tested 0.58, control 0.44'."""
    return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in truth.items())


def evidence_for(design: Design[Any], given: Mapping[str, float]) -> Any:
    """The evidence of the type that this design's verdict takes, from names and numbers. Raises BadInput otherwise."""
    wanted = get_type_hints(design.verdict)["evidence"]
    fields = {f.name: f for f in dataclasses.fields(wanted) if f.name not in ("arm", "outcome")}
    types = get_type_hints(wanted)
    open_ended = "outcome" in types
    problems = [
        Problem("unknown-key", f"--evidence {k}", f"{v:g}", f"names are {', '.join(fields)}")
        for k, v in given.items()
        if k not in fields and not open_ended
    ]
    problems += [
        Problem("missing", f"--evidence {k}", "nothing", "a number")
        for k, f in fields.items()
        if k not in given and f.default is dataclasses.MISSING
    ]
    problems += [
        Problem("not-a-count", f"--evidence {k}", f"{v:g}", "a whole number")
        for k, v in given.items()
        if k in fields and types[k] is int and v != int(v)
    ]
    if problems:
        raise BadInput("evidence", problems)
    values: dict[str, Any] = {k: types[k](v) for k, v in given.items() if k in fields}
    if "arm" in types:
        values["arm"] = "tested"
    if open_ended:
        values["outcome"] = {k: v for k, v in given.items() if k not in fields}
    try:
        return wanted(**values)
    except ValueError as error:
        raise BadInput("evidence", [Problem("not-allowed", "--evidence", str(dict(given)), str(error))]) from None


def numbers_table(title: str, design: Design[Any]) -> Table:
    """The design's own numbers."""
    rows = [[k.replace("_", " "), show(v)] for k, v in design.numbers().items()]
    return Table(title, ["Quantity", "Value"], rows)


def behaviour_table(behaviour: list[tuple[str, Truth, Characteristics]]) -> Table:
    """How the design behaves under each truth, with its Monte-Carlo error where it is simulated."""
    more = list(dict.fromkeys(k for _, _, c in behaviour for k in c.more))
    rows = []
    for name, truth, c in behaviour:
        label = name if name == truth_name(truth) else f"{name}: {truth_name(truth)}"
        values = [c.declare, c.stop_early, c.expected_n, *(c.more.get(k) for k in more)]
        rows.append([label, *("" if v is None else show(v.value, v.mc_error) for v in values)])
    methods = list(dict.fromkeys(c.method for _, _, c in behaviour))
    return Table(
        "Behaviour",
        ["Truth", "P(declare)", "P(stop early)", "Expected n", *more],
        rows,
        notes=[f"Method: {'; '.join(methods)}."],
    )


def show(value: float | int | str, mc_error: float | None = None) -> str:
    """A number as it is printed: whole numbers as such, others to four decimals (two above 10)."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "never" if value > 0 else "–"
    places = 2 if abs(value) >= 10 else 4
    return f"{value:.{places}f}" + ("" if mc_error is None else f" ± {mc_error:.{places}f}")
