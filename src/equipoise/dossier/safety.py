"""Safety: what harmed patients, how often, how badly, by arm, and who died of what."""

from __future__ import annotations

from equipoise.analyse.adverse_events import by_grade_table, compared, dot_figure, overview_table, rates_of
from equipoise.analyse.deaths import deaths_table
from equipoise.analyse.first_severe import first_severe_figure
from equipoise.analyse.groups import Group, by_arm, treated
from equipoise.analyse.safety import safety_by_level, safety_table
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.findings import Findings
from equipoise.trial.exhibits import Exhibit
from equipoise.trial.trial import Trial


def safety(f: Findings) -> list[Exhibit]:
    """Adverse events, by dose level where the dose is found, and by arm where any arm is compared; nothing where none is recorded."""
    shown: list[Exhibit] = []
    levels = safety_by_level(f.trial, f.snap)
    if any(a.any_event for a in levels):
        shown.append(safety_table(f.trial, levels, "dose level"))
    if only_finds_dose(f.trial):
        return shown
    groups = by_arm(f.trial, f.snap)
    if any(a.any_event for a in f.analysis.safety):
        shown += adverse_events(f, treated(groups))
    deaths = deaths_table(groups)
    return [*shown, *([deaths] if deaths is not None else [])]


def adverse_events(f: Findings, groups: list[Group]) -> list[Exhibit]:
    """The overview, terms by arm, what differs between two arms, the first severe event, and each arm by worst grade."""
    shown: list[Exhibit] = [overview_table(groups), safety_table(f.trial, f.analysis.safety)]
    pair = paired(f.trial, groups)
    if pair is not None:
        found = compared(*pair)
        if found:
            shown += [rates_of(found, *pair, f.snap), dot_figure(found, *pair)]
    first = first_severe_figure(groups, f.snap)
    shown += [first] if first is not None else []
    return [*shown, *(by_grade_table(g) for g in groups if g.n)]


def paired(trial: Trial, groups: list[Group]) -> tuple[Group, Group] | None:
    """The first tested arm and the first control arm; None without one of them."""
    by_label = {g.label: g for g in groups}
    if not trial.tested_arms or not trial.control_arms:
        return None
    return by_label[trial.tested_arms[0].label], by_label[trial.control_arms[0].label]
