"""Cohorts of a trial: their designs together, their looks, and their simulation, each as its own trial sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.design.basket.behaviour import Basket
from equipoise.design.basket.decided import Decided, decided_together
from equipoise.design.basket.stated import basket_in
from equipoise.design.study.family import Family, family_of, number_declared
from equipoise.desk import plans
from equipoise.desk.data import can_cut
from equipoise.desk.look import as_json
from equipoise.desk.simulate import Simulated, Unfinished, Watch, run
from equipoise.simulate.basket import COLUMNS, BasketSummary, basket_summary, basket_table
from equipoise.simulate.cohorts import FamilySummary, FamilyTally, family_summary, family_table
from equipoise.simulate.lines import Lines
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Engine
from equipoise.simulate.summary import summary_table, true_rate
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.exhibits import Table
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def family(trial: Trial) -> Family | None:
    """What the cohorts' designs do together; None of a trial without cohorts."""
    return family_of({name: view.design for name, view in trial.views.items()}) if trial.divided else None


def of_patient(trial: Trial, snap: Snapshot, patient: str) -> Trial:
    """The trial as the cohort of a patient sees it; the trial itself for one who is in none."""
    known = snap.patients.get(patient)
    return trial.cohort(known.cohort) if known is not None and known.cohort in trial.cohort_names else trial


@dataclass(frozen=True)
class Looks:
    """A look in each cohort: its decision, or why it cannot be taken yet; a cohort whose design has no such look has none."""

    look: int
    of: Mapping[str, Decision | NotRipe | None]
    #: What was left out of each cohort's data.
    notes: Mapping[str, Sequence[str]]
    #: What the cohorts say together, at the last look of a basket.
    together: Decided | None = None

    @property
    def taken(self) -> bool:
        """True if any cohort's is ripe."""
        return any(isinstance(d, Decision) for d in self.of.values())

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "look": self.look,
            "cohorts": {name: None if d is None else {"cohort": name, **as_json(d)} for name, d in self.of.items()},
            **({} if self.together is None else {"basket": self.together.as_json()}),
        }


def look_in_each(trial: Trial, log: Log, look: int, cutoff: date | None, known_on: date | None = None) -> Looks:
    """Take a look in every cohort that has one of that number. Raises BadInput where none has."""
    views = trial.views
    if all(look > len(v.monitored.looks) for v in views.values()) or look < 1:
        next(iter(views.values())).monitored.look(look)
    can_cut(trial, log, cutoff, known_on)
    snaps = {name: cut(view, log, cutoff, known_on) for name, view in views.items()}
    of = {n: decide(v, snaps[n], look) if look <= len(v.monitored.looks) else None for n, v in views.items()}
    together = said_together(trial, snaps) if look == max(len(v.monitored.looks) for v in views.values()) else None
    return Looks(look, of, {name: snap.notes for name, snap in snaps.items()}, together)


def said_together(trial: Trial, snaps: Mapping[str, Snapshot]) -> Decided | None:
    """What the cohorts say together, each as known in its snapshot; None where each is decided on its own."""
    basket = basket_in(trial)
    if basket is None:
        return None
    return decided_together(trial, basket, lambda name, look: decide(trial.views[name], snaps[name], look))


