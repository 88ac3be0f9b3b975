"""Assessors in parameter codes: a code says whose assessments a parameter is of, in at most eight characters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from equipoise.trial.assessment import INVESTIGATOR


def label_of(assessor: str) -> str:
    """As PARAM names an assessor: 'Investigator', 'Radiologist 1'."""
    return assessor[:1].upper() + assessor[1:].lower()


def codes(assessors: Sequence[str]) -> dict[str, str]:
    """Assessor → what is put behind a parameter's code: nothing for the investigator, 'R1' for 'RADIOLOGIST 1'.

    Initials and number, where they tell the assessors apart; else 'A1', 'A2' … in the order of their names.
    """
    others = [a for a in sorted(set(assessors)) if a != INVESTIGATOR]
    short = {a: _initials(a) for a in others}
    if len(set(short.values())) < len(others) or any(not s or len(s) > 3 for s in short.values()):
        short = {a: f"A{i}" for i, a in enumerate(others, 1)}
    return {INVESTIGATOR: "", **short}


def _initials(assessor: str) -> str:
    return "".join(w if w.isdigit() else w[0] for w in re.findall(r"[A-Za-z]+|\d+", assessor)).upper()


def parameter_code(code: str, of: str) -> str:
    """A parameter's code for an assessor, at most eight characters."""
    return (code[: 8 - len(of)] + of).upper()
