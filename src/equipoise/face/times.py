"""Curves of a table without a trial: `eq.curves("lung.csv", time="time", event="status=2", arm="sex")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from equipoise.desk import times_csv
from equipoise.face.result import Result
from equipoise.trial.exhibits import Figure, Table
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True, repr=False)
class TimesByArm(Result):
    """Kaplan–Meier by arm, log-rank and Cox."""

    found: times_csv.Curves

    @property
    def title(self) -> str:
        """Which event, of which table."""
        return self.found.trial.title

    def tables(self) -> Sequence[Table]:
        """As `equipoise analyse --csv` shows them."""
        return list(self.found.tables())

    def rows(self) -> list[dict[str, Any]]:
        """A record an arm, unrounded; times in days."""
        told = self.found.as_json()
        arms = told["endpoints"]["T"]["arms"]
        return [
            {"arm": told["arms"][n], **{k: v for k, v in of.items() if not isinstance(v, dict | list)}} for n, of in arms.items()
        ]  # fmt: skip

    def figures(self) -> Mapping[str, Figure]:
        """Kaplan–Meier."""
        return {"kaplan-meier": self.found.figure}


def curves(
    path: str | PathLike[str],
    *,
    time: str,
    event: str,
    arm: str | None = None,
    unit: times_csv.Unit = "days",
    reference: str | None = None,
    at: str | None = None,
) -> TimesByArm:
    """Curves of a CSV with a row a patient. ``event``: 'status=2'; ``reference``: the arm that the others are held against.

    Raises BadInput with all that is wrong with the columns and their values.
    """
    try:
        said = times_csv.event_named(event)
    except ValueError as error:
        raise BadInput("curves", [Problem("usage", "event", repr(event), str(error))]) from None
    asked = times_csv.Asked(Path(fspath(path)), time, said, arm, unit, reference, at)
    return TimesByArm(times_csv.curves(asked))
