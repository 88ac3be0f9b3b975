"""A pooled database of virtual patients, for benchmarks and trials of the road: seeded, as columns."""

from __future__ import annotations

import numpy as np

from equipoise.analyse.columns.arrange import arranged
from equipoise.analyse.columns.codes import KINDS, NEVER, RESPONSES, STATES
from equipoise.analyse.columns.database import Database, Patients
from equipoise.numerics.random.streams import generator

#: Target and non-target lesions that each patient has, and the day of the first randomisation.
TARGETS, OTHERS, START = 3, 1, 15_000


def pooled(n: int, visits: int, seed: int | str) -> Database:
    """``n`` patients with a baseline and ``visits`` assessments each, of four lesions; some leave, go elsewhere, die after.

    Sizes follow a random walk, a lesion in fifty is not evaluated, some grow too small, some are nodes, in some
    patients all go and may come back, new lesions come, equivocal before they are certain. Everybody is randomised
    on one of 700 days and has every assessment; recorded responses all say SD.
    """
    draw = generator(seed, "pooled data")
    each = visits + 1
    rows = np.arange(n * each)
    patient, visit = rows // each, rows % each
    randomised = (START + draw.integers(0, 700, n)).astype(np.int32)
    day = randomised[patient] + 42 * visit + draw.integers(-4, 5, len(rows))
    day[visit == 0] = randomised[patient[visit == 0]] - 7
    steps = draw.normal(-0.02, 0.18, (n, each, TARGETS))
    steps[:, 0] = 0.0
    sizes = np.round(draw.uniform(12, 60, (n, 1, TARGETS)) * np.exp(np.cumsum(steps, axis=1)), 1)
    node = np.zeros((n, TARGETS), dtype=bool)
    node[:, 0] = draw.random(n) < 0.3
    state = np.full(sizes.shape, STATES.index("measured"), dtype=np.int8)
    deep = (draw.random(n) < 0.08)[:, None, None] & (np.arange(each) > 2)[None, :, None]
    state[deep & (draw.random(sizes.shape) < 0.97)] = STATES.index("absent")
    small = (sizes < 8) & (state == STATES.index("measured"))
    state[small] = STATES.index("too small")
    state[(draw.random(sizes.shape) < 0.02) & (np.arange(each) > 0)[None, :, None]] = STATES.index("not evaluated")
    sizes[state != STATES.index("measured")] = np.nan

    other = np.where(
        deep | (draw.random((n, each, OTHERS)) < 0.1), STATES.index("absent"), STATES.index("present")
    ).astype(np.int8)
    worse = draw.random(other.shape) < 0.01
    worse[:, 0] = False
    other[worse] = STATES.index("unequivocal progression")
    kind = np.broadcast_to(
        np.array([KINDS.index("target")] * TARGETS + [KINDS.index("non-target")] * OTHERS, dtype=np.int8),
        (n, each, TARGETS + OTHERS),
    )
    lesions = TARGETS + OTHERS
    fresh = np.flatnonzero((draw.random(len(rows)) < 0.02) & (visit > 0))
    again = fresh[visit[fresh] < visits] + 1  # what is new is read again at the next visit
    new_rows = np.concatenate([fresh, again])
    new_state = np.concatenate(
        [np.full(len(fresh), STATES.index("equivocal")), np.full(len(again), STATES.index("unequivocal"))]
    )
    new_label = np.full(len(new_rows), lesions)
    keep = np.unique(new_rows, return_index=True)[1]
    new_rows, new_state, new_label = new_rows[keep], new_state[keep], new_label[keep]

    def both(columns: np.ndarray, more: object) -> np.ndarray:
        return np.concatenate([np.asarray(columns).ravel(), np.asarray(more)])

    none = np.zeros(len(new_rows))

    end = day.reshape(n, each).max(axis=1)
    cutoff = int(end.max()) + 400

    def sometime(share: float, scale: float) -> np.ndarray:
        when = randomised + 1 + draw.exponential(scale, n).astype(np.int32)
        return np.where((draw.random(n) < share) & (when <= end), when, NEVER).astype(np.int32)

    died = end + 1 + draw.exponential(200, n).astype(np.int64)
    died = np.where((draw.random(n) < 0.8) & (died <= cutoff), died, NEVER).astype(np.int32)
    at = both(np.broadcast_to(rows.reshape(n, each, 1), (n, each, lesions)), new_rows).astype(np.int64)
    columns = {
        "label": both(np.broadcast_to(np.arange(lesions), (n, each, lesions)), new_label).astype(np.int64),
        "kind": both(kind, np.full(len(new_rows), KINDS.index("new"))).astype(np.int8),
        "state": both(np.concatenate([state, other], axis=2), new_state).astype(np.int8),
        "size": both(np.concatenate([sizes, np.full(other.shape, np.nan)], axis=2), none * np.nan),
        "node": both(
            np.broadcast_to(np.pad(node, ((0, 0), (0, OTHERS)))[:, None, :], (n, each, lesions)), none > 0
        ).astype(bool),
        "part_of": np.full(len(at), -1, dtype=np.int64),
    }
    arm = (draw.random(n) < 1 / 3).astype(np.int16)
    people = Patients(
        [f"P{i + 1}" for i in range(n)],
        ("IMGN901", "CE"),
        arm,
        arm,
        randomised,
        np.where(draw.random(n) < 0.97, randomised + 1, NEVER).astype(np.int32),
        sometime(0.05, 300),
        sometime(0.3, 400),
        sometime(0.9, 200),
        draw.random(n) < 0.3,
        sometime(0.05, 300),
        sometime(0.05, 300),
        died,
        end.astype(np.int32),
        np.full(n, NEVER, dtype=np.int32),
        np.ones(n, dtype=bool),
        np.ones(n, dtype=bool),
        draw.random(n) < 0.9,
    )
    return arranged(
        cutoff,
        ("investigator",),
        people,
        course=patient,
        day=day.astype(np.int32),
        baseline=visit == 0,
        counts_on=day.astype(np.int32),
        measurable=visit == 0,
        recorded=np.full(len(rows), RESPONSES.index("SD"), dtype=np.int8),
        assessment=at,
        **columns,  # type: ignore[arg-type]
    )
