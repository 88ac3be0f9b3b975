"""The words of TU and TR: what each of CDISC's terms, and of those that sponsors write in their place, means to us.

From CDISC's lists TUIDRS, TUTESTCD, TRTESTCD and TRPROPRS, and its supplement for RECIST 1.1; the table is in ``docs/tumours.md``. A word that
is in none of these is not understood: it is listed, and what it was said of was not evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from equipoise.trial.lesion import Kind, State

#: Tests of TU that identify a lesion; the last two identify what became of lesions.
IDENTIFY = ("", "TUMIDENT", "LESIDENT", "TUSPLIT", "TUMERGE")
#: What a lesion is identified as → its kind.
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("TARGET", "TARGET LESION", "TARGET NODAL", "TARGET EXTRA NODAL", "TARGET NODULE", "INDEX"), "target"),
    **dict.fromkeys(
        ("NON-TARGET", "NONTARGET", "NON TARGET", "NON-TARGET LESION", "NON-TARGET NODAL", "NON-TARGET EXTRA NODAL",
         "NON-TARGET ENHANCING", "NON-TARGET NON-ENHANCING", "NON-INDEX"), "non-target",
    ),
    **dict.fromkeys(("NEW", "NEW LESION", "NEW TARGET", "NEW NON-TARGET", "NEW INDEX", "NEW NON-INDEX"), "new"),
}  # fmt: skip
#: What a target lesion is measured by, in the order in which it counts: a node by its short axis.
NODE_SIZES = ("SAXIS", "LPERP", "DIAMETER", "LDIAM")
OTHER_SIZES = ("LDIAM", "DIAMETER")
SUMS = ("SUMDIAM", "SUMLDIAM")
#: What TRSTAT says of a lesion that nobody could look at.
NOT_DONE = ("NOT DONE", "NE", "NOT EVALUABLE")
#: Tests that say how a lesion stands.
STATE_TESTS = ("TUMSTATE", "LNSTATE", "NEWCONF", "TOOSMALL")
#: Tests whose results follow from the diameters.
FOLLOW = frozenset((
    "SUMNLNLD", "SUMLPERP", "ACHNAD", "ACNSD", "PCHGBL", "PCHGNAD", "PCBSD", "PCNSD", "PCBSLD", "PCNSLD", "LNSTATE",
))  # fmt: skip

_SMALL = frozenset((
    "TOO SMALL TO MEASURE", "TOO SMALL", "TOO SMALL TO BE MEASURED", "BELOW MEASURABLE LIMIT", "BELOW MEASURABLE LIMITS",
    "BELOW LIMIT OF MEASUREMENT", "BML", "TSTM", "<5", "< 5", "<5MM", "<5 MM", "< 5 MM",
))  # fmt: skip
#: Of a node that is below 10 mm; of a target node its size is what counts.
_SMALL_NODE = frozenset(("NON-PATHOLOGICAL", "NONPATHOLOGICAL"))
_ABSENT = _SMALL_NODE | {"ABSENT", "NOT PRESENT", "DISAPPEARED", "RESOLVED", "CR", "COMPLETE RESPONSE"}
_UNSEEN = frozenset((
    "NE", "NOT EVALUABLE", "NOT ASSESSABLE", "INEVALUABLE", "UNEVALUABLE", "NON-EVALUABLE", "NOT EVALUATED", "NOT DONE",
    "UNKNOWN", "UNK", "U", "ND",
))  # fmt: skip
_PROGRESSED = frozenset(("UNEQUIVOCAL", "UNEQUIVOCAL PROGRESSION", "UNEQUIVOCAL INCREASE", "PD", "PROGRESSIVE DISEASE"))
#: Still there, and no more is said: neither gone nor progressing unequivocally.
_THERE = frozenset((
    "PRESENT", "UNCHANGED", "DECREASED", "INCREASED", "STABLE", "PERSISTENT", "EQUIVOCAL", "ENLARGEMENT",
    "ENLARGEMENT FROM NADIR", "FURTHER ENLARGEMENT", "FURTHER ENLARGEMENT FROM NADIR", "PATHOLOGICAL", "PALPABLE",
    "NON-CR/NON-PD", "NON-PD", "SD", "PR",
))  # fmt: skip
_MERGED = re.compile(r"MERGE|COALESC|CONFLUEN")
_SPLIT = re.compile(r"\bSPLIT")


def state_of(kind: Kind, term: str) -> State | None:
    """The state of a lesion that a word (in capitals) says; None for one that is not understood of this kind.

    A target lesion that is there, and of no size, is not understood: its size is what counts.
    """
    if has_merged(term):
        return "merged"
    if term in _UNSEEN:
        return "not evaluated"
    if term in _ABSENT and not (kind == "target" and term in _SMALL_NODE):
        return "absent"
    if kind == "target":
        return "too small" if term in _SMALL else None
    if kind == "new":
        if term == "EQUIVOCAL":
            return "equivocal"
        return "unequivocal" if term in _THERE | _PROGRESSED | _SMALL else None
    if term in _PROGRESSED:
        return "unequivocal progression"
    return "present" if term in _THERE | _SMALL else None


def has_merged(text: str) -> bool:
    """True of a word, or a reason, in capitals that says that a lesion grew together with another."""
    return bool(_MERGED.search(text))


def has_split(text: str) -> bool:
    """True of a word, or a reason, in capitals that says that a lesion split."""
    return bool(_SPLIT.search(text))
