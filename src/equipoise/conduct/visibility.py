"""What a reader sees of an event: all of it, the event with what tells an arm masked, or nothing.

Pure: it asks the table of roles, and what the log says of people. Masked, an arm reads as one constant word, so that nothing of what is
shown depends on it. Events that are there for one arm only (the doses of a drug that the other has not) are not shown at all to who may
not know the arm, and what he sees is numbered anew: a gap in the numbers would tell how many there were. Who sees the arms
of all that he sees keeps the log's own numbers, by which he corrects; their gaps tell him how busy other sites are, and no arm.
Texts that people write are searched for the names of arms and of drugs that one arm has alone; what else a text gives away nobody can search for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from equipoise.conduct.people import Grant, People
from equipoise.trial.event import NEITHER, REMOVED, Event
from equipoise.trial.guarded import GUARDED, GUARDED_WHY
from equipoise.trial.kinds import PEOPLE_KINDS
from equipoise.trial.log import Log
from equipoise.trial.masked import MASKED, known_treatments, own_treatments
from equipoise.trial.role import DOSES, View
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Reader:
    """Who reads, with what the log says of him: his grants, and what must be known of others to show him an event.

    ``room``: whose words stay in the committee's room.
    """

    person: str
    grants: tuple[Grant, ...]
    people: People
    trial: Trial
    room: frozenset[str]

    @classmethod
    def of(cls, person: str, people: People, trial: Trial) -> Reader:
        """A reader as he stands after all of a log."""
        return cls(person, tuple(people.held(person)), people, trial.whole, frozenset(people.of_role("committee")))

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
        blind = self.trial.masked or not all(g.role.arms == "own" for g in self.grants)
        return not self.whole and blind and self.trial.randomisation is not None

    @cached_property
    def treatments(self) -> Mapping[str, frozenset[str]]:
        """Of each cohort, '' for none, the drugs whose doses tell nothing of the arm."""
        of = {"": self.trial.arms, **{name: view.arms for name, view in self.trial.views.items()}}
        return {name: frozenset(known_treatments(arms)) - {MASKED} for name, arms in of.items()}

    @cached_property
    def covered(self) -> frozenset[str]:
        """The drugs by which the arms differ in nothing but the name: their doses are shown as the masked one's."""
        of = (self.trial.arms, *(view.arms for view in self.trial.views.values()))
        return frozenset(t.drug for arms in of for t in own_treatments(arms).values())

    @cached_property
    def renumbers(self) -> bool:
        """True where doses of one arm's own drug are kept from him: the log's numbers would tell how many there are."""
        drugs = {t.drug for arm in self.trial.arms for t in arm.regimen}
        return self.masked and not self.trial.masked and bool(drugs - self.covered - self._known)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset().union(*self.treatments.values())

    def sees_all_of(self, event: Event) -> bool:
        """True where he sees the whole record of the event's patient; of an event of the trial's own, always."""
        return not event.patient or any(g.role.patients == "own" and _sees(g, event, self) for g in self.grants)

    @cached_property
    def telling_words(self) -> re.Pattern[str] | None:
        """The names of arms, and of drugs that not every arm has, as they stand in a text."""
        arms = self.trial.arms
        shared = set.intersection(*({t.drug for t in a.regimen} for a in arms))
        words = {w for a in arms for w in (a.name, a.label, *(t.drug for t in a.regimen if t.drug not in shared)) if w}
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
    return _without_arm(event, reader) if reader.masked else _without_room(event, reader)


def _of_the_trial(event: Event, reader: Reader) -> Event | None:
    """An event of nobody's: people's are for who may see people; what was found by arm is masked."""
    if event.kind in PEOPLE_KINDS and "people" not in reader.views:
        return None
    # Of what was removed nobody knows any more whose it was: who sees some patients only is not told of it.
    if event.kind in (REMOVED, "redacted") and not any(g.role.patients == "all" for g in reader.grants):
        return None
    shown = _masked(event, _telling(event))
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
    kind = reader.people.kind_of.get(event.number, event.kind)
    return role.patients == "own" or kind in DOSES


def _without_arm(event: Event, reader: Reader) -> Event | None:
    """A patient's event for who may not know the arm."""
    if event.kind == "treated":
        drug = event.data["drug"]
        if drug in reader.covered:
            event = replace(event, data={**event.data, "drug": MASKED})
        elif drug not in reader._known and drug != MASKED:
            return None
    shown = _masked(event, _telling(event))
    return _searched(_without_room(shown, reader), reader)


def _telling(event: Event) -> frozenset[str]:
    """The details by which an event tells an arm, or what was found by arm. Doses are hidden by their drug: see ``_without_arm``."""
    return GUARDED.get(event.kind, frozenset()) if event.kind != "treated" else frozenset()


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
    return replace(event, why=words.sub(MASKED, event.why), data=_cleaned(event.data, words))


def _cleaned(value: Any, words: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return words.sub(MASKED, value)
    if isinstance(value, Mapping):
        return {k: _cleaned(v, words) for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(v, words) for v in value]
    return value


def seen(events: Iterable[Event], reader: Reader) -> Log:
    """The log as the reader sees it: a log of its own, whose fingerprints name what he was shown and tell nothing else."""
    shown: list[Event] = []
    number: dict[int, int] = {}
    for event in events:
        e = visible(event, reader)
        if event.corrects is not None and event.corrects not in number:
            # What it corrects is not shown: a voiding says nothing then, and a correction is the first that is seen of it.
            e = None if e is None or e.kind == "voided" else replace(e, corrects=None)
        elif event.corrects is not None and e is None:
            # Corrected into what is not shown: what was shown is taken back, or it would stand.
            e = replace(event, kind="voided", data={}, why=MASKED)
        if e is not None and e.kind == "redacted":
            kept = {k: v for k, v in e.data.items() if k != "corrected"}
            e = replace(e, data={**kept, "event": number.get(e.data["event"], 0)})
        if e is None:
            continue
        number[event.number] = len(shown) + 1 if reader.renumbers else event.number
        corrects = None if e.corrects is None else number[e.corrects]
        # Without its salts: with them the digest of a part that is withheld could be tried for each arm.
        shown.append(replace(e, number=number[event.number], corrects=corrects, salts=NEITHER, withheld=NEITHER))
    return Log(shown)


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

    To judge an order by, and to show to nobody.
    """
    at = {e.number: e for e in seen(log, reader)} if not reader.renumbers else {}
    blank = Event(0, "", log[0].happened, log[0].recorded, "")
    return Log(at.get(e.number) or replace(blank, number=e.number, recorded=e.recorded) for e in log)


def role_names(reader: Reader) -> str:
    """The reader's roles in words."""
    return ", ".join(dict.fromkeys(g.role.name for g in reader.grants))
