"""A plan as plain numbers, whole and real: what the compiled kernel reads. No protocol, no design: their answers stand
in tables.

Everything lies in two long arrays, since a compiled function with two arguments is built in a tenth of the time and is
called faster than one with fifty. The first places hold single numbers and where each table begins. What the design says is not in it: it is asked when a
simulated look brings its evidence (``answers``), so the kernel can special-case none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.conduct.randomisation import stratum_of
from equipoise.numerics.random.streams import SHORT_BLOCK, cut, cuts, key_of
from equipoise.simulate.accrual import horizon
from equipoise.simulate.day_table import HORIZON, DayTable
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.image_of_endpoint import endpoint_numbers, endpoint_tables
from equipoise.simulate.kernel.image_of_events import event_numbers, event_tables
from equipoise.simulate.kernel.image_of_looks import look_numbers, look_tables
from equipoise.simulate.kernel.image_of_safety import safety_numbers, safety_tables
from equipoise.simulate.kernel.places import GUIDE, LOOK
from equipoise.simulate.plan import Plan
from equipoise.simulate.scans import scans_planned, schedule
from equipoise.trial.block_sizes import sizes_foreseen
from equipoise.trial.trial import Trial


@dataclass(frozen=True, eq=False)
class Image:
    """Two arrays, laid out as ``places`` says."""

    whole: NDArray[np.int64]
    real: NDArray[np.float64]


def image_of(plan: Plan) -> Image:
    """The plan in numbers."""
    trial, scenario = plan.trial, plan.scenario
    assert trial.assessments is not None
    monitoring = trial.monitored.monitoring
    arms = [a.name for a in trial.arms]
    stack = _Stack()
    tables: dict[int, Any] = {
        at.FIRST: [[stack.row(c.first) for c in plan.courses[a].strata] for a in arms],
        at.AFTER: [[stack.row(c.after) for c in plan.courses[a].strata] for a in arms],
        at.TOXIC: [stack.row(plan.toxicity[a]) for a in arms],
    }
    rows = [stack.row(t) for t in (plan.leaving.gone, plan.leaving.delay, plan.rates.late)]
    widest = max((len(s) for s in plan.levels), default=1)
    first_scan, every = schedule(trial)
    varies = scenario.accrual.varies > 0 or scenario.accrual.opens_late.exact_days > 0
    reach, on = scenario.visits.jitter.days, np.arange(HORIZON + 2)
    strata = _strata(trial)
    sizes = blocks_of(trial)
    numbers: dict[int, float] = {
        at.TARGET: trial.target_enrolment,
        at.HORIZON: horizon(trial),
        at.ARMS: len(arms),
        at.STRATA: len(strata),
        at.SITES: len(trial.sites),
        at.FACTORS: len(plan.levels),
        at.TESTED: arms.index(trial.tested_arms[0].name),
        at.CONTROL: arms.index(trial.control_arms[0].name) if trial.control_arms else -1,
        at.PAUSES: plan.waiting != "continue" or trial.monitored.sized,
        at.WAITS: plan.waiting != "continue",
        at.CAP: plan.cap,
        at.READOUT_DELAY: monitoring.readout_delay.days,
        at.FINAL_FOLLOW_UP: monitoring.final_follow_up.days,
        at.FIRST_SCAN: first_scan,
        at.EVERY: every,
        at.SCANS: scans_planned(trial),
        at.REACH: reach,
        at.CONTACT_EVERY: trial.assessments.follow_up_every.days if plan.contacts else 0,
        at.LEAVING_TABLE: rows[0],
        at.SOME_TOXIC: any(t.survival[-1] < 1 for t in plan.toxicity.values()),
        at.DELAY: rows[1],
        at.LATE: rows[2],
        at.LARGEST_BLOCK: max(sizes),
        at.BLOCK_CHOICES: len(sizes),
        at.MOST_LEVELS: widest,
        at.VARIES: varies,
        at.MOST_DELAY: plan.leaving.delayed(2.0**-33),
        at.RAMP: plan.rates.ramp,
        at.MISSED: cut(scenario.visits.missed),
        at.SCREENING_FAILURE: cut(scenario.screening_failure),
        at.WITHDRAWN: cut(plan.leaving.withdrawn),
        at.EXACT: scenario.visits.missed == 0 and reach == 0,
        **endpoint_numbers(plan),
        **look_numbers(plan),
        **safety_numbers(plan),
        **event_numbers(plan),
    }
    tables |= {
        at.COUNTS: [len(s) for s in plan.levels],
        at.BLOCK_SIZES: list(sizes),
        at.BLOCKS: [_block(trial, size) for size in sizes],
        at.KEYS: _words([key_of(plan.seed, p) for p in at.PURPOSES]),
        at.WIDE: [-(-plan.widths.get(p, SHORT_BLOCK) // SHORT_BLOCK) for p in at.PURPOSES],
        at.LIST_KEYS: _words([key_of(plan.seed, f"allocation|{name}") for name in strata]),
        at.SITE_KEYS: _words([key_of(plan.seed, f"accrual|{s.name}") for s in trial.sites]),
        at.GUIDE_ROWS: _words([_guide(t) for t in stack.tables]),
        at.OPENS: [(s.activation - trial.start).days for s in trial.sites],
        at.NEXT_SCAN: np.maximum((on - reach - first_scan + every - 1) // every, 0),
        at.LAST_SCAN: np.clip((on + reach - first_scan) // every, -1, scans_planned(trial) - 1),
        at.CUTS: [[*cuts(t.survival).tolist(), -1] for t in stack.tables],
        at.DEATH_CUT: [[*cuts(plan.courses[a].strata[0].death_share).tolist(), 0] for a in arms],
        at.LEVEL_CUT: [[*cuts(np.array(s)).tolist(), *[1 << 33] * (widest - len(s))] for s in plan.levels],
        at.RATE: [s.rate for s in trial.sites],
        at.SIZE: plan.rates.size,
        **endpoint_tables(plan),
        **look_tables(plan),
        **safety_tables(plan),
        **event_tables(plan),
    }
    return _packed(numbers, tables)


def _words(keys: list[NDArray[np.uint64]]) -> NDArray[np.int64]:
    return np.array(keys).view(np.int64)


def _guide(table: DayTable) -> NDArray[np.uint64]:
    """Four to a word: of the words that begin with the bits of i < GUIDE, the day on which all of them end the time; or
    the earliest, marked LOOK.
    """
    rising = -cuts(table.survival)
    step = 1 << (32 - at.GUIDE_BITS)
    lowest = np.arange(GUIDE) * step
    earliest, latest = (
        np.maximum(np.searchsorted(rising, -words, side="left"), 1) for words in (lowest + step - 1, lowest)
    )
    days = (earliest + np.where(latest > earliest, LOOK, 0)).astype(np.uint64).reshape(-1, 4)
    words: NDArray[np.uint64] = (days << np.array([0, 16, 32, 48], dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    return words


def _packed(numbers: Mapping[int, float], tables: Mapping[int, Any]) -> Image:
    """Single numbers, where each table begins, then the tables, in the order of their places."""
    head = [int(numbers[place]) for place in range(len(numbers))] + [0] * len(tables)
    assert len(head) == at.HEAD
    whole_pieces: list[NDArray[np.int64]] = []
    real_pieces: list[NDArray[np.float64]] = []
    room = {True: len(head), False: 0}
    for place in sorted(tables):
        is_whole = place < at.RATE
        head[place] = room[is_whole]
        if is_whole:
            whole_pieces.append(np.asarray(tables[place], dtype=np.int64).ravel())
            room[True] += len(whole_pieces[-1])
        else:
            real_pieces.append(np.asarray(tables[place], dtype=np.float64).ravel())
            room[False] += len(real_pieces[-1])
    return Image(np.concatenate([np.array(head, dtype=np.int64), *whole_pieces]), np.concatenate(real_pieces))


class _Stack:
    """Tables of days, each kept once."""

    def __init__(self) -> None:
        self.tables: list[DayTable] = []
        self._rows: dict[bytes, int] = {}

    def row(self, table: DayTable) -> int:
        content = table.survival.tobytes()
        if content not in self._rows:
            self._rows[content] = len(self.tables)
            self.tables.append(table)
        return self._rows[content]


def _strata(trial: Trial) -> list[str]:
    """Names of the strata, the last factor's levels fastest."""
    factors = trial.factors
    names = [f.name for f in factors]
    return [
        stratum_of(trial, dict(zip(names, levels, strict=True))) for levels in product(*(f.levels for f in factors))
    ]


def blocks_of(trial: Trial) -> tuple[int, ...]:
    """Sizes of blocks; where nobody is randomised, each patient is a block of the one arm."""
    return sizes_foreseen(trial) or (1,)


def _block(trial: Trial, size: int) -> list[int]:
    """The arms of a block before it is shuffled, and what fills the row."""
    total = sum(a.share for a in trial.arms)
    arms = [i for i, a in enumerate(trial.arms) for _ in range(a.share * size // total)]
    return arms + [0] * (max(blocks_of(trial)) - len(arms))
