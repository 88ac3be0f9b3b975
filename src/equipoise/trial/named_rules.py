"""Named rules: published sets of events and censoring rules for progression-free survival, as values.

``source`` says where a set comes from, and ``read`` how much of it we could read ourselves and what we wrote down from memory: a trial's
statistician should hold the set against the document before relying on its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RuleName = Literal["FDA documented progression", "FDA investigator claims", "EMA", "NORTH"]

_FDA = (
    "FDA, Guidance for Industry: Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics, May 2007, appendix 3, "
    "table {}; the guidance was revised in December 2018"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Events, and censoring rules in the order in which they apply, as they stand in a trial file."""

    label: str
    events: tuple[str, ...]
    censoring: tuple[Mapping[str, Any], ...]
    source: str
    read: str
    #: What the document says and these rules do not do.
    departs: str = ""


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
        _FDA.format("A (PFS 1, documented progression only)"),
        "The table's introduction was read (progression by imaging only, on the day it was first noted; deaths after two or more missed "
        "visits censored at the last visit). Its rows are from memory.",
        "Withdrawal and loss have no row of their own: they are taken as 'no progression'.",
    ),
    "FDA investigator claims": Rules(
        "FDA, table C: what the investigator calls progression without imaging is an event too",
        ("documented progression", "clinical progression", "death"),
        (
            *_at("origin", "no baseline"),
            *_at("last assessment", "next therapy", "treatment ended early"),
            {"when": "missed assessments", "at": "last assessment", "before": "death"},
            *_at("last assessment", "withdrawal", "loss", "no event"),
        ),
        _FDA.format("C (PFS 3, investigator claims)"),
        "From memory: the rows of table C could not be read.",
        "The table dates progression to the planned visit at or after it; here it keeps the day on which it was seen.",
    ),
    "EMA": Rules(
        "EMA: every progression by imaging and every death, whatever came before it",
        ("documented progression", "death"),
        _at("last assessment", "no event"),
        "EMA, appendix 1 to the guideline on the evaluation of anticancer medicinal products in man, EMA/CHMP/27994/2008/Rev.1, "
        "13 December 2012",
        "The definition of PFS was read (randomisation to objective progression or death from any cause). That neither a next therapy, "
        "nor stopping treatment, nor missed assessments censor is from memory.",
    ),
    "NORTH": Rules(
        "NORTH as we wrote it down: progression of either kind and death; censored at a next therapy, withdrawal or loss",
        ("progression", "death"),
        _at("last assessment", "next therapy", "withdrawal", "loss", "no event"),
        "Ours: the trial's announcement gives no rules",
        "",
    ),
}
