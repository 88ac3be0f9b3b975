"""Where everything stands in a plan's image: places of single numbers, and of where each table begins."""

from __future__ import annotations

# fmt: off
#: Single whole numbers; times in days. LEAVING_TABLE, DELAY, LATE: their row among the tables of CUTS.
#: PLAIN: the endpoint is of progression or death, and who has neither is censored at the last assessment. VARIES: some site's rate or opening does.
#: EXACT: every scan is made, on its day.
#: MOST_DELAY: no record comes later than so many days. MISSED, SCREENING_FAILURE, WITHDRAWN (share of those leaving who
#: withdraw): a word below it says yes.
(
    TARGET, HORIZON, ARMS, STRATA, SITES, FACTORS, LOOKS, TESTED, CONTROL, LANDMARK, WINDOW, REPLACES, PAUSES, CAP,
    READOUT_DELAY, FINAL_FOLLOW_UP, OF_PROGRESSION, OF_DEATH, AT_NO_EVENT, AT_WITHDRAWAL, AT_LOSS, AT_DEATH,
    FIRST_SCAN, EVERY, SCANS, REACH, CONTACT_EVERY, LEAVING_TABLE, SOME_TOXIC, DELAY, LATE, LARGEST_BLOCK, BLOCK_CHOICES,
    MOST_LEVELS, ACTION_SIDE, CAUTION_SIDE, PLAIN, VARIES,
    MOST_DELAY, RAMP, MISSED, SCREENING_FAILURE, WITHDRAWN, EXACT,
) = range(44)
#: Where each table of whole numbers begins. NEED (looks, 2): patients of the tested and of the control arm. BLOCKS (block
#: sizes, LARGEST_BLOCK): arms before they are shuffled. KEYS (purposes, 2) of the streams, LIST_KEYS (strata, 2), SITE_KEYS (sites, 2). WIDE: blocks of eight in a patient's row.
#: GUIDE_ROWS (tables, GUIDE / 4). FIRST, AFTER (arms, strata) and TOXIC (arms): rows of CUTS. OPENS (sites): planned days.
#: ACTION (looks, n, successes). CAUTION (n, successes) of the control arm. COUNTS: levels of each factor. NEXT_SCAN,
#: LAST_SCAN (days): the first scan that may fall on the day or later, the last that may fall on it or earlier.
#: CUTS (tables, days + 1): a word below it survives the day; the last is -1. DEATH_CUT (arms, days + 1): a word below it dies first.
#: LEVEL_CUT (factors, most levels): a word below it is of that level or an earlier one.
(
    NEED, COUNTS, BLOCK_SIZES, BLOCKS, KEYS, WIDE, LIST_KEYS, SITE_KEYS, GUIDE_ROWS, FIRST, AFTER, TOXIC, OPENS, ACTION,
    CAUTION, NEXT_SCAN, LAST_SCAN, CUTS, DEATH_CUT, LEVEL_CUT,
) = range(44, 64)
#: Where each table of real numbers begins. RATE (sites): promised, a month. SIZE (GAMMA_VALUES): factors of a site's rate.
(
    RATE, SIZE,
) = range(64, 66)
# fmt: on

#: The head of the whole numbers, before the first table.
HEAD = 66
#: Purposes whose streams the kernel draws from, in the order of KEYS.
PURPOSES = ("patient", "leaving", "visits", "reporting", "accrual")
PATIENT, LEAVING, VISITS, REPORTING, ACCRUAL = range(5)
#: Actions in the table, and what stands where the design refuses the evidence.
CONTINUE, STOP, DECLARE, NOTHING, REFUSED = range(5)
#: Where a patient is censored: no such rule, last assessment, last contact, that day.
NOWHERE, ASSESSMENT, CONTACT, THAT_DAY = range(4)

#: Entries of the guide to a table of days, by the leading bits of a word: the day, or where to begin looking for it.
GUIDE_BITS = 13
GUIDE = 1 << GUIDE_BITS
#: Added to such a day where the looking is still to be done.
LOOK = 1 << 15
