"""Scenario: an assumed truth, as a value in the trial's folder."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from equipoise.simulate.baseline_truth import BaselineTruth
from equipoise.simulate.exposure_truth import ExposureTruth
from equipoise.simulate.phase1_truth import Phase1Truth
from equipoise.trial.duration import Duration, Lasting
from equipoise.trial.part import MOST_NAME, MOST_RATIO, Part

Probability = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]


class AdverseEventTruth(Part):
    """One adverse event: how often, how often severe when it comes, and how often its patients die of it."""

    term: str = Field(min_length=1)
    probability: Probability
    severe: Probability = Field(description="Share of its patients in whom it is of grade 3 or worse.")
    fatal: Probability = Field(
        default=0.0, description="Share of its patients who die of it, on a day of the first 150 after randomisation."
    )


class Piece(Part):
    """A stretch of constant hazard; the last piece has no end."""

    until: Duration | None = Field(default=None, description="Where the piece ends, counted from its origin.")
    per_month: float = Field(ge=0, le=MOST_RATIO, description="Hazard a month, 30.4375 days.")


class RatioPiece(Part):
    """A stretch of constant hazard ratio; the last piece has no end. Two pieces make a delayed or a crossing effect."""

    until: Duration | None = Field(default=None, description="Where the piece ends, counted from randomisation.")
    ratio: float = Field(
        gt=0, le=MOST_RATIO, description="Hazard ratio of a first event against the arm named in `like`."
    )


class PieceHazards(Part):
    """An illness–death model written out: three piecewise constant hazards."""

    progression: tuple[Piece, ...] = Field(min_length=1)
    death_before: tuple[Piece, ...] = Field(min_length=1, description="Death before progression.")
    death_after: tuple[Piece, ...] = Field(min_length=1, description="Death after it, by time since progression.")


class ArmTruth(Part):
    """What is true of one arm: an illness–death model, from what people know.

    The first event (progression or death) is given in one of four ways. ``observed_rate``: the rate of the monitored
    endpoint as the protocol's scans will show it, with nobody lost. ``median_pfs``: the true median, scans or no
    scans. ``like``: another arm's, times ``hazard_ratio``. ``hazards``: everything written out. With the first two,
    ``shape`` is Weibull's, ``cured`` the share to whom the disease never comes back, and ``death_first`` says which first
    events are deaths. Kendall's ``tau`` between PFS and OS finds ``death_first`` or, where that is given too, the
    Weibull shape of death after progression.
    """

    observed_rate: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Rate of the monitored landmark endpoint, as the protocol's scans show it.",
    )
    median_pfs: Lasting | None = Field(default=None, description="True median progression-free survival.")
    like: str | None = Field(default=None, description="The arm whose first-event hazard is taken.")
    hazard_ratio: float | tuple[RatioPiece, ...] | None = Field(
        default=None, description="With `like`: a number (proportional) or pieces (delayed, crossing)."
    )
    hazards: PieceHazards | None = None
    shape: float = Field(default=1.0, ge=0.2, le=10, description="Weibull shape of the first event; 1 is exponential.")
    cured: BelowOne = Field(default=0.0, description="Share of patients who never progress nor die of the disease.")
    median_os: Lasting | None = Field(default=None, description="True median overall survival.")
    shape_after: float = Field(default=1.0, ge=0.2, le=10, description="Weibull shape of death after progression.")
    death_first: Probability | None = Field(
        default=None, description="Share of first events that are deaths without progression."
    )
    tau: float | None = Field(default=None, gt=-1, lt=1, description="Kendall's tau between PFS and OS.")
    response: Probability | None = Field(default=None, description="Probability of a response, seen or not.")
    observed_response: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Instead: rate of the monitored response as the protocol's scans show it, with nobody lost.",
    )
    outcomes: dict[str, Probability] = Field(
        default={}, description="For each outcome recorded by its own name, the probability of a success."
    )
    toxicities: dict[str, Probability] = Field(
        default={},
        description="For each endpoint of kind 'toxicity', the probability of an event that counts, evenly over its time. Without it "
        "such events are those of `adverse_events`.",
    )
    toxicity_odds_ratio: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="Odds ratio of toxicity and response (or the recorded outcome that the design looks at); independent unless said.",
    )
    first_scan_response: Probability = Field(
        default=0.7, description="Share of responses already there at the first scan; the others come at the second."
    )
    adverse_events: tuple[AdverseEventTruth, ...] = Field(default=(), max_length=20)
    stops_for_toxicity: Probability = Field(default=0.0, description="Probability of ending treatment for toxicity.")
    doses_reduced: Probability = Field(default=0.25, description="Probability of going on at 80 % of the dose.")
    cycles_delayed: Probability = Field(default=0.0, description="Probability of each cycle coming a week late.")
    next_therapy: Probability = Field(default=0.6, description="Probability of second-line therapy on progression.")

    @field_validator("hazard_ratio")
    @classmethod
    def _a_ratio(cls, ratio: float | tuple[RatioPiece, ...] | None) -> float | tuple[RatioPiece, ...] | None:
        # Not as a bound of the float: in a union its place would be told in the library's words.
        if isinstance(ratio, float) and ratio <= 0:
            raise ValueError("must exceed 0")
        if isinstance(ratio, float) and ratio > MOST_RATIO:
            raise ValueError(f"must be at most {MOST_RATIO}")
        return ratio

    @model_validator(mode="after")
    def _one_way(self) -> ArmTruth:
        ways = [n for n in ("observed_rate", "median_pfs", "like", "hazards") if getattr(self, n) is not None]
        if ways != ["hazards"] and len(ways) != 1:
            raise ValueError(
                f"give one of `observed_rate`, `median_pfs`, `like` and `hazards`; got {', '.join(ways) or 'none'}"
            )
        way = ways[0]
        problems = []
        if (self.hazard_ratio is not None) != (way == "like"):
            problems.append("`hazard_ratio` goes with `like`, and `like` with it")
        needs_division = way in ("observed_rate", "median_pfs")
        if needs_division and self.death_first is None and self.tau is None:
            problems.append("give `death_first` or `tau`")
        if self.tau is not None and self.death_first is not None and self.shape_after != 1:
            problems.append("`shape_after` follows from `tau` and `death_first` together")
        if not needs_division and (self.death_first is not None or self.tau is not None):
            problems.append(f"`death_first` and `tau` say nothing beside `{way}`")
        if needs_division and self.median_os is None:
            problems.append("`median_os` is missing")
        if (self.response is None) == (self.observed_response is None):
            problems.append("give `response` or `observed_response`")
        if way == "hazards" and self.median_os is not None:
            problems.append("`median_os` follows from `hazards`")
        if not needs_division and (self.shape != 1 or self.cured):
            problems.append(f"`shape` and `cured` say nothing beside `{way}`")
        if self.toxicity_odds_ratio is not None and not self.toxicities:
            problems.append("`toxicity_odds_ratio` goes with `toxicities`")
        for name, pieces in self._pieces():
            problems.extend(_order_problems(name, [p.until for p in pieces]))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that scenarios that do not say it stay what they were."""
        silent: dict[str, Any] = {"toxicities": {}, "toxicity_odds_ratio": None}
        return {k: v for k, v in handler(self).items() if k not in silent or v != silent[k]}

    def _pieces(self) -> list[tuple[str, tuple[Piece, ...] | tuple[RatioPiece, ...]]]:
        found: list[tuple[str, tuple[Piece, ...] | tuple[RatioPiece, ...]]] = []
        if isinstance(self.hazard_ratio, tuple):
            found.append(("hazard_ratio", self.hazard_ratio))
        if self.hazards is not None:
            found += [
                (f"hazards.{n}", getattr(self.hazards, n)) for n in ("progression", "death_before", "death_after")
            ]
        return found


