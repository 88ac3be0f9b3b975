"""What of a trial file is assumed, what nobody has stated, and where the rest comes from."""

from __future__ import annotations

from pydantic import Field

from equipoise.trial.part import Part


class Assumption(Part):
    """What the source does not say: which entries of this file are ours, and why."""

    of: tuple[str, ...] = Field(min_length=1, description="Paths in this file, such as 'design.p0' or 'sites'.")
    because: str = Field(
        min_length=1, description="Why. What begins with 'Missing' may name a table that the file does not have."
    )

    @property
    def missing(self) -> bool:
        """True where it says that nobody has stated an entry, which may then be absent."""
        return self.because.casefold().startswith("missing")


class Source(Part):
    """Where entries of this file come from."""

    of: tuple[str, ...] = Field(min_length=1)
    text: str = Field(min_length=1)
