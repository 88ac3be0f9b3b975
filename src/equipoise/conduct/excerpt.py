"""A trial conducted by an excerpt of its log: the trial's own events, and of the patients only those who are asked for.

The rules are those of ``Conduct`` and know nothing of it. What cannot be answered from the excerpt raises ``WholeNeeded``, whatever it is:
a part of the state that is not looked up by name cannot be read by mistake as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from equipoise.conduct.conduct import Conduct, Salts
from equipoise.conduct.definitions import Read
from equipoise.conduct.register import (
    MOVED,
    TRIAL,
    Register,
    WholeNeeded,
    of_code,
    of_counter,
    of_folded,
    of_key,
    of_likeness,
    of_patient,
    of_stratum,
)
from equipoise.conduct.running import Running
from equipoise.conduct.same_person import alike, pairs
from equipoise.conduct.sealed import ByWhom
from equipoise.trial.event import Event, hash_of
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


class Excerpt(Conduct):
    """The running trial as far as one order asks for it. It judges; it takes nothing in."""

    def __init__(
        self, trial: Trial, register: Register, allocation: ByWhom, salts: Salts, read: Read | None = None
    ) -> None:
        self._register = register
        self._own = register.events(register.look(TRIAL) or ())
        super().__init__(trial, Log(self._own), allocation, salts, takes=False, read=read)
        found: dict[str, Running | None] = {}

        def running(name: str) -> Running | None:
            if name not in found:
                found[name] = self._running(name)
            return found[name]

        def patient(name: str) -> Patient | None:
            of = running(name)
            return of.patients.get(name) if of is not None else None

        def record(name: str) -> list[Event] | None:
            of = running(name)
            return of._events_of.get(name) if of is not None else None

        def known(number: str) -> str | None:
            first = register.look(of_folded(number))
            return register.events([first])[0].patient if first is not None else None

        named: dict[str, Any] = {
            "log": _Lines(register, register.number, register.head),
            "patients": _Looked(patient),
            "_events_of": _Looked(record),
            "_allocated": _Looked(lambda stratum: register.look(of_stratum(stratum))),
            "_keys": _Looked(lambda key: register.look(of_key(key))),
            "_codes": _Looked(lambda code: register.look(of_code(code))),
        }
        self.__dict__.update(named)
        self._numbers.look_up(
            _Looked(lambda name: register.look(of_patient(name))),
            _Looked(known),
            _Looked(lambda site: register.look(of_counter(site))),
        )

    def _running(self, name: str) -> Running | None:
        """The trial as if nobody but this patient were in it: all that his record follows from."""
        numbers = self._register.look(of_patient(name))
        if numbers is None:
            return None
        events = self._register.events(numbers[1:])
        if any(e.patient != name for e in events):
            raise WholeNeeded(f"an event of another than {name}")
        union = sorted([*self._own, *events], key=lambda e: e.number)
        found = Running(self.trial, Log(union), virtual=False, read=self._read)
        self.standing.places.update(found.standing.places)
        return found

    def who_may_be(self, event: Event) -> Iterable[Patient]:
        """The patients who were screened with the same details, in the order in which they came."""
        if self._register.look(MOVED) is not None:
            raise WholeNeeded("a patient with two sites")
        keys = [of_likeness(event.site, pair) for pair in pairs(event.data)]
        numbers = sorted({n for key in keys for n in self._register.look(key) or ()})
        names = {e.patient for e in self._register.events(numbers) if alike(event, e)}
        patients = [p for name in names if (p := self.patients.get(name)) is not None]
        return sorted(patients, key=lambda p: self.standing.places.get(n := self._events_of[p.name][0].number, n))

    def take(self, event: Event) -> NoReturn:
        """Not done: what follows from an event may need the whole log."""
        raise WholeNeeded("take")

    def copy(self) -> NoReturn:
        """Not done, as ``take``."""
        raise WholeNeeded("copy")

    def _rebuild(self) -> None:
        if isinstance(self.log, _Lines):
            raise WholeNeeded("rebuild")
        super()._rebuild()


class _Looked:
    """A mapping of which only what is asked for by name is known. All else that a mapping answers raises WholeNeeded."""

    def __init__(self, look: Callable[[str], Any | None]) -> None:
        self._look = look

    def get(self, key: str, otherwise: Any = None) -> Any:
        found = self._look(key)
        return otherwise if found is None else found

    def __contains__(self, key: str) -> bool:
        return self._look(key) is not None

    def __getitem__(self, key: str) -> Any:
        found = self._look(key)
        if found is None:
            raise KeyError(key)
        return found

    def _whole(self, *_: object) -> NoReturn:
        raise WholeNeeded("all of them")

    __iter__ = __len__ = __bool__ = __setitem__ = __delitem__ = _whole

    def __getattr__(self, name: str) -> NoReturn:
        raise WholeNeeded(name)


class _Lines(Log):
    """A log of which each event is read when it is asked for by its number; asked for as a whole it raises WholeNeeded.

    ``more``: events that were recorded since, each with its hash.
    """

    def __init__(self, register: Register, number: int, head: str, more: Sequence[tuple[Event, str]] = ()) -> None:
        self._register, self._number, self._more = register, number, list(more)
        self._head = more[-1][1] if more else head

    def __len__(self) -> int:
        return self._number + len(self._more)

    def __getitem__(self, index: int) -> Event:
        if not 0 <= index < len(self):
            raise WholeNeeded(f"event {index}")
        if index >= self._number:
            return self._more[index - self._number][0]
        return self._register.events([index + 1])[0]

    def __iter__(self) -> NoReturn:
        raise WholeNeeded("all events")

    @property
    def last(self) -> Event | None:
        """The last event."""
        return self[len(self) - 1]

    @property
    def head(self) -> str:
        """The hash of the last event."""
        return self._head

    def hash_at(self, number: int) -> str:
        """The hash of event ``number``."""
        if not 1 <= number <= len(self):
            raise WholeNeeded(f"event {number}")
        return self._more[number - self._number - 1][1] if number > self._number else self._register.hash_of(number)

    def hashes(self) -> Any:
        """The chain, of which only single hashes can be asked for."""
        return _Hashes(self)

    def __getattr__(self, name: str) -> NoReturn:
        raise WholeNeeded(name)  # the events themselves, and their hashes


class _Hashes:
    """The hashes of a log, each looked up when it is asked for."""

    def __init__(self, log: _Lines) -> None:
        self._log = log

    def __len__(self) -> int:
        return len(self._log)

    def __getitem__(self, index: int) -> str:
        if not isinstance(index, int):
            raise WholeNeeded("some hashes")
        return self._log.hash_at(index + 1)

    def __iter__(self) -> NoReturn:
        raise WholeNeeded("all hashes")


def grown(log: Log, events: Iterable[Event]) -> Log:
    """The log of an excerpt with the events that were recorded since it was judged by. Raises WholeNeeded for any other log."""
    if not isinstance(log, _Lines):
        raise WholeNeeded("grown")
    more, head = [], log.head
    for event in events:
        head = hash_of(event, head)
        more.append((event, head))
    return _Lines(log._register, log._number, log.head, [*log._more, *more])
