"""Masked treatments: what may be recorded of a dose where the arm is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from equipoise.trial.arm import Arm, Treatment

#: The drug of a dose in which the arms differ, as the log of a masked trial names it.
MASKED = "masked"


def own_treatments(arms: Sequence[Arm]) -> Mapping[str, Treatment]:
    """The one treatment by which each arm differs from the others, by arm; {} where masks cannot cover the difference.

    They can where each arm has one such treatment, alike in all but the name: dose, unit, days and cycles would tell the arm.
    """
    own = {arm.name: [t for t in arm.regimen if not all(t in other.regimen for other in arms)] for arm in arms}
    if any(len(found) != 1 for found in own.values()):
        return {}
    found = {name: treatments[0] for name, treatments in own.items()}
    # Where the file leaves a dose to phase I it says so, whatever the dose is by now.
    first, *others = ((t.dose, t.model_dump(exclude={"drug"})) for t in found.values())
    return found if all(other == first for other in others) else {}


def known_treatments(arms: Sequence[Arm]) -> Mapping[str, Treatment]:
    """The treatments whose doses tell nothing of the arm, by drug: those that every arm has, and the masked one."""
    shared = {t.drug: t for t in arms[0].regimen if all(t in other.regimen for other in arms)}
    own = next(iter(own_treatments(arms).values()), None)
    return shared if own is None else {**shared, MASKED: own.model_copy(update={"drug": MASKED})}
