"""`equipoise conduct`: run a trial. Each order is judged, then recorded in the log with who and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from equipoise import desk
from equipoise.cli import oversight, own_forms, pairs, people, samples, witness
from equipoise.cli.amend import amend, approve
from equipoise.cli.common import emit, json_option, trial_argument
from equipoise.cli.corrections import clock, correct, redact, void
from equipoise.cli.data import define_option, say_notes
from equipoise.cli.dialect import dialect_options
from equipoise.cli.known import as_known_on, log_option, verify
from equipoise.cli.move import move, prepare
from equipoise.cli.orders import baseline as _baseline
from equipoise.cli.orders import by as _by
from equipoise.cli.orders import give as _give
from equipoise.cli.orders import key as _key
from equipoise.cli.orders import levels as _levels
from equipoise.cli.orders import on as _on
from equipoise.cli.orders import patient as _patient
from equipoise.cli.orders import said
from equipoise.cli.orders import site as _site
from equipoise.cli.orders import why as _why
from equipoise.cli.outside import asked, say_kept
from equipoise.cli.pairs import Criteria
from equipoise.cli.phase1 import adjudicate, assign, part_option, set_dose
from equipoise.cli.seal import commit, reseal, seal, secret_option
from equipoise.cli.usage import Group

if TYPE_CHECKING:
    from datetime import datetime

    from equipoise.conduct.conduct import Conduct
    from equipoise.files.log_address import Address
    from equipoise.trial.dialect import Dialect
    from equipoise.trial.event import Event


@click.group(cls=Group, name="conduct", short_help="Run a trial: open its log, give orders, verify.")
def command() -> None:
    """Run a trial.

    `open` starts a log. Orders append to it: activate a site, screen, enrol, randomise, and what happens then.
    An order that is impossible is refused with its reasons, and the log stays as it was. A mistake is
    corrected by a new event (`correct`, `void`); nothing is ever deleted.
    """


_cohort = click.option("--cohort", metavar="NAME", help="One cohort's only, in a trial with cohorts.")


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _order(name: str, kind: str, help_text: str, *options: Callable[[Any], Any], subject: str = "patient") -> None:
    """Add a verb: its options are the details of its kind of event."""

    def callback(
        trial: str, log_path: Address, on: date, by: str, why: str, key: str, as_json: bool, **given: Any
    ) -> None:
        who = given.pop(subject, "")
        data = {k: v for k, v in given.items() if v is not None}
        _give(
            trial,
            log_path,
            as_json,
            lambda c, now: c.order(kind, on, now, by, why, **({subject: who} if who else {}), data=data, key=key),
        )

    decorated: Any = callback
    subjects = {"patient": [_patient], "site": [_site], "": []}[subject]
    for option in reversed([trial_argument, log_option, *subjects, _on, *options, _by, _why, _key, json_option]):
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
_order(
    "omit-dose",
    "dose omitted",
    "Record that a planned dose was not given, on the day on which it was to be.",
    click.option("--drug", required=True),
    click.option("--cycle", type=int, required=True),
    click.option("--day", type=int, required=True, help="Day of the cycle."),
    click.option("--reason", required=True, help="Why it was not given."),
)
_order("sample", "sampled", samples.HELP, *samples.OPTIONS)
_order(
    "consent",
    "consented",
    "Record which version of the consent form a patient signed, on that day.",
    click.option("--version", required=True, help="As it stands on the form."),
)
_order("end-treatment", "treatment ended", "Record the end of treatment.", click.option("--reason", required=True))
_order(
    "assess",
    "assessed",
    "Record a tumour assessment.",
    click.option(
        "--response", default="", help="CR, PR, SD, PD, NE or NED; or a word that the trial file maps to one."
    ),
    click.option(
        "--measured",
        "measurements",
        metavar="NAME=VALUE,…",
        callback=lambda _c, _p, text: pairs.measured(text),
        help="What the criterion has measured: 'serum_m=1.2,urine_m=0,serum_immunofixation=negative' for IMWG 2016.",
    ),
    click.option("--confirmed", type=bool, help="true for a progression that needs no second one: by imaging (IMWG)."),
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
    click.option("--until", help="Its last day, YYYY-MM-DD, once it has ended."),
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


@command.command(name="open", short_help="Start a trial's log.")
@trial_argument
@log_option
@secret_option
@people.administrator_option
@part_option("Begin with phase I (1), where the file says what it declared before.")
@_by
@_why
@json_option
def open_log(
    trial: str,
    log_path: Address,
    secret_file: Path | None,
    administrator: str,
    part: int | None,
    by: str,
    why: str,
    as_json: bool,
) -> None:
    """Start a trial's log. An existing file is never overwritten.

    With --secret the log holds the commitment of the allocation's secret from its beginning: arms are then given by that secret and by no other.
    With --administrator it is opened with people: who gives an order or reads (--as) has a role. Without it one operator does and sees all.
    """
    found = desk.opening.load_trial(trial)
    secret = desk.sealing.the_secret(trial, found, secret_file, log_path) if secret_file is not None else None
    store = desk.opening.log_of(found, log_path)
    opened = desk.opening.open_log(found, store, by, why, secret, asked(), administrator, part)
    if as_json:
        emit(opened)
        return
    say_kept(opened)
    click.echo(f"Opened {opened.log} for {opened.trial}. Chain {opened.hash[:12]}")
    if opened.commitment is not None:
        click.echo(f"Committed to the secret {opened.commitment[:12]}.")


@command.command(short_help="Screen a patient.")
@trial_argument
@log_option
@click.option(
    "--patient",
    default="",
    callback=said,
    help="The patient's number in the trial; left out, the next number of the site is given.",
)
@_site
@_on
@click.option("--failed", type=Criteria(), default=[], help="Numbers of the criteria that were not met: 2,5.")
@click.option(
    "--cohort", default="", metavar="NAME", help="The cohort that the patient is screened for, where there are any."
)
@click.option("--birth-year", type=int, help="The patient's year of birth: it tells who was screened before.")
@click.option("--sex", help="The patient's sex, likewise.")
@click.option("--initials", help="The patient's initials, likewise.")
@click.option(
    "--confirm-new-person",
    "new_person",
    is_flag=True,
    help="The patient is known to be nobody who was screened before.",
)
@_by
@_why
@_key
@json_option
def screen(
    trial: str,
    log_path: Address,
    patient: str,
    site: str,
    on: date,
    failed: list[int],
    cohort: str,
    by: str,
    why: str,
    key: str,
    as_json: bool,
    **person: Any,
) -> None:
    """Screen a patient. Without --failed all criteria were met; without --patient the number is given here, and answered.

    Where birth year, sex and initials agree with those of somebody who was screened at the site before, that it is another person must be
    confirmed.
    """
    said = {k: v for k, v in person.items() if v not in (None, False)}
    _give(trial, log_path, as_json, lambda c, now: c.screen(patient, site, on, now, by, failed, why, cohort, said, key))


@command.command(short_help="Enrol an eligible patient.")
@trial_argument
@log_option
@_patient
@_on
@_levels("A stratification factor, or a marker: ecog=0-1.")
@_baseline("A value of the baseline table, as [[baseline]] names it: age=62.")
@click.option(
    "--cohort", default="", metavar="NAME", help="The patient's cohort, where there are any and factors do not tell it."
)
@part_option("1: into phase I, to be assigned to a dose level; 2, or left out: into phase II.")
@_by
@_why
@_key
@json_option
def enrol(
    trial: str,
    log_path: Address,
    patient: str,
    on: date,
    factors: dict[str, str],
    baseline: dict[str, str],
    cohort: str,
    part: int | None,
    by: str,
    why: str,
    key: str,
    as_json: bool,
) -> None:
    """Enrol a screened and eligible patient, with the levels of the stratification factors.

    Where nobody is randomised, in a trial of one arm, enrolment puts the patient on it. In a trial with cohorts it is into one of them.
    A marker that is not known yet is left out, and recorded later: correct --factor marker=altered. So is a value of the baseline table.
    """

    def order(c: Conduct, now: datetime) -> Event:
        return c.enrol(patient, on, now, by, factors, why, cohort, key, part, baseline)

    _give(trial, log_path, as_json, order)


@command.command(short_help="Randomise an enrolled patient.")
@trial_argument
@log_option
@_patient
@_on
@secret_option
@_by
@_why
@_key
@json_option
def randomise(
    trial: str,
    log_path: Address,
    patient: str,
    on: date,
    secret_file: Path | None,
    by: str,
    why: str,
    key: str,
    as_json: bool,
) -> None:
    """Randomise an enrolled patient.

    The allocation follows from the trial's secret, the stratum and the log. The log holds the secret's commitment (`open --secret`, `commit`):
    another one is refused. Whoever has the secret can foresee the allocation. In a blind trial a code is answered and recorded in place of the arm.
    """
    _give(
        trial,
        log_path,
        as_json,
        lambda c, now: c.randomise(patient, on, now, by, why, key),
        secret_file,
        at_random=True,
    )


@command.command(short_help="In an emergency: tell one masked patient's arm.")
@trial_argument
@log_option
@_patient
@_on
@click.option("--reason", required=True, help="Why somebody must know this patient's arm.")
@secret_option
@_by
@_why
@_key
@json_option
def unblind(
    trial: str, log_path: Address, patient: str, on: date, reason: str, secret_file: Path | None, by: str, why: str, key: str, as_json: bool
) -> None:  # fmt: skip
    """Tell one masked patient's arm, and record who asked and why. The arm is told here, once; the log does not hold it."""
    found = desk.opening.load_at_hand(trial, log_path, by)
    store = desk.opening.log_of(found, log_path)
    by_secret = desk.order.allocation(found, secret_file, desk.order.apart(trial, log_path))
    done = desk.order.unblind(found, store, patient, on, by, reason, why, by_secret, key, asked())
    if as_json:
        emit(done)
        return
    say_kept(done)
    click.echo(f"Event {done.event.number}: {patient} unblinded, {done.event.happened}. Chain {done.hash[:12]}")
    click.echo(f"{patient} is on {done.arm}. The log does not hold this.")


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
    trial: str, log_path: Address, table: Path, dialect: Dialect, define: Path | None, by: str, as_json: bool
) -> None:
    """Take a table of patients into a new log, through the mapping in the trial file."""
    found = desk.opening.load_trial(trial)
    taken = desk.opening.take_in(found, desk.opening.log_of(found, log_path), table, by, dialect, define, asked())
    say_notes(taken.notes)
    if as_json:
        emit(taken)
    else:
        click.echo(f"{taken.patients} patients, {taken.events} events in {taken.log}. Chain {taken.hash[:12]}")


people.add_to(command)
oversight.add_to(command)
for _also in (
    correct,
    void,
    redact,
    amend,
    approve,
    clock,
    seal,
    commit,
    reseal,
    verify,
    as_known_on,
    assign,
    adjudicate,
    own_forms.form,
    own_forms.laboratory,
    set_dose,
    move,
    prepare,
    *witness.COMMANDS,
):
    command.add_command(_also)
