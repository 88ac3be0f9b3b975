"""What is possible and yet unlikely: said at the field, and recorded once the person confirms that it is right.

The judge says what cannot be; this says what is seldom meant. Each caution has a code, the field that it is of, and a sentence. What was
confirmed stands in the event's reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.conduct.calendar import calendar_of, came_on, ended_by
from equipoise.conduct.doses_due import last_share, plan_on
from equipoise.conduct.form_rules import soft_checks
from equipoise.conduct.overseen import CONFIRMED
from equipoise.conduct.regimen import in_his_cohort
from equipoise.trial.dose_ruling import ruling_on, says
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: A dose within so much of what was planned is as planned.
_AS_PLANNED = 0.005
#: A tumour that is so many times what it was last, or the reciprocal, is one that grew or shrank unusually fast.
_FAR_OFF = 3.0
#: Millimetres by which it must differ too: small lesions double by a blurred slice.
_FAR_OFF_MM = 10.0
#: A record that comes so many days after what it tells is late.
_LATE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Caution:
    """``detail``: of the event, as a form's fields name it ('happened', 'data.dose')."""

    code: str
    detail: str
    text: str

    def __str__(self) -> str:
        return self.text


def cautions(trial: Trial, patient: Patient, event: Event, today: date) -> list[Caution]:
    """What is unlikely of an event, by the patient's record without it, as it stands on ``today``."""
    of_its_kind = _BY_KIND.get(event.kind)
    found = list(of_its_kind(trial, patient, event, today)) if of_its_kind is not None else []
    if event.kind == "form":
        found = [
            Caution(f"soft-{name}", f"data.values.{name}", text) for name, text in soft_checks(event, patient, trial)
        ]
    late = (today - event.happened).days
    if late > _LATE_DAYS and not event.source:
        found.append(Caution("long-ago", "happened", f"{event.happened} is {late} days ago."))
    return found


def confirmed(why: str, said: Sequence[Caution]) -> str:
    """The reason with which an event is recorded whose cautions were confirmed."""
    words = " ".join(c.text for c in said)
    return " ".join(part for part in (why.strip(), f"{CONFIRMED}{words}" if words else "") if part)


def _treated(trial: Trial, patient: Patient, event: Event, today: date) -> Iterator[Caution]:
    data = event.data
    plan = plan_on(trial, patient, event.happened).get(data["drug"])
    if plan is None:
        return
    dose = data.get("dose")
    ruled = ruling_on(trial, patient, data["drug"], event.happened)
    given_at_all = ruled.stopped is None and ruled.held is None
    if not given_at_all:
        code = "stopped-by-rule" if ruled.stopped is not None else "held-by-rule"
        yield Caution(code, "happened", f"The protocol says: {says(data['drug'], ruled)}.")
    if dose is not None and plan.dose is not None and data.get("unit") == plan.unit:
        share = float(dose) / plan.dose
        if given_at_all and ruled.reduced is not None and share > ruled.share + _AS_PLANNED:
            text = f"{100 * share:.0f} % of the plan is given; the protocol says: {says(data['drug'], ruled)}."
            yield Caution("not-reduced", "data.dose", text)
        before = last_share(trial, patient, data["drug"], event.happened)
        if share > 1 + _AS_PLANNED:
            yield Caution(
                "above-plan",
                "data.dose",
                f"{dose:g} {plan.unit} is {100 * share:.0f} % of what is planned, {plan.dose:g}.",
            )
        elif before is not None and share > before + _AS_PLANNED:
            text = f"{100 * share:.0f} % of the plan, after {100 * before:.0f} % the last time: raised again."
            yield Caution("raised-again", "data.dose", text)
        elif share < 1 - _AS_PLANNED and not event.why.strip():
            yield Caution(
                "no-reason-for-reduction", "why", f"{100 * share:.0f} % of the plan is given, and no reason is said."
            )
    asked = [d for d in calendar_of(trial, patient, event.happened) if d.drug == data["drug"]]
    due = next((d for d in asked if (d.cycle, d.day) == (data["cycle"], data["day"])), None)
    if due is not None and not due.opens <= event.happened <= due.closes:
        by = (event.happened - due.on).days
        yield Caution(
            "outside-window", "happened", f"{abs(by)} days {'after' if by > 0 else 'before'} it is due, {due.on}."
        )
    earlier = [d for d in asked if d.state in ("due", "overdue") and (d.cycle, d.day) < (data["cycle"], data["day"])]
    if earlier:
        yield Caution("passed-over", "data.cycle", f"{earlier[0].label} is not recorded.")
    ended, because = ended_by(patient, "dose")
    if ended is not None and event.happened > ended:
        yield Caution("after-its-end", "happened", f"No dose is asked for since {because}.")


