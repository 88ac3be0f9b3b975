"""When a simulated trial looks at its safety rules, and what each look said: the ruling is the one that real data are asked for."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from equipoise.analyse.counted import counts_itself
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct
from equipoise.decide.safety import SafetyRuling, safety_ruling
from equipoise.trial.event import Event
from equipoise.trial.safety import EachSoMany, SafetyRule


class SafetyLook(NamedTuple):
    """A look at a rule: its place in the trial file from 0, the day, whether it spoke, and the events by then."""

    rule: int
    on: date
    speaks: bool
    events: int


class SafetyLooks:
    """The safety rules of a trial under way: who is watched (how many at the last look, and the day before), and for which rule something has come that makes a look due."""

    def __init__(self, conduct: Conduct, *, asked: bool) -> None:
        self.conduct, self.trial = conduct, conduct.trial
        self.rules = tuple(conduct.trial.safety) if asked else ()
        self.taken: list[SafetyLook] = []
        self._watched: list[set[str]] = [set() for _ in self.rules]
        self._at_last = [0] * len(self.rules)
        self._before = [0] * len(self.rules)
        #: of rules on an endpoint: deaths so far, each of which may be one of its events, and its events at the last look
        self._deaths = [0] * len(self.rules)
        self._events = [0] * len(self.rules)
        self._next_month = [SafetyRule.month_after(self.trial.start, None) for _ in self.rules]
        #: of rules that look after each event: something came that may count; of all: one more is watched
        self._news = [False] * len(self.rules)
        self._more = [False] * len(self.rules)
        #: numbers of patients at which a rule looks that does not look at every one
        self._numbers = [_gaps(rule) for rule in self.rules]

    def entered(self, patient: str, arm: str) -> None:
        """One more came onto an arm."""
        for i, rule in enumerate(self.rules):
            if arm in rule.arms and (not rule.of_the_treated or not self.trial.arm_by_name[arm].regimen):
                self._watch(i, patient)

    def recorded(self, event: Event) -> None:
        """Something was recorded of a patient."""
        if event.kind == "treated":
            for i, rule in enumerate(self.rules):
                if rule.of_the_treated and self.conduct.patients[event.patient].arm in rule.arms:
                    self._watch(i, event.patient)
        elif event.kind in ("adverse event", "died"):
            for i, rule in enumerate(self.rules):
                if self.conduct.patients[event.patient].arm not in rule.arms:
                    continue
                if rule.on_endpoint:
                    self._deaths[i] += event.kind == "died"
                elif counts_itself(event, rule.counted):
                    self._news[i] = True

    def _watch(self, i: int, patient: str) -> None:
        if patient not in self._watched[i]:
            self._watched[i].add(patient)
            self._more[i] = True

    def today(self, today: date) -> list[tuple[int, SafetyRuling]]:
        """The looks that are due at the end of today: the place of each rule, and what it says."""
        found = []
        for i, rule in enumerate(self.rules):
            count, news, more = len(self._watched[i]), self._news[i], self._more[i]
            self._news[i] = self._more[i] = False
            match rule.looks if not rule.on_endpoint else None:
                case None:
                    asked = self._events[i] < rule.planned[-1] and self._deaths[i] >= rule.next_planned(self._events[i])
                case "each event":
                    asked = news or (more and any(self._before[i] < n <= count for n in self._numbers[i]))
                case "monthly":
                    asked = today >= self._next_month[i]
                case EachSoMany(each=k):
                    asked = more and count - self._at_last[i] >= k
            self._before[i] = count
            if not asked:
                continue
            said = safety_ruling(self.trial, cut(self.trial, self.conduct.log, today, fingerprint=False), rule)
            if said.due and (rule.on_endpoint or not (said.speaks and said.anew)):
                continue
            self._events[i] = said.reading.events
            self._at_last[i], self._next_month[i] = count, SafetyRule.month_after(self.trial.start, today)
            self.taken.append(SafetyLook(i, today, said.speaks, said.reading.events))
            found.append((i, said))
        return found


def _gaps(rule: SafetyRule) -> frozenset[int]:
    """The numbers at which a rule looks; none where it looks at each from the first on, so that only an event can make it speak."""
    numbers = [] if rule.on_endpoint else list(rule.planned)
    return frozenset() if numbers == list(range(1, len(numbers) + 1)) else frozenset(numbers)
