"""Two-arm survival trials, simulated by the hundred thousand: exponential times, staggered accrual, one cut-off.

The like of R rpact's ``getSimulationSurvival`` with a calendar cut-off. The work is done by ``two_arms_kernel.py``, which
needs numba (the extra ``fast``) and is imported when first used; ``two_arms_reference.py`` says the same in plain Python.

Each patient takes one uniform number u. Of two independent exponential times, event (hazard a) and drop-out (hazard b),
the first has hazard a + b, is the event with probability p = a / (a + b), and which of the two it is does not depend
on when it is. So u < p says that the event comes first, and what is left of u, stretched back to (0, 1), is a uniform
number again and gives the time. That is exactly the law of the two times as far as a trial can see it (what would have
come second is never observed), at half the numbers and half the logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.numerics.random.streams import BLOCK, key_of

#: What a replicate's random numbers are for: the name of their stream.
PURPOSE = "two-arm survival"

#: One row a replicate. ``z``: log-rank statistic, positive favours tested. ``log_hr`` with standard error ``se``: Cox,
#: tested against control. ``survival_…`` with ``variance_…``: Kaplan–Meier at the landmark with Greenwood's variance.
RESULT = np.dtype(
    [
        (name, np.float64)
        for name in (
            "z",
            "log_hr",
            "se",
            "survival_tested",
            "variance_tested",
            "survival_control",
            "variance_control",
            "events",
        )
    ]
)


@dataclass(frozen=True, eq=False)
class TwoArms:
    """A trial of a tested and a control arm; time in months from its start, hazards a month.

    ``arrivals`` (n,) and ``arms`` (n,; 1 tested, 0 control) say when each patient comes and what he gets. ``cutoff`` is
    the calendar month of the analysis: who comes then or later is not in it. ``landmark`` is the month, from a
    patient's own start, at which survival is read off. Made for tens to some thousands of patients. Raises ValueError that
    names all that is wrong.
    """

    hazard_tested: float
    hazard_control: float
    hazard_dropout: float
    arrivals: NDArray[np.float64]
    arms: NDArray[np.int64]
    cutoff: float
    landmark: float

    def __post_init__(self) -> None:
        wrong = [
            f"{name}: got {getattr(self, name)}; a finite number {allowed}"
            for name, least, allowed in (
                ("hazard_tested", 0.0, "above 0"),
                ("hazard_control", 0.0, "above 0"),
                ("hazard_dropout", -1.0, "of 0 or more"),
                ("cutoff", 0.0, "above 0"),
                ("landmark", -1.0, "of 0 or more"),
            )
            if not _is_number(getattr(self, name), above=least, or_zero=least < 0)
        ]
        arrivals, arms = np.asarray(self.arrivals), np.asarray(self.arms)
        if arrivals.ndim != 1 or not arrivals.size:
            wrong.append(f"arrivals: got shape {arrivals.shape}; one month a patient, (n,), n at least 1")
        elif arrivals.dtype.kind not in "fiu" or not (np.isfinite(arrivals) & (arrivals >= 0)).all():
            wrong.append("arrivals: got a negative, infinite or missing month; months are 0 or more")
        if arms.shape != arrivals.shape:
            wrong.append(f"arms: got shape {arms.shape}; as arrivals, {arrivals.shape}")
        elif arms.dtype.kind not in "fiub" or not ((arms == 0) | (arms == 1)).all():
            wrong.append("arms: got a value that is neither 0 nor 1; 1 is tested, 0 is control")
        if wrong:
            raise ValueError("\n".join(wrong))
        for name, values, kind in (("arrivals", arrivals, np.float64), ("arms", arms, np.int64)):
            fixed = np.array(values, dtype=kind)
            fixed.flags.writeable = False
            object.__setattr__(self, name, fixed)

    @classmethod
    def of(
        cls,
        *,
        median_tested: float = 7.7,
        median_control: float = 5.5,
        accrual: Sequence[tuple[float, float]] = ((6, 4), (6, 6), (6, 10)),
        allocation: tuple[int, int] = (2, 1),
        dropout_per_year: float = 0.05,
        cutoff: float = 24,
        landmark: float = 6,
    ) -> TwoArms:
        """A trial by its medians (months), its accrual and its yearly drop-out; what is not said is the benchmark's.

        ``accrual``: pairs of months and patients a month, one after the other; patients come evenly, the k-th when k
        are due, and are allotted in turn, ``allocation`` tested and control, as rpact does.
        Raises ValueError that names all that is wrong.
        """
        wrong = [
            f"{name}: got {value}; a finite number above 0"
            for name, value in (("median_tested", median_tested), ("median_control", median_control))
            if not _is_number(value, above=0)
        ]
        pairs = np.asarray(accrual, dtype=np.float64)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or not (np.isfinite(pairs) & (pairs > 0)).all():
            wrong.append(f"accrual: got {accrual}; pairs of months and patients a month, all above 0")
        elif round(float(pairs.prod(axis=1).sum()), 6) < 1:
            wrong.append(f"accrual: got {accrual}; at least one patient")
        if len(allocation) != 2 or min(allocation) < 0 or sum(allocation) < 1 or any(a != int(a) for a in allocation):
            wrong.append(f"allocation: got {allocation}; two whole numbers of 0 or more, not both 0")
        if not (_is_number(dropout_per_year, above=0, or_zero=True) and dropout_per_year < 1):
            wrong.append(f"dropout_per_year: got {dropout_per_year}; a share of 0 or more, below 1")
        if wrong:
            raise ValueError("\n".join(wrong))
        due = np.concatenate([[0.0], np.cumsum(pairs.prod(axis=1))])
        month = np.concatenate([[0.0], np.cumsum(pairs[:, 0])])
        patients = math.floor(round(float(due[-1]), 6))
        turn = np.repeat([1, 0], [int(a) for a in allocation])
        return cls(
            hazard_tested=math.log(2) / median_tested,
            hazard_control=math.log(2) / median_control,
            hazard_dropout=-math.log1p(-dropout_per_year) / 12,
            arrivals=np.interp(np.arange(1, patients + 1), due, month),
            arms=np.resize(turn, patients),
            cutoff=cutoff,
            landmark=landmark,
        )


def _is_number(value: object, above: float, or_zero: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return math.isfinite(value) and bool(value > above or (or_zero and value == 0))


def simulate(
    trial: TwoArms,
    replicates: int,
    seed: int | str,
    threads: int = 1,
    first: int = 0,
    progress: Callable[[int], None] | None = None,
    chunk: int = 4096,
) -> NDArray[Any]:
    """Replicates ``first``, ``first + 1``, … of the trial, one row of ``RESULT`` each, shape (replicates,).

    The same bytes for any number of ``threads`` and any ``chunk`` (replicates a task). ``progress`` is called with the
    number of replicates done. Without information NaN stands: ``z`` and ``log_hr`` where the arms were never at risk
    together at an event, survival of an arm without patients, its variance also where the curve has come down to 0.
    Where only one arm had such events ``log_hr`` is infinite and ``se`` NaN. Ties, which continuous times do not have
    but for rounding, are broken as if one had come before the other. Raises ValueError that names all that is wrong.
    """
    wrong = [
        f"{name}: got {value!r}; a whole number of {least} or more"
        for name, value, least in (
            ("replicates", replicates, 0),
            ("threads", threads, 1),
            ("first", first, 0),
            ("chunk", chunk, 1),
        )
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ]
    if not wrong and first + replicates > 2**62:
        wrong.append(f"first: got {first}; replicates are numbered up to 2^62")
    if wrong:
        raise ValueError("\n".join(wrong))
    from equipoise.simulate.two_arms_kernel import chunk_of

    k0, k1 = key_of(seed, PURPOSE)
    parts = _parts(trial)
    out = np.empty((replicates, len(RESULT.names or ())), dtype=np.float64)

    def work(start: int) -> int:
        rows = out[start : start + chunk]
        chunk_of(k0, k1, first + start, *parts, rows)
        return len(rows)

    starts = range(0, replicates, chunk)
    done = 0
    for finished in _each(work, starts, threads):
        done += finished
        if progress is not None:
            progress(done)
    return out.view(RESULT)[:, 0]


def _each(work: Callable[[int], int], starts: Sequence[int], threads: int) -> Iterator[int]:
    if threads == 1 or len(starts) < 2:
        yield from map(work, starts)
        return
    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        try:
            yield from pool.map(work, starts)
        finally:
            pool.shutdown(cancel_futures=True)


def _parts(trial: TwoArms) -> tuple[Any, ...]:
    """What the kernel takes of a trial: patients in it at the cut-off come first, in order, the others are dumped."""
    from equipoise.simulate.two_arms_kernel import network

    here = np.flatnonzero(trial.arrivals < trial.cutoff)
    blocks = -(-len(trial.arrivals) // BLOCK)
    # Beyond those in the trial there is one row that nobody reads.
    place = np.full(blocks * BLOCK, len(here), dtype=np.uint64)
    place[here] = np.arange(len(here), dtype=np.uint64)
    arm = trial.arms[here]
    hazards = np.array([trial.hazard_control, trial.hazard_tested])
    total = hazards + trial.hazard_dropout
    share = hazards / total
    other = 1 - share
    # Nobody drops out at a hazard of 0: the reciprocal is never used then, and must not be infinite.
    by_arm = np.array([1 / total, share, 1 / share, 1 / np.where(other > 0, other, 1.0)])
    patients = np.vstack([by_arm[:, arm], trial.cutoff - trial.arrivals[here]]).T.copy()
    return place, patients, arm, network(len(here)), float(trial.landmark)