def _order_problems(name: str, ends: list[Duration | None]) -> list[str]:
    if not ends or ends[-1] is not None or any(e is None for e in ends[:-1]):
        return [f"`{name}`: every piece but the last has `until`, the last has none"]
    days = [e.exact_days for e in ends[:-1] if e is not None]
    return [f"`{name}`: `until` must rise from piece to piece"] if sorted(set(days)) != days else []


class Visits(Part):
    """How visits keep to the schedule. Progression is seen at the next scan that is made, not when it happens."""

    jitter: Duration = Field(
        default=Duration(0.0, "0 days"),
        description="A scan comes up to so many days before or after its day, each with the same chance.",
    )
    missed: BelowOne = Field(default=0.0, description="Probability of a scan not being made.")


class Accrual(Part):
    """How the sites keep their promises: each is a Poisson process from the day it opens."""

    pace: float = Field(default=1.0, gt=0, le=MOST_RATIO, description="All sites' rates are multiplied by this.")
    ramp_up: Duration = Field(
        default=Duration(0.0, "0 days"), description="A site's rate rises in a line from 0 to its full size over this."
    )
    varies: float = Field(
        default=0.0,
        ge=0,
        le=5,
        description="Coefficient of variation of a site's true rate about its promise: gamma (Poisson–gamma).",
    )
    opens_late: Duration = Field(
        default=Duration(0.0, "0 days"), description="Mean delay of a site's opening; exponential."
    )


