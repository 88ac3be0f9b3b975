"""Disposition: who was allocated, who received treatment, who stopped it and why, who was lost, who is analysed.

CONSORT 2025, items 22a and 22b (doi:10.1136/bmj-2024-081123): losses, exclusions and discontinued interventions by arm, with reasons. ICH E3 10.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from equipoise.analyse.groups import Group
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import share
from equipoise.trial.trial import Trial

#: What a record says of who had all that was planned, and of who died: neither stopped treatment early of anybody's will.
COMPLETED = "completed"
#: Before a reason, which is part of the row above it.
INDENT = "\u2003"
_NO_REASON = "no reason recorded"


def disposition_table(trial: Trial, groups: Sequence[Group]) -> Table:
    """A column a group. Reasons are those that were recorded, the most frequent first."""
    rows: list[list[Cell]] = [[trial.entered.capitalize(), *(g.n for g in groups)]]
    drugs = any(g.drugs for g in groups) and any(p.doses for g in groups for p in g.patients)
    if drugs:
        rows += [
            _row("Received treatment", groups, lambda p: bool(p.doses)),
            _row("Did not receive treatment", groups, lambda p: not p.doses),
            *_reasons(INDENT, groups, lambda p: None if p.doses else _left_before(p)),
            _row("On treatment at the cut-off", groups, lambda p: bool(p.doses) and p.treatment_ended is None and not _gone(p)),
            _row("Completed treatment", groups, lambda p: ended(p) == COMPLETED),
            _row("Discontinued treatment", groups, discontinued),
            *_reasons(INDENT, groups, lambda p: ended(p) if discontinued(p) else None),
        ]  # fmt: skip
    rows += [
        _row("Died", groups, lambda p: p.died is not None),
        _row("Withdrew from follow-up", groups, lambda p: p.withdrawn is not None),
        *_reasons(INDENT, groups, lambda p: _reason(p.withdrawn)),
        _row("Lost to follow-up", groups, lambda p: p.lost is not None),
        _row("In follow-up at the cut-off", groups, lambda p: not _gone(p)),
    ]
    note = "Of all patients allocated. Discontinued: treatment ended for another reason than that it was completed, or by death or loss without a record of its end."
    return Table("Disposition of patients", ["", *(g.head for g in groups)], rows, notes=(note,))


def discontinued(p: Patient) -> bool:
    """True of one whose treatment ended otherwise than by being completed."""
    return bool(p.doses) and (ended(p) not in (None, COMPLETED) or (p.treatment_ended is None and _gone(p)))


def ended(p: Patient) -> str | None:
    """Why treatment ended; None while it goes on, or where there was none."""
    if not p.doses:
        return None
    if p.treatment_ended is not None:
        return str(p.treatment_ended.data["reason"])
    return _left_before(p) if _gone(p) else None


def _left_before(p: Patient) -> str:
    """What is known of why a patient has no (more) treatment."""
    found = (
        ("death", p.died),
        ("withdrew", p.withdrawn),
        ("lost to follow-up", p.lost),
        ("other treatment", p.next_therapy),
    )
    ended = p.treatment_ended
    if ended is not None:
        return str(ended.data["reason"])
    return next((words for words, event in found if event is not None), _NO_REASON)


def _reason(event: object) -> str | None:
    return None if event is None else str(getattr(event, "data", {}).get("reason") or _NO_REASON)


def _gone(p: Patient) -> bool:
    return p.died is not None or p.withdrawn is not None or p.lost is not None


def _row(name: str, groups: Sequence[Group], has: Callable[[Patient], bool]) -> list[Cell]:
    return [name, *(share(sum(has(p) for p in g.patients), g.n) for g in groups)]


def _reasons(indent: str, groups: Sequence[Group], why: Callable[[Patient], str | None]) -> list[list[Cell]]:
    """A row a reason, the most frequent first; none where there is nobody to give one for."""
    counts = [Counter(r for p in g.patients if (r := why(p)) is not None) for g in groups]
    every: Counter[str] = Counter()
    for c in counts:
        every += c
    return [
        [f"{indent}{reason}", *(share(c[reason], g.n) for c, g in zip(counts, groups, strict=True))]
        for reason in sorted(every, key=lambda r: (-every[r], r))
    ]
