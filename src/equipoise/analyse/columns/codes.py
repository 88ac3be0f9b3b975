"""Codes: the words of the log as small integers, each the place of the word in its tuple."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.trial.lesion import Kind, State
from equipoise.trial.vocabularies import recist11

Days = NDArray[np.int32]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Reals = NDArray[np.float64]

#: Days count from 1970-01-01. What did not happen happens on this day, after all others.
NEVER = 2**23 - 1
#: `date.toordinal` of day 0.
EPOCH = 719_163

KINDS: tuple[str, ...] = get_args(Kind)
STATES: tuple[str, ...] = get_args(State)
#: '' stands for a response that is missing and for one that is none of these.
RESPONSES = ("", *recist11.VOCABULARY.order)
NEWS = ("", "equivocal", "unequivocal")

TARGET, NON_TARGET, NEW = (KINDS.index(k) for k in ("target", "non-target", "new"))
NOTHING = 0
CR, PR, NED, SD, NON_CR_NON_PD, PD, NE = (
    RESPONSES.index(word)
    for word in (
        recist11.CR, recist11.PR, recist11.NED, recist11.SD, recist11.NON_CR_NON_PD, recist11.PD, recist11.NE,
    )
)  # fmt: skip


def response_code(response: str) -> int:
    """The code of a response; 0 for a word that is no response."""
    return RESPONSES.index(response) if response in RESPONSES else NOTHING
