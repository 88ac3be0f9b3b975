"""What a trial file allows and hardly anybody wants: said by `check` as a caution, before the first patient."""

from __future__ import annotations

from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Landmark, Outcome, Response, Toxicity
from equipoise.trial.trial import Trial

#: Enrolment that takes longer than this at the sites' promised pace is told of [months].
LONG = 120.0


def foresight(trial: Trial) -> list[str]:
    """Cautions on enrolment, looks and follow-up that do not fit together."""
    return [*_enrolment(trial), *_looks(trial), *_follow_up(trial), *_contacts(trial)]


def _enrolment(trial: Trial) -> list[str]:
    if not trial.sites:
        if trial.design is None:
            return []
        return ["Nobody can be enrolled: the file has no [[sites]]. It can be neither simulated nor conducted."]
    pace = sum(s.rate for s in trial.sites)
    months = trial.target_enrolment / pace
    if months <= LONG:
        return []
    return [
        f"At {pace:g} patients a month, all sites together, {trial.target_enrolment} patients take {months / 12:.0f} years: "
        "a simulation is given up ten years after the last site opens."
    ]


def _looks(trial: Trial) -> list[str]:
    if trial.design is None or trial.monitoring is None:
        return []
    m = trial.monitored
    if not m.by_cohort:
        return _enough_for_the_looks(trial)
    total = sum(a.share for a in trial.arms)
    found = []
    for arm, planned in m.planned(len(m.design.looks)).items():
        label, comes = trial.arm_by_name[arm].label, trial.target_enrolment * trial.arm_by_name[arm].share / total
        if comes >= planned + 1:
            found.append(
                f"{label}: about {comes:.0f} of {trial.target_enrolment} patients come onto this arm, and the last look is on {planned}: "
                f"{comes - planned:.0f} more are enrolled than the looks use."
            )
        elif comes <= planned - 1:
            found.append(
                f"{label}: about {comes:.0f} of {trial.target_enrolment} patients come onto this arm, and the last look is planned on {planned}."
            )
    return found


def _enough_for_the_looks(trial: Trial) -> list[str]:
    """Looks on events or on patients enrolled, of whom there must be as many."""
    m, total = trial.monitored, sum(a.share for a in trial.arms)
    comes = trial.target_enrolment * sum(a.share for a in m.counted_arms) / total
    last, found = m.looks[-1], _seen_too_short(trial)
    if last.n <= comes:
        return found
    return [
        *found,
        f"The last look is on {last.n} {last.unit}, and about {comes:.0f} patients come onto the arms that it counts: it will be "
        "taken on fewer, once the last patient has been followed.",
    ]


def _seen_too_short(trial: Trial) -> list[str]:
    """One arm's times, of whom the living are censored before the dead are counted."""
    m = trial.monitored
    at = next((rule.at for rule in m.times.censoring if rule.when == "no event"), "") if m.times is not None else ""
    if at != "last contact" or len(m.counted_arms) > 1 or m.control is not None:
        return []
    return [
        f"{m.endpoint.name}: who has no event is censored at the last contact, but a death is known at once: patients alive count for less "
        "time than the dead, and a comparison with a reference is biased against the treatment. Ask the sites who is alive before a look, "
        "and say { when = 'no event', at = 'that day' }."
    ]


def _follow_up(trial: Trial) -> list[str]:
    if trial.design is None or trial.monitoring is None:
        return []
    endpoint, least = trial.monitored.endpoint, trial.monitoring.final_follow_up.days
    match endpoint:
        case Landmark():
            needed, what = endpoint.landmark.days, f"the landmark, {endpoint.landmark}"
        case Response():
            needed, what = (endpoint.within.days if endpoint.within else 0), f"`within`, {endpoint.within}"
        case Outcome():
            needed, what = endpoint.due.days, f"`due`, {endpoint.due}"
        case Toxicity():
            needed, what = endpoint.within.days, f"`within`, {endpoint.within}"
        case _:
            return []
    if needed <= least:
        return []
    return [
        f"monitoring.final_follow_up is {trial.monitoring.final_follow_up}, shorter than {what}: the last look waits for its own patients "
        f"all the same, {(needed - least) / DAYS_PER_MONTH:.1f} months longer than the file says."
    ]


def _contacts(trial: Trial) -> list[str]:
    """Who is planned to be seen last before a landmark, and next after its window: nobody knows of them in time."""
    plan = trial.assessments
    if plan is None or trial.design is None or trial.monitoring is None:
        return []
    endpoint = trial.monitored.endpoint
    if not isinstance(endpoint, Landmark):
        return []
    day, closes = endpoint.landmark.days, endpoint.landmark.days + endpoint.window.days
    seen = plan.day_of(plan.visit_from(day))
    if seen <= closes:
        return []
    return [
        f"{endpoint.name}: the first planned assessment that tells of day {day} is on day {seen}, and the window closes on day {closes}: "
        f"many will not be evaluable ({endpoint.not_evaluable})."
    ]
