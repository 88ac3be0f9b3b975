"""What a trial is monitored by: the design, the endpoint that it looks at, and the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from equipoise.trial.arm import Arm
from equipoise.trial.design import Design, Look
from equipoise.trial.endpoint import Binary, Endpoint, Landmark, TimeToEvent
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import Monitoring
from equipoise.trial.when import LaterOf, OnDay, When


@dataclass(frozen=True)
class Monitored:
    """A design with what it looks at. ``control``: the arm whose patients go with each look; None without one."""

    design: Design[Any]
    monitoring: Monitoring
    endpoint: Binary
    tested: Arm
    control: Arm | None
    #: The time to an event that the endpoint is read from, if it is a landmark.
    times: TimeToEvent | None

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """The design's looks."""
        return tuple(self.design.looks)

    def look(self, number: int) -> Look:
        """Look ``number`` (from 1). Raises BadInput for one that there is not."""
        if not 1 <= number <= len(self.looks):
            raise BadInput("look", [Problem("no-such-look", "look", str(number), f"1 to {len(self.looks)}")])
        return self.looks[number - 1]

    def when(self, number: int, start: date) -> When:
        """When look ``number`` is taken: as the design says and, where the protocol names one, not before a day."""
        least = self.monitoring.not_before
        said = self.look(number).when
        if number > len(least):
            return said
        return LaterOf((said, OnDay(start + timedelta(days=least[number - 1].days))))

    def is_final(self, number: int) -> bool:
        """True for the last look."""
        return number == len(self.looks)

    def planned(self, number: int) -> dict[str, int]:
        """Patients of each arm that look ``number`` is planned on."""
        found = {self.tested.name: self.look(number).n}
        if self.control is not None and self.monitoring.control_cohort:
            found[self.control.name] = self.monitoring.control_cohort[number - 1]
        return found

    @property
    def design_looks_back(self) -> bool:
        """True of a design whose later looks depend on the successes of an earlier one."""
        return bool(getattr(self.design, "looks_back", False))

    @property
    def sized(self) -> bool:
        """True of a design that says after a look how many patients the next is on."""
        return hasattr(self.design, "enrols")

    def enrols(self, number: int, earlier: Any) -> int:
        """Patients of the tested arm that look ``number`` is on after the ``earlier`` look's evidence: as planned, unless the
        design says so. As planned too where it would have no stage after that evidence, as it is known now: there was one.
        """
        said = int(self.design.enrols(earlier)) if self.sized else 0  # type: ignore[attr-defined]
        return said if said > self.look(earlier.look).n else self.look(number).n

    @property
    def alpha(self) -> float | None:
        """The design's own type I error (one-sided); None for a design that tests nothing."""
        return getattr(self.design, "alpha", None)


def monitored(
    trial: str, design: Design[Any] | None, monitoring: Monitoring | None, endpoints: Sequence[Endpoint], arms: Sequence[Arm]
) -> Monitored:  # fmt: skip
    """The parts of a trial put together. Raises BadInput for those that are not there, all at once."""
    problems = [
        Problem(f"no-{name}", name, "nothing", f"a [{name}] in the trial file")
        for name, part in (("design", design), ("monitoring", monitoring))
        if part is None
    ]
    if design is None or monitoring is None:
        raise BadInput(trial, problems)
    by_name = {e.name: e for e in endpoints}
    endpoint = by_name[monitoring.endpoint]
    assert not isinstance(endpoint, TimeToEvent), "the doorway refuses it"
    times = by_name[endpoint.of] if isinstance(endpoint, Landmark) else None
    assert times is None or isinstance(times, TimeToEvent), "the doorway refuses another"
    tested = next(a for a in arms if a.tested)
    return Monitored(design, monitoring, endpoint, tested, next((a for a in arms if not a.tested), None), times)
