"""What is impossible of an adverse event: its grade, edition, criteria, term and class."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.trial.check import near
from equipoise.trial.event import Event
from equipoise.trial.grading import EDITIONS
from equipoise.trial.organ_class import ORGAN_CLASSES
from equipoise.trial.problem import Problem
from equipoise.trial.seriousness import CRITERIA


def adverse_event_problems(event: Event) -> Iterator[Problem]:
    """Details that no adverse event can have, or that contradict each other."""
    if event.data["grade"] not in range(1, 6):
        yield Problem("grade-out-of-range", "grade", str(event.data["grade"]), "1 to 5 (CTCAE)")
    edition = event.data.get("ctcae")
    if edition is not None and edition not in EDITIONS:
        yield Problem("unknown-edition", "ctcae", str(edition), "an edition of CTCAE, 3 to 6")
    yield from _criteria(event)
    if not event.data["term"].strip():
        yield Problem("no-term", "term", repr(event.data["term"]), "what happened, in a word: 'neutropenia'")
    organ = event.data.get("organ_class")
    # What is taken from datasets may be coded by another dictionary; what is given by hand is MedDRA's.
    if organ is not None and not event.source and organ.casefold() not in {c.casefold() for c in ORGAN_CLASSES}:
        yield Problem(
            "unknown-organ-class", "organ-class", repr(organ), "a system organ class of MedDRA, one of 27",
            near(organ, list(ORGAN_CLASSES)),
        )  # fmt: skip


def _criteria(event: Event) -> Iterator[Problem]:
    """What makes an adverse event serious, where it is said; an event that is not serious meets none."""
    said = event.data.get("criteria", [])
    for word in said:
        if word not in CRITERIA:
            yield Problem(
                "unknown-criterion",
                "criteria",
                repr(word),
                f"one of {', '.join(CRITERIA)}",
                near(str(word), list(CRITERIA)),
            )
    # Datasets that are taken in may contradict themselves; what is given by hand may not.
    if said and event.data.get("serious") is not True and not event.source:
        yield Problem(
            "not-serious",
            "criteria",
            ", ".join(map(str, said)),
            "none, for the event is not said to be serious",
            "--serious true",
        )
