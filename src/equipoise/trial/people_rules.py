"""What must stand before a person's access opens, beside the grant: training, and an investigator's delegation."""

from __future__ import annotations

from pydantic import Field

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
