"""Records of ADRS for one patient: the responses of each assessor, and what is derived from them by the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.best_overall import (
    Assessed,
    best_overall,
    confirmed_by,
    first_that,
    up_to_progression,
)
from equipoise.standards.adam.rules import NO_BENEFIT, PARAMETERS, Parameter, ResponseRules
from equipoise.trial.assessment import INVESTIGATOR, Assessment
from equipoise.trial.event import Event
from equipoise.trial.lesion import readings
from equipoise.trial.patient import Patient
from equipoise.trial.vocabularies import PROGRESSIONS, RESPONSES


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """One record: a parameter's value for a patient and an assessor ('' where no assessor is in it).

    ``event`` is the log's event that decided; None where there was none, which ``because`` says. ``analysed`` is the
    analysis flag.
    """

    patient: str
    parameter: Parameter
    assessor: str
    on: date | None
    value: float | None
    text: str
    analysed: bool
    event: Event | None
    because: str

    @property
    def visit(self) -> str:
        """The visit of the assessment that decided, as recorded."""
        return str(self.event.data.get("visit", "")) if self.event is not None and self.on is not None else ""


def response_records(patient: Patient, assessor: str, rules: ResponseRules) -> list[ResponseRecord]:
    """All parameters of one patient by one assessor, death left out, in the order of PARAMETERS."""
    found: list[ResponseRecord] = []
    course = analysed(patient, assessor, rules)
    flagged = {a.of.number for a in course if a.of is not None}
    seen = _Course(patient, assessor, rules, course)
    for parameter in PARAMETERS:
        if parameter.kind == "each assessment":
            for a in _assessments(patient, assessor):
                counted = a.number in flagged
                because = told(a) if counted else _left_out(patient, assessor, a, rules, course)
                found.append(
                    ResponseRecord(
                        patient.name, parameter, assessor, a.happened,
                        rules.values.get(a.response), a.response, counted, a.event, because,
                    )
                )  # fmt: skip
        elif parameter.of_assessor:
            found.append(seen.derive(parameter))
    return found


def told(a: Assessment) -> str:
    """How the response that counts came about: as recorded, or what was recorded beside it."""
    if a.derived:
        source = "the lesions" if a.lesions else "what was measured"
        return f"derived from {source}; recorded {a.recorded or 'nothing'}"
    if a.word.seconded and a.word.unconfirmed:
        return f"recorded {a.recorded or 'nothing'}; {a.word.label.lower()}"
    return "as recorded" if a.response == a.recorded else f"recorded {a.recorded}"


def death_record(patient: Patient) -> ResponseRecord:
    """Whether the patient has died, and when."""
    parameter = next(p for p in PARAMETERS if p.kind == "death")
    died = patient.died
    if died is None:
        return ResponseRecord(patient.name, parameter, "", None, 0, "N", True, None, "no death in the log")
    return ResponseRecord(patient.name, parameter, "", died.happened, 1, "Y", True, died, f"died on {died.happened}")


def analysed(patient: Patient, assessor: str, rules: ResponseRules) -> list[Assessed]:
    """The assessments that count, in the order of days: on or after randomisation, with a response that the rules know.

    Of several on a day the worst is taken; of several as bad the one recorded last.
    """
    if patient.randomised is None:
        return []
    start, end = patient.randomised.happened, _end(patient, assessor, rules)
    worst: dict[date, Assessment] = {}
    for a in _assessments(patient, assessor):
        on = a.happened
        if a.response not in rules.values or on < start or (end is not None and on > end):
            continue
        other = worst.get(on)
        if other is None or _badness(rules, other) <= _badness(rules, a):
            worst[on] = a
    return [Assessed(on, worst[on].response, worst[on]) for on in sorted(worst)]


def _assessments(patient: Patient, assessor: str) -> list[Assessment]:
    return [a for a in patient.read_by(assessor) if not a.baseline and a.response]


def _badness(rules: ResponseRules, a: Assessment) -> int:
    return rules.worst_last.index(a.response) if a.response in rules.worst_last else -1


def _end(patient: Patient, assessor: str, rules: ResponseRules) -> date | None:
    """The last day on which an assessment counts; None without such a day."""
    days = []
    if "next therapy" in rules.ends and patient.next_therapy is not None:
        days.append(patient.next_therapy.happened)
    if "progression without imaging" in rules.ends and assessor == INVESTIGATOR:
        days += [e.happened for e in patient.progressed]
    return min(days, default=None)


def _left_out(patient: Patient, assessor: str, a: Assessment, rules: ResponseRules, course: Sequence[Assessed]) -> str:
    response, on = a.response, a.happened
    end = _end(patient, assessor, rules)
    if patient.randomised is None or on < patient.randomised.happened:
        return "not analysed: not on or after randomisation"
    if response not in rules.values:
        return f"not analysed: {response} has no value"
    if end is not None and on > end:
        return f"not analysed: after {end}, the day of progression or next therapy"
    other = next(c.response for c in course if c.on == on)
    return f"not analysed: {other} stands for this day"


class _Course:
    """The assessments of one patient by one assessor, as the parameters read them."""

    def __init__(self, patient: Patient, assessor: str, rules: ResponseRules, course: Sequence[Assessed]) -> None:
        self.patient, self.assessor, self.rules, self.course = patient, assessor, rules, course
        self.to_progression = up_to_progression(course)

    def derive(self, parameter: Parameter) -> ResponseRecord:
        """The parameter's record."""
        match parameter.kind:
            case "progression":
                return self._whether(parameter, next(iter(self._progression()), None), "no progression", "progression")
            case "response":
                return self._whether(parameter, self._response(parameter.confirmed), *self._told(parameter.confirmed))
            case "clinical benefit":
                return self._benefit(parameter)
            case "best response":
                return self._best(parameter)
            case "best response is CR or PR":
                best = self._best(parameter)
                yes = best.text in RESPONSES
                return self._record(
                    parameter, best.event if yes else None, 1 if yes else 0, "Y" if yes else "N", best.because
                )
            case "last assessment":
                return self._last(parameter)
            case _:
                return self._measurable(parameter)

    def _record(
        self, parameter: Parameter, event: Event | None, value: float | None, text: str, because: str
    ) -> ResponseRecord:
        on = event.happened if event is not None else None
        return ResponseRecord(self.patient.name, parameter, self.assessor, on, value, text, True, event, because)

    def _whether(self, parameter: Parameter, found: Assessed | None, no: str, yes: str) -> ResponseRecord:
        if found is None:
            return self._record(parameter, None, 0, "N", no)
        return self._record(parameter, found.event, 1, "Y", f"{yes}: {found.response} on {found.on}")

    def _progression(self) -> Iterator[Assessed]:
        return (a for a in self.to_progression if a.response in PROGRESSIONS)

    def _response(self, confirmed: bool) -> Assessed | None:
        origin = self.patient.randomised.happened if self.patient.randomised is not None else date.min

        def holds(i: int, course: Sequence[Assessed]) -> bool:
            if course[i].response not in RESPONSES or not self.rules.best.in_time(course[i], origin):
                return False
            return not confirmed or confirmed_by(i, course, self.rules.best) is not None

        return first_that(self.course, holds)

    def _told(self, confirmed: bool) -> tuple[str, str]:
        if confirmed:
            return "no response that a later assessment confirms", "first response that a later assessment confirms"
        return "no response up to progression", "first response"

    def _benefit(self, parameter: Parameter) -> ResponseRecord:
        """The first of: a response, or an assessment without progression from a stated day on."""
        candidates = [self._response(parameter.confirmed)]
        if self.patient.randomised is not None:
            start = self.patient.randomised.happened
            candidates.append(
                next(
                    (
                        a
                        for a in self.to_progression
                        if a.response not in NO_BENEFIT and (a.on - start).days >= self.rules.benefit_from
                    ),
                    None,
                )
            )
        first = min((c for c in candidates if c is not None), key=lambda a: a.on, default=None)
        day = self.rules.benefit_from
        return self._whether(parameter, first, f"neither a response nor SD from day {day} on", "clinical benefit")

    def _best(self, parameter: Parameter) -> ResponseRecord:
        start = self.patient.randomised.happened if self.patient.randomised is not None else date.min
        rule = self.rules.best if parameter.confirmed else self.rules.unconfirmed
        best = best_overall(self.course, start, rule)
        return self._record(parameter, best.event, self.rules.values.get(best.response), best.response, best.because)

    def _last(self, parameter: Parameter) -> ResponseRecord:
        if not self.course:
            return self._record(parameter, None, None, "", "no assessment")
        last = self.course[-1]
        return self._record(
            parameter, last.event, self.rules.values[last.response], last.response, f"the last, on {last.on}"
        )

    def _measurable(self, parameter: Parameter) -> ResponseRecord:
        """Whether a target lesion was named at baseline. It has no day: it stands for the baseline as a whole."""
        for a in self.patient.read_by(self.assessor):
            if not a.baseline:
                continue
            targets = [r.lesion for r in readings(a.lesions) if r.kind == "target"]
            if targets:
                because = f"target lesions at baseline: {', '.join(targets)}"
                return ResponseRecord(
                    self.patient.name, parameter, self.assessor, None, 1, "Y", True, a.event, because
                )  # fmt: skip
        return self._record(parameter, None, 0, "N", "no target lesion at baseline")
