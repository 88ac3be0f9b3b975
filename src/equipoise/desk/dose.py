"""Ask a dose-finding design: its numbers, how it behaves, what comes next, and what may come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.behaviour import How, behaviour, time_problems
from equipoise.design.dose.behaviour_figure import behaviour_figure
from equipoise.design.dose.dose_design import DoseDesign, End, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, rate_problems, truth_problems
from equipoise.design.dose.history import Answer, answer, take_in
from equipoise.design.dose.levels import named
from equipoise.design.dose.months import expected_months
from equipoise.design.dose.paths import Node, pathways
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.files.grades import Grade, grade_of
from equipoise.files.kernels import DOSES, ready
from equipoise.trial.dose_outcomes import Treated, read_outcomes
from equipoise.trial.exhibits import Cell, LineFigure, Table
from equipoise.trial.problem import BadInput, Problem

T = TypeVar("T")
#: From so many trials on they are shared among threads.
_MANY = 100_000


@dataclass(frozen=True)
class AskedDose:
    """A design with all that was asked of it."""

    about: dose_shelf.DoseKind
    design: DoseDesign[Any]
    behaviour: Sequence[DoseCharacteristics]
    months: Sequence[float | None]
    grade: Grade

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        shown = [shape(c, m) for c, m in zip(self.behaviour, self.months, strict=True)]
        return {
            "kind": self.about.name,
            "title": self.about.title,
            **self.design.numbers(),
            **({"characteristics": shown[0] if len(shown) == 1 else shown} if shown else {}),
            "protocol": self.design.describe(),
            "cautions": list(self.design.cautions),
            "reference": self.about.reference,
            "grade": {"grade": self.grade.grade, "second_hand": self.grade.second_hand, "oracle": self.grade.oracle},
        }

    def figure(self) -> LineFigure:
        """Its behaviour by dose or, where no truth was given, its boundaries. Raises BadInput where there is neither."""
        return behaviour_figure(self.design, self.behaviour)

    def tables(self) -> list[Table]:
        """The decision table and the behaviour at each truth."""
        found = []
        rows = self.design.numbers().get("table")
        if rows:
            names = {
                "n": "Patients",
                "escalate_if_at_most": "Escalate if at most",
                "deescalate_if_at_least": "De-escalate if at least",
            }
            names["eliminate_if_at_least"] = "Eliminate if at least"
            cells: list[list[Cell]] = [["–" if row[k] is None else row[k] for k in names] for row in rows]
            found.append(Table("DLTs at the dose", list(names.values()), cells))
        decisions = self.design.numbers().get("decisions")
        if decisions:
            shown_by = [[d["on"], d["answered"], d["dlt"], d["decision"]] for d in decisions]
            found.append(Table("The next patient", ["On the dose", "Answered", "DLTs", "Decision"], shown_by))
        for c, m in zip(self.behaviour, self.months, strict=True):
            doses = range(1, self.design.doses + 1)
            shown: list[list[Cell]] = [
                [
                    named(self.design, d),
                    f"{c.truth.dlt[d - 1]:g}",
                    f"{c.select[d - 1]:.4f}",
                    f"{c.patients[d - 1]:.2f}",
                    f"{c.dlts[d - 1]:.2f}",
                ]
                for d in doses
            ]
            shown.append(["none", "", f"{c.select_none:.4f}", f"{c.total:.2f} in all", f"{sum(c.dlts):.2f} in all"])
            title = f"Behaviour, {c.method}"
            found.append(Table(title, ["Dose", "True DLT rate", "Selected", "Patients", "DLTs"], shown, _notes(c, m)))
        return found


@dataclass(frozen=True)
class HowAsked:
    """How behaviour is reckoned. ``accrual``: patients a month; ``window``: months for which each is followed for DLTs."""

    how: How = "auto"
    trials: int = 2000
    seed: int = 1
    accrual: float | None = None
    window: float | None = None
    arrivals: Literal["poisson", "uniform"] = "poisson"
    first_comes: Literal["after a gap", "at once"] = "after a gap"
    late: float | None = None

    def workers(self) -> int:
        """Threads that simulate; and the compiled simulator is found where there is one. The numbers do not depend on either."""
        if self.how == "exact":
            return 1
        ready(DOSES)
        if self.trials < _MANY:
            return 1
        from equipoise.simulate.replicates import default_workers  # a large room, for one number

        return default_workers()

    def calendar(self) -> Calendar | None:
        """The calendar, where accrual and window are stated. Raises BadInput for one without the other, or for what is asked of a calendar
        without both."""
        if (self.accrual is None) != (self.window is None):
            missing = "--accrual" if self.accrual is None else "--window"
            allowed = "both: patients a month, and the months for which each is followed"
            raise BadInput("design", [Problem("half-stated", missing, "nothing", allowed)])
        if self.accrual is None or self.window is None:
            said = {
                "--arrivals": (self.arrivals, self.arrivals != "poisson"),
                "--first-comes": (self.first_comes, self.first_comes != "after a gap"),
                "--late": (self.late, self.late is not None),
            }
            allowed = "only with --accrual and --window"
            problems = [Problem("half-stated", k, str(v), allowed) for k, (v, stated) in said.items() if stated]
            if problems:
                raise BadInput("design", problems)
            return None
        return Calendar(self.accrual, self.window, self.arrivals, self.first_comes, self.late)


def ask(
    kind: str,
    given: Mapping[str, Any],
    truths: Sequence[Sequence[float]] = (),
    responses: Sequence[Sequence[float]] = (),
    asked: HowAsked | None = None,
) -> AskedDose:
    """Build a design and ask how it behaves. Raises BadInput with all that is wrong."""
    about = dose_shelf.one(kind)
    said = asked or HowAsked()
    told: list[Problem] = []
    design = or_problems(told, lambda: built(kind, given, truths[0] if truths else None))
    calendar = or_problems(told, said.calendar)
    told += rates_of(design, truths, responses)
    if design is not None and responses and not design.of_response:
        allowed = f"none: {kind} counts no responses"
        told.append(Problem("response", "--response", "response rates", allowed))
    if design is not None and truths and not any(p.code == "half-stated" for p in told):
        told += time_problems(design, said.how, calendar)
    if told or design is None:
        raise BadInput("design", told)
    found, workers = [], said.workers() if truths else 1
    for i, dlt in enumerate(truths):
        response = tuple(responses[min(i, len(responses) - 1)]) if responses else ()
        found.append(
            behaviour(design, DoseTruth(tuple(dlt), response), said.how, said.trials, said.seed, calendar, workers)
        )
    months = [_months(design, c, said, calendar) for c in found]
    return AskedDose(about, design, found, months, grade_of(about.module))


def or_problems(told: list[Problem], ask: Callable[[], T]) -> T | None:
    """The answer; None where there are problems, which are then told, each once."""
    try:
        return ask()
    except BadInput as bad:
        told += [p for p in bad.problems if p not in told]
        return None


def wrong_with(
    kind: str,
    table: Mapping[str, Any],
    truths: Sequence[Sequence[float]],
    responses: Sequence[Sequence[float]],
    outcomes: str,
) -> list[Problem]:
    """What is wrong with a design, with a history, and with how behaviour is asked for, as far as each was told; nothing of what was not."""
    told: list[Problem] = []
    design = or_problems(told, lambda: built(kind, table, truths[0] if truths else None))
    or_problems(told, lambda: read_outcomes(outcomes))
    return [*told, *(p for p in rates_of(design, truths, responses) if p not in told)]


def rates_of(
    design: DoseDesign[Any] | None, truths: Sequence[Sequence[float]], responses: Sequence[Sequence[float]]
) -> list[Problem]:
    """All that is wrong with true rates, each once; of a design that could not be built what is no probability."""
    told: list[Problem] = []
    for i, dlt in enumerate(truths):
        response = tuple(responses[min(i, len(responses) - 1)]) if responses else ()
        found = (
            truth_problems(design, DoseTruth(tuple(dlt), response)) if design is not None
            else (*rate_problems("truth", dlt), *rate_problems("response", response))
        )  # fmt: skip
        told += [p for p in found if p not in told]
    return told


def _months(design: DoseDesign[Any], c: DoseCharacteristics, said: HowAsked, calendar: Calendar | None) -> float | None:
    """Months on average: by the formula where patients come at random, the first after a gap, and each cohort's whole window is waited for."""
    if c.months is not None or calendar is None:
        return c.months
    if calendar == Calendar(calendar.accrual, calendar.window):
        return expected_months(c, c.cohorts, calendar.accrual, calendar.window)
    return simulate(design, c.truth, said.trials, said.seed, calendar).months


