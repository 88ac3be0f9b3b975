"""The planner's page: what simulated trials say, as one self-contained HTML document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from equipoise import __version__
from equipoise.files.kernels import ready
from equipoise.report.document import Document
from equipoise.simulate import planner
from equipoise.simulate.grid import Cell, Difference, differences_table
from equipoise.simulate.plan import Plan
from equipoise.simulate.summary import Summary, exact_of, interrupted, safety_table, shown, stop_label
from equipoise.trial.exhibits import Exhibit, Paragraph, Section, Table

_SIMULATED = (
    "Every patient on this page is simulated. Research software: for planning; it replaces no statistician's own check."
)


def grid_page(
    cells: Sequence[Cell],
    summaries: Sequence[Summary],
    differences: Sequence[Difference],
    title: str = "",
    question: str = "",
) -> Document:
    """The page of a grid. ``cells`` and ``summaries`` go together."""
    axes = list(cells[0].labels)
    keys = [(c.scenario, *c.labels.values()) for c in cells]
    rows = dict(zip(keys, summaries, strict=True))
    exact = {k: exact_of(c.plan) for k, c in zip(keys, cells, strict=True)}
    scenarios = list(dict.fromkeys(c.scenario for c in cells))
    # Enrolment differs by how the look is waited for, and hardly by the truth: one scenario, the first axis.
    ways = {next(iter(c.labels.values()), c.scenario): c.plan for c in reversed(cells) if c.scenario == scenarios[0]}
    maps: list[Exhibit] = []
    short: list[Exhibit] = []
    null, target = _truths(scenarios)
    if len(cells) > max(len(scenarios), 3):
        for name, figure, unit, digits in (
            ("P(declare)", "declare", "probability", 3),
            (stop_label(summaries), "stop_early", "probability", 3),
            ("Randomised when the look is known", "at_readout", "patients", 0),
            ("Patients in all", "randomised", "patients", 0),
            ("Duration", "duration_months", "months", 1),
        ):
            maps.append(planner.heat_figure(name, rows, figure, unit, digits))
        if null and target:
            maps.append(planner.trade_off_figure(rows, null, target))
            short = [Paragraph(_in_short(rows, cells, null)), planner.short_table(rows, axes, null, target)]
    undone = interrupted(summaries)
    sections = [
        Section("unfinished", "Not finished", [Paragraph(undone, "caution")] if undone else []),
        Section("question", "What was asked", _asked(cells, question)),
        Section("short", "In short", short),
        Section("chances", "What is decided", [planner.chances_table(rows, exact, axes)]),
        Section(
            "patients",
            "How many patients",
            [
                planner.readout_table(rows, axes),
                planner.sizes_table(rows, axes),
                *_accrual(dict(reversed(ways.items())), scenarios[0]),
            ],
        ),
        Section("time", "When", [planner.durations_table(rows, axes), planner.timeline_figure(rows)]),
        Section("safety", "What the safety rules say", _safety(cells, rows, axes)),
        Section("misleading", "What may mislead", [planner.misleading_table(rows, axes)]),
        Section("maps", "Choices side by side", maps),
        Section("differences", "What a change does", [differences_table(differences, 60)] if differences else []),
        Section("assumptions", "What is assumed", _assumed(cells)),
    ]
    return _document(cells[0].plan, title, summaries, [s for s in sections if s.exhibits])


def _safety(cells: Sequence[Cell], rows: Mapping[tuple[str, ...], Summary], axes: Sequence[str]) -> list[Exhibit]:
    """How often each safety rule speaks and when; with what each is. Nothing for trials without."""
    table = safety_table(rows, axes)
    if table is None:
        return []
    rules = {r.name: (r, c.plan.trial) for c in cells for r in c.plan.trial.safety}
    told = [
        Paragraph(f"{name}: {r.said({a.name: a.label for a in t.arms})} {r.design.describe()}")
        for name, (r, t) in rules.items()
    ]
    fatal = {
        c.scenario
        for c in cells
        for truth in c.plan.scenario.arms.values()
        if any(e.fatal > 0 for e in truth.adverse_events)
    }
    free = [s for s in dict.fromkeys(c.scenario for c in cells) if s not in fatal]
    if free:
        names = ", ".join(f"'{s}'" for s in free)
        told.append(
            Paragraph(
                f"Under {names} no adverse event is fatal: a rule on deaths due to them cannot speak there.", "note"
            )
        )
    return [*told, table]


def _truths(scenarios: Sequence[str]) -> tuple[str, str]:
    """The scenario in which the drug does not work and the one in which it does, by their usual names."""
    return ("null" if "null" in scenarios else ""), ("target" if "target" in scenarios else "")


def _in_short(rows: Mapping[tuple[str, ...], Summary], cells: Sequence[Cell], null: str) -> str:
    """What the first choices come to where the drug does not work, in a sentence."""
    cell = next(c for c in cells if c.scenario == null)
    s = rows[(null, *cell.labels.values())]
    return (
        f"With the first choice of each kind ({', '.join(cell.labels.values())}), under '{null}' {shown(s.at_readout, 1)} of the planned "
        f"{cell.plan.trial.target_enrolment} patients are randomised when the first look is known, and the look spares "
        f"{shown(s.spared, 1)}."
    )


def _accrual(plans: Mapping[str, Plan], scenario: str) -> list[Any]:
    if not ready():
        return [Paragraph("The fan chart of accrual needs numba: pip install 'equipoise[fast]'.", "note")]
    known = {way: plan for way, plan in plans.items() if plan.usual}
    return [planner.accrual_figure(known, scenario)] if known else []


def _asked(cells: Sequence[Cell], question: str) -> list[Any]:
    plan = cells[0].plan
    shown: list[Any] = [Paragraph(text) for text in question.strip().split("\n\n") if text.strip()]
    shown.append(Paragraph(plan.design.describe()))
    scenarios = {c.scenario: c.plan.scenario for c in cells}
    rows = [[s.id, f"{s.label}. {s.because}"] for s in scenarios.values()]
    shown.append(Table("Scenarios: assumed truths", ["Scenario", "What is true, and why it is assumed"], rows))
    changes: dict[tuple[str, str], str] = {}
    for c in cells:
        for axis, label in c.labels.items():
            changes.setdefault((axis, label), "")
    for axis, label in changes:
        with_it = [c for c in cells if c.labels[axis] == label]
        common = set.intersection(*(set(c.settings) for c in with_it))
        others = [c for c in cells if c.labels[axis] != label]
        own = sorted(
            p for p in common
            if any(p not in o.settings or o.settings[p] != with_it[0].settings[p] for o in others)
            and all(c.settings[p] == with_it[0].settings[p] for c in with_it)
        )  # fmt: skip
        changes[axis, label] = (
            "; ".join(f"{p} = {_told(with_it[0].settings[p])}" for p in own) or "as in the trial file"
        )
    if changes:
        order = list(cells[0].labels)
        rows = [
            [axis, label, text] for (axis, label), text in sorted(changes.items(), key=lambda c: order.index(c[0][0]))
        ]
        shown.append(Table("Choices", ["", "Choice", "Entries of the trial file"], rows))
    return shown


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_told(v)}" for k, v in value.items() if v is not None)
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return "; ".join(_told(v) for v in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _assumed(cells: Sequence[Cell]) -> list[Any]:
    trial = cells[0].plan.trial
    shown = [Paragraph(f"{', '.join(a.of)}: {a.because}", "note") for a in trial.assumptions]
    how = (
        "Patients come to each site as a Poisson process, at the promised rate or as the scenario's entries on accrual change it. "
        "Progression is seen at the next scan that is made. Of those who leave nothing more is known. Where no choice "
        "changes the scenario itself, the disease is the same in all cells of a scenario."
    )
    scenarios: dict[str, dict[str, str]] = {}
    for c in cells:
        scenarios.setdefault(c.scenario, _entries(c.plan.scenario.model_dump(mode="json")))
    entries = dict.fromkeys(entry for told in scenarios.values() for entry in told)
    rows = [[entry, *(told.get(entry, "–") for told in scenarios.values())] for entry in entries]
    rows = [r for r in rows if any(text != "–" for text in r[1:])]
    notes = ("Entries of the scenario files, with those that were left at their defaults; a dash: not given there.",)
    return [Paragraph(how), Table("What each scenario assumes", ["Entry", *scenarios], rows, notes=notes), *shown]


def _entries(part: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """Each entry of a scenario by its path, as one reads it. Adverse events are counted, not listed."""
    found: dict[str, str] = {}
    idle = {"format", "id", "label", "because"} if not path else set()
    if part.get("like") or part.get("hazards"):
        idle |= {"shape", "cured"}  # they say nothing there
    for name, value in part.items():
        if name in idle:
            continue
        if isinstance(value, Mapping):
            found |= _entries(value, f"{path}{name}.")
        elif name == "adverse_events":
            fatal = sum(e["fatal"] > 0 for e in value)
            found[path + name] = f"{len(value)} kinds, {fatal or 'none'} of them fatal"
        else:
            found[path + name] = _told(value)
    return found


def _document(plan: Plan, title: str, summaries: Sequence[Summary], sections: Sequence[Any]) -> Document:
    trials, asked = sum(s.done for s in summaries), sum(s.asked for s in summaries)
    of = f" of {asked:,}" if trials < asked else ""
    return Document(
        title=title or f"{plan.trial.id}: what to expect",
        subtitle=plan.trial.title,
        status=_SIMULATED,
        facts=[
            ("Trial", plan.trial.id),
            ("Simulated trials", f"{trials:,}{of} in {len(summaries)} cells, seed {plan.seed}"),
            ("Errors", "Each simulated number stands with its Monte-Carlo standard error"),
        ],
        sections=sections,
        foot=f"{plan.trial.id}: trial {plan.trial.fingerprint[:12]}, equipoise {__version__}; simulated",
    )
