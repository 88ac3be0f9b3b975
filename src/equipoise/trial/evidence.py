"""Evidence: what an analysis hands to a rule, and the only currency between ``analyse`` and ``design``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Evidence:
    """Successes among the evaluable patients of one arm at one look.

    ``n`` is the number attained; where it differs from the number planned the design says what follows.
    ``earlier_n`` is the number that the look before was taken on (0 at the first), and ``earlier_successes`` the successes
    among them as known now (None: not said), for designs whose later boundary depends on them.
    """

    look: int
    arm: str
    n: int
    successes: int
    earlier_n: int = 0
    earlier_successes: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n:
            raise ValueError(f"successes: got {self.successes}; allowed are 0 to n = {self.n}")


@dataclass(frozen=True)
class ToxicityEvidence(Evidence):
    """Patients with the toxicity (``successes``) among those treated in one arm: what a rule on safety takes."""


@dataclass(frozen=True)
class TwoArmEvidence:
    """Successes of the tested and of the control arm at one look.

    ``earlier``: patients of the tested arm and controls on whom each earlier look was really taken, oldest first; empty: as planned.
    """

    look: int
    n: int
    successes: int
    control_n: int
    control_successes: int
    earlier: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        for name, x, n in (
            ("successes", self.successes, self.n),
            ("control_successes", self.control_successes, self.control_n),
        ):
            if not 0 <= x <= n:
                raise ValueError(f"{name}: got {x}; allowed are 0 to {n}")


@dataclass(frozen=True)
class PairEvidence:
    """Responses and toxicities among the same ``n`` patients of one arm at one look.

    ``earlier``: patients on whom each earlier look was really taken, oldest first; empty: as planned.
    """

    look: int
    n: int
    responses: int
    toxicities: int
    earlier: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, x in (("responses", self.responses), ("toxicities", self.toxicities)):
            if not 0 <= x <= self.n:
                raise ValueError(f"{name}: got {x}; allowed are 0 to n = {self.n}")


@dataclass(frozen=True)
class StatisticEvidence:
    """A standardised statistic at one look: ``z`` > 0 favours the tested arm. ``information`` in the look's unit.

    ``earlier``: the information on which each earlier look was really taken, oldest first; empty: as planned. Shorter than the looks
    before where one was never taken.
    """

    look: int
    z: float
    information: float
    earlier: tuple[float, ...] = ()


@dataclass(frozen=True)
class ReferenceStatistic(StatisticEvidence):
    """A standardised statistic of one arm's times against a reference: the design says which. ``information``: patients enrolled."""


@dataclass(frozen=True)
class ExposureEvidence:
    """Events over a total time on study at one look (``time`` in the design's unit of time).

    ``earlier``: events at each earlier look as it was really taken, oldest first; empty: as planned.
    """

    look: int
    n: int
    events: int
    time: float
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True)
class TwoArmExposureEvidence:
    """Events over a total time at risk in the tested and in the control arm at one look (times in the design's unit).

    ``earlier``: events of both arms at each earlier look as it was really taken, oldest first; empty: as planned.
    """

    look: int
    events: int
    time: float
    control_events: int
    control_time: float
    earlier: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, d, t in (
            ("events", self.events, self.time),
            ("control_events", self.control_events, self.control_time),
        ):
            if d < 0 or not 0 < t < float("inf"):
                raise ValueError(f"{name}: got {d} over a time of {t:g}; allowed are 0 or more, over a time above 0")


@dataclass(frozen=True)
class ArmsEvidence:
    """An outcome for each of several arms at one look: the larger the better.

    ``n``: patients of each arm who could be evaluated, where their numbers differ from the plan; empty: as planned.
    """

    look: int
    outcome: Mapping[str, float]
    n: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HazardRatioEvidence:
    """The observed hazard ratio between two arms, tested over control, at a number of ``deaths`` in both.

    ``log_hr`` is its natural logarithm as it was estimated, not rounded: above 0 more deaths in the tested arm. Infinite where
    one arm has none (``inf``: the control arm). ``earlier``: deaths at each earlier look as it was really taken, oldest first;
    empty: as planned. Shorter than the looks before where one was never taken.
    """

    look: int
    log_hr: float
    deaths: int
    earlier: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.log_hr != self.log_hr:
            raise ValueError("log_hr: got nan; allowed is a number, or infinity where one arm has no deaths")
        if self.deaths < 1:
            raise ValueError(f"deaths: got {self.deaths}; allowed are 1 or more")
