"""`equipoise`: one command a file, loaded when it is used, so that --help answers at once."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from equipoise import __version__
from equipoise.cli.usage import Group, WrongUsage

if TYPE_CHECKING:
    from equipoise.trial.problem import Problem

#: What a newcomer looks for → command → one line of help; the command is the object ``command`` of ``equipoise.cli.<command>``.
GROUPS = {
    "Plan": {
        "new": "Begin a trial: a folder with its file, scenarios and the next commands.",
        "check": "Read a trial file and say all that is wrong with it.",
        "design": "Find designs, or say how a trial's design behaves.",
        "basket": "Cohorts that are decided together: errors, power, decision.",
        "history": "Historical controls: library, curves, pooling, hurdle.",
        "randomisation": "How the allocation will balance, and how well it can be guessed.",
        "drug": "A drug's concentrations: model and sources, profiles, schedules.",
        "simulate": "Conduct many trials with virtual patients.",
        "feasibility": "Patients a month by a funnel, beside the sites' promise.",
        "control-check": "What the control arm's check can see, and what a caution changes.",
    },
    "Run": {
        "conduct": "Run a trial: open its log, give orders, verify.",
        "serve": "The site app: the trial in a browser.",
        "site": "Keep the site app: back up, restore, look, send mail.",
        "doses": "Phase I: dose-limiting toxicities by patient, and the next dose.",
        "forecast": "When a look will be ripe, and who is on study then.",
        "decide": "Take a look: the decision, its reasons and cautions.",
    },
    "Analyse": {
        "analyse": "Endpoints by arm, compared with each other and with history.",
        "exposure": "Delivered dose, relative dose intensity, and why treatment ended.",
        "answers": "Tested arm against history, against controls, against both.",
        "sensitivity": "An endpoint under several published rules, side by side.",
        "explain": "One patient: every time point, endpoint and population, and why.",
        "audit-response": "Recorded tumour responses against the criteria.",
        "pool": "Endpoints of very many patients, by arrays.",
        "report": "A report for a reader: a page (HTML), PDF, Word or RTF.",
        "diff": "What changed between two cuts of a log, and what that did.",
    },
    "Exchange": {
        "import-sdtm": "Take SDTM into a new log.",
        "export": "The log as ADaM datasets: XPT, Dataset-JSON, CSV, Parquet.",
        "convert": "Datasets: .xpt, Dataset-JSON, CSV, Parquet into each other.",
        "protocol": "The protocol by ICH M11, or the statistical analysis plan.",
        "usdm": "USDM 4.0: the protocol as CDISC's study definition, out and in.",
        "define": "Define-XML 2.1 for a folder of datasets.",
        "schema": "The JSON Schema of a trial file, for editors.",
    },
    "About": {
        "demo": "NORTH, from its file to a decision and a report.",
        "guide": "The documentation, a page a topic.",
        "qualify": "Is this installation the one that was released?",
        "validation": "What each method is held against.",
        "completion": "The line that completes commands in your shell.",
    },
}  # fmt: skip
COMMANDS = {name: line for group in GROUPS.values() for name, line in group.items()}


class _Lazy(Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"equipoise.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()), col_max=max(map(len, COMMANDS)) + 4)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No command {args[0]!r}.{hint}", ctx) from None


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="equipoise")
def cli() -> None:
    """The whole life of a randomised phase I/II oncology trial, from one file to a decision.

    TRIAL is a trial file, its folder, or the name of a bundled trial (north, merkel,
    myeloma, create, e2511, lines, optimalttf2, colon, phase1-example, sshht, matchpoint; kinds/KIND for an example of each kind). Every command takes --json.
    Exit status: 0 done, 1 failed, 2 bad input.

    Research software: check what it says before patients depend on it.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Entry point of the console script."""
    from equipoise.cli.fault import interrupted_too, shows_anything

    interrupted_too()
    shows_anything()
    sys.exit(run(list(sys.argv[1:] if args is None else args)))


def run(args: list[str]) -> int:
    """Run one command and return its exit status. What nobody expected is told as a fault of ours: nothing else leaves this."""
    try:
        return _run(args)
    except (SystemExit, GeneratorExit):
        raise
    except KeyboardInterrupt:  # while an error was being told
        return 1
    except BaseException as error:
        from equipoise.cli import fault

        fault.say(error, args, "--json" in args)
        return 1


def _run(args: list[str]) -> int:
    from equipoise.trial.problem import BadInput, Missing, Problem

    as_json = "--json" in args
    try:
        result = cli.main(args, prog_name="equipoise", standalone_mode=False)
    except BadInput as bad:
        if as_json:
            _say_as_json(bad.source, bad.problems)
        else:
            click.echo(str(bad), err=True)
        return 2
    except Missing as missing:
        if as_json:
            _say_as_json("equipoise", [Problem("not-installed", "library", "not installed", str(missing))])
        click.echo(str(missing), err=True)
        return 1
    except click.ClickException as error:
        if as_json:
            ctx = getattr(error, "ctx", None)
            words = [Problem("usage", "command line", "words that do not go together", error.format_message())]
            found = error.problems if isinstance(error, WrongUsage) else words
            _say_as_json(ctx.command_path if ctx is not None else "equipoise", found)
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as error:
        where, why = str(error.filename or "file"), error.strerror or str(error)
        if as_json:
            _say_as_json(where, [Problem("system", where, why, "a file that can be read or written there")])
        click.echo(f"{where}: {why}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _say_as_json(source: str, problems: Sequence[Problem]) -> None:
    """Print problems as machines get them."""
    told = [
        {"code": p.code, "where": p.where, "given": p.given, "allowed": p.allowed, "next_step": p.next_step}
        for p in problems
    ]
    text = json.dumps({"error": {"source": source, "problems": told}}, indent=2, ensure_ascii=False)
    click.echo(text.encode(errors="backslashreplace").decode())  # half a character of UTF-16, as JSON escapes it