@dataclass(frozen=True)
class SimulatedCohorts:
    """What came of each cohort's plans, and of the cohorts together."""

    trial: str
    seed: int
    of: Mapping[str, Simulated]
    families: Sequence[FamilySummary]
    whole: bool
    baskets: Sequence[BasketSummary] = ()

    def tables(self) -> Iterator[Table]:
        """A row for each cohort, scenario and way of waiting; then the cohorts together."""
        done = {name: s for name, s in self.of.items() if s.summaries}
        if not done:
            return
        all_of = [s for found in done.values() for s in found.summaries]
        table = summary_table(all_of, [e for found in done.values() for e in found.exact])
        names = [name for name, found in done.items() for _ in found.summaries]
        rows = [[name, *row] for name, row in zip(names, table.rows, strict=True)]
        own = ("Declared here is what each cohort's own stages would; the trial declares them together, below.",)
        notes = tuple(dict.fromkeys((*table.notes, *(own if self.baskets else ()))))
        yield Table("Simulated cohorts beside their exact designs", ["Cohort", *table.columns], rows, notes=notes)
        if self.families:
            yield family_table(self.families)
        if self.baskets:
            yield basket_table(self.baskets)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        each = {name: {"summaries": s.summaries, "exact": s.exact} for name, s in self.of.items()}
        unfinished = {n: s.unfinished_as_json() for n, s in self.of.items() if s.unfinished is not None}
        return {
            "trial": self.trial, "interrupted": not self.whole, "seed": self.seed, "cohorts": each, "together": self.families,
            **({"basket": self.baskets} if self.baskets else {}),
            **({"unfinished": next(iter(unfinished.values()))} if unfinished else {}),
        }  # fmt: skip

    @property
    def unfinished(self) -> Unfinished | None:
        """The file that an interrupt left unfinished."""
        return next((s.unfinished for s in self.of.values() if s.unfinished is not None), None)


def simulate(
    name: str,
    trial: Trial,
    scenarios: Sequence[str],
    seed: int,
    waiting: str,
    replicates: int,
    workers: int | None = None,
    out: Path | None = None,
    engine: Engine | None = None,
    watch: Watch = lambda plan: lambda done: None,
) -> SimulatedCohorts:
    """Simulate every cohort as a trial of its own, and add them up replicate by replicate; ``name`` is where the trial is found.

    KeyboardInterrupt ends it: what is done is kept, and the cohorts together are told only where all have come.
    """
    of_each = plans.plans_by_cohort(name, trial, scenarios, seed, waiting)
    done: dict[str, Simulated] = {}
    chunks: dict[tuple[str, str], dict[str, list[Lines]]] = {}
    whole, basket = True, basket_in(trial)
    wanted = ("declared", "stopped_early", *(COLUMNS if basket is not None else ()))

    def seen(plan: Plan, lines: Lines) -> None:
        kept = {k: lines[k] for k in wanted}
        here = chunks.setdefault((plan.scenario.id, plan.waiting), {})
        here.setdefault(plan.trial.cohort_name, []).append(kept)

    for cohort, own in of_each.items():
        done[cohort] = run(own, replicates, workers, out, engine, watch, seen)
        if not done[cohort].whole:
            whole = False
            break
    if not whole:
        return SimulatedCohorts(trial.id, seed, done, (), whole)
    all_of = [list(chunks[key].values()) for key in _keys(of_each)]
    if basket is None:
        return SimulatedCohorts(trial.id, seed, done, [_together(done, i, ls) for i, ls in enumerate(all_of)], whole)
    baskets = [_basket(basket, done, of_each, i, lines) for i, lines in enumerate(all_of)]
    return SimulatedCohorts(trial.id, seed, done, (), whole, baskets)


def _keys(of_each: Mapping[str, Sequence[Plan]]) -> list[tuple[str, str]]:
    return [(p.scenario.id, p.waiting) for p in next(iter(of_each.values()))]


def _together(done: Mapping[str, Simulated], i: int, lines: Sequence[Sequence[Lines]]) -> FamilySummary:
    """The cohorts' plans number ``i`` added up."""
    tally = FamilyTally()
    for chunks in lines:
        tally.add(chunks)
    exact = [found.exact[i] for found in done.values()]
    chances = [e.declare.value for e in exact if e is not None]
    return family_summary(next(iter(done.values())).summaries[i], tally, exact, number_declared(chances))


def _basket(
    basket: Basket, done: Mapping[str, Simulated], of_each: Mapping[str, Sequence[Plan]], i: int, lines: Sequence[Sequence[Lines]]
) -> BasketSummary:  # fmt: skip
    """The cohorts' plans number ``i`` decided together, in each replicate."""
    rates = [true_rate(plans[i]) for plans in of_each.values()]
    return basket_summary(basket, next(iter(done.values())).summaries[i], lines, rates)
