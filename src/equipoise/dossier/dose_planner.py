"""The page of a grid of dose finding: which dose each design hands over, and what becomes of phase II then."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise import __version__
from equipoise.files.dose_grid_file import DoseGrid
from equipoise.report.document import Document
from equipoise.simulate.dose_grid import DoseGridRow, delivered
from equipoise.simulate.summary import shown
from equipoise.trial.design import Quantity
from equipoise.trial.exhibits import Cell, Curve, Exhibit, HeatFigure, LineFigure, Mark, Paragraph, Section, Table
from equipoise.trial.trial import Trial

_SIMULATED = (
    "Every patient on this page is simulated. Research software: for planning; it replaces no statistician's own check."
)


def dose_page(grid: DoseGrid, trial: Trial, rows: Sequence[DoseGridRow], phase2: Table) -> Document:
    """The page."""
    paragraphs: list[Exhibit] = [Paragraph(t) for t in grid.question.strip().split("\n\n") if t.strip()]
    truths = [t.label for t in grid.truth]
    return Document(
        title=grid.title,
        subtitle=trial.title,
        status=_SIMULATED,
        facts=[
            ("Trial", trial.id),
            ("Phase I", f"{len(rows)} × {grid.replicates:,} trials through the log, seed {grid.seed}"),
            ("Phase II", f"{grid.phase2.replicates:,} trials for each share of the dose that is given"),
            ("Errors", "Each simulated number stands with its Monte-Carlo standard error"),
        ],
        sections=[
            Section("question", "What was asked", paragraphs),
            Section("answer", "In short", [*(Paragraph(in_short(rows, t)) for t in truths), handed_figure(rows)]),
            Section("window", "What a window sees", [seen_figure(rows), seen_table(rows)]),
            Section(
                "handed", "What is handed over, and what becomes of phase II", [dose_table(rows, t) for t in truths]
            ),
            Section("split", "P(declare) by the dose handed over", [split_table(rows, t) for t in truths]),
            Section("phase1", "Phase I itself", [phase1_table(rows)]),
            Section("phase2", "Phase II by the dose", [phase2]),
            Section("assumptions", "What is assumed, all of it by us", _assumed(grid, rows)),
        ],
        foot=f"{trial.id}: trial {trial.fingerprint[:12]}, equipoise {__version__}; simulated",
    )


def in_short(rows: Sequence[DoseGridRow], truth: str) -> str:
    """What came of one truth, in a few sentences."""
    of = [r for r in rows if r.cell.truth == truth]
    top = f"{_levels(rows)[-1]} {of[0].cell.plan.trial.dose_levels[-1].unit}"
    often = "; ".join(f"{r.cell.design}: {_whole(r.summary.handed_over[-1])} %" for r in of)
    error = max(r.summary.handed_over[-1].mc_error or 0.0 for r in of)
    most, least = (f(of, key=lambda r: r.summary.handed_over[-1].value) for f in (max, min))
    *_, name = of[0].after.declare
    return (
        f"Truth '{truth}'. How often {top} is handed over: {often} (± {100 * error:.1f} at most). From the design that does so most often "
        f"({most.cell.design}) to the one that does so "
        f"least often ({least.cell.design}) the share of phase II's patients who stop the drug for it goes from {_whole(most.after.stops)} to "
        f"{_whole(least.after.stops)} %, the mean amount given in six cycles from {most.after.amount.value:.0f} to {least.after.amount.value:.0f}, and "
        f"P(declare), if efficacy goes {name}, from {most.after.declare[name].value:.2f} to {least.after.declare[name].value:.2f}."
    )


def _whole(q: Quantity) -> str:
    return f"{100 * q.value:.0f}"


def _levels(rows: Sequence[DoseGridRow]) -> list[str]:
    return [f"{x.dose:g}" for x in rows[0].cell.plan.trial.dose_levels]


def dose_table(rows: Sequence[DoseGridRow], truth: str) -> Table:
    """Designs under one truth: what is handed over and what follows."""
    of = [r for r in rows if r.cell.truth == truth]
    names = list(of[0].after.declare)
    body: list[list[Cell]] = [
        [
            r.cell.design, *(f"{q.value:.2f}" for q in (*r.summary.handed_over, r.summary.handed_none)), shown(r.summary.months, 1),
            shown(_percent(r.after.stops), 1), shown(r.after.amount, 0), *(shown(r.after.declare[n], 3) for n in names),
        ]
        for r in of
    ]  # fmt: skip
    most = max(q.mc_error or 0.0 for r in of for q in (*r.summary.handed_over, r.summary.handed_none))
    unit = of[0].cell.plan.trial.dose_levels[0].unit
    return Table(
        f"Truth: {truth}",
        [
            "Design of phase I", *(f"Hands over {x}" for x in _levels(of)), "none", "Months", "Phase II: % that stop for it",
            f"given, {unit}", *(f"P(declare), efficacy {n}" for n in names),
        ],
        body,
        notes=(
            f"Shares of what is handed over have Monte-Carlo standard errors of up to {most:.3f}. Months: of phase I, with the look where there is one. "
            "Of phases II that are opened: the share of patients on the tested arm who stop the drug for the cumulative toxicity, and the mean amount given in "
            "six cycles. P(declare): over all phases I, also those that hand over none.",
        ),
    )  # fmt: skip


def split_table(rows: Sequence[DoseGridRow], truth: str) -> Table:
    """P(declare) by the dose that is handed over: of the trials that are given it, and of all trials."""
    of = [r for r in rows if r.cell.truth == truth]
    body: list[list[Cell]] = []
    for name in of[0].after.declare:
        body.append([f"Efficacy {name}"])
        body.append(["of those given the dose", *(shown(q, 3) for q in of[0].after.declare_at[name]), ""])
        body += [
            [r.cell.design, *(shown(q, 3) for q in r.after.handed_and_declared[name]), shown(r.after.declare[name], 3)]
            for r in of
        ]
    return Table(
        f"P(declare) by the dose handed over. Truth: {truth}", ["", *_levels(of), "all"], body,
        notes=(
            "First row: of the trials that are given that dose, how many declare; it is the same whichever design found it. Then, of all trials of each design of phase I, "
            "those that hand over the dose and declare; they add up to the last column. ± is the Monte-Carlo standard error, of phase I's and of phase II's trials.",
        ),
    )  # fmt: skip


def phase1_table(rows: Sequence[DoseGridRow]) -> Table:
    """What phase I costs, and what it had seen of the cumulative toxicity when it ended."""
    body: list[list[Cell]] = []
    for r in rows:
        s = r.summary
        seen = sum(q.value for q in s.cumulative)
        body.append(
            [
                r.cell.truth, r.cell.design, f"{sum(q.value for q in s.patients):.1f}", f"{s.patients[-1].value:.1f}",
                f"{sum(q.value for q in s.dlts):.1f}", f"{seen:.1f}", f"{s.cumulative[-1].value:.1f}", f"{s.turned_away.value:.1f}",
                shown(s.late_trials, 3),
            ]
        )  # fmt: skip
    top = _levels(rows)[-1]
    return Table(
        "Patients and toxicities of phase I, means",
        [
            "Truth", "Design", "Patients", f"at {top}", "DLTs", "Cumulative toxicity seen by the end", f"at {top}", "Turned away",
            "A late report would have changed a decision",
        ],
        body,
    )  # fmt: skip


def handed_figure(rows: Sequence[DoseGridRow]) -> HeatFigure:
    """How often each dose is handed over, design by design under each truth."""
    values = [[q.value for q in (*r.summary.handed_over, r.summary.handed_none)] for r in rows]
    error = max(q.mc_error or 0.0 for r in rows for q in (*r.summary.handed_over, r.summary.handed_none))
    return HeatFigure(
        "Which dose is handed to phase II", "", "", [*_levels(rows), "none"], [f"{r.cell.truth}: {r.cell.design}" for r in rows], values,
        [[f"{v:.2f}" for v in line] for line in values], "probability",
        caption=f"Doses in {rows[0].cell.plan.trial.dose_levels[0].unit}. Monte-Carlo standard errors of up to {error:.2g}.", top=1.0,
    )  # fmt: skip


def seen_figure(rows: Sequence[DoseGridRow]) -> LineFigure:
    """The cumulative toxicity by cycle at the two highest doses, of who is given every dose."""
    curves = []
    first = {r.cell.truth: r for r in reversed(rows)}
    windows = sorted({r.cell.plan.phase1.window.days for r in rows})
    plan = rows[0].cell.plan
    length, levels = plan.drug.cycle_length.days, plan.trial.dose_levels
    for hue, (truth, r) in enumerate(reversed(first.items())):
        for level, dashed in ((len(levels), False), (len(levels) - 1, True)):
            risk = [0.0, *(delivered(r.cell.plan, level, c, None).stops for c in range(1, 7))]
            label = f"{truth}, {levels[level - 1].dose:g}"
            curves.append(Curve(label, [float(c) for c in range(7)], risk, dashed=dashed, hue=hue))
    marks = [Mark(f"window of {d} days", x=d / length) for d in windows]
    return LineFigure(
        "What a window sees of the cumulative toxicity", "Cycles given in full", "Patients who had to stop for it", curves, marks, percent=True,
        caption="Exact, by the assumed hazard; nobody progresses.", y_range=(0.0, min(1.0, 1.08 * max(max(c.y) for c in curves))),
    )  # fmt: skip


def seen_table(rows: Sequence[DoseGridRow]) -> Table:
    """The true probabilities of a DLT in each window."""
    found: dict[tuple[str, int], list[Cell]] = {}
    for r in rows:
        plan = r.cell.plan
        window = plan.phase1.window.days
        found[r.cell.truth, window] = [r.cell.truth, f"{window} days", *(f"{p:.3f}" for p in plan.true_dlt().dlt)]
    order = list(dict.fromkeys(r.cell.truth for r in rows))
    body = [found[k] for k in sorted(found, key=lambda k: (order.index(k[0]), k[1]))]
    return Table(
        "True probability of a DLT within the window", ["Truth", "Window", *_levels(rows)], body,
        notes=("DLTs of the first cycle and the cumulative toxicity together, of who is given every dose. Exact.",),
    )  # fmt: skip


def _assumed(grid: DoseGrid, rows: Sequence[DoseGridRow]) -> list[Exhibit]:
    scenario = rows[0].cell.plan.scenario
    truths: list[list[Cell]] = [[t.label, t.because] for t in grid.truth]
    designs: list[list[Cell]] = []
    for d in grid.design:
        cell = next(r.cell for r in rows if r.cell.design == d.label)
        look = (
            f" Then a look at what was given in {d.look.cycles} cycles: below {100 * d.look.at_least:g} % of it the level below."
            if d.look
            else ""
        )
        designs.append([d.label, cell.plan.phase1.finder.describe() + f" Window: {cell.plan.phase1.window}." + look])
    plan = rows[0].cell.plan
    return [
        Paragraph(f"Phase I, scenario '{scenario.id}': {scenario.because}"),
        Paragraph(
            f"Phase II: scenario '{grid.phase2.scenario}' is what is true at the highest dose, given in full. 'Efficacy the same at every dose' takes it for all. "
            f"'By what is given' takes the logarithm of the hazard ratio to be proportional to the share of the full highest dose that who does not progress is "
            f"given in {grid.phase2.cycles} cycles; with nothing the rate is {grid.phase2.nothing:g}. Who stops the drug goes on with the others."
        ),
        Table("Truths", ["Truth", "What it says, and why"], truths),
        Table("Designs of phase I", ["Design", "What it does"], designs),
        *(Paragraph(f"{', '.join(a.of)}: {a.because}", "note") for a in plan.trial.assumptions),
    ]


def _percent(q: Quantity) -> Quantity:
    return Quantity(100 * q.value, 100 * (q.mc_error or 0.0))
