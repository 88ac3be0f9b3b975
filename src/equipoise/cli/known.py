"""Reading a trial's log: `equipoise conduct verify` and `equipoise conduct as-known-on`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import DAY, emit, json_option, load_trial, show_table, trial_argument

if TYPE_CHECKING:
    from equipoise.trial.exhibits import Cell

log_option = click.option(
    "--log",
    "log_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The trial's log (JSON Lines).",
)


@click.command(short_help="Verify the chain, and judge every event again.")
@trial_argument
@log_option
@json_option
def verify(trial: str, log_path: Path, as_json: bool) -> None:
    """Verify that nothing in the log was changed after it was written, and that nothing in it is impossible."""
    from equipoise.conduct.conduct import replay
    from equipoise.files.log_file import read_log
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    reading = read_log(log_path, found.id)
    impossible = replay(found, list(reading.log))
    if impossible:
        raise BadInput(
            str(log_path),
            [Problem(p.code, f"event {e.number}: {p.where}", p.given, p.allowed, p.next_step) for e, p in impossible],
        )
    torn = len(reading.torn) if reading.torn else 0
    if as_json:
        emit({"ok": True, "events": len(reading.log), "hash": reading.log.head, "torn_bytes": torn})
        return
    click.echo(f"{len(reading.log)} events, chain whole. Head {reading.log.head}")
    if torn:
        click.echo(
            f"The last line is torn ({torn} bytes were written of it): it is no record, and the next order sets it aside."
        )


@click.command(name="as-known-on", short_help="The trial as it was known on a day.")
@trial_argument
@log_option
@click.argument("day", type=DAY)
@click.option("--patient", help="One patient's events.")
@json_option
def as_known_on(trial: str, log_path: Path, day: date, patient: str | None, as_json: bool) -> None:
    """Show the trial as it was known on a day: what was recorded by then, corrections of then included."""
    from equipoise.analyse.data import cut
    from equipoise.files.log_file import read_log
    from equipoise.trial.exhibits import Table

    found = load_trial(trial)
    snap = cut(found, read_log(log_path, found.id).log, day)
    if patient is not None:
        events = [e for e in snap.events if e.patient == patient]
        if as_json:
            emit({"as_known_on": day, "patient": patient, "events": events})
        else:
            rows: list[list[Cell]] = [
                [e.number, str(e.happened), e.kind, ", ".join(f"{k} {v}" for k, v in e.data.items()), e.by]
                for e in events
            ]
            show_table(Table(f"{patient} as known on {day}", ["Event", "Happened", "What", "Details", "By"], rows))
        return
    counts = {
        arm.name: {
            "randomised": len(group),
            "died": sum(p.died is not None for p in group),
            "progressed": sum(p.first_progression is not None for p in group),
            "withdrew": sum(p.withdrawn is not None for p in group),
            "lost": sum(p.lost is not None for p in group),
        }
        for arm in found.arms
        for group in [snap.on_arm(arm.name)]
    }
    sites = sum(e.kind == "site activated" for e in snap.events)
    screened = sum(p.screened is not None for p in snap.patients.values())
    if as_json:
        emit(
            {
                "as_known_on": day,
                "events": len(snap.events),
                "hash": snap.head,
                "sites_open": sites,
                "screened": screened,
                "arms": counts,
            }
        )
        return
    rows = [[found.arm_by_name[a].label, *c.values()] for a, c in counts.items()]
    show_table(
        Table(
            f"{found.id} as known on {day}: {sites} sites open, {screened} screened",
            ["Arm", "Randomised", "Died", "Progressed", "Withdrew", "Lost"],
            rows,
        )
    )
