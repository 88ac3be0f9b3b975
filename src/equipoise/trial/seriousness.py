"""What makes an adverse event serious (ICH E2A, and two that CDISC adds): the words of an event's ``criteria``."""

from __future__ import annotations

#: The outcomes that make an event serious: those of ICH E2A, then cancer and overdose.
CRITERIA = (
    "death", "life-threatening", "hospitalisation", "disability", "congenital anomaly", "medically important", "cancer", "overdose",
)  # fmt: skip


def by_grade(grade: int) -> list[str]:
    """The criterion that a serious event of a virtual patient meets: CTCAE's grade 5 is death, its grade 4 is life-threatening."""
    return ["death" if grade == 5 else "life-threatening" if grade == 4 else "medically important"]
