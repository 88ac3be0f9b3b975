"""Where everything stands in a plan's image: places of single numbers, and of where each table begins."""

from __future__ import annotations

# fmt: off
#: Single whole numbers; times in days. LEAVING_TABLE, DELAY, LATE: their row among the tables of CUTS.
#: REPLACES, EXCLUDES: the policy for who cannot be evaluated. PAUSES: who comes depends on looks; WAITS: enrolment pauses.
#: PLAIN: the endpoint is of progression or death, and who has neither is censored at the last assessment. VARIES: some site's rate or opening does.
#: EXACT: every scan is made, on its day. COMPARED: there is a randomised comparison of times.
#: MOST_DELAY: no record comes later than so many days. MISSED, SCREENING_FAILURE, WITHDRAWN (share of those leaving who
#: withdraw): a word below it says yes.
(
    TARGET, HORIZON, ARMS, STRATA, SITES, FACTORS, LOOKS, TESTED, CONTROL, REPLACES, EXCLUDES, PAUSES, WAITS, CAP,
    READOUT_DELAY, FINAL_FOLLOW_UP, OF_PROGRESSION, OF_DEATH, AT_NO_EVENT, AT_WITHDRAWAL, AT_LOSS, AT_DEATH,
    FIRST_SCAN, EVERY, SCANS, REACH, CONTACT_EVERY, LEAVING_TABLE, SOME_TOXIC, DELAY, LATE, LARGEST_BLOCK, BLOCK_CHOICES,
    MOST_LEVELS, PLAIN, VARIES, MOST_DELAY, RAMP, MISSED, SCREENING_FAILURE, WITHDRAWN, EXACT, COMPARED,
) = range(43)
#: The endpoint: its kind, the day that it is about and how long after it the status may still come to be known (landmark,
#: outcome); how many places a patient's changes of status take. Of a response: the last day on which it may first be seen, the
#: number of the assessment by then, the least time to its confirmation (-1: none is asked for), the day from which SD
#: counts, a bit for each best response that is a success; a word below it is no complete response. Which column says an outcome.
(
    ENDPOINT, LANDMARK, WINDOW, CHANGES, LAST_DAY, DUE_VISIT, CONFIRM_AFTER, STABLE_FROM, GOOD, INCOMPLETE, OUTCOME_COLUMN,
) = range(43, 54)
#: What a look asks: sides of the number that stands for a question (see ``answers``); the look before is found anew, its
#: successes are part of the question, they say how many the stage has; the controls' check is of times, and its caution
#: changes the answer.
(
    SIDE, CONTROL_SIDE, EARLIER, LOOKS_BACK, SIZED, BY_TIMES, TAKES_OVER,
) = range(54, 61)
#: How looks come: on patients whose outcome is known, on events, on patients enrolled. STATISTIC: what a look on events or on patients
#: enrolled reads from the times, and COUNTED_TO, up to which day after randomisation. BOTH_RATES: the design asks for the controls' successes too.
(
    LOOKS_ON, STATISTIC, COUNTED_TO, BOTH_RATES,
) = range(61, 65)
#: Safety rules beside the design: how many, and numbers in a row of SPEAKS; whether some stop the trial or pause it, whether some pause it,
#: whether some watch survival; places in the room for each. Of adverse events: the most of an arm, endpoints of toxicity, the most drugs of an
#: arm, the most days of a cycle, the column of the outcome that goes with toxicity (-1: response);
#: a bit for each safety rule for whose sake adverse events are recorded; whether contacts that are none of disease are kept; outcomes recorded by their
#: own names; places of a patient for when an event is known to each safety rule, and for those contacts; a bit for each block of eight words of adverse events that
#: some arm takes.
(
    SAFETY_RULES, SAFETY_SIDE, SAFETY_ACTS, SAFETY_PAUSES, SAFETY_SURVIVAL, SAFETY_PLACES, EVENTS, TOXICITIES, DRUGS,
    DOSE_DAYS, GOOD_COLUMN, ASKING, CONTACTS, OUTCOMES, RECORDS, BLOCKS_TAKEN,
) = range(65, 81)
#: Where each table of whole numbers begins. NEED (looks, 2): patients of the tested and of the control arm; or events, or patients enrolled, and 0. FOLLOW (looks, 2): of a look on
#: patients enrolled, for how many days the last of them and the first of all are followed. NOT_BEFORE (looks): the first day. BLOCKS (block
#: sizes, LARGEST_BLOCK): arms before they are shuffled. KEYS (purposes, 2) of the streams, LIST_KEYS (strata, 2), SITE_KEYS (sites, 2). WIDE: blocks of eight in a patient's row.
#: GUIDE_ROWS (tables, GUIDE / 4). FIRST, AFTER (arms, strata) and TOXIC (arms): rows of CUTS. OPENS (sites): planned days.
#: CAUTION (n, successes) of the control arm. TOO_SHORT, TOO_LONG (events): days at risk up to which, or from which on, that many events
#: of the controls are a caution. ENROLS (n, successes): patients that the stage after has. COUNTS: levels of each factor. NEXT_SCAN,
#: LAST_SCAN (days): the first scan that may fall on the day or later, the last that may fall on it or earlier.
#: CUTS (tables, days + 1): a word below it survives the day; the last is -1. DEATH_CUT (arms, days + 1): a word below it dies first.
#: LEVEL_CUT (factors, most levels): a word below it is of that level or an earlier one. RESPONDS, AT_FIRST, TURNS_OUT (arms): a word below it responds,
#: does so by the first scan, has a success as its outcome.
#: WATCHED (safety rules, OF_RULE): see there. SPEAKS (safety rules, numbers from 0): the least that speaks; of a rule on survival the next
#: number of deaths at which it looks. EARLY (safety rules, numbers): the largest number at which the rate is held acceptable early, -1 for none.
#: SINCE (safety rules, arms, 2): days after entry from which an event counts, after which it is known that the patient is watched.
#: MONTHS: the days of monthly looks, up to one beyond the horizon. TIME_OF (safety rules, 6): of a rule on survival, OF_PROGRESSION … AT_DEATH of its endpoint.
#: EVENT_CUTS (arms, EVENTS, 4): where the words of each grade end (``event_words``). MAY_COUNT (arms, EVENTS): words below it may be an event that counts for a safety rule.
#: EVENT_COUNTS (arms, EVENTS, 5): by grade, in the order of their words and then 5, a bit for each safety rule for which the event counts. DEATH_COUNTS (arms, 2): the same of a death due to
#: whichever of them; whether it matters to which. DIES_OF (arms, EVENTS): a word below it dies of that event or an earlier one, where it matters.
#: DOSES (arms, DRUGS, 3 + DOSE_DAYS): cycles, days of a cycle, how many doses in it, and their days from 0. TREATED (arms, 2): a word below it
#: stops for toxicity; has a cycle late. TOXICITY (arms, TOXICITIES, 5): a word below it has it, of who responds and who does not; the first day that
#: counts, and how many; a bit for each safety rule for which it counts. GOES_WELL (arms): a word below it responds, where that goes with toxicity.
#: FIRST_DOSE (arms): the day after entry on which it is recorded; -1 where it is not. LAST_DOSE (arms, days): of who has no dose from a day on, if no
#: cycle is late. LAST_EVENT (arms): how many events are looked for, the first ones; EVENT_BLOCKS (arms): a bit for each block of eight words that they and the day of death of one take.
#: DUE (arms, OUTCOMES): the day on which an outcome is due; NO_DAY where the scenario says none of it.
(
    NEED, NOT_BEFORE, COUNTS, BLOCK_SIZES, BLOCKS, KEYS, WIDE, LIST_KEYS, SITE_KEYS, GUIDE_ROWS, FIRST, AFTER, TOXIC, OPENS,
    CAUTION, TOO_SHORT, TOO_LONG, ENROLS, NEXT_SCAN, LAST_SCAN, CUTS, DEATH_CUT, LEVEL_CUT, RESPONDS, AT_FIRST, TURNS_OUT,
    FOLLOW, WATCHED, SPEAKS, EARLY, SINCE, MONTHS, TIME_OF, EVENT_CUTS, EVENT_COUNTS, DEATH_COUNTS, DIES_OF, DOSES, TREATED,
    TOXICITY, GOES_WELL, FIRST_DOSE, LAST_DOSE, LAST_EVENT,
    EVENT_BLOCKS, DUE, MAY_COUNT,
) = range(81, 128)
#: Where each table of real numbers begins. RATE (sites): promised, a month. SIZE (GAMMA_VALUES): factors of a site's rate. REFERENCE: what
#: the statistic compares with (``numerics.times.by_day``). THRESHOLD (safety rules, numbers): of a rule on survival, the log hazard ratio that speaks at so many deaths.
(
    RATE, SIZE, REFERENCE, THRESHOLD,
) = range(128, 132)
# fmt: on

