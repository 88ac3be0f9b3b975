"""`equipoise conduct`: run a trial. Each order is judged, then recorded in the log with who and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli import people
from equipoise.cli.common import DAY, F, emit, json_option, trial_argument
from equipoise.cli.data import define_option, say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.known import as_known_on, log_option, verify
from equipoise.cli.pairs import Criteria, Pair, once
from equipoise.cli.usage import Group
from equipoise.trial.problem import BadInput, Problem

if TYPE_CHECKING:
    from equipoise.conduct.conduct import Conduct
    from equipoise.trial.dialect import Dialect
    from equipoise.trial.event import Event


@click.group(cls=Group, name="conduct", short_help="Run a trial: open its log, give orders, verify.")
def command() -> None:
    """Run a trial.

    `open` starts a log. Orders append to it: activate a site, screen, enrol, randomise, and what happens then.
    An order that is impossible is refused with its reasons, and the log stays as it was. A mistake is
    corrected by a new event (`correct`, `void`); nothing is ever deleted.
    """


_by = click.option("--by", required=True, envvar="EQUIPOISE_BY", help="Who gives the order [env EQUIPOISE_BY].")
_why = click.option("--why", default="", help="Why, where it does not go without saying.")
_on = click.option("--on", type=DAY, required=True, help="Day on which it happened, YYYY-MM-DD.")
_patient = click.option("--patient", required=True, help="The patient's number in the trial.")
_site = click.option("--site", required=True, help="The site.")
_seed_file = click.option(
    "--seed-file",
    type=click.Path(path_type=Path),
    help="File with the secret allocation seed [env EQUIPOISE_ALLOCATION_SEED_FILE].",
)
_cohort = click.option("--cohort", metavar="NAME", help="One cohort's only, in a trial with cohorts.")


def _give(
    trial_name: str,
    log_path: Path,
    as_json: bool,
    order: Callable[[Conduct, datetime], Event],
    seed_file: Path | None = None,
    *,
    at_random: bool = False,
) -> None:
    """Carry out one order, and say what was recorded."""
    trial = desk.opening.load_trial(trial_name)
    allocation = desk.order.allocation(trial, seed_file) if at_random else None
    by = str(click.get_current_context().params["by"])
    done = desk.order.give(trial, desk.opening.log_of(trial, log_path), order, allocation, by=by)
    if as_json:
        emit(done)
        return
    if done.torn_line_set_aside is not None:
        aside = Path(done.torn_line_set_aside).name
        click.echo(f"A torn last line was found and set aside in {aside}; nothing before it is lost.", err=True)
    if done.last_line_ended:
        click.echo("The last line had no newline. It was whole, and is a record; it was ended.", err=True)
    event = done.event
    who = event.patient or event.site
    of = f" in {event.data['cohort']}" if event.data.get("cohort") else ""
    told = event.data.get("arm") or event.data.get("code")
    detail = f": {told}" if told else ""
    click.echo(
        f"Event {event.number}: {who + ' ' if who else ''}{event.kind}{of}{detail}, {event.happened}. Chain {done.hash[:12]}"
    )


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


_FACTOR, _CHANGE = Pair("NAME=LEVEL, such as ecog=0-1"), Pair("NAME=VALUE, such as response=PD")


def _order(name: str, kind: str, help_text: str, *options: Callable[[Any], Any], subject: str = "patient") -> None:
    """Add a verb: its options are the details of its kind of event."""

    def callback(trial: str, log_path: Path, on: date, by: str, why: str, as_json: bool, **given: Any) -> None:
        who = given.pop(subject, "")
        data = {k: v for k, v in given.items() if v is not None}
        _give(
            trial,
            log_path,
            as_json,
            lambda c, now: c.order(kind, on, now, by, why, **({subject: who} if who else {}), data=data),
        )

    decorated: Any = callback
    subjects = {"patient": [_patient], "site": [_site], "": []}[subject]
    for option in reversed([trial_argument, log_option, *subjects, _on, *options, _by, _why, json_option]):
        decorated = option(decorated)
    command.command(name=name, help=help_text, short_help=help_text.splitlines()[0])(decorated)


_order("activate", "site activated", "Open a site for enrolment.", subject="site")
_order(
    "treat",
    "treated",
    "Record a dose that was given.",
    click.option("--drug", required=True),
    click.option("--cycle", type=int, required=True),
    click.option("--day", type=int, required=True, help="Day of the cycle."),
    click.option(
        "--dose", type=float, help="Dose given each time, in the regimen's unit; a device or procedure may have none."
    ),
    click.option("--unit", help="The regimen's unit."),
    click.option("--times-a-day", type=int, help="How often a day, where it is not once."),
    click.option("--until", help="Last day of a stretch of days, YYYY-MM-DD."),
)
_order("end-treatment", "treatment ended", "Record the end of treatment.", click.option("--reason", required=True))
_order(
    "assess",
    "assessed",
    "Record a tumour assessment.",
    click.option(
        "--response", required=True, help="CR, PR, SD, PD, NE or NED; or a word that the trial file maps to one."
    ),
    click.option("--sum-mm", "sum_mm", type=float, help="Sum of diameters [mm]."),
    click.option("--new-lesion", "new_lesion", type=bool, help="true or false."),
    click.option("--baseline", type=bool, help="true for the assessment before treatment."),
)
_order(
    "adverse-event",
    "adverse event",
    "Record an adverse event, on the day it began.",
    click.option("--term", required=True),
    click.option("--grade", type=int, required=True, help="CTCAE grade, 1 to 5."),
    click.option("--serious", type=bool, help="true or false."),
    click.option(
        "--criteria",
        callback=lambda _c, _p, text: _words(text),
        help="What makes it serious: 'death', 'hospitalisation,disability' …",
    ),
    click.option("--related", type=bool, help="true or false."),
    click.option(
        "--ctcae", type=int, help="Edition of CTCAE by which it is graded, 3 to 6, where it is not the trial's."
    ),
    click.option("--organ-class", help="System organ class of MedDRA: 'Cardiac disorders' …"),
)
_order(
    "review-eligibility",
    "eligibility reviewed",
    "Record that a review after enrolment found a patient eligible, or not.",
    click.option("--eligible", type=bool, required=True, help="true or false."),
    click.option("--failed", type=Criteria(), help="Numbers of the criteria not met: 2,5."),
    click.option("--reason", help="In words."),
)
_order(
    "progression",
    "progressed",
    "Record progression found otherwise than by an assessment.",
    click.option("--basis", required=True, help="'clinical', 'recurrence' …"),
)
_order(
    "outcome",
    "outcome",
    "Record an outcome that the trial file names: a pathological response, a PET, a PSA …",
    click.option("--outcome", required=True, help="Its endpoint's name in the trial file."),
    click.option("--result", required=True, help="One of the endpoint's results."),
)
_order("death", "died", "Record a death.", click.option("--cause"))
_order("withdraw", "withdrawn", "Record that a patient withdrew from follow-up.", click.option("--reason"))
_order("lose", "lost", "Record that a patient is lost to follow-up.")
_order(
    "next-therapy", "next therapy", "Record the start of another treatment of the tumour.", click.option("--therapy")
)
_order(
    "deviation",
    "deviation",
    "Record a deviation from the protocol.",
    click.option("--what", required=True, help="In words."),
    click.option(
        "--major", type=bool, required=True, help="true or false: does it keep the patient out of per protocol."
    ),
)
_order("contact", "contact", "Record that the patient was known to be alive.")
_order("pause", "enrolment paused", "Pause enrolment: of one cohort, or of the whole trial.", _cohort, subject="")
_order(
    "resume",
    "enrolment resumed",
    "Resume enrolment. What the whole trial paused a cohort does not resume.",
    _cohort,
    subject="",
)
_order(
    "close", "enrolment closed", "Close enrolment for good: of one cohort, or of the whole trial.", _cohort, subject=""
)


def _levels(help_text: str) -> Callable[[F], F]:
    """--factor, the levels of stratification factors and markers."""
    return click.option(
        "--factor", "factors", type=_FACTOR, multiple=True, callback=once, metavar="NAME=LEVEL", help=help_text
    )


@command.command(name="open", short_help="Start a trial's log.")
@trial_argument
@log_option
@people.administrator_option
@_by
@_why
@json_option
def open_log(trial: str, log_path: Path, administrator: str, by: str, why: str, as_json: bool) -> None:
    """Start a trial's log. An existing file is never overwritten.

    With --administrator it is opened with people: who gives an order or reads (--as) has a role. Without it one operator does and sees all.
    """
    found = desk.opening.load_trial(trial)
    opened = desk.opening.open_log(found, desk.opening.log_of(found, log_path), by, why, administrator)
    if as_json:
        emit(opened)
    else:
        click.echo(f"Opened {opened.log} for {opened.trial}. Chain {opened.hash[:12]}")


@command.command(short_help="Screen a patient.")
@trial_argument
@log_option
@_patient
@_site
@_on
@click.option("--failed", type=Criteria(), default=[], help="Numbers of the criteria that were not met: 2,5.")
@click.option(
    "--cohort", default="", metavar="NAME", help="The cohort that the patient is screened for, where there are any."
)
@_by
@_why
@json_option
def screen(
    trial: str,
    log_path: Path,
    patient: str,
    site: str,
    on: date,
    failed: list[int],
    cohort: str,
    by: str,
    why: str,
    as_json: bool,
) -> None:
    """Screen a patient. Without --failed all criteria were met."""
    _give(trial, log_path, as_json, lambda c, now: c.screen(patient, site, on, now, by, failed, why, cohort))


@command.command(short_help="Enrol an eligible patient.")
@trial_argument
@log_option
@_patient
@_on
@_levels("A stratification factor, or a marker: ecog=0-1.")
@click.option(
    "--cohort", default="", metavar="NAME", help="The patient's cohort, where there are any and factors do not tell it."
)
@_by
@_why
@json_option
def enrol(
    trial: str,
    log_path: Path,
    patient: str,
    on: date,
    factors: dict[str, str],
    cohort: str,
    by: str,
    why: str,
    as_json: bool,
) -> None:
    """Enrol a screened and eligible patient, with the levels of the stratification factors.

    Where nobody is randomised, in a trial of one arm, enrolment puts the patient on it. In a trial with cohorts it is into one of them.
    A marker that is not known yet is left out, and recorded later: correct --factor marker=altered.
    """
    _give(trial, log_path, as_json, lambda c, now: c.enrol(patient, on, now, by, factors, why, cohort))


@command.command(short_help="Randomise an enrolled patient.")
@trial_argument
@log_option
@_patient
@_on
@_seed_file
@_by
@_why
@json_option
def randomise(
    trial: str, log_path: Path, patient: str, on: date, seed_file: Path | None, by: str, why: str, as_json: bool
) -> None:
    """Randomise an enrolled patient.

    The allocation follows from the secret seed, the stratum and the log. Whoever knows the seed can foresee it: keep it
    away from the sites and out of the trial's folder. In a blind trial a code is answered and recorded in place of the arm.
    """
    _give(trial, log_path, as_json, lambda c, now: c.randomise(patient, on, now, by, why), seed_file, at_random=True)


@command.command(short_help="In an emergency: tell one masked patient's arm.")
@trial_argument
@log_option
@_patient
@_on
@click.option("--reason", required=True, help="Why somebody must know this patient's arm.")
@_seed_file
@_by
@_why
@json_option
def unblind(
    trial: str, log_path: Path, patient: str, on: date, reason: str, seed_file: Path | None, by: str, why: str, as_json: bool
) -> None:  # fmt: skip
    """Tell one masked patient's arm, and record who asked and why. The arm is told here, once; the log does not hold it."""
    found = desk.opening.load_trial(trial)
    store = desk.opening.log_of(found, log_path)
    done = desk.order.unblind(found, store, patient, on, by, reason, why, seed_file)
    if as_json:
        emit(done)
        return
    click.echo(f"Event {done.event.number}: {patient} unblinded, {done.event.happened}. Chain {done.hash[:12]}")
    click.echo(f"{patient} is on {done.arm}. The log does not hold this.")


