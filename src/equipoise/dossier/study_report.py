"""The study report's tables, figures and listings, numbered after ICH E3 (section 14 and appendix 16.2), as far as the log can fill them.

Each says its population, the dataset that it is made from (by its ADaM name, see docs/adam.md) and the version of the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from equipoise import __version__
from equipoise.analyse import listings
from equipoise.analyse.adverse_events import by_grade_table, compared, dot_figure, overview_table, rates_of
from equipoise.analyse.analysis import comparisons_table, rates_table, response_table, times_table
from equipoise.analyse.baseline import baseline_lacking, baseline_table
from equipoise.analyse.beyond_tables import responders_table, subgroups_table
from equipoise.analyse.concentration_tables import concentrations_listing, exposure_measured
from equipoise.analyse.concentrations import measured
from equipoise.analyse.deaths import deaths_table
from equipoise.analyse.deviations import deviations_table
from equipoise.analyse.disposition import disposition_table
from equipoise.analyse.exposure import exposures
from equipoise.analyse.exposure_tables import arms as exposed
from equipoise.analyse.exposure_tables import ended_table, exposure_table
from equipoise.analyse.first_severe import first_severe_figure
from equipoise.analyse.groups import by_arm, treated
from equipoise.analyse.populations import populations_table
from equipoise.analyse.safety import safety_table
from equipoise.analyse.survival import SurvivalResult, survival_figure
from equipoise.dossier.findings import Findings
from equipoise.dossier.methods_used import methods_used
from equipoise.dossier.origin import STATUS, foot, origin
from equipoise.dossier.safety import paired
from equipoise.report.document import Document
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Exhibit, Facts, Paragraph, Section, Table
from equipoise.trial.problem import BadInput

#: A number, its exhibit, its population, and the dataset behind it.
Numbered = tuple[str, Exhibit | None, str, str]
ALL, SAF = "all patients", "all patients treated"


def study_report(f: Findings) -> Document:
    """The whole of it. Raises BadInput where a baseline variable is missing of half an arm's patients, all of them at once."""
    lacking = baseline_lacking(f.trial, by_arm(f.trial, f.snap))
    if lacking:
        raise BadInput("study report", lacking)
    return Document(
        title=f.trial.title,
        subtitle="Tables, figures and listings of the study report (ICH E3, 14 and 16.2)",
        status=STATUS + (" Every patient in this report is simulated." if f.virtual else ""),
        facts=[("Trial", f.trial.id), ("Data cut-off", f"{f.snap.cutoff}, as known on {f.snap.known_on}")],
        sections=[s for s in _sections(f) if s.exhibits],
        foot=foot(f.trial, f.snap),
    )


def _sections(f: Findings) -> Iterator[Section]:
    for name, heading, found in (
        ("s14-1", "14.1 Demographic and other data", _patients(f)),
        ("s14-2", "14.2 Efficacy", _efficacy(f)),
        ("s14-3", "14.3 Safety", _safety(f)),
        ("s14-4", "14.4 Drug concentrations", _concentrations(f)),
        ("s16-2", "16.2 Listings", _listings(f)),
    ):
        yield Section(name, heading, [_told(f, *n) for n in found if n[1] is not None])  # type: ignore[arg-type]
    yield Section("origin", "What produced this report", origin(f, methods_used(f, history=False)))


def _told(f: Findings, number: str, shown: Exhibit, population: str, dataset: str) -> Exhibit:
    """With its number, and under it where it comes from."""
    source = (
        f"Population: {population}. Source: {dataset}. Data cut-off {f.snap.cutoff}. Program: equipoise {__version__}."
    )
    if isinstance(shown, Table):
        return replace(shown, number=number, notes=(*shown.notes, source))
    assert not isinstance(shown, Paragraph | Facts)
    with_source: Any = shown
    found: Exhibit = replace(with_source, caption=f"{shown.caption} {source}".strip())
    return found


