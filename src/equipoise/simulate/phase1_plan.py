"""What all replicates of a simulated phase I share: the trial, what is true by dose level, and the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.simulated import Calendar
from equipoise.simulate.accrual import SiteRates
from equipoise.simulate.phase1_look import DeliveredLook
from equipoise.simulate.phase1_truth import CumulativeToxicity, Phase1Truth
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.toxicities import USUAL
from equipoise.simulate.virtual_patient import Leaving
from equipoise.trial.arm import Arm, Treatment
from equipoise.trial.endpoint import Outcome
from equipoise.trial.hand_over import phase1_arm
from equipoise.trial.phase1 import DltRule, DoseLevel, Phase1
from equipoise.trial.problem import BadInput, Problem, near
from equipoise.trial.seriousness import by_grade
from equipoise.trial.trial import Trial


@dataclass(frozen=True, eq=False)
class Phase1Plan:
    """A simulated phase I: run it with ``phase1_run.run``. ``arm``: the arm that is treated at the levels; ``drug``: how it is given; ``drugs``: of a combination, both."""

    trial: Trial
    scenario: Scenario
    seed: int
    arm: Arm
    drug: Treatment
    drugs: tuple[Treatment, ...]
    rates: SiteRates
    leaving: Leaving
    #: What is recorded of a DLT that is drawn as such.
    dlt_event: Mapping[str, Any]
    #: What is asked of the doses that were given, before the declared level is handed over.
    look: DeliveredLook | None = None
    #: Answers of the design to histories that were met; they follow from the history alone.
    asked: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def phase1(self) -> Phase1:
        """[phase1] of the trial file."""
        assert self.trial.phase1 is not None, "a plan is of a trial with [phase1]"
        return self.trial.phase1

    @cached_property
    def coming(self) -> Trial:
        """The trial as patients come to its phase I: from its first day, at the sites that the scenario says."""
        first, said = self.trial.first_day, self.truth
        sites = self.trial.sites
        if said.sites:
            sites = tuple(
                s.model_copy(update={"activation": first, "rate": said.rate or s.rate})
                for s in sites
                if s.name in said.sites
            )
        return self.trial.model_copy(update={"start": first, "sites": sites})

    @property
    def truth(self) -> Phase1Truth:
        """What is true in phase I."""
        assert self.scenario.phase1 is not None, "a plan is of a scenario with [phase1]"
        return self.scenario.phase1

    @property
    def true_window(self) -> int:
        """Days in which DLTs that are drawn as such come."""
        return (self.truth.window or self.phase1.window).days

    @property
    def response(self) -> Outcome | None:
        """The endpoint whose results are drawn; None where the design asks for no responses."""
        found = self.trial.endpoint_by_name.get(self.phase1.response or "")
        return found if isinstance(found, Outcome) else None

    @property
    def labels(self) -> Sequence[str]:
        """The levels' labels, rising."""
        return [x.label for x in self.trial.dose_levels]

    @classmethod
    def of(cls, trial: Trial, scenario: Scenario, seed: int, look: DeliveredLook | None = None) -> Phase1Plan:
        """Check that the scenario fits the trial. Raises BadInput with every problem."""
        trial = trial.handed_over(None, from_first=True) if trial.in_parts else trial
        problems = list(_problems(trial, scenario))
        if problems:
            raise BadInput(f"scenario {scenario.id}", problems)
        assert trial.phase1 is not None, "judged above"
        arm, drugs = _given_in(trial)
        return cls(
            trial, scenario, seed, arm, drugs[0], drugs, SiteRates.of(scenario.accrual), Leaving.of(scenario), _event_of(trial.phase1), look
        )  # fmt: skip

    def true_dlt(self) -> DoseTruth:
        """The true probability of a DLT within the trial file's window, by level: of those that are drawn as such, and of cumulative
        toxicities that a rule of the file counts; of who is given every dose on its day."""
        found = []
        for number, label in enumerate(self.labels, 1):
            free = 1 - self._in_time(self.truth.dlt[label])
            for toxicity in self.truth.cumulative:
                if counts_as_dlt(self.phase1, event_of_cumulative(toxicity)):
                    free *= math.exp(-self.hazard(toxicity, number, self.doses_within(self.phase1.window.days)))
            found.append(1 - free)
        response = self.truth.response
        return DoseTruth(tuple(found), () if response is None else tuple(response[x] for x in self.labels))

    def _in_time(self, rate: float) -> float:
        """Of a probability of a DLT in the truth's window, that of one in the file's."""
        share = self.phase1.window.days / self.true_window
        if share >= 1:
            return rate
        return Calendar(1.0, 1.0, late=self.truth.late).chance_by(share, rate)

    def doses_within(self, days: int) -> int:
        """How many doses of the level's drug are planned on the first ``days`` days from the first dose."""
        first = min(self.drug.days)
        length = self.drug.cycle_length.days
        return sum(c * length + d - first < days for c in range(self.truth.cycles) for d in self.drug.days)

    def hazard(self, toxicity: CumulativeToxicity, level: int, doses: float) -> float:
        """Cumulative hazard of a toxicity after so many full doses at a level (from 1)."""
        return self.hazard_given(toxicity, level, doses * self.trial.dose_levels[level - 1].dose)

    def hazard_given(self, toxicity: CumulativeToxicity, level: int, amount: float) -> float:
        """Cumulative hazard of a toxicity after an amount of the drug, of who is assigned to a level (from 1)."""
        label = self.labels[level - 1]
        if len(toxicity.risk) == 1:
            label = next(iter(toxicity.risk))
        full = self.trial.dose_levels[self.labels.index(label)].dose * toxicity.cycles * len(self.drug.days)
        return float(-math.log1p(-toxicity.risk[label]) * (amount / full) ** toxicity.shape)


