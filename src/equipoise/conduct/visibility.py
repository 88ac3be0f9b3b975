"""What a reader sees of an event: all of it, the event with what tells an arm masked, or nothing.

Pure: it asks the table of roles, and what the log says of people. Masked, an arm reads as one constant word, so that nothing of what is
shown depends on it. Events that are there for one arm only (the doses of a drug that the other has not) are not shown at all to who may
not know the arm, and what he sees is numbered anew: a gap in the numbers would tell how many there were. Who sees the arms
of all that he sees keeps the log's own numbers, by which he corrects; their gaps tell him how busy other sites are, and no arm.
Texts that people write are searched for the names of arms and of drugs that one arm has alone; what else a text gives away nobody can search for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from equipoise.conduct.people import Grant, People
from equipoise.trial.arm import Arm
from equipoise.trial.event import NEITHER, REMOVED, Event
from equipoise.trial.guarded import GUARDED, GUARDED_WHY
from equipoise.trial.kinds import PEOPLE_KINDS
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED, known_treatments, own_treatments
from equipoise.trial.oversight import ON_PATIENTS, targets
from equipoise.trial.role import DOSES, RECOMMENDED_TO, View
from equipoise.trial.trial import Trial

#: Details that are hashes of more than a masked reader is shown.
_HASHED: Mapping[str, frozenset[str]] = {"signed": frozenset({"digest"}), "exported": frozenset({"head"})}
#: What passes between the committee and whom it advises.
_OF_THE_ROOM = frozenset({"recommended", "recommendation taken"})
#: What people looked at, took away or reviewed: no site's business, but who did it.
_OF_WATCHING = frozenset({"seen", "exported", "reviewed"})


@dataclass(frozen=True)
class Reader:
    """Who reads, with what the log says of him: his grants, and what must be known of others to show him an event.

    ``trials``: the trial as it is, and as it was defined before: what tells an arm under one of them tells it. ``room``: whose words
    stay in the committee's room.
    """

    person: str
    grants: tuple[Grant, ...]
    people: People
    trials: tuple[Trial, ...]
    room: frozenset[str]

    @classmethod
    def of(cls, person: str, people: People, trial: Trial, *before: Trial) -> Reader:
        """A reader as he stands after all of a log; ``before``: its other definitions."""
        trials = tuple(t.whole for t in (trial, *before))
        return cls(person, tuple(people.held(person)), people, trials, frozenset(people.of_role("committee")))

    @cached_property
    def views(self) -> frozenset[View]:
        """The pages that he may read. A grant that tells arms opens those that stand by arm."""
        found: set[View] = set()
        for g in self.grants:
            found |= g.role.views | ({"by arm", "forecast", "explained"} if g.arms else set())
        return frozenset(found)

    @cached_property
    def whole(self) -> bool:
        """True of who sees everything."""
        return any(g.role.arms == "all" or g.arms for g in self.grants)

    @cached_property
    def masked(self) -> bool:
        """True of who may not know the arms of the patients that he sees."""
        blind = any(t.masked for t in self.trials) or not all(g.role.arms == "own" for g in self.grants)
        return not self.whole and blind and any(t.randomisation is not None for t in self.trials)

    @property
    def all_patients(self) -> bool:
        """True of who sees patients of all sites."""
        return any(g.role.patients == "all" for g in self.grants)

    @cached_property
    def covered(self) -> frozenset[str]:
        """The drugs by which the arms differ in nothing but the name, wherever they are given: their doses are shown as the masked one's."""
        return self._everywhere(lambda arms: {t.drug for t in own_treatments(arms).values()})

    @cached_property
    def known(self) -> frozenset[str]:
        """The drugs whose doses tell nothing of the arm: wherever one is given, every arm has it, to the same plan."""
        return self._everywhere(lambda arms: set(known_treatments(arms)) - {MASKED})

    def _everywhere(self, of: Callable[[Sequence[Arm]], set[str]]) -> frozenset[str]:
        """The drugs that are ``of`` the arms of each cohort, and of each definition, that have them at all."""
        found = [(of(arms), drugs_of(arms)) for arms in self._arms]
        return frozenset().union(*(these for these, _ in found)).difference(*(drugs - these for these, drugs in found))

    @cached_property
    def _arms(self) -> list[Sequence[Arm]]:
        """The arms among which a patient may be: of each cohort where there are any, of each definition."""
        return [view.arms for t in self.trials for view in (t.views.values() if t.views else (t,))]

    @cached_property
    def renumbers(self) -> bool:
        """True where doses of one arm's own drug are kept from him: the log's numbers would tell how many there are."""
        drugs: frozenset[str] = frozenset().union(*map(drugs_of, self._arms))
        coded = all(t.masked for t in self.trials)
        return self.masked and not coded and bool(drugs - self.covered - self.known)

    def sees_all_of(self, event: Event) -> bool:
        """True where he sees the whole record of the event's patient; of an event of the trial's own, always."""
        return not event.patient or any(g.role.patients == "own" and _sees(g, event, self) for g in self.grants)

    @cached_property
    def telling_words(self) -> re.Pattern[str] | None:
        """The names of arms, and of drugs that not every arm has, as they stand in a text."""
        words = {w for t in self.trials for a in t.arms for w in (a.name, a.label) if w}
        for arms in self._arms:
            words |= {d for d in drugs_of(arms) if not all(d in drugs_of([a]) for a in arms)}
        if not words:
            return None
        longest_first = "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w)))
        return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE)


