"""Ctrl-C waits for what must not be broken."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from equipoise.desk.interrupt import unbroken


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C, and so would these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_within_comes_at_the_end() -> None:
    done = []

    def work() -> None:
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the rest of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_within_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), unbroken():
        _ = 1 / 0
    with unbroken():
        pass
