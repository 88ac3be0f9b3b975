"""What randomised log-rank designs share: events for a hazard ratio, when they come, and of how many patients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from equipoise.design.enrolling import Ramp, too_short
from equipoise.design.randomised.allocation import Allocated
from equipoise.design.spec import MOST_RATE, MOST_TIME, MOST_WEIGHT, Error, Errors, Power, between
from equipoise.design.stated import Searched
from equipoise.numerics.times.accrual_events import Arm, accrual_for, expected_events, time_of_events
from equipoise.numerics.times.enrolment import Enrolment
from equipoise.numerics.whole import at_least, at_most, nearest_whole
from equipoise.trial.problem import BadInput, Problem

#: How long patients are enrolled is said by one of these.
LENGTHS = ("accrual_time", "patients", "duration")


@dataclass(frozen=True)
class Pace:
    """Patients a month (both arms), months of accrual, median of the control arm (months), drop-outs a month.

    ``ramp``: (until this month, at this rate) before the rate that stays.
    """

    accrual_rate: float
    accrual_time: float
    median: float
    dropout: float = 0.0
    ramp: tuple[tuple[float, float], ...] = ()

    @property
    def enrolment(self) -> Enrolment:
        """The rates."""
        return Enrolment(self.accrual_rate, self.ramp)

    @property
    def patients(self) -> int:
        """Patients enrolled in all: the nearest whole number, as 41.67 a month for 12 months are 500."""
        return nearest_whole(self.enrolment.by(self.accrual_time))


class LogRankSpec(Searched, Ramp, Allocated, Errors):
    """What a randomised log-rank design may be told: the hazard ratio, and the pace or nothing of it."""

    hazard_ratio: float = Field(gt=0, lt=1, description="Hazard ratio worth finding, tested over control; below 1.")
    alpha: Error = Field(description="One-sided type I error.")
    power: Power = Field(description="Power at the hazard ratio.")
    accrual_rate: float | None = Field(default=None, gt=0, le=MOST_RATE, description="Patients a month, both arms.")
    accrual_time: float | None = Field(default=None, gt=0, le=MOST_TIME, description="Months of accrual.")
    patients: int | None = Field(
        default=None, ge=2, le=100_000, description="Patients of both arms, in place of accrual_time."
    )
    duration: float | None = Field(
        default=None, gt=0, le=MOST_TIME,
        description="Months from the first patient to the last look, at the hazard ratio: the patients are found; with "
        "sizes = 'stated' and accrual_time or patients, the events.",
    )  # fmt: skip
    median: float | None = Field(
        default=None, gt=0, le=MOST_TIME, description="Median time of the control arm (months)."
    )
    dropout: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="Drop-outs a month (hazard).")

    def follows(self) -> tuple[str, ...]:
        """The events, where they follow from the duration."""
        return ("events",) if self.given_events() else ()

    def given_events(self) -> bool:
        """Whether the events follow from the duration and the patients."""
        return (
            self.are_stated
            and self.duration is not None
            and (self.accrual_time is not None or self.patients is not None)
        )

    @between("accrual_rate", "accrual_time", "patients", "duration", "median", "sizes")
    def _the_pace_is_whole(self) -> Iterator[Problem]:
        said = [k for k in LENGTHS if getattr(self, k) is not None]
        if said == ["patients"] and self.accrual_rate is None and self.median is None:
            return
        if not said and self.accrual_rate is None and self.median is None:
            return
        missing = [k for k in ("accrual_rate", "median") if getattr(self, k) is None]
        if not said:
            missing.append("accrual_time")
        if missing:
            allowed = "accrual_rate and median, with one of accrual_time, patients and duration; or patients alone; or nothing"
            yield Problem("half-stated", ", ".join(missing), "nothing", allowed)
        if len(said) > 1 and not (self.given_events() and len(said) == 2):
            allowed = f"one of {', '.join(said)}; with sizes = 'stated' and no events, duration and one of the others"
            yield Problem("stated-twice", said[-1], f"{getattr(self, said[-1]):g}", allowed)

    @between("sizes", "events", "duration", "accrual_time", "patients")
    def _events_once(self) -> Iterator[Problem]:
        if self.given_events() and getattr(self, "events", None) is not None:
            allowed = "events, or the duration with accrual_time or patients, from which they follow"
            yield Problem("stated-twice", "duration", f"{self.duration:g}", allowed)

    def pace_for(self, events: float | None) -> Pace | None:
        """The pace, where it is stated; ``events``: how many are needed, where the duration is stated and patients are found.

        Raises BadInput where no accrual gives so many by then.
        """
        if self.accrual_rate is None or self.median is None:
            return None
        enrolment = Enrolment(self.accrual_rate, self.ramp)
        time = self.accrual_time
        if time is None and self.patients is not None:
            time = enrolment.time_of(self.patients)
        if time is None:
            assert self.duration is not None, "a rule has asked for one of the three"
            assert events is not None, "events are computed or stated where the duration is"
            pace = Pace(self.accrual_rate, self.duration, self.median, self.dropout, self.ramp)
            both = arms(pace, self.hazard_ratio, *self.ratio)
            time = accrual_for(events, enrolment, both, end=self.duration)
            if math.isinf(time):
                most = expected_events(self.duration, self.duration, enrolment, both)
                raise too_short(self.duration, events, most)
        return Pace(self.accrual_rate, time, self.median, self.dropout, self.ramp)

    def events_by_then(self) -> float | None:
        """The events expected by the stated duration at the hazard ratio, where they are what is found; not rounded."""
        if not self.given_events() or self.duration is None:
            return None
        pace = self.pace_for(None)
        assert pace is not None, "a rule has asked for the rate and the median"
        return events_by(self.duration, pace, self.hazard_ratio, *self.ratio)


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
    return [Arm(share, hazard * hazard_ratio, pace.dropout), Arm(1 - share, hazard, pace.dropout)]


def month_of(events: float, pace: Pace, hazard_ratio: float, tested: int, control: int) -> float:
    """The month by which so many events are expected."""
    return time_of_events(events, pace.accrual_time, pace.enrolment, arms(pace, hazard_ratio, tested, control))


def patients_by(month: float, pace: Pace) -> float:
    """Patients enrolled by a month."""
    return pace.enrolment.by(min(month, pace.accrual_time))


def events_by(month: float, pace: Pace, hazard_ratio: float, tested: int, control: int) -> float:
    """Events expected by a month."""
    return expected_events(month, pace.accrual_time, pace.enrolment, arms(pace, hazard_ratio, tested, control))


def counted(events: float, spec: LogRankSpec) -> int:
    """The events that are known by the stated duration, as a whole number. Raises BadInput for fewer than 2."""
    if events < 2:
        allowed = f"a duration in which 2 events or more come: {events:.2f} are expected by then"
        raise BadInput("design", [Problem("too-short", "duration", f"{spec.duration:g}", allowed, "raise duration")])
    return at_most(events)


def patients_said(pace: Pace | None, patients: int | None) -> dict[str, int | float]:
    """Patients and months of accrual, as far as they are known."""
    if pace is None:
        return {} if patients is None else {"patients": patients}
    return {"patients": patients or pace.patients, "accrual_months": pace.accrual_time}


def too_few(
    pace: Pace | None, patients: int | None, events: float, hazard_ratio: float, tested: int, control: int
) -> list[str]:
    """A caution where the patients never have the events that are needed."""
    if pace is not None:
        never = not math.isfinite(month_of(events, pace, hazard_ratio, tested, control))
        patients = pace.patients
    else:
        never = patients is not None and patients < events
    return [f"{patients} patients never have the {at_least(events)} events that are needed."] if never else []
