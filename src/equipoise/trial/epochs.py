"""Arms by epochs: what happens to whom in which part of the trial, as USDM's study cells and SDTM's TA and TE have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from equipoise.trial.arm import Treatment
from equipoise.trial.hand_over import phase1_arm
from equipoise.trial.trial import Trial

Epoch = Literal["screening", "treatment", "follow-up"]
EPOCHS: tuple[Epoch, ...] = ("screening", "treatment", "follow-up")


@dataclass(frozen=True)
class Group:
    """Whom a patient may be put with: an arm or, where the dose is found, a dose level."""

    code: str
    label: str
    tested: bool
    regimen: tuple[Treatment, ...]
    level: bool = False


@dataclass(frozen=True)
class Element:
    """A stretch of a patient's time in the trial: how it begins and ends. ``code``: eight characters at most."""

    code: str
    name: str
    epoch: Epoch
    starts: str
    ends: str
    regimen: tuple[Treatment, ...] = ()


def groups(t: Trial) -> tuple[Group, ...]:
    """The dose levels, where this log's phase I assigns them, then the arms."""
    found: list[Group] = []
    given = phase1_arm(t) if t.finds_dose else None
    if given is not None:
        for level in t.dose_levels:
            at = tuple(x.at_dose(level.dose) if x.from_phase1 or x.drug == level.drug else x for x in given.regimen)
            found.append(Group(level.label, f"{level.drug} {level}", True, at, level=True))
    if given is None or t.in_parts:
        found += [Group(a.name, a.label, a.tested, a.regimen) for a in t.arms]
    return tuple(found)


def elements(t: Trial) -> Mapping[tuple[str, Epoch], Element]:
    """The element of each group (by its code) in each epoch."""
    entered = "Randomisation" if t.randomisation is not None else "Enrolment"
    screening = Element("SCRN", "Screening", "screening", "Informed consent", entered)
    after = Element(
        "FU",
        "Follow-up",
        "follow-up",
        "The day after the end of treatment",
        "Death, withdrawal of consent, loss to follow-up, or the end of the trial",
    )
    found: dict[tuple[str, Epoch], Element] = {}
    for i, g in enumerate(groups(t), 1):
        starts = "First dose of study treatment" if g.regimen else entered
        ends = _ends(g)
        found[g.code, "screening"] = screening
        found[g.code, "treatment"] = Element(f"TRT{i}", g.label, "treatment", starts, ends, g.regimen)
        found[g.code, "follow-up"] = after
    return found


def _ends(g: Group) -> str:
    if not g.regimen:
        return "End of treatment, as it is recorded"
    most = "; ".join(
        f"{x.drug}: {x.cycles} cycle{'s' if x.cycles > 1 else ''} of {x.cycle_length}{', then while benefiting' if x.may_continue else ''}"
        for x in g.regimen
    )
    return f"Last dose of study treatment; at most {most}"
