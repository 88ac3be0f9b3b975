"""A library of historical controls: read it, hold it against itself, pool its arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.desk.history import choice_asked, choice_problems
from equipoise.files.history_file import find_library, read_library
from equipoise.history.exhibits import forest, library_table, pooled_tables
from equipoise.history.library import HistoryLibrary
from equipoise.history.library_check import library_cautions
from equipoise.history.next_trial import Priors
from equipoise.history.pooling import PooledRates, pool_library
from equipoise.trial.exhibits import ForestFigure, Table
from equipoise.trial.problem import BadInput


@dataclass(frozen=True)
class Read:
    """A library without contradictions, and what a reader must know of it."""

    library: HistoryLibrary
    cautions: Sequence[str]

    @property
    def numbers(self) -> int:
        """How many published numbers are in it."""
        return sum(len(a.medians) + len(a.rates) + len(a.strata) for a in self.library.arms)

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {"library": self.library.model_dump(mode="json"), "cautions": self.cautions}

    def checked_as_json(self) -> dict[str, Any]:
        """That it was checked."""
        of = self.library
        return {"library": of.id, "ok": True, "arms": len(of.arms), "numbers": self.numbers, "cautions": self.cautions}

    def table(self) -> Table:
        """Every arm with its numbers and how each was verified."""
        return library_table(self.library)


def read(name: str) -> Read:
    """A bundled library, or one in a file. Raises BadInput with all that cannot be."""
    found = read_library(find_library(name))
    return Read(found, library_cautions(found))


@dataclass(frozen=True)
class Pooled:
    """Rates of arms pooled, with the prediction of the next trial's."""

    rates: PooledRates

    def tables(self) -> list[Table]:
        """The arms, and what they say together."""
        return pooled_tables(self.rates)

    def figure(self) -> ForestFigure:
        """The forest plot."""
        return forest(self.rates)


def pool(
    name: str,
    endpoints: tuple[str, ...],
    at: str | None,
    asked: Mapping[str, Any],
    method: Any = "REML",
    interval: Any = "HKSJ-wider",
    tau_scale: float = 0.5,
) -> Pooled:
    """Pool the arms that ``asked`` chooses (see ``history.choice_asked``). Raises BadInput with all that is wrong with it."""
    wrong = choice_problems(asked, tau_scale, endpoints, at)
    if wrong:
        raise BadInput("history pool", wrong)
    library, priors = read_library(find_library(name)), Priors(tau_scale=tau_scale)
    return Pooled(pool_library(library, choice_asked(endpoints, at, asked), method, interval, priors))
