"""What each dose stands at: counts, rates and what the design's model says of them; the decision table; dose-limiting toxicities."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scipy.special import betaincinv

from equipoise.analyse.dose_limiting import OUTCOMES
from equipoise.design.dose.a_plus_b import APlusB
from equipoise.design.dose.history import known_in, take_in
from equipoise.design.dose.meanwhile import Meanwhile, in_time
from equipoise.design.dose.posterior import HELD, RateOfDose, posterior
from equipoise.dossier.escalation.findings import Escalation
from equipoise.trial.dose_exhibits import DecisionGrid
from equipoise.trial.exhibits import Cell, Curve, Exhibit, LineFigure, Mark, Paragraph, Table

#: A grid has at most so many columns.
_COLUMNS = 15
_COUNTS_AS = {"T": "a DLT", "N": "no DLT", "P": "pending", "X": "not evaluable"}
_WORDS = {"E": "escalate", "S": "stay", "D": "de-escalate", "X": "eliminate the dose"}


def rates(f: Escalation) -> list[RateOfDose] | None:
    """The design's posterior as known meanwhile; None where it has none."""
    told = take_in(f.design, f.cohorts)
    known = known_in(told, f.window) if in_time(f.design) and told.pending else Meanwhile()
    return posterior(f.design, told.state, known)


def doses_table(f: Escalation) -> Table:
    """A row a level: who is there, what rate was seen, what the model says."""
    found = rates(f)
    heads = ["Level", "Dose", "Assigned", "DLT / evaluable", "Pending", "Replaced", "Observed rate (95 % CI)"]
    notes = ["Observed rate: DLTs among the evaluable, with the exact interval (Clopper & Pearson)."]
    if found is not None:
        limit = found[0].limit
        heads += [f"Posterior mean ({100 * HELD:.0f} % interval)", f"P(rate > {limit:g})"]
        notes.append(f"Posterior: {_whose(f)}. {_above(f, limit)}")
    estimate = f.next.ptox
    if estimate is not None and found is not None and _same(estimate, [r.mean for r in found]):
        estimate = None
    if estimate is not None:
        heads.append("Design's estimate")
        notes.append(
            "Design's estimate: the rate at the estimate of the model's parameter, by which the dose is chosen."
        )
    rows: list[list[Cell]] = []
    for i, x in enumerate(f.trial.dose_levels, 1):
        letters = [p.letter for p in f.patients if p.level == i]
        n, y = letters.count("N") + letters.count("T"), letters.count("T")
        row: list[Cell] = [
            f"{i} {x.label}",
            str(x).replace(" ", "\u00a0"),
            len(letters),
            f"{y}/{n}",
            letters.count("P"),
            letters.count("X"),
            _observed(n, y),
        ]
        if found is not None:
            r = found[i - 1]
            row += [f"{r.mean:.3f} {_between(r.lower, r.upper)}", f"{r.above:.3f}"]
        if estimate is not None:
            row.append(f"{estimate[i - 1]:.3f}")
        rows.append(row)
    return Table("Where each dose stands", heads, rows, notes=tuple(notes))


def _same(some: Sequence[float], others: Sequence[float]) -> bool:
    """True if they are shown alike."""
    return all(abs(a - b) < 5e-4 for a, b in zip(some, others, strict=True))


def _observed(n: int, y: int) -> str:
    if not n:
        return "–"
    low = float(betaincinv(y, n - y + 1, 0.025)) if y else 0.0
    high = float(betaincinv(y + 1, n - y, 0.975)) if y < n else 1.0
    return f"{y / n:.2f} {_between(low, high)}"


def _between(low: float, high: float) -> str:
    """An interval in brackets, on one line."""
    return f"({low:.2f}\u00a0to\u00a0{high:.2f})"


def _whose(f: Escalation) -> str:
    model = hasattr(f.inner, "crm") or hasattr(f.inner, "blrm")
    return "the design's model, learnt from all doses together" if model else "each dose alone, from a uniform prior"


def _above(f: Escalation, limit: float) -> str:
    certainty, overdose = getattr(f.inner, "certainty", None), getattr(f.inner, "overdose", None)
    if overdose is not None:
        return f"A dose may be given whose probability of a rate above {limit:g} is below {overdose:g}."
    if certainty is not None and (hasattr(f.inner, "eliminate_from") or hasattr(f.inner, "shape")):
        return f"By default a dose is eliminated above {certainty:g}."
    return f"{limit:g} is the target."