def _assessed(trial: Trial, patient: Patient, event: Event, today: date) -> Iterator[Caution]:
    data, baseline = event.data, bool(event.data.get("baseline"))
    schedule = in_his_cohort(trial.at(patient.site, event.happened), patient).assessments
    if schedule is not None and schedule.window is not None and (came := came_on(patient)) is not None and not baseline:
        on = (event.happened - came.happened).days
        visit = schedule.nearest_visit(on)
        by = on - schedule.day_of(visit)
        if abs(by) > schedule.window.days:
            way = "after" if by > 0 else "before"
            yield Caution(
                "outside-window",
                "happened",
                f"{abs(by)} days {way} assessment {visit} is planned; its window is {schedule.window}.",
            )
    if baseline and any(a.baseline for a in patient.assessments):
        yield Caution("second-baseline", "data.baseline", "A baseline is recorded already; both will count.")
    before = [a for a in patient.assessments if a.happened < event.happened]
    last = next((a for a in reversed(before) if a.sum_mm is not None), None)
    size = data.get("sum_mm")
    if last is not None and last.sum_mm is not None and size is not None and _far(float(size), last.sum_mm):
        yield Caution(
            "far-off", "data.sum_mm", f"The sum was {last.sum_mm:g} mm on {last.happened}, and is {size:g} mm now."
        )
    yield from _lesions(patient, event)


def _lesions(patient: Patient, event: Event) -> Iterator[Caution]:
    """Lesions whose size is far off the last, and lesions of before of which nothing is said."""
    said = event.data.get("lesions")
    if not said:
        return
    sizes: dict[str, tuple[float, date]] = {}
    asked: dict[str, None] = {}
    for a in patient.assessments:
        if a.happened < event.happened:
            for lesion in a.lesions:
                if a.baseline:
                    asked[str(lesion["lesion"])] = None
                if lesion.get("size") is not None:
                    sizes[str(lesion["lesion"])] = float(lesion["size"]), a.happened
    for lesion in said:
        name, size = str(lesion.get("lesion", "")), lesion.get("size")
        if isinstance(size, int | float) and name in sizes and _far(float(size), sizes[name][0]):
            was, on = sizes[name]
            yield Caution("far-off", "data.lesions", f"{name} was {was:g} mm on {on}, and is {size:g} mm now.")
    silent = [name for name in asked if name not in {str(x.get("lesion", "")) for x in said}]
    if silent and not event.data.get("baseline"):
        yield Caution(
            "not-said", "data.lesions", f"Nothing is said of {', '.join(silent)}: it counts as not evaluated."
        )


def _far(size: float, was: float) -> bool:
    return abs(size - was) >= _FAR_OFF_MM and not was / _FAR_OFF < size < was * _FAR_OFF


def _adverse(trial: Trial, patient: Patient, event: Event, today: date) -> Iterator[Caution]:
    data = event.data
    grade, serious = data["grade"], data.get("serious")
    if grade == 5 and patient.died is None:
        yield Caution("no-death", "data.grade", "Grade 5 is a death, and none is recorded of this patient yet.")
    if grade >= 4 and serious is False:
        yield Caution("not-serious", "data.serious", f"Grade {grade}, and said not to be serious.")
    if serious and not data.get("criteria"):
        yield Caution("no-criterion", "data.criteria", "Serious, and nothing is said of what makes it so.")
    if patient.doses and event.happened < patient.doses[0].happened and data.get("related"):
        yield Caution(
            "before-treatment", "data.related", f"It began before the first dose, on {patient.doses[0].happened}."
        )
    for other in patient.adverse_events:
        if other.data["term"].casefold() == data["term"].strip().casefold() and other.happened == event.happened:
            text = f"{other.data['term']} of grade {other.data['grade']} is recorded of this day already, as event {other.number}."
            yield Caution("the-same-again", "data.term", text)
            break


def _died(trial: Trial, patient: Patient, event: Event, today: date) -> Iterator[Caution]:
    if patient.last_contact is not None and patient.last_contact > event.happened:
        yield Caution("seen-later", "happened", f"The patient was seen alive on {patient.last_contact}.")


_BY_KIND: Mapping[str, Callable[[Trial, Patient, Event, date], Iterator[Caution]]] = {
    "treated": _treated,
    "assessed": _assessed,
    "adverse event": _adverse,
    "died": _died,
}
