"""`equipoise answers`: the tested arm against history, against the concurrent controls, and against both combined."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import DAY, emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import cut, known_on_option, log_option, table_option, take_log
from equipoise.cli.pages import write_figure

if TYPE_CHECKING:
    from equipoise.history.answers import Answers


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


@click.command(name="answers", short_help="Tested arm against history, against controls, against both.")
@trial_argument
@log_option
@table_option
@click.option("--cutoff", type=DAY, help="Data cut-off (default: the last day of the log).")
@known_on_option
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
    "--weight",
    type=click.FloatRange(0.01, 0.99),
    help="Weight of the vague part (default: as prespecified, else 0.2).",
)
@click.option(
    "--a0",
    type=click.FloatRange(0.01, 1),
    help="Power of history (power prior; default: as prespecified, else 0.5).",
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
    control: tuple[int, int] | None, history: tuple[tuple[int, int] | str, ...], arms: tuple[str, ...], treatments: tuple[str, ...],
    until: int | None, shape: float | None, history_events: tuple[int, ...], method: str | None, tau_scale: float | None,
    weight: float | None, a0: float | None, level: float, figure: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Give three answers to one question, each with its estimate, interval, decision and what it leans on.

    From a log, or from numbers: --tested 48/94 --control 25/47 --history 408/870. Without --history the
    third answer borrows from the arms that [history] from names in the trial file, or what [control_check] worth says; with none of them
    it is left out. How it borrows is [history.borrowing]'s to say; the options make it a sensitivity analysis. With a log, times are answered too.
    """
    from dataclasses import replace

    from equipoise.files.history_file import library_of
    from equipoise.history.answers import Count, answers_figure, answers_table, past_arms, rate_answers
    from equipoise.history.hazards import conversions_table
    from equipoise.history.three_answers import all_answers, borrowing_of, with_library
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    if found.history is None or found.monitoring is None:
        raise BadInput(
            found.id, [Problem("no-history", "history", "nothing", "[history] and [monitoring] in the trial file")]
        )
    counts = [Count(*h) for h in history if not isinstance(h, str)]
    names = [h for h in history if isinstance(h, str)]
    if len(names) + bool(counts) > 1:
        raise click.UsageError("--history: give arms as x/n, or one library.")
    changes = {"arms": arms, "treatments": treatments, "until": until, "shape": shape}
    if any(v not in (None, ()) for v in changes.values()) or names:
        own = found.history.library
        if not names and (own is None or counts):
            raise click.UsageError(
                "--arm, --treatment, --until and --shape choose from a library: name it by --history."
            )
        found = with_library(found, names[0] if names else own.library if own is not None else "", changes)
    assert found.history is not None
    assert found.monitoring is not None
    library = None if counts else library_of(found, trial)
    asked = {"method": method, "tau_scale": tau_scale, "weight": weight, "a0": a0}
    shown: list[Answers] = []
    if tested is not None:
        if log_path is not None or table is not None:
            raise click.UsageError("Give --tested or a log, not both.")
        question = found.landmark(found.monitoring.endpoint).label
        concurrent = Count(*control) if control is not None else None
        past, assumed = past_arms(found, counts, library)
        borrowing, standing = borrowing_of(found, asked)
        one = rate_answers(question, Count(*tested), concurrent, found.history.rate, past, borrowing, level, assumed)
        shown.append(replace(one, standing=standing))
    else:
        snap = cut(found, take_log(trial, found, log_path, table), cutoff, known_on)
        shown = all_answers(found, snap, counts, history_events, asked, level, library)
    if figure is not None:
        write_figure(figure, answers_figure(shown[0]), "three-answers")
    if as_json:
        emit({"trial": found.id, "questions": shown})
        return
    for each in shown:
        show_table(answers_table(each))
        if each.past is not None:
            show_table(conversions_table(each.question, each.past))
        if len({a.better for a in each.answers}) > 1:
            say("The answers differ: which is believed depends on which assumptions are.")
    if figure is not None:
        click.echo(f"Wrote {figure}.")
