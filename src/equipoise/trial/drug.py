"""A drug as a simulator assumes it: its compartments, parameters, covariates, spread, correlations and chain, each with its source.

A parameter has a source or says ``assumed``. Spread between patients is log-normal: stated as ``cv``, the coefficient of variation, whose
logarithm has the standard deviation sqrt(ln(1 + cv²)), or as ``sd_log``, that deviation itself. Papers mean the one or the other by a percentage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from equipoise.trial.drug_units import in_ours
from equipoise.trial.part import MOST_NAME, Part

#: Parameters of the disposition, by the number of compartments: Q and V2 lead to the second, Q3 and V3 to the third.
DISPOSITION = {1: ("CL", "V1"), 2: ("CL", "V1", "Q", "V2"), 3: ("CL", "V1", "Q", "V2", "Q3", "V3")}
#: Most payloads on one antibody.
MOST_DAR = 8
#: No parameter, covariate or mass of a drug is larger, in whatever unit it is stated.
MOST_VALUE = 1e9
#: A number with an end to it.
Bounded = Annotated[float, Field(ge=-MOST_VALUE, le=MOST_VALUE)]


class Sourced(Part):
    """Who says so: a source, or that it is assumed and why."""

    source: str = Field(default="", description="Where it was published, with its DOI.")
    assumed: str = Field(default="", description="Why it is assumed, where nobody published it.")

    def said(self) -> str:
        """The source, or 'assumed: …'."""
        return self.source or f"assumed: {self.assumed}"


class Parameter(Sourced):
    """A typical value with its unit and the spread between patients."""

    name: str = Field(min_length=1, max_length=MOST_NAME, description="CL, V1, Q, V2, Q3, V3, CL_naked, kdec1 …")
    value: float = Field(
        gt=0, le=MOST_VALUE, description="Typical value, for a patient at the reference of every covariate."
    )
    unit: str = Field(description="L/day, L, /day …")
    cv: float = Field(default=0.0, ge=0, le=10, description="Coefficient of variation between patients: 0.19 for 19 %.")
    sd_log: float = Field(default=0.0, ge=0, le=3, description="Standard deviation of the logarithm, in place of cv.")
    range: tuple[Bounded, Bounded] | None = Field(default=None, description="Between which values it is known to lie.")

    def ours(self) -> float:
        """Typical value [L/day, L or 1/day]."""
        return in_ours(self.value, self.unit, self.name)

    def spread(self) -> float:
        """Standard deviation of the logarithm between patients."""
        return self.sd_log or math.sqrt(math.log1p(self.cv**2))


class Effect(Sourced):
    """How a covariate changes a parameter: power (x / reference)^b, or exponential exp(b (x - reference))."""

    parameter: str
    covariate: str
    form: Literal["power", "exponential"] = "power"
    coefficient: float = Field(
        ge=-MOST_VALUE, le=MOST_VALUE, description="The exponent b, or b per unit of the covariate."
    )


class Covariate(Sourced):
    """What is known of a patient: its unit, its reference, and its spread in a population (log-normal about the median)."""

    name: str = Field(min_length=1, max_length=MOST_NAME)
    unit: str
    reference: float = Field(ge=0, le=MOST_VALUE)
    sd_log: float = Field(default=0.0, ge=0, le=3, description="Spread in a population; 0: all have the reference.")


class Correlation(Sourced):
    """Correlation of two parameters' logarithms between patients."""

    between: tuple[str, str]
    value: Bounded


class Payload(Sourced):
    """The payload that is set free: as fast as it is formed, since it goes much faster (one compartment)."""

    name: str
    elimination: float = Field(gt=0, le=MOST_VALUE, description="CL/V [1/day].")
    metabolite: str = ""
    metabolite_elimination: float = Field(
        default=0.0, ge=0, le=MOST_VALUE, description="CL/V of the metabolite [1/day]."
    )
    metabolite_fraction: float = Field(default=1.0, gt=0, le=1, description="Of the payload's elimination.")


class Chain(Sourced):
    """Drug-to-antibody ratios 0 to n, each losing one payload at a time in the central compartment.

    The parameters kdec1 … kdec8 [1/day] are how fast a species of that ratio loses one; CL_naked clears ratio 0.
    """

    batch: tuple[Bounded, ...] = Field(
        min_length=2, max_length=MOST_DAR + 1, description="Shares of ratio 0, 1, 2 … as made; scaled to sum to 1."
    )
    conjugated_mass: float = Field(gt=0, le=MOST_VALUE, description="kg/mol of a conjugated antibody.")
    naked_mass: float = Field(gt=0, le=MOST_VALUE, description="kg/mol of the antibody alone.")
    payload: Payload | None = None


class Infusion(Sourced):
    """How long an infusion lasts."""

    hours: float = Field(gt=0, le=168)


class Note(Part):
    """What must be known to read the numbers."""

    text: str


class Drug(Part):
    """A drug's model, as [[drugs]] of a trial file states it."""

    id: str = Field(
        min_length=1, max_length=MOST_NAME, description="The drug's name; in a trial file as the arms say it."
    )
    title: str
    names: tuple[str, ...] = ()
    analyte: str = Field(description="What is measured: the conjugate, all antibody …")
    compartments: Annotated[int, Field(ge=1, le=3)]
    infusion: Infusion
    parameters: tuple[Parameter, ...] = Field(min_length=2)
    covariates: tuple[Covariate, ...] = ()
    effects: tuple[Effect, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    chain: Chain | None = None
    notes: tuple[Note, ...] = ()

    def of(self, name: str) -> Parameter:
        """The parameter of that name."""
        return next(p for p in self.parameters if p.name == name)

    def expected(self) -> tuple[str, ...]:
        """The names of the parameters that such a model has."""
        names = DISPOSITION[self.compartments]
        if self.chain is None:
            return names
        return (*names, "CL_naked", *(f"kdec{i}" for i in range(1, len(self.chain.batch))))

    def references(self) -> Mapping[str, float]:
        """The covariates of the reference patient."""
        return {c.name: c.reference for c in self.covariates}


class DrugFile(Drug):
    """A drug in a file of its own, as ``trials/drugs/NAME.toml``."""

    format: Literal[1] = Field(description="Version of this file's format.")
