"""What all replicates of a simulation share: the trial, its design, the truth calibrated once, and the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

from equipoise.decide.watch.survival import watched_endpoint
from equipoise.simulate.accrual import SiteRates, expected_arrivals
from equipoise.simulate.baseline_truth import baseline_problems
from equipoise.simulate.day_table import HORIZON, DayTable
from equipoise.simulate.disease import ArmCourse
from equipoise.simulate.exposed import EACH
from equipoise.simulate.exposure_model import Exposed, exposure_problems, model_of
from equipoise.simulate.scenario import Scenario, Visits
from equipoise.simulate.toxicities import may_count, only_fatal
from equipoise.simulate.truth import calibrated, response_shown, true_response
from equipoise.simulate.virtual_patient import Leaving, toxic_death, widths
from equipoise.simulate.watched import MOST_RULES, needs_contacts, only_deaths
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.design import Design
from equipoise.trial.endpoint import Binary, Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.evidence import (
    Evidence,
    ReferenceStatistic,
    StatisticEvidence,
    ToxicityEvidence,
    TwoArmEvidence,
)
from equipoise.trial.population import ITT
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import WhatCounts

Waiting = Literal["continue", "pause", "cap"]
#: Events that virtual patients may have, or never have: theirs are documented by scans.
_EVENTS = {"progression", "documented progression", "clinical progression", "death"}
_CENSORING = {"withdrawal", "loss", "death", "no event"}


@dataclass(frozen=True, eq=False)
class Plan:
    """A simulation: run it with ``run`` (the reference, through the log) or with ``kernel`` (compiled).

    ``levels``: for each factor its levels' cumulative probabilities. ``cap``: how many more are randomised while a
    look is awaited, 0 unless ``waiting`` is 'cap'. ``responses``: for each arm the probability of a response, seen or not. ``contacts``: whether decisions depend on contacts for survival.
    """

    trial: Trial
    scenario: Scenario
    seed: int
    waiting: Waiting
    cap: int
    courses: Mapping[str, ArmCourse]
    responses: Mapping[str, float]
    toxicity: Mapping[str, DayTable]
    leaving: Leaving
    rates: SiteRates
    levels: tuple[tuple[float, ...], ...]
    widths: Mapping[str, int]
    contacts: bool
    #: What follows from a drug's concentrations, where the scenario says it.
    exposed: Exposed | None = None

    @property
    def usual(self) -> bool:
        """True if the compiled kernel can run it: it is ordinary, and nothing hangs on exposure."""
        return self.ordinary and self.exposed is None

    @property
    def ordinary(self) -> bool:
        """True if the compiled kernel knows the monitored endpoint's rules; others need the reference, and all that is recorded.

                Unknown to it: assessors other than the investigator; times that are not of progression and death, not of all who entered,
        or are censored by what is not drawn without detail; toxicities; eligibility reviewed after entry; minimisation; a design that
        sizes more than its last stage, or whose evidence it does not bring (``_known_looks``); a comparison in strata; safety rules on
        survival with such times; more safety rules than a whole number has bits.
        """
        monitored = self.trial.monitored
        if monitored.sized and len(monitored.looks) > 2:
            return False
        if not self._known_looks or len(self.trial.safety) > MOST_RULES:
            return False
        for rule in self.trial.safety:
            times = watched_endpoint(rule, self.trial.endpoints) if rule.on_endpoint else None
            if times is not None and (times.stratified_by or not _known(times)):
                return False
        if self.trial.eligibility_review is not None:
            return False
        if self.trial.randomisation is not None and self.trial.randomisation.minimises:
            return False
        if isinstance(monitored.endpoint, Toxicity) or isinstance(monitored.toxicity, Toxicity):
            return False
        if isinstance(monitored.endpoint, Response):
            return monitored.endpoint.assessor == INVESTIGATOR
        if monitored.times is not None and monitored.times.stratified_by and monitored.control is not None:
            return False
        return monitored.times is None or _known(monitored.times)

    def counted_on(self, arm: str) -> Sequence[WhatCounts]:
        """The adverse events on an arm that are recorded because a safety rule asks for them."""
        return self._counted.get(arm, ())

    @cached_property
    def _counted(self) -> Mapping[str, Sequence[WhatCounts]]:
        asking = [rule for rule in self.trial.safety if not only_deaths(rule)]
        return {a.name: [rule.counted for rule in asking if a.name in rule.arms] for a in self.trial.arms}

    @cached_property
    def dosed(self) -> frozenset[str]:
        """The arms whose first doses safety rules ask for."""
        return frozenset(arm for rule in self.trial.safety if rule.of_the_treated for arm in rule.arms)

    @property
    def _known_looks(self) -> bool:
        """Whether the kernel knows what the looks are on, and can ask the rule of what they bring."""
        m = self.trial.monitored
        if m.by_cohort:
            # A place that stays empty at a look before changes on how many of both arms it was.
            two = m.design.takes is TwoArmEvidence and m.policy != "exclude"
            return two or m.design.takes in (Evidence, ToxicityEvidence)
        # A question is one whole number of what all looks attained.
        short = (self.trial.target_enrolment + 1) ** len(m.looks) * len(m.looks) < 2**62
        return short and m.design.takes in (StatisticEvidence, ReferenceStatistic)

    @property
    def design(self) -> Design[Any]:
        """The trial's design."""
        return self.trial.monitored.design

    @classmethod
    def of(
        cls,
        trial: Trial,
        scenario: Scenario,
        seed: int,
        waiting: Waiting | None = None,
        cap: int | None = None,
        courses: Mapping[str, ArmCourse] | None = None,
    ) -> Plan:
        """Check that the scenario fits the trial, and calibrate it. Raises BadInput with every problem.

        ``courses``: the disease as it was calibrated for another plan, so that it stays what it was when the scans or
        the landmark change, by which a rate "as the scans show it" is meant.
        """
        problems = scenario_problems(trial, scenario)
        way = waiting or (trial.monitoring.while_waiting if trial.monitoring is not None else "continue")
        planned = trial.monitoring.cap if trial.monitoring is not None else None
        more = (cap if cap is not None else planned) if way == "cap" else 0
        if more is None or more < 0:
            given = "nothing" if more is None else str(more)
            problems.append(
                Problem("cap", "cap", given, "how many more patients are randomised while a look is awaited")
            )
        unreachable = any(p.code == "beyond-follow-up" for p in problems)
        if courses is None and not unreachable and _has_what_a_disease_needs(trial, scenario):
            try:
                courses = calibrated(trial, _sound(scenario, problems))
            except BadInput as bad:
                problems.extend(bad.problems)
        responses: dict[str, float] = {}
        if courses is not None:
            responses, found = _responses(trial, scenario, courses)
            problems.extend(found)
        if problems or courses is None or more is None:
            raise BadInput(f"scenario {scenario.id}", problems)
        stated = scenario.exposure
        model = model_of(trial, stated) if stated is not None else None
        monitored, factors = trial.monitored, trial.factors
        shares = [scenario.factors.get(f.name) or (1 / len(f.levels),) * len(f.levels) for f in factors]
        return cls(
            trial,
            scenario,
            seed,
            way,
            more,
            courses,
            responses,
            {name: toxic_death(truth) for name, truth in scenario.arms.items()},
            Leaving.of(scenario),
            SiteRates.of(scenario.accrual),
            tuple(tuple(accumulate(s)) for s in shares),
            widths(trial) | ({"exposure": EACH * len(stated.events)} if stated is not None else {}),
            (monitored.times is not None and any(rule.at == "last contact" for rule in monitored.times.censoring))
            or any(needs_contacts(trial, rule) for rule in trial.safety),
            Exposed.of(trial, stated, model) if stated is not None and model is not None else None,
        )