def event_of_cumulative(toxicity: CumulativeToxicity) -> dict[str, Any]:
    """What is recorded of a cumulative toxicity."""
    serious = toxicity.grade > USUAL
    said: dict[str, Any] = {"term": toxicity.term, "grade": toxicity.grade, "serious": serious, "related": True}
    if serious:
        said["criteria"] = by_grade(toxicity.grade)
    return said | ({"organ_class": toxicity.organ_class} if toxicity.organ_class is not None else {})


def counts_as_dlt(phase1: Phase1, event: Mapping[str, Any]) -> bool:
    """Whether an event with these details is a DLT by a rule of the file, however long it lasts."""
    return any(rule.concerns(event) for rule in phase1.dlt.rules if rule.lasting_longer_than is None)


def _given_in(trial: Trial) -> tuple[Arm, tuple[Treatment, ...]]:
    """The arm whose regimen patients of phase I are given, and how it gives the levels' drugs."""
    arm = phase1_arm(trial)
    assert arm is not None, "the file has a regimen with the levels' drug"
    return arm, tuple(next(t for t in arm.regimen if t.drug == told.drug) for told in trial.dose_levels[0].doses)


def _event_of(phase1: Phase1) -> dict[str, Any]:
    """An event that is a DLT on its first day: by the first rule that asks for no length of time."""
    rule = next(r for r in phase1.dlt.rules if r.lasting_longer_than is None)
    grade = rule.grade_at_least or USUAL
    said: dict[str, Any] = {
        "term": _term(rule),
        "grade": grade,
        "serious": grade > USUAL,
        "related": rule.related != "no",
    }
    if grade > USUAL:
        said["criteria"] = by_grade(grade)
    return said | ({"organ_class": rule.organ_classes[0]} if rule.organ_classes else {})


def _term(rule: DltRule) -> str:
    excepted = {t.casefold() for t in rule.exceptions}
    return next((t for t in rule.terms if t.casefold() not in excepted), "dose-limiting toxicity")


