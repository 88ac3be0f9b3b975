"""What a protocol asks of its design: how it behaves, exactly where that can be had, at the truths it was made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Computed:
    """``behaviour``: by cohort ('' for a trial without), the table of operating characteristics; ``family``: of cohorts together;
    ``shells``: the tables to come, made by the code that fills them, on no patients."""

    behaviour: Mapping[str, Table]
    family: Table | None = None
    family_words: str = ""
    shells: tuple[Table, ...] = ()


def decided(t: Trial) -> Mapping[str, Trial]:
    """The trial's parts that each have a decision: its cohorts, else itself."""
    return t.views if t.divided else {"": t}


def looks_table(t: Trial, design: Any) -> Table | None:
    """The looks with what each is taken on, and the boundaries where the design has them in numbers."""
    looks = list(design.looks)
    if not looks or len(looks) > 60:
        return None
    m = t.monitoring
    by = list(getattr(design, "by_look", ()))
    rows: list[list[Any]] = []
    for i, look in enumerate(looks):
        beside = m.control_cohort[i] if m is not None and i < len(m.control_cohort) else look.control_n
        rows.append([look.number, f"{look.n} {look.unit}", beside or "–", _bound(by[i]) if i < len(by) else "–"])
    return Table("Looks", ["Look", "Taken on", "Controls beside", "Boundary"], rows)


#: A boundary's entries in words; its look and its size stand in columns of their own.
_WORDS = {
    "stops_at_most": "stop with at most", "declares_at_least": "declare with at least", "rejects_at_least": "reject with at least",
}  # fmt: skip


def _bound(said: Any) -> str:
    fields = getattr(said, "__dataclass_fields__", None)
    if fields is not None:
        said = {k: getattr(said, k) for k in fields}
    if not isinstance(said, Mapping):
        return "–" if said is None else str(said)
    told = {k: v for k, v in said.items() if v is not None and k not in ("look", "number", "n", "unit")}
    return "; ".join(
        f"{_WORDS.get(k, k.replace('_', ' '))} {v:.4g}"
        if isinstance(v, float)
        else f"{_WORDS.get(k, k.replace('_', ' '))} {v}"
        for k, v in told.items()
    )
