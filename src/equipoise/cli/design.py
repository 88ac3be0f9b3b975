"""`equipoise design`: find designs from hypotheses, or say how a trial's design behaves."""

from __future__ import annotations

import click

from equipoise.cli.common import design_of, emit, json_option, load_trial, mark_assumed, say, show_table, trial_argument


@click.group(name="design", short_help="Find designs, or say how a trial's design behaves.")
def command() -> None:
    """Find designs from hypotheses, or say how a trial's design behaves."""


@command.command(short_help="Simon's two-stage designs: optimal, minimax, admissible.")
@click.option("--p0", type=float, required=True, help="Rate of no interest.")
@click.option("--p1", type=float, required=True, help="Rate worth finding.")
@click.option("--alpha", type=float, required=True, help="One-sided type I error.")
@click.option("--power", type=float, required=True, help="Power at p1.")
@click.option("--nmax", type=int, default=1000, show_default=True, help="Largest number of patients to consider.")
@json_option
def simon(p0: float, p1: float, alpha: float, power: float, nmax: int, as_json: bool) -> None:
    """Simon's two-stage designs by exact enumeration: optimal, minimax, and every admissible one between them."""
    from equipoise.design.simon import search

    found = search(p0, p1, alpha, power, nmax)
    if as_json:
        emit(found.as_json())
    else:
        show_table(found.table())


@command.command(short_help="How a trial's own design behaves.")
@trial_argument
@click.option("--rate", "rates", type=float, multiple=True, help="A true rate; may be given again.")
@json_option
def show(trial: str, rates: tuple[float, ...], as_json: bool) -> None:
    """Say how a trial's own design behaves, exactly, at any true rate."""
    from equipoise.trial.exhibits import Table
    from equipoise.trial.problem import BadInput, Problem

    found = load_trial(trial)
    design = design_of(found)
    bad = [Problem("out-of-range", "--rate", f"{r:g}", "a probability from 0 to 1") for r in rates if not 0 <= r <= 1]
    if bad:
        raise BadInput("design show", bad)
    asked = rates or tuple(v for k in ("p0", "p1") if isinstance(v := getattr(design, k, None), float))
    behaviour = [(r, design.characteristics(r)) for r in asked]
    cautions = list(getattr(design, "cautions", ()))
    if as_json:
        emit(
            {
                "design": design.numbers(),
                "at": [{"rate": r, "characteristics": c} for r, c in behaviour],
                "cautions": cautions,
            }
        )
        return
    say(design.describe() + mark_assumed(found, "design"))
    rows = [
        [f"{r:g}", f"{c.stop_early.value:.4f}", f"{c.declare.value:.4f}", f"{c.expected_n.value:.2f}"]
        for r, c in behaviour
    ]
    show_table(
        Table("Exact behaviour", ["True rate", "P(stop early)", "P(declare)", "Expected n"], rows, notes=cautions)
    )
