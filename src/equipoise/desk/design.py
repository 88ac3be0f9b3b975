"""Ask a design: what it is, how it behaves, what it says of evidence, and what is estimated after its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design import shelf
from equipoise.design.basket.behaviour import Basket
from equipoise.design.basket.behaviour import as_json as basket_as_json
from equipoise.design.basket.behaviour import in_words as basket_in_words
from equipoise.design.basket.behaviour import table as basket_table
from equipoise.design.basket.stated import basket_in
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.study.behaviour import Behaviour, behaviour_of, behaviour_table, numbers_table, truth_name
from equipoise.design.study.curtailed import Curtailed, Side
from equipoise.design.study.estimate import estimate, estimate_table
from equipoise.design.study.family import Family, family_of
from equipoise.design.study.operating_curve import operating_curve
from equipoise.desk.evidence import Said, evidence_for
from equipoise.desk.history import NUMBERS, standing_of, take
from equipoise.desk.opening import design_of
from equipoise.files.grades import Grade, grade_of
from equipoise.files.trial_file import design_from
from equipoise.history.for_design import DesignHistory
from equipoise.numerics.sequential.staged_inference import StagedInference
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Design, Truth
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import LineFigure, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Answered:
    """A design of a kind with all that was asked of it. ``standing``: is the way of borrowing the trial file's?"""

    about: shelf.Kind
    design: Design[Any]
    behaviour: Behaviour
    verdict: Verdict | None
    estimates: StagedInference | None
    grade: Grade
    history: DesignHistory | None
    standing: str

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        d = self.design
        return {
            "kind": self.about.name, "title": self.about.title, "design": d.numbers(),
            "looks": list(d.looks), "boundaries": list(getattr(d, "by_look", ())), "protocol": d.describe(),
            "at": [{"name": n, "truth": dict(t), "characteristics": c} for n, t, c in self.behaviour],
            "verdict": self.verdict, "estimates": self.estimates, "cautions": list(d.cautions), "reference": self.about.reference,
            "grade": {"grade": self.grade.grade, "second_hand": self.grade.second_hand, "oracle": self.grade.oracle},
            **({} if self.history is None else {"history": self.history, "borrowing": self.standing or None}),
        }  # fmt: skip

    def tables(self) -> list[Table]:
        """The design's numbers, and how it behaves."""
        return [numbers_table(self.about.title, self.design), behaviour_table(self.behaviour)]

    def estimates_table(self) -> Table | None:
        """The estimates, where they were asked for."""
        return None if self.estimates is None else estimate_table(self.estimates)

    def figure(self) -> LineFigure:
        """The operating characteristics."""
        return operating_curve(self.design)


def ask(
    kind: str,
    given: dict[str, Any],
    truths: Sequence[Truth] = (),
    evidence: Mapping[str, Said] | None = None,
    ended: Mapping[str, float] | None = None,
    curtail: Side | None = None,
    of_history: Mapping[str, Any] | None = None,
    typed: frozenset[str] = frozenset(),
) -> Answered:
    """Build the design of a kind from what its table states, and ask it.

    ``of_history``: where history is to be taken from (see ``history.take``); ``typed``: what of it and of ``given`` was given
    by hand. Raises BadInput with all that is wrong with the table and the history.
    """
    about = shelf.one(kind)
    history, problems = _history(given, of_history, typed)
    # without a history the rest is held against the rules with the kind's own example
    table = {k: v for k, v in (about.example if problems else given).items() if k in NUMBERS}
    table |= {k: v for k, v in given.items() if k not in NUMBERS}
    design, more = design_from({"kind": kind, **table})
    problems += more
    if design is None or problems:
        raise BadInput(f"design {kind}", problems)
    if curtail is not None:
        if not isinstance(design, RateDesign):
            raise _only_rates(kind, "not-curtailed", "--curtail", curtail)
        design = Curtailed(design, curtail)
    named = [*design.truths().items(), *((truth_name(t), t) for t in truths)]
    behaviour = behaviour_of(design, named)
    verdict = design.verdict(evidence_for(design, evidence)) if evidence is not None else None
    estimates = _estimates(kind, design, ended) if ended is not None else None
    standing = standing_of((of_history or {}).get("trial"), given)
    return Answered(about, design, behaviour, verdict, estimates, grade_of(about.module), history, standing)


def _history(
    given: dict[str, Any], asked: Mapping[str, Any] | None, typed: frozenset[str]
) -> tuple[DesignHistory | None, list[Problem]]:
    """The history taken from a library, now in ``given``, or what is wrong with it."""
    if not asked:
        return None, []
    try:
        return take(given, dict(asked), typed, timed="shape" not in asked), []
    except BadInput as bad:
        return None, list(bad.problems)


