"""Does a design of yours behave as a design must? `eq.conformance.faults_of(design)`: a sentence for each fault, none if it conforms."""

from __future__ import annotations

from typing import Any

__all__ = ["faults_of"]


def faults_of(design: Any) -> list[str]:
    """The faults of a design of phase II, or of one that finds a dose; or of an answer of ``eq.design``."""
    from equipoise.design.dose import conformance as of_doses
    from equipoise.design.dose.dose_design import DoseDesign
    from equipoise.design.study import conformance as of_looks

    own = getattr(design, "design", design)
    return of_doses.faults_of(own) if isinstance(own, DoseDesign) else of_looks.faults_of(own)
