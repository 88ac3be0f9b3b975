"""What a scenario assumes of exposure: which drug drives which event, by which measure of its concentrations, and how strongly.

All of it is assumed; nothing here is an estimate. Risks are those of the reference patient after the reference course given in full, so that scenarios
with no, a weak and a strong relation have the same risk there, and differ where less was given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.dose_modification import DoseModification
from equipoise.trial.drug import Drug
from equipoise.trial.duration import Lasting
from equipoise.trial.part import MOST_RATIO, MOST_TIMES, MOST_WORTH, Part

Metric = Literal["cumulative", "direct", "effect compartment"]
Shape = Literal["none", "power", "Emax", "logistic"]


class Relation(Part):
    """A measure of exposure, as a share of the reference course's, and a function f of it with f(0) = 0 and f(1) = 1.

    power: x^k. Emax: x^k (1 + h^k) / (x^k + h^k). logistic: the logistic function of s (x - h), scaled to 0 and 1. none: time alone.
    """

    metric: Metric = Field(
        default="cumulative",
        description="'cumulative': area under the concentration so far. 'direct': of the day. 'effect compartment': of the days before.",
    )
    shape: Shape = Field(default="power", description="'none': the same, whatever is given.")
    exponent: float = Field(default=1.0, gt=0, le=20, description="k of 'power' and 'Emax'.")
    half: float | None = Field(
        default=None, gt=0, le=MOST_RATIO, description="h of 'Emax' and 'logistic', as a share of the reference."
    )
    steepness: float | None = Field(default=None, gt=0, le=MOST_RATIO, description="s of 'logistic'.")
    half_time: Lasting | None = Field(default=None, description="Of the effect compartment: how soon it follows.")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        wrong = []
        if (self.half is not None) != (self.shape in ("Emax", "logistic")):
            wrong.append("`half` goes with shape = 'Emax' or 'logistic', and these with `half`")
        if (self.steepness is not None) != (self.shape == "logistic"):
            wrong.append("`steepness` goes with shape = 'logistic', and that with `steepness`")
        if (self.half_time is not None) != (self.metric == "effect compartment"):
            wrong.append("`half_time` goes with metric = 'effect compartment', and that with `half_time`")
        if self.exponent != 1 and self.shape in ("none", "logistic"):
            wrong.append(f"`exponent` says nothing beside shape = {self.shape!r}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def of(self, share: Any) -> Any:
        """f of a share of the reference exposure, or of an array of them."""
        k = self.exponent
        if self.shape == "power" or self.half is None:
            return share**k
        if self.shape == "Emax":
            return share**k * (1 + self.half**k) / (share**k + self.half**k)
        s, h = self.steepness or 1.0, self.half
        low, high = _expit(-s * h), _expit(s * (1 - h))
        return (_expit(s * (share - h)) - low) / (high - low)

    def said(self) -> str:
        """In words: 'cumulative exposure, power 2'."""
        if self.shape == "none":
            return "no effect of exposure"
        of = {"cumulative": "cumulative exposure", "direct": "the day's exposure", "effect compartment": f"an effect compartment (half-time {self.half_time})"}  # fmt: skip
        how = {
            "power": f"power {self.exponent:g}", "Emax": f"Emax, half at {self.half}, exponent {self.exponent:g}",
            "logistic": f"logistic, half at {self.half}, steepness {self.steepness}",
        }  # fmt: skip
        return f"{of[self.metric]}, {how[self.shape]}"


def _expit(x: Any) -> Any:
    return 1 / (1 + math.e ** (-x))


class GradeRisk(Part):
    """The risk of an event of this grade or worse."""

    grade: int = Field(ge=1, le=5)
    risk: float = Field(gt=0, lt=1, description="Of the reference patient, after the reference course given in full.")


class ExposedEvent(Relation):
    """An adverse event with a hazard by exposure, while treated and for four weeks after. Each grade is recorded as it is reached."""

    term: str = Field(min_length=1)
    grades: tuple[GradeRisk, ...] = Field(min_length=1, description="Risks by grade, falling; grade 5 is death of it.")
    lasts: Lasting | None = Field(default=None, description="Mean time until it is over, exponential; left out: it stays.")  # fmt: skip

    @model_validator(mode="after")
    def _falling(self) -> Self:
        grades, risks = [g.grade for g in self.grades], [g.risk for g in self.grades]
        if sorted(set(grades)) != grades or sorted(set(risks), reverse=True) != risks:
            raise ValueError("`grades`: rising, each once, with risks that fall: a worse grade is a rarer one")
        return self


class ExposedProgression(Relation):
    """The hazard of a first event (progression or death), times ratio^(f - 1): what the arm's truth says is true at the reference exposure."""

    hazard_ratio: float = Field(gt=0, le=MOST_RATIO, description="Of the reference exposure against none at all.")


class ReferenceCourse(Part):
    """The course of which a hazard's risks are, and whose exposure is 1."""

    dose: Annotated[float, Field(gt=0, le=MOST_WORTH)]
    unit: Literal["mg", "mg/kg", "mg/m2", "AUC"]
    days: tuple[Annotated[int, Field(ge=1, le=MOST_TIMES)], ...] = Field(min_length=1)
    every: Lasting
    cycles: int = Field(ge=1, le=100)


class ExposureTruth(Part):
    """[exposure] of a scenario."""

    drug: str = Field(min_length=1, description="The drug, as the arms that give it name it.")
    model: str = Field(
        default="", description="Its model: a bundled drug by name; left out: the trial file's [[drugs]]."
    )
    stated: Drug | None = Field(default=None, description="Its model written out, in place of a name.")
    because: str = Field(min_length=1, description="Where the assumed relation comes from.")
    covariates: dict[str, Annotated[float, Field(ge=0, le=MOST_WORTH)]] = Field(
        default={}, description="What of all patients is the same: bsa = 1.8, gfr = 90."
    )
    reference: ReferenceCourse
    events: tuple[ExposedEvent, ...] = Field(default=(), max_length=20)
    progression: ExposedProgression | None = None
    modifications: tuple[DoseModification, ...] = Field(
        default=(), description="Dose modifications that are assumed, where the trial file states none."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        terms = [e.term.casefold() for e in self.events]
        wrong = []
        if not self.events and self.progression is None:
            wrong.append("nothing depends on it: give [[exposure.events]] or [exposure.progression]")
        if len(set(terms)) < len(terms):
            wrong.append("`events`: each term once")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said."""
        return {k: v for k, v in handler(self).items() if v is not None and v not in ("", {}, (), [])}

    def assumptions(self) -> Iterator[str]:
        """Each relation in a sentence, and that it is assumed."""
        r = self.reference
        yield (
            f"Exposure to {self.drug} is simulated from the doses as given, and what follows from it is assumed, not found: {self.because} "
            f"Risks are those of {r.cycles} full cycles of {r.dose:g} {r.unit} on day {', '.join(map(str, r.days))} every {r.every}."
        )
        for e in self.events:
            risks = ", ".join(f"grade {g.grade} or worse {100 * g.risk:g} %" for g in e.grades)
            yield f"{e.term}: {risks}; {e.said()}; {'lasts ' + str(e.lasts) + ' in the mean' if e.lasts else 'does not go away'}."
        yield f"Dose modifications are followed on the arms that give {self.drug}; on others doses are as without."
        for rule in self.modifications:
            yield f"Assumed dose modification {rule.name}: {rule}."
        if self.progression is not None:
            p = self.progression
            yield f"Progression: hazard ratio {p.hazard_ratio:g} of the reference exposure against none; {p.said()}."
