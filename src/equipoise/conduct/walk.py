"""A log gone through from its beginning: where each patient stood when an arm was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.conduct.place import Earlier, Place
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial

#: The trial as it was defined when an event was recorded: by it an arm was given.
Defined = Callable[[Event], Trial]


@dataclass(frozen=True)
class Stood:
    """A randomisation, its place, and the commitment of the secret in force ('' where none was). ``enrolled``: False of one who was not."""

    event: Event
    place: Place
    commitment: str
    enrolled: bool


class Walk:
    """The randomisations of a log, each with its place as the log stood at that moment; corrections are none.

    ``given``: the arm of each patient so far. It is filled from the log; where that tells a code, whoever can read it puts the arm
    there before the next step.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events
        self.given: dict[str, str] = {}
        self._entered: dict[str, Mapping[str, Any]] = {}

    def __iter__(self) -> Iterator[Stood]:
        enrolments: dict[int, str] = {}
        places: dict[str, int] = {}
        commitment = ""
        for event in self._events:
            match event.kind:
                case "enrolled":
                    enrolments[event.number] = event.patient
                    self._entered[event.patient] = event.data  # a correction's data are whole
                case "voided" if event.corrects in enrolments:
                    self._entered.pop(enrolments[event.corrects], None)
                case "sealed":
                    commitment = str(event.data.get("commitment", ""))
                case "randomised" if event.corrects is None:
                    stratum = str(event.data.get("stratum", ""))
                    position = places.get(stratum, 0)
                    places[stratum] = position + 1
                    who = self._entered.get(event.patient)
                    factors, cohort = (who.get("factors", {}), str(who.get("cohort", ""))) if who else ({}, "")
                    place = Place(stratum, position, factors, cohort, self._earlier)
                    yield Stood(event, place, commitment, who is not None)
                    if "arm" in event.data:
                        self.given[event.patient] = event.data["arm"]

    def _earlier(self) -> list[Earlier]:
        """Those who have an arm, with their levels of this moment."""
        return [
            Earlier(self._entered[p]["factors"], arm, str(self._entered[p].get("cohort", "")))
            for p, arm in self.given.items()
            if p in self._entered
        ]
