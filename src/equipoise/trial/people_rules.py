"""What must stand before a person's access opens, beside the grant: training, and an investigator's delegation."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from equipoise.trial.part import Part


class PeopleRules(Part):
    """Asked of everybody who gives orders or reads in a log that is opened with people; without it a grant is enough."""

    training: tuple[str, ...] = Field(
        default=(), description="What everybody must be trained in, by its name: 'GCP', 'protocol 2.0'."
    )
    delegation: bool = Field(
        default=False,
        description="true: coordinators and pharmacists give the orders that an investigator of their site has delegated to them.",
    )
    looks_in_steps: bool = Field(
        default=False,
        description="true: no look is decided but after its cut-off, checks, closed entry and unblinding. A log in which one look was cut off goes on so.",
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without steps that are not said, so that files of before keep their fingerprint."""
        return {k: v for k, v in handler(self).items() if k != "looks_in_steps" or v}
