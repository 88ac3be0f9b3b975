"""How far permuted blocks within strata may leave the arms from their ratio, before the first patient."""

from __future__ import annotations

import math
from dataclasses import dataclass

from equipoise.conduct.foreseen_allocation import foreseen_allocation
from equipoise.trial.block_sizes import assumed_blocks
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Balance:
    """``strata``: their number. ``sd``: standard deviation of the tested arm's number about its share (patients). ``most``: the largest
    that all strata together can bring. ``in_a_stratum``: patients to be expected in each, if all are as large."""

    strata: int
    sd: float
    most: int
    in_a_stratum: float
    largest_block: int


def expected_balance(trial: Trial) -> Balance | None:
    """What the incomplete last block of each stratum leaves; None where nobody is randomised in blocks.

    A stratum stops anywhere in a block, of each size as often as its patients fall into such blocks. After k of a block of B the
    tested arms have a hypergeometric number with variance k p (1 - p) (B - k) / (B - 1), p their share.
    """
    r = trial.randomisation
    if r is None or r.method != "permuted blocks" or not r.block_sizes:
        return None
    strata = math.prod(len(f.levels) for f in r.factors)
    total = sum(a.share for a in trial.arms)
    tested = sum(a.share for a in trial.tested_arms)
    p = tested / total
    patients = sum(r.block_sizes)
    variance, most = 0.0, 0
    for size in r.block_sizes:
        each = [k * p * (1 - p) * (size - k) / max(size - 1, 1) for k in range(size)]
        variance += size / patients * sum(each) / size
        inside = size * tested // total
        most = max(
            most, *(math.ceil(max(min(k, inside) - k * p, k * p - max(k - (size - inside), 0))) for k in range(size))
        )
    return Balance(
        strata, math.sqrt(strata * variance), strata * most, trial.target_enrolment / strata, max(r.block_sizes)
    )


def balance_in_words(trial: Trial) -> tuple[str, list[str]]:
    """A sentence on the expected imbalance, and cautions where it is large; ('', []) where nobody is randomised in blocks."""
    if trial.randomisation is not None and trial.randomisation.minimises and not trial.divided:
        return _minimised_in_words(trial), []
    found = expected_balance(trial)
    if found is None:
        return assumed_blocks(trial), []
    blocks = ", ".join(str(b) for b in (trial.randomisation.block_sizes if trial.randomisation else ()))
    text = (
        f"Blocks of {blocks} in {found.strata} strat{'um' if found.strata == 1 else 'a'}: the tested arm's number differs from its share by "
        f"{found.sd:.1f} patients (standard deviation), {found.most} at most."
    )
    cautions = []
    if found.largest_block > trial.target_enrolment:
        cautions.append(
            f"A block of {found.largest_block} is larger than the trial of {trial.target_enrolment} patients: the arms need not come near their ratio."
        )
    elif found.in_a_stratum < found.largest_block:
        cautions.append(
            f"{found.strata} strata share {trial.target_enrolment} patients, {found.in_a_stratum:.1f} each: fewer than a block of "
            f"{found.largest_block} holds, so that stratifying balances little and the arms may differ by {found.most} patients from their ratio."
        )
    return text, cautions


def _minimised_in_words(trial: Trial) -> str:
    """How a minimisation will balance and how well it is guessed, from a quick simulation."""
    replicates = max(40, min(200, 20_000 // trial.target_enrolment))
    found = foreseen_allocation(trial, replicates, 1)
    return (
        f"{found.method[0].upper()}{found.method[1:]}: in {replicates} simulated trials of {found.patients} patients the tested arm's number is off its share "
        f"by {found.off.value:.1f} ± {found.off.mc_error:.1f} patients (standard deviation; {found.off_in_a_level.value:.1f} ± "
        f"{found.off_in_a_level.mc_error:.1f} in {found.level}), and one who knows all before foretells {100 * found.guessed.value:.0f}% ± "
        f"{100 * found.guessed.mc_error:.1f} of the arms. `equipoise randomisation` holds it against other methods."
    )
