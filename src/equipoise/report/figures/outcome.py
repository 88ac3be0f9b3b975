"""How a patient's outcome in dose finding looks: by colour, by mark and by letter, so that none of them is needed alone."""

from __future__ import annotations

from equipoise.report.figures.style import GREEN, GREY, ORANGE, SKY

#: Letter → what it says, its colour, its mark.
OUTCOMES: dict[str, tuple[str, str, str]] = {
    "N": ("no DLT", GREEN, "o"),
    "T": ("a DLT", ORANGE, "X"),
    "P": ("pending", SKY, "D"),
    "X": ("not evaluable, replaced", GREY, "s"),
}
