"""`equipoise demo`: a trial, NORTH unless another is named, from its file to a decision and a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from equipoise.cli.common import emit, json_option


@click.command(name="demo", short_help="A trial (NORTH), from its file to a decision and a report.")
@click.argument("trial", metavar="TRIAL", default="north")
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
    help="Simulated trials a scenario (default: 20,000; 300 where numba is not installed).",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; the results are the same for any number.")
@json_option
def command(trial: str, out: Path, seed: int, replicates: int | None, workers: int | None, as_json: bool) -> int:
    """Take a trial along the whole road: NORTH, or any with a design.

    Read and check its file; compute the design exactly; simulate it under its null and its target (its scenario files of these
    names, else the design's own truths); conduct one trial with virtual patients into a log;
    decide at the interim look and at the end; write the report and the machine-readable pieces.
    """
    from equipoise.analyse.analysis import analyse
    from equipoise.analyse.data import cut
    from equipoise.cli.common import load_trial
    from equipoise.cli.decide import decision_json
    from equipoise.cli.report import write_report
    from equipoise.cli.simulate import run_plans
    from equipoise.decide.decide import decide
    from equipoise.decide.words import headline
    from equipoise.dossier.findings import Findings
    from equipoise.files.bundled import find_trial, scenario_names
    from equipoise.files.history_file import library_of
    from equipoise.files.log_file import read_log, write_new_log
    from equipoise.files.plain import plain, to_json
    from equipoise.files.scenario_file import scenarios_of
    from equipoise.files.write import write_text
    from equipoise.history.against import against_history
    from equipoise.simulate.plan import Plan
    from equipoise.simulate.replicates import engine_here
    from equipoise.simulate.run import run
    from equipoise.trial.decision import Decision

    def step(text: str) -> None:
        if not as_json:
            click.echo(text)

    found, file = load_trial(trial), find_trial(trial)
    step(
        f"1 Read and checked {file.name}: {found.target_enrolment} patients, {len(found.sites)} sites, {len(found.endpoints)} endpoints."
    )

    numbers = found.monitored.design.numbers()
    step(f"2 Design: {', '.join(f'{k} = {round(v, 4) if isinstance(v, float) else v}' for k, v in numbers.items())}.")

    replicates = replicates or (20_000 if engine_here() == "compiled" else 300)
    step(f"3 Simulating {replicates:,} trials for each of 2 truths, with enrolment continued and paused …")
    named = [name for name in ("null", "target") if name in scenario_names(file)]
    truths = [read() for _, read in scenarios_of(found, file, named)]
    plans = [Plan.of(found, truth, seed, way) for truth in (truths[0], truths[-1]) for way in ("continue", "pause")]
    summaries, exact, whole = run_plans(plans, replicates, workers, None, quiet=as_json)
    for s, e in zip(summaries, exact, strict=True):
        c = s.characteristics
        known = f"exact {e.stop_early.value:.3f} and {e.declare.value:.3f}" if e else ""
        step(
            f"  {s.scenario}, {s.waiting}: stop early {c.stop_early.value:.3f} ± {c.stop_early.mc_error:.3f}, declare "
            f"{c.declare.value:.3f} ± {c.declare.mc_error:.3f} ({known}); {s.at_readout.value:.0f} {found.entered} at read-out"
        )
    if not whole:
        step("Interrupted.")
        return 1

    step("4 Conducting one trial with virtual patients, day by day …")
    virtual = run(plans[2], 0, detail=True)
    log_path = out / f"{found.id}.log.jsonl"
    log_path.unlink(missing_ok=True)  # the demo's own, from an earlier run
    write_new_log(log_path, virtual.log)
    log = read_log(log_path, found.id).log
    step(
        f"  {len(log)} events in {log_path.name}, {virtual.randomised} patients {found.entered}, chain {log.head[:12]}"
    )

    looks = [decide(found, cut(found, log, taken.cutoff), taken.decision.look) for taken in virtual.looks]
    for look in looks:
        assert isinstance(look, Decision)
        step(f"5 {headline(look)}")
        for text in look.because:
            step(f"  {text}")
        write_text(out / f"decision-look-{look.look}.json", to_json(decision_json(look)))

    snap = cut(found, log, virtual.looks[-1].cutoff)
    analysis = analyse(found, snap)
    pieces: Mapping[str, object] = {
        "design": {"numbers": numbers, "at": list(exact[::2])},
        "simulation": {"summaries": summaries, "exact": exact},
        "analysis": {**plain(analysis), "history": plain(against_history(found, snap))},
    }
    for name, piece in pieces.items():
        write_text(out / f"{name}.json", to_json(piece))
    readouts = [(t.decision.look, t.readout, t.randomised_at_readout) for t in virtual.looks]
    source = f"scenario '{plans[2].scenario.id}', seed {seed}, replicate 0"
    written = write_report(
        Findings(
            found, snap, analysis, looks, summaries, exact, readouts, source, library_of(found, str(file))
        ), out,
    )  # fmt: skip
    step(f"6 Report: {written[0]} ({len(written) - 1} figures beside it). Every patient in it is simulated.")
    if as_json:
        emit(
            {
                "out": str(out),
                "report": str(written[0]),
                "decisions": looks,
                "summaries": summaries,
                "exact": exact,
                "chain": log.head,
            }
        )
    return 0
