"""All that is wrong with a command line at once: every command of ours names each option that is wrong, not the first only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import click
from click.core import ParameterSource

from equipoise.files.log_address import shown
from equipoise.trial.problem import Missing, Problem


class WrongUsage(click.UsageError):
    """Everything wrong with a command line; ``problems`` as machines get them."""

    def __init__(self, found: Sequence[click.UsageError], problems: Sequence[Problem], ctx: click.Context) -> None:
        self.problems = tuple(problems)
        super().__init__("\nError: ".join(e.format_message() for e in found), ctx)


#: What is wrong with the values that could be read, asked where others could not.
Judge = Callable[[Mapping[str, Any]], Sequence[Problem]]


class _AllAtOnce(click.Command):
    """A command that, where its line is wrong, reads the line again to the end."""

    #: Asked of the values that were typed and could be read, by their parameters' names.
    judge: Judge | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; raises WrongUsage with all that is wrong."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as first:
            typed: dict[str, Any] = {}
            found = [*_wrong(self, ctx, given, typed)]
            if not any(e.format_message() == first.format_message() for e, _ in found):
                found = [(first, _problem(first, None)), *found]
            bad = {p.where for _, p in found}
            found += [*_judged(self.judge, typed, bad, ctx)]
            once = {e.format_message(): (e, p) for e, p in found}.values()
            raise WrongUsage([e for e, _ in once], [p for _, p in once], first.ctx or ctx) from None


class Command(_AllAtOnce):
    """A command. Its help ends with an example, where none stands in it."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, before what there is of an epilogue."""
        from equipoise.cli.examples import example, has_one

        if not has_one(self, ctx):
            with formatter.section("Example"):
                formatter.write(example(self, ctx, formatter.width - 2, formatter.current_indent))
        super().format_epilog(ctx, formatter)


class Group(_AllAtOnce, click.Group):
    """A group of commands, which are of this kind too."""

    command_class = Command
    group_class = type


def _judged(
    judge: Judge | None, typed: Mapping[str, Any], bad: set[str], ctx: click.Context
) -> Iterator[tuple[click.UsageError, Problem]]:
    """What is wrong with the values that could be read, but for what is missing because it could not."""
    for p in () if judge is None else judge(typed):
        option = f"--{p.where.replace('_', '-')}"
        if p.where in bad or option in bad:
            continue
        told = click.UsageError(
            f"{p.where}: got {p.given}; {p.allowed}" + (f" ({p.next_step})" if p.next_step else ""), ctx
        )
        yield told, p


def _wrong(
    command: click.Command, ctx: click.Context, args: list[str], typed: dict[str, Any]
) -> Iterator[tuple[click.UsageError, Problem]]:
    """Each thing that is wrong with the arguments, in their order: unknown options, then values, then what is missing or too much.

    ``typed`` takes the values that were typed and could be read.
    """
    probe = click.Context(command, info_name=ctx.info_name, parent=ctx.parent, **command.context_settings)
    args, told, meant, unknown = list(args), set[str](), set[str](), False
    while True:
        try:
            parser = command.make_parser(probe)
            opts, rest, order = parser.parse_args(args=list(args))
            break
        except (click.NoSuchOption, click.BadOptionUsage) as error:
            yield error, _problem(error, None)
            told.add(error.option_name)
            if isinstance(error, click.NoSuchOption):
                unknown, meant = True, {*meant, *(error.possibilities or ())}
            at = _place(args, error.option_name)
            if at is None:
                return
            del args[at : at + 1 + _takes_next(command, error, args, at)]
    params = [*dict.fromkeys([*order, *command.get_params(probe)])]
    for param in params:
        if param.is_eager or told.intersection(param.opts):
            continue
        try:
            with suppress(Missing):  # a library that is not installed is said once the line is right
                value, rest = param.handle_parse_result(probe, opts, rest)
                if param.name and probe.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
                    typed[param.name] = value
        except click.UsageError as error:
            if isinstance(error, click.MissingParameter) and meant.intersection(param.opts):
                continue  # it is there, misspelt
            value = opts.get(param.name or "")
            yield from _each(param, probe, value) or [(error, _problem(error, value))]
    if rest and not probe.allow_extra_args and not unknown:
        extra = click.UsageError(f"Got unexpected extra argument{'s' * (len(rest) > 1)} ({' '.join(rest)})", probe)
        yield extra, Problem("usage", " ".join(rest), "too many arguments", "no more than the usage line has")


def _each(param: click.Parameter, ctx: click.Context, value: Any) -> list[tuple[click.UsageError, Problem]]:
    """What is wrong with each of the values of an option that may be given again."""
    found: list[tuple[click.UsageError, Problem]] = []
    if param.multiple and isinstance(value, tuple | list):
        for item in value:
            try:
                param.type_cast_value(ctx, (item,))
            except click.BadParameter as error:
                error.param, error.ctx = error.param or param, error.ctx or ctx
                found.append((error, _problem(error, item)))
    return found


def _place(args: Sequence[str], name: str) -> int | None:
    """Where an option stands among the arguments."""
    for i, word in enumerate(args):
        if word == "--":
            break
        if word.split("=")[0] == name or (len(name) == 2 and word[:1] == "-" != word[1:2] and name[1] in word):
            return i
    return None


def _takes_next(command: click.Command, error: click.UsageError, args: Sequence[str], at: int) -> bool:
    """True where the word after an unknown option is taken for its value: the option that is meant has one."""
    if not isinstance(error, click.NoSuchOption) or "=" in args[at] or args[at + 1 : at + 2] in ([], ["--"]):
        return False
    meant = {o for p in command.params if isinstance(p, click.Option) and not p.is_flag for o in p.opts}
    return not args[at + 1].startswith("-") and bool(meant.intersection(error.possibilities or ()))


def _problem(error: click.UsageError, value: Any) -> Problem:
    """A usage error as machines get it."""
    if isinstance(error, click.NoSuchOption):
        near = [f"did you mean {error.possibilities[0]}?"] if error.possibilities else [""]
        return Problem(
            "no-such-option", error.option_name, "an option that this command has not", error.message, near[0]
        )
    if isinstance(error, click.MissingParameter):
        return Problem("missing-option", _name(error.param), "nothing", error.format_message())
    if isinstance(error, click.BadParameter):
        return Problem("bad-value", _name(error.param), shown(repr(value)), error.message)
    if isinstance(error, click.BadOptionUsage):
        return Problem("usage", error.option_name, "an option without its value, or a flag with one", error.message)
    return Problem("usage", "command line", "words that do not go together", error.format_message())


def _name(param: click.Parameter | None) -> str:
    if param is None:
        return "command line"
    return param.human_readable_name if isinstance(param, click.Argument) else max(param.opts, key=len)
