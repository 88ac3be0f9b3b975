"""How a trial stands: what a patient's record does not hold, and the rules of an order ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from equipoise.trial.event import Event
from equipoise.trial.trial import Trial

#: Events that change whether patients may be enrolled, and what it becomes.
ENROLMENT = {"enrolment paused": "paused", "enrolment resumed": "open", "enrolment closed": "closed"}


@dataclass
class Standing:
    """How the trial stands: which sites are open since when, and whether enrolment is, in the trial and in each cohort.

    ``enrolment``: what changed it, (day, place of the event, what it became, the cohort or '' for the whole trial).
    ``places``: of events that correct others, where they stand: the number of the event that each put right. ``doses``: the events that set
    the dose of phase II. ``log``: all that is recorded, None in a simulation; ``defined``: the trial as the log defined it when an event was recorded.
    """

    sites: dict[str, date] = field(default_factory=dict)
    enrolment: list[tuple[date, int, str, str]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    doses: list[Event] = field(default_factory=list)
    log: Callable[[], Iterable[Event]] | None = field(default=tuple, compare=False)
    defined: Callable[[Event], Trial] | None = field(default=None, compare=False)

    def change(self, event: Event) -> None:
        """Take in an event that changes whether patients may be enrolled."""
        place, cohort = self.places.get(event.number, event.number), str(event.data.get("cohort", ""))
        self.enrolment.append((event.happened, place, ENROLMENT[event.kind], cohort))

    def states(self, cohort: str = "") -> Iterator[tuple[date, int, str]]:
        """How enrolment into a cohort stood after each change, in the order of their days; on one day that of recording counts.

        It is as open as both leave it, the whole trial and the cohort: what one paused the other does not resume.
        """
        now = {"": "open", cohort: "open"}
        for when, number, change, of in sorted(self.enrolment):
            if of in now:
                now[of] = change
                yield when, number, max(now.values(), key=("open", "paused", "closed").index)

    def enrolment_before(self, event: Event) -> str:
        """'open', 'paused' or 'closed' when ``event``, an enrolment, happened."""
        state, place = "open", self.places.get(event.number, event.number)
        for when, number, found in self.states(str(event.data.get("cohort", ""))):
            if (when, number) < (event.happened, place):
                state = found
        return state

    def place(self, event: Event) -> int:
        """The number under which an event stands: its own or, of a correction, that of what it put right first."""
        return self.places.get(event.number, event.number)

    def defined_for(self, event: Event, trial: Trial) -> Trial:
        """The trial as it was defined when an event was first recorded; ``trial`` where nobody knows of another."""
        return self.defined(replace(event, number=self.place(event))) if self.defined is not None else trial

    def known_before(self, event: Event) -> list[Event] | None:
        """What was recorded before an event; None where some of it was removed since, so that what was known then is known no more, and in a
        simulation, which asks the design before it orders, and is not asked again."""
        if self.log is None:
            return None
        events, place = list(self.log()), self.place(event)
        if any(e.kind == "redacted" and e.number > place and e.data["event"] < place for e in events):
            return None
        return [e for e in events if e.number < place]

    def dose_before(self, event: Event) -> Event | None:
        """The event that had set the dose of phase II when ``event`` happened and was recorded."""
        place = self.place(event)
        return next((d for d in reversed(self.doses) if d.number < place and d.happened <= event.happened), None)
