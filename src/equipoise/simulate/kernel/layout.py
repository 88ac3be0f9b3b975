"""Where everything lies in the room that a thread works in: patients, arrivals, what a look finds."""

from __future__ import annotations

from equipoise.simulate.day_table import HORIZON

# fmt: off
#: Patient p has HOT places from p HOT on: day of randomisation and first day on which the status changes, both from the
#: trial's start; to what, if that is all that ever happens to it, else PENDING; arm; death, progression seen, gone, in
#: days after randomisation; row in the streams.
AT, CHANGE, BECOMES, ARM, DEATH, SEEN, GONE, ROW = range(8)
HOT = 8
#: And COLD places, which are seldom needed, after the hot ones of all: number of the scan that shows progression; how the
#: patient left (1 withdrawn, 2 lost), if before dying; days after randomisation on which the status may change (see
#: ``patient``) and on which progression, death and leaving are recorded (UNDRAWN until asked for); the first words for
#: reporting.
(
    SEEN_AT, LEFT, FAILS, PASSES, LEAVES, S_LEFT, S_NONE, SEEN_KNOWN, DEATH_KNOWN, LEFT_KNOWN, REPORTS,
) = range(11)
COLD = 15
# fmt: on
NEVER = HORIZON + 1
#: A day that does not come.
NO_DAY = 1 << 30
UNDRAWN = -1
PENDING, SUCCESS, FAILURE, NOT_EVALUABLE = 0, 1, 2, 3

#: Patients whose coming is worked out at a time.
AT_ONCE = 16
#: Where the process of arrivals stands, after the days of the AT_ONCE patients at hand: the sum of the waiting times; the
#: day; patients expected before the next day; what that day adds, and by how much more each day adds; whether the sites
#: are known; the day from which on each adds the same. Then room for a block of words, and for each site the day on which it
#: opens.
PASSED, DAY, EXPECTED, ADDED, MORE, KNOWN, STEADY, WORDS = 16, 17, 18, 19, 20, 21, 22, 23
OPENED = 27

#: What a look finds: evaluated and successes of the tested arm and of the control arm.
FOUND = 4
