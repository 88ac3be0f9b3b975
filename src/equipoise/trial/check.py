"""What must hold between the parts of a trial file. Each part has already been read on its own.

Every check takes the parts that could be read (a part with problems of its own is absent) so that all problems of a
file are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from equipoise.trial.arm import Arm
from equipoise.trial.baseline import definition_problems
from equipoise.trial.check_assessments import check_assessments
from equipoise.trial.check_basket import check_basket
from equipoise.trial.check_document import check_document
from equipoise.trial.check_funnel import funnel_problems
from equipoise.trial.check_modifications import modification_problems
from equipoise.trial.check_randomisation import how_arms_are_given
from equipoise.trial.eligibility_review import EligibilityReview
from equipoise.trial.endpoint import Endpoint, Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.estimand import contradictions
from equipoise.trial.folded import folded
from equipoise.trial.own_form import forms_problems
from equipoise.trial.places import paths
from equipoise.trial.population import populations_of
from equipoise.trial.problem import Problem
from equipoise.trial.problem import near as near
from equipoise.trial.protocol_parts import (
    Criterion,
    History,
    Monitoring,
    Randomisation,
    Site,
)
from equipoise.trial.provenance import Assumption, Source
from equipoise.trial.sample import sample_problems
from equipoise.trial.table import TableMapping
from equipoise.trial.trial import Trial

Parts = Mapping[str, Any]


def check_parts(parts: Parts, raw: Mapping[str, Any]) -> list[Problem]:
    """All problems between the parts of a trial file; without those of what may be each cohort's own: see ``check_cohort``."""
    problems: list[Problem] = []
    for rule in (
        _names,
        _arms,
        _dates,
        how_arms_are_given,
        check_assessments,
        check_basket,
        _endpoints,
        _populations,
        _monitoring,
        _eligibility_review,
        _history,
        _table,
        _funnel,
        _baseline,
        modification_problems,
        sample_problems,
        check_document,
        _forms,
        _provenance,
    ):
        if "cohorts" not in raw or rule not in _OF_A_COHORT:
            problems.extend(rule(parts, raw))
    return problems


def check_cohort(parts: Parts, raw: Mapping[str, Any]) -> list[Problem]:
    """All problems between the parts of a trial as one of its cohorts sees it, that may be the cohort's own."""
    return [p for rule in _OF_A_COHORT for p in rule(parts, raw)]


