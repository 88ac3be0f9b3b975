"""Best overall response of all patients at once. The rules, and why, are in ``analyse/best_overall.py``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.analyse.best_overall import BestRule
from equipoise.analyse.columns.codes import (
    CR,
    NE,
    NEVER,
    NON_CR_NON_PD,
    NOTHING,
    PD,
    PR,
    RESPONSES,
    SD,
    Codes,
    Days,
    Flags,
    Rows,
)  # fmt: skip
from equipoise.analyse.columns.segments import first_row
from equipoise.trial.vocabularies import OURS

#: The rank of a response, by its code; what is no response comes last.
_RANK = np.array([OURS.order.index(r) if r else len(OURS.order) for r in RESPONSES], dtype=np.int8)
#: Days of one patient lie apart by less than this.
_SPAN = 2**25


@dataclass(frozen=True, eq=False)
class ResponseRows:
    """The responses of all patients, in the order of patients and days: of one reader, after baseline.

    ``day`` is the day from which a response counts, ``scan`` that of the assessment.
    """

    patient: Rows
    day: Days
    response: Codes
    scan: Days

    def where(self, keep: Flags | Rows) -> ResponseRows:
        """Some of the rows."""
        return ResponseRows(self.patient[keep], self.day[keep], self.response[keep], self.scan[keep])

    def up_to_progression(self, n: int) -> ResponseRows:
        """Up to and with the first progression of each of ``n`` patients."""
        first = first_row(self.response == PD, self.patient, n)[self.patient]
        return self.where((first < 0) | (np.arange(len(self.day)) <= first))


def confirmed(course: ResponseRows, rule: BestRule) -> Flags:
    """True for the responses (CR, PR) of a course up to progression that a later assessment confirms."""
    found = np.zeros(len(course.day), dtype=bool)
    if rule.confirm_after is None:
        return found
    code, rows = course.response, np.arange(len(course.day))
    key = course.patient * _SPAN + course.day
    for first, good, stable in ((CR, (CR,), 0), (PR, (CR, PR), rule.stable_between)):
        candidates = np.flatnonzero(np.isin(code, good))
        mine = np.flatnonzero(code == first)
        # The first that is as good and far enough away.
        place = np.maximum(
            np.searchsorted(key[candidates], key[mine] + rule.confirm_after),
            np.searchsorted(candidates, mine, side="right"),
        )
        has = place < len(candidates)
        mine, by = mine[has], candidates[place[has]]
        same = course.patient[by] == course.patient[mine]
        mine, by = mine[same], by[same]

        def between(*codes: int, mine: Rows = mine, by: Rows = by) -> Rows:
            count = np.concatenate([[0], np.cumsum(np.isin(code, codes))])
            found: Rows = count[by + 1] - count[mine + 1]
            return found

        whole = (between(NE) <= rule.missing_between) & (between(SD) <= stable)
        whole &= between(NE, SD, *good) == by - mine
        if first == PR:
            # A PR may not come after a CR: between the next CR and the end there is none.
            next_cr = np.append(rows[code == CR], len(code))
            fell = next_cr[np.searchsorted(next_cr, mine, side="right")]
            count = np.concatenate([[0], np.cumsum(code == PR)])
            whole &= (fell > by) | (count[by + 1] - count[np.minimum(fell, len(code) - 1) + 1] == 0)
        found[mine[whole]] = True
    return found


def best_overall(course: ResponseRows, origin: Days, rule: BestRule) -> tuple[Codes, Days]:
    """By patient, the best overall response (code 0: no assessment) and the day of the assessment that shows it.

    ``origin`` (n,) is the day from which ``stable_from`` counts.
    """
    n = len(origin)
    course = course.up_to_progression(n)
    late = course.day - origin[course.patient] >= rule.stable_from
    code = course.response.copy()
    rows = np.arange(len(code))
    code[np.isin(code, (SD, NON_CR_NON_PD)) & ~late] = NE
    gone = first_row(course.response == CR, course.patient, n)[course.patient]
    back = np.isin(course.response, (PR, SD)) & ~late & (gone >= 0) & (gone < rows)
    if rule.confirm_after is not None:
        alone = np.isin(course.response, (CR, PR)) & ~confirmed(course, rule)
        code[alone] = np.where(late[alone], SD, NE)
        back &= alone | (course.response == SD)
    # Table 3, footnote a: whatever is seen after a complete response has come back.
    code[back] = PD
    rank = _RANK[code].astype(np.int64) * max(len(code), 1) + rows
    best = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(best, course.patient, rank)
    seen = best < np.iinfo(np.int64).max
    row = best[seen] % max(len(code), 1)
    response, on = np.full(n, NOTHING, dtype=np.int8), np.full(n, NEVER, dtype=np.int32)
    response[seen], on[seen] = code[row], course.day[row]
    return response, on
