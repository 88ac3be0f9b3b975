"""Evidence: what an analysis hands to a rule, and the only currency between ``analyse`` and ``design``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """Successes among the evaluable patients of one arm at one look.

    ``n`` is the number attained; where it differs from the number planned the design says what follows.
    ``earlier_n`` is the number that the look before was taken on (0 at the first), for designs whose later boundary
    depends on it.
    """

    look: int
    arm: str
    n: int
    successes: int
    earlier_n: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n:
            raise ValueError(f"successes: got {self.successes}; allowed are 0 to n = {self.n}")
