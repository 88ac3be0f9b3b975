"""A patient's doses of a drug that is escalated, held against what his level plans of it for the window of dose-limiting toxicities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.trial.arm import Treatment
from equipoise.trial.dose_schedule import Given, Place, given_on, planned
from equipoise.trial.duration import Lasting
from equipoise.trial.event import Event
from equipoise.trial.phase1 import DrugDose


@dataclass(frozen=True)
class DosesOfDrug:
    """``told``: what the level gives of the drug; ``treatment``: how its regimen plans it, None where none does; ``doses``: what was given, by day.

    ``window``: days from the first dose.
    """

    told: DrugDose
    treatment: Treatment | None
    doses: Sequence[Event]
    window: int
    cutoff: date

    def _plan(self) -> tuple[list[Place], Place | None]:
        """The doses that are planned in the window, each by cycle and day, and the next one after it, if any."""
        t = self.treatment
        if t is None:
            return [], None
        inside: list[Place] = []
        for cycle, day in planned(t):
            if (cycle - 1) * t.cycle_length.days + day - min(t.days) >= self.window:
                return inside, (cycle, day)
            inside.append((cycle, day))
        return inside, None

    def _given_on(self) -> dict[Place, Given]:
        """Cycle and day → when that dose was given."""
        return given_on(self.doses, self.cutoff)

    def late(self, allowed: Lasting) -> Iterator[tuple[Event, str]]:
        """Doses that came later than due by more than is allowed, each in words.

        A dose is due by the first dose of its cycle, and that by the first dose of the cycle before; where the one by which it is due was
        not given, no delay is told.
        """
        t = self.treatment
        if t is None:
            return
        given = self._given_on()
        inside, after = self._plan()
        for cycle, day in (*inside, *([after] if after is not None else [])):
            start = min(t.days)
            at_start = day == start
            by = (cycle - 1, start) if at_start else (cycle, start)
            if (cycle, day) not in given or by not in given:
                continue
            due = given[by][0] + timedelta(days=t.cycle_length.days if at_start else day - start)
            on, event = given[cycle, day]
            if (on - due).days > allowed.days:
                words = (
                    f"{self.told.drug} of cycle {cycle}, day {day}, due on {due}, was given on {on} (event {event.number}), "
                    f"{(on - due).days} days late, more than {allowed}"
                )
                yield event, words

    def awaited(self, allowed: Lasting) -> str:
        """The dose whose delay may still come to be more than is allowed; '' where none may."""
        given = self._given_on()
        inside, after = self._plan()
        asked = [*inside, *([after] if after is not None else [])]
        last = max((i for i, place in enumerate(asked) if place in given), default=-1)
        beyond = any(place > asked[-1] for place in given) if asked else True
        if beyond or last + 1 >= len(asked):
            return ""
        cycle, day = asked[last + 1]
        return (
            f"{self.told.drug} of cycle {cycle}, day {day}, is not recorded, nor an end of treatment; given more than {allowed} late, it "
            "would be a DLT"
        )

    def received(self, first: date) -> tuple[float | None, str]:
        """The share of what was planned for the window that was given in it, and that in words. A dose above the level's counts as the level's.

        ``first``: the day of the first dose, of whichever drug.
        """
        inside, _ = self._plan()
        given = self._given_on()
        if not inside:
            return None, f"{len(self.doses)} doses given"
        end = first + timedelta(days=self.window)
        taken = [given[place][1] for place in inside if place in given and given[place][0] < end]
        times = self.treatment.times_a_day if self.treatment is not None else 1
        amounts = [
            min(float(e.data.get("dose", 0)) * e.data.get("times_a_day", times), self.told.dose * times) for e in taken
        ]
        in_all = self.told.dose * times * len(inside)
        share = sum(amounts) / in_all
        words = f"given {len(taken)} of {len(inside)} planned doses"
        if abs(share - len(taken) / len(inside)) > 1e-9:
            words += f", {sum(amounts):g} of {in_all:g} {self.told.unit} in all"
        other = sorted({float(e.data["dose"]) for e in taken if "dose" in e.data} - {float(self.told.dose)})
        if other:
            words += f" (not all at the level's {self.told.dose:g} {self.told.unit}: {_amounts(other)} too)"
        return share, f"{words}, {100 * share:.0f} %"


def _amounts(values: Iterable[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
