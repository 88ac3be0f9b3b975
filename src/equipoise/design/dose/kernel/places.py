"""Where things stand in the numbers by which the kernel knows a design (``image``), and in the row that it writes for each trial."""

from __future__ import annotations

#: How the design is told: by its table of moves, or state by state.
BY_TABLE, BY_STATES = 0, 1

#: Whole numbers of both.
FORM, DOSES, KEY, HEAD = 0, 1, 2, 4

#: By table, from HEAD on: cohort, most patients, first dose, patients in a row of the tables, how many rules of enough patients at a dose, and where
#: these and the table begin. Such a rule: patients, and whether only where the design would stay.
COHORT, MOST, START, SIDE, STOPS, STOPS_AT, TABLE_AT = range(HEAD, HEAD + 7)
#: A cell of the table: the move (0 down, 1 stay, 2 up) and whether: the dose is out; the trial ends; no dose is chosen.
MOVE, OUT, ENDS, NONE = 3, 4, 8, 16

#: By states, from HEAD on: where the states and the ways begin, and the numbers of what a cohort may show. A state: the dose (0: the end), the
#: cohort, and where its ways begin.
STATES_AT, SHOWN_AT, SHOWN_SIDE, OF_RESPONSE = range(HEAD, HEAD + 4)
STATE = 3

#: Real numbers: the rates of DLTs and of responses by dose, then by table the target, the largest rate that is chosen, and of each
#: cell the estimate and its weight.
RATES = 0

#: A row by table: the dose chosen, why it ended, cohorts; patients and DLTs by dose. By states: the state in which it ended.
CHOSEN, WHY, COHORTS, COUNTS = range(4)
ENOUGH_PATIENTS, TOO_TOXIC, ENOUGH_AT_DOSE = 1, 2, 3

#: Room to work in: the numbers of so many patients, and three numbers a dose.
AT_ONCE = 16
