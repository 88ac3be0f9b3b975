"""A trial conducted by an excerpt of its log: the trial's own events, and of the patients only those who are asked for.

The rules are those of ``Conduct`` and know nothing of it. What cannot be answered from the excerpt raises ``WholeNeeded``, whatever it is:
a part of the state that is not looked up by name cannot be read by mistake as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NoReturn

from equipoise.conduct.amending import Begun
from equipoise.conduct.clock import CORRECTED
from equipoise.conduct.conduct import Conduct, Salts
from equipoise.conduct.definitions import DEFINING, Read
from equipoise.conduct.overseen import Overseen
from equipoise.conduct.place import Before, Counted, Place
from equipoise.conduct.register import (
    CODED,
    DRAWN,
    KEPT,
    MOVED,
    ON_ARMS,
    TRIAL,
    Register,
    WholeNeeded,
    of_code,
    of_counter,
    of_folded,
    of_key,
    of_likeness,
    of_margin,
    of_patient,
    of_place,
    of_position,
    of_stratum,
)
from equipoise.conduct.running import Running
from equipoise.conduct.same_person import alike, pairs
from equipoise.conduct.sealed import ByWhom, Sealed
from equipoise.conduct.standing import ENROLMENT
from equipoise.conduct.unmasking import Told, refuse_another_code
from equipoise.conduct.walk import Stood
from equipoise.trial.event import Event, hash_of
from equipoise.trial.log import Log, in_force
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial

#: How many events are read at most by looking up what was recorded since a day: beyond it the whole log is read as quickly.
MOST = 2000


class Excerpt(Conduct):
    """The running trial as far as one order asks for it. It judges; but for a fork it takes nothing in."""

    def __init__(
        self, trial: Trial, register: Register, allocation: ByWhom, salts: Salts, read: Read | None = None
    ) -> None:
        self._register = register
        #: True of a fork, which takes in what may follow.
        self._ahead = False
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

        def overseen(name: str) -> Overseen | None:
            of = running(name)
            return of.overseen.get(name) if of is not None else None

        def known(number: str) -> str | None:
            first = register.look(of_folded(number))
            return register.events([first])[0].patient if first is not None else None

        def kind(number: int) -> str | None:
            event = self._recorded(number)
            corrected = kind(event.corrects) if event is not None and event.corrects is not None else None
            return corrected or (event.kind if event is not None else None)

        def whose(number: int) -> str | None:
            event = self._recorded(number)
            return event.patient or None if event is not None else None

        def drug(number: int) -> str | None:
            event = self._recorded(number)
            return (
                str(event.data["drug"])
                if event is not None and event.kind in ("treated", "dose omitted", "sampled")
                else None
            )

        def site(name: str) -> str | None:
            of = running(name)
            return of.people.site_of.get(name) if of is not None else None

        if self.people.kept:
            looked: dict[str, Any] = {
                "site_of": _Looked(site),
                "kind_of": _Looked(kind),
                "patient_of": _Looked(whose),
                "drug_of": _Looked(drug),
            }
            vars(self.people).update(looked)
        named: dict[str, Any] = {
            "log": _Lines(register, register.number, register.head),
            "patients": _Looked(patient),
            "_events_of": _Looked(record),
            "overseen": _Looked(overseen),
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
        return self._in_order({e.patient for e in self._register.events(numbers) if alike(event, e)})

    @property
    def masked(self) -> bool:
        """True where the log tells codes."""
        return self._register.look(CODED) is not None

    def _before(self) -> Before:
        """Those who were randomised, counted."""

        def count(*named: str) -> int:
            return int(self._register.look(of_margin(*named)) or 0)

        return Counted(int(self._register.look(DRAWN) or 0), count)

    def _arm_of(self, randomised: Event, sealed: Sealed) -> str:
        """By the place of the randomisation in its list. The codes of others are not looked at."""
        first = next(e for e in self._all_of(randomised.patient) if e.kind == "randomised" and e.corrects is None)
        position = self._register.look(of_position(first.number))
        if position is None:
            raise WholeNeeded("no place")
        commitments = [e.data["commitment"] for e in self._own if e.kind == "sealed" and e.number < first.number]
        place = Place(first.data["stratum"], int(position), {}, "", self._before)
        stood = Stood(first, place, str(commitments[-1]) if commitments else "", enrolled=True)
        key = sealed.key(stood.commitment, self.definitions.recorded_before(first))
        if key is None:
            raise BadInput("secret", [Told({}, [stood], sealed).missing(stood)])
        if key.asks_who_came_before:
            raise WholeNeeded("an arm that follows from all before")
        refuse_another_code(first, place, key, _Before(self._register, first.number))
        return key.give(place)

    # -- what the trial's own events may touch ----------------------------------------------------------------------

    def _all_of(self, name: str) -> list[Event]:
        """A patient's events, those that were corrected among them."""
        return self._register.events((self._register.look(of_patient(name)) or [""])[1:])

    def _beside(self, event: Event) -> list[Event]:
        """The patient's events and the trial's own, among which those are that were removed, whosever they were."""
        return [*self._own, *self._all_of(event.patient)] if event.patient else self._own

    def _since(self, day: date) -> list[Patient]:
        """Those to whom something happened on ``day`` or later: it was recorded since that day began anywhere on the earth (UTC+14).

        The log is read from its end on; ``MOST`` events at most.
        """
        earliest = datetime.combine(day, time(), UTC) - timedelta(hours=14)
        names: set[str] = set()
        end, size = self._register.number, 32
        while end:
            start = max(0, end - size)
            some = self._register.events(range(start + 1, end + 1))
            names |= {e.patient for e in some if e.patient and e.happened >= day}
            before = max((e.number for e in some if e.recorded < earliest), default=0)
            if before:
                self._ran_on(before, earliest)
                break
            end, size = start, min(2 * size, 128)
            if self._register.number - end > MOST:
                raise WholeNeeded(f"more than {MOST} events since {day}")
        return self._in_order(names)

    def _ran_on(self, number: int, moment: datetime) -> None:
        """Raise WholeNeeded where a clock ran ahead before event ``number``, and stamped an event ``moment`` or later."""
        for e in self._own:
            if e.kind == CORRECTED and e.number <= number and self.log[e.number - 2].recorded >= moment:
                raise WholeNeeded("time did not run on")

    def _in_order(self, names: Iterable[str]) -> list[Patient]:
        patients = [p for name in names if (p := self.patients.get(name)) is not None]
        return sorted(patients, key=lambda p: self.standing.places.get(n := self._events_of[p.name][0].number, n))

    def _touched(self, event: Event, old: Event | None = None) -> list[Event]:
        """The trial's own events, and all those of the patients whom ``event`` may touch; of a patient's event those of the patient."""
        what = old or event
        if what.patient:
            return sorted([*self._own, *self._all_of(what.patient)], key=lambda e: e.number)
        if what.kind in DEFINING and (self._read is None or not all(e.text for e in self.definitions.editions)):
            raise WholeNeeded("the file at hand stands for a definition that the log does not carry")
        if what.kind == event.kind == "site activated" and event.happened <= what.happened:
            patients: list[Patient] = []  # open for longer
        elif what.kind == "site activated" or what.kind in ENROLMENT or what.kind in DEFINING:
            patients = self._since(min(event.happened, what.happened))
        else:
            raise WholeNeeded(what.kind)
        found = [*self._own, *(e for p in patients for e in self._all_of(p.name))]
        return sorted(found, key=lambda e: e.number)

    def _begun(self) -> Begun:
        own = Begun.of(in_force(self._own))
        last = self.definitions.last
        trial = self.definitions.trial_of(last) if last is not None else self.trial
        if any(t.forms for t in self.definitions.trials):
            raise WholeNeeded("what was recorded on forms")
        sites = {s for s in trial.site_by_name if s in own.sites or self._any(of_place("site", s))}
        cohorts = {c for c in trial.cohort_names if self._any(of_place("cohort", c))}
        return replace(own, randomised=self._any(ON_ARMS), sites=sites, cohorts=cohorts)

    def _any(self, key: str) -> bool:
        """Whether an event that stands under a key is in force."""
        numbers = self._register.look(key) or []
        if any(self._in_force(n) for n in reversed(numbers)):
            return True
        if len(numbers) >= KEPT:
            raise WholeNeeded("none of the last few is in force")
        return False

    # -- what is not done -------------------------------------------------------------------------------------------

    def fork(self, allocation: ByWhom) -> Excerpt:
        """The same excerpt, to be asked what may follow an order that is not recorded yet."""
        other = copy(self)
        other._allocation, other._ahead = allocation, True
        other.standing = other._standing_as(self.standing)
        # The places stay one: they come with the patients who are asked for.
        other.standing.places = self.standing.places
        other._own = list(self._own)
        return other

    def take(self, event: Event) -> Event:
        """Take in a safety look, or what it does to enrolment, where this is a fork. What follows from any other may need the whole log."""
        if not self._ahead or "key" in event.data or not (event.kind == "safety look" or event.kind in ENROLMENT):
            raise WholeNeeded("take")
        self.log = grown(self.log, [event])
        self._own.append(event)
        self._take_own(event)
        return event

    def copy(self) -> NoReturn:
        """Not done, as ``take``."""
        raise WholeNeeded("copy")

    def _rebuild(self) -> None:
        if isinstance(self.log, _Lines):
            raise WholeNeeded("rebuild")
        super()._rebuild()


class _Before:
    """The codes that were taken before an event."""

    def __init__(self, register: Register, number: int) -> None:
        self._register, self._number = register, number

    def __contains__(self, code: object) -> bool:
        found = self._register.look(of_code(str(code)))
        return found is not None and int(found) < self._number


class _Looked:
    """A mapping of which only what is asked for by name is known. All else that a mapping answers raises WholeNeeded."""

    def __init__(self, look: Callable[[Any], Any | None]) -> None:
        self._look = look

    def get(self, key: Any, otherwise: Any = None) -> Any:
        found = self._look(key)
        return otherwise if found is None else found

    def __contains__(self, key: Any) -> bool:
        return self._look(key) is not None

    def __getitem__(self, key: Any) -> Any:
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