def _known(times: TimeToEvent) -> bool:
    """Whether the kernel knows a time's events and what censors it."""
    progression = {"progression", "documented progression"} & {*times.events}
    # A next therapy is given for a progression that was seen: where that is the event, it censors nothing.
    censoring = _CENSORING | ({"next therapy"} if progression else set())
    return (
        {*times.events} <= _EVENTS
        and {rule.when for rule in times.censoring} <= censoring
        and all(rule.at != "origin" for rule in times.censoring)
        and times.assessor == INVESTIGATOR
        and times.population == ITT
    )


def _has_what_a_disease_needs(trial: Trial, scenario: Scenario) -> bool:
    """Whether the parts are there without which nothing can be said of the disease."""
    parts = trial.monitoring is not None and trial.design is not None and trial.assessments is not None
    return parts and sorted(scenario.arms) == sorted(a.name for a in trial.arms)


def _sound(scenario: Scenario, problems: Sequence[Problem]) -> Scenario:
    """The scenario without the entries that are already found wrong, so that they hide nothing about the disease."""
    wrong = {p.where for p in problems}
    kept: dict[str, Any] = {
        table: {n: v for n, v in getattr(scenario, table).items() if f"{table}.{n}" not in wrong}
        for table in ("factors", "prognosis")
    }
    if "visits.jitter" in wrong:
        kept["visits"] = Visits(missed=scenario.visits.missed)
    return scenario.model_copy(update=kept) if wrong else scenario


