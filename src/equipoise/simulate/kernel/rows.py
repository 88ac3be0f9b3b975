"""The compiled simulator as it is called: a plan's image in, a row for each replicate out."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.decide.ruling import REFUSED, STOP
from equipoise.numerics.engine.kept import Kept
from equipoise.numerics.engine.machine_code import bitcode_of
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.answers import Answers
from equipoise.simulate.kernel.image import Image
from equipoise.simulate.kernel.layout import (
    ASKS,
    AT_ITS_END,
    AT_ONCE,
    BLOCKS_OF_RULES,
    COLD,
    FINDINGS,
    HOT,
    NEVER,
    OPENED,
    REAL_STATISTIC,
    REAL_WIDTH,
    ROW_ACTION,
    ROW_LOOKS,
    ROW_OVERRULED,
    ROW_QUESTION,
    ROW_STATUS,
    ROW_SUCCESSES,
    ROW_WIDTH,
    SCAN,
    STATES,
)
from equipoise.simulate.lines import REAL_COLUMNS, UNRULED_LOOK

#: Trials begun before all others where the rule has not been asked anything yet: most of what it will be asked is asked by them.
_FIRST = 32


def compile_now() -> bytes:
    """The simulator, compiled from its source by numba, as ``machine_code.bitcode_of`` gives it."""
    # Imported where used: importing it is compiling it.
    from equipoise.simulate.kernel.trial import trials

    return bitcode_of(trials)


SIMULATOR = Kept(compile_now)
take_from, at_hand, simulator = SIMULATOR.take_from, SIMULATOR.at_hand, SIMULATOR.function


class Room:
    """Room for one thread to work in, made once and used for all its replicates.

    Whole numbers: patients, from 0, and from then on what ``layout`` says, in its order. Real numbers: what Cox's model
    needs.
    """

    def __init__(self, image: Image) -> None:
        n = image.whole
        target, arms, largest = int(n[at.TARGET]), int(n[at.ARMS]), int(n[at.LARGEST_BLOCK])
        wholes = [
            target * (HOT + COLD + int(n[at.CHANGES]) + int(n[at.RECORDS])),
            arms * target,
            arms,
            target,
            int(n[at.STRATA]) * (3 + largest),
        ]
        # Who is censored on the day of a look has been followed up to then, however late it is.
        longest = max(NEVER, int(n[at.HORIZON]))
        wholes += [
            longest + 1,
            (longest >> 6) + 1,
            OPENED + int(n[at.SITES]),
            5 * AT_ONCE,
            AT_ONCE,
            FINDINGS + largest + 8,
        ]
        wholes += [2 * (int(n[at.HORIZON]) + 2), SCAN * int(n[at.SCANS])]
        wholes += [BLOCKS_OF_RULES + int(n[at.SAFETY_RULES]) * int(n[at.SAFETY_PLACES])]
        self.of_w = np.cumsum(wholes)
        self.w = np.zeros(self.of_w[-1] + STATES, dtype=np.int64)
        self.v = np.zeros(max(target, AT_ONCE))


def simulate_rows(image: Image, answers: Answers, room: Room, first: int, replicates: int, months: int = 0) -> Any:
    """Replicates ``first``, ``first`` + 1 …: whole numbers (n, INTEGERS), real ones (n, REAL_COLUMNS), and (n, months)
    how many are randomised by the end of each 30.4375 days.

    Releases the GIL: threads may run with a room each.
    """
    whole = np.zeros((replicates, ROW_WIDTH), dtype=np.int64)
    real = np.full((replicates, REAL_WIDTH), np.nan)
    by_month = np.zeros((replicates, months), dtype=np.int64)

    def run(begin: int, end: int, a: Any) -> None:
        lie = [image.whole, image.real, *a, room.w, room.v, whole[begin:end], real[begin:end], by_month[begin:end]]
        simulator()(*(x.ctypes.data for x in lie), first + begin, end - begin, months, room.of_w.ctypes.data)

    def to_the_end(begin: int, end: int) -> None:
        known = answers.known
        run(begin, end, known.for_kernel())
        status, questions = whole[:, ROW_STATUS], whole[:, ROW_QUESTION]
        while len(asking := begin + np.flatnonzero(status[begin:end] == ASKS)):
            known = answers.learn(questions[asking])
            whole[asking], real[asking], by_month[asking] = 0, np.nan, 0
            a = known.for_kernel()
            for stretch in np.split(asking, np.flatnonzero(np.diff(asking) > 1) + 1):
                run(int(stretch[0]), int(stretch[-1]) + 1, a)

    pilot = min(_FIRST, replicates) if not len(answers.known.questions) else 0
    if pilot:
        to_the_end(0, pilot)
    if replicates > pilot:
        to_the_end(pilot, replicates)
    _answer_the_last(image, answers, whole, real)
    return whole[:, :ROW_QUESTION], real[:, : len(REAL_COLUMNS)], by_month


def _answer_the_last(image: Image, answers: Answers, whole: Any, real: Any) -> None:
    """The action at the last look, unless a safety rule stops the trial there, or the rule refuses its evidence: then nothing is shown."""
    last = np.flatnonzero((whole[:, ROW_STATUS] == AT_ITS_END) & (whole[:, ROW_LOOKS] == image.whole[at.LOOKS]))
    if not len(last):
        return
    by_time = image.whole[at.LOOKS_ON] != at.ON_PATIENTS
    questions, seen = whole[last, ROW_QUESTION], real[last, REAL_STATISTIC] if by_time else whole[last, ROW_SUCCESSES]
    known = answers.known
    if len(known.missing(questions)):
        known = answers.learn(questions)
    action = known.actions(questions, seen)
    refused = action == REFUSED
    action[(whole[last, ROW_OVERRULED] == 1) | refused] = STOP
    whole[last, ROW_ACTION] = action
    whole[last[refused], ROW_STATUS] = UNRULED_LOOK
