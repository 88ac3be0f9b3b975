"""Arms and what is given in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from equipoise.trial.duration import Duration, Lasting
from equipoise.trial.part import MOST_DAYS, MOST_IN_BLOCK, MOST_NAME, MOST_TIMES, MOST_WORTH, Part

#: Days of a cycle by a word: the first day and the step.
_STEPS = {"every day": 1, "every other day": 2}
#: So many days in a row are told as one stretch.
STRETCH = 5
#: How often a day, in CDISC's words (codelist FREQ).
FREQUENCY = {1: "QD", 2: "BID", 3: "TID", 4: "QID"}
#: A dose that part 1 of the trial finds.
FROM_PHASE1 = "from phase I"
_TIMES = {1: "", 2: " twice daily", 3: " three times daily", 4: " four times daily"}

Days = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MOST_DAYS)], ...],
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}, "minItems": 1},
                {"type": "string", "enum": list(_STEPS)},
            ]
        }
    ),
]

PlannedDose = Annotated[
    float | None,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_WORTH},
                {"const": FROM_PHASE1},
                {"type": "null"},
            ]
        }
    ),
]


class Treatment(Part):
    """One treatment of a regimen: how much, on which days of the cycle, for how many cycles.

    ``dose`` is what is given each time, ``times_a_day`` times on each of the days. A device, a procedure or radiotherapy may have
    no dose. Where the file says 'from phase I' (``from_phase1``) it is what part 1 declared, and None until it has: ``Trial.handed_over``.
    """

    drug: str = Field(min_length=1, description="The drug (or device, or procedure), as the protocol names it.")
    kind: Literal["drug", "device", "procedure", "radiotherapy"] = "drug"
    dose: PlannedDose = Field(
        default=None,
        gt=0,
        le=MOST_WORTH,
        description="The planned dose each time, in `unit`; a drug has one. 'from phase I': what part 1 of this trial declares.",
    )
    unit: str | None = Field(default=None, min_length=1, description="Unit of the dose: 'mg/m2', 'AUC', 'Gy' …")
    times_a_day: int = Field(default=1, ge=1, le=4, description="How often a day the dose is given.")
    days: Days = Field(
        min_length=1,
        description="Days of the cycle on which it is given; day 1 is the first. Or 'every day', 'every other day' (1, 3, 5 …).",
    )
    cycle_length: Lasting = Field(description="Length of a cycle, such as '21 days'.")
    cycles: int = Field(ge=1, le=MOST_TIMES, description="The most cycles that may be given.")
    may_continue: bool = Field(
        default=False,
        description="True if the drug alone may go on after the last cycle while the patient benefits.",
    )
    window: Duration | None = Field(
        default=None, description="By how much a dose may come early or late and still be in its window."
    )
    _from_phase1: bool = PrivateAttr(default=False)

    @model_validator(mode="before")
    @classmethod
    def _days_by_a_word(cls, given: Any) -> Any:
        """'every other day' as days of the cycle."""
        if not isinstance(given, dict) or not isinstance(given.get("days"), str):
            return given
        step = _STEPS.get(given["days"])
        if step is None:
            raise ValueError(f"`days`: days of the cycle, or {' or '.join(map(repr, _STEPS))}")
        length = given.get("cycle_length")
        try:
            days = (length if isinstance(length, Duration) else Duration.parse(length)).days  # type: ignore[arg-type]
        except ValueError:
            days = 1  # its own problem is reported where it stands
        return given | {"days": tuple(range(1, max(days, 1) + 1, step))}

    @model_validator(mode="wrap")
    @classmethod
    def _dose_read(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """'from phase I' in the place of a dose; and a dose with its unit."""
        said = given.get("dose") if isinstance(given, dict) else None
        if isinstance(said, str) and said != FROM_PHASE1:
            raise ValueError(f"`dose`: got {said!r}; a number, or {FROM_PHASE1!r} in a trial with [phase1]")
        waits = said == FROM_PHASE1
        made = handler({k: v for k, v in given.items() if k != "dose"} if waits else given)
        if isinstance(given, Treatment):
            return made
        if (made.dose is None and not waits) != (made.unit is None):
            raise ValueError("`dose` and `unit` go together")
        if made.unit is None and made.kind == "drug":
            raise ValueError(
                "a drug has a `dose` and its `unit`; what has none is a device, a procedure or radiotherapy: `kind`"
            )
        made._from_phase1 = waits
        return made

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        silent = {"kind": "drug", "times_a_day": 1, "dose": None, "unit": None, "window": None}
        said = handler(self) | ({"dose": FROM_PHASE1} if self._from_phase1 else {})
        return {k: v for k, v in said.items() if k not in silent or v != silent[k]}

    @property
    def from_phase1(self) -> bool:
        """True where the file leaves the dose to part 1; ``dose`` is then what it declared, or None before."""
        return self._from_phase1

    def at_dose(self, dose: float | None) -> Treatment:
        """The same at another dose each time; None: not known yet. What the file says stays what it was."""
        return self.model_copy(update={"dose": dose})

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """The days as stretches, first and last: of STRETCH days in a row or more, or single days."""
        found: list[list[int]] = [[self.days[0]]]
        for before, day in pairwise(self.days):
            if day == before + 1:
                found[-1].append(day)
            else:
                found.append([day])
        return [s for run in found for s in ([(run[0], run[-1])] if len(run) >= STRETCH else [(d, d) for d in run])]

    @property
    def frequency(self) -> str:
        """In CDISC's words: BID, TID, QID; QOD for every other day; '' for once a day on the days that are named."""
        if self.times_a_day > 1:
            return FREQUENCY[self.times_a_day]
        other = len(self.days) >= STRETCH and all(b - a == 2 for a, b in pairwise(self.days))
        return "QOD" if other else ""

    def given(self, cycle: int, day: int, share: float = 1.0) -> dict[str, Any]:
        """What the log holds of it on a day of a cycle, at a ``share`` of the planned dose."""
        data: dict[str, Any] = {"drug": self.drug, "cycle": cycle, "day": day}
        if self.dose is not None:
            data |= {"dose": round(self.dose * share, 2), "unit": self.unit}
        return data | ({"times_a_day": self.times_a_day} if self.times_a_day > 1 else {})

    def __str__(self) -> str:
        amount = ""
        if self.dose is not None:
            amount = f" {self.unit} {self.dose:g}" if self.unit == "AUC" else f" {self.dose:g} {self.unit}"
        elif self.from_phase1:
            amount = f" at the dose {FROM_PHASE1} ({self.unit})"
        if self.kind == "procedure" and self.cycles == 1 and len(self.days) == 1 and not self.may_continue:
            return f"{self.drug}{amount}, once, on day {self.days[0]}"
        text = (
            f"{self.drug}{amount}{_TIMES[self.times_a_day]}, {self._on_days()} of a {self.cycle_length.days}-day "
            f"cycle, up to {self.cycles} cycles"
        )
        return text + "; alone afterwards while benefiting" if self.may_continue else text

    def _on_days(self) -> str:
        length = self.cycle_length.days
        for word, step in _STEPS.items():
            if len(self.days) >= STRETCH and self.days == tuple(range(1, length + 1, step)):
                return word
        shown = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in self.stretches)
        return f"day{'s' if len(self.days) > 1 else ''} {shown}"


class Arm(Part):
    """A group of the trial. A control arm has ``tested = false``."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9+._-]+$",
        max_length=MOST_NAME,
        description="Short name: letters, digits, + . _ -, no spaces.",
    )
    label: str = Field(min_length=1, description="The name that a reader sees.")
    tested: bool = Field(description="True for the arm on trial, false for a control arm.")
    share: int = Field(default=1, ge=1, le=MOST_IN_BLOCK, description="Its share of the allocation: 2 and 1 for 2:1.")
    regimen: tuple[Treatment, ...] = Field(default=(), description="The drugs given.")

    def at_level(self, dose_for: Callable[[str], float] | None) -> Arm:
        """The arm with what a level gives of each drug whose dose is left to phase I; None: none is set yet."""
        regimen = tuple(
            t.at_dose(None if dose_for is None else dose_for(t.drug)) if t.from_phase1 else t for t in self.regimen
        )
        return self.model_copy(update={"regimen": regimen})