def visible(event: Event, reader: Reader) -> Event | None:
    """The event as the reader may see it, with the log's number; None where he may not know that it is there."""
    if reader.whole:
        return event
    if not event.patient:
        return _of_the_trial(event, reader)
    grants = [g for g in reader.grants if _sees(g, event, reader)]
    if not grants:
        return None
    apart = reader.masked and event.patient not in reader.people.of_phase1
    return _without_arm(event, reader) if apart else _without_room(event, reader)


def _of_the_trial(event: Event, reader: Reader) -> Event | None:
    """An event of nobody's: people's are for who may see people; what was found by arm is masked."""
    if event.kind in PEOPLE_KINDS and "people" not in reader.views:
        return None
    if event.kind in _OF_THE_ROOM and not any(g.role.name in RECOMMENDED_TO for g in reader.grants):
        event = _masked(event, frozenset({"recommendation", "text"}))  # that there is one ends the look, for everybody
    if event.kind in _OF_WATCHING and event.by != reader.person and not reader.all_patients:
        return None
    # Of what was removed nobody knows any more whose it was: who sees some patients only is not told of it.
    if event.kind in (REMOVED, "redacted") and not reader.all_patients:
        return None
    shown = _masked(event, _telling(event) if reader.masked or event.kind not in _HASHED else frozenset())
    if event.kind in GUARDED_WHY:
        shown = replace(shown, why=MASKED)
    return _searched(_without_room(shown, reader), reader) if reader.masked else _without_room(shown, reader)


def _sees(grant: Grant, event: Event, reader: Reader) -> bool:
    """True where a grant shows a patient's event, masked or not."""
    role = grant.role
    if role.patients == "none" or not role.views & {"record", "counts"}:
        return False
    if role.patients == "all":
        return True
    if reader.people.site_of.get(event.patient, event.site) not in grant.sites:
        return False
    if role.patients == "own":
        return True
    if event.kind in ON_PATIENTS:
        about = targets(event.data)
        return bool(about) and all(reader.people.kind_of.get(n) in DOSES for n in about)
    return reader.people.kind_of.get(event.number, event.kind) in DOSES


#: Kinds that name a drug: it is shown, or hidden, with the event.
_OF_A_DRUG = frozenset({"treated", "dose omitted", "sampled"})
#: What a sample says of what was found in it.
_MEASURED = GUARDED["sampled"] - {"drug"}


def _without_arm(event: Event, reader: Reader) -> Event | None:
    """A patient's event for who may not know the arm. Only who is on an arm with dose levels is assigned to one: that it was done tells."""
    if event.kind in ("assigned", "dlt adjudicated"):
        return None
    if event.kind in ON_PATIENTS:
        about = targets(event.data)
        known = [n for n in about if not _hidden(n, reader)]
        if about and not known:
            return None
        if "events" in event.data:
            event = replace(event, data={**event.data, "events": known})
    if event.kind in _OF_A_DRUG:
        drug = event.data["drug"]
        if drug in reader.covered or drug == MASKED:
            # What was measured of one of the drugs in which the arms differ would tell which it is.
            measured = {k: MASKED for k in event.data if k in _MEASURED} if event.kind == "sampled" else {}
            event = replace(event, data={**event.data, "drug": MASKED, **measured})
        elif drug not in reader.known:
            return None
    shown = _masked(event, _telling(event))
    return _searched(_without_room(shown, reader), reader)


def _hidden(number: int, reader: Reader) -> bool:
    """True of an event of a masked patient that the reader is not shown at all, as ``_without_arm`` has it."""
    kind, drug = reader.people.kind_of.get(number), reader.people.drug_of.get(number)
    if kind in ("assigned", "dlt adjudicated"):
        return True
    return drug is not None and drug != MASKED and drug not in reader.covered and drug not in reader.known


def _telling(event: Event) -> frozenset[str]:
    """The details by which an event tells an arm, or what was found by arm. Doses are hidden by their drug: see ``_without_arm``.

    A digest is of what is hidden too.
    """
    if event.kind in _HASHED:
        return _HASHED[event.kind]
    return GUARDED.get(event.kind, frozenset()) if event.kind not in _OF_A_DRUG else frozenset()


def _masked(event: Event, telling: frozenset[str]) -> Event:
    """The event with some of its details as the constant word."""
    if not telling.intersection(event.data):
        return event
    return replace(event, data={k: MASKED if k in telling else v for k, v in event.data.items()})


