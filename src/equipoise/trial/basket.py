"""Basket: how a trial's cohorts are decided together in the end, over their own first stages."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from equipoise.trial.part import Part

#: Combinations of how the cohorts may end beyond which a basket is not worked out exactly.
MOST_ENDS = 2_000_000


class BasketPlan(Part):
    """By which model the cohorts lend each other, and the error that it may have. Odds are of the logarithm."""

    model: Literal["independent", "pruned-and-pooled", "similarity", "exnex"] = Field(
        description="'pruned-and-pooled': what passes its first stage is tested as one. 'similarity': Beta posteriors that take each "
        "other in. 'exnex': exchangeable or not. 'independent': nothing is lent."
    )
    alpha: float = Field(
        gt=0,
        lt=1,
        description="Most error where all are null: the family's for 'pruned-and-pooled', a cohort's for the others.",
    )
    epsilon: float | None = Field(
        default=None, gt=0, le=20, description="'similarity': the power of what is alike; 2 unless stated."
    )
    tau: float | None = Field(
        default=None, ge=0, lt=1, description="'similarity': what is no more alike lends nothing; 0 unless stated."
    )
    weight: float | None = Field(
        default=None, ge=0, le=1, description="'exnex': probability of being exchangeable; 0.5 unless stated."
    )
    mean: float | None = Field(default=None, ge=-10, le=10, description="'exnex': prior mean of the common log odds.")
    sd: float | None = Field(default=None, gt=0, le=20, description="'exnex': its standard deviation.")
    spread: float | None = Field(
        default=None, gt=0, le=10, description="'exnex': scale of the half-normal prior between cohorts."
    )
    own_mean: float | None = Field(
        default=None, ge=-10, le=10, description="'exnex': prior mean of a cohort that is its own."
    )
    own_sd: float | None = Field(default=None, gt=0, le=20, description="'exnex': its standard deviation.")

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is said and nothing else."""
        return {k: v for k, v in handler(self).items() if v is not None}
