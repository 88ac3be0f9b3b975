"""The allocation of a trial by the method that its file states."""

from __future__ import annotations

from equipoise.conduct.draws import Source
from equipoise.conduct.minimisation import Minimisation
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.trial.trial import Trial

#: The two ways of giving arms at random.
RandomAllocation = PermutedBlocks | Minimisation


def allocation_of(trial: Trial, source: Source, replicate: int = 0) -> RandomAllocation:
    """Permuted blocks, or minimisation: of a real trial by its secret, of a simulated one by a seed and a replicate."""
    minimises = trial.randomisation is not None and trial.randomisation.minimises
    return (Minimisation if minimises else PermutedBlocks)(trial, source, replicate)
