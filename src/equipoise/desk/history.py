"""Take history from a library or a trial file: which arms, how they are made into rates, and what a design takes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from equipoise.design.bayesian.borrowing_terms import borrowing_of
from equipoise.desk.opening import load_trial
from equipoise.files.history_file import find_library, library_of, read_library
from equipoise.history.for_design import DesignHistory, as_counts, as_exposures, taken_table
from equipoise.history.provenance import choice_of
from equipoise.history.rates import Choice, Shape
from equipoise.history.three_answers import prespecified, with_library
from equipoise.trial.duration import Duration
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

Read = TypeVar("Read")

#: What a kind's table says of history, in numbers.
NUMBERS = ("history_x", "history_n", "history_median", "history_events", "history_time")
#: What a trial file may prespecify of the borrowing.
TERMS = ("method", "tau", "tau_scale", "weight", "a0")


def choice_asked(
    endpoints: tuple[str, ...], at: str | None, asked: Mapping[str, Any], *, timed: bool = False
) -> Choice:
    """What is asked for by ``asked``: arms, without, treatments, until, unverified, shape, shape_sd and published_only.

    ``timed``: no landmark is needed. Raises BadInput with all that is wrong with it.
    """
    problems = []
    landmark = None
    if at is not None:
        try:
            landmark = Duration.parse(at)
        except ValueError as error:
            problems.append(Problem("wrong-type", "--at", repr(at), str(error)))
    elif not timed and "response" not in endpoints:
        allowed = f"the landmark of {', '.join(endpoints)}, such as '6 months'"
        problems.append(Problem("missing", "--at", "nothing", allowed))
    if not asked["shape"] > 0:
        problems.append(Problem("out-of-range", "--shape", f"{asked['shape']:g}", "a number above 0"))
    if not asked["shape_sd"] >= 0:
        problems.append(Problem("out-of-range", "--shape-sd", f"{asked['shape_sd']:g}", "0 or more"))
    if problems:
        raise BadInput("history", problems)
    shape = None if asked["published_only"] else Shape(asked["shape"], asked["shape_sd"])
    by_name = {k: asked[k] for k in ("arms", "without", "treatments", "until", "unverified")}
    return Choice(endpoints, landmark, **by_name, shape=shape)


def choice_problems(
    asked: Mapping[str, Any], tau_scale: float, endpoints: tuple[str, ...] = ("response",), at: str | None = None
) -> list[Problem]:
    """What is wrong with the choice and with the scale of the prior of the spread."""
    found: list[Problem] = []
    _or_problems(lambda: choice_asked(endpoints, at, asked), found)
    if not tau_scale > 0:
        found.append(Problem("out-of-range", "--tau-scale", f"{tau_scale:g}", "a number above 0"))
    return found


def take(given: dict[str, Any], asked: dict[str, Any], typed: Collection[str], *, timed: bool) -> DesignHistory | None:
    """The history asked for, put into ``given`` as numbers and terms; None where the numbers are given.

    ``asked``: history (a library), trial, endpoints, at, and what ``choice_asked`` takes; ``typed``: what was given by hand,
    which wins over the trial file. Raises BadInput with all that is wrong with the choice.
    """
    library, trial = asked.pop("history"), asked.pop("trial")
    chosen = sorted((set(typed) & asked.keys()) - set(given))
    if library is None and trial is None:
        if chosen:
            where = ", ".join("--" + k.rstrip("s").replace("_", "-") for k in chosen)
            given_by = Problem("no-library", where, "no library to choose from", "--history or --trial too")
            raise BadInput("design", [given_by])
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
    name: str, library: str | None, given: dict[str, Any], asked: dict[str, Any], typed: Collection[str], *, timed: bool
) -> DesignHistory:
    trial = load_trial(name)
    own = trial.history.library if trial.history is not None else None
    if trial.history is None or trial.monitoring is None or (own is None and library is None):
        allowed = "[history] from and [monitoring] in the trial file, or --history"
        raise BadInput(trial.id, [Problem("no-history", "history", "no library", allowed)])
    # what is given by hand is held against the same rules as without a trial
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


def _terms(trial: Trial, given: dict[str, Any], typed: Collection[str]) -> None:
    """What [history.borrowing] prespecifies, where it was not given by hand."""
    stated = trial.history.borrowing if trial.history is not None else None
    if stated is not None:
        given |= {k: getattr(stated, k) for k in TERMS if k not in typed and getattr(stated, k) is not None}


def taken(history: DesignHistory) -> Table:
    """Each arm as it enters the design, and which were left out."""
    return taken_table(history)


def standing_of(trial: str | None, given: Mapping[str, Any]) -> str:
    """Whether the terms are those that the trial file prespecifies; '' without a trial."""
    if trial is None:
        return ""
    own = prespecified(load_trial(trial))
    if own is None:
        return "not prespecified: [history.borrowing] is not in the trial file"
    # the same in words is the same: what a method does not use does not count
    same = str(own) == str(borrowing_of(given))
    return "as prespecified in the trial file" if same else f"not as prespecified ({own})"