@command.command(short_help="Correct an event by a new one.")
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
    help="The right detail: response=PD.",
)
@_levels("Of an enrolment, the right level of a stratification factor, or of a marker: sex=female. The others stay.")
@_by
@click.option("--why", required=True, help="Why it is corrected.")
@json_option
def correct(
    trial: str,
    log_path: Path,
    number: int,
    on: date | None,
    changes: dict[str, str],
    factors: dict[str, str],
    by: str,
    why: str,
    as_json: bool,
) -> None:
    """Correct an event by a new one that names it. The old one stays in the log."""
    data = {name: _value(text) for name, text in changes.items()}
    if not data and not factors and on is None:
        allowed = "the right day, details or levels"
        raise BadInput("correct", [Problem("nothing-to-correct", "--on, --set, --factor", "none of them", allowed)])
    _give(trial, log_path, as_json, lambda c, now: c.correct(number, now, by, why, on, data, factors=factors))


def _value(text: str) -> Any:
    """A detail as typed: a number, true, false, a list, or else a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@command.command(short_help="Take back an event that never happened.")
@trial_argument
@log_option
@click.option("--event", "number", type=int, required=True, help="Number of the event.")
@_by
@click.option("--why", required=True, help="Why it is taken back.")
@json_option
def void(trial: str, log_path: Path, number: int, by: str, why: str, as_json: bool) -> None:
    """Take back an event that never happened, by a new event that names it."""
    _give(trial, log_path, as_json, lambda c, now: c.correct(number, now, by, why, void=True))


@command.command(short_help="Remove content that was entered by mistake, for good.")
@trial_argument
@log_option
@click.option("--event", "number", type=int, required=True, help="Number of the event.")
@_by
@click.option("--why", required=True, help="Why its content is removed; it says nothing of the content itself.")
@json_option
def redact(trial: str, log_path: Path, number: int, by: str, why: str, as_json: bool) -> None:
    """Remove the content of an event that should never have been written: a name, an address, another person's data.

    Its line stays by its digests, so that the chain still verifies, and a new event says who removed it and why. To the trial it is
    as if the event had been voided. What should be kept of it is entered first, with `correct`. Copies of the log keep what they have.
    """
    _give(trial, log_path, as_json, lambda c, now: c.redact(number, now, by, why))


@command.command(short_help="Record that the trial file was amended.")
@trial_argument
@log_option
@_on
@_by
@click.option("--why", required=True, help="What was amended and why.")
@json_option
def amend(trial: str, log_path: Path, on: date, by: str, why: str, as_json: bool) -> None:
    """Record that the trial file was amended: from now on the log goes with the file as it is today."""
    fingerprint = desk.opening.load_trial(trial).fingerprint
    _give(
        trial, log_path, as_json, lambda c, now: c.order("amended", on, now, by, why, data={"fingerprint": fingerprint})
    )


@command.command(name="import", short_help="Take a table of patients into a new log.")
@trial_argument
@log_option
@click.option(
    "--table", type=click.Path(path_type=Path), required=True, help="CSV, mapped by [table] in the trial file."
)
@dialect_options
@define_option
@_by
@json_option
def import_table(
    trial: str, log_path: Path, table: Path, dialect: Dialect, define: Path | None, by: str, as_json: bool
) -> None:
    """Take a table of patients into a new log, through the mapping in the trial file."""
    found = desk.opening.load_trial(trial)
    taken = desk.opening.take_in(found, desk.opening.log_of(found, log_path), table, by, dialect, define)
    say_notes(taken.notes)
    if as_json:
        emit(taken)
    else:
        click.echo(f"{taken.patients} patients, {taken.events} events in {taken.log}. Chain {taken.hash[:12]}")


people.add_to(command, _give, _on, _by, _why)
command.add_command(verify)
command.add_command(as_known_on)
