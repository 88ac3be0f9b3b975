"""Feasibility: a funnel beside what the sites promise and what trials took; months to each look; orphan thresholds; accrual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from equipoise.simulate.funnel import Funnel, Passed, Rate, Relaxed
from equipoise.simulate.scenario import Accrual, Scenario
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.funnel import Orphan
from equipoise.trial.part import MOST_PATIENTS, MOST_RATIO, Part
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import Site
from equipoise.trial.trial import Trial

#: Patients a month below which there is no trial: one in eight thousand years.
_LEAST = 1e-5
#: The largest coefficient of variation of a site that a scenario takes.
_MOST_VARIES = 5.0


class Past(Part):
    """What a trial took: so many patients in so many months, of so many cases a year."""

    trial: str = Field(min_length=1)
    disease: str = Field(min_length=1)
    patients: int = Field(ge=1, le=MOST_PATIENTS)
    months: float = Field(gt=0)
    sites: int = Field(ge=1)
    cases_a_year: float = Field(gt=0, description="New cases of the disease and stage it enrolled from.")
    source: str = Field(min_length=1)
    note: str = ""

    @property
    def per_month(self) -> float:
        """Patients a month."""
        return self.patients / self.months

    @property
    def share(self) -> float:
        """Of the cases of a month, those who were enrolled."""
        return self.per_month * 12 / self.cases_a_year


@dataclass(frozen=True)
class Compared:
    """A past trial beside this funnel. ``would_be``: its share of this funnel's cases, patients a month."""

    trial: str
    disease: str
    per_month: float
    per_site_month: float
    share: float
    would_be: float
    source: str
    note: str


@dataclass(frozen=True)
class Until:
    """Months until so many are enrolled: at the funnel's mean rate, at the ends of its interval, and as the sites promise."""

    what: str
    patients: int
    months: float
    soonest: float
    latest: float
    promised: float | None


@dataclass(frozen=True)
class Prevalence:
    """An orphan designation with the prevalence that the funnel implies. ``below``: of the threshold; None where nothing is implied."""

    jurisdiction: str
    designation: str
    threshold: float
    unit: str
    implied: float | None
    below: bool | None
    because: str
    source: str
    assumed: str


@dataclass(frozen=True)
class Feasibility:
    """All that a funnel says of a trial."""

    trial: str
    per_month: Rate
    share_of_incidence: float
    promised: float | None
    funnel: Sequence[Passed]
    relaxed: Sequence[Relaxed]
    past: Sequence[Compared]
    months: Sequence[Until]
    orphan: Sequence[Prevalence]
    cautions: Sequence[str]
    method: str


METHOD = (
    "Product of independent Betas: mean and standard deviation exact, quantiles by convolution of their logarithms on a grid, with a bound "
    "of the error. The interval is of the rate; the chance of arrivals comes on top"
)


def feasibility(
    trial: Trial, funnel: Funnel, orphan: Sequence[Orphan], past: Sequence[Past], level: float = 0.95
) -> Feasibility:
    """Everything at one ``level`` of intervals. Raises BadInput for a level that is none."""
    if not 0.5 <= level <= 0.999:
        raise BadInput("feasibility", [Problem("level", "--level", f"{level:g}", "0.5 to 0.999")])
    found = funnel.a_month(funnel.shares, level)
    if found.mean < _LEAST:
        allowed = f"a funnel that leaves at least {_LEAST:g} a month: no trial waits longer"
        raise BadInput(
            "feasibility", [Problem("funnel-empty", "funnel", f"{found.mean:.3g} patients a month", allowed)]
        )
    promised = math.fsum(s.rate for s in trial.sites) or None
    cases = funnel.until("stage")
    compared = [
        Compared(
            p.trial, p.disease, p.per_month, p.per_month / p.sites, p.share, p.share * cases / 12, p.source, p.note
        )
        for p in past
    ]
    months = [
        Until(
            what,
            n,
            n / found.mean,
            n / found.high,
            n / found.low if found.low > 0 else math.inf,
            promised_months(trial.sites, n),
        )
        for what, n in milestones(trial)
    ]
    return Feasibility(
        trial.id, found, found.mean * 12 / funnel.incidence, promised, funnel.passed(level), funnel.relaxed(level), compared,
        months, [prevalence(o, funnel) for o in orphan], cautions(found, promised), METHOD,
    )  # fmt: skip


def milestones(trial: Trial) -> list[tuple[str, int]]:
    """Patients of all arms by which each look's cohort is enrolled, where looks are on cohorts, and all of them."""
    found = []
    if trial.design is not None and trial.monitoring is not None and not trial.divided:
        m = trial.monitored
        shares = {a.name: a.share / sum(b.share for b in trial.arms) for a in trial.arms}
        for number in range(1, len(m.looks) + 1):
            planned = m.planned(number)
            tested = {n: k for n, k in planned.items() if n in {a.name for a in m.tested_arms}}
            if tested:
                by_share = max(math.ceil(k / shares[n] - 1e-9) for n, k in tested.items())
                found.append((f"cohort of look {number} enrolled", max(sum(planned.values()), by_share)))
    return [*found, ("all enrolled", trial.target_enrolment)]


