"""Every command's help has an example, and each example is a line that the command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from equipoise.cli.main import cli

Found = tuple[str, click.Command, click.Context]


def commands(command: click.Command, ctx: click.Context) -> Iterator[Found]:
    if not isinstance(command, click.Group):
        yield ctx.command_path, command, ctx
        return
    for name in command.list_commands(ctx):
        sub = command.get_command(ctx, name)
        assert sub is not None
        yield from commands(sub, click.Context(sub, info_name=name, parent=ctx))


ALL = list(commands(cli, click.Context(cli, info_name="equipoise")))


def test_every_command_shows_one_that_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # `make demo` leaves a folder out/ behind, as a user's own work does; north is found by its name.
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    wrong = []
    for path, command, ctx in ALL:
        page = command.get_help(ctx).split("Usage:", 1)[1].split("\n\n", 1)[1].replace("\\\n", " ")
        page = re.sub(r"\s+", " ", page) + " "
        if f"{path} " not in page:
            wrong.append(f"{path}: no example")
            continue
        made = page.split("Example: ")[-1].strip() if "Example: " in page else ""
        if made.startswith(path):
            try:
                command.make_context(path, shlex.split(made[len(path) :]), parent=ctx.parent)
            except click.UsageError as refused:
                if not isinstance(refused, click.BadParameter) or "does not exist" not in refused.format_message():
                    wrong.append(f"{made}: {refused.format_message()}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["conduct enrol", "design simon", "check"])
def test_some_of_them(name: str) -> None:
    path, command, ctx = next(f for f in ALL if f[0] == f"equipoise {name}")
    assert f"Example:\n  {path} " in command.get_help(ctx)
