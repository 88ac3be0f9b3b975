"""Best overall response, with and without confirmation: RECIST 1.1, table 3 (doi:10.1016/j.ejca.2008.10.026)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.endpoint import Response, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies.recist11 import CR, NE, NON_CR_NON_PD, PD, PR, SD, VOCABULARY

#: The table's words from best to worst, and those that are responses.
ORDER, RESPONSES = VOCABULARY.order, VOCABULARY.responses


#: The best of a course without any assessment.
MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class BestRule:
    """How the best is chosen. Days are whole days.

    ``confirm_after``: the least time from a response to the assessment that confirms it; None asks for no confirmation.
    ``stable_from``: SD counts only on or after this day since the origin, an earlier one is NE. Between a response
    and its confirmation at most ``missing_between`` assessments may be NE and, for PR, ``stable_between`` SD. What is first seen after
    ``seen_by`` days since the origin does not count; it may confirm what was seen before.
    """

    confirm_after: int | None = None
    stable_from: int = 0
    missing_between: int = 1
    stable_between: int = 0
    seen_by: int | None = None

    def in_time(self, a: Assessed, origin: date) -> bool:
        """True if what is seen on this day counts for itself."""
        return self.seen_by is None or (a.on - origin).days <= self.seen_by


def rule_of(endpoint: Response | TimeToEvent) -> BestRule:
    """How an endpoint chooses."""
    stable = endpoint.stable_from.days if isinstance(endpoint, Response) and endpoint.stable_from else 0
    after = endpoint.confirmation_after.days if endpoint.confirmed else None
    seen_by = endpoint.seen_by if isinstance(endpoint, Response) else None
    return BestRule(after, stable, endpoint.missing_between, endpoint.stable_between, seen_by)


@dataclass(frozen=True, slots=True)
class Assessed:
    """One overall response, on the day from which it counts, and the assessment that it is of."""

    on: date
    response: str
    of: Assessment | None = None

    @property
    def event(self) -> Event | None:
        """What was recorded."""
        return None if self.of is None else self.of.event


@dataclass(frozen=True, slots=True)
class Best:
    """The best overall response, the assessment that shows it (the first, if several do) and why."""

    response: str
    on: date | None
    event: Event | None
    because: str


def up_to_progression(assessed: Sequence[Assessed]) -> list[Assessed]:
    """In the order of days, up to and with the first progression."""
    found: list[Assessed] = []
    for a in sorted(assessed, key=lambda a: a.on):
        found.append(a)
        if a.response == PD:
            break
    return found


def confirmed_by(i: int, course: Sequence[Assessed], rule: BestRule) -> Assessed | None:
    """The assessment that confirms response ``i`` of a course; None if none does.

    It is the first that is as good and far enough away. Between the two nothing may be worse than SD, no more may be NE or
    SD than the rule allows, and a PR may not come after a CR.
    """
    first = course[i]
    if rule.confirm_after is None or first.response not in RESPONSES:
        return None
    as_good = (CR,) if first.response == CR else RESPONSES
    for j in range(i + 1, len(course)):
        if course[j].response in as_good and (course[j].on - first.on).days >= rule.confirm_after:
            codes = [a.response for a in course[i + 1 : j + 1]]
            stable = rule.stable_between if first.response == PR else 0
            allowed = {*as_good, NE, SD}
            whole = codes.count(NE) <= rule.missing_between and codes.count(SD) <= stable
            fell_back = CR in codes and PR in codes[codes.index(CR) :]
            return course[j] if whole and set(codes) <= allowed and not fell_back else None
    return None


def best_overall(assessed: Sequence[Assessed], origin: date, rule: BestRule) -> Best:
    """The best of a course; 'MISSING' where there is no assessment at all."""
    course = up_to_progression(assessed)
    in_time = [i for i, a in enumerate(course) if rule.in_time(a, origin)]
    if not in_time:
        return Best(MISSING, None, None, "no assessment after baseline")

    def late(a: Assessed) -> bool:
        return (a.on - origin).days >= rule.stable_from

    def told(i: int) -> tuple[str, str]:
        a = course[i]
        if a.response in RESPONSES and rule.confirm_after is not None:
            by = confirmed_by(i, course, rule)
            if by is not None:
                return a.response, f"{a.response} on {a.on}, confirmed by {by.response} on {by.on}"
            if late(a):
                return SD, f"{a.response} on {a.on}, not confirmed, so {SD}"
        if a.response in (PR, SD) and not late(a):
            gone = next((c for c in course[:i] if c.response == CR), None)
            if gone is not None:
                # Table 3, footnote a: whatever is seen after a complete response has come back.
                return (
                    PD,
                    f"{a.response} on {a.on}, before day {rule.stable_from}: disease again after {CR} on {gone.on}",
                )
        if a.response in RESPONSES and rule.confirm_after is not None:
            return NE, f"{a.response} on {a.on}, not confirmed, and before day {rule.stable_from}"
        if a.response in (SD, NON_CR_NON_PD) and not late(a):
            return NE, f"{a.response} on {a.on}, before day {rule.stable_from}"
        return a.response, f"{a.response} on {a.on}"

    counted = [told(i) for i in in_time]
    best = min(in_time, key=lambda i: (ORDER.index(counted[i][0]), i))
    return Best(counted[best][0], course[best].on, course[best].event, counted[best][1])


def first_that(assessed: Sequence[Assessed], holds: Callable[[int, Sequence[Assessed]], bool]) -> Assessed | None:
    """The first assessment up to progression of which ``holds`` is true."""
    course = up_to_progression(assessed)
    return next((course[i] for i in range(len(course)) if holds(i, course)), None)


def assessed_by(patient: Patient, assessor: str = INVESTIGATOR) -> list[Assessed]:
    """A patient's overall responses after baseline; progression stands on the day from which it counts."""
    return [
        Assessed(a.counts_on, a.word.code, a)
        for a in patient.read_by(assessor)
        if not a.baseline and a.word.code in ORDER
    ]


def counted(patient: Patient, assessor: str = INVESTIGATOR, after_next_therapy: bool = False) -> list[Assessed]:
    """The responses that may count: up to a progression recorded otherwise (the investigator's) and to a next therapy.

    The day itself counts. What comes after the assessor's own progression is left out later (``up_to_progression``).
    """
    ends = [e.happened for e in (patient.next_therapy,) if e is not None and not after_next_therapy]
    if assessor == INVESTIGATOR:
        ends += [e.happened for e in patient.progressed]
    end = min(ends, default=None)
    return [a for a in assessed_by(patient, assessor) if end is None or a.on <= end]


def first_responding(
    patient: Patient, assessor: str = INVESTIGATOR, rule: BestRule | None = None, after_next_therapy: bool = False
) -> Assessment | None:
    """The first CR or PR that may count; with a ``rule`` that asks for confirmation, the first that is confirmed."""

    def holds(i: int, course: Sequence[Assessed]) -> bool:
        if course[i].response not in RESPONSES:
            return False
        return rule is None or rule.confirm_after is None or confirmed_by(i, course, rule) is not None

    found = first_that(counted(patient, assessor, after_next_therapy), holds)
    return found.of if found else None


def first_response(
    patient: Patient, assessor: str = INVESTIGATOR, rule: BestRule | None = None, after_next_therapy: bool = False
) -> Event | None:
    """The event of the first response; see ``first_responding``."""
    found = first_responding(patient, assessor, rule, after_next_therapy)
    return found.event if found else None
