"""Who comes to a trial, and what becomes of them: what the loop asks of those who know. A scenario does, and so does a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, Protocol

from equipoise.simulate.happening import Happening
from equipoise.trial.baseline import Value


class Candidate(NamedTuple):
    """Who comes to be screened: the numbers of the criteria that are not met, the levels of the stratification factors, the number of the
    stratum that they make, and what is recorded of him at baseline."""

    name: str
    failed: Sequence[int]
    factors: Mapping[str, str]
    stratum: int = 0
    baseline: Mapping[str, Value] = MappingProxyType({})


class Life(NamedTuple):
    """What will be recorded of a patient, in days after entry, and the day on which it goes off study."""

    off_study: int
    happenings: Sequence[Happening]


class Source(Protocol):
    """Sites and patients to come."""

    def openings(self) -> Iterable[tuple[date, str]]:
        """The day on which each site opens."""
        ...

    def arrivals(self) -> Iterator[tuple[date, str]]:
        """On which day and at which site each candidate comes, in order."""
        ...

    def candidate(self, index: int) -> Candidate | None:
        """Who comes as number ``index`` (from 0); None for one who is not worth a record."""
        ...

    def life(self, index: int, who: Candidate, arm: str, site: str, day: date) -> Life:
        """What becomes of that candidate who came onto an arm at a site on a day."""
        ...
