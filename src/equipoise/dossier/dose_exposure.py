"""The dose page: what each dose would have come to if toxicity and effect follow exposure, weakly, strongly or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise import __version__
from equipoise.drug.blind_window import Cumulative
from equipoise.report.document import Document
from equipoise.simulate.exposed_arm import ArmPatients, mean_of
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.summary import shown
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Cell, Curve, Exhibit, LineFigure, Paragraph, Section, Table
from equipoise.trial.trial import Trial

#: Days of a cycle and numbers of cycles that are held against each other, windows of phase I [days], and its designs.
DAYS, CYCLES, WINDOWS = ((1,), (1, 8)), (4, 6), (21, 42, 84)
DESIGNS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("3+3", "a-plus-b", {}),
    ("BOIN", "boin", {"target": 0.25, "cohort": 3, "cohorts": 10}),
    ("CRM", "crm", {"target": 0.25, "skeleton": (0.06, 0.12, 0.2, 0.3), "cohort": 3, "cohorts": 10}),
)
#: By how much points of different relations stand apart on the axis of doses.
_APART = 1.0
#: Patients after whom the dose is lowered.
AT_ONCE = (0, 20, 40, 60, 80)
_SIMULATED = "Every patient on this page is simulated, and every relation of exposure to anything is assumed: none is a finding. Research software."  # fmt: skip


@dataclass(frozen=True)
class AtDose:
    """Phase II at one dose: its patients by themselves, and whole trials: P(declare), and P(a safety rule speaks)."""

    dose: float
    patients: ArmPatients
    declare: Quantity
    speaks: Quantity


@dataclass(frozen=True)
class Scheduled:
    """A dose on some days of the cycle, for so many cycles."""

    dose: float
    days: tuple[int, ...]
    cycles: int
    patients: ArmPatients


@dataclass(frozen=True)
class Handed:
    """A design of phase I with a window: P(severe event in it) by dose, P(each dose is handed over), and what follows in phase II."""

    design: str
    window: int
    truth: tuple[float, ...]
    select: tuple[float, ...]
    none: float
    declare: Quantity
    speaks: Quantity


@dataclass(frozen=True)
class Relation:
    """One scenario: at each dose, by schedule, and what phase I hands over. ``lowered``: after how many patients the dose is lowered."""

    scenario: Scenario
    at: tuple[AtDose, ...]
    scheduled: tuple[Scheduled, ...]
    handed: tuple[Handed, ...]
    lowered: tuple[int, ...]

    def best(self, price: float) -> tuple[Scheduled, Quantity]:
        """The schedule of the largest utility."""
        found = max(self.scheduled, key=lambda s: s.patients.utility(price).value)
        return found, found.patients.utility(price)

    def as_json(self, price: float) -> dict[str, Any]:
        """The documented shape."""
        best, worth = self.best(price)
        return {
            "scenario": self.scenario.id, "label": self.scenario.label,
            "doses": [{"dose": a.dose, **numbers(a.patients), "declare": a.declare, "safety_speaks": a.speaks} for a in self.at],
            "schedules": [{"dose": s.dose, "days": s.days, "cycles": s.cycles, "utility": s.patients.utility(price), **numbers(s.patients)} for s in self.scheduled],
            "best": {"dose": best.dose, "days": best.days, "cycles": best.cycles, "utility": worth},
            "handed_over": [
                {"design": h.design, "window_days": h.window, "truth": h.truth, "select": h.select, "none": h.none, "declare": h.declare, "safety_speaks": h.speaks}
                for h in self.handed
            ],
        }  # fmt: skip


def numbers(p: ArmPatients) -> dict[str, Quantity]:
    """What is told of patients: means with their Monte-Carlo errors."""
    return {
        "area": mean_of(p.area), "milligrams": mean_of(p.milligrams), **{f"severe {t}": mean_of(v) for t, v in p.severe.items()},
        "stopped": mean_of(p.stopped), "lowered": mean_of(p.lowered), "died_of_event": mean_of(p.died), "free": mean_of(p.free), "contrast": p.contrast(),
    }  # fmt: skip


def exposure_page(trial: Trial, found: Sequence[Relation], patients: int, replicates: int, price: float) -> Document:
    """The page."""
    drug = _drug(found[0])
    return Document(
        title="What NORTH could have known, third page: the dose by exposure" if trial.id == "north" else f"{trial.id}: the dose by exposure",
        subtitle=trial.title,
        status=_SIMULATED,
        facts=[
            ("Trial", trial.id),
            ("Drug", drug),
            ("Patients by themselves", f"{patients:,} for each dose and schedule, the same in each"),
            ("Whole trials", f"{replicates:,} for each dose, through the log"),
            ("Errors", "Each simulated number stands with its Monte-Carlo standard error"),
        ],
        sections=[
            Section("question", "What was asked", [Paragraph(_QUESTION)]),
            Section("answer", "In short", [*(Paragraph(in_short(r, price)) for r in found), *figures(found)]),
            Section("window", "What a window of one cycle sees", [window_table()]),
            Section("doses", "Phase II at each dose", [dose_table(r) for r in found]),
            Section("lowered", "The dose lowered on the way", [t for r in found if (t := lowered_table(r)) is not None]),
            Section("phase1", "What phase I hands over, and what follows", [handed_table(r) for r in found]),
            Section("utility", "A dose by utility", [utility_table(r, price) for r in found]),
            Section("assumptions", "What is assumed, all of it", [Paragraph(f"{r.scenario.label}: {t}") for r in found for t in _assumed(r)]),
        ],
        foot=f"{trial.id}: trial {trial.fingerprint[:12]}, equipoise {__version__}; simulated",
    )  # fmt: skip


_QUESTION = (
    "If neuropathy, infection and effect follow the drug's exposure, which dose would have been right, what does lowering it on the way do, and could phase I have "
    "told? Three relations stand beside each other, none, weak and strong, with the same risks at the reference dose given in full. Patients are given doses as a log "
    "would record them; events hold, reduce and stop the drug by the protocol's rules, and so exposure follows from what it did."
)


def exposure_tables(found: Sequence[Relation], patients: int, price: float) -> list[Table]:
    """The tables of all relations."""
    return [t for r in found for t in (dose_table(r), lowered_table(r), handed_table(r), utility_table(r, price)) if t is not None]  # fmt: skip


def _assumed(r: Relation) -> Iterator[str]:
    assert r.scenario.exposure is not None
    yield r.scenario.because
    yield from r.scenario.exposure.assumptions()


def _drug(r: Relation) -> str:
    assert r.scenario.exposure is not None
    return r.scenario.exposure.drug


def _unit(r: Relation) -> str:
    assert r.scenario.exposure is not None
    return r.scenario.exposure.reference.unit


def in_short(r: Relation, price: float) -> str:
    """One relation in a few sentences."""
    low, high = r.at[-2] if len(r.at) > 1 else r.at[0], r.at[-1]
    best, worth = r.best(price)
    unit = _unit(r)
    return (
        f"{r.scenario.label}. At {high.dose:g} against {low.dose:g} {unit}: {_pc(mean_of(high.patients.stopped))} against {_pc(mean_of(low.patients.stopped))} % stop the "
        f"drug by a rule, {_pc(mean_of(high.patients.died))} against {_pc(mean_of(low.patients.died))} % die of an event by exposure, and the share free of progression "
        f"is {_points(high.patients.contrast())} against {_points(low.patients.contrast())} points above the control arm's; P(declare) {shown(high.declare, 2)} against "
        f"{shown(low.declare, 2)}. Of the schedules, at a price of {price:g} for each patient who stops, {_named(best, unit)} is worth most ({shown(worth, 3)})."
    )


def _named(s: Scheduled, unit: str) -> str:
    return f"{s.dose:g} {unit} on day {' and '.join(map(str, s.days))}, {s.cycles} cycles"


def _pc(q: Quantity) -> str:
    return f"{100 * q.value:.1f} ± {100 * (q.mc_error or 0):.1f}"


def _points(q: Quantity) -> str:
    return f"{100 * q.value:+.1f} ± {100 * (q.mc_error or 0):.1f}"


def window_table() -> Table:
    """The blind window: exact, whatever the drug."""
    rows: list[list[Cell]] = []
    for k in (1, 2, 3):
        c = Cumulative(0.29, k)
        rows.append([k, f"{100 * c.in_window():.2f} %", f"{c.seen(6):.3f}", f"{c.seen(12):.3f}", f"{100 * c.after(90 / 112):.1f} %"])  # fmt: skip
    return Table(
        "A hazard by what was given in all, 29 % after six full cycles at 112 mg/m2 (exact)",
        ["Power", "Risk in cycle 1", "Seen in 1 or more of 6", "of 12", "Six cycles at 90 for 112"],
        rows,
        notes=("The 29 % stands for a published share who discontinued; the power is free.",),
    )


def dose_table(r: Relation) -> Table:
    """A column a dose."""
    of = {a.dose: numbers(a.patients) for a in r.at}
    severe: list[list[Cell]] = [
        [f"{t}, grade 3 or worse [%]", *(_pc(n[f"severe {t}"]) for n in of.values())] for t in r.at[0].patients.severe
    ]
    rows: list[list[Cell]] = [
        ["Area under the concentration [ug·day/mL]", *(shown(n["area"], 0) for n in of.values())],
        *severe,
        ["Drug stopped by a rule [%]", *(_pc(n["stopped"]) for n in of.values())],
        ["Dose lowered by a rule [%]", *(_pc(n["lowered"]) for n in of.values())],
        ["Died of an event by exposure [%]", *(_pc(n["died_of_event"]) for n in of.values())],
        ["Free of progression at the landmark [%]", *(_pc(n["free"]) for n in of.values())],
        ["less the control arm's [points]", *(_points(n["contrast"]) for n in of.values())],
        ["P(declare), whole trials", *(shown(a.declare, 2) for a in r.at)],
        ["P(a safety rule speaks), whole trials", *(shown(a.speaks, 2) for a in r.at)],
    ]
    return Table(
        r.scenario.label, ["", *(f"{d:g} {_unit(r)}" for d in of)], rows,
        notes=("Progression when it happens, not when a scan shows it. The same patients, and the same control arm, at each dose.",),
    )  # fmt: skip


def lowered_table(r: Relation) -> Table | None:
    """The highest dose, lowered to the one below after so many patients of the tested arm."""
    if len(r.at) < 2:
        return None
    high, low, most = r.at[-1].patients, r.at[-2].patients, r.lowered[-1]
    rows: list[list[Cell]] = []
    for n in reversed(r.lowered):
        share = n / most
        each: list[Cell] = [f"after {n}" if 0 < n < most else "never" if n == most else "from the first"]
        for name in ("area", *(f"severe {t}" for t in high.severe), "stopped", "died_of_event", "contrast"):
            a, b = numbers(high)[name], numbers(low)[name]
            # the same patients at both doses: the errors add, as though wholly correlated
            q = Quantity(share * a.value + (1 - share) * b.value, share * (a.mc_error or 0) + (1 - share) * (b.mc_error or 0))  # fmt: skip
            each.append(shown(q, 0) if name == "area" else _points(q) if name == "contrast" else _pc(q))
        rows.append(each)
    return Table(
        f"{r.scenario.label}: {r.at[-1].dose:g} lowered to {r.at[-2].dose:g} {_unit(r)}",
        ["Of 80 on the arm", "Area, mean", *(f"{t}, grade 3+ [%]" for t in high.severe), "Stopped [%]", "Died of an event [%]", "Contrast [points]"],
        rows,
        notes=("Who began before goes on at the higher dose: those in treatment who would be lowered too are not counted. The errors are upper bounds.",),
    )  # fmt: skip


def handed_table(r: Relation) -> Table:
    """Designs and windows of phase I."""
    rows: list[list[Cell]] = [
        [
            f"{h.design}, {h.window} days", *(f"{100 * p:.1f}" for p in h.truth), *(f"{p:.2f}" for p in h.select), f"{h.none:.2f}", shown(h.declare, 2), shown(h.speaks, 2),
        ]
        for h in r.handed
    ]  # fmt: skip
    doses = [f"{a.dose:g}" for a in r.at]
    most = max(q.mc_error or 0.0 for a in r.at for q in (a.patients.within(84),))
    return Table(
        f"{r.scenario.label}: phase I", ["Design, window", *(f"DLT % at {d}" for d in doses), *(f"hands over {d}" for d in doses), "none", "P(declare)", "P(safety speaks)"],
        rows,
        notes=(
            f"DLT: a severe event by exposure within the window, and no other; simulated, with errors of up to {100 * most:.1f} points. What a design hands over is exact at these "
            "rates, with everybody's answer awaited. P(declare) and P(safety speaks): over the doses that are handed over; none counts as 0.",
        ),
    )  # fmt: skip


def utility_table(r: Relation, price: float) -> Table:
    """Dose by days and cycles."""
    rows: list[list[Cell]] = [
        [
            _named(s, _unit(r)), shown(mean_of(s.patients.area), 0), _pc(mean_of(s.patients.free)), _pc(mean_of(s.patients.stopped)), _pc(mean_of(s.patients.died)),
            shown(s.patients.utility(price), 3),
        ]
        for s in sorted(r.scheduled, key=lambda s: -s.patients.utility(price).value)
    ]  # fmt: skip
    return Table(
        f"{r.scenario.label}: schedules by utility",
        ["Schedule", "Area", "Free at the landmark [%]", "Stopped [%]", "Died of an event [%]", "Utility"], rows,
        notes=(f"Utility: the share free of progression and alive at the landmark, less {price:g} for each patient who had to stop the drug. The best first.",),
    )  # fmt: skip


def figures(found: Sequence[Relation]) -> Sequence[Exhibit]:
    """By dose: who stops, and the contrast."""

    def line(r: Relation, q: Sequence[Quantity], i: int) -> Curve:
        y = [100 * x.value for x in q]
        e = [196 * (x.mc_error or 0.0) for x in q]
        return Curve(
            r.scenario.label, [a.dose + (i - (len(found) - 1) / 2) * _APART for a in r.at], y, [a - b for a, b in zip(y, e, strict=True)], [a + b for a, b in zip(y, e, strict=True)], dashed=i % 2 == 1, points=True
        )  # fmt: skip

    unit = _unit(found[0])
    return [
        LineFigure("Who stops the drug by a rule", f"dose [{unit}]", "% of patients", [line(r, [mean_of(a.patients.stopped) for a in r.at], i) for i, r in enumerate(found)], caption="Bars: 95 % of Monte-Carlo error; the relations are set apart a little. Simulated; the relations are assumed."),
        LineFigure("Free of progression at the landmark, less the control arm", f"dose [{unit}]", "points", [line(r, [a.patients.contrast() for a in r.at], i) for i, r in enumerate(found)], caption="Bars: 95 % of Monte-Carlo error; the relations are set apart a little. Simulated; the relations are assumed."),
    ]  # fmt: skip
