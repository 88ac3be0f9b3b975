"""Where the pieces of a grid are worked on: threads of this process, or the workers of a Dask cluster.

Both give the same bytes: a replicate's numbers follow from its name alone. Dask reschedules what a lost worker had.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from equipoise.files.kernels import ready
from equipoise.simulate.grid import Cell, Piece
from equipoise.simulate.lines import Lines
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel, reference_lines
from equipoise.trial.problem import BadInput, Missing, Problem


@lru_cache(maxsize=64)
def _kernel(packed: bytes) -> Kernel | Plan:
    """The plan made ready, once for each worker."""
    plan: Plan = pickle.loads(packed)
    return Kernel(plan) if ready() and plan.usual else plan


def work(packed: bytes, first: int, n: int) -> Lines:
    """Lines of replicates ``first`` … of a pickled plan, compiled where numba is installed."""
    found = _kernel(packed)
    return found.lines(first, n) if isinstance(found, Kernel) else reference_lines(found, first, n)


def on_threads(cells: Sequence[Cell], todo: Sequence[Piece], workers: int) -> Iterator[tuple[Piece, Lines]]:
    """Pieces as they are done, by threads; stop asking to stop early."""
    compiled = ready()
    kernels = [Kernel(c.plan) if c.plan.usual else None for c in cells] if compiled else []
    if compiled:
        from equipoise.simulate.kernel.rows import simulator

        simulator()  # made ready once, before the threads

    def one(piece: Piece) -> Lines:
        kernel = kernels[piece.cell] if compiled else None
        if kernel is not None:
            return kernel.lines(piece.first, piece.n)
        return reference_lines(cells[piece.cell].plan, piece.first, piece.n)

    with ThreadPoolExecutor(workers) as pool:
        waiting = iter(todo)
        running = {pool.submit(one, p): p for p in _some(waiting, 2 * workers)}
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    piece = running.pop(future)
                    yield piece, future.result()
                    running |= {pool.submit(one, p): p for p in _some(waiting, 1)}
        finally:
            for future in running:
                future.cancel()


def on_dask(cells: Sequence[Cell], todo: Sequence[Piece], address: str) -> Iterator[tuple[Piece, Lines]]:
    """Pieces as they are done, by the workers of the scheduler at ``address`` ('tcp://host:8786', 'local:4')."""
    try:
        from distributed import Client, LocalCluster, as_completed
    except ImportError:
        raise Missing("--cluster runs on Dask: pip install 'equipoise[cluster]'") from None
    with ExitStack() as stack:
        where: Any = address
        if address.startswith("local:"):
            count = address.removeprefix("local:")
            if not count.isdigit() or int(count) < 1:
                raise BadInput(
                    "--cluster", [Problem("cluster", "cluster", address, "tcp://HOST:PORT or local:N, N ≥ 1")]
                )
            where = stack.enter_context(
                LocalCluster(n_workers=int(count), threads_per_worker=1, dashboard_address=None)
            )
        try:
            client = stack.enter_context(Client(where, timeout="20s"))
        except (OSError, ValueError) as error:
            problem = Problem("cluster", "cluster", address, "a Dask scheduler that answers, or local:N", str(error))
            raise BadInput("--cluster", [problem]) from None
        # Sent with each piece, and not left on a worker: what is left there is lost with it.
        plans = [pickle.dumps(c.plan) for c in cells]
        waiting = iter(todo)
        pieces: dict[str, Piece] = {}

        def submit(piece: Piece) -> Any:
            # A worker that dies under a piece is no fault of the piece's.
            future = client.submit(work, plans[piece.cell], piece.first, piece.n, pure=False, retries=10)
            pieces[future.key] = piece
            return future

        ahead = max(2 * sum(client.nthreads().values()), 4)
        done = as_completed([submit(p) for p in _some(waiting, ahead)])
        for future in done:
            yield pieces.pop(future.key), future.result()
            for piece in _some(waiting, 1):
                done.add(submit(piece))


def _some(waiting: Iterator[Piece], most: int) -> Iterator[Piece]:
    for _, piece in zip(range(most), waiting, strict=False):
        yield piece
