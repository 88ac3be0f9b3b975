"""Named rules: published sets of events and censoring rules for progression-free survival, as values.

FDA: Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics, December 2018, which took the example
tables for PFS from the guidance of 2007 (appendix 3). What we read is the edition of 2007. Table B, which moves each date to the
planned visit, is not built.

EMA: Appendix 1 to the guideline on the evaluation of anticancer medicinal products in man, EMA/CHMP/27994/2008/Rev.1, 2012:
events count whenever they come, whatever treatment or visits came between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RuleName = Literal["FDA documented progression", "FDA investigator claims", "EMA", "NORTH"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Events, and censoring rules in the order in which they apply, as they stand in a trial file."""

    label: str
    events: tuple[str, ...]
    censoring: tuple[Mapping[str, Any], ...]


def _at(day: str, *triggers: str) -> tuple[Mapping[str, Any], ...]:
    return tuple({"when": trigger, "at": day} for trigger in triggers)


NAMED_RULES: Mapping[str, Rules] = {
    "FDA documented progression": Rules(
        "FDA, table A: only progression that is documented by imaging, and death",
        ("documented progression", "death"),
        (
            *_at("origin", "no baseline"),
            *_at(
                "last assessment",
                "next therapy",
                "clinical progression",
                "treatment ended early",
                "missed assessments",
                "withdrawal",
                "loss",
                "no event",
            ),
        ),
    ),
    "FDA investigator claims": Rules(
        "FDA, table C: what the investigator calls progression, the end of treatment for it and a next therapy are events too",
        ("documented progression", "clinical progression", "next therapy", "death"),
        (*_at("origin", "no baseline"), *_at("last assessment", "withdrawal", "loss", "no event")),
    ),
    "EMA": Rules(
        "EMA: every progression by imaging and every death, whatever came before it",
        ("documented progression", "death"),
        _at("last assessment", "no event"),
    ),
    "NORTH": Rules(
        "NORTH as we wrote it down: progression of either kind and death; censored at a next therapy, withdrawal or loss",
        ("progression", "death"),
        _at("last assessment", "next therapy", "withdrawal", "loss", "no event"),
    ),
}
