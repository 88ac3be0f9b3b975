"""A compiled function that is made ready when it is first asked for, from where it is said to be kept."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock

from equipoise.numerics.engine.machine_code import Called, Loaded


class Kept:
    """A compiled function. Threads may ask for it at the same time."""

    def __init__(self, compile_now: Callable[[], bytes]) -> None:
        """``compile_now``: compiles it from its source by numba, as ``machine_code.bitcode_of`` gives it."""
        self._compile_now = compile_now
        self._source: Callable[[], Called] | None = None
        self._ready: Called | None = None
        self._one_at_a_time = Lock()

    def take_from(self, source: Callable[[], Called]) -> None:
        """Where it comes from when it is first needed, instead of being compiled."""
        self._source = source

    def at_hand(self) -> bool:
        """True where it can be had: numba can compile it, or it was said where it comes from."""
        return self._source is not None or find_spec("numba") is not None

    def kept(self) -> bool:
        """True where it was said where it comes from, so that nothing need be compiled now."""
        return self._source is not None

    def function(self) -> Called:
        """The function."""
        with self._one_at_a_time:
            if self._ready is None:
                self._ready = Loaded(self._compile_now()) if self._source is None else self._source()
            return self._ready

    def forget(self) -> None:
        """It is made ready again when next asked for."""
        self._ready = None
