"""The rest of a protocol: eligibility, sites, randomisation, assessments, monitoring, history, what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)

from equipoise.trial.duration import DAYS_PER_MONTH, Duration, Lasting
from equipoise.trial.part import MOST_A_MONTH, MOST_IN_BLOCK, MOST_NAME, MOST_PATIENTS, MOST_TIMES, MOST_WORTH, Part
from equipoise.trial.response import Glossary, Vocabulary
from equipoise.trial.response_maps import MAPS, same_criterion
from equipoise.trial.vocabularies import OURS, VOCABULARIES


class Criterion(Part):
    """A numbered criterion of eligibility. A patient fails it by its number."""

    number: int = Field(ge=1, le=MOST_TIMES)
    kind: Literal["inclusion", "exclusion"]
    text: str = Field(min_length=1)


class Site(Part):
    """A centre: the day it may first enrol, and how many patients a month it promises to enrol."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME)
    label: str = ""
    activation: date = Field(description="Planned day of activation.")
    rate: float = Field(gt=0, le=MOST_A_MONTH, description="Patients enrolled a month, once active.")
    timezone: str | None = Field(
        default=None,
        description="The site's time zone, 'Pacific/Auckland': until when its day lasts. Left out: the latest day anywhere counts.",
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, timezone: str | None) -> str | None:
        """A name of the time zone database."""
        try:
            ZoneInfo(timezone or "UTC")
        except (ValueError, OSError, KeyError):
            raise ValueError("a name of the time zone database, such as 'Europe/Paris'") from None
        return timezone

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a time zone that is not said: fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k != "timezone" or v is not None}