def _problems(trial: Trial, scenario: Scenario) -> Iterator[Problem]:
    """What a simulated phase I needs of the trial and of the scenario."""
    truth = scenario.phase1
    if trial.phase1 is None:
        yield Problem("no-phase1", "phase1", "nothing in the trial file", "[phase1] and [[dose_levels]]")
    if truth is None:
        yield Problem("phase1-unsaid", "phase1", "nothing", "[phase1] in the scenario: what is true by dose level")
    if not trial.sites:
        yield Problem("not-simulable", "sites", "nothing in the trial file", "a simulation needs [[sites]]")
    if trial.phase1 is None:
        return
    if not any(r.lasting_longer_than is None for r in trial.phase1.dlt.rules):
        allowed = "a rule without `lasting_longer_than`, which a simulated event can meet on its day"
        yield Problem("not-simulable", "phase1.dlt.rules", "none", allowed)
    if truth is None:
        return
    yield from _by_level("phase1.dlt", truth.dlt, trial.dose_levels, whole=True)
    yield from _of_responses(trial, truth)
    for i, toxicity in enumerate(truth.cumulative):
        yield from _by_level(
            f"phase1.cumulative[{i}].risk", toxicity.risk, trial.dose_levels, whole=len(toxicity.risk) > 1
        )
    yield from _of_two_drugs(trial, truth)
    names = [s.name for s in trial.sites]
    for name in truth.sites:
        if trial.sites and name not in names:
            yield Problem("unknown-site", "phase1.sites", repr(name), f"a site: {', '.join(names)}", near(name, names))
    if truth.rate is not None and not truth.sites:
        yield Problem("rate-of-none", "phase1.rate", f"{truth.rate:g}", "with `sites`, whose rate it is")
    if not truth.sites and any(s.activation < trial.first_day for s in trial.sites):
        yield Problem("before-start", "phase1.sites", "nothing", "the sites of phase I: others open before it")
    if truth.waits_at_most is not None and truth.waiting_list == 0:
        yield Problem("nobody-waits", "phase1.waits_at_most", str(truth.waits_at_most), "with a `waiting_list`")
    drugs = [t for a in trial.arms for t in a.regimen if trial.dose_levels and t.drug == trial.dose_levels[0].drug]
    if drugs:
        most, window = truth.cycles * drugs[0].cycle_length.days, trial.phase1.window.days
        if most < window:
            given = f"{truth.cycles} cycles, {most} days"
            yield Problem("cycles", "phase1.cycles", given, f"as many as fill the window of {trial.phase1.window}")


def _of_responses(trial: Trial, truth: Phase1Truth) -> Iterator[Problem]:
    """Response rates of a design that asks for none, or their lack; an endpoint whose results are not simulated."""
    assert trial.phase1 is not None, "judged before"
    labels = [x.label for x in trial.dose_levels]
    asked, endpoint = trial.phase1.response, trial.endpoint_by_name.get(trial.phase1.response or "")
    if asked is None:
        if truth.response is not None:
            yield Problem("response", "phase1.response", "rates", "nothing: the design decides from DLTs alone")
        return
    if not isinstance(endpoint, Outcome):
        allowed = "an endpoint of kind 'outcome': responses of another kind are not simulated in phase I"
        yield Problem("not-simulable", "phase1.response", repr(asked), allowed)
    if truth.response is None:
        allowed = f"a probability for each of {', '.join(labels)}: the design asks for responses"
        yield Problem("response", "phase1.response", "nothing", allowed)
    else:
        yield from _by_level("phase1.response", truth.response, trial.dose_levels, whole=True, rises=False)


def _of_two_drugs(trial: Trial, truth: Phase1Truth) -> Iterator[Problem]:
    """What is not simulated of combinations."""
    if all(x.second is None for x in trial.dose_levels):
        return
    allowed = "'stops' or 'goes on': of two drugs nothing says which is reduced"
    if truth.dlt_then == "reduces":
        yield Problem("not-simulable", "phase1.dlt_then", "'reduces'", allowed)
    if truth.cumulative:
        allowed = "nothing: cumulative toxicity is that of one drug"
        yield Problem("not-simulable", "phase1.cumulative", "a table", allowed)


def _by_level(
    where: str, given: Mapping[str, float], levels: Sequence[DoseLevel], *, whole: bool, rises: bool = True
) -> Iterator[Problem]:
    """Labels that the trial has not, levels of which nothing is said, and less at a higher dose; of two drugs where neither is lower."""
    labels = [x.label for x in levels]
    for label in given:
        if label not in labels:
            yield Problem(
                "unknown-level", f"{where}.{label}", repr(label), f"a level: {', '.join(labels)}", near(label, labels)
            )
    missing = [x for x in labels if x not in given] if whole else []
    if missing:
        yield Problem(
            "level-unsaid", where, f"nothing of {', '.join(missing)}", f"a probability for each of {', '.join(labels)}"
        )
    told = [x for x in levels if x.label in given]
    values = [given[x.label] for x in told]
    falls = any(
        given[a.label] > given[b.label]
        for a, b in combinations(told, 2)
        if all(p.dose <= q.dose for p, q in zip(a.doses, b.doses, strict=False))
    )
    if rises and falls:
        yield Problem("falls", where, ", ".join(f"{v:g}" for v in values), "no less at a higher dose")
