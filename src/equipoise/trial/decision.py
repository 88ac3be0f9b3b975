"""What a look can end in: an action, its reasons, its cautions, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Continue:
    """Go on to the next stage. ``dose`` is given by phase I rules only; ``enrol``: patients of the tested arm in all that the next
    stage is to have, where that depends on what was seen (None: as planned)."""

    dose: str | None = None
    enrol: int | None = None
    name: str = "continue"


@dataclass(frozen=True)
class Stop:
    """Stop: ``why`` says for what ('futility', 'safety')."""

    why: str
    name: str = "stop"


@dataclass(frozen=True)
class Declare:
    """The trial has shown ``what``."""

    what: str
    name: str = "declare"


Action = Continue | Stop | Declare


@dataclass(frozen=True)
class Verdict:
    """What a design says of evidence.

    ``distance`` counts successes (or the design's own unit) above the boundary: positive is on the good side, zero or
    less is not; its ``unit`` is spelt out.
    """

    action: Action
    because: Sequence[str]
    distance: float
    unit: str
    cautions: Sequence[str] = ()


@dataclass(frozen=True)
class Fingerprints:
    """SHA-256 of the trial's definition and of the data, and the version of the software."""

    trial: str
    data: str
    software: str


@dataclass(frozen=True)
class Decision:
    """A verdict, where and on what it was reached. The same trial, log and cut-off give the same bytes."""

    trial: str
    look: int
    of_looks: int
    cutoff: date
    action: Action
    because: Sequence[str]
    cautions: Sequence[str]
    distance: float
    unit: str
    #: the look's cohort of each arm, in numbers
    evidence: Mapping[str, Mapping[str, Any]]
    #: the randomised comparison and the control arm's check; None where there is none
    beside: Mapping[str, Mapping[str, Any] | None]
    #: on how much the look was really taken, as later boundaries ask for it: patients (of both arms), events, or information
    attained: Sequence[float]
    assumptions: Sequence[str]
    fingerprints: Fingerprints


@dataclass(frozen=True)
class NotRipe:
    """The look cannot be taken yet: who is waited for, and the day by which it will be ripe at the latest.

    ``ripe_on`` is None while the cohort is not even enrolled.
    """

    trial: str
    look: int
    of_looks: int
    cutoff: date
    because: Sequence[str]
    waiting: Sequence[Mapping[str, object]]
    enrolled: int
    needed: int
    ripe_on: date | None
    fingerprints: Fingerprints
