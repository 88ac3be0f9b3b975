"""Worker processes of a simulation: each is sent its plan once, and Ctrl-C is for their parent."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

P = TypeVar("P")
R = TypeVar("R")

#: In a worker process: the plan, sent once when the process begins and not with every chunk.
_plan_here: list[Any] = []


def workers_of(plan: Any, workers: int) -> ProcessPoolExecutor:
    """Processes that each hold the plan; ``plan_here`` is theirs."""
    return ProcessPoolExecutor(workers, _context(), initializer=_begin, initargs=(plan,))


def in_chunks(
    plan: P, work: Callable[[P, int, int], Sequence[R]], replicates: int, workers: int = 1, chunk: int = 20
) -> Iterator[Sequence[R]]:
    """What ``work`` (a function of a module) makes of a plan's replicates, ``chunk`` at a time, in order; the same for any number of workers.

    To stop early, stop asking: what came is whole.
    """
    starts = range(0, replicates, chunk)
    if workers <= 1:
        for start in starts:
            yield work(plan, start, min(chunk, replicates - start))
        return
    with workers_of(plan, workers) as pool:
        # Only so many ahead as keep all busy.
        ahead: deque[Future[Sequence[R]]] = deque()
        try:
            for start in starts:
                ahead.append(pool.submit(_work_here, work, start, min(chunk, replicates - start)))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _work_here(work: Callable[[Any, int, int], Sequence[R]], first: int, n: int) -> Sequence[R]:
    """``work`` on the plan that this process was given."""
    return work(plan_here(), first, n)


def plan_here() -> Any:
    """The plan that this process was given."""
    return _plan_here[0]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic collector for as long as one trial takes: its log only grows, and hardly anything in it is a cycle."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _context() -> multiprocessing.context.BaseContext:
    """How worker processes are begun: forked from a server that has no threads and has read our modules once.

    A fork of this process itself would copy locks that other threads hold (the progress bar's, a numerical library's). Where
    nothing forks, each process begins anew.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # The latter are imported where they are first used, which would else be in every process.
    context.set_forkserver_preload(["equipoise.simulate.replicates", "scipy.stats", "survival"])
    return context


def _begin(plan: Any) -> None:
    """A worker process begins. It finishes its chunk on Ctrl-C, for the parent keeps what is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _plan_here[:] = [plan]
    # What is imported stays; the collector need not go through it with every trial.
    gc.freeze()
