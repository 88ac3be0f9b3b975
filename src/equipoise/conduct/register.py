"""What an order must look up in a log that it does not read as a whole: a register of its events, kept beside it.

The register says which events there are of a patient, under a key, of a likeness; the events themselves are the log's lines, each of
which proves itself. What a register holds follows from the log alone, event by event (``Notes``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Protocol

from equipoise.conduct.amending import on_an_arm
from equipoise.conduct.numbers import Numbers
from equipoise.conduct.same_person import pairs
from equipoise.trial.event import Event
from equipoise.trial.folded import folded
from equipoise.trial.trial import Trial

#: The key of all events that are of no patient; and of the sign that a patient has had two sites.
TRIAL, MOVED = "trial", "moved"
#: The keys of how many have an arm, and of the first event that holds a code in place of one.
DRAWN, CODED = "drawn", "coded"
#: The key of the last events that put patients on an arm.
ON_ARMS = "on arms"
_STRATUM, _MARGIN = "stratum/", "margin/"
#: How the keys of counts begin.
COUNTS = (_STRATUM, _MARGIN, DRAWN)
#: How many events are kept under a key that answers whether there are any in force.
KEPT = 8


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
    return f"{_STRATUM}{stratum}"


def of_code(code: str) -> str:
    """The key of a code that is taken."""
    return f"code/{code}"


def of_position(number: int) -> str:
    """The key of the place, from 0, in its stratum's list, of the randomisation that is event ``number``, and tells a code."""
    return f"position/{number}"


def of_entry(patient: str) -> str:
    """The key of a patient's enrolment in force, and of his randomisation; 0 for none. Kept where arms are minimised."""
    return f"entry/{patient}"


def of_margin(cohort: str, factor: str, level: str, arm: str) -> str:
    """The key of how many of a cohort have a level of a factor and an arm."""
    return _MARGIN + "/".join(sha256(part.encode()).hexdigest() for part in (cohort, factor, level, arm))


def of_place(what: str, name: str) -> str:
    """The key of the last events at a site, or in a cohort."""
    return f"{what} of events/{name}"


def of_likeness(site: str, pair: str) -> str:
    """The key of the screenings at a site that agree in two details of the person."""
    return f"likeness/{sha256(site.encode()).hexdigest()}/{pair}"


def counted_factors(trial: Trial) -> list[str] | None:
    """The factors whose levels are counted by arm; None where no arm follows from those before, or the log tells none."""
    r = trial.randomisation
    return [f.name for f in r.factors] if r is not None and r.minimises and not trial.masked else None


def noted_alike(one: Trial, other: Trial) -> bool:
    """Whether a register holds the same of a log under both definitions of its trial."""
    return one.patients == other.patients and counted_factors(one) == counted_factors(other)


class Notes:
    """What a register holds of events that are new: ``changed`` stands in place of, or beside, what ``look`` finds.

    ``recorded``: the event of a number, among those that were noted before.
    """

    def __init__(self, trial: Trial, look: Callable[[str], Any | None], recorded: Callable[[int], Event]) -> None:
        self._numbers = Numbers(trial)
        self._look, self._recorded = look, recorded
        self._factors = counted_factors(trial)
        self.changed: dict[str, Any] = {}

    def _get(self, key: str, otherwise: Any) -> Any:
        found = self.changed[key] if key in self.changed else self._look(key)
        return otherwise if found is None else found

    def _add(self, key: str, number: int) -> None:
        found = self.changed.get(key)
        if found is None:
            found = self.changed[key] = list(self._look(key) or ())
        found.append(number)

    def _keep(self, key: str, number: int) -> None:
        """Note an event under a key that holds the last few."""
        self.changed[key] = [*self._get(key, ()), number][-KEPT:]

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
        if event.kind != "voided":
            if on_an_arm(event):
                self._keep(ON_ARMS, number)
            for what, name in (("site", event.site), ("cohort", data.get("cohort"))):
                if name:
                    self._keep(of_place(what, name), number)
        if self._factors is not None:
            self._count(event, self._factors)
        if event.kind == "screened":
            for pair in pairs(data):
                self._add(of_likeness(event.site, pair), number)
        elif event.kind == "randomised" and event.corrects is None:
            stratum = of_stratum(data["stratum"])
            position = self._get(stratum, 0)
            self.changed[stratum] = position + 1
            if "code" in data:
                self.changed[of_code(data["code"])] = number
                self.changed[of_position(number)] = position
                self.changed[CODED] = self._get(CODED, number)

    def _count(self, event: Event, factors: Sequence[str]) -> None:
        """Keep how many have each level and arm, as the enrolments in force have the levels."""
        enrolled, randomised = before = self._get(of_entry(event.patient), (0, 0))
        if event.kind == "enrolled":
            enrolled = event.number
        elif event.kind == "voided" and event.corrects == enrolled:
            enrolled = 0
        elif event.kind == "randomised" and event.corrects is None:
            randomised = event.number
        if (enrolled, randomised) == tuple(before):
            return
        self._shift(before, -1, event, factors)
        self._shift((enrolled, randomised), 1, event, factors)
        self.changed[of_entry(event.patient)] = [enrolled, randomised]

    def _shift(self, entry: Sequence[int], by: int, new: Event, factors: Sequence[str]) -> None:
        """Count a patient's levels and arm in, or out."""
        if not all(entry):
            return
        enrolled, randomised = (new if n == new.number else self._recorded(n) for n in entry)
        cohort, levels, arm = str(enrolled.data.get("cohort", "")), enrolled.data["factors"], randomised.data["arm"]
        for key in (DRAWN, *(of_margin(cohort, name, levels[name], arm) for name in factors)):
            self.changed[key] = self._get(key, 0) + by

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
