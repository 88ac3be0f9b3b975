"""Efficacy: times, rates, comparisons, the three answers, and the same endpoint under other rules."""

from __future__ import annotations

from equipoise.analyse.analysis import comparisons_table, rates_table, times_table
from equipoise.analyse.beyond_tables import tables_beyond
from equipoise.analyse.incidence import incidence_figure, watched_of
from equipoise.analyse.response_times import implied_duration
from equipoise.analyse.sensitivity import AS_STATED, overlay, sensitivity, side_by_side
from equipoise.analyse.subgroups import subgroups_figure
from equipoise.analyse.survival import SurvivalResult, observations, survival_figure
from equipoise.dossier.findings import Findings
from equipoise.history.against import against_history, against_table
from equipoise.history.answers import answers_figure, answers_table
from equipoise.history.hazards import conversions_table
from equipoise.history.three_answers import all_answers
from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.exhibits import Exhibit, Paragraph
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.problem import BadInput


def efficacy(f: Findings) -> list[Exhibit]:
    """Tables first, then the curves."""
    shown: list[Exhibit] = []
    for endpoint in f.trial.endpoints:
        if isinstance(endpoint, TimeToEvent):
            shown += _curves(f, endpoint)
    shown += _duration(f)
    tables = [
        times_table(f.trial, f.analysis),
        rates_table(f.trial, f.analysis),
        comparisons_table(f.trial, f.analysis),
    ]
    against = against_history(f.trial, f.snap)
    if against:
        tables.append(against_table(f.trial, against))
    beyond = tables_beyond(f.trial, f.analysis)
    return [*(t for t in tables if t.rows), *beyond, *_answers(f), *shown, *_forests(f), *_sensitivity(f)]


def _curves(f: Findings, endpoint: TimeToEvent) -> list[Exhibit]:
    """Kaplan–Meier, with a caution in its caption where an event competes, and then the cumulative incidence."""
    result = f.analysis.endpoints.get(endpoint.name)
    known = result if isinstance(result, SurvivalResult) else None
    shown: list[Exhibit] = [survival_figure(f.trial, f.snap, endpoint, known)]
    if endpoint.competing:
        incidence = incidence_figure(
            f.trial, endpoint, watched_of(f.snap, endpoint, observations(f.trial, f.snap, endpoint))
        )
        shown.append(incidence)
    return shown


def _duration(f: Findings) -> list[Exhibit]:
    """Duration of response where the file has a rate of response and states no duration: described, of responders only."""
    endpoint = implied_duration(f.trial)
    if endpoint is None or not any(observations(f.trial, f.snap, endpoint).values()):
        return []
    note = f"Duration of response is no endpoint of the trial file: it is from the first response by the rules of {_base(f)}, of responders only, who are no randomised groups."
    return [survival_figure(f.trial, f.snap, endpoint), Paragraph(note, "note")]


def _base(f: Findings) -> str:
    return next(e.name for e in f.trial.endpoints if isinstance(e, TimeToEvent) and e.progression_or_death)


def _forests(f: Findings) -> list[Exhibit]:
    """Subgroups of the primary times; a primary landmark stands for the endpoint it reads. The rest are in the table."""
    shown: list[Exhibit] = []
    for endpoint in _primary_times(f):
        result = f.analysis.endpoints[endpoint.name]
        if isinstance(result, SurvivalResult):
            figures = (subgroups_figure(f.trial, endpoint, s) for s in (result.subgroups or {}).values())
            shown += [figure for figure in figures if figure.rows]
    return shown


def _primary_times(f: Findings) -> list[TimeToEvent]:
    times = [
        f.trial.time_to_event(e.of) if isinstance(e, Landmark) else e
        for e in f.trial.endpoints
        if e.role == "primary" and not isinstance(e, Response | Outcome | Toxicity)
    ]
    return list({e.name: e for e in times}.values())


def _answers(f: Findings) -> list[Exhibit]:
    """The tested arm against history, against its controls, against both; nothing before the first patient counts.

    A trial that names no history has no such answers. What else is wrong is said in their place.
    """
    try:
        found = all_answers(f.trial, f.snap, library=f.library)
    except BadInput as bad:
        if {problem.code for problem in bad.problems} <= {"no-history", "no-patients"}:
            return []
        said = "; ".join(f"{p.where}: got {p.given}; {p.allowed}" for p in bad.problems)
        return [Paragraph(f"The three answers cannot be given. {said}.", "caution")]
    shown: list[Exhibit] = []
    for question in found:
        shown += [answers_table(question), answers_figure(question)]
        shown += [conversions_table(question.question, question.past)] if question.past is not None else []
    return shown


def _sensitivity(f: Findings) -> list[Exhibit]:
    """The first primary time to progression or death under FDA's and EMA's rules; a primary landmark stands for the endpoint it reads."""
    endpoint = next((e for e in _primary_times(f) if e.progression_or_death), None)
    # Without planned scans nobody can say which were missed, and a table without responses has no documented progression.
    if endpoint is None or f.trial.assessments is None or not f.snap.randomised:
        return []
    rules = (AS_STATED, *(r for r in NAMED_RULES if r != "NORTH"))
    found = sensitivity(f.trial, f.snap, endpoint, rules, [endpoint.assessor])
    note = Paragraph(
        "The named rules are in part from memory of their documents: docs/endpoints.md says which.", "note"
    )
    figures = [overlay(f.trial, f.snap, endpoint, found, arm.name) for arm in f.trial.arms]
    return [side_by_side(f.trial, found), note, *figures]
