"""Sites and patients by a scenario: every draw by its own name, so that none depends on what was asked before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from equipoise.simulate import accrual
from equipoise.simulate.amended import Amendments, at_plan
from equipoise.simulate.baseline_truth import baseline_of
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.exposed import Treated, treated
from equipoise.simulate.exposed_samples import samples
from equipoise.simulate.exposure_model import Responses
from equipoise.simulate.happening import Happening
from equipoise.simulate.patient_draws import PatientDraws
from equipoise.simulate.plan import Plan
from equipoise.simulate.source import Candidate, Life
from equipoise.simulate.virtual_patient import fate, life
from equipoise.trial.trial import Trial


class FromScenario:
    """One replicate of a plan. ``detail`` adds doses, adverse events and contacts to what is recorded."""

    def __init__(self, plan: Plan, replicate: int, detail: bool, amending: Amendments | None = None) -> None:
        self.plan, self.replicate, self.detail = plan, replicate, detail or not plan.ordinary
        self.trial, self.amending = plan.trial, amending
        self._responses = Responses(plan.exposed, plan.seed, replicate) if plan.exposed is not None else None
        self._draws = PatientDraws(plan.widths, plan.seed, replicate)

    def draws_of(self, index: int) -> Mapping[str, Sequence[float]]:
        """The numbers of a candidate, by purpose."""
        return self._draws.of(index)

    def openings(self) -> Iterator[tuple[date, str]]:
        """The day on which each site opens."""
        opens = accrual.openings(self.trial, self.plan.rates, self.plan.seed, self.replicate)
        for site, (day, _) in zip(self.trial.sites, opens, strict=True):
            yield self.trial.start + timedelta(days=day), site.name

    def arrivals(self) -> Iterator[tuple[date, str]]:
        """On which day and at which site each candidate comes, in order."""
        for day, site in accrual.arrivals(self.trial, self.plan.rates, self.plan.seed, self.replicate):
            yield self.trial.start + timedelta(days=day), self.trial.sites[site].name

    def candidate(self, index: int) -> Candidate | None:
        """Who comes as number ``index`` (from 0); None for one who fails screening where there are no criteria to fail."""
        own, name = self._draws.of(index)["patient"], f"P{index + 1:04d}"
        if own[0] < self.plan.scenario.screening_failure:
            failed = [1 + int(own[15] * len(self.trial.eligibility))] if self.trial.eligibility else []
            return Candidate(name, failed, {}) if failed else None
        factors, stratum = {}, 0
        for factor, levels, u in zip(self.trial.factors, self.plan.levels, [*own[1:4], *own[8:15]], strict=False):
            level = min(bisect_right(levels, u), len(levels) - 1)
            factors[factor.name] = factor.levels[level]
            stratum = stratum * len(levels) + level
        truths = self.plan.scenario.baseline
        told = baseline_of(self.trial, truths, self._draws.of(index)["baseline"]) if self.detail and truths else {}
        return Candidate(name, [], factors, stratum, told)

    def life(self, index: int, who: Candidate, arm: str, site: str, day: date) -> Life:
        """What becomes of that candidate who came onto an arm at a site on a day."""
        plan, draws = self.plan, self._draws.of(index)
        course = plan.courses[arm].strata[who.stratum]
        exposed = self.treated(index, who, arm, site, day)
        first, dies = (None, HORIZON + 1) if exposed is None else (exposed.first, exposed.dies)
        what = fate(self.trial, plan.scenario, course, plan.toxicity[arm], plan.leaving, draws, first, dies)
        if self.detail and exposed is not None and self.trial.samples:
            exposed.samples = self._samples(index, exposed, what.off_study)
        things = life(
            self.trial, plan.scenario, arm, what, plan.leaving, draws,
            response=plan.responses[arm], detail=self.detail, contacts=plan.contacts,
            doses=arm in plan.dosed, counts=plan.counted_on(arm), exposed=exposed,
        )  # fmt: skip
        return Life(what.off_study, things)

    def _samples(self, index: int, found: Treated, end: int) -> list[Happening]:
        """What is measured of him, as the trial file asks."""
        assert self.plan.exposed is not None
        assert self._responses is not None
        _, covariates = self._responses.of(index)
        own = self._responses.patient(index)
        return samples(self.trial.samples, self.plan.exposed, own, found.happenings, covariates, end)

    def treated(self, index: int, who: Candidate, arm: str, site: str, day: date) -> Treated | None:
        """His treatment and what came of it, where his arm gives the drug whose exposure has a say."""
        plan, exposed = self.plan, self.plan.exposed
        if exposed is None or self._responses is None or arm not in exposed.arms:
            return None
        draws, course = self._draws.of(index), plan.courses[arm].strata[who.stratum]
        unit, covariates = self._responses.of(index)

        def off_study(first: int, dies: int) -> int:
            return fate(
                self.trial, plan.scenario, course, plan.toxicity[arm], plan.leaving, draws, first, dies
            ).off_study

        def in_force(after: int) -> Trial:
            if self.amending is None:
                return self.trial
            return self.amending.in_force(self.trial, site, day + timedelta(days=after))

        return treated(
            self.trial.arm_by_name[arm].regimen, plan.scenario.arms[arm], exposed, course, unit, covariates, draws,
            lambda after: in_force(after).dose_modifications or exposed.truth.modifications, lambda after, data: at_plan(data, arm, self.trial, in_force(after)), off_study,
        )  # fmt: skip