def built(kind: str, given: Mapping[str, Any], truth: Sequence[float] | None = None) -> DoseDesign[Any]:
    """The design; as many doses as its truth or its skeleton has, where their number is not stated."""
    table = dict(given)
    if "doses" in dose_shelf.spec_model(kind).model_fields and "doses" not in table and truth:
        table["doses"] = len(truth)
    return dose_shelf.build(kind, table)


def next_of(kind: str, given: Mapping[str, Any], outcomes: str, window: float | None = None) -> Answer:
    """What comes after a history. ``window``: days for which each is followed. Raises BadInput for what cannot be read, of design or history."""
    design, cohorts = _of_history(kind, given, outcomes)
    return answer(design, cohorts, window)


def _of_history(kind: str, given: Mapping[str, Any], outcomes: str) -> tuple[DoseDesign[Any], tuple[Treated, ...]]:
    """The design and the history. Raises BadInput with what is wrong with either."""
    told: list[Problem] = []
    design = or_problems(told, lambda: built(kind, given))
    cohorts = or_problems(told, lambda: read_outcomes(outcomes))
    if design is None or cohorts is None:
        raise BadInput("design", [_which_doses(p) for p in told])
    return design, cohorts


def _which_doses(p: Problem) -> Problem:
    """That the number of doses is missing, by its option: no truth says it here."""
    if (p.where, p.code) != ("doses", "missing"):
        return p
    return replace(p, where="--doses", allowed="how many doses there are: it decides what comes next")


