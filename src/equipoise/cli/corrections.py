"""`equipoise conduct correct`, `void` and `clock`: what was recorded wrongly is put right by a new event."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import click

from equipoise.cli.common import DAY, json_option, trial_argument
from equipoise.cli.known import log_option
from equipoise.cli.orders import baseline as baseline_option
from equipoise.cli.orders import by as by_option
from equipoise.cli.orders import give, levels
from equipoise.cli.orders import key as key_option
from equipoise.cli.pairs import Pair, once
from equipoise.cli.usage import Command
from equipoise.files.log_address import Address
from equipoise.trial.problem import BadInput, Problem

_CHANGE = Pair("NAME=VALUE, such as response=PD")


@click.command(cls=Command, short_help="Correct an event by a new one.")
@trial_argument
@log_option
@click.option("--event", "number", type=int, required=True, help="Number of the event that is wrong.")
@click.option("--on", type=DAY, help="The right day.")
@click.option(
    "--set",
    "changes",
    type=_CHANGE,
    multiple=True,
    callback=once,
    metavar="NAME=VALUE",
    help="The right detail: response=PD; cause=null takes one away.",
)
@levels("Of an enrolment, the right level of a stratification factor, or of a marker: sex=female. The others stay.")
@baseline_option("Of an enrolment, the right value of the baseline table: age=63. The others stay.")
@by_option
@click.option("--why", required=True, help="Why it is corrected.")
@key_option
@json_option
def correct(
    trial: str,
    log_path: Address,
    number: int,
    on: date | None,
    changes: dict[str, str],
    factors: dict[str, str],
    baseline: dict[str, str],
    by: str,
    why: str,
    key: str,
    as_json: bool,
) -> None:
    """Correct an event by a new one that names it. The old one stays in the log."""
    data = {name: _value(text) for name, text in changes.items()}
    if baseline:
        data["baseline"] = baseline
    if not data and not factors and on is None:
        allowed = "the right day, details or levels"
        raise BadInput(
            "correct", [Problem("nothing-to-correct", "--on, --set, --factor, --baseline", "none of them", allowed)]
        )
    give(trial, log_path, as_json, lambda c, now: c.correct(number, now, by, why, on, data, factors=factors, key=key))


def _value(text: str) -> Any:
    """A detail as typed: a number, true, false, a list, or else a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        given = Problem("too-deep", "--set", "lists in lists", "a number, true, false, a text, or a list of them")
        raise BadInput("correct", [given]) from None


@click.command(cls=Command, short_help="Take back an event that never happened.")
@trial_argument
@log_option
@click.option("--event", "number", type=int, required=True, help="Number of the event.")
@by_option
@click.option("--why", required=True, help="Why it is taken back.")
@key_option
@json_option
def void(trial: str, log_path: Address, number: int, by: str, why: str, key: str, as_json: bool) -> None:
    """Take back an event that never happened, by a new event that names it."""
    give(trial, log_path, as_json, lambda c, now: c.correct(number, now, by, why, void=True, key=key))


@click.command(cls=Command, short_help="Remove content that was entered by mistake, for good.")
@trial_argument
@log_option
@click.option("--event", "number", type=int, required=True, help="Number of the event.")
@by_option
@click.option("--why", required=True, help="Why its content is removed; it says nothing of the content itself.")
@key_option
@json_option
def redact(trial: str, log_path: Address, number: int, by: str, why: str, key: str, as_json: bool) -> None:
    """Remove the content of an event that should never have been written: a name, an address, another person's data.

    Its line stays by its digests, so that the chain still verifies, and a new event says who removed it and why. To the trial it is
    as if the event had been voided. What should be kept of it is entered first, with `correct`. Copies of the log keep what they have.
    """
    give(trial, log_path, as_json, lambda c, now: c.redact(number, now, by, why, key))


@click.command(cls=Command, short_help="Record that the clock was wrong and is put right.")
@trial_argument
@log_option
@by_option
@click.option("--why", required=True, help="What was wrong with the clock.")
@key_option
@json_option
def clock(trial: str, log_path: Address, by: str, why: str, key: str, as_json: bool) -> None:
    """Start time anew where a clock that ran ahead has stamped what is in the log.

    Orders are refused while this machine's clock is behind the log's last moment. Put the wrong one of the two clocks right first. What
    was recorded by the one that ran ahead counts as known from now on; days that lie in the future of now are found by `verify`, to be corrected.
    """
    give(trial, log_path, as_json, lambda c, now: c.correct_clock(now, by, why, key))
