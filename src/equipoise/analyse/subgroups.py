"""A forest of subgroups: the hazard ratio at each level of the randomisation's factors, and whether it differs between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.analyse.comparing import Comparison, compare, pairs
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.shown import against, p_value
from equipoise.analyse.strata import UNRECORDED, level_of
from equipoise.analyse.survival import observations
from equipoise.numerics.times.heterogeneity import heterogeneity
from equipoise.trial.endpoint import Landmark, TimeToEvent
from equipoise.trial.exhibits import Cell, ForestFigure, ForestRow, Table
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

METHOD = (
    "Cox model (Efron) at each level, unstratified, Wald interval 95 %; interaction: Cochran's Q of the log hazard ratios, which is "
    "Wald's test of treatment by level with a baseline hazard for each level"
)


@dataclass(frozen=True)
class Level:
    """One level: patients and events of each arm, and the hazard ratio (NaN or without limits where there is no estimate)."""

    level: str
    n: tuple[int, int]
    events: tuple[int, int]
    hr: float
    hr_ci: tuple[float, float]
    estimable: bool
    not_estimable_because: str


@dataclass(frozen=True)
class ByFactor:
    """A factor's levels, and the test of its interaction with treatment, of the ``tested_levels`` that have an estimate."""

    factor: str
    label: str
    levels: Sequence[Level]
    interaction_chi2: float
    df: int
    interaction_p: float
    tested_levels: Sequence[str]


@dataclass(frozen=True)
class Forest:
    """A tested arm against the control arm on one endpoint: all patients, then by factor. A ratio below 1 favours the tested arm."""

    endpoint: str
    label: str
    tested: str
    control: str
    overall: Level
    strata: str
    factors: Sequence[ByFactor]
    method: str = METHOD


def analyse_forests(trial: Trial, snap: Snapshot, endpoint: TimeToEvent) -> dict[str, Forest]:
    """A forest for each comparison of which both arms have patients; none without factors."""
    if not trial.factors:
        return {}
    by_arm = observations(trial, snap, endpoint)
    plain = endpoint.model_copy(update={"stratified_by": ()})
    found = {}
    for tested, control in pairs(trial, endpoint):
        overall = compare(endpoint, snap, by_arm[tested], by_arm[control], tested, control)
        if overall is not None:
            both = by_arm[tested], by_arm[control]
            found[f"{tested} vs {control}"] = Forest(
                endpoint.name, endpoint.label, tested, control, _level("All patients", *both, overall), overall.strata,
                [_by_factor(plain, snap, factor, *both) for factor in trial.factors],
            )  # fmt: skip
    return found


def _by_factor(
    endpoint: TimeToEvent, snap: Snapshot, factor: Factor, tested: Sequence[Observed], control: Sequence[Observed]
) -> ByFactor:
    of = {o.patient: level_of(snap.patients[o.patient], factor.name) for o in (*tested, *control)}
    # What is no level of the factor shows too: nobody is lost from a forest.
    names = [
        *factor.levels,
        *sorted({*of.values()} - {*factor.levels} - {UNRECORDED}),
        *({UNRECORDED} & {*of.values()}),
    ]
    levels, effects, errors, told = [], [], [], []
    for name in names:
        a, b = ([o for o in group if of[o.patient] == name] for group in (tested, control))
        fit = compare(endpoint, snap, a, b, "", "")
        levels.append(_level(name, a, b, fit))
        if fit is not None and fit.estimable and name != UNRECORDED:
            effects.append(math.log(fit.hr))
            errors.append(fit.log_hr_se)
            told.append(name)
    q = heterogeneity(effects, errors)
    return ByFactor(factor.name, factor.label or factor.name, levels, q.chi2, q.df, q.p, told)


def _level(name: str, tested: Sequence[Observed], control: Sequence[Observed], fit: Comparison | None) -> Level:
    nan = float("nan")
    n, events = (len(tested), len(control)), (sum(o.event for o in tested), sum(o.event for o in control))
    if fit is None:
        return Level(name, n, events, nan, (nan, nan), False, "nobody" if not any(n) else "nobody on one arm")
    return Level(name, n, events, fit.hr, fit.hr_ci, fit.estimable, fit.not_estimable_because)


def shown_forests(trial: Trial, forests: Mapping[str, Mapping[str, Forest]]) -> list[Forest]:
    """Those that a report shows: of the primary times, and of the times that a primary rate is read from; else of the first time."""
    primary = [e.of if isinstance(e, Landmark) else e.name for e in trial.endpoints if e.role == "primary"]
    names = [name for name in dict.fromkeys(primary) if forests.get(name)] or [
        name for name in forests if forests[name]
    ][:1]
    return [forest for name in names for forest in forests[name].values()]


def forest_table(trial: Trial, forest: Forest) -> Table:
    """All patients, then a heading for each factor with its test, and its levels."""
    rows: list[list[Cell]] = [_cells(forest.overall, forest.strata)]
    for f in forest.factors:
        rows.append([f.label])
        rows += [_cells(level, "unstratified") for level in f.levels]
        lacking = [level.level for level in f.levels if level.level not in f.tested_levels]
        without = f" (without {', '.join(lacking)})" if lacking and f.df else ""
        rows.append([f"Interaction{without}", "", "", "", p_value(f.interaction_p), ""])
    return Table(
        f"{forest.label} by subgroup: {against(trial, forest.tested, forest.control)}",
        ["", "Patients", "Events", "Hazard ratio (95 % CI)", "Interaction p", "Strata"],
        rows,
        notes=(
            "Patients and events: first arm / second arm. A hazard ratio below 1 favours the first arm; Cox model, Efron's ties, Wald "
            "interval. Interaction: Cochran's Q of the levels' log hazard ratios, which is Wald's test of treatment by level in Cox's "
            "model with a baseline hazard for each level. Nothing is adjusted for the number of subgroups.",
        ),
    )


def _cells(level: Level, strata: str) -> list[Cell]:
    ratio = f"{level.hr:.2f} ({level.hr_ci[0]:.2f} to {level.hr_ci[1]:.2f})"
    shown = ratio if level.estimable else f"not estimable: {level.not_estimable_because}"
    return [level.level, "{} / {}".format(*level.n), "{} / {}".format(*level.events), shown, "", strata]


def forest_figure(trial: Trial, forest: Forest) -> ForestFigure | None:
    """The estimates that there are on a logarithmic axis; None where there is none."""
    labelled = [(f.label, level) for f in forest.factors for level in f.levels]
    rows = [_row(f"{label}: {level.level}", level) for label, level in labelled if level.estimable]
    if forest.overall.estimable:
        rows.append(_row(forest.overall.level, forest.overall, "mean"))
    if not rows:
        return None
    missing = [f"{label}: {level.level}" for label, level in labelled if not level.estimable]
    caption = f"Hazard ratios with 95 % intervals, {against(trial, forest.tested, forest.control)}; squares by events. All patients: {forest.strata}."
    if missing:
        caption += f" Without an estimate: {'; '.join(missing)}."
    return ForestFigure(
        f"{forest.label} by subgroup",
        "Hazard ratio (below 1 favours the tested arm)",
        rows,
        (1.0, "no difference"),
        caption,
        "ratio",
    )


def _row(label: str, level: Level, kind: str = "arm") -> ForestRow:
    note = f"{sum(level.events)} events of {sum(level.n)}"
    return ForestRow(label, note, level.hr, *level.hr_ci, weight=float(sum(level.events)), kind=kind)
