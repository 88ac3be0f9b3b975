"""Ctrl-C between two pieces of work, never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Ctrl-C, and what ends a process from outside: the command line takes them all for Ctrl-C.
_HELD = [s for name in ("SIGINT", "SIGTERM", "SIGHUP") if (s := getattr(signal, name, None)) is not None]


@contextmanager
def unbroken() -> Iterator[None]:
    """Hold Ctrl-C (and SIGTERM, SIGHUP) back until the block is done, so that what is counted and what is kept are the same.

    What came within comes at the end of the block: of Ctrl-C, KeyboardInterrupt. In other threads than the main one, which
    get no signals, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    # None: it is dealt with outside Python, and stays so
    before = {s: handler for s in _HELD if (handler := signal.getsignal(s)) not in (None, signal.SIG_IGN)}
    for s in before:
        signal.signal(s, note)
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
    for number in dict.fromkeys(came):
        signal.raise_signal(number)
