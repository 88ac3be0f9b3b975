"""All that is wrong with a command line is named at once, by every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
import pytest

from equipoise.cli.main import cli
from equipoise.cli.usage import Command, Group
from helpers import Answer

LINES = [
    ("two bad numbers", "design simon --p0 x --p1 y --alpha 0.1 --power 0.8", ["'--p0': 'x'", "'--p1': 'y'"]),
    ("and what is missing", "design simon --p0 x --p1 y", ["'--p0'", "'--p1'", "Missing option '--alpha'", "Missing option '--power'"]),
    ("two unknown options", "design simon --foo --bar 3 --p0 0.1 --p1 0.3 --alpha 0.1 --power z", ["'--foo'", "'--bar'", "'--power'"]),
    ("one that is misspelt is not missing too", "design simon --p0 0.1 --p1 y --alhpa 0.1 --power 0.8", ["'--alhpa'", "'--p1'"]),
    ("each of a repeated option", "design show north --rate a --rate 0.3 --rate b", ["'--rate': 'a'", "'--rate': 'b'"]),
    ("of a kind", "design a-hern --p0 x --p1 y --alpha 0.05 --power 0.8", ["'--p0'", "'--p1'"]),
    ("days and names", "analyse north --cutoff 2010 --known-on x --encoding utf9", ["'--cutoff'", "'--known-on'", "'--encoding'"]),
    ("an option without its value", "analyse north --cutoff x --table", ["'--table' requires", "'--cutoff'"]),
    ("a flag with one", "analyse north --json=3 --cutoff x", ["'--json'", "'--cutoff'"]),
    ("too many words", "analyse north south --cutoff x", ["south", "'--cutoff'"]),
    ("pairs and numbers", "conduct enrol north --log l --patient p --on x --by b --factor ecog --factor a=1 --factor a=2", ["'--on'", "'ecog'"]),
    ("a factor twice", "conduct enrol north --log l --patient p --on x --by b --factor a=1 --factor a=2", ["'--on'", "a twice"]),
    ("criteria", "conduct screen north --log l --patient p --site s --on x --by b --failed a", ["'--on'", "'--failed'"]),
    ("details", "conduct correct north --log l --event x --by b --set response --factor ecog", ["'--event'", "'response'", "'ecog'", "'--why'"]),
    ("choices", "export north --as x --rules y --out o", ["'--as'", "'--rules'"]),
    ("history", "history pool ed-sclc --method x --interval y --tau-scale z", ["'--method'", "'--interval'", "'--tau-scale'"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "line", "named"), LINES, ids=[w[0] for w in LINES])
def test_all_at_once(equipoise: Callable[..., Answer], what: str, line: str, named: list[str]) -> None:
    answer = equipoise(*line.split())
    assert answer.status == 2
    said = [text for text in answer.err.splitlines() if text.startswith("Error: ")]
    assert len(said) == len(named), answer.err
    for text in named:
        assert sum(text in one for one in said) == 1, (text, said)


def test_machines_get_them_too(equipoise: Callable[..., Answer]) -> None:
    answer = equipoise("design", "simon", "--p0", "x", "--foo", "--alpha", "0.1", "--power", "0.8", "--json")
    assert answer.status == 2
    assert answer.json["error"]["source"] == "equipoise design simon"
    found = [(p["code"], p["where"], p["given"]) for p in answer.json["error"]["problems"]]
    assert found == [
        ("no-such-option", "--foo", "an option that this command has not"),
        ("bad-value", "--p0", "'x'"),
        ("missing-option", "--p1", "nothing"),
    ]


def test_help_and_a_bare_group_are_as_they_were(equipoise: Callable[..., Answer]) -> None:
    assert equipoise("design", "simon", "--help").status == 0
    assert "Usage: equipoise conduct" in equipoise("conduct").err


def commands(command: click.Command, ctx: click.Context) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from commands(inner, click.Context(inner, parent=ctx, info_name=name))


def test_every_command_is_of_this_kind() -> None:
    found = list(commands(cli, click.Context(cli, info_name="equipoise")))
    assert len(found) > 80
    assert [c.name for c in found if not isinstance(c, Command | Group)] == []


def test_the_process(equipoise_process: Callable[..., Answer]) -> None:
    answer = equipoise_process("design", "simon", "--p0", "x", "--p1", "y")
    assert answer.status == 2
    assert answer.err.count("Error: ") == 4
