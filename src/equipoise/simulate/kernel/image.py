"""A plan as plain numbers, whole and real: what the compiled kernel reads. No protocol, no design: their answers stand
in tables.

Everything lies in two long arrays, since a compiled function with two arguments is built in a tenth of the time and is
called faster than one with fifty. The first places hold single numbers and where each table begins. The design becomes a table of actions, one entry for each look, number evaluated and number of successes, filled by
asking the design itself; so does the control arm's check. The kernel can special-case neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.conduct.randomisation import stratum_of
from equipoise.decide.ruling import REFUSED, Outcomes
from equipoise.decide.trial_rule import cautions, rule_of
from equipoise.numerics.random.streams import SHORT_BLOCK, key_of
from equipoise.simulate.accrual import horizon
from equipoise.simulate.day_table import HORIZON, DayTable
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.places import GUIDE, LOOK
from equipoise.simulate.plan import Plan
from equipoise.simulate.scans import scans_planned, schedule
from equipoise.trial.endpoint import Landmark
from equipoise.trial.trial import Trial

_AT = {"last assessment": at.ASSESSMENT, "last contact": at.CONTACT, "that day": at.THAT_DAY}


@dataclass(frozen=True, eq=False)
class Image:
    """Two arrays, laid out as ``places`` says."""

    whole: NDArray[np.int64]
    real: NDArray[np.float64]


def image_of(plan: Plan) -> Image:
    """The plan in numbers."""
    trial, scenario = plan.trial, plan.scenario
    assert trial.assessments is not None
    monitoring, endpoint, monitored = trial.monitored.monitoring, trial.monitored.endpoint, trial.monitored.times
    assert isinstance(endpoint, Landmark)
    assert monitored is not None
    censored = {rule.when: _AT[rule.at] for rule in monitored.censoring}
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
    strata, actions, warned = _strata(trial), _actions(plan), _cautions(plan)
    sizes = blocks_of(trial)
    numbers: dict[int, float] = {
        at.TARGET: trial.target_enrolment,
        at.HORIZON: horizon(trial),
        at.ARMS: len(arms),
        at.STRATA: len(strata),
        at.SITES: len(trial.sites),
        at.FACTORS: len(plan.levels),
        at.LOOKS: len(plan.design.looks),
        at.TESTED: arms.index(trial.tested_arms[0].name),
        at.CONTROL: arms.index(trial.control_arms[0].name) if trial.control_arms else -1,
        at.LANDMARK: endpoint.landmark.days,
        at.WINDOW: endpoint.window.days,
        at.REPLACES: endpoint.not_evaluable != "failure",
        at.PAUSES: plan.waiting != "continue",
        at.CAP: plan.cap,
        at.READOUT_DELAY: monitoring.readout_delay.days,
        at.FINAL_FOLLOW_UP: monitoring.final_follow_up.days,
        at.OF_PROGRESSION: "progression" in monitored.events,
        at.OF_DEATH: "death" in monitored.events,
        at.AT_NO_EVENT: censored["no event"],
        at.AT_WITHDRAWAL: censored.get("withdrawal", at.NOWHERE),
        at.AT_LOSS: censored.get("loss", at.NOWHERE),
        at.AT_DEATH: censored.get("death", at.NOWHERE),
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
        at.ACTION_SIDE: actions.shape[1],
        at.CAUTION_SIDE: warned.shape[0],
        at.PLAIN: len(monitored.events) == 2 and censored["no event"] == at.ASSESSMENT,
        at.VARIES: varies,
        at.MOST_DELAY: plan.leaving.delayed(2.0**-33),
        at.RAMP: plan.rates.ramp,
        at.MISSED: _cut(scenario.visits.missed),
        at.SCREENING_FAILURE: _cut(scenario.screening_failure),
        at.WITHDRAWN: _cut(plan.leaving.withdrawn),
        at.EXACT: scenario.visits.missed == 0 and reach == 0,
    }
    tables |= {
        at.NEED: _needs(plan),
        at.COUNTS: [len(s) for s in plan.levels],
        at.BLOCK_SIZES: list(sizes),
        at.BLOCKS: [_block(trial, size) for size in sizes],
        at.KEYS: _words([key_of(plan.seed, p) for p in at.PURPOSES]),
        at.WIDE: [-(-plan.widths.get(p, SHORT_BLOCK) // SHORT_BLOCK) for p in at.PURPOSES],
        at.LIST_KEYS: _words([key_of(plan.seed, f"allocation|{name}") for name in strata]),
        at.SITE_KEYS: _words([key_of(plan.seed, f"accrual|{s.name}") for s in trial.sites]),
        at.GUIDE_ROWS: _words([_guide(t) for t in stack.tables]),
        at.OPENS: [(s.activation - trial.start).days for s in trial.sites],
        at.ACTION: actions,
        at.CAUTION: warned,
        at.NEXT_SCAN: np.maximum((on - reach - first_scan + every - 1) // every, 0),
        at.LAST_SCAN: np.clip((on + reach - first_scan) // every, -1, scans_planned(trial) - 1),
        at.CUTS: [[*_cuts(t.survival).tolist(), -1] for t in stack.tables],
        at.DEATH_CUT: [[*_cuts(plan.courses[a].strata[0].death_share).tolist(), 0] for a in arms],
        at.LEVEL_CUT: [[*_cuts(np.array(s)).tolist(), *[1 << 33] * (widest - len(s))] for s in plan.levels],
        at.RATE: [s.rate for s in trial.sites],
        at.SIZE: plan.rates.size,
    }
    return _packed(numbers, tables)


def _cuts(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number that just those words lie below whose uniform number (w + 1/2) 2^-32 lies below p."""
    return np.ceil(p * 2.0**32 - 0.5).astype(np.int64)


