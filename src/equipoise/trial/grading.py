"""By which edition of CTCAE adverse events are graded."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from equipoise.trial.part import Part

#: The editions whose grades an event may carry.
EDITIONS = range(3, 7)


class AdverseEvents(Part):
    """The grading that a trial's protocol states; an event of the log may say another edition."""

    dictionary: Literal["CTCAE"] = Field(description="The grading: CTCAE.")
    version: int = Field(ge=EDITIONS[0], le=EDITIONS[-1], description="Its edition, 3 to 6.")
