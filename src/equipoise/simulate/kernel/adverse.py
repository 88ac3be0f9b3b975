"""Adverse events of a virtual patient, compiled: on which day the first of them is known that counts for each safety rule.

The same draws as in ``virtual_patient`` and ``toxicities``. Only what may count for a rule is drawn, and how long treatment went on only of
who has an event that would count.
"""

from __future__ import annotations

from typing import Any

from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.draws import day_of, draw, draw_eight, word
from equipoise.simulate.kernel.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place
from equipoise.simulate.kernel.layout import (
    ARM,
    CYCLE_WORDS,
    DEATH,
    DIED_OF_IT,
    EVENT_WORDS,
    GONE,
    HOT,
    NO_DAY,
    ROW,
    SAFETY_AT_HAND,
)
from equipoise.simulate.kernel.patient import cold_of, contacts_of, off_study, recorded
from equipoise.simulate.virtual_patient import AFTER_DOSE, NO_STOP, STOP_DAYS, TOXIC_DAYS

#: From this day of the last dose on, adverse events may come as late as any.
_LATE_ENOUGH = TOXIC_DAYS - AFTER_DOSE


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE))
def last_day_of_treatment(N: Any, W: Any, replicate: int, p: int) -> int:
    """The day, after randomisation, from which no dose is given: off study or stopped for toxicity."""
    end, row = off_study(W, p), W[p * HOT + ROW]
    stops = N[N[at.TREATED] + 2 * W[p * HOT + ARM]]
    if end > NO_STOP and stops > 0 and draw(N, at.TREATMENT, replicate, row, 0) < stops:
        return min(end, NO_STOP + (((2 * draw(N, at.TREATMENT, replicate, row, 1) + 1) * STOP_DAYS) >> 33))
    return min(end, HORIZON)


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _last_dose(N: Any, W: Any, words: int, replicate: int, p: int) -> int:
    """The day of the last dose; of late ones any from _LATE_ENOUGH on. ``words``: room for a block."""
    arm, row = W[p * HOT + ARM], W[p * HOT + ROW]
    stop, late_below = last_day_of_treatment(N, W, replicate, p), N[N[at.TREATED] + 2 * arm + 1]
    last, at_hand, side = 0, -1, 3 + N[at.DOSE_DAYS]
    for k in range(N[at.DRUGS]):
        drug = N[at.DOSES] + (arm * N[at.DRUGS] + k) * side
        late, cycle = 0, 1
        while cycle <= N[drug] and last < _LATE_ENOUGH:
            # As many numbers as CYCLES has stand for all cycles, over and over.
            number = cycle % (8 * N[N[at.WIDE] + at.CYCLES])
            if cycle > 1 and late_below > 0:
                if number >> 3 != at_hand:
                    at_hand = number >> 3
                    wide = N[N[at.WIDE] + at.CYCLES]
                    draw_eight(N, W, N[at.KEYS] + 2 * at.CYCLES, row * wide + at_hand, replicate, words, 1)
                late += 7 * int(word(W, words, number & 7, 1) < late_below)
            start = (cycle - 1) * N[drug + 1] + late
            if start >= stop:
                break
            for d in range(N[drug + 2]):
                day = start + N[drug + 3 + d]
                if day < stop:
                    last = max(last, day)
            cycle += 1
    return last


