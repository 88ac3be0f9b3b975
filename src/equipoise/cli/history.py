"""`equipoise history`: published controls, patients out of curves, pooled rates, and the hurdle they allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.extras import needing
from equipoise.cli.history_choice import choice_asked, choice_options, choice_problems
from equipoise.cli.pages import write_figure

if TYPE_CHECKING:
    from equipoise.history.library import HistoryLibrary

library_argument = click.argument("library", metavar="LIBRARY")
figure_option = click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=needing("report"),
    help="Write the forest plot as SVG.",
)


@click.group(name="history", short_help="Historical controls: library, curves, pooling, hurdle.")
def command() -> None:
    """Historical controls as data with sources: look at them, check them, pool them, and draw the hurdle from them.

    LIBRARY is a file in TOML or the name of a bundled library (ed-sclc). `equipoise schema --of history` says what it may hold.
    """


@command.command(short_help="The library as a table, with verification grades.")
@library_argument
@json_option
def show(library: str, as_json: bool) -> None:
    """Show every arm with its numbers and how each was verified."""
    from equipoise.history.exhibits import library_table
    from equipoise.history.library_check import library_cautions

    found = _read(library)
    if as_json:
        emit({"library": found.model_dump(mode="json"), "cautions": library_cautions(found)})
        return
    show_table(library_table(found))
    if found.notes:
        say(found.notes)
    for c in library_cautions(found):
        say(f"Caution. {c}")


@command.command(short_help="Does the library contradict itself?")
@library_argument
@json_option
def check(library: str, as_json: bool) -> None:
    """Hold a library against itself: intervals, units, rates, what comes before death, arms counted twice.

    What cannot be is refused, all at once; what must be known is said.
    """
    from equipoise.history.library_check import library_cautions

    found = _read(library)
    cautions = library_cautions(found)
    numbers = sum(len(a.medians) + len(a.rates) + len(a.strata) for a in found.arms)
    if as_json:
        emit({"library": found.id, "ok": True, "arms": len(found.arms), "numbers": numbers, "cautions": cautions})
        return
    say(f"{found.title}: {len(found.arms)} arms, {numbers} numbers. No contradictions.")
    for c in cautions:
        say(f"Caution. {c}")


@command.command(short_help="Pool rates of arms: mean, heterogeneity, the next trial.")
@library_argument
@click.option(
    "--endpoint",
    "endpoints",
    multiple=True,
    default=("PFS",),
    show_default=True,
    help="PFS, OS, response …; several are taken as one.",
)
@click.option("--at", metavar="TIME", help="Landmark, such as '6 months'; none for response.")
@choice_options
@click.option(
    "--method",
    type=click.Choice(["REML", "DL", "PM", "ML", "common"]),
    default="REML",
    show_default=True,
    help="Estimator of τ².",
)
@click.option(
    "--interval",
    type=click.Choice(["HKSJ-wider", "HKSJ", "normal"]),
    default="HKSJ-wider",
    show_default=True,
    help="Interval of the mean.",
)
@click.option("--tau-scale", type=float, default=0.5, show_default=True, help="Scale of the half-normal prior of τ.")
@figure_option
@json_option
def pool(
    library: str, endpoints: tuple[str, ...], at: str | None, method: Any, interval: Any, tau_scale: float,
    figure: Path | None, as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Pool the rates of published arms with random effects, and predict the next trial's control rate.

    Medians are converted under the shape that you state, and marked. Arms that share patients are refused.
    """
    from equipoise.history.exhibits import forest, pooled_tables
    from equipoise.history.next_trial import Priors
    from equipoise.history.pooling import pool_library
    from equipoise.trial.problem import BadInput

    wrong = choice_problems(asked, tau_scale, endpoints, at)
    if wrong:
        raise BadInput("history pool", wrong)
    found, priors = _read(library), Priors(tau_scale=tau_scale)
    result = pool_library(found, choice_asked(endpoints, at, asked), method, interval, priors)
    if figure is not None:
        write_figure(figure, forest(result), "forest")
    if as_json:
        emit(result)
        return
    for table in pooled_tables(result):
        show_table(table)
    _wrote(figure)