def _without_room(event: Event, reader: Reader) -> Event:
    """The event without what a member of the committee wrote of it: it may speak of what was found by arm."""
    return replace(event, why=MASKED) if event.why and event.by in reader.room else event


def _searched(event: Event, reader: Reader) -> Event:
    """The event with the names of arms, and of drugs of one arm, out of its texts."""
    words = reader.telling_words
    if words is None:
        return event
    # A definition names all arms to everybody, and tells of nobody which is his; with a word out of it it would define nothing.
    data = {k: v if k == "definition" else _cleaned(v, words) for k, v in event.data.items()}
    why = words.sub(MASKED, event.why) if event.why else ""
    # Most say nothing of it: they stay the same, and a reader of a long log has no second copy of all details.
    return event if data == event.data and why == event.why else replace(event, why=why, data=data)


def _cleaned(value: Any, words: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return words.sub(MASKED, value)
    if isinstance(value, Mapping):
        return {k: _cleaned(v, words) for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(v, words) for v in value]
    return value


class Showing:
    """What a reader is shown of a log, event by event, as the log grows: ``events``, and under which number each stands.

    What was shown stands, for it follows from the events before it; whoever goes on with it sees to it that the reader's grants, the
    definitions and the committee's members are those with which it began, and that no content was removed since.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        #: By the log's number of each event that is shown the number under which it is.
        self.number: dict[int, int] = {}

    def take(self, events: Iterable[Event], reader: Reader) -> Showing:
        """Go on with the log's next events."""
        shown, number = self.events, self.number
        for event in events:
            e = visible(event, reader)
            if event.corrects is not None and event.corrects not in number:
                # What it corrects is not shown: a voiding says nothing then, and a correction is the first that is seen of it.
                e = None if e is None or e.kind == "voided" else replace(e, corrects=None)
            elif event.corrects is not None and e is None:
                # Corrected into what is not shown: what was shown is taken back, or it would stand.
                e = replace(event, kind="voided", data={}, why=MASKED)
            if e is not None and e.kind in ON_PATIENTS:
                e = _renumbered(e, number)
            if e is not None and e.kind == "redacted":
                kept = {k: v for k, v in e.data.items() if k != "corrected"}
                e = replace(e, data={**kept, "event": number.get(e.data["event"], 0)})
            if e is None:
                continue
            number[event.number] = len(shown) + 1 if reader.renumbers else event.number
            corrects = None if e.corrects is None else number[e.corrects]
            # Without its salts: with them the digest of a part that is withheld could be tried for each arm.
            shown.append(replace(e, number=number[event.number], corrects=corrects, salts=NEITHER, withheld=NEITHER))
        return self


def seen(events: Iterable[Event], reader: Reader) -> Log:
    """The log as the reader sees it: a log of its own, whose fingerprints name what he was shown and tell nothing else."""
    return Log(Showing().take(events, reader).events)


def _renumbered(event: Event, number: Mapping[int, int]) -> Event | None:
    """An act about the record by the numbers under which its events are shown; None where none of them is."""
    about = targets(event.data)
    shown = [number[n] for n in about if n in number]
    if (about and not shown) or ("query" in event.data and event.data["query"] not in number):
        return None
    data = {**event.data, **({"events": shown} if "events" in event.data else {"event": shown[0]} if about else {})}
    if "query" in data:
        data["query"] = number[data["query"]]
    return replace(event, data=data)


def numbers_shown(events: Iterable[Event], reader: Reader) -> dict[int, int]:
    """The log's number of each event that the reader sees, by the number under which he sees it."""
    return {there: here for here, there in Showing().take(events, reader).number.items()}


def parts_shown(event: Event, reader: Reader) -> tuple[str, ...]:
    """The parts of an event's line ('open', 'guarded') that the reader may have as they stand, so that the chain still verifies."""
    e = visible(event, reader)
    if e is None:
        return ()
    if e == event:
        return ("open", "guarded")
    shown, _ = event.parts()
    same = all(e.data.get(k) == v for k, v in shown["data"].items()) and shown["why"] in ("", e.why)
    return ("open",) if same else ()


def padded(log: Log, reader: Reader) -> Log:
    """The log as the reader sees it with blanks in place of what he does not, so that events stand under their own numbers.

    To judge an order by, and to show to nobody. For who sees them numbered anew it is what he sees.
    """
    if reader.renumbers:
        return seen(log, reader)
    at = {e.number: e for e in seen(log, reader)}
    blank = Event(0, "", log[0].happened, log[0].recorded, "")
    return Log(at.get(e.number) or replace(blank, number=e.number, recorded=e.recorded) for e in log)


def drugs_of(arms: Iterable[Arm]) -> set[str]:
    """The drugs of arms."""
    return {t.drug for arm in arms for t in arm.regimen}


def role_names(reader: Reader) -> str:
    """The reader's roles in words."""
    return ", ".join(dict.fromkeys(g.role.name for g in reader.grants))
