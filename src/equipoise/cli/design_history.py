"""Where a design that borrows takes its history from: a library's arms, chosen as `history pool` does, or those a trial file names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from equipoise.cli.history_choice import choice_asked, choice_parameters
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from equipoise.history.for_design import DesignHistory
    from equipoise.trial.trial import Trial

Read = TypeVar("Read")

#: What a kind's table says of history, in numbers.
NUMBERS = ("history_x", "history_n", "history_median", "history_events", "history_time")
#: What a trial file may prespecify of the borrowing.
TERMS = ("method", "tau", "tau_scale", "weight", "a0")


def borrows(fields: Mapping[str, Any]) -> bool:
    """Does this kind of design take historical arms as numbers?"""
    return any(k in fields for k in NUMBERS)


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


def take(given: dict[str, Any], asked: dict[str, Any], typed: set[str], *, timed: bool) -> DesignHistory | None:
    """The history asked for, put into ``given`` as numbers and terms; None where the numbers are given. ``typed``: by hand.

    Raises BadInput with all that is wrong with the choice.
    """
    from equipoise.files.history_file import find_library, read_library
    from equipoise.history.for_design import as_counts, as_exposures

    library, trial = asked.pop("history"), asked.pop("trial")
    chosen = sorted((typed & asked.keys()) - set(given))
    if library is None and trial is None:
        if chosen:
            where = ", ".join("--" + k.rstrip("s").replace("_", "-") for k in chosen)
            raise BadInput(
                "design", [Problem("no-library", where, "no library to choose from", "--history or --trial too")]
            )
        return None
    twice = [k for k in NUMBERS if k in given]
    if twice:
        where = ", ".join("--" + k.replace("_", "-") for k in twice)
        raise BadInput("design", [Problem("history-twice", where, "numbers and a library", "one of them")])
    if timed:
        asked["shape"], asked["shape_sd"] = given["shape"], 0.0
    if trial is not None:
        found = _of_trial(trial, library, given, asked, typed, timed=timed)
    else:
        wrong: list[Problem] = []
        of = _or_problems(lambda: read_library(find_library(library or "")), wrong)
        choice = _or_problems(lambda: choice_asked(asked["endpoints"], asked["at"], asked, timed=timed), wrong)
        if of is None or choice is None:
            raise BadInput("design", wrong)
        found = (as_exposures if timed else as_counts)(of, choice)
    given |= found.numbers
    if found.shape is not None:
        given["shape"] = found.shape
    return found


def _or_problems(read: Callable[[], Read], problems: list[Problem]) -> Read | None:
    """What ``read`` gives; None where it is bad input, its problems added to ``problems``."""
    try:
        return read()
    except BadInput as bad:
        problems += bad.problems
        return None


def _of_trial(
    name: str, library: str | None, given: dict[str, Any], asked: dict[str, Any], typed: set[str], *, timed: bool
) -> DesignHistory:
    from equipoise.cli.common import load_trial
    from equipoise.files.history_file import library_of
    from equipoise.history.for_design import as_counts, as_exposures
    from equipoise.history.provenance import choice_of
    from equipoise.history.three_answers import with_library

    trial = load_trial(name)
    own = trial.history.library if trial.history is not None else None
    if trial.history is None or trial.monitoring is None or (own is None and library is None):
        allowed = "[history] from and [monitoring] in the trial file, or --history"
        raise BadInput(trial.id, [Problem("no-history", "history", "no library", allowed)])
    # the options as typed by hand are held against the same rules as without a trial
    plain = choice_asked(asked["endpoints"], asked["at"], asked, timed=True)
    names = ("endpoints", "arms", "without", "treatments", "until", "unverified", "shape", "published_only")
    changes: dict[str, Any] = {k: asked[k] for k in names if k in typed}
    trial = with_library(trial, library or (own.library if own is not None else ""), changes)
    _terms(trial, given, typed)
    found = library_of(trial, name)
    assert found is not None
    choice = choice_of(trial)
    if plain.at is not None:
        choice = replace(choice, at=plain.at)
    if choice.shape is not None and not timed:
        choice = replace(choice, shape=replace(choice.shape, sd=asked["shape_sd"]))
    return (as_exposures if timed else as_counts)(found, choice)


def _terms(trial: Trial, given: dict[str, Any], typed: set[str]) -> None:
    """What [history.borrowing] prespecifies, where the option was not given."""
    stated = trial.history.borrowing if trial.history is not None else None
    if stated is not None:
        given |= {k: getattr(stated, k) for k in TERMS if k not in typed and getattr(stated, k) is not None}


def standing_of(trial: str | None, given: Mapping[str, Any]) -> str:
    """Whether the terms are those that the trial file prespecifies; '' without a trial."""
    if trial is None:
        return ""
    from equipoise.cli.common import load_trial
    from equipoise.design.bayesian.borrowing_terms import borrowing_of
    from equipoise.history.three_answers import prespecified

    own = prespecified(load_trial(trial))
    if own is None:
        return "not prespecified: [history.borrowing] is not in the trial file"
    # the same in words is the same: what a method does not use does not count
    return (
        "as prespecified in the trial file" if str(own) == str(borrowing_of(given)) else f"not as prespecified ({own})"
    )


def show_history(history: DesignHistory, standing: str) -> None:
    """The arms taken, what a reader must believe of them, and whether the way of borrowing is the trial file's."""
    from equipoise.cli.common import say, show_table
    from equipoise.history.for_design import taken_table

    show_table(taken_table(history))
    say(f"Leans on: {'; '.join(history.leans_on)}.")
    if standing:
        say(f"Borrowing: {standing}.")
