"""Where everything lies in the room that a thread works in: patients, arrivals, how the trial stands; and in a row."""

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
#: ``patient``) and on which progression, death and leaving are recorded (UNDRAWN until asked for); whether an
#: adverse event is what the patient dies of (where some do); the first words for reporting.
(
    SEEN_AT, LEFT, FAILS, PASSES, LEAVES, S_LEFT, S_NONE, SEEN_KNOWN, DEATH_KNOWN, LEFT_KNOWN, DIED_OF_IT,
    REPORTS,
) = range(12)
COLD = 16
# fmt: on
#: After the cold places of all, for an endpoint that is no landmark, a patient's changes of status: how many, and of each
#: the day after randomisation and what it becomes. After those of all, RECORDS of each: when an event is known to each safety rule; and, where
#: a time is censored at the last contact and there are contacts that are none of disease, how many, and of each its day and when it is known.
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

# fmt: off
#: What a list of places in the room says, each where something begins: for each arm its patients in the order of
#: randomisation; how many are randomised to each arm; patients whose status may change more than once; of each
#: stratum's list the size of the block at hand, the place in it, blocks used, the block; patients by day, group and
#: event; a bit for each such day; arrivals; words of the patients at hand, and room; their strata; what a look finds, or
#: words for a block; by how much each day's arrivals change; scans of the patient at hand; adverse events and safety rules: words
#: at hand, and a block for each rule; how the trial stands.
(
    ORDER, ENROLLED, ODD, LISTS, COUNTS, MARKED, QUEUE, WORDS_AT_HAND, STRATA_AT_HAND, FOUND, STEPS, SCANS_AT_HAND,
    SAFETY_AT_HAND, STATE,
) = range(14)
#: What a look finds: evaluated and successes of the tested arm and of the control arm, and of the tested arm's look before.
FINDINGS = 6
#: Places of a scan at hand: its day, the day on which it is known, what it shows.
SCAN = 3
#: How the trial stands: stage from 0; patients randomised; of them, whose status may change more than once; enrolment is
#: closed, is paused; a look is awaited; the trial has ended. Of the stage: randomised when its cohort was enrolled (-1: it
#: is not), the day from which that is to be asked, the day on which it is so, the day from which that may change, the
#: first day on which the look may be ripe. Of the look: cut-off, read-out, what the rule says, how many of the tested arm the
#: next stage is to have (0: as planned). Of safety rules: the day on which one stops the trial, until when enrolment waits for a
#: review, the cut-off of the last look that is known and, from KEPT on, the columns SUCCESSES … CONTROL_EVALUABLE and CAUTION of it.
(
    STAGE, RANDOMISED, ODDS, CLOSED, PAUSED, AWAITED, ENDED, FULL_AT, FULL_FROM, FULL, FULL_TO, RIPE_FROM, CUTOFF,
    READOUT, ACTION, ENROL, STOPPED, HELD, KNOWN_CUTOFF, KEPT,
) = range(20)
STATES = 24
#: In that part of the room: words of adverse events, EVENT_PLACES of each of the AT_ONCE patients at hand, and of cycles; then a block for each safety rule.
EVENT_PLACES = 12
EVENT_WORDS, CYCLE_WORDS = 0, AT_ONCE * EVENT_PLACES
BLOCKS_OF_RULES = CYCLE_WORDS + 4
#: A rule's block: patients watched and events, of all who have come; the first day on which it speaks, the day from which it is not held to
#: have ended early; events of a rule between arms gone through, and those of the tested arm among them; looks taken, events at the
#: last, whether it spoke there, the first look at which it spoke (-1: none); the next month, or patients gone through, and
#: patients at the last look. Then the days of events in their order (and in the last bit whether in the tested arm), and the
#: days from which patients are watched or, of a rule on survival, its looks: day, deaths, whether it speaks.
(
    WATCHED_SO_FAR, EVENTS_SO_FAR, SPEAKS_FROM, NOT_ENDED_FROM, GONE_THROUGH, OF_TESTED_ARM, LOOKS_TAKEN, EVENTS_SEEN,
    SPOKE_LAST, SPOKE_ON, NEXT, PATIENTS_SEEN,
) = range(12)
DAYS_OF_EVENTS = 12
OF_LOOK = 3
#: Columns of a row: ``lines.INTEGERS``, the last look's question, and whether a safety rule speaks there that stops the trial.
(
    ROW_STATUS, ROW_LOOKS, ROW_ACTION, ROW_SUCCESSES, ROW_EVALUABLE, ROW_CONTROL_SUCCESSES, ROW_CONTROL_EVALUABLE,
    ROW_RANDOMISED, ROW_TESTED, ROW_COHORT_FULL, ROW_AT_CUTOFF, ROW_AT_READOUT, ROW_ON_STUDY, ROW_LOOK_DAY,
    ROW_READOUT_DAY, ROW_DURATION, ROW_CAUTION, ROW_EXPOSURE, ROW_EVENTS, ROW_CONTROL_EVENTS, ROW_FULL_DAY,
    ROW_ENROLMENT_DAY, ROW_SAFETY_LOOKS, ROW_SAFETY_SPOKE, ROW_SAFETY_DAY, ROW_SAFETY_EVENTS, ROW_SAFETY_STOPPED, ROW_QUESTION, ROW_OVERRULED,
) = range(29)
ROW_WIDTH = 29
#: Columns of a row of real numbers: ``lines.REAL_COLUMNS``, and what the last look read from the times.
REAL_STATISTIC = 3
REAL_WIDTH = 4
#: How a trial ended, in its row: it did, it was given up, the rule refused the evidence, the rule must be asked.
AT_ITS_END, GIVEN_UP, REFUSES, ASKS = range(4)
# fmt: on
