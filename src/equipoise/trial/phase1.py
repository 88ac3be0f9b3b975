"""Phase I of a trial file: the dose levels, the design that finds a dose among them, and what a dose-limiting toxicity (DLT) is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.dose_standing import DoseStanding
from equipoise.trial.duration import Lasting
from equipoise.trial.event import Event
from equipoise.trial.organ_class import OrganClass
from equipoise.trial.part import MOST_NAME, MOST_PATIENTS, MOST_WORTH, Part
from equipoise.trial.what_counts import FATAL

#: The trial, the events that are known, and the cut-off → where dose finding stands.
Asked = Callable[[Any, Sequence[Event], date], DoseStanding]


class DrugDose(NamedTuple):
    """What a level gives of a drug, each time."""

    drug: str
    dose: float
    unit: str


class SecondDrug(Part):
    """The second drug of a combination's level."""

    drug: str = Field(min_length=1, description="The drug, as a regimen names it.")
    dose: float = Field(gt=0, le=MOST_WORTH, description="What is given each time, in `unit`.")
    unit: str = Field(min_length=1, description="The regimen's unit: 'mg'.")

    def __str__(self) -> str:
        return f"{self.drug} {self.dose:g} {self.unit}"


class DoseLevel(Part):
    """A dose that patients may be assigned to. Levels stand in rising order; the first is level 1.

    Of a combination each level has a ``second`` drug: all levels of the second drug with the first level of the first, then with its second, and so on.
    """

    label: str = Field(
        pattern=r"^[A-Za-z0-9+._-]+$", max_length=MOST_NAME, description="Its name, as orders say it: 'DL1', '60'."
    )
    drug: str = Field(min_length=1, description="The drug that is escalated, as a regimen names it.")
    dose: float = Field(gt=0, le=MOST_WORTH, description="What is given each time, in `unit`.")
    unit: str = Field(min_length=1, description="The regimen's unit: 'mg/m2'.")
    second: SecondDrug | None = Field(
        default=None, description="Of a combination: the second drug, and what is given of it."
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that an entry added later changes no fingerprint."""
        return {k: v for k, v in handler(self).items() if v is not None}

    @property
    def doses(self) -> tuple[DrugDose, ...]:
        """What it gives of each drug that is escalated."""
        own = DrugDose(self.drug, self.dose, self.unit)
        return (own,) if self.second is None else (own, DrugDose(self.second.drug, self.second.dose, self.second.unit))

    def of(self, drug: str) -> DrugDose | None:
        """What it gives of a drug; None of one that it does not escalate."""
        return next((d for d in self.doses if d.drug == drug), None)

    def dose_for(self, drug: str) -> float:
        """The dose of a regimen's drug at this level; of a placebo that must look alike that of the first drug."""
        own = self.of(drug)
        return self.dose if own is None else own.dose

    @property
    def drugs(self) -> str:
        """'carboplatin', or 'carboplatin and etoposide'."""
        return " and ".join(d.drug for d in self.doses)

    def __str__(self) -> str:
        return f"{self.dose:g} {self.unit}" + (f" + {self.second}" if self.second is not None else "")


class DltRule(Part):
    """A kind of adverse event that is dose-limiting. All that is said here holds of it; terms are compared without regard to case.

    An event of which nothing is recorded of its relation to the treatment counts as related; one without an organ class is of none.
    """

    terms: tuple[str, ...] = Field(default=(), description="Any of these terms, as the log holds them.")
    organ_classes: tuple[OrganClass, ...] = Field(default=(), description="Terms of any of these classes of MedDRA.")
    grade_at_least: int | None = Field(default=None, ge=1, le=FATAL, description="This grade or worse (CTCAE, 1 to 5).")
    lasting_longer_than: Lasting | None = Field(
        default=None,
        description="It lasts longer than this; the first and the last day count. One without a recorded end lasts to the cut-off.",
    )
    related: Literal["yes", "no", "any"] = Field(
        default="any", description="'yes': not said to be unrelated to the treatment. 'no': said to be unrelated."
    )
    exceptions: tuple[str, ...] = Field(default=(), description="Terms that do not count here.")

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        """Something is said, and an event can be all of it."""
        wrong = []
        if not (self.terms or self.organ_classes or self.grade_at_least or self.lasting_longer_than):
            wrong.append("say at least one of `terms`, `organ_classes`, `grade_at_least`, `lasting_longer_than`")
        for name in ("terms", "exceptions"):
            words: tuple[str, ...] = getattr(self, name)
            if any(not t.strip() or t != t.strip() for t in words):
                wrong.append(f"`{name}`: a term without blanks around it")
            if len(_folded(words)) < len(words):
                wrong.append(f"`{name}`: each term once")
        if self.terms and _folded(self.terms) <= _folded(self.exceptions):
            wrong.append("no event can meet it: each of its `terms` is one of its `exceptions`")
        elif self.terms and not _folded(self.exceptions) <= _folded(self.terms):
            wrong.append("`exceptions`: only terms that `terms` has could be excepted, and no other counts")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that an entry added later changes no fingerprint."""
        return {k: v for k, v in handler(self).items() if v not in (None, (), [], "any")}

    def concerns(self, event_data: Mapping[str, Any]) -> bool:
        """True if an adverse event with these details is of this rule, however long it lasts."""
        term = event_data["term"].casefold()
        if term in _folded(self.exceptions) or (self.terms and term not in _folded(self.terms)):
            return False
        if self.organ_classes and event_data.get("organ_class", "").casefold() not in _folded(self.organ_classes):
            return False
        if self.grade_at_least is not None and event_data["grade"] < self.grade_at_least:
            return False
        return self.related == "any" or event_data.get("related", True) == (self.related == "yes")

    def lasts(self, began: date, event_data: Mapping[str, Any], cutoff: date) -> bool | None:
        """Whether it lasts longer than the rule asks for; None where it has no end yet and may still come to it."""
        if self.lasting_longer_than is None:
            return True
        ended = _day(event_data.get("until"))
        last = cutoff if ended is None else min(ended, cutoff)
        if (last - began).days + 1 > self.lasting_longer_than.days:
            return True
        return None if ended is None or ended > cutoff else False

    def __str__(self) -> str:
        """In words: 'any adverse event, of grade 3 or worse, related, but alopecia'."""
        words = [" or ".join(self.terms) or "any adverse event"]
        if self.organ_classes:
            words.append(f"of {' or '.join(self.organ_classes)}")
        if self.grade_at_least is not None:
            words.append(f"of grade {self.grade_at_least}" + (" or worse" if self.grade_at_least < FATAL else ""))
        if self.lasting_longer_than is not None:
            words.append(f"lasting longer than {self.lasting_longer_than}")
        if self.related != "any":
            words.append("related" if self.related == "yes" else "not related")
        if self.exceptions:
            words.append(f"but {' or '.join(self.exceptions)}")
        return ", ".join(words)


def _day(text: object) -> date | None:
    """A day that is written whole; None for none, and for what datasets may have in its place."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(w.casefold() for w in words)


class DltDefinition(Part):
    """What a DLT is, and who is evaluable. A patient with a DLT is always evaluable."""

    rules: tuple[DltRule, ...] = Field(default=(), description="Adverse events that begin in the window and are DLTs.")
    delay_longer_than: Lasting | None = Field(
        default=None,
        description="A dose of the level's drug that is due in the window, or the next one after it, given later than due by more than "
        "this is a DLT.",
    )
    evaluable_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Who was given less than this share of what was planned for the window, and had no DLT, is replaced.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.rules and self.delay_longer_than is None:
            raise ValueError("nothing can be a DLT: say `rules`, or `delay_longer_than`")
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that an entry added later changes no fingerprint."""
        return {k: v for k, v in handler(self).items() if v not in (None, (), [])}

    def in_words(self) -> Iterator[str]:
        """Each way to have a DLT, and who is evaluable, in a phrase."""
        yield from (str(rule) for rule in self.rules)
        if self.delay_longer_than is not None:
            yield f"a dose later than due by more than {self.delay_longer_than}"
        if self.evaluable_share is not None:
            yield (
                f"evaluable with {100 * self.evaluable_share:g} % or more of what was planned for the window, or a DLT; else replaced"
            )


class Phase1(Part):
    """How the dose is found. ``window`` is counted from the first dose of the level's drug, whose day is day 1; its last day counts."""

    design: dict[str, Any] = Field(
        description="The dose-finding design: its `kind` and what that kind asks for beside what stands here."
    )
    target: float | None = Field(default=None, gt=0, lt=1, description="Target probability of a DLT.")
    start: str | None = Field(
        default=None, description="The label of the level where the trial starts (default: lowest)."
    )
    cohort: int | None = Field(default=None, ge=1, le=50, description="Patients of a cohort.")
    window: Lasting = Field(description="How long each patient is followed for DLTs from the first dose: '21 days'.")
    response: str | None = Field(
        default=None,
        description="The endpoint whose success is a response, for a design that asks for responses beside DLTs: of kind 'outcome' or 'response'.",
    )
    dlt: DltDefinition = Field(description="What a DLT is, and who is evaluable.")
    patients: int | None = Field(
        default=None,
        ge=1,
        le=MOST_PATIENTS,
        description="Patients of phase I in all, as planned: escalation and expansion.",
    )
    opens: date | None = Field(
        default=None, description="First day of phase I, where the trial's `start` is that of phase II."
    )
    declared: str | None = Field(
        default=None,
        description="The level that phase I declared, where it was over before the log is opened: phase II begins at it. A log that is opened "
        "with part 1 finds its own.",
    )
    counts_for_phase2: bool = Field(
        default=False,
        description="True, where phase II randomises nobody: who was assigned in part 1 to the level that was set is also of phase II, on its "
        "arm from the day of his assignment.",
    )
    dose_set_by: Literal["committee", "sponsor"] = Field(
        default="committee",
        description="Whose order it is to set the dose of phase II, in a log that is opened with people.",
    )
    _design: Any = PrivateAttr(default=None)
    _rule: Any = PrivateAttr(default=None)
    _asked: Asked | None = PrivateAttr(default=None)

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that an entry added later changes no fingerprint."""
        said = {k: v for k, v in handler(self).items() if v not in (None, False)}
        return said if self.dose_set_by != "committee" else {k: v for k, v in said.items() if k != "dose_set_by"}

    @property
    def finder(self) -> Any:
        """The dose-finding design as a value of its shelf (``design.dose.dose_design.DoseDesign``), made once by who reads the file."""
        assert self._design is not None, "the doorway makes it"
        return self._design

    @property
    def rule(self) -> Any:
        """The design as it is conducted, with patients who come one by one (``design.dose.conducting.Conducted``)."""
        assert self._rule is not None, "the doorway makes it"
        return self._rule

    def stands(self, trial: Any, known: Sequence[Event], cutoff: date) -> DoseStanding:
        """Where dose finding stands at the end of ``cutoff`` by the events ``known``: the one function that judges, shows and sets a dose."""
        assert self._asked is not None, "the doorway makes it"
        return self._asked(trial, known, cutoff)

    def built(self, design: Any, rule: Any, asked: Asked) -> Self:
        """The same with what its table states, made by the shelf, and with who says where it stands."""
        made = self.model_copy()
        made._design, made._rule, made._asked = design, rule, asked
        return made