@jit_in_place(NONE(WHOLES, WHOLE, WHOLE, WHOLE))
def _add_contact(W: Any, contacts: int, happened: int, day: int) -> None:
    W[contacts + 1 + 2 * W[contacts]], W[contacts + 2 + 2 * W[contacts]] = happened, day
    W[contacts] += 1


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _known(N: Any, W: Any, known: int, arm: int, happened: int, day: int, counts: int) -> None:
    """An event on the day ``happened`` is known on ``day``: to each rule for which it counts (``counts``, in bits) and in whose time it is."""
    rule = 0
    if N[at.CONTACTS] > 0 and counts & N[at.ASKING]:
        _add_contact(W, known + N[at.SAFETY_RULES], happened, day)
    while counts != 0:
        if counts & 1:
            since = N[N[at.SINCE] + 2 * (rule * N[at.ARMS] + arm)]
            if since <= happened <= since + N[N[at.WATCHED] + rule * at.OF_RULE + at.WITHIN]:
                W[known + rule] = min(W[known + rule], day)
        counts >>= 1
        rule += 1


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _of_death(N: Any, W: Any, known: int, replicate: int, p: int, arm: int) -> None:
    """The event that a patient dies of, known when the death is."""
    death, counts = W[p * HOT + DEATH], N[N[at.DEATH_COUNTS] + 2 * arm]
    if N[N[at.DEATH_COUNTS] + 2 * arm + 1]:
        drawn, i = draw(N, at.FOLLOW_UP, replicate, W[p * HOT + ROW], 2), 0
        while drawn >= N[N[at.DIES_OF] + arm * N[at.EVENTS] + i]:
            i += 1
        counts |= N[N[at.EVENT_COUNTS] + 5 * (arm * N[at.EVENTS] + i) + 4]
    if counts != 0:
        _known(N, W, known, arm, death, recorded(N, W, replicate, p, death, 0), counts)


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _of_events(N: Any, W: Any, room: Any, known: int, replicate: int, p: int, arm: int) -> None:
    """Adverse events that are survived: ``virtual_patient._adverse_events``."""
    words, cycle_words = room[SAFETY_AT_HAND] + EVENT_WORDS, room[SAFETY_AT_HAND] + CYCLE_WORDS
    wide, end, span, at_hand = N[N[at.WIDE] + at.OF_EVENTS], off_study(W, p), -1, -1
    first = W[p * HOT + ROW] * wide
    for i in range(N[at.EVENTS]):
        by_grade = N[at.EVENT_COUNTS] + 5 * (arm * N[at.EVENTS] + i)
        cuts = N[at.EVENT_CUTS] + 4 * (arm * N[at.EVENTS] + i)
        if N[by_grade] | N[by_grade + 1] | N[by_grade + 2] | N[by_grade + 3] == 0:
            continue
        when = 0
        for k in range(3):
            number = 3 * i + k
            if number >> 3 != at_hand:
                at_hand = number >> 3
                draw_eight(N, W, N[at.KEYS] + 2 * at.OF_EVENTS, first + at_hand, replicate, words, 1)
            drawn = word(W, words, number & 7, 1)
            if k == 0 and drawn >= N[cuts]:
                break
            if k == 1:
                when = drawn
            if k == 2:
                grade = 4 if drawn < N[cuts + 1] else 3 if drawn < N[cuts + 2] else 1 if drawn < N[cuts + 3] else 2
                counts = N[by_grade + grade - 1]
                if counts != 0:
                    if span < 0:
                        span = min(_last_dose(N, W, cycle_words, replicate, p) + AFTER_DOSE, TOXIC_DAYS)
                    day = ((2 * when + 1) * span) >> 33
                    if day < end:
                        _known(N, W, known, arm, day, max(day, 1), counts)


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def _of_toxicities(N: Any, W: Any, known: int, replicate: int, p: int, arm: int) -> None:
    """Toxicities that the scenario states: ``virtual_patient._toxicities``."""
    row, last, goes_well = W[p * HOT + ROW], min(W[p * HOT + DEATH] - 1, W[p * HOT + GONE]), -1
    for i in range(N[at.TOXICITIES]):
        place = N[at.TOXICITY] + 5 * (arm * N[at.TOXICITIES] + i)
        if N[place + 4] == 0:
            continue
        if goes_well < 0 and N[place] != N[place + 1]:
            drawn = (
                draw(N, at.RESPONSE, replicate, row, 0)
                if N[at.GOOD_COLUMN] < 0
                else draw(N, at.OUTCOME, replicate, row, N[at.GOOD_COLUMN])
            )
            goes_well = int(drawn < N[N[at.GOES_WELL] + arm])
        if draw(N, at.OF_TOXICITIES, replicate, row, 3 * i) < N[place + int(goes_well == 0)]:
            day = N[place + 2] + (((2 * draw(N, at.OF_TOXICITIES, replicate, row, 3 * i + 1) + 1) * N[place + 3]) >> 33)
            if day <= last:
                delay = day_of(N, N[at.DELAY], draw(N, at.OF_TOXICITIES, replicate, row, 3 * i + 2)) - 1
                _known(N, W, known, arm, day, max(day + delay, 1), N[place + 4])


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def draw_events(N: Any, W: Any, room: Any, known: int, replicate: int, p: int) -> None:
    """Of each safety rule the day after randomisation on which the first event of the patient that counts is known, from ``known`` on; NO_DAY if
    there is none."""
    arm = W[p * HOT + ARM]
    for rule in range(N[at.SAFETY_RULES]):
        W[known + rule] = NO_DAY
    if N[at.SOME_TOXIC] and W[cold_of(N, p) + DIED_OF_IT] and W[p * HOT + DEATH] <= W[p * HOT + GONE]:
        _of_death(N, W, known, replicate, p, arm)
    if N[at.EVENTS] > 0:
        _of_events(N, W, room, known, replicate, p, arm)
    if N[at.TOXICITIES] > 0:
        _of_toxicities(N, W, known, replicate, p, arm)


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE))
def draw_contacts(N: Any, W: Any, room: Any, replicate: int, p: int) -> None:
    """The contacts of a patient that are recorded for the sake of safety rules, and with them what ``draw_events`` draws."""
    contacts, dose = contacts_of(N, p), N[N[at.FIRST_DOSE] + W[p * HOT + ARM]]
    W[contacts] = 0
    if dose >= 0 and dose < last_day_of_treatment(N, W, replicate, p):
        _add_contact(W, contacts, dose, max(dose, 1))
    draw_events(N, W, room, contacts - N[at.SAFETY_RULES], replicate, p)
