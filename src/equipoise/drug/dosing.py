"""From a dose as a protocol writes it to milligrams: flat, by weight, by body surface, by Calvert with its cap."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.trial.problem import BadInput, Problem

#: Largest glomerular filtration rate that Calvert's formula is given [mL/min] (FDA 2010, as NCCN's appendix B).
CALVERT_CAP = 125.0
Basis = Literal["mg", "mg/kg", "mg/m2", "AUC"]
Surface = Literal["DuBois", "Mosteller"]
#: What of a patient each basis asks for.
NEEDS: Mapping[Basis, str] = {"mg": "", "mg/kg": "weight", "mg/m2": "bsa", "AUC": "gfr"}
ALLOWED = "a dose such as '3.6 mg/kg', '112 mg/m2', '180 mg' or 'AUC 5'"
_WRITTEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)\s*(mg/kg|mg/m2|mg/m²|mg)|AUC\s*(\d+(?:\.\d+)?))(?=\s|$)")
_NUMBER = re.compile(r"\s*(?:AUC\s*)?\d+(?:\.\d+)?\s*|\s*AUC\s*")
F = NDArray[np.float64]


def body_surface(weight: ArrayLike, height: ArrayLike, formula: Surface = "DuBois") -> F:
    """Body surface [m2] of ``weight`` [kg] and ``height`` [cm].

    DuBois & DuBois 1916: 0.007184 W^0.425 H^0.725 (doi:10.1001/archinte.1916.00080130010002); Mosteller 1987: sqrt(W H / 3600)
    (doi:10.1056/NEJM198710223171717).
    """
    w, h = np.asarray(weight, float), np.asarray(height, float)
    return 0.007184 * w**0.425 * h**0.725 if formula == "DuBois" else np.sqrt(w * h / 3600.0)


def calvert(area: ArrayLike, gfr: ArrayLike, cap: float = CALVERT_CAP) -> F:
    """Carboplatin [mg] for ``area`` [mg/mL·min] and ``gfr`` [mL/min], which counts up to the cap (Calvert 1989)."""
    found: F = np.asarray(area, float) * (np.minimum(np.asarray(gfr, float), cap) + 25.0)
    return found


@dataclass(frozen=True)
class Dose:
    """A dose as written: a number and what it is per."""

    value: float
    basis: Basis

    def __str__(self) -> str:
        return f"AUC {self.value:g}" if self.basis == "AUC" else f"{self.value:g} {self.basis}"

    def milligrams(self, patient: Mapping[str, ArrayLike]) -> F:
        """Milligrams for a patient of such weight [kg], bsa [m2] and gfr [mL/min]. Raises BadInput for what is not known."""
        needed = NEEDS[self.basis]
        if not needed:
            return np.asarray(self.value)
        if needed not in patient:
            said = {"weight": "--weight", "bsa": "--bsa, or --weight and --height", "gfr": "--gfr"}[needed]
            raise BadInput(str(self), [Problem("missing", needed, "nothing", f"a dose in {self.basis} needs {said}")])
        measured = np.asarray(patient[needed], float)
        return calvert(self.value, measured) if self.basis == "AUC" else self.value * measured


def take_dose(text: str, where: str = "--dose") -> tuple[Dose, int]:
    """The dose at the beginning of a text, and where it ends. Raises BadInput, naming the character that cannot be read."""
    found = _WRITTEN.match(text)
    number = float(found[1] or found[3]) if found else 0.0
    if found is None or number <= 0:
        begun = _NUMBER.match(text)
        at = begun.end() if begun and found is None else len(text) - len(text.lstrip())
        word = repr(text[at:].split(" ")[0]) if text[at:] else "its end"
        raise BadInput(text, [Problem("dose", f"{where}, character {at + 1}", word, ALLOWED)])
    basis: Basis = "AUC" if found[3] else found[2].replace("²", "2")  # type: ignore[assignment]
    return Dose(number, basis), found.end()


def read_dose(text: str, where: str = "--dose") -> Dose:
    """A dose alone. Raises BadInput, naming where what is not read begins."""
    dose, end = take_dose(text, where)
    rest = text[end:].strip()
    if rest:
        raise BadInput(text, [Problem("dose", f"{where}, character {text.index(rest, end) + 1}", repr(rest), ALLOWED)])
    return dose
