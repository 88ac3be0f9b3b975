"""Populations: who is in, who is out, why, and the record that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise.analyse.best_overall import first_responding
from equipoise.analyse.binary import status_of
from equipoise.analyse.criteria.imwg import measurable as followed_by
from equipoise.analyse.criteria.selection import measurable
from equipoise.analyse.eligibility import found_ineligible
from equipoise.analyse.status import Status
from equipoise.trial.assessment import Occurrence
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.lesion import readings
from equipoise.trial.patient import Patient
from equipoise.trial.population import Condition, Population
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True, slots=True)
class Membership:
    """One randomised patient and one population.

    ``arm`` is the arm under which the patient counts in it. ``source`` is the number of the log's event that decided (None where
    nothing did: what is missing has no record), ``record`` where that event came from.
    """

    patient: str
    population: str
    arm: str
    member: bool
    because: str
    source: int | None = None
    record: str = ""


@dataclass(frozen=True, slots=True)
class _Met:
    """Whether a condition is met, why, and by which event."""

    met: bool
    because: str
    event: Event | None = None
    #: Stands in for ``event`` where only its number and origin are known.
    cited: tuple[int, str] | None = None

    @property
    def decided_by(self) -> tuple[int, str] | None:
        """Number and origin of the event that decided."""
        return self.cited or (None if self.event is None else (self.event.number, self.event.source))


def membership(patient: Patient, population: Population, trial: Trial, cutoff: date) -> Membership:
    """Is a randomised patient in the population; the first condition that is not met says why not.

    Raises ValueError for a patient who is not randomised.
    """
    if patient.randomised is None:
        raise ValueError(f"{patient.name}: populations are of randomised patients")
    arm, how = patient.arm, ""
    if population.by == "treatment received":
        arm, how = treatment_received(patient, trial)
    found = [_condition(c, patient, trial, cutoff) for c in population.require]
    decisive = next((m for m in found if not m.met), None)
    if decisive is None:
        said = [m.because for m in found if m.because] or [f"randomised on {patient.randomised.happened}"]
        randomised = (patient.randomised.number, patient.randomised.source)
        last = next((m.decided_by for m in reversed(found) if m.decided_by is not None), randomised)
        decisive = _Met(True, "; ".join([*said, *([how] if how else [])]), cited=last)
    number, record = decisive.decided_by or (None, "")
    return Membership(
        patient.name, population.name, arm, decisive.met, decisive.because,
        number, record,
    )  # fmt: skip


def memberships(trial: Trial, snap: Snapshot, population: str) -> list[Membership]:
    """Every randomised patient, in the order of randomisation. Raises KeyError for a population that is not defined."""
    return [membership(p, trial.population_by_name[population], trial, snap.cutoff) for p in snap.randomised]


def members_by_arm(trial: Trial, snap: Snapshot, population: str) -> dict[str, list[Patient]]:
    """The members under the arms in which they count, in the order of randomisation."""
    found = memberships(trial, snap, population)
    return {a.name: [snap.patients[m.patient] for m in found if m.member and m.arm == a.name] for a in trial.arms}


def all_memberships(trial: Trial, snap: Snapshot) -> dict[str, list[Membership]]:
    """Every population by name."""
    return {name: memberships(trial, snap, name) for name in trial.population_by_name}


def of_arm(trial: Trial, patient: Patient, dose: Event, arm: str) -> bool:
    """True if the drug of a dose was an arm's, as the trial was defined at the patient's site on its day."""
    then = trial.at(patient.site, dose.happened).arm_by_name.get(arm)
    return then is not None and any(t.drug == dose.data["drug"] for t in then.regimen)


def treatment_received(patient: Patient, trial: Trial) -> tuple[str, str]:
    """The arm whose drugs a patient was given, and how that was found.

    The arm of randomisation if its regimen has every drug given; else the arm with the fewest drugs that has them all;
    else, with drugs of no single arm, the arm of randomisation.
    """
    given = {str(d.data["drug"]) for d in patient.doses}

    def fits(arm: str) -> bool:
        return all(of_arm(trial, patient, d, arm) for d in patient.doses)

    if fits(patient.arm):
        return patient.arm, ""
    fitting = sorted((len({t.drug for t in a.regimen}), a.name) for a in trial.arms if fits(a.name))
    if not fitting:
        return patient.arm, f"given {', '.join(sorted(given))}, of no single arm: counted as randomised"
    return fitting[0][1], f"randomised to {patient.arm}, given {', '.join(sorted(given))}"


def _condition(c: Condition, patient: Patient, trial: Trial, cutoff: date) -> _Met:
    match c.what:
        case "eligible":
            failed = patient.failed_criteria
            if failed:
                return _Met(False, f"failed criterion {', '.join(map(str, failed))} at screening", patient.screened)
            review = trial.eligibility_review
            because = found_ineligible(patient, review, cutoff) if review is not None else ""
            if because:
                return _Met(False, because, patient.reviewed)
            return _Met(True, "no criterion failed", patient.screened)
        case "treated":
            return _treated(patient, trial)
        case "as allocated":
            return _as_allocated(patient, trial)
        case "cycles":
            return _cycles(c, patient)
        case "measurable at baseline":
            return _measurable(c, patient)
        case "assessed":
            seen = next((a for a in patient.read_by(c.assessor) if not a.baseline and a.word.readable), None)
            if seen is None:
                return _Met(False, f"no assessment after baseline that could be read ({c.assessor})")
            return _Met(True, f"assessed on {seen.happened}", seen.event)
        case "evaluable":
            status = status_of(patient, trial.landmark(str(c.endpoint)), trial, cutoff)
            if status is None:
                return _Met(False, f"{c.endpoint}: no origin")
            cited = _deciding(status, patient, trial.time_to_event(trial.landmark(str(c.endpoint)).of))
            met = status.status in ("success", "failure")
            return _Met(met, f"{c.endpoint}: {status.status}, {status.because}", cited=cited)
        case "responded":
            response = first_responding(patient, c.assessor)
            if response is None:
                return _Met(False, f"no response ({c.assessor})")
            return _Met(True, f"{response.response} on {response.happened}", response.event)
        case "no major deviation":
            major = next((d for d in patient.deviations if d.data["major"]), None)
            if major is not None:
                return _Met(False, f"major deviation on {major.happened}: {major.data['what']}", major)
            return _Met(True, "no major deviation recorded")


def _deciding(status: Status, patient: Patient, endpoint: TimeToEvent) -> tuple[int, str] | None:
    """What decided a landmark: the event or the censoring; for who was seen without one, the assessment or contact of that day."""
    if status.source is not None:
        return status.source, status.record
    if status.status != "success":
        return None
    by_contact = any(rule.when == "no event" and rule.at == "last contact" for rule in endpoint.censoring)
    free = [a.event for a in patient.read_by(endpoint.assessor) if a.stands_free]
    last = patient.last if by_contact else next(reversed(free), None)
    return None if last is None else (last.number, last.source)


def _treated(patient: Patient, trial: Trial) -> _Met:
    if not trial.arm_by_name[patient.arm].regimen and not patient.doses:
        return _Met(True, "an arm without drugs", patient.randomised)
    if not patient.doses:
        return _Met(False, "no dose recorded")
    return _Met(True, f"first dose on {patient.doses[0].happened}", patient.doses[0])


def _as_allocated(patient: Patient, trial: Trial) -> _Met:
    wrong = next((d for d in patient.doses if not of_arm(trial, patient, d, patient.arm)), None)
    if wrong is not None:
        return _Met(False, f"given {wrong.data['drug']} on {wrong.happened}, not of arm {patient.arm}", wrong)
    return _Met(True, "given nothing but the drugs of the arm")


def _cycles(c: Condition, patient: Patient) -> _Met:
    begun = len({d.data["cycle"] for d in patient.doses})
    least = c.at_least or 1
    said = f"{begun} of at least {least} cycles begun"
    if begun >= least:
        return _Met(True, said, patient.doses[-1])
    progression, died = patient.first_progression, patient.died
    ended = progression
    if died is not None and (progression is None or died.happened < progression.on):
        ended = Occurrence(died.happened, died)
    if c.unless_event and ended is not None:
        return _Met(True, f"{said}; progression or death on {ended.on}", ended.event)
    return _Met(False, said, patient.doses[-1] if patient.doses else None)


def _measurable(c: Condition, patient: Patient) -> _Met:
    baseline = [a for a in patient.read_by(c.assessor) if a.baseline]
    if not baseline:
        return _Met(False, f"no assessment at baseline ({c.assessor})")
    for a in baseline:
        targets = [r for r in readings(a.lesions) if r.kind == "target" and measurable(r)]
        if targets:
            return _Met(True, f"{len(targets)} measurable target lesions on {a.happened}", a.event)
        if not a.lesions and a.sum_mm:
            return _Met(True, f"a sum of {a.sum_mm:.4g} mm on {a.happened}", a.event)
        followed = followed_by(a.measurements)
        if followed:
            return _Met(True, f"measurable by {', '.join(followed)} on {a.happened}", a.event)
    return _Met(False, "no measurable lesion at baseline", baseline[-1].event)


def populations_table(trial: Trial, found: Mapping[str, Sequence[Membership]]) -> Table:
    """How many are in each population, by the arm under which they count, and how many are out."""
    rows: list[list[Cell]] = []
    for name, members in found.items():
        within = [sum(m.member and m.arm == a.name for m in members) for a in trial.arms]
        rows.append([f"{name}: {trial.population_by_name[name].label}", *within, sum(not m.member for m in members)])
    columns = ["Population", *(a.label for a in trial.arms), "Out"]
    return Table(
        "Populations",
        columns,
        rows,
        notes=(f"Of all {trial.entered} patients; equipoise analyse --json has each patient's reason.",),
    )
