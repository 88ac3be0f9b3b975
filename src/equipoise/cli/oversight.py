"""`equipoise conduct`, acts about the record: queries, verification, signatures, freezes, codes, looks step by step, and how all of it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli import orders
from equipoise.cli.common import DAY, emit, json_option, show_table, trial_argument
from equipoise.cli.data import reader_option
from equipoise.cli.known import log_option
from equipoise.cli.pairs import Criteria
from equipoise.cli.usage import Command
from equipoise.trial.oversight import MEANINGS, RECOMMENDATIONS, TABLES

if TYPE_CHECKING:
    from equipoise.files.log_address import Address

Option = Callable[[Any], Any]
_EVENT = click.option("--event", "number", type=int, required=True, help="Number of the event that it is about.")
_EVENTS = click.option("--events", type=Criteria(), required=True, help="Numbers of events of one patient: 12,13.")
_QUERY = click.option(
    "--query", type=int, required=True, help="Number of the query, or of the record whose unlikely value was confirmed."
)
_TEXT = click.option("--text", required=True, callback=orders.said, help="In words.")
_MAY_SAY = click.option("--text", help="In words.")
_LOOK = (
    click.option("--look", type=int, required=True, help="Number of the look, from 1."),
    click.option("--cohort", metavar="NAME", help="The cohort whose look it is."),
)


def _on_event(kind: str) -> Callable[..., Any]:
    return lambda by, why, key, number, **said: desk.oversight.on(by, kind, number, why, key, **said)


def _turn(kind: str) -> Callable[..., Any]:
    return lambda by, why, key, query, text: desk.oversight.turn(by, kind, query, text, why, key)


def _act(kind: str) -> Callable[..., Any]:
    return lambda by, why, key, patient="", **said: desk.oversight.act(by, kind, patient, why, key, **said)


def _cut(by: str, why: str, key: str, cutoff: date, **said: Any) -> Any:
    return desk.oversight.act(by, "cut off", "", why, key, cutoff=cutoff.isoformat(), **said)


def _signed(by: str, why: str, key: str, patient: str, events: list[int] | None, **said: Any) -> Any:
    return desk.oversight.sign(by, patient, events=events, why=why, key=key, **said)


#: Verb → what it does, how its order is made, its options.
_VERBS: Mapping[str, tuple[str, Callable[..., Any], tuple[Option, ...]]] = {
    "query": ("Ask the site about a value.", _on_event("query opened"), (
        _EVENT, click.option("--field", help="The field of it: 'grade', 'happened' …"), _TEXT)),
    "answer": ("Answer a query.", _turn("query answered"), (_QUERY, _TEXT)),
    "close-query": ("Close a query that is settled.", _turn("query closed"), (_QUERY, _MAY_SAY)),
    "reopen-query": ("Open a query again.", _turn("query reopened"), (_QUERY, _TEXT)),
    "source-verify": ("Record that values were compared with their source.",
        lambda by, why, key, events, text: desk.oversight.verify(by, events, text, why, key), (_EVENTS, _MAY_SAY)),
    "sign": ("Sign a patient's record: all of it by a cut-off, or single events.", _signed, (
        orders.patient, click.option("--meaning", required=True, help=f"What it means: '{MEANINGS[1]}' …"),
        click.option("--cutoff", type=DAY, help="All that happened by this day, YYYY-MM-DD."),
        click.option("--events", type=Criteria(), help="Or these events: 12,13."),
        click.option("--digest", help="Of what was shown (`conduct oversight --of to-sign`); another record is not signed."))),
    "freeze": ("Freeze a patient's record: the site writes nothing to it.", _act("frozen"), (orders.patient,)),
    "unfreeze": ("Open a frozen record again.", _act("unfrozen"), (orders.patient,)),
    "code": ("Give a recorded text its code in a dictionary.", _on_event("coded"), (
        _EVENT, click.option("--field", required=True, help="The text that is coded: term, reported, therapy, cause."),
        click.option("--term", required=True, help="The dictionary's term."), click.option("--code", required=True, help="The dictionary's code."),
        click.option("--dictionary", required=True, help="MedDRA, WHODrug …"),
        click.option("--dictionary-version", "version", required=True, help="Its version: 27.1."))),
    "review-safety": ("A medical monitor's word on a serious adverse event.", _on_event("safety reviewed"), (
        _EVENT, click.option("--related", type=bool, required=True, help="true or false: related to the treatment."),
        click.option("--expected", type=bool, required=True, help="true or false: expected by the reference safety information."), _MAY_SAY)),
    "assess-impact": ("Say what an unblinding means for the trial.", _on_event("impact assessed"), (_EVENT, _TEXT)),
    "cut-off": ("Begin a look: the day by which what happened counts.", _cut, (
        *_LOOK, click.option("--cutoff", type=DAY, required=True, help="The day, YYYY-MM-DD."))),
    "check-look": ("Record that the data of a look are checked.", _act("look checked"), (*_LOOK, _MAY_SAY)),
    "close-entry": ("Close entry for the cut of a look, until the committee has recommended.", _act("entry closed"), _LOOK),
    "withdraw-cut": ("Withdraw a cut before the look is unblinded.", _act("cut withdrawn"), _LOOK),
    "unblind-look": ("Open a look to the committee.", _act("look unblinded"), _LOOK),
    "recommend": ("The committee's recommendation.", _act("recommended"), (
        *_LOOK, click.option("--recommendation", required=True, help=f"One of: {', '.join(RECOMMENDATIONS)}."), _MAY_SAY)),
    "take-recommendation": ("Say what the sponsor does about a recommendation.", _act("recommendation taken"), (*_LOOK, _TEXT)),
    "lock": ("Lock the database: nothing is written to any record.", _act("locked"), ()),
    "unlock": ("Unlock the database.", _act("unlocked"), ()),
    "review": ("Record a review of the audit trail.", _act("reviewed"), (
        click.option("--scope", required=True, callback=orders.said, help="What was reviewed: 'patient S01-001, corrected'."),
        click.option("--finding", required=True, callback=orders.said, help="What was found, in words."))),
    "record-view": ("Record that a page by arm is opened, and why.", _act("seen"), (
        click.option("--page", required=True, callback=orders.said, help="Which page."),)),
    "record-export": ("Record that data are taken away, by whom, how much of them, at which head.", _act("exported"), (
        click.option("--what", required=True, callback=orders.said, help="log, csv, sdtm, odm …"), click.option("--filter", help="Which part."))),
}  # fmt: skip


def add_to(group: click.Group) -> None:
    """Add the verbs."""
    for name, (text, make, options) in _VERBS.items():
        group.add_command(_order(name, text, make, options))
    group.add_command(oversight)


def _order(name: str, text: str, make: Callable[..., Any], options: tuple[Option, ...]) -> click.Command:
    def callback(trial: str, log_path: Address, by: str, why: str, key: str, as_json: bool, **given: Any) -> None:
        orders.give(trial, log_path, as_json, make(by=by, why=why, key=key, **given))

    decorated: Any = callback
    for option in reversed([trial_argument, log_option, *options, orders.by, orders.why, orders.key, json_option]):
        decorated = option(decorated)
    return click.command(cls=Command, name=name, help=text, short_help=text)(decorated)


@click.command(cls=Command, name="oversight", short_help="Queries, verification, signatures, looks: how they stand.")
@trial_argument
@log_option
@click.option("--patient", help="Of one patient.")
@click.option("--of", "what", type=click.Choice(TABLES), default="queries", show_default=True, help="What to list.")
@click.option("--cutoff", type=DAY, help="Of endorsements, and of what is to be signed: the cut-off.")
@reader_option
@json_option
def oversight(
    trial: str,
    log_path: Address,
    patient: str | None,
    what: str,
    cutoff: date | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """List queries with their age, what is verified, which signatures hold, endorsements at a cut-off, looks, or the audit trail."""
    found = desk.opening.load_at_hand(trial, log_path, reader)
    listed = desk.overview.listed(found, desk.opening.log_of(found, log_path), reader, what, patient or "", cutoff)
    if as_json:
        emit(listed)
    else:
        show_table(listed.table())
