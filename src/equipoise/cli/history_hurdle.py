"""`equipoise history hurdle`: from a trial and a library to the hurdle that history allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise.cli.common import design_of, emit, load_trial, say, show_table
from equipoise.cli.history_choice import choice_asked, choice_problems
from equipoise.cli.pages import write_figure
from equipoise.design import shelf
from equipoise.files.bundled import find_trial
from equipoise.files.history_file import find_library, read_library
from equipoise.files.trial_file import read_toml
from equipoise.history.exhibits import forest, hurdle_tables
from equipoise.history.hurdle import EffectPrior, hurdle
from equipoise.history.next_trial import NextRate, Priors
from equipoise.history.pooling import PooledRates, pool_library, prediction_of
from equipoise.history.provenance import choice_of
from equipoise.history.standardise import CaseMix, Standardised, counts_of, standardise
from equipoise.trial.design import Design
from equipoise.trial.endpoint import Landmark
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


def answer(
    trial_name: str, library: str | None, design_text: str | None, also: tuple[str, ...], by: Any, tau_scale: float, p_null: float,
    odds_ratio: float | None, effect_sd: float, case_mix: Path | None, log_path: Path | None, figure: Path | None, as_json: bool,
    asked: dict[str, Any],
) -> None:  # fmt: skip
    """Pool (or re-weight), put the design against it, and print."""
    trial = load_trial(trial_name)
    problems = choice_problems(asked, tau_scale)
    if not 0 <= p_null <= 1:
        problems.append(Problem("out-of-range", "--p-null", f"{p_null:g}", "a probability from 0 to 1"))
    if effect_sd < 0:
        problems.append(Problem("out-of-range", "--effect-sd", f"{effect_sd:g}", "0 or more"))
    if odds_ratio is not None and not odds_ratio > 0:
        problems.append(Problem("out-of-range", "--odds-ratio", f"{odds_ratio:g}", "a number above 0"))
    if log_path is not None and case_mix is None:
        problems.append(Problem("missing", "--case-mix", "nothing", "rates by stratum, for --log to weigh"))
    if problems:
        raise BadInput("history hurdle", problems)
    priors = Priors(tau_scale=tau_scale)
    design = design_of(trial) if design_text is None else _design(design_text)
    pooled, control = _from_library(trial, trial_name, library, also, by, priors, asked, needed=case_mix is None)
    mixed = _mixed(trial, case_mix, log_path) if case_mix is not None else None
    if mixed is not None:
        control = mixed.next_rate(control.tau_mean if control is not None else 0.0)
    assert control is not None
    plain = hurdle(design, control, EffectPrior(0.0, 0.0, 1.0), odds_ratio)
    from math import log

    found = hurdle(design, control, EffectPrior(log(plain.odds_ratio), effect_sd, p_null), odds_ratio)
    if figure is not None:
        if pooled is None:
            raise BadInput(
                "--figure", [Problem("no-library", "--library", "nothing", "a library: the forest plot is of its arms")]
            )
        write_figure(figure, forest(pooled, found.p0), "forest")
    if as_json:
        emit({"trial": trial.id, "design": design.numbers(), "hurdle": found, "pooled": pooled, "standardised": mixed})
        return
    say(design.describe())
    if pooled is not None:
        say(
            f"History: {pooled.what}, {len(pooled.arms)} arms of {pooled.library}: {', '.join(a.arm for a in pooled.arms)}."
        )
        for c in pooled.cautions:
            say(f"Caution. {c}")
    for table in hurdle_tables(found, mixed):
        show_table(table)
    if mixed is not None:
        say(
            f"Weights: {mixed.weights_from}. The spread between trials (τ = {control.tau_mean:.3f}) is "
            + (
                "that of the library."
                if pooled is not None
                else "not known without a library: only sampling error is in."
            )
        )
    if figure is not None:
        click.echo(f"Wrote {figure}.")


def _design(text: str) -> Design[Any]:
    from equipoise.cli.design_compare import read_design

    design, problems = read_design(text, {})
    if problems or design is None:
        raise BadInput("--design", problems)
    kind = shelf.one(text.split()[0])
    if kind.family == "safety":
        raise BadInput(
            "--design", [Problem("not-a-rate-design", "--design", kind.name, "a design that looks for a higher rate")]
        )
    return design


def _from_library(
    trial: Trial, trial_name: str, library: str | None, also: tuple[str, ...], by: Any, priors: Priors, asked: dict[str, Any],
    *, needed: bool,
) -> tuple[PooledRates | None, NextRate | None]:  # fmt: skip
    own = trial.history.library if trial.history is not None else None
    name = library or (own.library if own is not None else None)
    if name is None:
        if needed:
            step = "name one with --library, or in the trial file: history.from"
            raise BadInput(
                trial.id, [Problem("no-library", "--library", "nothing", "a library of historical controls", step)]
            )
        return None, None
    found = read_library(find_library(name, find_trial(trial_name).parent))
    if library is None and own is not None and not _said(asked):
        choice = choice_of(trial)
    else:
        of, at = _landmark(trial)
        choice = choice_asked((of.of, *also), str(at), asked)
    pooled = pool_library(found, choice, priors=priors)
    return pooled, prediction_of(list(pooled.arms), by, priors)


def _said(asked: dict[str, Any]) -> bool:
    """Whether anything of the choice was said on the command line."""
    return bool(
        asked["arms"] or asked["without"] or asked["treatments"] or asked["until"] or asked["unverified"]
        or asked["published_only"] or asked["shape"] != 1.0 or asked["shape_sd"]
    )  # fmt: skip


def _landmark(trial: Trial) -> tuple[Landmark, Any]:
    if trial.monitoring is None:
        raise BadInput(
            trial.id, [Problem("no-monitoring", "monitoring", "nothing", "a trial that monitors a landmark")]
        )
    endpoint = trial.landmark(trial.monitoring.endpoint)
    return endpoint, endpoint.landmark


def _mixed(trial: Trial, path: Path, log_path: Path | None) -> Standardised:
    raw = read_toml(path, "rates by stratum in TOML")
    _, problems = validate_parts(CaseMix, raw)
    if problems:
        raise BadInput(str(path), problems)
    mix = CaseMix.model_validate(raw)
    counts = None
    if log_path is not None:
        from equipoise.cli.data import cut, take_log

        counts = counts_of(cut(trial, take_log(trial.id, trial, log_path, None)), trial.factors)
    return standardise(mix, trial.factors, counts)