#: The head of the whole numbers, before the first table.
HEAD = 132
#: Numbers of a safety rule in WATCHED: the tested arm; the control arm (-1: a rule on one arm); whether it watches survival; how long an event counts;
#: the last number at which it looks; when: AFTER_EVENTS, MONTHLY, or a number of patients; what it does; how long its review takes.
(
    OF_TESTED, OF_CONTROL, OF_SURVIVAL, WITHIN, LAST_NUMBER, WHEN, DOES, REVIEW,
) = range(8)  # fmt: skip
OF_RULE = 8
AFTER_EVENTS, MONTHLY = 0, -1
#: What a safety rule does that speaks.
CAUTIONS, PAUSES_TRIAL, STOPS_TRIAL = range(3)
#: Purposes whose streams the kernel draws from, in the order of KEYS.
PURPOSES = (
    "patient", "leaving", "visits", "reporting", "accrual", "response", "outcome", "toxicity", "treatment", "cycles", "follow-up",
    "toxicities",
)  # fmt: skip
(
    PATIENT, LEAVING, VISITS, REPORTING, ACCRUAL, RESPONSE, OUTCOME, OF_EVENTS, TREATMENT, CYCLES, FOLLOW_UP, OF_TOXICITIES,
) = range(12)  # fmt: skip
#: Kinds of endpoint.
OF_LANDMARK, OF_RESPONSE, OF_OUTCOME, OF_TIME = range(4)
#: How looks come.
ON_PATIENTS, ON_EVENTS, ON_ENROLLED = range(3)
#: What is read from times: the log-rank statistic of two arms; of one arm against a reference, the forms of ``numerics.times.by_day``.
LOG_RANK, EXPECTED, HAZARD, LOG_LOG, SURVIVAL = range(5)
#: What a patient's best response may be, from best to worst (``image_of_endpoint.BEST``); nothing: without an assessment.
CR, PR, SD, PD, NE, NO_BEST = range(6)
#: Actions, and what stands where the design refuses the evidence.
CONTINUE, STOP, DECLARE, NOTHING, REFUSED = range(5)
#: Where a patient is censored: no such rule, last assessment, last contact, that day.
NOWHERE, ASSESSMENT, CONTACT, THAT_DAY = range(4)

#: Entries of the guide to a table of days, by the leading bits of a word: the day, or where to begin looking for it.
GUIDE_BITS = 13
GUIDE = 1 << GUIDE_BITS
#: Added to such a day where the looking is still to be done.
LOOK = 1 << 15
