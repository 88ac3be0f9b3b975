"""`equipoise answers`: the tested arm against history, against the concurrent controls, and against both combined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, figure_option, json_option, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command
from equipoise.trial.problem import BadInput, Problem


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


class CountOrLibrary(CountOf):
    """Successes among patients, or the library that holds the arms."""

    name = "x/n or library"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """x/n as numbers; anything else is the name of a library."""
        if isinstance(value, tuple) or str(value).partition("/")[0].isdigit():
            return super().convert(value, param, ctx)
        return str(value)


@click.command(cls=Command, name="answers", short_help="Tested arm against history, against controls, against both.")
@trial_argument
@cohort_option
@data_options
@click.option("--tested", type=COUNT, help="Numbers in place of a log: successes/patients of the tested arm.")
@click.option("--control", type=COUNT, help="The same of the concurrent controls.")
@click.option(
    "--history",
    type=CountOrLibrary(),
    multiple=True,
    help="A historical arm to borrow from, x/n; may be given again. Or a library (ed-sclc), for rates and times.",
)
@click.option("--arm", "arms", multiple=True, help="Borrow from this arm of the library only; may be given again.")
@click.option("--treatment", "treatments", multiple=True, help="Borrow from arms of this class of treatment.")
@click.option("--until", type=int, help="Borrow from arms published in this year or before.")
@click.option(
    "--shape",
    type=click.FloatRange(0, min_open=True),
    help="Weibull shape by which published medians become rates and hazards.",
)
@click.option(
    "--history-events",
    type=click.IntRange(1),
    multiple=True,
    help="Events behind [[history.curves]] of the monitored times, in place of the library's arms.",
)
@click.option(
    "--method",
    type=click.Choice(["robust-map", "map", "power", "normalised-power", "commensurate", "pooled"]),
    help="How history is borrowed from (default: [history.borrowing], else robust-map).",
)
@click.option(
    "--tau-scale",
    type=click.FloatRange(0.01, 5),
    help="Scale of the prior of the spread between trials (MAP; default: as prespecified, else half-normal 0.5).",
)
@click.option(
    "--weight", type=click.FloatRange(0.01, 0.99), help="Weight of the vague part (default: as prespecified, else 0.2)."
)
@click.option(
    "--a0", type=click.FloatRange(0.01, 1), help="Power of history (power prior; default: as prespecified, else 0.5)."
)
@click.option(
    "--level",
    type=click.FloatRange(0.001, 0.4),
    default=0.05,
    show_default=True,
    help="One-sided level of all decisions.",
)
@figure_option("Write the three estimates of the rate as SVG.")
@json_option
def command(
    trial: str, cohort: str, asked: Asked, tested: tuple[int, int] | None, control: tuple[int, int] | None, history: tuple[tuple[int, int] | str, ...], arms: tuple[str, ...], treatments: tuple[str, ...],
    until: int | None, shape: float | None, history_events: tuple[int, ...], method: str | None, tau_scale: float | None,
    weight: float | None, a0: float | None, level: float, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Give three answers to one question, each with its estimate, interval, decision and what it leans on.

    From a log, or from numbers: --tested 48/94 --control 25/47 --history 408/870. Without --history the
    third answer borrows from the arms that [history] from names in the trial file, or what [control_check] worth says; with none of them
    it is left out. How it borrows is [history.borrowing]'s to say; the options make it a sensitivity analysis. With a log, times are answered too.
    """
    found = desk.opening.load_one(trial, cohort)
    chosen = {"arms": arms, "treatments": treatments, "until": until, "shape": shape}
    if tested is None:
        data = asked.take(trial, found)
        found = data.trial
    found, counts = desk.answers.with_history(found, history, chosen)
    terms = {"method": method, "tau_scale": tau_scale, "weight": weight, "a0": a0}
    if tested is None:
        answered = desk.answers.of_data(trial, found, counts, data, history_events, terms, level)
    elif asked.log_path is None and asked.table is None:
        answered = desk.answers.of_counts(trial, found, counts, tested, control, terms, level)
    else:
        raise BadInput(
            found.id, [Problem("two-sources", "--tested", "numbers and a log", "--tested or a log, not both")]
        )
    if figure is not None:
        desk.pages.write_figure(figure, answered.figure(), "three-answers")
    if as_json:
        emit(answered)
        return
    for question in answered.questions:
        for table in desk.answers.tables_of(question):
            show_table(table)
        if len({a.better for a in question.answers}) > 1:
            say("The answers differ: which is believed depends on which assumptions are.")
    if figure is not None:
        click.echo(f"Wrote {figure}.")
