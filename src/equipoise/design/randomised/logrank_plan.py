"""What randomised log-rank designs share: events for a hazard ratio, and when they come."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from equipoise.design.randomised.allocation import Allocated
from equipoise.design.spec import Error, Errors, Power
from equipoise.numerics.times.accrual_events import Arm, expected_events, time_of_events


@dataclass(frozen=True)
class Pace:
    """Patients a month (both arms), months of accrual, median of the control arm (months), drop-outs a month."""

    accrual_rate: float
    accrual_time: float
    median: float
    dropout: float = 0.0

    @property
    def patients(self) -> int:
        """Patients enrolled in all."""
        return math.ceil(self.accrual_rate * self.accrual_time - 1e-9)


class LogRankSpec(Allocated, Errors):
    """What a randomised log-rank design may be told: the hazard ratio, and the pace or nothing of it."""

    together: ClassVar[tuple[str, ...]] = ("accrual_rate", "accrual_time", "median")
    hazard_ratio: float = Field(gt=0, lt=1, description="Hazard ratio worth finding, tested over control; below 1.")
    alpha: Error = Field(description="One-sided type I error.")
    power: Power = Field(description="Power at the hazard ratio.")
    accrual_rate: float | None = Field(default=None, gt=0, description="Patients a month, both arms.")
    accrual_time: float | None = Field(default=None, gt=0, description="Months of accrual.")
    median: float | None = Field(default=None, gt=0, description="Median time of the control arm (months).")
    dropout: float = Field(default=0.0, ge=0, description="Drop-outs a month (hazard).")

    @property
    def pace(self) -> Pace | None:
        """The pace, where it is stated."""
        if self.accrual_rate is None or self.accrual_time is None or self.median is None:
            return None
        return Pace(self.accrual_rate, self.accrual_time, self.median, self.dropout)


def information(events: float, tested: int, control: int) -> float:
    """The variance of the log-rank score: events · a b / (a + b)² (Schoenfeld 1981, doi:10.1093/biomet/68.1.316)."""
    return events * tested * control / (tested + control) ** 2


def drift(events: float, hazard_ratio: float, tested: int, control: int) -> float:
    """E(z) of the log-rank statistic: positive where the tested arm is better (hazard ratio below 1)."""
    return -math.log(hazard_ratio) * math.sqrt(information(events, tested, control))


def events_for(wanted: float, hazard_ratio: float, tested: int, control: int) -> float:
    """Events (not rounded) at which E(z) is ``wanted``."""
    return wanted**2 * (tested + control) ** 2 / (tested * control * math.log(hazard_ratio) ** 2)


def arms(pace: Pace, hazard_ratio: float, tested: int, control: int) -> list[Arm]:
    """The tested and the control arm of a trial at this pace."""
    hazard = math.log(2) / pace.median
    share = tested / (tested + control)
    return [
        Arm(pace.accrual_rate * share, hazard * hazard_ratio, pace.dropout),
        Arm(pace.accrual_rate * (1 - share), hazard, pace.dropout),
    ]


def month_of(events: float, pace: Pace, hazard_ratio: float, tested: int, control: int) -> float:
    """The month by which so many events are expected."""
    return time_of_events(events, pace.accrual_time, arms(pace, hazard_ratio, tested, control))


def patients_by(month: float, pace: Pace) -> float:
    """Patients enrolled by a month."""
    return min(month, pace.accrual_time) * pace.accrual_rate


def events_by(month: float, pace: Pace, hazard_ratio: float, tested: int, control: int) -> float:
    """Events expected by a month."""
    return expected_events(month, pace.accrual_time, arms(pace, hazard_ratio, tested, control))
