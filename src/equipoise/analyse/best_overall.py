"""Best overall response, with and without confirmation: RECIST 1.1, table 3 (doi:10.1016/j.ejca.2008.10.026).

By a criterion for which two consecutive assessments count (IMWG: Kumar et al. 2016, doi:10.1016/S1470-2045(16)30206-6) the next that can
be read confirms, and of the two what is said less of is confirmed: CR and then VGPR is a confirmed VGPR.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.endpoint import Response, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies import ORDER, PROGRESSIONS, RESPONSES, UNREADABLE
from equipoise.trial.vocabularies import irecist as immune
from equipoise.trial.vocabularies.recist11 import CR, NE, NON_CR_NON_PD, PD, PR, SD

#: The word for stable disease of the criterion that has a word, where it is not SD; and the words for complete and partial response.
_STABLE = {word: immune.ISD for word in immune.VOCABULARY.order if word != NE}
COMPLETE, PARTIAL = (CR, immune.ICR), (PR, immune.IPR)
#: What counts as nothing before the day from which stable disease counts.
STABLE = (SD, NON_CR_NON_PD, immune.ISD, immune.NON_ICR_NON_IUPD)


def stable_for(response: str) -> str:
    """Stable disease in the words of the criterion that has this response."""
    return _STABLE.get(response, SD)


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

    @property
    def seconded(self) -> bool:
        """True by a criterion for which two consecutive assessments count."""
        return self.of is not None and self.of.word.seconded

    @property
    def passed_over(self) -> bool:
        """True where nothing could be read; a progression that nothing confirmed was read."""
        return self.response in UNREADABLE and not (self.of is not None and self.of.word.unconfirmed)


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
        if a.response in PROGRESSIONS:
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
    if first.seconded:
        second = next_read(i, course, rule)
        return second if second is not None and second.response in RESPONSES else None
    as_good = frozenset(COMPLETE) & {first.response} or RESPONSES
    for j in range(i + 1, len(course)):
        if course[j].response in as_good and (course[j].on - first.on).days >= rule.confirm_after:
            codes = [a.response for a in course[i + 1 : j + 1]]
            stable = rule.stable_between if first.response in PARTIAL else 0
            same = stable_for(first.response)
            allowed = {*as_good, NE, same}
            whole = codes.count(NE) <= rule.missing_between and codes.count(same) <= stable
            gone = next((k for k, code in enumerate(codes) if code in COMPLETE), len(codes))
            fell_back = any(code in PARTIAL for code in codes[gone:])
            return course[j] if whole and set(codes) <= allowed and not fell_back else None
    return None


def next_read(i: int, course: Sequence[Assessed], rule: BestRule) -> Assessed | None:
    """The next assessment of a course that can be read, where no more than the rule allows before it could not be."""
    for j in range(i + 1, min(i + 2 + rule.missing_between, len(course))):
        if not course[j].passed_over and (course[j].on - course[i].on).days >= (rule.confirm_after or 0):
            return course[j]
    return None


def _lesser(i: int, course: Sequence[Assessed], rule: BestRule) -> tuple[str, str]:
    """What two consecutive assessments confirm, and why: the lesser of the two; SD where the second shows no response at all."""
    a = course[i]
    if a.response not in ORDER[: ORDER.index(SD)]:
        return a.response, f"{a.response} on {a.on}"
    second = next_read(i, course, rule)
    if second is None or second.response in PROGRESSIONS or second.response in UNREADABLE:
        return SD, f"{a.response} on {a.on}, which no second assessment confirms, so {SD}"
    code = max(a.response, second.response, key=ORDER.index)
    return code, f"{a.response} on {a.on}, then {second.response} on {second.on}: {code} is confirmed"


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
        if a.seconded and rule.confirm_after is not None:
            code, why = _lesser(i, course, rule)
            return (code, why) if code != SD or late(a) else (NE, f"{why}, before day {rule.stable_from}")
        if a.response in RESPONSES and rule.confirm_after is not None:
            by = confirmed_by(i, course, rule)
            if by is not None:
                return a.response, f"{a.response} on {a.on}, confirmed by {by.response} on {by.on}"
            if late(a):
                same = stable_for(a.response)
                return same, f"{a.response} on {a.on}, not confirmed, so {same}"
        if a.response in (PR, SD) and not late(a) and not a.seconded:
            gone = next((c for c in course[:i] if c.response == CR), None)
            if gone is not None:
                # Table 3, footnote a: whatever is seen after a complete response has come back.
                return (
                    PD,
                    f"{a.response} on {a.on}, before day {rule.stable_from}: disease again after {CR} on {gone.on}",
                )
        if a.response in RESPONSES and rule.confirm_after is not None:
            return NE, f"{a.response} on {a.on}, not confirmed, and before day {rule.stable_from}"
        if a.response in STABLE and not late(a):
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
    """The first response (CR or PR) that may count; with a ``rule`` that asks for confirmation, the first that is confirmed."""

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