def _only_rates(kind: str, code: str, where: str, given: str) -> BadInput:
    return BadInput(f"design {kind}", [Problem(code, where, given, "only for designs of one arm and a rate")])


def _estimates(kind: str, design: Design[Any], ended: Mapping[str, float]) -> StagedInference:
    if not isinstance(design, RateDesign):
        raise _only_rates(kind, "not-estimated", "--estimate", str(dict(ended)))
    names = ("look", "n", "successes")
    problems = [
        Problem("not-a-count", f"--estimate {k}", str(ended.get(k, "nothing")), "a whole number")
        for k in names
        if k not in ended or not math.isfinite(ended[k]) or not float(ended[k]).is_integer()
    ]
    problems += [
        Problem("unknown-key", f"--estimate {k}", f"{v:g}", f"names are {', '.join(names)}, level")
        for k, v in ended.items()
        if k not in (*names, "level")
    ]
    if problems:
        raise BadInput("estimate", problems)
    look, n, successes = (int(ended[k]) for k in names)
    return estimate(design, look, n, successes, ended.get("level", 0.90))


@dataclass(frozen=True)
class Shown:
    """A trial's own design and how it behaves."""

    design: Design[Any]
    behaviour: Behaviour

    def table(self) -> Table:
        """How it behaves."""
        return behaviour_table(self.behaviour)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "design": self.design.numbers(),
            "at": [{**t, "truth": dict(t), "characteristics": c} for _, t, c in self.behaviour],
            "cautions": list(self.design.cautions),
        }


@dataclass(frozen=True)
class ShownCohorts:
    """Each cohort's design and how it behaves, and what they do together."""

    of: Mapping[str, Shown]
    titles: Mapping[str, str]
    family: Family
    basket: Basket | None = None

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "cohorts": {name: s.as_json() for name, s in self.of.items()}, "family": self.family.as_json(),
            **({} if self.basket is None else {"basket": basket_as_json(self.basket)}),
        }  # fmt: skip

    def together(self) -> tuple[Table, str]:
        """What the cohorts do together: by their basket, or each decided on its own."""
        if self.basket is not None:
            return basket_table(self.basket), basket_in_words(self.basket)
        return self.family.table(), self.family.in_words()

    def groups(self) -> list[tuple[str, Shown]]:
        """Cohorts of one design and one behaviour under one heading, in the file's order."""
        found: list[tuple[list[str], Shown]] = []
        for name, shown in self.of.items():
            same = next((names for names, s in found if s.design == shown.design), None)
            if same is None:
                found.append(([name], shown))
            else:
                same.append(name)
        return [(", ".join(f"{n} ({self.titles[n]})" for n in names), s) for names, s in found]


def of_cohorts(trial: Trial, rates: Sequence[float] = (), given: Sequence[Truth] = ()) -> ShownCohorts:
    """The designs of a trial's cohorts, as ``of_trial`` of each."""
    views = trial.views
    titles = {c.name: c.title for c in trial.cohorts}
    return ShownCohorts(
        {n: of_trial(v, rates, given) for n, v in views.items()},
        titles,
        family_of({n: v.design for n, v in views.items()}),
        basket_in(trial),
    )


def of_trial(trial: Trial, rates: Sequence[float] = (), given: Sequence[Truth] = ()) -> Shown:
    """A trial's own design under these true rates, or truths by the design's own names; under its own truths if none."""
    design = design_of(trial)
    bad = [Problem("out-of-range", "--rate", f"{r:g}", "a probability from 0 to 1") for r in rates if not 0 <= r <= 1]
    names = list(next(iter(design.truths().values())))
    if rates and names != ["rate"]:
        example = ",".join(f"{n}=…" for n in names)
        bad.append(Problem("no-rate", "--rate", "a rate", f"--truth {example}: this design's truth has these names"))
    if bad:
        raise BadInput("design show", bad)
    asked: list[Truth] = [*({"rate": r} for r in rates), *given]
    truths = [(truth_name(t), t) for t in asked] or list(design.truths().items())
    return Shown(design, behaviour_of(design, truths))


def after(trial: Trial, look: int, n: int, successes: int, level: float = 0.90) -> StagedInference:
    """Estimates after a trial's design ended at a look, also when more or fewer patients came than planned."""
    design = design_of(trial)
    if not isinstance(design, RateDesign):
        rate = design.takes is Evidence
        given = "a design without fixed stages" if rate else f"a design that takes {design.takes.__name__}"
        problem = Problem("no-estimates", "design", given, "a design of one rate with fixed stages: simon and its like")
        raise BadInput("design estimate", [problem])
    return estimate(design, look, n, successes, level)
