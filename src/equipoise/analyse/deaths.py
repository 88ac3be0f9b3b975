"""Deaths: of what, and how long after the last dose. ICH E3 12.3.1.1 and 14.3.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from equipoise.analyse.groups import Group
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import median_range, share

#: Days: a death so soon after the last dose is told apart.
SOON = 30
UNKNOWN = "cause not recorded"


def since_last_dose(p: Patient) -> int | None:
    """Days from the last dose to death; None of the living, and of who had no dose."""
    return None if p.died is None or not p.doses else (p.died.happened - p.doses[-1].happened).days


def cause(p: Patient) -> str | None:
    """The recorded cause; None of the living."""
    return None if p.died is None else str(p.died.data.get("cause") or UNKNOWN)


def deaths_table(groups: Sequence[Group]) -> Table | None:
    """A column a group, of all patients; None where nobody died."""
    dead = [[p for p in g.patients if p.died is not None] for g in groups]
    if not any(dead):
        return None
    causes = Counter(c for d in dead for p in d if (c := cause(p)) is not None)
    rows: list[list[Cell]] = [["Died", *(share(len(d), g.n) for d, g in zip(dead, groups, strict=True))]]
    rows.append(["Cause"])
    for words in sorted(causes, key=lambda c: (c == UNKNOWN, -causes[c], c)):
        rows.append(
            [words, *(share(sum(cause(p) == words for p in d), g.n) for d, g in zip(dead, groups, strict=True))]
        )
    if any(p.doses for g in groups for p in g.patients):
        after = [[days for p in d if (days := since_last_dose(p)) is not None] for d in dead]
        soon = [share(sum(x <= SOON for x in a), g.n) for a, g in zip(after, groups, strict=True)]
        rows += [
            ["Time since the last dose"],
            [f"Died within {SOON} days of it", *soon],
            [f"Died later than {SOON} days", *(share(sum(x > SOON for x in a), g.n) for a, g in zip(after, groups, strict=True))],
            ["Died without any dose", *(share(sum(not p.doses for p in d), g.n) for d, g in zip(dead, groups, strict=True))],
            ["Days since it, median (range)", *(median_range(a) for a in after)],
        ]  # fmt: skip
    notes = ("Of all patients allocated; percentages of them. Causes are those recorded.",)
    return Table("Deaths by cause and time since the last dose", ["", *(g.head for g in groups)], rows, notes=notes)
