"""`equipoise explain`: one patient, every time point, endpoint and population with its reason and its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, say, trial_argument
from equipoise.cli.data import Asked, data_options
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.analyse.explain import Explanation


@click.command(
    cls=Command, name="explain", short_help="One patient: every time point, endpoint and population, and why."
)
@trial_argument
@click.option("--patient", required=True)
@data_options
@json_option
def command(trial: str, patient: str, asked: Asked, as_json: bool) -> None:
    """Say of one patient how each response, event, censoring and population came about, and which record says so."""
    found = desk.opening.load_trial(trial)
    data = asked.take(trial, found, "explained")
    found, snap = data.trial, data.snap
    told = desk.patient.tell(desk.cohorts.of_patient(found, snap, patient), snap, patient)
    if as_json:
        emit(told)
    else:
        _page(told)


def _page(told: Explanation) -> None:
    on = f", arm {told.arm}" if told.arm else ""
    say(f"Patient {told.patient}{on}, cut-off {told.cutoff}. Responses are taken {told.responses}.")
    click.echo("Time points:")
    for p in told.time_points:
        same = (
            p.recorded
            if p.recorded == p.derived or not p.derived
            else f"recorded {p.recorded or 'nothing'}, derived {p.derived}"
        )
        if p.used not in (p.recorded, p.derived):
            same += f", read as {p.used}"
        at = f" ({p.visit})" if p.visit else ""
        bullet([f"{p.on}{at}, {p.assessor}: {same}. {p.because} [{_where(p.source, p.record)}]"])
    if told.dlt is not None:
        click.echo("Dose finding:")
        bullet(
            [f"{told.dlt.label}: {told.dlt.result}. {told.dlt.because}. [{_where(told.dlt.source, told.dlt.record)}]"]
        )
    click.echo("Endpoints:")
    bullet(
        [
            f"{o.endpoint}: {o.result}. {o.because[0].upper() + o.because[1:]}. [{_where(o.source, o.record)}]"
            for o in told.endpoints
        ]
    )
    click.echo("Populations:")
    bullet(
        [
            f"{n}: {'in' if m.member else 'out'}. {m.because}. [{_where(m.source, m.record)}]"
            for n, m in told.populations.items()
        ]
    )


def _where(source: int | None, record: str) -> str:
    if source is None:
        return "no record"
    return f"event {source}" + (f", {record}" if record else "")
