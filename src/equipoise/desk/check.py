"""Check a trial: what its file defines, and what a reader should be careful about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.estimands import stated, strategies
from equipoise.conduct.balance import balance_in_words
from equipoise.files.bundled import find_trial
from equipoise.files.history_file import library_of
from equipoise.files.trial_folder import TrialFolder, read_folder
from equipoise.history.provenance import Provenance, provenance
from equipoise.history.three_answers import prespecified_text
from equipoise.trial.foresight import foresight
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Checked:
    """A trial whose file has no problems. ``origin``: of its historical rate; ``borrowing``: as prespecified, or ''; ``balance``: of the arms."""

    folder: TrialFolder
    cautions: Sequence[str]
    origin: Provenance | None
    borrowing: str
    balance: str

    @property
    def trial(self) -> Trial:
        """The trial that was read."""
        return self.folder.trial

    def estimands(self) -> list[str]:
        """Each endpoint's estimand by its strategies, in words."""
        return [f"{e.name}, on {e.population}: {strategies(m)}" for e, m in stated(self.trial)]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        t = self.trial
        return {
            "trial": t.id,
            "ok": True,
            "fingerprint": t.fingerprint,
            "arms": [a.name for a in t.arms],
            "endpoints": [e.name for e in t.endpoints],
            "estimands": {e.name: {s.event: s.strategy for s in m.intercurrent} for e, m in stated(t)},
            "design": t.design.numbers() if t.design else None,
            "cautions": self.cautions,
            "balance": self.balance or None,
            "scenarios": list(self.folder.scenarios),
            "grids": list(self.folder.grids),
            "history": self.origin,
            "borrowing": self.borrowing or None,
            "assumptions": [{"of": list(a.of), "because": a.because} for a in t.assumptions],
        }


def check(name: str) -> Checked:
    """Sum up the trial called ``name``. Raises BadInput with all that is wrong with its file and what lies beside it."""
    folder = read_folder(find_trial(name))
    trial = folder.trial
    balance, unbalanced = balance_in_words(trial)
    library = library_of(trial, name)
    origin = provenance(trial, library) if library is not None else None
    of_history = origin.cautions if origin is not None else ()
    cautions = [*getattr(trial.design, "cautions", ()), *foresight(trial), *unbalanced, *of_history]
    return Checked(folder, cautions, origin, prespecified_text(trial, library), balance)
