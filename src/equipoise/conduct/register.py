"""What an order must look up in a log that it does not read as a whole: a register of its events, kept beside it.

The register says which events there are of a patient, under a key, of a likeness; the events themselves are the log's lines, each of
which proves itself. What a register holds follows from the log alone, event by event (``Notes``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Protocol

from equipoise.conduct.numbers import Numbers, folded
from equipoise.conduct.same_person import pairs
from equipoise.trial.event import Event
from equipoise.trial.trial import Trial

#: The key of all events that are of no patient; and of the sign that a patient has had two sites.
TRIAL, MOVED = "trial", "moved"


class WholeNeeded(Exception):  # noqa: N818 - no error: it is said where a register does not do
    """The whole log must be read: what is asked is in no register, or a register is not the log's."""


class Register(Protocol):
    """A log that is looked up. Every method raises WholeNeeded where what stands there is not what it must be."""

    @property
    def number(self) -> int:
        """Of the log's last event."""
        ...

    @property
    def head(self) -> str:
        """The hash of the log's last event."""
        ...

    def look(self, key: str) -> Any | None:
        """What stands under a key of ``Notes``; None for nothing."""
        ...

    def events(self, numbers: Sequence[int]) -> list[Event]:
        """The events of these numbers, each verified by its hash; one that was removed as it then stands."""
        ...

    def hash_of(self, number: int) -> str:
        """The hash of an event."""
        ...


def of_event(number: int) -> str:
    """The key under which an event's hash and place stand."""
    return f"event/{number}"


def of_patient(name: str) -> str:
    """The key of a patient's first site, as a digest, and the numbers of all his events."""
    return f"patient/{name}"


def of_folded(number: str) -> str:
    """The key of the first event of the patient whose number could be taken for this one."""
    return f"folded/{folded(number)}"


def of_counter(site: str) -> str:
    """The key of the highest count among a site's numbers; '' where sites do not count by themselves."""
    return f"counter/{site}"


def of_key(key: str) -> str:
    """The key of the event that was ordered under ``key``."""
    return f"key/{key}"


def of_stratum(stratum: str) -> str:
    """The key of how many were randomised in a stratum."""
    return f"stratum/{stratum}"


def of_code(code: str) -> str:
    """The key of a code that is taken."""
    return f"code/{code}"


def of_likeness(site: str, pair: str) -> str:
    """The key of the screenings at a site that agree in two details of the person."""
    return f"likeness/{sha256(site.encode()).hexdigest()}/{pair}"


class Notes:
    """What a register holds of events that are new: ``changed`` stands in place of, or beside, what ``look`` finds."""

    def __init__(self, trial: Trial, look: Callable[[str], Any | None]) -> None:
        self._numbers = Numbers(trial)
        self._look = look
        self.changed: dict[str, Any] = {}

    def _get(self, key: str, otherwise: Any) -> Any:
        found = self.changed[key] if key in self.changed else self._look(key)
        return otherwise if found is None else found

    def _add(self, key: str, number: int) -> None:
        found = self.changed.get(key)
        if found is None:
            found = self.changed[key] = list(self._look(key) or ())
        found.append(number)

    def take(self, event: Event, digest: str, place: Sequence[int]) -> None:
        """Note an event, its hash, and where its line stands."""
        number, data = event.number, event.data
        self.changed[of_event(number)] = [digest, *place]
        if "key" in data:
            self.changed[of_key(data["key"])] = number
        if not event.patient:
            self._add(TRIAL, number)
            return
        self._note_patient(event)
        if event.kind == "screened":
            for pair in pairs(data):
                self._add(of_likeness(event.site, pair), number)
        elif event.kind == "randomised" and event.corrects is None:
            stratum = of_stratum(data["stratum"])
            self.changed[stratum] = self._get(stratum, 0) + 1
            if "code" in data:
                self.changed[of_code(data["code"])] = number

    def _note_patient(self, event: Event) -> None:
        key, site = of_patient(event.patient), sha256(event.site.encode()).hexdigest()[:16]
        if self._get(key, None) is None:
            self.changed[key] = [site]
            alike = of_folded(event.patient)
            self.changed[alike] = self._get(alike, event.number)
            counted = self._numbers.counted(event.patient, event.site)
            if counted is not None:
                counter = of_counter(counted[0])
                self.changed[counter] = max(self._get(counter, 0), counted[1])
        self._add(key, event.number)
        if event.site and self.changed[key][0] != site:
            self.changed[MOVED] = event.number