def promised_months(sites: Sequence[Site], n: int) -> float | None:
    """Months from the first site's opening until the sites have enrolled ``n`` as they promise; None without sites."""
    if not sites:
        return None
    opens = sorted(((s.activation - min(t.activation for t in sites)).days / DAYS_PER_MONTH, s.rate) for s in sites)
    at = pace = had = 0.0
    for month, a_month in opens:
        if pace > 0 and had + pace * (month - at) >= n:
            break
        had += pace * (month - at)
        at, pace = month, pace + a_month
    return at + (n - had) / pace


def prevalence(orphan: Orphan, funnel: Funnel) -> Prevalence:
    """People with the disease: incidence times the mean time that they have it, in a steady state."""
    region = next(s.region for s in funnel.steps if s.count is not None)
    per = orphan.threshold_per_10000
    threshold = float(orphan.threshold_persons or 0) if per is None else per
    implied, because = None, ""
    if region != orphan.jurisdiction:
        because = f"the funnel's incidence is stated for {region or 'no region'}"
    elif orphan.lasting is None:
        because = "`lasting` is not said"
    else:
        implied = funnel.incidence * orphan.lasting.exact_days / 365.25
        because = f"{funnel.incidence:,.0f} new a year, who have it for {orphan.lasting} on average"
        if per is not None and orphan.people is not None:
            implied *= 10_000 / orphan.people
    # The US: fewer than; the EU: not more than.
    below = None if implied is None else implied < threshold if per is None else implied <= threshold
    unit = "persons" if per is None else "in 10,000"
    return Prevalence(
        orphan.jurisdiction, orphan.designation, threshold, unit, implied, below, because, orphan.source, orphan.assumed
    )


def cautions(found: Rate, promised: float | None) -> list[str]:
    """Where promise and funnel do not go together."""
    if promised is None:
        return []
    if promised > found.high:
        return [
            f"The sites promise {promised:.1f} a month, more than the funnel has at the upper end of its interval ({found.high:.1f})."
        ]
    if promised > found.mean:
        return [
            f"The sites promise {promised:.1f} a month, more than the funnel's mean of {found.mean:.1f}, and inside its interval."
        ]
    if promised < found.low:
        return [
            f"The sites promise {promised:.1f} a month, less than the funnel has at the lower end of its interval ({found.low:.1f}): sites are the limit."
        ]
    return []


def accrual_of(trial: Trial, base: Scenario, found: Rate) -> Accrual:
    """The accrual of a scenario under which all sites, once open, randomise a month what the funnel has, as well as that is known.

    ``pace``: the funnel's mean over the sites' promise, and over who passes screening (a funnel counts who is enrolled, the scenario thins who
    comes). ``varies``: sites vary apart from each other in a scenario, so that each must vary more than their sum: by the funnel's coefficient
    of variation times sum(rates) / sqrt(sum(rates²)). Raises BadInput without sites, or where a scenario cannot hold it.
    """
    if not trial.sites:
        raise BadInput(
            trial.id, [Problem("no-sites", "sites", "none", "sites with their rates: a scenario multiplies them")]
        )
    rates = [s.rate for s in trial.sites]
    pace = found.mean / (sum(rates) * (1 - base.screening_failure))
    varies = found.sd / found.mean * sum(rates) / math.sqrt(sum(r * r for r in rates))
    problems = []
    if not 1e-6 <= pace <= MOST_RATIO:
        problems.append(
            Problem(
                "out-of-range", "accrual.pace", f"{pace:g}", f"0.000001 to {MOST_RATIO} times what the sites promise"
            )
        )
    if varies > _MOST_VARIES:
        allowed = f"at most {_MOST_VARIES:g}: the sites are too many, or the funnel is known too little"
        problems.append(Problem("out-of-range", "accrual.varies", f"{varies:.3g}", allowed))
    if problems:
        raise BadInput(trial.id, problems)
    return base.accrual.model_copy(update={"pace": pace, "varies": varies})


def scenario_of(trial: Trial, base: Scenario, found: Rate) -> Scenario:
    """A scenario with the funnel's accrual in the place of its own."""
    because = f"{base.because} Accrual: {found.mean:.2f} a month (sd {found.sd:.2f}), as the funnel has it."
    return base.model_copy(
        update={
            "id": f"{base.id}-funnel"[:64], "label": f"{base.label}, accrual by the funnel", "because": because,
            "accrual": accrual_of(trial, base, found),
        }
    )  # fmt: skip