class Factor(Part):
    """A stratification factor and its levels."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=MOST_NAME)
    label: str = ""
    levels: tuple[str, ...] = Field(min_length=2)
    weight: float | None = Field(
        default=None, gt=0, le=1000, description="What the factor weighs in a minimisation (default: 1)."
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a weight that is not said: fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k != "weight" or v is not None}


#: With what probability the arm that balances best is given, where the file does not say.
MINIMISED = 0.8


#: Stands in a trial file for sizes of blocks that are kept with the allocation's secret.
SEALED = "sealed"

BlockSizes = Annotated[
    tuple[Annotated[int, Field(ge=2, le=MOST_IN_BLOCK)], ...],
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "integer", "minimum": 2, "maximum": MOST_IN_BLOCK}},
                {"type": "string", "const": SEALED},
            ]
        }
    ),
]


class Randomisation(Part):
    """Permuted blocks whose size varies at random, within strata; or minimisation over the factors' margins."""

    method: Literal["permuted blocks", "minimisation", "as recorded"]
    block_sizes: BlockSizes = Field(
        default=(),
        description="Each a multiple of the sum of the arms' shares. 'sealed': they are kept with the allocation's secret, out of the "
        "trial file and all that is made of it, for whoever knows them foretells more of the arms.",
    )
    factors: tuple[Factor, ...] = ()
    probability: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Minimisation: with what probability the arm that balances best is given (default: 0.8); with unequal shares, where "
        "it is the arm of the least share.",
    )
    imbalance: Literal["range", "variance"] | None = Field(
        default=None, description="Minimisation: the imbalance of a factor, over the arms (default: range)."
    )
    blinding: Literal["open label", "single blind", "double blind"] | None = Field(
        default=None,
        description="Who does not know the arms. In a blind trial the log tells a code in place of the arm.",
    )

    _sealed: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _sealed_by_a_word(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """'sealed' in place of sizes."""
        sealed = isinstance(given, Mapping) and given.get("block_sizes") == SEALED
        found = handler({**given, "block_sizes": ()} if sealed else given)
        if sealed:
            found._sealed = True
        return found

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        later = ("blinding", "probability", "imbalance")
        said = {k: v for k, v in handler(self).items() if k not in later or v}
        return {**said, "block_sizes": SEALED} if self.sealed else said

    @property
    def sealed(self) -> bool:
        """True where the sizes of blocks are kept with the secret."""
        return self._sealed and not self.block_sizes

    @property
    def minimises(self) -> bool:
        """True where arms are given by minimisation."""
        return self.method == "minimisation"

    @property
    def minimised(self) -> float:
        """The probability with which a minimisation gives the arm that balances best."""
        return MINIMISED if self.probability is None else self.probability

    @property
    def masked(self) -> bool:
        """True where somebody must not know the arms."""
        return self.blinding in ("single blind", "double blind")


class Assessments(Part):
    """When tumours are measured, and when a patient is contacted for survival afterwards."""

    criterion: str = Field(
        min_length=1,
        description="By which responses are assessed: 'RECIST 1.1', 'iRECIST 2017', 'IMWG 2016', or any other, whose words `words` maps.",
    )
    responses: Literal["as recorded", "from lesions", "from measurements"] = Field(
        default="as recorded",
        description="'from lesions', 'from measurements' (IMWG: M-protein, light chains, marrow): derived by the criterion, whoever "
        "the assessor; an assessment that lists none is taken as recorded. 'as recorded': as the assessor stated them.",
    )
    words: Mapping[str, str] = Field(
        default_factory=dict,
        description="The words that sites record → the words of RECIST 1.1 as which they count: sCR = 'CR', VGPR = 'PR'. A word "
        "that is the same need not stand here. The log keeps what was recorded.",
    )
    map: str | None = Field(
        default=None,
        description="In place of `words`, or with more of them: a map that ships, by its name: 'iRECIST', 'IMWG', 'Lugano', 'PCWG3', …",
    )
    categories: tuple[str, ...] = Field(
        default=(),
        description="Other names under which datasets (RSCAT of SDTM) hold what is assessed by the criterion: 'INVESTIGATOR ASSESSMENT'.",
    )
    first: Lasting = Field(description="Time from randomisation to the first assessment.")
    every: Lasting = Field(description="Time between assessments, until progression.")
    follow_up_every: Lasting = Field(description="Time between contacts for survival after the last assessment.")
    window: Duration | None = Field(
        default=None, description="By how much an assessment may come early or late and still be in its window."
    )

    def day_of(self, visit: int) -> int:
        """The day on which assessment ``visit`` (from 1; 0 is baseline) is planned, counted from entry."""
        return 0 if visit == 0 else self.first.days + (visit - 1) * self.every.days

    def visit_from(self, day: int) -> int:
        """The first assessment that is planned on a day ≥ ``day``."""
        first, every = self.first.days, self.every.days
        return 1 if day <= first else 1 - (first - day) // every

    def visit_by(self, day: int) -> int:
        """The last assessment that is planned on a day ≤ ``day``; 0 if none is."""
        first, every = self.first.days, self.every.days
        return 0 if day < first else 1 + (day - first) // every

    def nearest_visit(self, day: int) -> int:
        """The number of the planned assessment that lies nearest to a day; 0 is baseline."""
        first, every = self.first.days, self.every.days
        return 0 if day < first / 2 else max(1 + round((day - first) / every), 1)

    @property
    def vocabulary(self) -> Vocabulary:
        """In whose words responses are concluded: the criterion's own, RECIST 1.1's where it has none here."""
        return VOCABULARIES.get(self.criterion, OURS)

    @cached_property
    def glossary(self) -> Glossary:
        """What each recorded word means. Raises KeyError for a map to a word that is none (a trial file with one is refused)."""
        return self.vocabulary.glossary(self.read_by, self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The criterion's names: as stated, `categories`, and those of which a map or we know that they mean the same."""
        return (*same_criterion(self.criterion), *self.categories)

    @property
    def read_by(self) -> Mapping[str, str]:
        """The words that sites record → ours: those of the map, and `words`, which come first."""
        shipped = MAPS[self.map].words if self.map is not None else {}
        return {**{word: ours for word, ours in shipped.items() if word not in self.words}, **self.words}

    @property
    def read_as(self) -> str:
        """The map in words: 'sCR as CR, VGPR as PR'; '' without one."""
        return ", ".join(f"{word} as {ours}" for word, ours in self.read_by.items())

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k not in ("words", "map", "categories", "window") or v}


def glossary_of(assessments: Assessments | None) -> Glossary:
    """How the recorded words of responses are read; as RECIST 1.1's where the trial says nothing."""
    return OURS.own if assessments is None else assessments.glossary


class Monitoring(Part):
    """How the design's looks are taken."""

    endpoint: str = Field(description="The endpoint on which the design decides.")
    toxicity: str | None = Field(
        default=None,
        description="The endpoint whose successes are patients with the toxicity, for a design on response and toxicity.",
    )
    time_unit: Literal["days", "weeks", "months", "years"] = Field(
        default="months",
        description="In which the design's own times are, where it has any: landmark, median, rate, follow-up.",
    )
    control_cohort: tuple[Annotated[int, Field(ge=1, le=MOST_PATIENTS)], ...] = Field(
        default=(), description="Control patients that go with each look: 20 and 40 for NORTH."
    )
    while_waiting: Literal["continue", "pause", "cap"] = Field(
        description="What is done with enrolment once a look's cohort is enrolled and its outcome is awaited; 'cap': go "
        "on, and pause once `cap` more are randomised."
    )
    cap: int | None = Field(
        default=None, ge=1, le=MOST_PATIENTS, description="With 'cap': how many more are randomised while waiting."
    )
    not_before: tuple[Duration, ...] = Field(
        default=(),
        description="For each look in turn, the least time from the trial's start: a look is taken at the later of this day and of "
        "what the design asks for.",
    )
    readout_delay: Duration = Field(description="Time from the look's cut-off to the decision being known to sites.")
    final_follow_up: Duration = Field(description="The least follow-up after the last randomisation at the final look.")

    @model_validator(mode="after")
    def _capped(self) -> Monitoring:
        if (self.while_waiting == "cap") != (self.cap is not None):
            raise ValueError("`cap` goes with while_waiting = 'cap', and that with `cap`")
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        silent: dict[str, tuple[Any, ...]] = {"not_before": ([], ()), "toxicity": (None,), "time_unit": ("months",)}
        return {k: v for k, v in handler(self).items() if v not in silent.get(k, ())}

    @property
    def days_per_unit(self) -> float:
        """Days in the design's unit of time."""
        return {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 365.25}[self.time_unit]


class ReferenceCurve(Part):
    """A historical survival curve, taken as exponential with this median."""

    endpoint: str
    median: Lasting
    source: str = Field(min_length=1)


class FromLibrary(Part):
    """The arms of a library of historical controls on which the rate rests, and how they are pooled."""

    library: str = Field(min_length=1, description="A bundled library ('ed-sclc'), or a file beside the trial file.")
    endpoints: tuple[str, ...] = Field(
        default=(), description="Endpoints of the library taken as one; the trial's own if none."
    )
    arms: tuple[str, ...] = Field(default=(), description="These arms only.")
    without: tuple[str, ...] = Field(default=(), description="Not these arms.")
    treatments: tuple[str, ...] = Field(default=(), description="Arms of these classes of treatment.")
    until: int | None = Field(default=None, ge=1900, le=2100, description="Arms published in this year or before.")
    unverified: bool = Field(default=False, description="Take numbers from memory too.")
    shape: float = Field(
        default=1.0, ge=0.2, le=10, description="Weibull shape by which medians become rates; 1 is exponential."
    )
    published_only: bool = Field(default=False, description="Published rates only: convert no median.")


#: What a way of borrowing needs to be stated in full.
_STATED: dict[str, tuple[str, ...]] = {
    "robust-map": ("weight", "tau", "tau_scale"),
    "map": ("tau", "tau_scale"),
    "power": ("a0",),
    "normalised-power": (),
    "commensurate": ("weight",),
    "pooled": (),
}


class PrespecifiedBorrowing(Part):
    """How the tested arm is compared with history and concurrent controls combined: stated before the data, and in full.

    'robust-map' needs ``weight``, ``tau`` and ``tau_scale``; 'map' the latter two; 'power' ``a0``; 'commensurate' ``weight``;
    'normalised-power' and 'pooled' nothing.
    """

    method: Literal["robust-map", "map", "power", "normalised-power", "commensurate", "pooled"] = Field(
        description="How history is borrowed from."
    )
    weight: float | None = Field(
        default=None, gt=0, lt=1, description="Weight of the vague part (robust MAP), or of the slab (commensurate)."
    )
    tau: Literal["half-normal", "half-cauchy", "half-t", "uniform"] | None = Field(
        default=None, description="Prior of the spread between trials, logits or log hazards (MAP)."
    )
    tau_scale: float | None = Field(default=None, gt=0, le=10, description="Scale of that prior.")
    a0: float | None = Field(default=None, gt=0, le=1, description="Power of history (power prior).")

    @model_validator(mode="after")
    def _in_full(self) -> PrespecifiedBorrowing:
        needed = _STATED[self.method]
        given = [k for k in ("weight", "tau", "tau_scale", "a0") if getattr(self, k) is not None]
        wrong = [f"`{k}` is needed with method = {self.method!r}" for k in needed if k not in given]
        wrong += [f"`{k}` does not go with method = {self.method!r}" for k in given if k not in needed]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {k: v for k, v in handler(self).items() if v is not None}


class History(Part):
    """The historical controls with which the tested arm is compared."""

    label: str = Field(min_length=1)
    rate: float = Field(gt=0, lt=1, description="Rate of the monitored endpoint among historical controls.")
    source: str = Field(min_length=1)
    library: FromLibrary | None = Field(
        default=None, alias="from", description="The library and the arms on which the rate rests."
    )
    curves: tuple[ReferenceCurve, ...] = ()
    borrowing: PrespecifiedBorrowing | None = Field(
        default=None, description="How the third answer borrows from history; prespecified."
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        return {k: v for k, v in handler(self).items() if k != "borrowing" or v is not None}


class ControlCheck(Part):
    """Does the concurrent control arm agree with history, and what follows if it does not?

    'exact binomial': two-sided, of the cohort's rate. 'one-sample log-rank': two-sided, of all controls' times against
    [[history.curves]]. 'prior predictive': how surprising the count is if history is worth ``worth`` patients (Box's p).
    'Bayesian discrepancy': the posterior probability that the rates differ by no more than ``margin``. Each gives a number
    that is small in disagreement; below ``alpha`` it is a caution.
    """

    method: Literal["exact binomial", "one-sample log-rank", "prior predictive", "Bayesian discrepancy"]
    alpha: float = Field(gt=0, lt=1, description="Level below which a caution is raised (two-sided for the tests).")
    worth: float | None = Field(
        default=None, gt=0, le=MOST_WORTH, description="Patients that history is worth, as a beta distribution."
    )
    margin: float | None = Field(default=None, gt=0, lt=1, description="Difference of rates that does not matter yet.")
    on_caution: Literal["note", "randomised comparison", "re-estimate the hurdle", "stop"] = Field(
        default="note", description="What a caution changes: nothing, the comparison, the hurdle, or the trial."
    )

    @model_validator(mode="after")
    def _complete(self) -> ControlCheck:
        needs = (
            self.method in ("prior predictive", "Bayesian discrepancy") or self.on_caution == "re-estimate the hurdle"
        )
        if needs and self.worth is None:
            raise ValueError("`worth` is needed: how many patients history is worth")
        if (self.method == "Bayesian discrepancy") != (self.margin is not None):
            raise ValueError("`margin` goes with method = 'Bayesian discrepancy', and that with `margin`")
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that the fingerprints of files that do not say it stay what they were."""
        silent = {"worth": None, "margin": None, "on_caution": "note"}
        return {k: v for k, v in handler(self).items() if k not in silent or v != silent[k]}


class Amendments(Part):
    """How the definition that states it takes effect, where the log is amended with it."""

    per_site: bool = Field(
        description="True: at each site from the day on which its approval is recorded (conduct approve). False: everywhere on the "
        "amendment's own day, as where nothing is said."
    )
