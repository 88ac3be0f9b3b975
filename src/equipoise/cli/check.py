"""`equipoise check`: read a trial file and say all that is wrong with it; else what it defines."""

from __future__ import annotations

import click

from equipoise.cli.common import bullet, emit, json_option, say, trial_argument


@click.command(name="check", short_help="Read a trial file and say all that is wrong with it.")
@trial_argument
@json_option
def command(trial: str, as_json: bool) -> None:
    """Read a trial file, with the scenarios and grids beside it, and say all that is wrong with them.

    A good file is summed up, with everything in it that is an assumption.
    """
    from equipoise.analyse.estimands import stated, strategies
    from equipoise.conduct.balance import balance_in_words
    from equipoise.files.bundled import find_trial
    from equipoise.files.trial_folder import read_folder
    from equipoise.history.three_answers import prespecified_text
    from equipoise.trial.foresight import foresight

    folder = read_folder(find_trial(trial))
    found, design = folder.trial, folder.trial.design
    balance, unbalanced = balance_in_words(found)
    cautions = [*getattr(design, "cautions", ()), *foresight(found), *unbalanced]
    origin, library = None, None
    if found.history is not None and found.history.library is not None:
        from equipoise.files.history_file import library_of
        from equipoise.history.provenance import provenance

        library = library_of(found, trial)
        assert library is not None
        origin = provenance(found, library)
        cautions += origin.cautions
    borrowing = prespecified_text(found, library)
    if as_json:
        emit(
            {
                "trial": found.id,
                "ok": True,
                "fingerprint": found.fingerprint,
                "arms": [a.name for a in found.arms],
                "endpoints": [e.name for e in found.endpoints],
                "estimands": {e.name: {s.event: s.strategy for s in m.intercurrent} for e, m in stated(found)},
                "design": design.numbers() if design else None,
                "cautions": cautions,
                "balance": balance or None,
                "scenarios": list(folder.scenarios),
                "grids": list(folder.grids),
                "history": origin,
                "borrowing": borrowing or None,
                "assumptions": [{"of": list(a.of), "because": a.because} for a in found.assumptions],
            }
        )
        return
    say(f"{found.title}")
    shares = ":".join(str(a.share) for a in found.arms)
    say(
        f"{found.target_enrolment} patients, {shares if len(found.arms) > 1 else 'one arm'} ({', '.join(a.label for a in found.arms)}); "
        f"{len(found.sites)} site{'' if len(found.sites) == 1 else 's'}"
    )
    say(f"Endpoints: {', '.join(f'{e.name} ({e.role})' for e in found.endpoints)}")
    estimands = list(stated(found))
    if estimands:
        click.echo("Estimands, by the strategies of ICH E9(R1):")
        bullet([f"{e.name}, on {e.population}: {strategies(m)}" for e, m in estimands])
    if design is not None:
        say(design.describe())
    if origin is not None:
        say(origin.text)
    if borrowing:
        say(borrowing)
    if balance:
        say(balance)
    if cautions:
        click.echo("Cautions:")
        bullet(cautions)
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
    click.echo(f"No problems. Fingerprint {found.fingerprint[:16]}")
