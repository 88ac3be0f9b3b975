"""`equipoise pool`: endpoints and responses of very many patients, by the fast road."""

from __future__ import annotations

import click

from equipoise.cli.common import emit, json_option, load_trial, say, show_table, trial_argument
from equipoise.cli.data import Asked, data_options


@click.command(name="pool", short_help="Endpoints of very many patients, by arrays.")
@trial_argument
@data_options
@click.option(
    "--derive", is_flag=True, help="Responses follow from the lesions by RECIST 1.1, where lesions were read."
)
@click.option("--cores", type=click.IntRange(1), default=2, show_default=True, help="Threads.")
@json_option
def command(trial: str, asked: Asked, derive: bool, cores: int, as_json: bool) -> None:
    """Derive every endpoint of every patient, as `analyse` does, by arrays: for pooled data.

    What has a rule that the fast road does not know is named and derived as `analyse` does, patient by patient.
    """
    from rich.console import Console
    from rich.progress import Progress

    from equipoise.analyse.columns.fallback import completed
    from equipoise.analyse.columns.from_patients import pool_of
    from equipoise.analyse.columns.run import outcome
    from equipoise.analyse.columns.summary import counts_table, summary, times_table
    from equipoise.analyse.stated import derived
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    if (
        derive
        and found.assessments is not None
        and not found.assessments.vocabulary.derives(found.assessments.criterion)
    ):
        allowed = f"a trial whose responses follow from lesions; this one's are by {found.assessments.criterion}"
        raise BadInput(found.id, [Problem("cannot-derive", "--derive", "asked for", allowed)])
    snap = asked.cut(found, asked.log(trial, found))
    derive = derive or (found.assessments is not None and found.assessments.responses == "from lesions")
    pool = pool_of(snap.patients.values(), snap.cutoff, found)
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as progress:
        task = progress.add_task("patients", total=len(pool.patients))
        done = outcome(
            pool, found, derive=derive, cores=cores, on_chunk=lambda n: progress.update(task, completed=n)
        )  # fmt: skip
    if done.refused or done.refused_populations:
        people = [derived(p, "RECIST 1.1") if derive else p for p in snap.patients.values()]
        done = completed(done, people, found, snap.cutoff, pool.patients.arms)
    result = summary(pool, found, done)
    if as_json:
        emit({"trial": found.id, "cutoff": snap.cutoff, "derived": derive, "summary": result})
        return
    say(f"{found.title}")
    say(
        f"Data cut-off {snap.cutoff}: {result.patients:,} patients, {result.assessments:,} assessments, "
        f"{result.readings:,} readings of lesions."
    )
    show_table(times_table(result))
    show_table(counts_table(result))
    for name, why in result.refused.items():
        say(f"{name}: patient by patient, as `equipoise analyse`; the fast road does not know {why}.")
    say("Research software.")
