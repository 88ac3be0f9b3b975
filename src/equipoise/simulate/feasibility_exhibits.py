"""Feasibility for people: its tables, and accrual by the funnel beside the sites' promise."""

from __future__ import annotations

from equipoise.simulate.feasibility import Feasibility, promised_months
from equipoise.simulate.funnel import Rate
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Mark, Table
from equipoise.trial.trial import Trial

#: Looks that a table and a figure have room for; a rule that looks after each patient has more.
_MOST_LOOKS = 12


def funnel_table(f: Feasibility) -> Table:
    """Step by step, with what is left a month."""
    rows = [
        [
            f"{p.step}: {p.label}" if p.label else p.step,
            "" if p.share is None else _share(p.share),
            _many(p.a_month.mean),
            "" if p.a_month.sd == 0 else f"{_many(p.a_month.low)} to {_many(p.a_month.high)}",
            f"assumed: {p.source}" if p.assumed else p.source,
        ]
        for p in f.funnel
    ]
    columns = ["Step", "Share of those before", "Left a month", f"{_level(f)} interval", "From"]
    return Table(f"The funnel of {f.trial}", columns, rows)


def months_table(f: Feasibility, entered: str) -> Table:
    """Patients a month by funnel, promise and past, and months until so many are in."""
    r = f.per_month
    rows: list[list[Cell]] = [
        ["The funnel", f"{r.mean:.2f}", f"{r.low:.2f} to {r.high:.2f}", f"{f.share_of_incidence:.2%} of incidence"]
    ]
    if f.promised is not None:
        rows.append(["The sites' promise, all open", f"{f.promised:.2f}", "", "sum of the rates in the trial file"])
    for p in f.past:
        said = f"{p.share:.2%} of its cases, {p.per_site_month:.3f} a site; here that share is {p.would_be:.2f} a month ({p.disease})"
        rows.append([f"Past: {p.trial}", f"{p.per_month:.2f}", "", said])
    notes = [f"{f.method}.", *f.cautions, *(f"{p.trial}: {p.source}. {p.note}" for p in f.past)]
    return Table(f"Patients {entered} a month", ["By", "A month", f"{_level(f)} interval", ""], rows, notes)


def until_table(f: Feasibility) -> Table:
    """Months to each look's cohort and to all; of very many looks the first and the last."""
    shown = f.months if len(f.months) <= _MOST_LOOKS else [f.months[0], *f.months[-2:]]
    rows: list[list[Cell]] = [
        [
            u.what,
            u.patients,
            _months(u.months),
            f"{_months(u.soonest)} to {_months(u.latest)}",
            "" if u.promised is None else _months(u.promised),
        ]
        for u in shown
    ]
    note = "At the funnel's mean rate, and at the ends of its interval, from a first day on which all sites are open; as promised: with the days on which sites open."
    return Table(
        "Months until", ["", "Patients", "By the funnel", f"{_level(f)} interval", "As promised"], rows, (note,)
    )


def relaxed_table(f: Feasibility) -> Table:
    """What asking less at one step is worth."""
    rows = [
        [
            f"{x.step}: {x.label}" if x.label else x.step, f"{x.share:.1%}", f"{x.would_be:.1%} ({x.asks})" if x.asks else f"{x.would_be:.1%}", f"{x.more:+.2f}",
            f"{x.a_month.mean:.2f} ({x.a_month.low:.2f} to {x.a_month.high:.2f})", f"{x.factor - 1:+.0%}",
        ]
        for x in f.relaxed
    ]  # fmt: skip
    note = "One step at a time, the others as they are. A step that nobody can relax (the stage, the antigen) says what it costs."
    return Table(
        "What relaxing one step is worth",
        ["Step", "Passes now", "Would pass", "More a month", "A month then", "Gain"],
        rows,
        (note,),
    )


def orphan_table(f: Feasibility) -> Table:
    """Designations, and the prevalence that the funnel implies."""
    rows = []
    for o in f.orphan:
        implied = f"not implied: {o.because}" if o.implied is None else f"{_many(o.implied)} {o.unit}: {o.because}"
        verdict = "" if o.below is None else "within it" if o.below else "beyond it"
        said = o.source + (f" Assumed: {o.assumed}" if o.assumed else "")
        rows.append(
            [o.jurisdiction, o.designation or "not stated", f"{_many(o.threshold)} {o.unit}", implied, verdict, said]
        )
    columns = ["Orphan designation", "Number", "Threshold", "Prevalence by the funnel", "", "From"]
    return Table(
        "Orphan designation",
        columns,
        rows,
        ("Prevalence: incidence times the mean time with the disease, in a steady state.",),
    )


def tables(f: Feasibility, entered: str) -> list[Table]:
    """All of them that have rows."""
    return [
        t
        for t in (funnel_table(f), months_table(f, entered), until_table(f), relaxed_table(f), orphan_table(f))
        if t.rows
    ]


def accrual_figure(f: Feasibility, trial: Trial) -> LineFigure:
    """Patients by month: the funnel's line with its band, the sites' promise, and the past trials' pace."""
    n, r = trial.target_enrolment, f.per_month
    ends = [u.latest for u in f.months] + [u.promised for u in f.months if u.promised is not None]
    last = min(max(ends), 3 * n / r.mean)
    x = [last * i / 60 for i in range(61)]
    by_funnel = [min(r.mean * t, n) for t in x]
    curves = [
        Curve(
            f"By the funnel, with its {_level(f)} interval",
            x,
            by_funnel,
            [min(r.low * t, n) for t in x],
            [min(r.high * t, n) for t in x],
        )
    ]
    if trial.sites:
        counts = list(range(0, n + 1, max(n // 60, 1)))
        curves.append(Curve("As the sites promise", [promised_months(trial.sites, k) or 0.0 for k in counts], counts))
    curves += [
        Curve(
            f"{p.trial}: {p.per_month:.1f} a month",
            [0, min(last, n / p.per_month)],
            [0, min(p.per_month * last, n)],
            dashed=True,
        )
        for p in f.past
    ]
    by_size: dict[int, list[str]] = {}
    for u in f.months if len(f.months) <= _MOST_LOOKS else f.months[-2:]:
        by_size.setdefault(u.patients, []).append(u.what)
    marks = [Mark(f"{', '.join(what)}: {patients}", y=patients) for patients, what in by_size.items()]
    caption = "From the day on which all sites are open for the funnel, and from the first site's day for the promise."
    return LineFigure(f"Accrual of {f.trial}", "Months", f"Patients {trial.entered}", curves, marks, caption)


def _level(f: Feasibility) -> str:
    return f"{100 * f.per_month.level:.4g} %"


def _months(x: float) -> str:
    return f"{x:.1f}" if x < 1200 else "over 1,200"


def _share(r: Rate) -> str:
    return f"{r.mean:.2%}" if r.sd == 0 else f"{r.mean:.2%} ({r.low:.2%} to {r.high:.2%})"


def _many(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"