def _patients(f: Findings) -> Iterator[Numbered]:
    groups = by_arm(f.trial, f.snap)
    yield "14.1.1", disposition_table(f.trial, groups), ALL, "ADSL"
    yield "14.1.2", populations_table(f.trial, f.analysis.populations), ALL, "ADSL"
    yield "14.1.3", deviations_table(groups), ALL, "the log's deviations"
    yield "14.1.4", baseline_table(f.trial, groups), ALL, "ADSL"
    found = [e for e in exposures(f.trial, f.snap) if e.drugs and not e.level]
    if found:
        on = exposed(f.trial, f.snap, found)
        yield "14.1.5", exposure_table(on, "Exposure by arm", f.trial.entered.capitalize()), SAF, "the log's doses"
        yield "14.1.6", ended_table(on), SAF, "ADSL"


def _efficacy(f: Findings) -> Iterator[Numbered]:
    times, rates, pairs = (t(f.trial, f.analysis) for t in (times_table, rates_table, comparisons_table))
    own = "as each endpoint states it"
    yield "14.2.1", times if times.rows else None, own, "ADTTE"
    yield "14.2.2", pairs if pairs.rows else None, own, "ADTTE"
    yield "14.2.3", rates if rates.rows else None, own, "ADRS, ADTTE"
    yield "14.2.4", response_table(f.trial, f.analysis), own, "ADRS"
    responders, subgroups = responders_table(f.trial, f.analysis), subgroups_table(f.trial, f.analysis)
    yield "14.2.5", responders if responders.rows else None, own, "ADRS"
    yield "14.2.6", subgroups if subgroups.rows else None, own, "ADTTE"
    for e in f.trial.endpoints:
        if isinstance(e, TimeToEvent):
            result = f.analysis.endpoints.get(e.name)
            known = result if isinstance(result, SurvivalResult) else None
            yield "", survival_figure(f.trial, f.snap, e, known), e.population, "ADTTE"


def _safety(f: Findings) -> Iterator[Numbered]:
    groups = by_arm(f.trial, f.snap)
    given = treated(groups)
    if any(p.adverse_events for g in given for p in g.patients):
        yield "14.3.1.1", overview_table(given), SAF, "ADAE"
        yield "14.3.1.2", safety_table(f.trial, f.analysis.safety), SAF, "ADAE"
        for i, g in enumerate((g for g in given if g.n), 3):
            yield f"14.3.1.{i}", by_grade_table(g), SAF, "ADAE"
        pair = paired(f.trial, given)
        terms = compared(*pair) if pair is not None else []
        if pair is not None and terms:
            yield f"14.3.1.{3 + sum(bool(g.n) for g in given)}", rates_of(terms, *pair, f.snap), SAF, "ADAE"
            yield "", dot_figure(terms, *pair), SAF, "ADAE"
        yield "", first_severe_figure(given, f.snap), SAF, "ADAE"
    yield "14.3.2.1", deaths_table(groups), ALL, "ADSL"
    yield "14.3.2.2", listings.serious_listing(f.trial, f.snap), SAF, "ADAE"


def _concentrations(f: Findings) -> Iterator[Numbered]:
    tables = 0
    for shown in exposure_measured(f.trial, measured(f.trial, f.snap)):
        tables += isinstance(shown, Table)
        yield f"14.4.{tables}" if isinstance(shown, Table) else "", shown, SAF, "PC, PP"


def _listings(f: Findings) -> Iterator[Numbered]:
    yield "16.2.1", listings.discontinued_listing(f.trial, f.snap), SAF, "ADSL"
    yield "16.2.2", listings.deviations_listing(f.trial, f.snap), ALL, "the log's deviations"
    yield "16.2.4", listings.baseline_listing(f.trial, f.snap), ALL, "ADSL"
    yield "16.2.5", listings.doses_listing(f.trial, f.snap), SAF, "the log's doses"
    yield "16.2.5.2", concentrations_listing(measured(f.trial, f.snap)), SAF, "PC"
    yield "16.2.6", listings.response_listing(f.trial, f.snap), ALL, "ADRS"
    yield "16.2.7", listings.events_listing(f.trial, f.snap), SAF, "ADAE"
    yield "16.2.8", listings.deaths_listing(f.trial, f.snap), ALL, "ADSL"
