"""`equipoise check`: read a trial file and say all that is wrong with it; else what it defines."""

from __future__ import annotations

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say, trial_argument
from equipoise.cli.usage import Command
from equipoise.trial.changes import told


@click.command(cls=Command, name="check", short_help="Read a trial file and say all that is wrong with it.")
@trial_argument
@json_option
def command(trial: str, as_json: bool) -> None:
    """Read a trial file, with the scenarios, grids and amendments beside it, and say all that is wrong with them.

    A good file is summed up, with everything in it that is an assumption.
    """
    checked = desk.check.check(trial)
    found, folder = checked.trial, checked.folder
    if as_json:
        emit(checked.as_json())
        return
    say(f"{found.title}")
    shares = ":".join(str(a.share) for a in found.arms)
    blinding = f", {found.randomisation.blinding}" if found.randomisation and found.randomisation.blinding else ""
    say(
        f"{found.target_enrolment} patients, {shares if len(found.arms) > 1 else 'one arm'}{blinding} ({', '.join(a.label for a in found.arms)}); "
        f"{len(found.sites)} site{'' if len(found.sites) == 1 else 's'}"
    )
    say(f"Endpoints: {', '.join(f'{e.name} ({e.role})' for e in found.endpoints)}")
    if checked.estimands():
        click.echo("Estimands, by the strategies of ICH E9(R1):")
        bullet(checked.estimands())
    if found.design is not None:
        say(found.design.describe())
    if found.phase1 is not None:
        say(f"Dose levels: {', '.join(f'{x.label} {x.drug} {x}' for x in found.dose_levels)}.")
        say(found.phase1.finder.describe())
        click.echo(f"Dose-limiting in the {found.phase1.window} from the first dose:")
        bullet(list(found.phase1.dlt.in_words()))
        if found.phase1.response is not None:
            say(f"A response is a success of {found.phase1.response}.")
    if checked.family is not None:
        click.echo(f"Cohorts, {'declared together' if checked.basket is not None else 'each decided on its own'}:")
        bullet(checked.cohorts())
        say(checked.together)
    if found.safety:
        click.echo("Safety rules beside the design:")
        labels = {a.name: a.label for a in found.arms}
        bullet([f"{r.name}: {r.said(labels)} {r.design.describe()}" for r in found.safety])
    if checked.origin is not None:
        say(checked.origin.text)
    if checked.borrowing:
        say(checked.borrowing)
    if checked.balance:
        say(checked.balance)
    if checked.cautions:
        click.echo("Cautions:")
        bullet(checked.cautions)
    if found.assumptions:
        click.echo("Assumed, not said by the trial's sources:")
        bullet([f"{', '.join(a.of)}: {a.because}" for a in found.assumptions])
    if folder.scenarios or folder.grids:
        both = [
            f"{kind} {', '.join(names)}"
            for kind, names in (("scenarios", folder.scenarios), ("grids", folder.grids))
            if names
        ]
        say(f"Read with it: {'; '.join(both)}.")
    for amendment, found_changes in checked.amendments():
        click.echo(f"Amendment of {amendment.on}, put in force by conduct amend:")
        bullet(told(found_changes))
    click.echo(f"No problems. Fingerprint {found.fingerprint[:16]}")
