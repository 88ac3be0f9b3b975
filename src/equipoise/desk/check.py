"""Check a trial: what its file defines, and what a reader should be careful about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.analyse.estimands import stated, strategies
from equipoise.files.history_file import library_of
from equipoise.history.provenance import Provenance, provenance
from equipoise.history.three_answers import prespecified_text
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Checked:
    """A trial whose file has no problems. ``origin``: of its historical rate; ``borrowing``: as prespecified, or ''."""

    trial: Trial
    cautions: Sequence[str]
    origin: Provenance | None
    borrowing: str

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
            "history": self.origin,
            "borrowing": self.borrowing or None,
            "assumptions": [{"of": list(a.of), "because": a.because} for a in t.assumptions],
        }


def check(name: str, trial: Trial) -> Checked:
    """Sum a trial up; ``name`` is where it is found. Raises BadInput where its library cannot be read or pooled."""
    library = library_of(trial, name)
    origin = provenance(trial, library) if library is not None else None
    cautions = [*getattr(trial.design, "cautions", ()), *(origin.cautions if origin is not None else ())]
    return Checked(trial, cautions, origin, prespecified_text(trial, library))
