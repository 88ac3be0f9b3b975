"""A look's boundary in the counts of responses and toxicities: where it declares, stops, goes on, or ends without an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The ways in which a trial ends, as ``pair_outcomes`` numbers them; -1 goes on.
ENDS = ("declare", "toxicity", "futility", "without")


@dataclass(frozen=True)
class Boundary:
    """A look's boundary in data on ``n`` patients.

    It declares with ``responses`` or more and ``toxicities`` or fewer; else stops for toxicity with ``toxic`` or more; else
    for futility with ``futile`` responses or fewer. Where there is no such end: n + 1, -1, n + 1, -1.
    """

    n: int
    responses: int
    toxicities: int
    toxic: int
    futile: int

    @property
    def declares(self) -> bool:
        """Can it declare?"""
        return self.responses <= self.n and self.toxicities >= 0

    def region(self, last: bool) -> NDArray[np.intp]:
        """The end, as a number of ``ENDS``, at r responses and t toxicities; -1 goes on. (n + 1, n + 1)."""
        r, t = np.ogrid[: self.n + 1, : self.n + 1]
        ways = [
            (r >= self.responses) & (t <= self.toxicities),
            (t >= self.toxic) & (r >= 0),
            (r <= self.futile) & (t >= 0),
        ]
        return np.select(ways, [0, 1, 2], 3 if last else -1).astype(np.intp)

    def words(self) -> str:
        """The boundary in words."""
        ends = [
            f"{self.responses} or more responses with {self.toxicities} or fewer toxicities declare"
            if self.declares
            else "",
            f"{self.toxic} or more toxicities stop" if self.toxic <= self.n else "",
            f"{self.futile} or fewer responses stop" if self.futile >= 0 else "",
        ]
        return f"on {self.n}: " + (", ".join(filter(None, ends)) or "no end")
