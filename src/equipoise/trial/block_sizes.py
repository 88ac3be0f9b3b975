"""Sizes of blocks: as the trial file states them; or sealed, and then what is assumed of them where a trial is foreseen."""

from __future__ import annotations

from equipoise.trial.trial import Trial

#: Sealed sizes are taken to be these multiples of the sum of the shares: 6 and 9 with 2:1.
ASSUMED = (2, 3)


def sizes_foreseen(trial: Trial) -> tuple[int, ...]:
    """The sizes of blocks by which a trial is simulated; () where there are none."""
    r = trial.randomisation
    if r is None:
        return ()
    total = sum(a.share for a in trial.whole.arms)
    return tuple(k * total for k in ASSUMED) if r.sealed else r.block_sizes


def assumed_blocks(trial: Trial) -> str:
    """What is assumed where sizes are sealed, in a sentence; '' where they are stated or there are none."""
    r = trial.randomisation
    if r is None or not r.sealed:
        return ""
    sizes = " and ".join(map(str, sizes_foreseen(trial)))
    return f"Block sizes are sealed. Blocks of {sizes} are assumed wherever the trial is simulated, each as often; its own may be others."