@dataclass(frozen=True)
class Paths:
    """The merged tree of what may come."""

    design: DoseDesign[Any]
    nodes: Sequence[Node]

    def as_json(self) -> dict[str, Any]:
        """The documented shape: nodes with their ways."""
        return {"nodes": [_node(self.design, n) for n in self.nodes]}

    def table(self) -> Table:
        """A row a node."""
        rows = []
        for n in self.nodes:
            shown = _node(self.design, n)
            ways = "; ".join(f"{w['outcomes']} → {w['to']}" for w in shown["ways"])
            rows.append(
                [n.number, n.depth, shown["action"], shown["dose"] or "none", shown["recommend"] or "none", ways]
            )
        return Table(
            "Pathways", ["State", "Cohorts on", "Action", "Next dose", "If it ended now", "Outcomes → state"], rows
        )


def paths_of(kind: str, given: Mapping[str, Any], outcomes: str, cohorts: int) -> Paths:
    """The pathways after a history. Raises BadInput where somebody in it is pending: what may come of him is not a cohort's."""
    design, history = _of_history(kind, given, outcomes)
    told = take_in(design, history)
    if told.waiting:
        allowed = "a history of which everybody is known"
        raise BadInput("outcomes", [Problem("pending", "outcomes", "; ".join(told.waiting), allowed)])
    return Paths(design, pathways(design, told.state, cohorts))


def _node(design: DoseDesign[Any], n: Node) -> dict[str, Any]:
    action = n.verdict.action
    chosen = n.recommend if not isinstance(action, End) or action.declares else 0
    recommend = named(design, chosen) if chosen else None
    return {
        "state": n.number,
        "depth": n.depth,
        "at": named(design, n.at) if n.at else None,
        "action": n.verdict.name(n.at),
        "dose": recommend if isinstance(action, End) else named(design, action.dose),
        "size": 0 if isinstance(action, End) else action.size,
        "because": list(n.verdict.because),
        "recommend": recommend,
        "ways": [{"outcomes": _letters(s), "to": to} for s, to in n.ways],
    }


def _notes(c: DoseCharacteristics, months: float | None) -> list[str]:
    """How the numbers were had, and how long it takes."""
    found = []
    if c.mc_error is not None:
        found.append(f"{c.trials:,} trials; Monte-Carlo standard error of a chance at most {max(c.mc_error):.4f}.")
    if months is not None:
        error = "" if c.months_error is None else f" (standard error {c.months_error:.2f})"
        turned = "" if c.turned_away is None else f": {c.turned_away:.1f} of them"
        found.append(f"{months:.1f} months on average{error}; who comes while the design waits is turned away{turned}.")
    if c.backfilled is not None:
        found.append(
            f"Of the patients {sum(c.backfilled):.1f} were backfilled: {', '.join(f'{n:.1f}' for n in c.backfilled)} by dose."
        )
    return found


def _letters(seen: Seen) -> str:
    return "N" * seen.none + "T" * seen.toxic + "E" * seen.response + "B" * seen.both


def shape(c: DoseCharacteristics, months: float | None) -> dict[str, Any]:
    """The documented shape of a behaviour."""
    return {
        "method": c.method,
        "truth": list(c.truth.dlt),
        **({"response": list(c.truth.response)} if c.truth.response else {}),
        "select": list(c.select),
        "select_none": c.select_none,
        "patients": list(c.patients),
        "dlts": list(c.dlts),
        "total_patients": c.total,
        "ends": dict(c.ends),
        "months": months,
        "turned_away": c.turned_away,
        **({} if c.backfilled is None else {"backfilled": list(c.backfilled)}),
        "trials": c.trials or None,
        "mc_error": None if c.mc_error is None else {"select": list(c.mc_error[:-1]), "select_none": c.mc_error[-1]},
        "months_mc_error": c.months_error,
    }