def rates_figure(f: Escalation) -> LineFigure | None:
    """Posterior mean and interval by dose, with the observed rates; None of a design without a posterior."""
    found = rates(f)
    if found is None:
        return None
    levels = list(range(1, len(found) + 1))
    seen = [(i, *_counts(f, i)) for i in levels]
    given = [(i, y / n, f"{y}/{n}") for i, n, y in seen if n]
    curves = [
        Curve("Posterior mean and interval", [i - 0.06 for i in levels], [r.mean for r in found], [r.lower for r in found], [r.upper for r in found], points=True),
        Curve("Observed", [i + 0.06 for i, _, _ in given], [p for _, p, _ in given], points=True, texts=[t for _, _, t in given]),
    ]  # fmt: skip
    target = f.trial.phase1.target if f.trial.phase1 is not None else None
    name = "target" if target is not None else "limit"
    return LineFigure(
        "DLT rate by dose",
        "Dose level",
        "Probability of a DLT",
        curves,
        [Mark(f"{name} {found[0].limit:g}", y=found[0].limit)],
        caption=f"{_whose(f).capitalize()}; {100 * HELD:.0f} % intervals.",
        y_range=(0.0, 1.0),
        x_names=[f"{x.label}, {x}" for x in f.trial.dose_levels],
    )


def _counts(f: Escalation, level: int) -> tuple[int, int]:
    """Evaluable and with a DLT."""
    letters = [p.letter for p in f.patients if p.level == level]
    return letters.count("N") + letters.count("T"), letters.count("T")


def decision_grid(f: Escalation) -> DecisionGrid | None:
    """The design's own table with the cells marked in which the doses stand; None of a design without one."""
    table = {row["n"]: row for row in f.design.numbers().get("table", ())}
    if not table:
        return None
    marks = []
    at = f.patients[-1].level if f.patients else 0
    for i in range(1, len(f.trial.dose_levels) + 1):
        n, y = _counts(f, i)
        if n in table:
            marks.append((n, y, f.label(i), i == at))
    most = max([n for n, *_ in marks], default=0)
    columns = [n for n in sorted(table) if n <= max(_COLUMNS - 3, most + 3)][-_COLUMNS:]
    cells = {(n, y): _letter(table[n], y) for n in columns for y in range(n + 1)}
    # Above the last row in which anything but elimination begins, all rows say the same.
    top = max([y for (_, y), letter in cells.items() if letter != "X"] + [y for _, y, *_ in marks], default=0) + 1
    cells = {(n, y): letter for (n, y), letter in cells.items() if y <= top}
    return DecisionGrid(
        "The decision table, and where each dose stands",
        columns,
        cells,
        {**_WORDS, "S": f"{f.inner.b} more at the dose", "X": "too toxic"} if isinstance(f.inner, APlusB) else _WORDS,
        marks,
        more=top < columns[-1],
        caption="By the numbers at the dose given last. Framed: where each dose stands, in blue the dose given last. What else binds (the highest dose, an eliminated one, the "
        "number of patients) is in the reasons of each decision.",
    )


def _letter(row: dict[str, int | None], y: int) -> str:
    up, down, out = row["escalate_if_at_most"], row["deescalate_if_at_least"], row["eliminate_if_at_least"]
    if out is not None and y >= out:
        return "X"
    if down is not None and y >= down:
        return "D"
    return "E" if up is not None and y <= up else "S"


def toxicities(f: Escalation) -> list[Exhibit]:
    """The table of DLTs; where there are none, that there are none."""
    table = toxicities_table(f)
    if table.rows:
        return [table]
    return [Paragraph("Nobody is known to have had a DLT."), *(Paragraph(note, "note") for note in table.notes)]


def toxicities_table(f: Escalation) -> Table:
    """Each DLT, and each that a committee said is none, with its sentence."""
    rows: list[list[Cell]] = []
    for p in f.patients:
        if p.letter != "T" and p.derived != "T":
            continue
        word = "no" if p.adjudicated is None else f"event {p.adjudicated}"
        day = p.dlt_day if p.letter == "T" else None
        rows.append([f"{p.patient}, {p.label}", _COUNTS_AS[p.letter], day, word, p.because])
    heads = ["Patient, level", "Counts as", "Day of the window", "Adjudicated", "Because"]
    return Table("Dose-limiting toxicities, each with its reason", heads, rows, notes=_rules(f))


def _rules(f: Escalation) -> tuple[str, ...]:
    assert f.trial.phase1 is not None, "made of a trial with phase I"
    return (
        f"A DLT in the first {f.trial.phase1.window} is: {'; '.join(re.sub(r'^a dose', 'or a dose', w) for w in f.trial.phase1.dlt.in_words())}.",
    )


def others_table(f: Escalation) -> Table | None:
    """Who is pending or was replaced, and why; None where nobody is."""
    rows: list[list[Cell]] = [
        [f"{p.patient}, {p.label}", OUTCOMES[p.letter], str(p.until) if p.letter == "P" and p.until else "", p.because]
        for p in f.patients
        if p.letter in "PX"
    ]
    heads = ["Patient, level", "Stands as", "Answered from", "Because"]
    return Table("Pending, or not evaluable and replaced", heads, rows) if rows else None