def _cut(p: float) -> int:
    return int(_cuts(np.array(p)))


def _words(keys: list[NDArray[np.uint64]]) -> NDArray[np.int64]:
    return np.array(keys).view(np.int64)


def _guide(table: DayTable) -> NDArray[np.uint64]:
    """Four to a word: of the words that begin with the bits of i < GUIDE, the day on which all of them end the time; or
    the earliest, marked LOOK.
    """
    rising = -_cuts(table.survival)
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
    return trial.randomisation.block_sizes if trial.randomisation is not None else (1,)


def _block(trial: Trial, size: int) -> list[int]:
    """The arms of a block before it is shuffled, and what fills the row."""
    total = sum(a.share for a in trial.arms)
    arms = [i for i, a in enumerate(trial.arms) for _ in range(a.share * size // total)]
    return arms + [0] * (max(blocks_of(trial)) - len(arms))


def _actions(plan: Plan) -> NDArray[np.int8]:
    """What the trial's rule says of every evidence that a look can bring: shape (looks, n + 1, successes + 1)."""
    looks, trial = plan.design.looks, plan.trial
    most = max(look.n for look in looks)
    found = np.full((len(looks), most + 1, most + 1), REFUSED, dtype=np.int8)
    for i, look in enumerate(looks):
        rule, earlier = rule_of(trial, look.number), looks[i - 1].n if i else 0
        # Only the final look may be taken on fewer patients than planned.
        for n in range(look.n + 1) if trial.monitored.is_final(look.number) else (look.n,):
            found[i, n, : n + 1] = rule.table(Outcomes(look.number, trial.monitored.tested.name, n, earlier))[:, 0]
    return found


def _cautions(plan: Plan) -> NDArray[np.bool_]:
    """Whether the control arm's check raises a caution: shape (n + 1, successes + 1)."""
    most = max((n for _, n in _needs(plan)), default=0)
    found = np.zeros((most + 1, most + 1), dtype=np.bool_)
    for n in range(1, most + 1):
        found[n, : n + 1] = cautions(plan.trial, n)
    return found


def _needs(plan: Plan) -> list[tuple[int, int]]:
    m = plan.trial.monitored
    planned = [m.planned(look.number) for look in plan.design.looks]
    control = m.control.name if m.control is not None else ""
    return [(p[m.tested.name], p.get(control, 0)) for p in planned]
