"""The allocation of a trial by the method that its file states."""

from __future__ import annotations

from equipoise.conduct.minimisation import Minimisation
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.trial.trial import Trial

#: The two ways of giving arms at random.
RandomAllocation = PermutedBlocks | Minimisation


def allocation_of(trial: Trial, seed: int | str, replicate: int = 0) -> RandomAllocation:
    """Permuted blocks, or minimisation, with the random numbers of a seed (and of a replicate, in a simulation)."""
    minimises = trial.randomisation is not None and trial.randomisation.minimises
    return (Minimisation if minimises else PermutedBlocks)(trial, seed, replicate)
