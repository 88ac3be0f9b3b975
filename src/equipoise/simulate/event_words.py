"""An adverse event that is survived, from one random word: whether it comes, of which grade, and when.

Below the event's probability the words are parted into stretches, one for each grade, and where a word lies in its stretch says when. So each
grade and day has its probability to within 2^-32, and twenty kinds of events take twenty words of a patient. Whole numbers throughout: the
compiled simulator takes the same steps.
"""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.numerics.random.streams import cut
from equipoise.simulate.scenario import AdverseEventTruth

#: The grades in the order of their stretches.
GRADES = (4, 3, 1, 2)
#: Of the words for adverse events the first says when a patient would die of one; from the second on, one for each kind.
DIES_WHEN, FIRST_KIND = 0, 1


def stretches(event: AdverseEventTruth) -> list[int]:
    """Where the words of each of GRADES end: three in ten of grade 3 or worse are of grade 4; six in ten are of grade 1 as far as not worse."""
    p, severe = event.probability * (1 - event.fatal), event.severe
    return [cut(p * share) for share in (0.3 * severe, severe, max(severe, 0.6), 1.0)]


def grade_and_day(ends: Sequence[int], word: int, span: int) -> tuple[int, int] | None:
    """The grade of the event and the day on which it comes, of ``span`` days alike; None: it does not."""
    begin = 0
    for grade, end in zip(GRADES, ends, strict=True):
        if word < end:
            return grade, (2 * (word - begin) + 1) * span // (2 * (end - begin))
        begin = end
    return None
