"""Which arms of a library are asked for, and how they are made into rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from equipoise.history.rates import Choice
    from equipoise.trial.problem import Problem

F = TypeVar("F", bound=Callable[..., Any])


def choice_options(f: F) -> F:
    """The options by which arms are chosen and made into rates."""
    for option in reversed([
        click.option("--arm", "arms", multiple=True, help="Take this arm only; may be given again."),
        click.option("--without", multiple=True, help="Leave this arm out; may be given again."),
        click.option("--treatment", "treatments", multiple=True, help="Arms of this class of treatment; may be given again."),
        click.option("--until", type=int, help="Arms published in this year or before."),
        click.option("--unverified", is_flag=True, help="Take numbers from memory too."),
        click.option("--shape", type=float, default=1.0, show_default=True, help="Weibull shape by which medians become rates; 1 is exponential."),
        click.option("--shape-sd", type=float, default=0.0, show_default=True, help="Doubt of the shape (standard deviation)."),
        click.option("--published-only", is_flag=True, help="Published rates only: convert no median."),
    ]):  # fmt: skip
        f = option(f)
    return f


def choice_parameters() -> list[click.Parameter]:
    """The same options, for a command that is made and not decorated."""

    def nothing() -> None:
        """Only carries them."""

    found: list[click.Parameter] = vars(choice_options(nothing))["__click_params__"]
    return found[::-1]


def choice_asked(
    endpoints: tuple[str, ...], at: str | None, asked: Mapping[str, Any], *, timed: bool = False
) -> Choice:
    """What the options ask for; ``timed``: no landmark is needed. Raises BadInput with all that is wrong with them."""
    from equipoise.history.rates import Choice, Shape
    from equipoise.trial.duration import Duration
    from equipoise.trial.problem import BadInput, Problem

    problems = []
    landmark = None
    if at is not None:
        try:
            landmark = Duration.parse(at)
        except ValueError as error:
            problems.append(Problem("wrong-type", "--at", repr(at), str(error)))
    elif not timed and "response" not in endpoints:
        problems.append(
            Problem("missing", "--at", "nothing", f"the landmark of {', '.join(endpoints)}, such as '6 months'")
        )
    if not asked["shape"] > 0:
        problems.append(Problem("out-of-range", "--shape", f"{asked['shape']:g}", "a number above 0"))
    if not asked["shape_sd"] >= 0:
        problems.append(Problem("out-of-range", "--shape-sd", f"{asked['shape_sd']:g}", "0 or more"))
    if problems:
        raise BadInput("history", problems)
    shape = None if asked["published_only"] else Shape(asked["shape"], asked["shape_sd"])
    return Choice(
        endpoints,
        landmark,
        asked["arms"],
        asked["without"],
        asked["treatments"],
        asked["until"],
        asked["unverified"],
        shape,
    )


def choice_problems(
    asked: Mapping[str, Any], tau_scale: float, endpoints: tuple[str, ...] = ("response",), at: str | None = None
) -> list[Problem]:
    """What is wrong with the choice and with the scale of the prior of the spread."""
    from equipoise.trial.problem import BadInput, Problem

    found: list[Problem] = []
    try:
        choice_asked(endpoints, at, asked)
    except BadInput as bad:
        found += bad.problems
    if not tau_scale > 0:
        found.append(Problem("out-of-range", "--tau-scale", f"{tau_scale:g}", "a number above 0"))
    return found
