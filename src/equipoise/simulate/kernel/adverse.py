"""Adverse events of a virtual patient, compiled: on which day the first of them is known that counts for each safety rule.

The same draws as in ``virtual_patient``, ``event_words`` and ``toxicities``. Only what may count for a rule is drawn, and how long treatment went on
only of who has an event that would count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.numerics.engine.compiled import NONE, WHOLE, WHOLES, jit, jit_in_place, lowest
from equipoise.numerics.random.philox import block
from equipoise.simulate.day_table import HORIZON
from equipoise.simulate.event_words import FIRST_KIND
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.draws import day_of, draw, draw_eight, word
from equipoise.simulate.kernel.layout import (
    ARM,
    CYCLE_WORDS,
    DEATH,
    DIED_OF_IT,
    EVENT_PLACES,
    GONE,
    HOT,
    NO_DAY,
    ROW,
    SAFETY_AT_HAND,
)
from equipoise.simulate.kernel.patient import cold_of, contacts_of, known_of, off_study, recorded
from equipoise.simulate.treated import AFTER_DOSE, NO_STOP, STOP_DAYS, TOXIC_DAYS

#: From this day of the last dose on, adverse events may come as late as any.
LATE_ENOUGH = TOXIC_DAYS - AFTER_DOSE


@jit(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE))
def last_day_of_treatment(N: Any, W: Any, replicate: int, p: int) -> int:
    """The day, after randomisation, from which no dose is given: off study or stopped for toxicity."""
    end, stops = off_study(W, p), N[N[at.TREATED] + 2 * W[p * HOT + ARM]]
    if stops == 0 or end <= NO_STOP:
        return min(end, HORIZON)
    key, number = N[at.KEYS] + 2 * at.TREATMENT, W[p * HOT + ROW] * N[N[at.WIDE] + at.TREATMENT]
    first, _, _, _ = block(np.uint64(N[key]), np.uint64(N[key + 1]), number, replicate)
    drawn: Any = np.int64(first)
    when = ((2 * ((drawn >> 32) & 0xFFFFFFFF) + 1) * STOP_DAYS) >> 33
    return min(end, HORIZON if drawn & 0xFFFFFFFF >= stops else NO_STOP + when)


@jit_in_place(WHOLE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE))
def _last_dose(N: Any, W: Any, words: int, replicate: int, p: int) -> int:
    """The day of the last dose; of late ones any from LATE_ENOUGH on. ``words``: room for a block."""
    arm, row = W[p * HOT + ARM], W[p * HOT + ROW]
    stop, late_below = last_day_of_treatment(N, W, replicate, p), N[N[at.TREATED] + 2 * arm + 1]
    if late_below == 0:
        return N[N[at.LAST_DOSE] + arm * (HORIZON + 1) + stop]
    last, at_hand, side = 0, -1, 3 + N[at.DOSE_DAYS]
    for k in range(N[at.DRUGS]):
        drug = N[at.DOSES] + (arm * N[at.DRUGS] + k) * side
        late, cycle = 0, 1
        while cycle <= N[drug] and last < LATE_ENOUGH:
            # As many numbers as CYCLES has stand for all cycles, over and over.
            number = cycle % (8 * N[N[at.WIDE] + at.CYCLES])
            if cycle > 1:
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


@jit_in_place(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _known(N: Any, W: Any, known: int, arm: int, happened: int, day: int, counts: int) -> None:
    """An event on the day ``happened`` is known on ``day``: to each rule for which it counts (``counts``, in bits) and in whose time it is."""
    if N[at.CONTACTS] > 0 and counts & N[at.ASKING]:
        _add_contact(W, known + N[at.SAFETY_RULES], happened, day)
    for rule in range(N[at.SAFETY_RULES]):
        since = N[N[at.SINCE] + 2 * (rule * N[at.ARMS] + arm)]
        within = since + N[N[at.WATCHED] + rule * at.OF_RULE + at.WITHIN]
        # Whether it is so cannot be foreseen: worked out without a jump.
        counted = ((counts >> rule) & 1 != 0) & (since <= happened) & (happened <= within)
        W[known + rule] = min(W[known + rule], day if counted else NO_DAY)


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


@jit_in_place(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE))
def _of_events(N: Any, W: Any, room: Any, words: int, known: int, replicate: int, p: int, arm: int) -> None:
    """Adverse events that are survived: ``treated``."""
    end, span, coming, place = off_study(W, p), -1, 0, arm * N[at.EVENTS]
    # Which may count, before any is looked at: most patients have few of them.
    for i in range(N[N[at.LAST_EVENT] + arm]):
        coming |= int(word(W, words, FIRST_KIND + i, 1) < N[N[at.MAY_COUNT] + place + i]) << i
    while coming != 0:
        i = lowest(coming)
        coming &= coming - 1
        drawn, ends = word(W, words, FIRST_KIND + i, 1), N[at.EVENT_CUTS] + 4 * (place + i)
        grade = int(drawn >= N[ends]) + int(drawn >= N[ends + 1]) + int(drawn >= N[ends + 2])
        counts = N[N[at.EVENT_COUNTS] + 5 * (place + i) + grade]
        if counts != 0:
            if span < 0:
                span = min(_last_dose(N, W, room[SAFETY_AT_HAND] + CYCLE_WORDS, replicate, p) + AFTER_DOSE, TOXIC_DAYS)
            begin = N[ends + grade - 1] if grade > 0 else 0
            day: Any = np.uint64((2 * (drawn - begin) + 1) * span) // np.uint64(2 * (N[ends + grade] - begin))
            day = np.int64(day)
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


@jit_in_place(NONE(WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def draw_words(N: Any, W: Any, words: int, replicate: int, first: int, end: int) -> None:
    """The words for adverse events of patients ``first`` … ``end`` - 1, EVENT_PLACES of each, from ``words`` on: as far as they are asked for."""
    key, wide = N[at.KEYS] + 2 * at.OF_EVENTS, N[N[at.WIDE] + at.OF_EVENTS]
    # Of all patients before any is looked at, so that one block is worked out beside another.
    for b in range(wide):
        if (N[at.BLOCKS_TAKEN] >> b) & 1:
            for p in range(first, end):
                if (N[N[at.EVENT_BLOCKS] + W[p * HOT + ARM]] >> b) & 1:
                    to = words + (p - first) * EVENT_PLACES + 4 * b
                    draw_eight(N, W, key, W[p * HOT + ROW] * wide + b, replicate, to, 1)


@jit(NONE(WHOLES, WHOLES, WHOLE, WHOLE))
def _draw_contacts(N: Any, W: Any, replicate: int, p: int) -> None:
    """The contacts before those of adverse events: the first dose, outcomes by their own names."""
    contacts, dose = contacts_of(N, p), N[N[at.FIRST_DOSE] + W[p * HOT + ARM]]
    W[contacts] = 0
    if dose >= 0 and dose < last_day_of_treatment(N, W, replicate, p):
        _add_contact(W, contacts, dose, max(dose, 1))
    row, last = W[p * HOT + ROW], min(W[p * HOT + DEATH] - 1, W[p * HOT + GONE])
    for i in range(N[at.OUTCOMES]):
        due = N[N[at.DUE] + W[p * HOT + ARM] * N[at.OUTCOMES] + i]
        if due <= last:
            delay = day_of(N, N[at.DELAY], draw(N, at.OUTCOME, replicate, row, 2 * i + 1)) - 1
            _add_contact(W, contacts, due, max(due + delay, 1))


@jit(NONE(WHOLES, WHOLES, WHOLES, WHOLE, WHOLE, WHOLE, WHOLE))
def draw_events(N: Any, W: Any, room: Any, words: int, replicate: int, first: int, end: int) -> None:
    """Of patients ``first`` … ``end`` - 1 when the first event that counts for each safety rule is known; and the contacts that are none of disease: outcomes
    by their own names, and what is recorded for the sake of safety rules. ``words``: where the first one's words for adverse events lie."""
    for p in range(first, end):
        arm, known = W[p * HOT + ARM], known_of(N, p)
        for rule in range(N[at.SAFETY_RULES]):
            W[known + rule] = NO_DAY
        if N[at.CONTACTS]:
            _draw_contacts(N, W, replicate, p)
        if N[at.SOME_TOXIC] and W[cold_of(N, p) + DIED_OF_IT] and W[p * HOT + DEATH] <= W[p * HOT + GONE]:
            _of_death(N, W, known, replicate, p, arm)
        if N[N[at.LAST_EVENT] + arm] > 0:
            _of_events(N, W, room, words + (p - first) * EVENT_PLACES, known, replicate, p, arm)
        if N[at.TOXICITIES] > 0:
            _of_toxicities(N, W, known, replicate, p, arm)
