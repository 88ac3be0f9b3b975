"""The hurdle that history allows: pool a library (or re-weight), and put a trial's design against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from equipoise.desk.data import Data, take
from equipoise.desk.design_text import rate_design
from equipoise.desk.history import choice_asked, choice_problems
from equipoise.desk.opening import design_of, load_trial
from equipoise.files.bundled import find_trial
from equipoise.files.history_file import find_library, read_library
from equipoise.files.log_address import Address
from equipoise.files.toml_file import read_toml
from equipoise.history.exhibits import forest, hurdle_tables
from equipoise.history.hurdle import EffectPrior, Hurdle, hurdle
from equipoise.history.next_trial import NextRate, Priors
from equipoise.history.one_arm import OneArmRate
from equipoise.history.pooling import PooledRates, pool_library, prediction_of
from equipoise.history.provenance import choice_of
from equipoise.history.standardise import CaseMix, Standardised, counts_of, standardise
from equipoise.trial.design import Design
from equipoise.trial.endpoint import Landmark
from equipoise.trial.exhibits import ForestFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


@dataclass(frozen=True)
class Asked:
    """What is asked of history. ``choice``: see ``history.choice_asked``; ``by``: how the next control rate is predicted."""

    choice: Mapping[str, Any]
    library: str | None = None
    design: str | None = None
    also: tuple[str, ...] = ("TTP",)
    by: Any = None
    tau_scale: float = 0.5
    p_null: float = 0.5
    odds_ratio: float | None = None
    effect_sd: float = 0.0
    case_mix: Path | None = None
    log: Address | None = None
    reader: str | None = None

    @property
    def chosen(self) -> bool:
        """Whether anything of the choice was given."""
        c = self.choice
        return bool(
            c["arms"] or c["without"] or c["treatments"] or c["until"] or c["unverified"] or c["published_only"]
            or c["shape"] != 1.0 or c["shape_sd"]
        )  # fmt: skip


@dataclass(frozen=True)
class Raised:
    """A trial's design against the hurdle. ``data``: those whose patients gave the weights."""

    trial: str
    design: Design[Any]
    hurdle: Hurdle
    control: NextRate | OneArmRate
    pooled: PooledRates | None
    standardised: Standardised | None
    data: Data | None

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial, "design": self.design.numbers(), "hurdle": self.hurdle, "pooled": self.pooled,
            "standardised": self.standardised,
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """The hurdle, and the weights where there are any."""
        return hurdle_tables(self.hurdle, self.standardised)

    def figure(self) -> ForestFigure:
        """The forest plot. Raises BadInput without a library."""
        if self.pooled is None:
            allowed = "a library: the forest plot is of its arms"
            raise BadInput("--figure", [Problem("no-library", "--library", "nothing", allowed)])
        return forest(self.pooled, self.hurdle.p0)


def ask(name: str, asked: Asked) -> Raised:
    """Pool (or re-weight), and put the design of the trial called ``name``, or another, against it."""
    trial = load_trial(name)
    problems = choice_problems(asked.choice, asked.tau_scale)
    if not 0 <= asked.p_null <= 1:
        problems.append(Problem("out-of-range", "--p-null", f"{asked.p_null:g}", "a probability from 0 to 1"))
    if asked.effect_sd < 0:
        problems.append(Problem("out-of-range", "--effect-sd", f"{asked.effect_sd:g}", "0 or more"))
    if asked.odds_ratio is not None and not asked.odds_ratio > 0:
        problems.append(Problem("out-of-range", "--odds-ratio", f"{asked.odds_ratio:g}", "a number above 0"))
    if asked.log is not None and asked.case_mix is None:
        problems.append(Problem("missing", "--case-mix", "nothing", "rates by stratum, for --log to weigh"))
    if trial.divided and asked.design is None:
        allowed = f"one of them, as --design: each cohort has its own ({', '.join(trial.cohort_names)})"
        problems.append(Problem("which-design", "--design", "none", allowed, "--design 'KIND name=value …'"))
    if problems:
        raise BadInput("history hurdle", problems)
    design = design_of(trial) if asked.design is None else rate_design(asked.design)
    pooled, control = _from_library(trial, name, asked)
    data = take(name, trial, asked.log, reader=asked.reader, view="forecast") if asked.log is not None else None
    mixed = _mixed(trial, asked.case_mix, data) if asked.case_mix is not None else None
    if mixed is not None:
        control = mixed.next_rate(control.tau_mean if control is not None else 0.0)
    assert control is not None
    plain = hurdle(design, control, EffectPrior(0.0, 0.0, 1.0), asked.odds_ratio)
    effect = EffectPrior(log(plain.odds_ratio), asked.effect_sd, asked.p_null)
    return Raised(
        trial.id, design, hurdle(design, control, effect, asked.odds_ratio), control, pooled, mixed, data
    )  # fmt: skip


def _from_library(trial: Trial, name: str, asked: Asked) -> tuple[PooledRates | None, NextRate | OneArmRate | None]:
    own = trial.history.library if trial.history is not None else None
    library = asked.library or (own.library if own is not None else None)
    if library is None:
        if asked.case_mix is None:
            step = "name one with --library, or in the trial file: history.from"
            given = Problem("no-library", "--library", "nothing", "a library of historical controls", step)
            raise BadInput(trial.id, [given])
        return None, None
    found = read_library(find_library(library, find_trial(name).parent))
    if asked.library is None and own is not None and not asked.chosen:
        choice = choice_of(trial)
    else:
        of = _landmark(trial)
        choice = choice_asked((of.of, *asked.also), str(of.landmark), asked.choice)
    priors = Priors(tau_scale=asked.tau_scale)
    pooled = pool_library(found, choice, priors=priors)
    return pooled, prediction_of(list(pooled.arms), asked.by, priors)


def _landmark(trial: Trial) -> Landmark:
    found = trial.looked_at_landmark
    if found is None:
        given = trial.monitoring.endpoint if trial.monitoring is not None else "nothing"
        raise BadInput(trial.id, [Problem("no-monitoring", "monitoring", given, "a trial that monitors a landmark")])
    return found


def _mixed(trial: Trial, path: Path, data: Data | None) -> Standardised:
    raw = read_toml(path, "rates by stratum in TOML")
    _, problems = validate_parts(CaseMix, raw)
    if problems:
        raise BadInput(str(path), problems)
    counts = counts_of(data.snap, trial.factors) if data is not None else None
    return standardise(CaseMix.model_validate(raw), trial.factors, counts)