class CohortTruth(Part):
    """What is true in one cohort, where it is otherwise than in the others."""

    arms: dict[str, ArmTruth] = Field(description="Truths of arms, each whole, in the place of those under [arms].")


class DoseTruth(Part):
    """What is true of phase II at a dose that phase I may hand over, where it is otherwise than under [arms]."""

    arms: dict[str, ArmTruth] = Field(description="Truths of arms, each whole, in the place of those under [arms].")


class Scenario(Part):
    """An assumed truth: how the disease goes in each arm, and how the trial is run."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=MOST_NAME)
    label: str = Field(min_length=1)
    because: str = Field(min_length=1, description="Where the assumed truth comes from.")
    arms: dict[str, ArmTruth] = Field(default={}, description="A truth for each arm, for the trial's design on them.")
    phase1: Phase1Truth | None = Field(default=None, description="With [phase1] in the trial file: what is true there.")
    by_dose: dict[str, DoseTruth] = Field(
        default={},
        description="With [phase1], by the label of the level that is handed over: [by_dose.LEVEL.arms.ARM].",
    )
    exposure: ExposureTruth | None = Field(
        default=None,
        description="Adverse events and progression that follow from a drug's concentrations: an assumption.",
    )
    ineligible: BelowOne = Field(
        default=0.0, description="With [eligibility_review]: share of patients whom the review finds ineligible."
    )
    screening_failure: BelowOne = Field(description="Probability of failing at screening.")
    withdrawal_per_year: BelowOne = Field(description="Probability of withdrawing within a year.")
    loss_per_year: BelowOne = Field(description="Probability of being lost within a year.")
    reporting_delay: Duration = Field(description="Mean time from what happened to its record; exponential.")
    visits: Visits = Visits()
    accrual: Accrual = Accrual()
    factors: dict[str, tuple[Probability, ...]] = Field(
        default={}, description="For each stratification factor, the probabilities of its levels."
    )
    baseline: dict[str, BaselineTruth] = Field(
        default={},
        description="For each variable of [[baseline]] that is asked: what virtual patients are like. It has no say in what becomes of them.",
    )
    prognosis: dict[str, tuple[Annotated[float, Field(gt=0, le=MOST_RATIO)], ...]] = Field(
        default={},
        description="For each stratification factor that matters, by what each level multiplies the hazards of a first "
        "event and of death after it. An arm's medians and rates are those of all its patients together.",
    )
    cohorts: dict[str, CohortTruth] = Field(
        default={}, description="For each cohort of the trial in which it is otherwise: [cohorts.NAME.arms.ARM]."
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that what was made from a scenario that does not say it stays what it was."""
        return {
            k: v
            for k, v in handler(self).items()
            if k not in ("cohorts", "ineligible", "phase1", "by_dose", "exposure", "baseline") or v
        }
