"""`equipoise design KIND` of dose-finding kinds, `design next` and `design paths`: commands made from what a kind's own table may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, progress, say, show_table
from equipoise.cli.design_kind import Numbers, option_of
from equipoise.cli.extras import needing
from equipoise.cli.usage import Command, Group, Judge
from equipoise.design.dose import dose_shelf
from equipoise.trial.problem import Problem

#: How many doses a table is shown for where nobody says.
USUAL_DOSES = 5


def make(kind: str) -> click.Command:
    """The command of one dose-finding kind."""
    about = dose_shelf.one(kind)
    drawn = click.Option(
        ["--figure"], type=click.Path(path_type=Path, dir_okay=False), callback=needing("report"),
        help="Write its behaviour by dose or, without --truth, its boundaries as SVG.",
    )  # fmt: skip
    options = [*_entries(kind), *_modifiers(), *_of_behaviour(), drawn]
    asks = {f.name for f in fields(desk.dose.HowAsked)}

    def callback(
        truths: tuple[tuple[float, ...], ...], responses: tuple[tuple[float, ...], ...], figure: Path | None, as_json: bool, **given: Any
    ) -> None:  # fmt: skip
        asked = desk.dose.HowAsked(**{k: given.pop(k) for k in asks})
        table = _stated(given)
        if not truths and _asks_doses(kind, table):
            table["doses"] = USUAL_DOSES
        found = desk.dose.ask(kind, table, truths, responses, asked)
        if figure is not None:
            desk.pages.write_figure(figure, found.figure(), "behaviour")
        if as_json:
            emit(found.as_json())
            return
        say(found.design.describe())
        for shown in found.tables():
            show_table(shown)
        for caution in found.design.cautions:
            say(f"Caution. {caution}")
        if figure is not None:
            click.echo(f"Wrote {figure}.")

    command = Command(
        kind, callback=callback, params=options, help=f"{about.title}.\n\n{about.reference}", short_help=about.title
    )
    command.judge = _judge(kind, USUAL_DOSES)
    return json_option(command)


def _judge(kind: str, usual: int | None) -> Judge:
    """What is wrong with the design, the history and the rates of a command line of which something else could not be read."""

    def judge(typed: Mapping[str, Any]) -> list[Problem]:
        known = {*dose_shelf.spec_model(kind).model_fields, *dose_shelf.MODIFIERS}
        table = {k: v for k, v in typed.items() if k in known and v is not None}
        if usual is not None and not typed.get("truths") and _asks_doses(kind, table):
            table["doses"] = usual
        return desk.dose.wrong_with(
            kind, table, typed.get("truths", ()), typed.get("responses", ()), str(typed.get("outcomes", ""))
        )

    return judge


class Words(click.ParamType[dict[str, Any]]):
    """What a modifier is told: names and values, with a comma between two."""

    name = "name=value,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Read them; anything else is a usage error. What a name may be is the modifier's to say."""
        if isinstance(value, dict):
            return value
        pairs = [part.partition("=") for part in value.split(",")]
        if not all(name.strip() and mark and said.strip() for name, mark, said in pairs):
            self.fail(f"got {value!r}; write name=value and a comma between two, such as n=12,theta0=0.2", param, ctx)
        return {name.strip().replace("-", "_"): desk.design_text.value_of(said.strip()) for name, _, said in pairs}


def _modifiers() -> list[click.Parameter]:
    """What any design may have beside its own table."""
    return [
        click.Option(["--backfill"], type=Words(),
                     help="Give who comes meanwhile a lower dose: cap=10,needs_response=true,counts=true,conflict=highest,close_at=0.3."),
        click.Option(["--expansion"], type=Words(),
                     help="Treat more at the recommended dose: n=12,theta0=0.2,theta1=0.4,phi=0.1,first=3,every=3,rule=safety-bayes,when_stopped=no dose."),
        click.Option(["--comparison"], type=Words(),
                     help="Randomise between the declared dose and below, and pick one: n=15,doses=2,margin=0.1,phi_t=0.35,further=10,p0=0.2,alpha=0.05."),
    ]  # fmt: skip


def _of_behaviour() -> list[click.Parameter]:
    """How behaviour is asked for."""
    return [
        click.Option(["--truth", "truths"], type=Numbers(float), multiple=True,
                     help="True DLT rates, one a dose, such as 0.05,0.15,0.3; may be given again."),
        click.Option(["--response", "responses"], type=Numbers(float), multiple=True,
                     help="True response rates, where the design asks for them."),
        click.Option(["--accrual"], type=click.FloatRange(min=0, min_open=True), help="Patients a month."),
        click.Option(["--window"], type=click.FloatRange(min=0, min_open=True), help="Months for which each is followed for DLTs."),
        click.Option(["--behaviour", "how"], type=click.Choice(["auto", "exact", "simulated"]), default="auto", show_default=True,
                     help="Exact where that takes seconds, and else simulated; or as said."),
        click.Option(["--trials"], type=click.IntRange(1, 1_000_000), default=2000, show_default=True, help="Trials, where simulated."),
        click.Option(["--seed"], type=int, default=1, show_default=True, help="Seed of the patients, the same for every design."),
        click.Option(["--arrivals"], type=click.Choice(["poisson", "uniform"]), default="poisson", show_default=True,
                     help="Patients come at random, or with gaps uniform on 0 to 2/accrual."),
        click.Option(["--first-comes"], type=click.Choice(["after a gap", "at once"]), default="after a gap", show_default=True,
                     help="When the first comes."),
        click.Option(["--late"], type=click.FloatRange(0, 1, min_open=True, max_open=True),
                     help="Share of DLTs in the window's second half (Weibull); else they come uniformly."),
    ]  # fmt: skip


