"""Three answers to each question: the tested arm against history, against the controls, and against both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from equipoise.desk.data import Data
from equipoise.files.history_file import library_of
from equipoise.history.answers import Answers, Count, answers_figure, answers_table, past_arms, rate_answers
from equipoise.history.hazards import conversions_table
from equipoise.history.three_answers import all_answers, borrowing_of, with_library
from equipoise.trial.exhibits import ForestFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Answered:
    """Every question with its answers."""

    trial: str
    questions: Sequence[Answers]

    def figure(self) -> ForestFigure:
        """The estimates of the rate."""
        return answers_figure(self.questions[0])


def tables_of(question: Answers) -> list[Table]:
    """The answers, and how published medians became hazards."""
    past = [conversions_table(question.question, question.past)] if question.past is not None else []
    return [answers_table(question), *past]


def with_history(
    trial: Trial, history: Sequence[tuple[int, int] | str], chosen: Mapping[str, Any]
) -> tuple[Trial, list[Count]]:
    """The trial with the history asked for: a library in its [history] from, or arms as counts in place of one.

    ``chosen``: arms, treatments, until and shape, which choose from a library. Raises BadInput where they cannot.
    """
    if trial.history is None or trial.monitoring is None:
        given = Problem("no-history", "history", "nothing", "[history] and [monitoring] in the trial file")
        raise BadInput(trial.id, [given])
    counts = [Count(*h) for h in history if not isinstance(h, str)]
    names = [h for h in history if isinstance(h, str)]
    if len(names) + bool(counts) > 1:
        allowed = "arms as x/n, or one library"
        raise BadInput(trial.id, [Problem("two-histories", "--history", " and ".join(map(_told, history)), allowed)])
    if names or any(v not in (None, ()) for v in chosen.values()):
        own = trial.history.library
        if not names and (own is None or counts):
            where = ", ".join(f"--{k.rstrip('s')}" for k, v in chosen.items() if v not in (None, ()))
            allowed = "they choose from a library: name it by --history"
            raise BadInput(trial.id, [Problem("no-library", where, "no library to choose from", allowed)])
        trial = with_library(trial, names[0] if names else own.library if own is not None else "", chosen)
    return trial, counts


def _told(history: tuple[int, int] | str) -> str:
    return history if isinstance(history, str) else "{}/{}".format(*history)


def of_counts(
    name: str,
    trial: Trial,
    counts: Sequence[Count],
    tested: tuple[int, int],
    control: tuple[int, int] | None,
    asked: Mapping[str, Any],
    level: float,
) -> Answered:
    """The answers for numbers in place of a log: successes and patients of the arms."""
    assert trial.history is not None
    question = trial.looked_at.label if trial.looked_at is not None else "The rate"
    concurrent = Count(*control) if control is not None else None
    past, assumed = past_arms(trial, counts, None if counts else library_of(trial, name))
    borrowing, standing = borrowing_of(trial, asked)
    rate = trial.history.rate
    one = rate_answers(question, Count(*tested), concurrent, rate, past, borrowing, level, assumed)
    return Answered(trial.id, [replace(one, standing=standing)])


def of_data(
    name: str,
    trial: Trial,
    counts: Sequence[Count],
    data: Data,
    events: Sequence[int],
    asked: Mapping[str, Any],
    level: float,
) -> Answered:
    """The answers for what a log holds; ``events``: those behind the curves of [history], in place of a library's arms."""
    library = None if counts else library_of(trial, name)
    return Answered(trial.id, all_answers(trial, data.snap, counts, events, asked, level, library))
