"""Hazard ratios in subgroups by the factors of the randomisation, and whether they differ: described, never decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analyse.between_arms import arrays, compare, pairs
from equipoise.analyse.endpoints import Observed
from equipoise.analyse.strata import NOT_RECORDED, coded, levels_of, strata_of
from equipoise.numerics.times.interaction import interaction
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import ForestFigure, ForestRow
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Subgroup:
    """The patients of one level, in the tested and in the control arm: hazard ratio below 1 favours the tested arm."""

    level: str
    n: tuple[int, int]
    events: tuple[int, int]
    hr: float
    hr_ci: tuple[float, float]
    estimable: bool
    not_estimable_because: str


@dataclass(frozen=True)
class ByFactor:
    """The levels of a factor, and the test that their hazard ratios are one; NaN where fewer than two levels say anything."""

    factor: str
    label: str
    levels: Sequence[Subgroup]
    interaction_chi2: float
    interaction_df: int
    interaction_p: float


@dataclass(frozen=True)
class Subgroups:
    """One tested arm against the control arm: everybody, and by each factor.

    A level is stratified by the endpoint's other factors, if it states any.
    """

    tested: str
    control: str
    everybody: Subgroup
    factors: Sequence[ByFactor]
    method: str = "Cox model (Efron), Wald interval 95 %; interaction by likelihood ratio, in strata of the factor; no correction for many looks"


def analyse_subgroups(
    trial: Trial, snap: Snapshot, endpoint: TimeToEvent, by_arm: Mapping[str, Sequence[Observed]]
) -> dict[str, Subgroups]:
    """Each tested arm against the first control arm, by the randomisation's factors.

    Empty without factors or a control arm, while an arm is empty, and for durations of response: responders are not randomised.
    """
    found: dict[str, Subgroups] = {}
    if not trial.factors:
        return found
    for tested, control in pairs(trial, endpoint):
        a, b = by_arm[tested], by_arm[control]
        if a and b:
            everybody = _group("all patients", a, b, strata_of(snap, endpoint), endpoint.stratified_by)
            factors = [_by_factor(factor, snap, endpoint, a, b) for factor in trial.factors]
            found[f"{tested} vs {control}"] = Subgroups(tested, control, everybody, factors)
    return found


def _by_factor(
    factor: Factor, snap: Snapshot, endpoint: TimeToEvent, a: Sequence[Observed], b: Sequence[Observed]
) -> ByFactor:
    own = {name: level for name, (level,) in levels_of(snap, [factor.name]).items()}
    others = [f for f in endpoint.stratified_by if f != factor.name]
    strata = levels_of(snap, others) if others else {}
    both = [*a, *b]
    level = [own[o.patient] for o in both]
    names = [*factor.levels, *sorted(set(level) - set(factor.levels))]
    levels = []
    for name in names:
        mine, theirs = ([o for o in group if own[o.patient] == name] for group in (a, b))
        levels.append(_group(name, mine, theirs, strata, others))
    recorded = [i for i, name in enumerate(level) if name != NOT_RECORDED]
    time, event = arrays([both[i] for i in recorded])
    treated = np.array([i < len(a) for i in recorded], dtype=bool)
    stratum = coded([both[i].patient for i in recorded], strata)
    test = interaction(time, event, treated, [level[i] for i in recorded], stratum)
    return ByFactor(factor.name, factor.label or factor.name, levels, test.chi2, test.df, test.p)


def _group(
    name: str, a: Sequence[Observed], b: Sequence[Observed], strata: Mapping[str, tuple[str, ...]], by: Sequence[str]
) -> Subgroup:
    n, events = (len(a), len(b)), (sum(o.event for o in a), sum(o.event for o in b))
    found = compare(a, b, "", "", strata, by)
    if found is None:
        nan = float("nan")
        nobody = "nobody" if not a and not b else "nobody on one arm"
        return Subgroup(name, n, events, nan, (nan, nan), False, nobody)
    return Subgroup(name, n, events, found.hr, found.hr_ci, found.estimable, found.not_estimable_because)


def subgroups_figure(trial: Trial, endpoint: TimeToEvent, found: Subgroups) -> ForestFigure:
    """The forest: each level whose ratio can be estimated, by its number of events, and everybody below."""
    shown = [(f"{f.label}: {g.level}", g) for f in found.factors for g in f.levels if g.estimable]
    total = sum(found.everybody.events) or 1
    rows = [ForestRow(label, _sizes(g), g.hr, *g.hr_ci, weight=sum(g.events) / total) for label, g in shown]
    if found.everybody.estimable:
        everybody = found.everybody
        rows.append(ForestRow("All patients", _sizes(everybody), everybody.hr, *everybody.hr_ci, kind="mean"))
    against = f"{trial.arm_by_name[found.tested].label} against {trial.arm_by_name[found.control].label}"
    left = sum(not g.estimable for f in found.factors for g in f.levels)
    caption = "Squares by number of events; Cox model, 95 % Wald intervals. A single subgroup proves nothing."
    return ForestFigure(
        f"{endpoint.label} in subgroups: {against}",
        "Hazard ratio; below 1 favours the first arm",
        rows,
        mark=(1.0, "no difference"),
        caption=caption + (f" {left} left out: not estimable." if left else ""),
        scale="ratio",
    )


def _sizes(g: Subgroup) -> str:
    return f"{sum(g.events)} events in {sum(g.n)}"
