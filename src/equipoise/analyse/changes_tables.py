"""What changed between two cuts, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from equipoise.analyse.changes import STEPS, Changes, Moved
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import NOTHING
from equipoise.trial.trial import Trial

#: What is told record by record; what happened since is counted by kind, for it is most of a trial.
_ONE_BY_ONE = ("removed", "corrected", "late", "made and unmade")
_WORDS = {**STEPS, "made and unmade": "came and went between the cuts"}
#: The title of the longest of them.
DERIVED = "Derived anew"
#: Steps, of which the last is silent where the trial was not amended.
_HEADS = [s[:1].upper() + s[1:] for s in STEPS.values()]


def counts_table(found: Changes) -> Table:
    """How many records of each kind were added, corrected and taken back."""
    by = Counter((r.kind, r.how) for r in found.records)
    hows = ["since", "late", "corrected", "removed", "made and unmade"]
    rows: list[list[Cell]] = [
        [kind, *(by[kind, how] or "" for how in hows)] for kind in sorted({r.kind for r in found.records if r.kind != "voided" or r.how == "removed"})
    ]  # fmt: skip
    rows.append(["All", *(sum(by[k, how] for k, h in by if h == how) or "" for how in hows)])
    heads = ["What was recorded", *(_WORDS[h][:1].upper() + _WORDS[h][1:] for h in hows)]
    return Table(f"Records from {found.first} to {found.second}", heads, rows)


def records_table(found: Changes) -> Table:
    """Every record that was taken back, corrected, or came late, with its event."""
    rows: list[list[Cell]] = [
        [r.number, r.kind, r.patient, str(r.happened), str(r.recorded), _WORDS[r.how], "" if r.of is None else r.of, r.by, r.why]
        for r in found.records
        if r.how in _ONE_BY_ONE
    ]  # fmt: skip
    heads = ["Event", "Kind", "Patient", "Happened", "Recorded", "How", "Of event", "By", "Why"]
    return Table("Corrections, and what came late", heads, rows)


def moved_table(trial: Trial, found: Changes) -> Table:
    """Each number that moved: at the first cut, what each step changed, at the second. The steps add up."""
    rows: list[list[Cell]] = []
    names = [e.name for e in trial.endpoints]
    for endpoint in sorted(
        {m.endpoint for m in found.moved}, key=lambda n: names.index(n) if n in names else len(names)
    ):
        label = trial.endpoint_by_name[endpoint].label if endpoint in trial.endpoint_by_name else endpoint
        rows.append([label])
        rows += [_row(trial, m) for m in found.moved if m.endpoint == endpoint]
    heads = ["", f"At {found.first}", *_HEADS, f"At {found.second}"]
    notes = (
        "The way from the first cut to the second in this order, each step by what it adds to those before it; a step of 0 is left empty. Another order may share "
        "the change out otherwise; the whole is the same.",
        "The cut-off moved: nothing new is told, and time goes by. NR: not reached, so that no change can be reckoned.",
    )
    return Table("How each endpoint's numbers moved", heads, rows, notes=notes)


def _row(trial: Trial, m: Moved) -> list[Cell]:
    arms = " against ".join(trial.arm_by_name[a].label if a in trial.arm_by_name else a for a in m.arm.split(" vs "))
    whole = all(v is None or v == v.to_integral_value() for v in m.values)
    cells = [_value(m.values[0], whole), *(_change(c, whole) for c in m.changes), _value(m.values[-1], whole)]
    return [f"{arms}: {m.statistic}", *cells]


def _value(v: Decimal | None, whole: bool) -> str:
    return "NR" if v is None else f"{v:.0f}" if whole else f"{v:.4f}"


def _change(v: Decimal | None, whole: bool) -> str:
    return NOTHING if v is None else "" if not v else f"{v:+.0f}" if whole else f"{v:+.4f}"


def derived_table(trial: Trial, found: Changes) -> Table:
    """Whose result is another, and by which event."""
    label = {a.name: a.label for a in trial.arms}
    rows: list[list[Cell]] = [
        [d.endpoint, d.patient, label.get(d.arm, d.arm), d.before, d.after, "" if d.source is None else d.source] for d in found.derived
    ]  # fmt: skip
    heads = ["Endpoint", "Patient", "Arm", f"At {found.first}", f"At {found.second}", "By event"]
    return Table(
        "Derived anew", heads, rows, notes=("How much longer a patient without an event was followed is left out.",)
    )


def tables(trial: Trial, found: Changes) -> Sequence[Table]:
    """Those that say anything."""
    made = (counts_table(found), moved_table(trial, found), records_table(found), derived_table(trial, found))
    return [t for t in made if t.rows]
