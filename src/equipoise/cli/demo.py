"""`equipoise demo`: a trial, NORTH unless another is named, from its file to a decision and a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise import desk
from equipoise.cli.common import cohort_option, emit, json_option, progress
from equipoise.cli.extras import need
from equipoise.cli.simulate import watching
from equipoise.cli.usage import Command
from equipoise.trial.decision import Decision

if TYPE_CHECKING:
    from equipoise.simulate.plan import Plan


@click.command(cls=Command, name="demo", short_help="A trial (NORTH), from its file to a decision and a report.")
@click.argument("trial", metavar="TRIAL", default="north")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/demo"),
    show_default=True,
    help="Folder to write to.",
)
@cohort_option
@click.option("--seed", type=int, default=2012, show_default=True)
@click.option(
    "--replicates",
    type=click.IntRange(2),
    help="Simulated trials a scenario (default: 20,000; 300 without the compiled simulator).",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; the results are the same for any number.")
@json_option
def command(
    trial: str, cohort: str, out: Path, seed: int, replicates: int | None, workers: int | None, as_json: bool
) -> int:
    """Take a trial along the whole road: NORTH, or any with a design.

    Read and check its file; compute the design exactly; simulate it under its null and its target (its scenario files of these
    names, else the design's own truths); conduct one trial with virtual patients into a log;
    decide at the interim look and at the end; write the report and the machine-readable pieces.
    """
    need("The report", "report")
    from equipoise.decide.words import headline

    def step(text: str) -> None:
        if not as_json:
            click.echo(text)

    found = desk.opening.load_one(trial, cohort)
    step(
        f"1 Read and checked trial.toml: {found.target_enrolment} patients, {len(found.sites)} sites, {len(found.endpoints)} endpoints."
    )

    numbers = found.monitored.design.numbers()
    step(f"2 Design: {', '.join(f'{k} = {round(v, 4) if isinstance(v, float) else v}' for k, v in numbers.items())}.")

    plans = desk.plans.null_and_target(trial, found, seed)
    replicates = replicates or (20_000 if desk.simulate.compiled() and all(p.usual for p in plans) else 300)
    ways = " and ".join(dict.fromkeys({"continue": "continued", "pause": "paused"}[p.waiting] for p in plans))
    truths = len({p.scenario.id for p in plans})
    step(f"3 Simulating {replicates:,} trials for each of {truths} truths, with enrolment {ways} …")
    with progress(as_json) as bar:
        done = desk.simulate.run(plans, replicates, workers, watch=watching(bar, replicates))
    for s, e in zip(done.summaries, done.exact, strict=True):
        c = s.characteristics
        known = f"exact {e.stop_early.value:.3f} and {e.declare.value:.3f}" if e else ""
        step(
            f"  {s.scenario}, {s.waiting}: stop early {c.stop_early.value:.3f} ± {c.stop_early.mc_error:.3f}, declare "
            f"{c.declare.value:.3f} ± {c.declare.mc_error:.3f} ({known}); {s.at_readout.value:.0f} {found.entered} at read-out"
        )
    if not done.whole:
        step("Interrupted.")
        return 1

    step("4 Conducting one trial with virtual patients, day by day …")
    log_path = out / f"{found.id}.log.jsonl"
    log_path.unlink(missing_ok=True)  # the demo's own, from an earlier run
    virtual = desk.virtual.conduct(trial, done, _target(plans), desk.opening.log_of(found, log_path))
    if found.masked:
        step("  The log names the arms, though the trial is blind: its patients are virtual.")
    log, looks = virtual.log, virtual.findings.looks
    step(f"  {len(log)} events in {log_path.name}, {virtual.entered} patients {found.entered}, chain {log.head[:12]}")
    for look in looks:
        assert isinstance(look, Decision)
        step(f"5 {headline(look)}")
        for text in look.because:
            step(f"  {text}")
    written = desk.virtual.write(virtual.findings, out)
    step(f"6 Report: {written[0]} ({len(written) - 1} figures beside it). Every patient in it is simulated.")
    if as_json:
        page, chain = str(written[0]), log.head
        figures = {"summaries": done.summaries, "exact": done.exact}
        emit({"out": str(out), "report": page, "decisions": looks, **figures, "chain": chain})
    return 0


def _target(plans: Sequence[Plan]) -> int:
    """The place of the first plan under the last truth."""
    return next(i for i, plan in enumerate(plans) if plan.scenario.id == plans[-1].scenario.id)
