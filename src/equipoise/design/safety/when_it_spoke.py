"""When rules on an imbalance would have spoken in a trial that has ended, over all orders in which its events can have come."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from equipoise.design.safety.safety_imbalance import ImbalanceRule, exact_p
from equipoise.design.safety.safety_rule import MOST
from equipoise.design.spec import MOST_COUNT, Entries, between
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import Problem


@dataclass(frozen=True)
class WhenItSpoke:
    """At which event a rule would first have stopped, over all orders of the events that came, each as likely.

    ``at``: P(first stop at event 1, 2, …). ``p``: the exact one-sided P of one look at the final numbers. ``boundary``: how
    many in the tested arm would stop at the final look, where the last event is one (else None).
    """

    tested: int
    control: int
    at: tuple[float, ...]
    p: float
    boundary: int | None

    @property
    def ever(self) -> float:
        """P(the rule stopped at some event)."""
        return math.fsum(self.at)

    def quantile(self, q: float, among: Literal["all", "stopped"] = "all") -> int | None:
        """The event by which a share ``q`` of the orders had stopped; None if so many never did.

        ``among``: all orders, or only those in which the rule stopped at all.
        """
        goal = q * (self.ever if among == "stopped" else 1.0)
        reached = 0.0
        for event, mass in enumerate(self.at, 1):
            reached += mass
            if mass > 0 and reached >= goal - 1e-12:
                return event
        return None


class _Final(Entries):
    """The events of a trial that has ended."""

    tested_events: int = Field(ge=0, le=MOST_COUNT)
    control_events: int = Field(ge=0, le=MOST_COUNT)

    @between("tested_events", "control_events")
    def _as_many_as_can_be_watched(self) -> Iterator[Problem]:
        events = self.tested_events + self.control_events
        if not 1 <= events <= MOST:
            yield Problem("out-of-range", "events", str(events), f"1 to {MOST} in all")


def when_it_spoke(design: ImbalanceRule, tested_events: int, control_events: int) -> WhenItSpoke:
    """When a rule would first have stopped, had these events come in any order: exact, by recursion over the orders.

    Of the events still to come each is as likely to be next, which gives every order the same probability. The rule looks
    where it says, up to its last planned event.
    """
    _Final.read({"tested_events": tested_events, "control_events": control_events}, "events")
    d = tested_events + control_events
    boundaries = dict(zip(design.sizes, design.stops_at, strict=True))
    state = np.zeros(tested_events + 1)
    state[0], x, at = 1.0, np.arange(tested_events + 1), list[float]()
    for event in range(1, d + 1):
        left = d - (event - 1)
        to_tested = np.clip((tested_events - x) / left, 0.0, 1.0)
        moved = state * to_tested
        state = state * (1 - to_tested)
        state[1:] += moved[:-1]
        stop = boundaries.get(event)
        stopped = 0.0 if stop is None else float(state[stop:].sum())
        if stop is not None:
            state[stop:] = 0.0
        at.append(stopped)
    p = exact_p(tested_events, control_events, design.n, design.control_n)
    return WhenItSpoke(tested_events, control_events, tuple(at), p, boundaries.get(d))


def spoken_table(designs: Mapping[str, ImbalanceRule], tested_events: int, control_events: int) -> Table:
    """When each of several rules would have spoken, side by side."""
    rows: list[Sequence[Cell]] = []
    for name, design in designs.items():
        w = when_it_spoke(design, tested_events, control_events)
        ends_with = "stops" if w.boundary is not None and tested_events >= w.boundary else "does not stop"
        q = [w.quantile(share, "stopped") if w.ever else None for share in (0.1, 0.5, 0.9)]
        rows.append([name, w.boundary, ends_with, f"{w.ever:.4f}", *q, w.quantile(0.5) or "none"])
    return Table(
        f"When a rule would have spoken: {tested_events} events in the tested arm, {control_events} in the control arm",
["Rule", "Needed at the last", "At the last event", "P(ever stopped)", "10 %", "Median", "90 %", "Median, all orders"],
        rows,
        notes=(
            "Over all orders in which these events can have come, each as likely; exact. 10 %, median and 90 %: the event of the first "
            "stop, among the orders in which the rule stopped. The last column is among all orders; none: half of them never stop.",
        ),
    )  # fmt: skip