def compare() -> click.Command:
    """`design compare` of dose-finding kinds."""
    options = [
        click.Option(["--design", "texts"], multiple=True, metavar="'KIND name=value …'",
                     help="A design, such as 'boin target=0.3'; may be given again (default: a choice)."),
        *_of_behaviour(),
    ]  # fmt: skip
    asks = {f.name for f in fields(desk.dose.HowAsked)}

    def callback(
        texts: tuple[str, ...], truths: tuple[tuple[float, ...], ...], responses: tuple[tuple[float, ...], ...], as_json: bool,
        **given: Any,
    ) -> None:  # fmt: skip
        with progress(as_json, transient=True) as bar:
            task = bar.add_task("designs", total=None)

            def begins(done: int, of: int, text: str) -> None:
                bar.update(task, completed=done, total=of, description=text)

            found = desk.dose_compare.run(
                texts, truths, responses, desk.dose.HowAsked(**{k: given[k] for k in asks}), begins
            )
        if as_json:
            emit(found.as_json())
            return
        for shown in found.tables():
            show_table(shown)

    text = "Put dose-finding designs side by side under the same true rates: exact where possible, else simulated; every design meets the same patients."
    short = "Dose-finding designs side by side."
    command = Command("compare", callback=callback, params=options, help=text, short_help=short)
    command.judge = lambda typed: desk.dose_compare.wrong_with(
        typed.get("texts", ()), typed.get("truths", ()), typed.get("responses", ())
    )
    return json_option(command)


class OfKinds(Group):
    """A group with one command a dose-finding kind."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every dose-finding kind."""
        return dose_shelf.kinds()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a kind, made when it is asked for."""
        if dose_shelf.module_of(cmd_name) is None:
            return None
        return _next(cmd_name) if self.name == "next" else _paths(cmd_name)


def _next(kind: str) -> click.Command:
    params = [
        click.Argument(["outcomes"], default=""),
        *_entries(kind),
        *_modifiers(),
        click.Option(["--window"], type=click.FloatRange(min=0, min_open=True), help="Days for which each is followed for DLTs."),
    ]  # fmt: skip

    def callback(outcomes: str, window: float | None, as_json: bool, **given: Any) -> None:
        found = desk.dose.next_of(kind, _stated(given), outcomes, window)
        if as_json:
            emit({k: v for k, v in vars(found).items() if k not in ("ptox", "posterior", "places") or v is not None})
            return
        where = f" {found.dose}" if found.dose else ""
        if found.places is not None:
            left = ", ".join(f"{n} at dose {k}" for k, n in enumerate(found.places, 1) if n)
            click.secho(f"{found.action.upper()}: places left {left}", bold=True)
        many = f", {found.size} patient{'s' * (found.size != 1)}" if found.size else ""
        if found.places is None:
            click.secho(f"{found.action.upper()}: {f'dose{where}' if where else 'no dose'}{many}", bold=True)
        bullet(found.because)
        if found.bound:
            say(f"Bound by: {', '.join(found.bound)}.", indent="  ")
        say(f"If the trial ended now: {f'dose {found.recommend}' if found.recommend else 'no dose'}.", indent="  ")
        for caution in found.cautions:
            say(f"Caution. {caution}")

    about = dose_shelf.one(kind)
    text = "OUTCOMES: a level and a letter a patient, as in '1NNN 2NTN': N none, T DLT, E response, B both, X not evaluable, P:days pending."
    help_text = f"{about.title}: the next dose.\n\n{text}"
    command = Command(kind, callback=callback, params=params, help=help_text, short_help=about.title)
    command.judge = _judge(kind, None)
    return json_option(command)


def _paths(kind: str) -> click.Command:
    params = [
        click.Argument(["outcomes"], default=""),
        *_entries(kind, but=("cohorts",)),
        *_modifiers(),
        click.Option(["--cohorts", "depth"], type=click.IntRange(1, 12), default=3, show_default=True, help="How many cohorts on."),
        click.Option(["--of-cohorts", "cohorts"], type=int, help="Largest number of cohorts of the design."),
    ]  # fmt: skip

    def callback(outcomes: str, depth: int, as_json: bool, **given: Any) -> None:
        found = desk.dose.paths_of(kind, _stated(given), outcomes, depth)
        if as_json:
            emit(found.as_json())
        else:
            show_table(found.table())

    about = dose_shelf.one(kind)
    text = "Equal states are one: a state that two ways lead to stands once."
    help_text = f"{about.title}: what may come.\n\n{text}"
    command = Command(kind, callback=callback, params=params, help=help_text, short_help=about.title)
    command.judge = _judge(kind, None)
    return json_option(command)


def _entries(kind: str, but: tuple[str, ...] = ()) -> list[click.Parameter]:
    entries = dose_shelf.spec_model(kind).model_fields
    return [
        option_of(name, field.annotation, field, given_otherwise=name == "doses")
        for name, field in entries.items()
        if name != "kind" and name not in but
    ]


def _stated(given: dict[str, Any]) -> dict[str, Any]:
    source = click.get_current_context().get_parameter_source
    return {k: v for k, v in given.items() if v is not None and source(k) is ParameterSource.COMMANDLINE}


def _asks_doses(kind: str, table: dict[str, Any]) -> bool:
    entries = dose_shelf.spec_model(kind).model_fields
    return "doses" in entries and entries["doses"].is_required() and "doses" not in table
