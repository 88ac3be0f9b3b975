"""`equipoise demo`: NORTH, from its file to a decision and a report."""

from __future__ import annotations

from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option, progress
from equipoise.cli.extras import need
from equipoise.cli.simulate import watching
from equipoise.trial.decision import Decision


@click.command(name="demo", short_help="NORTH, from its file to a decision and a report.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--seed", type=int, default=2012, show_default=True)
@click.option(
    "--replicates",
    type=click.IntRange(2),
    help="Simulated trials a scenario (default: 20,000; 300 without the compiled simulator).",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; the results are the same for any number.")
@json_option
def command(out: Path, seed: int, replicates: int | None, workers: int | None, as_json: bool) -> int:
    """Take NORTH along the whole road.

    Read and check its file; compute the design exactly; simulate it; conduct one trial with virtual patients into a log;
    decide at the interim look and at the end; write the report and the machine-readable pieces.
    """
    need("The report", "report")
    from equipoise.decide.words import headline

    def step(text: str) -> None:
        if not as_json:
            click.echo(text)

    trial = desk.opening.load_trial("north")
    step(
        f"1 Read and checked trial.toml: {trial.target_enrolment} patients, {len(trial.sites)} sites, {len(trial.endpoints)} endpoints."
    )

    numbers = desk.opening.design_of(trial).numbers()
    step(
        f"2 Design: r1/n1 = {numbers['r1']}/{numbers['n1']}, r/n = {numbers['r']}/{numbers['n']}; exact alpha "
        f"{numbers['alpha']:.4f}, power {numbers['power']:.4f}, PET {numbers['pet0']:.4f}, EN {numbers['en0']:.2f}."
    )

    replicates = replicates or (20_000 if desk.simulate.compiled() else 300)
    step(f"3 Simulating {replicates:,} trials for each of 2 truths, with enrolment continued and paused …")
    plans = desk.plans.plans_of("north", trial, ("null", "target"), seed, "both")
    with progress(as_json) as bar:
        done = desk.simulate.run(plans, replicates, workers, watch=watching(bar, replicates))
    for s, e in zip(done.summaries, done.exact, strict=True):
        c = s.characteristics
        known = f"exact {e.stop_early.value:.3f} and {e.declare.value:.3f}" if e else ""
        step(
            f"  {s.scenario}, {s.waiting}: stop early {c.stop_early.value:.3f} ± {c.stop_early.mc_error:.3f}, declare "
            f"{c.declare.value:.3f} ± {c.declare.mc_error:.3f} ({known}); {s.at_readout.value:.0f} randomised at read-out"
        )
    if not done.whole:
        step("Interrupted.")
        return 1

    step("4 Conducting one trial with virtual patients, day by day …")
    log_path = out / "north.log.jsonl"
    log_path.unlink(missing_ok=True)  # the demo's own, from an earlier run
    store = desk.opening.log_of(trial, log_path)
    found = desk.virtual.conduct("north", done, 2, store)
    log = store.read().log
    randomised = sum(found.analysis.randomised.values())
    step(f"  {len(log)} events in {log_path.name}, {randomised} patients randomised, chain {log.head[:12]}")
    for look in found.looks:
        assert isinstance(look, Decision)
        step(f"5 {headline(look)}")
        for text in look.because:
            step(f"  {text}")
    written = desk.virtual.write(found, out)
    step(f"6 Report: {written[0]} ({len(written) - 1} figures beside it). Every patient in it is simulated.")
    if as_json:
        emit(
            {
                "out": str(out),
                "report": str(written[0]),
                "decisions": found.looks,
                "summaries": done.summaries,
                "exact": done.exact,
                "chain": log.head,
            }
        )
    return 0
