"""Whether the arms that a stratum was given can come from whole blocks of the stated sizes: a search that needs no secret.

A block of a size holds each arm so many times as its share says. The arms of a list are such blocks one after the other, and the last may
be unfinished. The search keeps every place at which a block may have ended, so that it finds a way wherever there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class WholeBlocks:
    """One list, arm by arm. ``blocks``: of each size, how many of each arm a block holds."""

    def __init__(self, blocks: Sequence[Mapping[str, int]]) -> None:
        self._blocks = blocks
        self._given: list[str | None] = []
        #: Places at which a block may begin.
        self._starts = {0}
        self._longest = max((sum(block.values()) for block in blocks), default=0)

    def go_to(self, place: int) -> None:
        """Take what comes before a place (from 0) as not told, as far as it was not taken yet."""
        while len(self._given) < place:
            self.take(None)

    def take(self, arm: str | None) -> bool:
        """The next arm; None for one that is not told, which may be any. False where no whole blocks give what came so far.

        What came so far is then taken as not told, so that what comes after is judged by itself.
        """
        self._given.append(arm)
        if self._goes_on():
            return True
        self._given = [None] * len(self._given)
        self._starts = {0}
        for end in range(1, len(self._given) + 1):
            self._finish(end)
        return False

    def _goes_on(self) -> bool:
        end = len(self._given)
        self._finish(end)
        self._starts = {start for start in self._starts if start > end - max(self._longest, 1) or start == end}
        return bool(self._starts) and any(
            self._fits(start, end, block) for start in self._starts for block in self._blocks
        )

    def _finish(self, end: int) -> None:
        """Note ``end`` as a beginning if a block that is complete there fits."""
        for block in self._blocks:
            start = end - sum(block.values())
            if start in self._starts and self._fits(start, end, block):
                self._starts.add(end)
                return

    def _fits(self, start: int, end: int, block: Mapping[str, int]) -> bool:
        """Whether what was given from ``start`` to ``end`` can be the beginning of this block."""
        if end - start > sum(block.values()):
            return False
        some = self._given[start:end]
        return all(arm is None or (arm in block and some.count(arm) <= block[arm]) for arm in set(some))