def _names(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    for key, attribute in (
        ("arms", "name"),
        ("sites", "name"),
        ("endpoints", "name"),
        ("populations", "name"),
        ("safety", "name"),
        ("markers", "name"),
        ("baseline", "name"),
        ("dose_modifications", "name"),
        ("cohorts", "name"),
        ("eligibility", "number"),
        ("dose_levels", "label"),
        ("visits", "name"),
        ("activities", "name"),
    ):
        seen: dict[object, object] = {}
        for i, part in enumerate(parts.get(key) or ()):
            name = getattr(part, attribute)
            # Patients' numbers begin with their site's: two sites that a reader could take for one would share them.
            alike = seen.get(folded(name)) if key == "sites" else None
            if alike is not None and alike != name:
                allowed = f"a name that cannot be taken for {alike!r}: without case and look-alikes they are one"
                yield Problem("same-site", f"{key}[{i}].{attribute}", repr(name), allowed)
            elif name in seen.values():
                yield Problem("duplicate-name", f"{key}[{i}].{attribute}", repr(name), "each must be given once")
            seen.setdefault(folded(name) if key == "sites" else name, name)
    criteria: tuple[Criterion, ...] = parts.get("eligibility") or ()
    numbers = [c.number for c in criteria]
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield Problem(
            "criteria-numbers",
            "eligibility",
            f"numbers {numbers}",
            f"criteria are numbered 1 to {len(numbers)}",
        )


def _arms(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    if arms and not any(a.tested for a in arms):
        yield Problem("no-tested-arm", "arms", "no arm with tested = true", "at least one arm is on trial")


def _dates(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    start: date | None = parts.get("start")
    sites: tuple[Site, ...] = parts.get("sites") or ()
    for i, site in enumerate(sites):
        if start is not None and site.activation < start:
            yield Problem(
                "dates-out-of-order",
                f"sites[{i}].activation",
                f"{site.activation} for site {site.name}",
                f"no site opens before the trial's start, {start}",
            )


def _endpoints(parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
    times = [e.name for e in endpoints if isinstance(e, TimeToEvent)]
    if endpoints and not any(e.role == "primary" for e in endpoints):
        yield Problem("no-primary", "endpoints", "no endpoint with role = 'primary'", "at least one is primary")
    for i, endpoint in enumerate(endpoints):
        where = f"endpoints[{i}]"
        if isinstance(endpoint, Landmark) and endpoint.of not in times:
            yield Problem(
                "landmark-without-origin",
                f"{where}.of",
                repr(endpoint.of),
                f"a landmark is read from a time-to-event endpoint, which carries its origin: {', '.join(times) or 'none is defined'}",
                near(endpoint.of, times),
            )
        if isinstance(endpoint, Outcome):
            words = list(endpoint.results)
            for word in sorted({w for w in words if words.count(w) > 1}):
                yield Problem("duplicate-name", f"{where}", repr(word), "each result in one of the lists, once")
        if isinstance(endpoint, Toxicity) and endpoint.origin == "first dose":
            untreated = [a.name for a in parts.get("arms") or () if not a.regimen]
            if untreated:
                yield Problem(
                    "no-first-dose", f"{where}.origin", f"'first dose', and arm {', '.join(untreated)} is given nothing",
                    "'randomisation', or a regimen in every arm",
                )  # fmt: skip
        if isinstance(endpoint, Response):
            yield from _estimand(endpoint, where)
        if isinstance(endpoint, TimeToEvent):
            triggers = [c.when for c in endpoint.censoring] or ["no event"]
            for trigger in sorted({t for t in triggers if triggers.count(t) > 1}):
                yield Problem(
                    "duplicate-rule",
                    f"{where}.censoring",
                    f"{trigger!r} twice",
                    "each trigger once, in order",
                )
            yield from _estimand(endpoint, where)
            yield from _strata(endpoint, where, parts, raw)
            if triggers[-1] != "no event":
                yield Problem(
                    "censoring-open-end",
                    f"{where}.censoring",
                    f"a last rule for {triggers[-1]!r}",
                    "the last rule is for 'no event': it says where a patient without an event is censored",
                )
            if "death" in triggers and "death" in endpoint.events:
                yield Problem(
                    "death-twice",
                    f"{where}.censoring",
                    "'death'",
                    "death is an event of this endpoint already",
                )
            if "death" not in triggers and "death" not in endpoint.events:
                yield Problem(
                    "death-unsaid",
                    f"{where}",
                    "no word on death",
                    "death is either an event or a censoring rule",
                    "add {when = 'death', at = 'that day'}",
                )


def _strata(endpoint: TimeToEvent, where: str, parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Factors that the randomisation does not have; where it has problems of its own, those come first."""
    randomisation: Randomisation | None = parts.get("randomisation")
    if not endpoint.stratified_by or (randomisation is None and "randomisation" in raw):
        return
    known = [f.name for f in randomisation.factors] if randomisation is not None else []
    by = endpoint.stratified_by
    for i, name in enumerate(by):
        if name not in known:
            yield Problem(
                "unknown-factor", f"{where}.stratified_by[{i}]", repr(name),
                f"a factor of the randomisation: {', '.join(known) or 'it has none'}",
                near(name, known) or ("" if known else "leave `stratified_by` out, or state [[randomisation.factors]]"),
            )  # fmt: skip
    for name in sorted({n for n in by if by.count(n) > 1}):
        yield Problem("duplicate-name", f"{where}.stratified_by", repr(name), "each factor once")


def _estimand(endpoint: TimeToEvent | Response, where: str) -> Iterator[Problem]:
    """Strategies that the rules do not carry out, and rules that no strategy stands behind."""
    if endpoint.estimand is None:
        return
    where = f"{where}.estimand"
    if isinstance(endpoint, TimeToEvent):
        triggers = [c.when for c in endpoint.censoring]
        for event, given, allowed in contradictions(endpoint.estimand, endpoint.events, triggers):
            yield Problem("estimand", f"{where}.{event}", given, allowed)
        return
    for s in endpoint.estimand.intercurrent:
        allowed_here = ("while on treatment", "treatment policy") if s.event == "next therapy" else ()
        if s.strategy not in allowed_here:
            yield Problem(
                "estimand", f"{where}.{s.event}", repr(s.strategy),
                f"for a response: {' or '.join(allowed_here)}" if allowed_here else "for a response: next therapy only",
            )  # fmt: skip


def _populations(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    if "populations" not in parts or "endpoints" not in parts:
        return
    endpoints: tuple[Endpoint, ...] = parts["endpoints"]
    known = populations_of(parts["populations"], endpoints)
    landmarks = [e.name for e in endpoints if isinstance(e, Landmark)]
    for i, population in enumerate(parts["populations"]):
        for j, condition in enumerate(population.require):
            if condition.endpoint is not None and condition.endpoint not in landmarks:
                yield Problem(
                    "population-endpoint", f"populations[{i}].require[{j}].endpoint", repr(condition.endpoint),
                    f"a landmark endpoint: {', '.join(landmarks) or 'none is defined'}", near(condition.endpoint, landmarks),
                )  # fmt: skip
    for i, endpoint in enumerate(endpoints):
        if endpoint.population not in known:
            yield Problem(
                "unknown-population", f"endpoints[{i}].population", repr(endpoint.population),
                f"a population: {', '.join(known)}", near(endpoint.population, list(known)),
            )  # fmt: skip


def _monitoring(parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    monitoring: Monitoring | None = parts.get("monitoring")
    endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
    if parts.get("design") is not None and "monitoring" not in raw:
        yield Problem(
            "no-monitoring",
            "monitoring",
            "nothing",
            "a design needs [monitoring]: which endpoint, what while waiting",
        )
    if monitoring is None or "endpoints" not in parts:
        return
    names = [e.name for e in endpoints]
    rates = [e.name for e in endpoints if not isinstance(e, TimeToEvent)]
    # Which kind of endpoint a design needs is said by who makes its evidence.
    known = names if parts.get("design") is not None or "design" in raw else rates
    if monitoring.endpoint not in known:
        yield Problem(
            "monitored-endpoint",
            "monitoring.endpoint",
            repr(monitoring.endpoint),
            f"an endpoint of this file: {', '.join(known) or 'none is defined'}",
            near(monitoring.endpoint, known),
        )
    days = [d.days for d in monitoring.not_before]
    if days != sorted(days):
        yield Problem(
            "looks-out-of-order", "monitoring.not_before", str([str(d) for d in monitoring.not_before]),
            "a time for each look that is not before that of the look before",
        )  # fmt: skip
    cohort = monitoring.control_cohort
    if list(cohort) != sorted(cohort):
        yield Problem(
            "control-cohort",
            "monitoring.control_cohort",
            str(list(cohort)),
            "numbers that grow from look to look",
        )
    planned: int | None = parts.get("target_enrolment")
    if cohort and planned is not None and max(cohort) >= planned:
        yield Problem(
            "control-cohort", "monitoring.control_cohort", str(list(cohort)),
            f"fewer than the trial's {planned} patients, of whom some come onto the tested arm",
        )  # fmt: skip


def _eligibility_review(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Who is found ineligible leaves a place as the endpoint that the design looks at has it: filled again, or empty."""
    review: EligibilityReview | None = parts.get("eligibility_review")
    monitoring: Monitoring | None = parts.get("monitoring")
    if review is None or monitoring is None or review.ineligible == "failure":
        return
    for endpoint in parts.get("endpoints") or ():
        policy = getattr(endpoint, "not_evaluable", None)
        if endpoint.name in (monitoring.endpoint, monitoring.toxicity) and policy is not None:
            other = {"replace": "exclude", "exclude": "replace"}[review.ineligible]
            if policy == other or (review.ineligible == "exclude" and policy == "failure"):
                yield Problem(
                    "two-policies", "eligibility_review.ineligible", f"{review.ineligible!r}, and {endpoint.name}: {policy}",
                    "one policy for places: 'replace' with an endpoint that says 'replace' or 'failure', 'exclude' with one that says 'exclude'",
                )  # fmt: skip


def _history(parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    history: History | None = parts.get("history")
    endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
    times = [e.name for e in endpoints if isinstance(e, TimeToEvent)]
    if history is not None and endpoints:
        for i, curve in enumerate(history.curves):
            if curve.endpoint not in times:
                yield Problem(
                    "history-endpoint",
                    f"history.curves[{i}].endpoint",
                    repr(curve.endpoint),
                    f"a time-to-event endpoint: {', '.join(times)}",
                    near(curve.endpoint, times),
                )
    if history is not None and history.library is not None and endpoints and parts.get("monitoring") is not None:
        read = next((e for e in endpoints if e.name == parts["monitoring"].endpoint), None)
        if read is not None and not isinstance(read, Landmark):
            yield Problem(
                "library-without-landmark", "history.from", f"a library, for {read.name}",
                "a landmark as the monitored endpoint: past arms are read at one", "state history.rate with its source, without `from`",
            )  # fmt: skip
    if history is not None and history.borrowing is not None:
        if parts.get("arms") and all(a.tested for a in parts["arms"]):
            yield Problem(
                "borrowing-without-control", "history.borrowing", "no control arm",
                "an arm with tested = false: history is combined with concurrent controls",
            )  # fmt: skip
        check = parts.get("control_check")
        if history.library is None and (check is None or check.worth is None):
            yield Problem(
                "borrowing-from-nothing", "history.borrowing", "nothing to borrow from",
                "arms of a library in history.from, or what history is worth in control_check.worth",
            )  # fmt: skip
    if parts.get("control_check") is not None:
        if "history" not in raw:
            yield Problem("check-without-history", "control_check", "no [history]", "the check compares with [history]")
        if parts.get("arms") and all(a.tested for a in parts["arms"]):
            yield Problem("check-without-control", "control_check", "no control arm", "an arm with tested = false")
        monitoring = parts.get("monitoring")
        by_times = parts["control_check"].method == "one-sample log-rank"
        policy, design = parts["control_check"].on_caution, parts.get("design")
        tests = policy in ("randomised comparison", "re-estimate the hurdle")
        if tests and design is not None and getattr(design, "alpha", None) is None:
            yield Problem(
                "no-alpha", "control_check.on_caution", repr(policy),
                "'note' or 'stop': the design tests nothing, so that there is no type I error to test at",
            )  # fmt: skip
        if by_times and history is not None and monitoring is not None:
            of = next((e.of for e in endpoints if isinstance(e, Landmark) and e.name == monitoring.endpoint), None)
            if of is not None and of not in [c.endpoint for c in history.curves]:
                yield Problem(
                    "check-without-curve", "control_check.method", "no curve of " + of, "one in [[history.curves]]"
                )


def _table(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    table: TableMapping | None = parts.get("table")
    arms: tuple[Arm, ...] = parts.get("arms") or ()
    if table is None or not arms:
        return
    names = [a.name for a in arms]
    for word, arm in table.arms.items():
        if arm not in names:
            yield Problem("table-arm", f"table.arms.{word}", repr(arm), f"an arm: {', '.join(names)}", near(arm, names))
    factors = [*(parts["randomisation"].factors if parts.get("randomisation") else ()), *(parts.get("markers") or ())]
    for factor in (f for f in factors if f.name in table.levels):
        for word, level in table.levels[factor.name].words.items():
            if level not in factor.levels:
                where = f"table.factors.{factor.name}.words.{word}"
                allowed = f"a level of {factor.name}: {', '.join(factor.levels)}"
                yield Problem("table-level", where, repr(level), allowed, near(level, factor.levels))


def _forms(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    yield from forms_problems(parts.get("forms") or (), {s.name for s in parts.get("sites") or ()})


def _baseline(parts: Parts, _raw: Mapping[str, Any]) -> Iterator[Problem]:
    of_randomisation = parts["randomisation"].factors if parts.get("randomisation") else ()
    factors = {f.name: f for f in (*of_randomisation, *(parts.get("markers") or ()))}
    yield from definition_problems(parts.get("baseline") or (), factors)


def _funnel(_parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    yield from funnel_problems(raw)


def _provenance(parts: Parts, raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = set(paths(raw))
    for key in ("assumptions", "sources"):
        entries: tuple[Assumption | Source, ...] = parts.get(key) or ()
        for i, entry in enumerate(entries):
            for path in entry.of:
                if path not in known and not (
                    isinstance(entry, Assumption) and entry.missing and path in Trial.model_fields
                ):
                    yield Problem(
                        "unknown-path",
                        f"{key}[{i}].of",
                        repr(path),
                        "the path of an entry of this file, such as 'design.p0' or 'arms.CE'",
                        near(path, sorted(known)),
                    )


#: What is asked of each cohort in place of the whole trial.
_OF_A_COHORT = (_arms, how_arms_are_given, check_assessments, _monitoring, _history)
