"""Arms of a library as the numbers that a design which borrows takes: whole counts for a rate, events and time at risk for times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from equipoise.history.borrowed import leaning
from equipoise.history.hazards import ArmHazard, PastTimes, conversions_table, times_of
from equipoise.history.library import HistoryLibrary
from equipoise.history.rates import ArmRate, Choice, LeftOut, choose
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class DesignHistory:
    """The arms taken, and ``numbers``: what they say in the design's own table. ``shape``: that of the times, for times."""

    library: str
    what: str
    arms: Sequence[ArmRate] | Sequence[ArmHazard]
    left_out: Sequence[LeftOut]
    leans_on: Sequence[str]
    numbers: Mapping[str, tuple[float, ...]]
    shape: float | None = None


def as_counts(library: HistoryLibrary, choice: Choice) -> DesignHistory:
    """Each arm as many patients as its precision is worth, both numbers rounded. Raises BadInput for none, or counted twice."""
    arms, left_out = choose(library, choice)
    _some(library, choice, arms, left_out)
    n = tuple(max(round(a.of), 1) for a in arms)
    x = tuple(min(round(a.successes), of) for a, of in zip(arms, n, strict=True))
    return DesignHistory(
        library.id, str(choice), arms, left_out, leaning(library, choice, arms), {"history_x": x, "history_n": n}
    )


def as_exposures(library: HistoryLibrary, choice: Choice) -> DesignHistory:
    """Each arm as events over time at risk [months to the power of the shape]. Raises BadInput for none, or counted twice."""
    past = times_of(library, choice)
    _some(library, choice, past.arms, past.left_out)
    numbers = {
        "history_events": tuple(a.events for a in past.arms),
        "history_time": tuple(a.exposure for a in past.arms),
    }
    what = " or ".join(choice.endpoints)
    return DesignHistory(library.id, what, past.arms, past.left_out, past.leans_on, numbers, past.shape)


def _some(library: HistoryLibrary, choice: Choice, arms: Sequence[object], left_out: Sequence[LeftOut]) -> None:
    if not arms:
        why = "; ".join(f"{o.arm}: {o.why}" for o in left_out[:4]) + (" …" if len(left_out) > 4 else "")
        raise BadInput(library.id, [Problem("too-few-arms", "arms", f"none with {choice}", "1 arm or more", why)])


def taken_table(h: DesignHistory) -> Table:
    """Each arm as it enters the design, and which were left out."""
    left = [f"Left out: {'; '.join(f'{o.arm} ({o.why})' for o in h.left_out)}."] if h.left_out else []
    hazards = [a for a in h.arms if isinstance(a, ArmHazard)]
    if hazards:
        table = conversions_table(h.what, PastTimes(hazards, h.shape or 1.0, h.leans_on))
        return Table(table.title, table.columns, table.rows, [*table.notes, *left])
    rows: list[list[Cell]] = [
        [a.arm, a.n, f"{x:g} of {n:g}", f"{x / n:.1%}".replace("%", " %"), a.how, a.verified]
        for a, x, n in zip(h.arms, h.numbers["history_x"], h.numbers["history_n"], strict=True)
        if isinstance(a, ArmRate)
    ]
    return Table(
        f"{h.what}: published arms as counts", ["Arm", "n", "Enters as", "Rate", "From", "Verified"], rows,
        ["As many patients as the published number is precise, not those treated.", *left],
    )  # fmt: skip