@command.command(short_help="Individual times out of a published curve.")
@click.argument("curve", type=click.Path(path_type=Path))
@click.option("--at-risk", "risk", type=click.Path(path_type=Path), help="CSV of the numbers at risk: time,at_risk.")
@click.option("--n", type=int, help="Patients, where there are no numbers at risk.")
@click.option("--events", type=int, help="Events in all, where published.")
@click.option("--tolerance", type=float, default=0.02, show_default=True, help="By how much readings may rise.")
@click.option(
    "--points",
    type=click.Choice(["along", "corners"]),
    default="along",
    show_default=True,
    help="Were points read along the curve, or at its corners?",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the patients here: time,event.")
@json_option
def reconstruct(
    curve: Path, risk: Path | None, n: int | None, events: int | None, tolerance: float, points: str, out: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Reconstruct patients from digitised points (CSV: time,survival) after Guyot et al. 2012, with the error achieved.

    Published numbers at risk and events make it better: without them hazard ratios of censored data are unreliable.
    """
    from equipoise.files.curve_file import read_curve, times_csv
    from equipoise.files.write import write_text
    from equipoise.history.reconstruction import rebuild, reconstruction_table

    given = read_curve(curve, risk, n, events, tolerance)
    patients, report = rebuild(
        given.curve, given.n, given.risk_time, given.risk_n, given.events, along=points == "along"
    )
    if out is not None:
        write_text(out, times_csv(patients))
    if as_json:
        emit(
            {
                "report": report,
                "written": str(out) if out else None,
                "patients": None if out else {"time": patients.time, "event": patients.event},
            }
        )
        return
    show_table(reconstruction_table(report))
    if out is not None:
        click.echo(f"Wrote {out}.")


@command.command(short_help="Whole curves of several arms pooled.")
@click.argument("curves", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--grid",
    metavar="TIMES",
    required=True,
    help="Times at which to pool, such as '2,4,6,8,10,12'; the unit of the files.",
)
@click.option(
    "--method",
    type=click.Choice(["REML", "DL", "PM", "ML", "common"]),
    default="REML",
    show_default=True,
    help="Estimator of τ².",
)
@figure_option
@json_option
def curves(curves: tuple[Path, ...], grid: str, method: Any, figure: Path | None, as_json: bool) -> None:
    """Pool the curves of arms, one CSV of patients (time,event) an arm: at a grid of times, and as Weibull curves."""
    from equipoise.files.curve_file import read_times
    from equipoise.history.curves import curves_figure, curves_tables, grid_problems, pool_curves
    from equipoise.trial.problem import BadInput, Problem

    problems: list[Problem] = []
    times: list[float] = []
    try:
        times = [float(t) for t in grid.split(",")]
    except ValueError:
        problems.append(Problem("not-a-number", "--grid", repr(grid), "times such as '2,4,6'"))
    arms = {}
    for path in curves:
        try:
            arms[path.stem] = read_times(path)
        except BadInput as bad:
            problems += bad.problems
    problems += grid_problems(times) if times else []
    if len(curves) < 2:
        problems.append(Problem("too-few-arms", "curves", f"{len(curves)}", "2 arms or more"))
    if problems:
        raise BadInput("history curves", problems)
    result = pool_curves(arms, times, method)
    if figure is not None:
        write_figure(figure, curves_figure(result), "curves")
    if as_json:
        emit(result)
        return
    for table in curves_tables(result):
        show_table(table)
    _wrote(figure)


@command.command(short_help="The hurdle with its uncertainty; assurance and false go.")
@click.argument("trial", metavar="TRIAL")
@click.option("--library", help="A library (default: the one that the trial file names).")
@click.option("--design", "design_text", metavar="'KIND name=value …'", help="Another design than the trial's own.")
@choice_options
@click.option("--also", multiple=True, default=("TTP",), show_default=True, help="Endpoints taken as the trial's own.")
@click.option(
    "--by",
    type=click.Choice(["bayes", "bayes-binomial", "t"]),
    default="bayes",
    show_default=True,
    help="How the next control rate is predicted.",
)
@click.option("--tau-scale", type=float, default=0.5, show_default=True, help="Scale of the half-normal prior of τ.")
@click.option(
    "--p-null", type=float, default=0.5, show_default=True, help="Prior probability that the treatment adds nothing."
)
@click.option("--odds-ratio", type=float, help="The effect if there is one (default: the design's own).")
@click.option(
    "--effect-sd", type=float, default=0.0, show_default=True, help="Doubt of it on the log odds (standard deviation)."
)
@click.option(
    "--case-mix",
    type=click.Path(path_type=Path),
    help="Historical rates by stratum (TOML): re-weight to this trial's patients.",
)
@click.option(
    "--log", "log_path", type=click.Path(path_type=Path), help="With --case-mix: weights from this trial's log."
)
@figure_option
@json_option
def hurdle(
    trial: str, library: str | None, design_text: str | None, also: tuple[str, ...], by: Any, tau_scale: float, p_null: float,
    odds_ratio: float | None, effect_sd: float, case_mix: Path | None, log_path: Path | None, figure: Path | None, as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Say how a trial's design behaves when its p0 is only known as far as history allows.

    A false go: the trial declares, and the true effect relative to the true control rate is 0 or less.
    """
    from equipoise.cli.history_hurdle import answer

    answer(
        trial, library, design_text, also, by, tau_scale, p_null, odds_ratio, effect_sd, case_mix, log_path, figure,
        as_json, asked,
    )  # fmt: skip


def _wrote(figure: Path | None) -> None:
    if figure is not None:
        click.echo(f"Wrote {figure}.")


def _read(name: str) -> HistoryLibrary:
    from equipoise.files.history_file import find_library, read_library

    return read_library(find_library(name))
