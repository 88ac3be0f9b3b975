"""Criterion: what every set of response criteria answers. RECIST 1.1, iRECIST and IMWG are; Lugano and RANO would be others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from equipoise.trial.assessment import Assessment
from equipoise.trial.lesion import Reading, readings

New = Literal["", "equivocal", "unequivocal"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One time point as one assessor read it. ``told`` says how lesions that split or grew together were read; ``measured`` is what was
    measured beside lesions (``Vocabulary.measures``), and ``new_lesion`` whether one was recorded.
    """

    on: date
    readings: Sequence[Reading]
    baseline: bool = False
    visit: str = ""
    #: Number of the log's event, where there is one.
    event: int | None = None
    told: tuple[str, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    new_lesion: bool = False


@dataclass(frozen=True, slots=True)
class TimePoint:
    """The response at one time point after baseline, and why.

    ``target`` and ``non_target`` are '' where there is no such lesion. ``sum`` [mm] is of the target lesions that were
    evaluated, None where none was; ``whole`` if it is of all of them. ``progressed_on`` is the day from which progression counts, None without it: it
    lies before ``on`` where a new lesion that was equivocal is confirmed. ``rules`` names the rules that decided. ``certain``: a
    progression that needs no second assessment, by a criterion for which others do.
    """

    on: date
    visit: str
    target: str
    non_target: str
    new: New
    overall: str
    sum: float | None
    baseline_sum: float | None
    nadir: float | None
    because: tuple[str, ...]
    rules: tuple[str, ...]
    progressed_on: date | None = None
    event: int | None = None
    whole: bool = False
    certain: bool = False

    @property
    def sentence(self) -> str:
        """Why, in words with the numbers."""
        return " ".join(self.because)


class Criterion(Protocol):
    """A set of response criteria."""

    @property
    def name(self) -> str:
        """As it stands in the trial file: 'RECIST 1.1'."""
        ...

    @property
    def reference(self) -> str:
        """The paper."""
        ...

    @property
    def reads(self) -> Literal["lesions", "measurements"]:
        """From what it derives a response."""
        ...

    def read(self, scans: Iterable[Scan]) -> list[TimePoint]:
        """One patient's scans by one assessor, in any order, as time points after baseline in the order of days."""
        ...

    def overall(self, target: str, non_target: str, new: bool) -> str:
        """The overall response that follows from the three."""
        ...


def scans_of(assessments: Iterable[Assessment], reads: Literal["lesions", "measurements"] = "lesions") -> list[Scan]:
    """The time points among the assessments of one patient by one assessor: those that say what became of lesions, or what was measured."""
    if reads == "lesions":
        return [Scan(a.happened, readings(a.lesions), a.baseline, a.visit, a.number) for a in assessments if a.lesions]
    return [
        Scan(
            a.happened, readings(a.lesions), a.baseline, a.visit, a.number,
            measured=a.measurements, new_lesion=bool(a.event.data.get("new_lesion")),
        )
        for a in assessments
        if a.measurements
    ]  # fmt: skip
