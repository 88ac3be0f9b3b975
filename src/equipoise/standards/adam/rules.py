"""Rules of ADaM's response and time-to-event parameters, as data: one rule set a name, all values here and nowhere else.

The set 'admiral' is what the templates of the R packages admiral and admiralonco say (`ad_adsl`, `ad_adrs_basic`,
`ad_adtte`, read in November 2026; Apache-2.0). The set of a trial takes its numbers from the trial file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from equipoise.analyse.best_overall import BestRule
from equipoise.trial.endpoint import Response
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS, PROGRESSIONS
from equipoise.trial.vocabularies.recist11 import CR, NE, NED, NON_CR_NON_PD, PD, PR, SD

Kind = Literal[
    "each assessment",
    "progression",
    "response",
    "clinical benefit",
    "best response",
    "best response is CR or PR",
    "last assessment",
    "measurable disease at baseline",
    "death",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of ADRS. ``label`` is PARAM; {assessor} stands for whose assessments it is derived from."""

    code: str
    label: str
    kind: Kind
    confirmed: bool = False

    @property
    def of_assessor(self) -> bool:
        """True where there is one such parameter an assessor."""
        return "{assessor}" in self.label


#: The parameters of admiralonco's basic response template, in the order in which they are derived there.
PARAMETERS: tuple[Parameter, ...] = (
    Parameter("OVR", "Overall Response by {assessor}", "each assessment"),
    Parameter("PD", "Disease Progression by {assessor}", "progression"),
    Parameter("RSP", "Response by {assessor} (confirmation not required)", "response"),
    Parameter("CB", "Clinical Benefit by {assessor} (confirmation for response not required)", "clinical benefit"),
    Parameter("BOR", "Best Overall Response by {assessor} (confirmation not required)", "best response"),
    Parameter(
        "BCP",
        "Best Overall Response of CR/PR by {assessor} (confirmation not required)",
        "best response is CR or PR",
    ),
    Parameter("CRSP", "Confirmed Response by {assessor}", "response", True),
    Parameter("CCB", "Confirmed Clinical Benefit by {assessor}", "clinical benefit", True),
    Parameter("CBOR", "Best Confirmed Overall Response by {assessor}", "best response", True),
    Parameter("CBCP", "Best Confirmed Overall Response of CR/PR by {assessor}", "best response is CR or PR", True),
    Parameter("DEATH", "Death", "death"),
    Parameter("LSTA", "Last Disease Assessment by {assessor}", "last assessment"),
    Parameter("MDIS", "Measurable Disease at Baseline by {assessor}", "measurable disease at baseline"),
)

#: Not counted towards clinical benefit.
NO_BENEFIT = (NE, "ND", *sorted(PROGRESSIONS))


@dataclass(frozen=True, slots=True)
class ResponseRules:
    """How responses are read. Days are whole days since randomisation.

    ``best``: when a response is confirmed, and from which day SD counts. ``benefit_from``: from this day an assessment
    without progression is clinical benefit. ``values``: AVAL of each response; one that has none is not analysed.
    ``worst_last``: of several assessments on a day the one that stands last here is analysed. ``ends``: after these
    nothing is analysed.
    """

    name: str
    label: str
    best: BestRule
    benefit_from: int
    values: Mapping[str, int]
    worst_last: tuple[str, ...]
    ends: tuple[Literal["next therapy", "progression without imaging"], ...] = ()

    @property
    def unconfirmed(self) -> BestRule:
        """The rule for a best response that needs no confirmation."""
        return replace(self.best, confirm_after=None)


_VALUES = {CR: 1, PR: 2, SD: 3, NON_CR_NON_PD: 4, PD: 5, NE: 6, "MISSING": 7}
_WORST_LAST = (NE, CR, PR, SD, NON_CR_NON_PD, PD)

ADMIRAL = ResponseRules(
    name="admiral",
    label="admiralonco, ad_adrs_basic: SD and clinical benefit from day 42, confirmation after 28 days with at most one "
    "NE and no SD between, nothing after the first progression",
    best=BestRule(confirm_after=28, stable_from=42, missing_between=1, stable_between=0),
    benefit_from=42,
    values=_VALUES,
    worst_last=_WORST_LAST,
)


def rules_of(trial: Trial) -> ResponseRules:
    """The trial's own rules: those of its first response endpoint; what it does not say is as in ADMIRAL.

    As in ``analyse``, nothing counts after a next therapy (unless the estimand passes it over) or, for the investigator, after
    progression recorded without imaging; and NED is a response.
    """
    endpoint = next((e for e in trial.endpoints if isinstance(e, Response)), None)
    best = ADMIRAL.best
    passed_over = False
    words = trial.assessments.vocabulary if trial.assessments is not None else OURS
    if endpoint is not None:
        passed_over = endpoint.estimand is not None and endpoint.estimand.strategy("next therapy") == "treatment policy"
        best = BestRule(
            endpoint.confirmation_after.days,
            endpoint.stable_from.days if endpoint.stable_from else 0,
            endpoint.missing_between,
            endpoint.stable_between,
            endpoint.seen_by,
        )
    return ResponseRules(
        name=trial.id,
        label=f"as the trial file says: confirmation after {best.confirm_after} days, SD from day {best.stable_from}",
        best=best,
        benefit_from=best.stable_from or ADMIRAL.benefit_from,
        values=(
            {**_VALUES, NED: 8} if words is OURS else {code: i for i, code in enumerate((*words.order, "MISSING"), 1)}
        ),
        worst_last=(*(w.code for w in words.words if not w.readable), *(w.code for w in words.words if w.readable)),
        ends=("progression without imaging",) if passed_over else ("next therapy", "progression without imaging"),
    )


@dataclass(frozen=True, slots=True)
class TimeSource:
    """Where an event or a censoring day may come from.

    ``parameter`` is of ADRS: its record counts where AVALC is 'Y' or, for a last assessment, wherever it has a day.
    Without one, ``variable`` is of ADSL. ``censored`` is the censoring's description, '' for an event.
    """

    description: str
    variable: str
    parameter: str = ""
    censored: str = ""


@dataclass(frozen=True, slots=True)
class TimeRules:
    """A time to event by sources: the first event, whenever it is; without one, the last censoring day.

    Of events on one day the first in the list is taken, of censorings the last. ``start`` is a variable of ADSL or a
    parameter of ADRS. A day before the start is moved to it. The first day is day 1.
    """

    code: str
    label: str
    start: str
    events: tuple[TimeSource, ...]
    censorings: tuple[TimeSource, ...]


_PROGRESSION = TimeSource("Disease Progression", "ADT", "PD")
_DEATH = TimeSource("Death", "ADT", "DEATH")
_ALIVE = TimeSource("Alive", "LSTALVDT", censored="Alive During Study")
_LAST_ASSESSMENT = TimeSource("Last Tumor Assessment", "ADT", "LSTA", "Last Tumor Assessment")
_RANDOMISATION = TimeSource("Randomization", "RANDDT", censored="Randomization")

#: admiralonco, ad_adtte, with its ready-made sources of events and censoring.
ADMIRAL_TIMES: tuple[TimeRules, ...] = (
    TimeRules("OS", "Overall Survival", "RANDDT", (_DEATH,), (_ALIVE, _RANDOMISATION)),
    TimeRules("PFS", "Progression Free Survival", "RANDDT", (_PROGRESSION, _DEATH), (_LAST_ASSESSMENT, _RANDOMISATION)),
    TimeRules("RSD", "Duration of Response", "RSP", (_PROGRESSION, _DEATH), (_LAST_ASSESSMENT,)),
)
