"""Many replicates of a plan: the compiled kernel in threads where it is at hand, the reference in processes where not.

Both give the same lines for the same replicates, whatever the number of workers and the size of a chunk.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.lines import (
    INTEGERS,
    REAL_COLUMNS,
    REFERENCE_ONLY,
    UNRULED_LOOK,
    Lines,
    as_lines,
    reference_row,
)
from equipoise.simulate.plan import Plan
from equipoise.simulate.processes import plan_here, uncollected, workers_of
from equipoise.simulate.run import run

Engine = Literal["compiled", "reference"]
#: Replicates at a time: small enough to be interrupted, large enough to be worth handing out.
CHUNK: dict[Engine, int] = {"compiled": 4096, "reference": 10}


def engine_here() -> Engine:
    """'compiled' where the compiled simulator is at hand, or numba to compile it (the extra ``fast``)."""
    from equipoise.simulate.kernel.rows import at_hand

    return "compiled" if at_hand() else "reference"


class Kernel:
    """A plan made ready for the compiled kernel. Threads may share it."""

    def __init__(self, plan: Plan) -> None:
        # Imported where used: numba is an extra, and takes half a second.
        from equipoise.simulate.kernel.answers import Answers
        from equipoise.simulate.kernel.image import image_of

        self.plan, self.image = plan, image_of(plan)
        self.answers = Answers(plan, self.image.whole)

    def rows(self, first: int, n: int, months: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64], Any]:
        """Whole and real numbers of replicates ``first`` …, and the randomised by month (n, months).

        A replicate that cannot end is refused with reasons, by the reference.
        """
        from equipoise.simulate.kernel.rows import Room, simulate_rows

        whole, real, by_month = simulate_rows(self.image, self.answers, Room(self.image), first, n, months)
        for i in np.flatnonzero((whole[:, 0] != 0) & (whole[:, 0] != UNRULED_LOOK)).tolist():
            run(self.plan, first + i)  # raises what the kernel met
        return whole, real, by_month

    def lines(self, first: int, n: int) -> Lines:
        """Lines of replicates ``first`` …"""
        whole, real, _ = self.rows(first, n)
        return as_lines(whole, real, self.plan)


def reference_lines(plan: Plan, first: int, n: int) -> Lines:
    """Lines of replicates ``first`` … by the reference loop."""
    rows = []
    for replicate in range(first, first + n):
        with uncollected():
            rows.append(reference_row(plan, replicate))
    whole = np.array([w for w, _ in rows], dtype=np.int64).reshape(n, len(INTEGERS) + len(REFERENCE_ONLY))
    return as_lines(whole, np.array([r for _, r in rows]).reshape(n, len(REAL_COLUMNS)), plan)


def simulate(
    plan: Plan,
    replicates: int,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
    *,
    engine: Engine | None = None,
    first: int = 0,
    chunk: int | None = None,
) -> Iterator[Lines]:
    """Lines of replicates ``first``, ``first`` + 1 …, a chunk at a time, in order; the same for any ``workers``.

    ``progress`` is told how many are done. To stop early, stop asking: what came is whole. The reference begins processes for
    more than one worker: a script that asks for them keeps its own work under ``if __name__ == "__main__"``.
    """
    engine = engine or engine_here()
    if not plan.usual:
        engine = "reference"
    size = chunk or CHUNK[engine]
    starts = range(first, first + replicates, size)
    done = 0
    work: Callable[[int, int], Lines]
    if engine == "compiled":
        work = Kernel(plan).lines
    elif workers <= 1:
        work = partial(reference_lines, plan)
    else:
        work = _reference_lines_here
    if workers <= 1:
        for start in starts:
            found = work(start, min(size, first + replicates - start))
            done += min(size, first + replicates - start)
            yield found
            if progress:
                progress(done)
        return
    pool: Executor = ThreadPoolExecutor(workers) if engine == "compiled" else workers_of(plan, workers)
    with pool:
        # Only so many ahead as keep all busy: memory does not grow with the number of replicates.
        ahead: deque[tuple[int, Future[Lines]]] = deque()
        try:
            for start in starts:
                n = min(size, first + replicates - start)
                ahead.append((n, pool.submit(work, start, n)))
                if len(ahead) > 2 * workers:
                    n, future = ahead.popleft()
                    yield future.result()
                    done += n
                    if progress:
                        progress(done)
            for n, future in ahead:
                yield future.result()
                done += n
                if progress:
                    progress(done)
        finally:
            for _, future in ahead:
                future.cancel()


def _reference_lines_here(first: int, n: int) -> Lines:
    """``reference_lines`` of the plan that this process was given."""
    return reference_lines(plan_here(), first, n)


def default_workers() -> int:
    """As many as there are cores to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
