"""`equipoise design`: find designs, compare them, read them backwards, or say how a trial's design behaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, mark_assumed, say, show_table, trial_argument
from equipoise.cli.extras import needing
from equipoise.cli.pairs import Pairs
from equipoise.cli.usage import Command, Group

if TYPE_CHECKING:
    from equipoise.desk.design import Shown
    from equipoise.trial.problem import Problem
    from equipoise.trial.trial import Trial

#: Commands of their own; every kind of design has one besides, made from what its table may say.
OWN = ("list", "show", "compare", "explain", "estimate", "spoke", "next", "paths", "simon")


_OF_DOSES = {
    "next": "Dose finding: the next dose after a history such as '1NNN 2NTN', and why.",
    "paths": "Dose finding: what may come of the next cohorts.",
}


def _finds_doses(kind: str) -> bool:
    from equipoise.design.dose import dose_shelf

    return dose_shelf.module_of(kind) is not None


class _Shelf(Group):
    """A group that makes the command of a kind of design when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from equipoise.design import shelf
        from equipoise.design.dose import dose_shelf

        return [*OWN, *(k for k in shelf.kinds() if k not in OWN), *dose_shelf.kinds()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        from equipoise.cli.design_kind import make
        from equipoise.trial.problem import BadInput

        if cmd_name in ("next", "paths"):
            from equipoise.cli.design_dose import OfKinds

            return OfKinds(name=cmd_name, short_help=_OF_DOSES[cmd_name], help=_OF_DOSES[cmd_name])
        if _finds_doses(cmd_name):
            from equipoise.cli.design_dose import make as make_dose

            return make_dose(cmd_name)
        try:
            return make(cmd_name)
        except BadInput as bad:
            problem = bad.problems[0]
            raise click.UsageError(f"No design {cmd_name!r}. {problem.next_step.capitalize()}", ctx) from None


@click.group(name="design", cls=_Shelf, short_help="Find designs, or say how a trial's design behaves.")
def command() -> None:
    """The shelf of designs: find one from hypotheses, compare several, plan how a dose is found, or say how a trial's own behaves.

    `equipoise design KIND --help` says what a kind asks for; `list` shows the shelf with its grades.
    """


@command.command(name="list", short_help="The shelf: every kind of design, with its grade.")
@json_option
def list_kinds(as_json: bool) -> None:
    """The shelf: every kind of design, what it is held against, and its reference."""
    found = desk.shelf.every_kind()
    if as_json:
        emit([*(k.as_json() for k in found), *(m.as_json() for m in desk.shelf.baskets())])
        return
    for table in desk.shelf.tables(found):
        show_table(table)
    say("`equipoise design KIND --help` says what a kind asks for; `equipoise validation` what each grade rests on.")


@command.command(short_help="Simon's two-stage designs: optimal, minimax, admissible.")
@click.option("--p0", type=float, required=True, help="Rate of no interest.")
@click.option("--p1", type=float, required=True, help="Rate worth finding.")
@click.option("--alpha", type=float, required=True, help="One-sided type I error.")
@click.option("--power", type=float, required=True, help="Power at p1.")
@click.option("--nmax", type=int, default=1000, show_default=True, help="Largest number of patients to consider.")
@click.option("--n1", type=int, help="Hold the first stage at this number.")
@click.option("--min-pet", type=float, default=0.0, help="Least probability of stopping early at p0.")
@json_option
def simon(
    p0: float, p1: float, alpha: float, power: float, nmax: int, n1: int | None, min_pet: float, as_json: bool
) -> None:
    """Simon's two-stage designs by exact enumeration: optimal, minimax, and every admissible one between them."""
    from equipoise.design.one_rate.simon import search

    found = search(p0, p1, alpha, power, nmax, n1, min_pet)
    if as_json:
        emit(found.as_json())
    else:
        show_table(found.table())


def _judge_simon(typed: Mapping[str, Any]) -> Sequence[Problem]:
    from equipoise.cli.design_kind import judge_of

    return judge_of("simon")(typed)


cast("Command", simon).judge = _judge_simon


@command.command(short_help="How a trial's own design behaves.")
@trial_argument
@cohort_option
@click.option("--rate", "rates", type=float, multiple=True, help="A true rate; may be given again.")
@click.option(
    "--truth",
    "truths",
    type=Pairs(),
    multiple=True,
    help="A truth by the design's own names, such as tested=0.5,control=0.3; may be given again.",
)
@json_option
def show(
    trial: str, cohort: str, rates: tuple[float, ...], truths: tuple[dict[str, float], ...], as_json: bool
) -> None:
    """Say how a trial's own design behaves, at any truth.

    Of a trial with cohorts each design is shown, and what they do together: the family's error.
    """
    found = desk.opening.load_trial(trial)
    if found.divided and not cohort:
        cohorts = desk.design.of_cohorts(found, rates, truths)
        if as_json:
            emit(cohorts.as_json())
            return
        for names, one in cohorts.groups():
            click.secho(names, bold=True)
            _show(found.views[next(n for n, s in cohorts.of.items() if s is one)], one)
        table, words = cohorts.together()
        show_table(table)
        say(words)
        return
    found = found.one(cohort)
    shown = desk.design.of_trial(found, rates, truths)
    if as_json:
        emit(shown.as_json())
        return
    _show(found, shown)


def _show(found: Trial, shown: Shown) -> None:
    say(shown.design.describe() + mark_assumed(found, "design"))
    show_table(shown.table())
    for caution in shown.design.cautions:
        say(f"Caution. {caution}")


@command.command(short_help="Estimates after a trial's design, naive and respecting its stages.")
@trial_argument
@cohort_option
@click.option("--look", type=int, required=True, help="The look at which the trial ended.")
@click.option("--n", type=int, required=True, help="Patients evaluated, those after the stop included.")
@click.option("--successes", type=int, required=True, help="Successes among them.")
@click.option("--level", type=float, default=0.90, show_default=True, help="Level of the intervals.")
@json_option
def estimate(trial: str, cohort: str, look: int, n: int, successes: int, level: float, as_json: bool) -> None:
    """Estimate the rate after a trial's design ended, also when more or fewer patients came than planned.

    The naive estimate is biased because the trial could have stopped; the others respect the stages.
    """
    from equipoise.design.study.estimate import estimate_table

    found = desk.design.after(desk.opening.load_one(trial, cohort), look, n, successes, level)
    if as_json:
        emit(found)
    else:
        show_table(estimate_table(found))


@command.command(short_help="When rules for an imbalance of events would have stopped a trial.")
@click.option("--tested", type=int, required=True, help="Events seen in the tested arm.")
@click.option("--control", type=int, required=True, help="Events seen in the control arm.")
@click.option("--n", type=int, required=True, help="Patients in the tested arm.")
@click.option("--control-n", type=int, required=True, help="Patients in the control arm.")
@click.option("--events", type=int, help="Events that the rules were planned for (default: those seen).")
@click.option(
    "--false-alarm",
    "alarms",
    type=float,
    multiple=True,
    help="Chance of ever stopping without imbalance; may be given again.",
)
@click.option(
    "--risk-ratio",
    type=float,
    default=3.0,
    show_default=True,
    help="Imbalance that the probability ratio test looks for.",
)
@json_option
def spoke(
    tested: int, control: int, n: int, control_n: int, events: int | None, alarms: tuple[float, ...], risk_ratio: float,
    as_json: bool,
) -> None:  # fmt: skip
    """When a safety rule would have stopped a trial of which only the final numbers are known: over all orders of the events.

    NORTH: `equipoise design spoke --tested 18 --control 3 --n 94 --control-n 47`.
    """
    found = desk.spoken.ask(tested, control, n, control_n, events, alarms, risk_ratio)
    if as_json:
        emit(found.as_json())
        return
    show_table(found.table())
    share = n / (n + control_n)
    say(
        f"Without imbalance {share * (tested + control):.1f} of {tested + control} events are expected in the tested arm. Looked at "
        f"once, the exact one-sided conditional p is {found.p:.4f}. Rules made for the number of events that came are hindsight."
    )


@command.command(short_help="Which hypotheses make published sizes Simon's optimal or minimax design.")
@click.option("--n1", type=int, required=True, help="Patients of the first stage.")
@click.option("--n", type=int, required=True, help="Patients in all.")
@click.option("--r1", type=int, help="Keep only designs that stop with r1 or fewer.")
@click.option("--r", type=int, help="Keep only designs that reject with more than r.")
@click.option(
    "--p0", "p0_range", nargs=2, type=float, default=(0.01, 0.95), show_default=True, help="p0 from, to; by 0.01."
)
@click.option(
    "--delta", nargs=2, type=float, default=(0.10, 0.20), show_default=True, help="p1 - p0 from, to; by 0.01."
)
@json_option
def explain(
    n1: int,
    n: int,
    r1: int | None,
    r: int | None,
    p0_range: tuple[float, float],
    delta: tuple[float, float],
    as_json: bool,
) -> None:
    """List the hypotheses and errors for which these sizes are Simon's optimal, minimax or an admissible design.

    Published sizes often come without hypotheses. Every p0 and p1 on a grid of whole percents is tried, with the usual
    pairs of errors.
    """
    from equipoise.design.study.backwards import explain as explain_sizes
    from equipoise.design.study.backwards import explain_table

    found = explain_sizes(n1, n, r1, r, p0_range, delta)
    if as_json:
        emit([e.as_json() for e in found])
    else:
        show_table(explain_table(n1, n, found))


class _Compare(Command):
    """`compare`; where the line is of dose-finding designs, the command that compares these."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        texts = [a.removeprefix("--design=") for a in args if a.startswith("--design=")]
        texts += [after for word, after in pairwise(args) if word == "--design"]
        if any(a.split("=")[0] == "--truth" for a in args) or any(_finds_doses(t.split(" ")[0]) for t in texts):
            from equipoise.cli.design_dose import compare as compare_doses

            return compare_doses().make_context(info_name, args, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@command.command(cls=_Compare, short_help="Designs side by side at the same hypotheses.")
@click.option("--p0", type=float, required=True, help="Rate of no interest; with a control arm, its rate.")
@click.option("--p1", type=float, required=True, help="Rate worth finding.")
@click.option("--alpha", type=float, required=True, help="One-sided type I error.")
@click.option("--power", type=float, required=True, help="Power at p1.")
@click.option(
    "--design",
    "asked",
    multiple=True,
    metavar="'KIND name=value …'",
    help="A design; may be given again (default: a choice).",
)
@click.option("--accrual", type=float, help="Patients of the tested arm a month.")
@click.option(
    "--wait",
    type=float,
    default=0.0,
    show_default=True,
    help="Months from enrolment until a patient's outcome is known.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    callback=needing("report"),
    help="Write the page (HTML), the table (CSV) and figures here.",
)
@json_option
def compare(
    p0: float, p1: float, alpha: float, power: float, asked: tuple[str, ...], accrual: float | None, wait: float,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put designs side by side: sizes, expected numbers, errors, time, and who is enrolled while a look is awaited.

    Of dose-finding designs (--design 'boin target=0.3' --truth 0.1,0.3): which dose each selects; --truth 0.1 --help says more.
    """
    hypotheses = {"p0": p0, "p1": p1, "alpha": alpha, "power": power}
    found = desk.compare.run(hypotheses, asked, accrual, wait, out)
    if as_json:
        emit(found.as_json())
        return
    show_table(found.table())
    if found.written:
        click.echo(f"Wrote {found.written[0]} and {len(found.written) - 1} files beside it.")
