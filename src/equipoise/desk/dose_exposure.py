"""What a dose would have come to, if events and effect follow exposure: scenarios beside each other; the dose page of a trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.desk.pages import write_page
from equipoise.dossier.dose_exposure import (
    AT_ONCE,
    CYCLES,
    DAYS,
    DESIGNS,
    WINDOWS,
    AtDose,
    Handed,
    Relation,
    Scheduled,
    exposure_page,
    exposure_tables,
)
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.exposed_arm import arm_patients, at_schedule
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import default_workers, simulate
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.tally import Tally
from equipoise.trial.design import Quantity
from equipoise.trial.endpoint import Landmark
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class DosePage:
    """What came of it, a relation of exposure each."""

    trial: Trial
    relations: Sequence[Relation]
    patients: int
    replicates: int
    price: float

    def tables(self) -> list[Table]:
        """All of the page's tables."""
        return exposure_tables(self.relations, self.patients, self.price)

    def write(self, page: Path) -> list[Path]:
        """Write the page; its paths, the page first."""
        return write_page(exposure_page(self.trial, self.relations, self.patients, self.replicates, self.price), page)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial.id, "patients": self.patients, "replicates": self.replicates, "price": self.price,
            "relations": [r.as_json(self.price) for r in self.relations],
        }  # fmt: skip


def page_of(
    name: str, scenarios: Sequence[str], patients: int, replicates: int, seed: int, price: float, workers: int | None = None,
    watch: Callable[[str], object] = lambda text: None,
) -> DosePage:  # fmt: skip
    """Simulate every scenario at every dose level. Raises BadInput with all that is wrong."""
    path = find_trial(name)
    trial, problems = read_trial(path), list[Problem]()
    if not 2 <= patients <= 100_000:
        problems.append(Problem("out-of-range", "--patients", f"{patients:,}", "2 to 100,000"))
    if not 2 <= replicates <= 1_000_000:
        problems.append(Problem("out-of-range", "--replicates", f"{replicates:,}", "2 to 1,000,000"))
    if not 0 <= price <= 1:
        problems.append(Problem("out-of-range", "--price", f"{price:g}", "0 to 1: what a patient who stops is worth, in patients free of progression"))  # fmt: skip
    if not trial.dose_levels:
        problems.append(Problem("no-levels", "dose_levels", "nothing", "doses that are held against each other: [[dose_levels]]"))  # fmt: skip
    read = list[Scenario]()
    for said in scenarios:
        try:
            read.append(read_scenario(find_scenario(path, said)))
        except BadInput as bad:
            problems += bad.problems
    for s in read:
        if s.exposure is None:
            problems.append(Problem("no-exposure", f"scenario {s.id}", "no [exposure]", "a scenario whose events follow exposure"))  # fmt: skip
        elif trial.dose_levels and all(s.exposure.drug != d.drug for x in trial.dose_levels for d in x.doses):
            problems.append(Problem("no-levels", f"scenario {s.id}", repr(s.exposure.drug), "the drug of the trial's dose levels"))  # fmt: skip
    if not problems and not isinstance(trial.monitored.endpoint, Landmark):
        problems.append(Problem("not-a-landmark", "monitoring.endpoint", trial.monitored.endpoint.name, "a landmark, of which the page tells the share"))  # fmt: skip
    if problems:
        raise BadInput(name, problems)
    found = []
    for s in read:
        watch(s.id)
        found.append(_relation(trial, s, patients, replicates, seed, workers or default_workers()))
    return DosePage(trial, found, patients, replicates, price)


def _relation(trial: Trial, scenario: Scenario, n: int, replicates: int, seed: int, workers: int) -> Relation:
    """One scenario at every dose, and at other days and numbers of cycles; then phase I by its severe events in a window."""
    exposure = scenario.exposure
    assert exposure is not None, "asked of a scenario with [exposure]"
    endpoint = trial.monitored.endpoint
    assert isinstance(endpoint, Landmark)
    doses = sorted({d.dose for x in trial.dose_levels for d in x.doses if d.drug == exposure.drug})
    # what is true of the disease stays what it was calibrated to on the trial as it stands
    courses = Plan.of(trial, scenario, seed).courses
    at = []
    for dose in doses:
        plan = Plan.of(at_schedule(trial, exposure.drug, dose), scenario, seed, courses=courses)
        tally = Tally()
        for lines in simulate(plan, replicates, workers):
            tally.add(lines)
        said = (tally.probability("declared"), tally.probability("safety_speaks"))
        at.append(AtDose(dose, arm_patients(plan, n, endpoint.landmark.days), *said))
    scheduled = [
        Scheduled(dose, days, cycles, arm_patients(Plan.of(at_schedule(trial, exposure.drug, dose, days, cycles), scenario, seed, courses=courses), n, endpoint.landmark.days))
        for dose in doses for days in DAYS for cycles in CYCLES
    ]  # fmt: skip
    handed = []
    for window in WINDOWS:
        truth = DoseTruth(tuple(a.patients.within(window).value for a in at))
        for label, kind, given in DESIGNS:
            c = characteristics(dose_shelf.build(kind, dict(given) | _doses(kind, len(doses))), truth)
            handed.append(Handed(label, window, truth.dlt, tuple(c.select), c.select_none, _mixed(c.select, [a.declare for a in at]), _mixed(c.select, [a.speaks for a in at])))  # fmt: skip
    return Relation(scenario, tuple(at), tuple(scheduled), tuple(handed), AT_ONCE)


def _doses(kind: str, n: int) -> dict[str, int]:
    return {} if kind == "crm" else {"doses": n}


def _mixed(shares: Sequence[float], of: Sequence[Quantity]) -> Quantity:
    """The mean over the doses that are handed over, none counting as 0."""
    value = sum(s * q.value for s, q in zip(shares, of, strict=True))
    return Quantity(value, sum((s * (q.mc_error or 0.0)) ** 2 for s, q in zip(shares, of, strict=True)) ** 0.5)
