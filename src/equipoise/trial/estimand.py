"""Estimands: a strategy for each intercurrent event, by the names of ICH E9(R1), and what each asks of an endpoint's rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from equipoise.trial.part import Part

Intercurrent = Literal["next therapy", "treatment ended early", "death", "clinical progression", "progression"]
Strategy = Literal["treatment policy", "hypothetical", "composite", "while on treatment", "principal stratum"]

#: What each strategy asks of a time to event: is the intercurrent event an event, and does it censor.
ASKS: dict[str, tuple[bool, bool]] = {
    "treatment policy": (False, False),
    "composite": (True, False),
    "hypothetical": (False, True),
    "while on treatment": (False, True),
}


class Strategies(Part):
    """What becomes of one intercurrent event.

    'treatment policy': it is passed over, what comes after counts. 'composite': it is an event (a failure). 'hypothetical': the time that would have been
    seen without it, so it censors. 'while on treatment': only what comes before it is of interest, so it censors too
    ('while alive', for death). 'principal stratum' is not supported.
    """

    event: Intercurrent
    strategy: Strategy


class Estimand(Part):
    """What is estimated: with the endpoint's population, the arms and this list, the attributes of ICH E9(R1), section A.3."""

    intercurrent: tuple[Strategies, ...] = Field(min_length=1, description="One strategy for each intercurrent event.")
    summary: str = Field(default="", description="The population-level summary, in words: 'hazard ratio'.")

    def strategy(self, event: str) -> str | None:
        """The strategy for an intercurrent event, None where none is named."""
        return next((s.strategy for s in self.intercurrent if s.event == event), None)


def implied(estimand: Estimand) -> tuple[list[str], list[dict[str, str]]]:
    """The events and censoring rules that follow from the strategies; who has no event is censored when last assessed."""
    events: list[str] = [s.event for s in estimand.intercurrent if s.strategy == "composite"]
    censoring = [
        {"when": s.event, "at": "that day" if s.event == "death" else "last assessment"}
        for s in estimand.intercurrent
        if s.strategy in ("hypothetical", "while on treatment")
    ]
    end = [{"when": when, "at": "last assessment"} for when in ("withdrawal", "loss", "no event")]
    return events, [*censoring, *end]


def contradictions(
    estimand: Estimand, events: Sequence[str], triggers: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Where strategies and rules do not agree: the intercurrent event, what was given, what is allowed."""
    named: list[str] = [s.event for s in estimand.intercurrent]
    for event in sorted({e for e in named if named.count(e) > 1}):
        yield event, "two strategies", "one strategy for each intercurrent event"
    for s in estimand.intercurrent:
        if s.strategy == "principal stratum":
            yield (
                s.event,
                "'principal stratum'",
                "not supported: who belongs to the stratum is not seen in the log; one of " + ", ".join(ASKS),
            )
            continue
        if s.event == "death" and s.strategy == "treatment policy":
            yield (
                s.event,
                "'treatment policy'",
                "nothing comes after death: composite, hypothetical or while on treatment",
            )
            continue
        asked, found = ASKS[s.strategy], (_counts(s.event, events), s.event in triggers)
        if asked != found:
            yield s.event, f"{s.strategy!r}, while {_said(*found)}", f"{s.strategy!r} asks that {_said(*asked)}"
    spoken: list[str] = [*(t for t in triggers if t in ASKED), *(e for e in events if e in ASKED)]
    for event in dict.fromkeys(spoken):
        if event not in named and event not in ("progression", "clinical progression"):
            yield (
                event,
                f"no strategy, while {_said(_counts(event, events), event in triggers)}",
                "the estimand names a strategy for every intercurrent event that the rules speak of",
            )


#: The intercurrent events that rules can speak of.
ASKED = frozenset({"next therapy", "treatment ended early", "death", "clinical progression", "progression"})


def _counts(event: str, events: Sequence[str]) -> bool:
    return event in events or (event == "clinical progression" and "progression" in events)


def _said(event: bool, censors: bool) -> str:
    if event and censors:
        return "the rules make it an event and let it censor"
    return "it is an event" if event else "it censors" if censors else "no rule speaks of it"
