"""`equipoise history`: published controls, patients out of curves, pooled rates, and the hurdle they allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise import desk
from equipoise.cli import common
from equipoise.cli.common import emit, json_option, say, show_table
from equipoise.cli.data import reader_option, say_notes, say_what_is_left_out
from equipoise.cli.dialect import dialect_options
from equipoise.cli.history_choice import choice_options
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Group
from equipoise.files.log_address import Address
from equipoise.trial.dialect import Dialect

library_argument = click.argument("library", metavar="LIBRARY")
figure_option = common.figure_option("Write the forest plot as SVG.")
method_option = click.option(
    "--method",
    type=click.Choice(["REML", "DL", "PM", "ML", "common"]),
    default="REML",
    show_default=True,
    help="Estimator of τ².",
)


@click.group(cls=Group, name="history", short_help="Historical controls: library, curves, pooling, hurdle.")
def command() -> None:
    """Historical controls as data with sources: look at them, check them, pool them, and draw the hurdle from them.

    LIBRARY is a file in TOML or the name of a bundled library (ed-sclc). `equipoise schema --of history` says what it may hold.
    """


@command.command(short_help="The library as a table, with verification grades.")
@library_argument
@json_option
def show(library: str, as_json: bool) -> None:
    """Show every arm with its numbers and how each was verified."""
    found = desk.library.read(library)
    if as_json:
        emit(found.as_json())
        return
    show_table(found.table())
    if found.library.notes:
        say(found.library.notes)
    for c in found.cautions:
        say(f"Caution. {c}")


@command.command(short_help="Does the library contradict itself?")
@library_argument
@json_option
def check(library: str, as_json: bool) -> None:
    """Hold a library against itself: intervals, units, rates, what comes before death, arms counted twice.

    What cannot be is refused, all at once; what must be known is said.
    """
    found = desk.library.read(library)
    if as_json:
        emit(found.checked_as_json())
        return
    say(f"{found.library.title}: {len(found.library.arms)} arms, {found.numbers} numbers. No contradictions.")
    for c in found.cautions:
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
@method_option
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
    pooled = desk.library.pool(library, endpoints, at, asked, method, interval, tau_scale)
    if figure is not None:
        desk.pages.write_figure(figure, pooled.figure(), "forest")
    if as_json:
        emit(pooled.rates)
        return
    for table in pooled.tables():
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
@dialect_options
@json_option
def reconstruct(
    curve: Path, risk: Path | None, n: int | None, events: int | None, tolerance: float, points: str, out: Path | None, dialect: Dialect, as_json: bool
) -> None:  # fmt: skip
    """Reconstruct patients from digitised points (CSV: time,survival) after Guyot et al. 2012, with the error achieved.

    Published numbers at risk and events make it better: without them hazard ratios of censored data are unreliable.
    """
    rebuilt = desk.curves.reconstruct(curve, risk, n, events, tolerance, points == "along", out, dialect)
    say_notes(rebuilt.notes)
    if as_json:
        emit(rebuilt.as_json())
        return
    show_table(rebuilt.table())
    _wrote(out)


@command.command(short_help="Whole curves of several arms pooled.")
@click.argument("curves", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--grid",
    metavar="TIMES",
    required=True,
    help="Times at which to pool, such as '2,4,6,8,10,12'; the unit of the files.",
)
@method_option
@dialect_options
@figure_option
@json_option
def curves(
    curves: tuple[Path, ...], grid: str, method: Any, dialect: Dialect, figure: Path | None, as_json: bool
) -> None:
    """Pool the curves of arms, one CSV of patients (time,event) an arm: at a grid of times, and as Weibull curves."""
    notes: list[str] = []
    pooled = desk.curves.pool(curves, grid, method, dialect, notes)
    say_notes(notes)
    if figure is not None:
        desk.pages.write_figure(figure, desk.curves.figure_of(pooled), "curves")
    if as_json:
        emit(pooled)
        return
    for table in desk.curves.tables_of(pooled):
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
    help="How the next control rate is predicted (default: bayes, from logits; bayes-binomial, from counts, where none or all succeeded in an arm).",
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
@click.option("--log", "log_path", type=LOG, help="With --case-mix: weights from this trial's log, a path or a URL.")
@reader_option
@figure_option
@json_option
def hurdle(
    trial: str, library: str | None, design_text: str | None, also: tuple[str, ...], by: Any, tau_scale: float, p_null: float,
    odds_ratio: float | None, effect_sd: float, case_mix: Path | None, log_path: Address | None, reader: str | None, figure: Path | None, as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Say how a trial's design behaves when its p0 is only known as far as history allows.

    A false go: the trial declares, and the true effect relative to the true control rate is 0 or less.
    """
    question = desk.hurdle.Asked(
        asked, library, design_text, also, by, tau_scale, p_null, odds_ratio, effect_sd, case_mix, log_path, reader
    )
    found = desk.hurdle.ask(trial, question)
    if found.data is not None:
        say_what_is_left_out(found.data)
    if figure is not None:
        desk.pages.write_figure(figure, found.figure(), "forest")
    if as_json:
        emit(found.as_json())
        return
    say(found.design.describe())
    if (pooled := found.pooled) is not None:
        arms = ", ".join(a.arm for a in pooled.arms)
        say(f"History: {pooled.what}, {pooled.of_arms}: {arms}.")
        for c in pooled.cautions:
            say(f"Caution. {c}")
    for table in found.tables():
        show_table(table)
    if found.standardised is not None:
        spread = "not known without a library: only sampling error is in."
        say(
            f"Weights: {found.standardised.weights_from}. The spread between trials (τ = {found.control.tau_mean:.3f}) is "
            + ("that of the library." if pooled is not None else spread)
        )
        if found.standardised.halved:
            say(
                f"Caution. None or all succeeded in {'; '.join(found.standardised.halved)}: their doubt is that of half a patient more on "
                "each side."
            )
    _wrote(figure)


def _wrote(path: Path | None) -> None:
    if path is not None:
        click.echo(f"Wrote {path}.")
