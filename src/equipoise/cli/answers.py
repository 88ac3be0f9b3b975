"""`equipoise answers`: the tested arm against history, against the concurrent controls, and against both combined."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import DAY, emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import cut, known_on_option, log_option, table_option, take_log

if TYPE_CHECKING:
    from equipoise.analyse.answers import Answers


class CountOf(click.ParamType[tuple[int, int]]):
    """Successes among patients, x/n."""

    name = "x/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read x/n; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        x, _, n = str(value).partition("/")
        if not (x.isdigit() and n.isdigit() and int(n) > 0 and int(x) <= int(n)):
            self.fail(f"got {value!r}; write successes/patients, such as 17/39", param, ctx)
        return int(x), int(n)


COUNT = CountOf()


@click.command(name="answers", short_help="Tested arm against history, against controls, against both.")
@trial_argument
@log_option
@table_option
@click.option("--cutoff", type=DAY, help="Data cut-off (default: the last day of the log).")
@known_on_option
@click.option("--tested", type=COUNT, help="Numbers in place of a log: successes/patients of the tested arm.")
@click.option("--control", type=COUNT, help="The same of the concurrent controls.")
@click.option("--history", type=COUNT, multiple=True, help="A historical arm to borrow from; may be given again.")
@click.option(
    "--history-events",
    type=click.IntRange(1),
    multiple=True,
    help="Events behind [[history.curves]], to borrow for times.",
)
@click.option(
    "--method",
    type=click.Choice(["robust-map", "map", "power", "normalised-power", "commensurate", "pooled"]),
    default="robust-map",
    show_default=True,
    help="How history is borrowed from.",
)
@click.option(
    "--tau-scale",
    type=click.FloatRange(0.01, 5),
    default=0.5,
    show_default=True,
    help="Half-normal scale of the spread between trials (MAP).",
)
@click.option(
    "--weight", type=click.FloatRange(0.01, 0.99), default=0.2, show_default=True, help="Weight of the vague part."
)
@click.option(
    "--a0", type=click.FloatRange(0.01, 1), default=0.5, show_default=True, help="Power of history (power prior)."
)
@click.option(
    "--level",
    type=click.FloatRange(0.001, 0.4),
    default=0.05,
    show_default=True,
    help="One-sided level of all decisions.",
)
@click.option(
    "--figure", type=click.Path(path_type=Path, dir_okay=False), help="Write the three estimates of the rate as SVG."
)
@json_option
def command(
    trial: str, log_path: Path | None, table: Path | None, cutoff: date | None, known_on: date | None, tested: tuple[int, int] | None,
    control: tuple[int, int] | None, history: tuple[tuple[int, int], ...], history_events: tuple[int, ...], method: str, tau_scale: float,
    weight: float, a0: float, level: float, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Give three answers to one question, each with its estimate, interval, decision and what it leans on.

    From a log, or from numbers: --tested 48/94 --control 25/47 --history 408/870. Without --history the
    third answer borrows from the arms that [history] from names in the trial file, or what [control_check] worth says; with none of them
    it is left out.
    """
    from equipoise.analyse.answers import (
        Count,
        answers_figure,
        answers_table,
        hazard_answers,
        past_arms,
        rate_answers,
        trial_answers,
    )
    from equipoise.files.history_file import library_of
    from equipoise.numerics.borrowing.methods import Borrowing
    from equipoise.numerics.borrowing.spread_prior import SpreadPrior
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    borrowing = Borrowing(method, SpreadPrior("half-normal", tau_scale), weight, a0)  # type: ignore[arg-type]  # a choice
    arms = [Count(*h) for h in history]
    library = None if arms else library_of(found, trial)
    shown: list[Answers] = []
    if tested is not None:
        if log_path is not None or table is not None:
            raise click.UsageError("Give --tested or a log, not both.")
        if found.history is None or found.monitoring is None:
            raise BadInput(
                found.id, [Problem("no-history", "history", "nothing", "[history] and [monitoring] in the trial file")]
            )
        question = found.landmark(found.monitoring.endpoint).label
        concurrent = Count(*control) if control is not None else None
        past, assumed = past_arms(found, arms, library)
        shown.append(
            rate_answers(question, Count(*tested), concurrent, found.history.rate, past, borrowing, level, assumed)
        )
    else:
        snap = cut(take_log(trial, found, log_path, table), cutoff, known_on)
        shown.append(trial_answers(found, snap, arms, borrowing, level, library))
        of_times = {c.endpoint for c in found.history.curves} if found.history is not None else set()
        for name in [e.name for e in found.endpoints if e.name in of_times]:
            monitored = found.monitoring is not None and found.landmark(found.monitoring.endpoint).of == name
            more = hazard_answers(found, snap, name, history_events if monitored else (), borrowing, level)
            shown += [more] if more is not None else []
    if figure is not None:
        from equipoise.files.write import write_text
        from equipoise.report.figures.draw import draw

        write_text(figure, '<?xml version="1.0" encoding="utf-8"?>\n' + draw(answers_figure(shown[0]), "three-answers"))
    if as_json:
        emit({"trial": found.id, "questions": shown})
        return
    for each in shown:
        show_table(answers_table(each))
        if len({a.better for a in each.answers}) > 1:
            say("The answers differ: which is believed depends on which assumptions are.")
