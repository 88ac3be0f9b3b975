"""Which arms of a library are asked for, and how they are made into rates: the options, and the words of what was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise import desk
from equipoise.cli.common import say, show_table

if TYPE_CHECKING:
    from equipoise.history.for_design import DesignHistory

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


def borrows(fields: Mapping[str, Any]) -> bool:
    """Does this kind of design take historical arms as numbers?"""
    return any(k in fields for k in desk.history.NUMBERS)


def history_parameters(fields: Mapping[str, Any]) -> list[click.Parameter]:
    """The options that name a library and choose from it; none for a kind that borrows nothing."""
    if not borrows(fields):
        return []
    timed = "history_median" in fields
    found: list[click.Parameter] = [
        click.Option(["--history"], metavar="LIBRARY", help="Take history from this library (ed-sclc) in place of numbers."),
        click.Option(
            ["--trial"], metavar="TRIAL",
            help="Take history as [history] from, and borrow as [history.borrowing], of this trial file; options given by hand win.",
        ),
        click.Option(
            ["--endpoint", "endpoints"], multiple=True, default=("PFS",), show_default=True,
            help="Of the library: PFS, OS, response …; several are taken as one.",
        ),
        click.Option(
            ["--at"], metavar="TIME", help="Landmark of the rates, such as '6 months'" + ("." if timed else "; none for response.")
        ),
    ]  # fmt: skip
    own = {*fields, "shape_sd"} if timed else set(fields)
    return found + [p for p in choice_parameters() if p.name not in own]


def show_history(history: DesignHistory, standing: str) -> None:
    """The arms taken, what a reader must believe of them, and whether the way of borrowing is the trial file's."""
    show_table(desk.history.taken(history))
    say(f"Leans on: {'; '.join(history.leans_on)}.")
    if standing:
        say(f"Borrowing: {standing}.")
