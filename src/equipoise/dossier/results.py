"""Results as data, one record a number, in the shape of CDISC's Analysis Results Data (ARS 1.0): what is grouped by what, which statistic, its value and how it is shown.

The methods' names are ours; identifiers are stable from one report to the next.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from equipoise import __version__
from equipoise.analyse.adverse_events import compared
from equipoise.analyse.baseline import variables
from equipoise.analyse.groups import Group, by_arm, treated
from equipoise.analyse.rates import RateResult
from equipoise.analyse.survival import SurvivalResult
from equipoise.dossier.findings import Findings
from equipoise.dossier.safety import paired
from equipoise.trial.said_numbers import number, p_value, percent

Record = dict[str, Any]


def results_json(f: Findings) -> str:
    """All records of a study report as JSON text; what is not reached is null."""
    head = {
        "standard": "CDISC ARS 1.0, analysis results data (own shape: one record a number)",
        "trial": f.trial.id,
        "trialFingerprint": f.trial.fingerprint,
        "dataHash": f.snap.head,
        "cutoff": f.snap.cutoff.isoformat(),
        "knownOn": f.snap.known_on.isoformat(),
        "program": f"equipoise {__version__}",
    }
    records = [{"resultId": f"R{i:05d}", **r} for i, r in enumerate(_records(f), 1)]
    return json.dumps({**head, "results": records}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _record(
    analysis: str,
    dataset: str,
    population: str,
    groups: dict[str, str],
    statistic: str,
    value: float | int | None,
    shown: str,
    method: str,
) -> Record:
    known = None if value is None or (isinstance(value, float) and not math.isfinite(value)) else value
    return {
        "analysisId": analysis, "dataset": dataset, "population": population, "groups": groups, "methodId": method,
        "statistic": statistic, "rawValue": known, "formattedValue": shown,
    }  # fmt: skip


def _records(f: Findings) -> Iterator[Record]:
    groups = by_arm(f.trial, f.snap)
    for g in groups:
        yield _record("disposition", "ADSL", "all", {"arm": g.label}, "n", g.n, str(g.n), "count")
    yield from _baseline(f, groups)
    for result in f.analysis.endpoints.values():
        yield from _times(f, result) if isinstance(result, SurvivalResult) else _rates(f, result)
    yield from _harm(f, treated(groups))


def _baseline(f: Findings, groups: list[Group]) -> Iterator[Record]:
    for name, _, numeric, levels, of in variables(f.trial, groups):
        for g in groups:
            told = [v for p in g.patients if (v := of(p)) is not None]
            at = {"arm": g.label, "variable": name}
            yield _record("baseline", "ADSL", "all", at, "missing", g.n - len(told), str(g.n - len(told)), "count")
            if numeric:
                values = sorted(float(v) for v in told if not isinstance(v, str))
                if values:
                    half = len(values) // 2
                    middle = values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
                    for statistic, value in (("median", middle), ("min", values[0]), ("max", values[-1])):
                        yield _record(
                            "baseline", "ADSL", "all", at, statistic, value, f"{value:g}", "summary of a number"
                        )
                continue
            for level in levels:
                k = told.count(level)
                yield _record("baseline", "ADSL", "all", {**at, "level": level}, "n", k, str(k), "count")
                share = k / len(told) if told else None
                shown = percent(share) if share is not None else "–"
                yield _record("baseline", "ADSL", "all", {**at, "level": level}, "p", share, shown, "count")


def _times(f: Findings, result: SurvivalResult) -> Iterator[Record]:
    population = f.trial.endpoint_by_name[result.endpoint].population
    for name, a in result.arms.items():
        at = {"arm": f.trial.arm_by_name[name].label}
        for statistic, value in (("n", a.n), ("events", a.events)):
            yield _record(result.endpoint, "ADTTE", population, at, statistic, value, str(value), "count")
        months = {
            "median": a.median_months,
            "median_lower": a.median_ci_months[0],
            "median_upper": a.median_ci_months[1],
        }
        for statistic, x in months.items():
            yield _record(
                result.endpoint,
                "ADTTE",
                population,
                at,
                f"{statistic}_months",
                x,
                number(x),
                "Kaplan–Meier, log-log 95 %",
            )
        if a.landmark is not None and not a.landmark.beyond:
            day = {**at, "day": str(a.landmark.day)}
            for statistic, x in (
                ("survival", a.landmark.survival),
                ("survival_lower", a.landmark.ci[0]),
                ("survival_upper", a.landmark.ci[1]),
            ):
                yield _record(
                    result.endpoint, "ADTTE", population, day, statistic, x, percent(x), "Kaplan–Meier, log-log 95 %"
                )
    for c in result.comparisons.values():
        pair = {"arm": f.trial.arm_by_name[c.tested].label, "reference": f.trial.arm_by_name[c.control].label}
        if c.estimable:
            for statistic, x in (("hr", c.hr), ("hr_lower", c.hr_ci[0]), ("hr_upper", c.hr_ci[1])):
                yield _record(
                    result.endpoint, "ADTTE", population, pair, statistic, x, number(x, 2), "Cox, Efron, Wald 95 %"
                )
        yield _record(result.endpoint, "ADTTE", population, pair, "p", c.p, p_value(c.p), "log-rank, two-sided")


def _rates(f: Findings, result: RateResult) -> Iterator[Record]:
    population = f.trial.endpoint_by_name[result.endpoint].population
    for name, a in result.arms.items():
        at = {"arm": f.trial.arm_by_name[name].label}
        for statistic, value in (("n", a.n), ("successes", a.successes), ("not_evaluable", a.not_evaluable)):
            yield _record(result.endpoint, "ADRS", population, at, statistic, value, str(value), "count")
        if a.n:
            for statistic, x in (("rate", a.rate), ("rate_lower", a.ci[0]), ("rate_upper", a.ci[1])):
                yield _record(result.endpoint, "ADRS", population, at, statistic, x, percent(x), "Clopper–Pearson 95 %")


def _harm(f: Findings, groups: list[Group]) -> Iterator[Record]:
    for a in f.analysis.safety:
        at = {"arm": f.trial.arm_by_name[a.arm].label}
        for statistic, k in (
            ("n", a.treated),
            ("any", a.any_event),
            ("grade_3_or_worse", a.severe),
            ("serious", a.serious),
            ("fatal", a.fatal),
        ):
            yield _record("adverse events", "ADAE", "SAF", at, statistic, k, str(k), "count of patients")
        for term, (k, severe) in a.by_term.items():
            yield _record("adverse events", "ADAE", "SAF", {**at, "term": term}, "any", k, str(k), "count of patients")
            yield _record(
                "adverse events",
                "ADAE",
                "SAF",
                {**at, "term": term},
                "grade_3_or_worse",
                severe,
                str(severe),
                "count of patients",
            )
    pair = paired(f.trial, groups)
    for c in compared(*pair) if pair is not None else []:
        assert pair is not None
        at = {"arm": pair[0].label, "reference": pair[1].label, "term": c.name}
        for statistic, x in (
            ("difference", c.difference),
            ("difference_lower", c.lower),
            ("difference_upper", c.upper),
        ):
            yield _record(
                "adverse events", "ADAE", "SAF", at, statistic, x, f"{100 * x:+.1f}", "Miettinen–Nurminen 95 %"
            )