def scenario_problems(trial: Trial, scenario: Scenario) -> list[Problem]:
    """What a scenario needs of the trial, and the trial of it."""
    problems = []
    names = [a.name for a in trial.arms]
    if sorted(scenario.arms) != sorted(names):
        given = ", ".join(scenario.arms) or "none"
        problems.append(Problem("scenario-arms", "arms", given, f"a truth for each arm: {', '.join(names)}"))
    for part in ("monitoring", "assessments", "sites"):
        if not getattr(trial, part):
            problems.append(Problem("not-simulable", part, "nothing in the trial file", f"a simulation needs [{part}]"))
    if trial.as_recorded:
        problems.append(Problem("not-simulable", "randomisation.method", "'as recorded'", "'permuted blocks'"))
    if len(trial.factors) > 10:
        problems.append(Problem("not-simulable", "randomisation.factors", str(len(trial.factors)), "at most 10"))
    problems.extend(_factor_problems(trial, scenario))
    problems.extend(baseline_problems(trial, scenario.baseline))
    if scenario.ineligible and trial.eligibility_review is None:
        problems.append(
            Problem(
                "no-review",
                "ineligible",
                f"{scenario.ineligible:g}",
                "[eligibility_review] in the trial file, which finds them",
            )
        )
    if scenario.exposure is not None:
        truths = {name: truth.adverse_events for name, truth in scenario.arms.items()}
        problems.extend(exposure_problems(trial, scenario.exposure, truths))
    problems.extend(_said_of_adverse_events(trial, scenario))
    problems.extend(_cohort_problems(trial, scenario))
    if trial.design is None:
        problems.append(Problem("not-simulable", "design", "nothing in the trial file", "a simulation needs [design]"))
    elif trial.monitoring is not None:
        problems.extend(_endpoint_problems(trial, scenario))
    if trial.assessments is not None:
        first, every = trial.assessments.first.days, trial.assessments.every.days
        reach = scenario.visits.jitter.days
        if first - reach < 1 or 2 * reach >= every:
            most = min(first - 1, (every - 1) // 2)
            problems.append(
                Problem("jitter", "visits.jitter", f"{reach} days", f"at most {most} days: scans keep their order")
            )
    if trial.sites:
        arrive = expected_arrivals(trial, scenario.accrual) * (1 - scenario.screening_failure)
        if arrive < trial.target_enrolment:
            problems.append(
                Problem(
                    "never-full", "accrual", f"{arrive:.0f} eligible patients expected before the trial is given up, ten years after its last site opens",
                    f"at least the {trial.target_enrolment} to be randomised", "raise accrual.pace, add sites or rates",
                )
            )  # fmt: skip
    return problems


def _responses(
    trial: Trial, scenario: Scenario, courses: Mapping[str, ArmCourse]
) -> tuple[dict[str, float], list[Problem]]:
    """Each arm's probability of a response, and where none gives the rate that the scans are to show."""
    found: dict[str, float] = {}
    problems = []
    for name, truth in scenario.arms.items():
        where, given = f"arms.{name}.observed_response", truth.observed_response
        shown = response_shown(courses[name], trial, scenario, truth) if given is not None else None
        if given is not None and shown is None:
            problems.append(
                Problem(
                    "observed-response", where, f"{given:g}",
                    "a response that the design looks at, with every scan made on its day", "give `response`",
                )
            )  # fmt: skip
        elif given is not None and shown is not None and given > shown:
            problems.append(
                Problem(
                    "impossible-truth", where, f"{given:g}",
                    f"at most {shown:.3f}: the others progress or die before the scan that shows a response",
                )
            )  # fmt: skip
        found[name] = true_response(truth, shown)
    return found, problems


def _endpoint_problems(trial: Trial, scenario: Scenario) -> Iterator[Problem]:
    """Whether virtual patients can have the monitored endpoint."""
    monitored = trial.monitored
    of = monitored.times
    if of is not None and of.origin != "randomisation":
        yield Problem("not-simulable", f"endpoints.{of.name}.origin", repr(of.origin), "'randomisation'")
    for endpoint in (monitored.endpoint, monitored.toxicity):
        if endpoint is not None and not isinstance(endpoint, TimeToEvent):
            yield from _yes_or_no_problems(endpoint, scenario)


def _said_of_adverse_events(trial: Trial, scenario: Scenario) -> Iterator[Problem]:
    """What the scenario says of toxicities and recorded outcomes, held against the endpoints of the file."""
    kinds = {"toxicities": ("toxicity", Toxicity), "outcomes": ("outcome", Outcome)}
    watched = (trial.monitoring.endpoint, trial.monitoring.toxicity) if trial.monitoring is not None else ()
    for arm, truth in scenario.arms.items():
        for table, (kind, of) in kinds.items():
            known = [e.name for e in trial.endpoints if isinstance(e, of)]
            for name in getattr(truth, table):
                if name not in known:
                    yield Problem(
                        f"unknown-{kind}", f"arms.{arm}.{table}.{name}", f"not an endpoint of kind {kind!r}",
                        ", ".join(known) or "none is defined",
                    )  # fmt: skip
        for endpoint in (e for e in trial.endpoints if isinstance(e, Toxicity)):
            where, said = f"arms.{arm}.toxicities.{endpoint.name}", endpoint.name in truth.toxicities
            drawn = [e.term for e in truth.adverse_events if may_count(e, endpoint.counts)]
            if said and drawn:
                yield Problem(
                    "toxicity-twice", where, f"beside adverse_events that may count: {', '.join(drawn)}",
                    f"one of the two: {endpoint.counts}", "leave one out",
                )  # fmt: skip
            if said and only_fatal(endpoint.counts):
                yield Problem(
                    "toxicity-fatal", where, "an event of which everybody dies",
                    "an event of `adverse_events` with `fatal`: who dies of it is not seen again",
                )  # fmt: skip
            if not said and not drawn and endpoint.name in watched:
                yield Problem(
                    "toxicity-unsaid", where, "nothing",
                    f"its probability, or an event of `adverse_events` that may count ({endpoint.counts}): the design looks at it",
                )  # fmt: skip


def _yes_or_no_problems(endpoint: Binary, scenario: Scenario) -> Iterator[Problem]:
    if isinstance(endpoint, Outcome):
        for name, truth in scenario.arms.items():
            if endpoint.name not in truth.outcomes:
                yield Problem(
                    "outcome-unsaid", f"arms.{name}.outcomes.{endpoint.name}", "nothing",
                    f"the probability of {' or '.join(endpoint.success)}: the design looks at this outcome",
                )  # fmt: skip
    end = endpoint.landmark if isinstance(endpoint, Landmark) else (
        endpoint.within if isinstance(endpoint, Response | Toxicity) else endpoint.due
    )  # fmt: skip
    if end is not None and end.days + endpoint.window.days >= HORIZON:
        yield Problem(
            "beyond-follow-up", f"endpoints.{endpoint.name}", f"{end} and {endpoint.window}",
            f"less than the {HORIZON / 365.25:.0f} years for which virtual patients are followed",
        )  # fmt: skip


def _cohort_problems(trial: Trial, scenario: Scenario) -> Iterator[Problem]:
    """Truths of cohorts that the trial does not have, and of arms that a cohort does not have."""
    for name, truth in scenario.cohorts.items():
        if name not in trial.cohort_names:
            allowed = (
                f"a cohort of the trial: {', '.join(trial.cohort_names)}"
                if trial.cohorts
                else "this trial has no cohorts"
            )
            yield Problem("unknown-cohort", f"cohorts.{name}", repr(name), allowed)
            continue
        arms = [a.name for a in trial.cohort(name).arms]
        for arm in truth.arms:
            if arm not in arms:
                yield Problem(
                    "unknown-arm", f"cohorts.{name}.arms.{arm}", repr(arm), f"an arm of the cohort: {', '.join(arms)}"
                )


def _factor_problems(trial: Trial, scenario: Scenario) -> list[Problem]:
    problems = []
    levels = {f.name: f.levels for f in trial.factors}
    for table, code, what in (
        ("factors", "factor-shares", "probabilities that add up to 1"),
        ("prognosis", "factor-ratios", "hazard multipliers"),
    ):
        for name, values in getattr(scenario, table).items():
            where = f"{table}.{name}"
            if name not in levels:
                allowed = ", ".join(levels) or "none"
                problems.append(Problem("unknown-factor", where, "not a factor of the trial", allowed))
            elif len(values) != len(levels[name]) or (table == "factors" and abs(sum(values) - 1) > 1e-9):
                allowed = f"{len(levels[name])} {what}, for {', '.join(levels[name])}"
                problems.append(Problem(code, where, str(list(values)), allowed))
    return problems
