"""The study design: arms by epochs, population, objectives with endpoints, estimands."""

from __future__ import annotations

from equipoise.analyse.estimands import stated
from equipoise.standards.usdm.instance import Instance, Maker, chained, xhtml
from equipoise.standards.usdm.interventions import Interventions
from equipoise.standards.usdm.schedule import Timeline
from equipoise.trial.endpoint import Endpoint, Toxicity
from equipoise.trial.endpoint_words import defined
from equipoise.trial.epochs import EPOCHS, Group, elements
from equipoise.trial.estimand import Estimand
from equipoise.trial.objectives import objectives_of
from equipoise.trial.protocol import Indication, Protocol
from equipoise.trial.trial import Trial

#: The upper end of ages without one [years].
NO_LIMIT = 130.0
_EVENTS = {
    "next therapy": "Start of another anticancer therapy before the event of interest",
    "treatment ended early": "Study treatment ended early",
    "death": "Death",
    "clinical progression": "Clinical progression without a scan that shows it",
    "progression": "Progression",
}
_STRATEGIES = {
    "treatment policy": "Treatment policy strategy",
    "hypothetical": "Hypothetical strategy",
    "composite": "Composite strategy",
    "while on treatment": "While on treatment strategy",
    "principal stratum": "Principal stratum strategy",
}


def study_design(t: Trial, make: Maker, interventions: Interventions, items: list[Instance], document: str) -> Instance:
    """An interventional study design."""
    said = t.protocol or Protocol()
    epochs = {e: make.named("StudyEpoch", e.capitalize(), type=make.code("epoch", e)) for e in EPOCHS}
    chained(list(epochs.values()))
    arms = {g.code: _arm(make, g, interventions.groups) for g in interventions.groups}
    made: dict[str, Instance] = {}
    cells = []
    for (group, epoch), element in elements(t).items():
        if element.code not in made:
            made[element.code] = make.named(
                "StudyElement", element.code, element.name,
                transitionStartRule=make.named("TransitionRule", f"Start of {element.code}", text=element.starts),
                transitionEndRule=make.named("TransitionRule", f"End of {element.code}", text=element.ends),
                studyInterventionIds=interventions.ids(element.regimen),
            )  # fmt: skip
        cells.append(
            make(
                "StudyCell", armId=arms[group]["id"], epochId=epochs[epoch]["id"], elementIds=[made[element.code]["id"]]
            )
        )
    criteria = [
        make.named(
            "EligibilityCriterion", f"{'I' if c.kind == 'inclusion' else 'E'}{c.number:02d}", f"Criterion {c.number}",
            category=make.code("criterion", c.kind), identifier=f"{'I' if c.kind == 'inclusion' else 'E'}{c.number:02d}",
            criterionItemId=item["id"],
        )
        for c, item in zip(t.eligibility, items, strict=True)
    ]  # fmt: skip
    chained(criteria)
    population = _population(t, said, make, criteria)
    objectives, endpoints = _objectives(t, said, make)
    sets, estimands = _estimands(t, make, endpoints, interventions, population["id"])
    timeline = Timeline(t, make, epochs, interventions)
    return make.named(
        "InterventionalStudyDesign",
        f"Design of {t.id.upper()}",
        t.title,
        studyType=make.code("study type", "interventional"),
        studyPhase=make.alias("phase", t.phase),
        characteristics=_characteristics(t, make),
        encounters=timeline.encounters,
        activities=timeline.activities,
        arms=list(arms.values()),
        studyCells=cells,
        rationale=t.rationale.strip() or "The trial file states no rationale",
        epochs=list(epochs.values()),
        elements=list(made.values()),
        estimands=estimands,
        indications=_indications(said.indication, make, t),
        studyInterventionIds=[i["id"] for i in interventions.made],
        objectives=objectives,
        population=population,
        scheduleTimelines=[timeline.timeline],
        documentVersionIds=[document],
        eligibilityCriteria=criteria,
        analysisPopulations=sets,
        subTypes=[make.code("trial type", k) for k in ("efficacy", "safety", *(("dose finding",) if t.phase1 else ()))],
        model=make.code("model", "single group" if len(arms) == 1 else "parallel"),
        intentTypes=[make.code("intent", "treatment")],
        blindingSchema=make.alias("blinding", (t.randomisation and t.randomisation.blinding) or "open label"),
    )


def _arm(make: Maker, g: Group, every: tuple[Group, ...]) -> Instance:
    placebo = any("placebo" in x.drug.casefold() for x in g.regimen)
    anything = any(other.regimen for other in every)
    kind = "experimental" if g.tested else "placebo" if placebo else "active comparator" if g.regimen else "no intervention" if anything else "control"  # fmt: skip
    return make.named(
        "StudyArm", g.code, g.label, type=make.code("arm type", kind),
        dataOriginDescription="Data collected from the participants of this trial", dataOriginType=make.code("data origin", "within study"),
    )  # fmt: skip


def _characteristics(t: Trial, make: Maker) -> list[Instance]:
    words = []
    if t.randomisation is not None:
        words.append("stratified randomisation" if t.factors else "randomised")  # one of them, says USDM's rule
    if t.sites:
        words.append("several centres" if len(t.sites) > 1 else "one centre")
    if t.protocol is not None and t.protocol.countries:
        words.append("several countries" if len(t.protocol.countries) > 1 else "one country")
    return [make.code("characteristic", w) for w in words]


def _indications(said: Indication | None, make: Maker, t: Trial) -> list[Instance]:
    if said is None:
        return [make.named("Indication", "Indication", t.population, isRareDisease=False)]
    coded = [make.other_code(said.code, said.system, said.edition, said.name)] if said.code else []
    return [make.named("Indication", "Indication", said.name, codes=coded, isRareDisease=said.rare)]


def _population(t: Trial, said: Protocol, make: Maker, criteria: list[Instance]) -> Instance:
    age = said.age
    planned = None
    if age is not None:  # USDM's range has no open end
        least, most = (
            make.quantity(x, "years") for x in (age.least or 0.0, NO_LIMIT if age.most is None else age.most)
        )
        planned = make("Range", minValue=least, maxValue=most, isApproximate=False)
    sexes = {"all": ("female", "male"), "female": ("female",), "male": ("male",), None: ()}[said.sex]
    healthy = bool(said.healthy)
    ids = [c["id"] for c in criteria]
    cohorts = [
        make.named(
            "StudyCohort", c.name, c.title, description=c.population or t.population, includesHealthySubjects=healthy,
            plannedEnrollmentNumber=make.quantity(c.target_enrolment), criterionIds=ids,
        )
        for c in t.cohorts
    ]  # fmt: skip
    return make.named(
        "StudyDesignPopulation",
        "Population",
        t.population,
        includesHealthySubjects=healthy,
        plannedEnrollmentNumber=None if cohorts else make.quantity(t.target_enrolment),
        plannedSex=[make.code("sex", s) for s in sexes],
        criterionIds=ids,
        plannedAge=planned,
        cohorts=cohorts,
    )


def _objectives(t: Trial, said: Protocol, make: Maker) -> tuple[list[Instance], dict[str, Instance]]:
    made: dict[str, Instance] = {}
    found = []
    for i, o in enumerate(objectives_of(t), 1):
        own = []
        for name in o.endpoints:
            if name not in made:  # an endpoint has one place; another objective's sentence names it
                made[name] = _endpoint(t, t.endpoint_by_name[name], make)
                own.append(made[name])
        found.append(
            make.named(
                "Objective", f"Objective {i}", f"{o.level.capitalize()} objective {i}", text=xhtml(o.text),
                level=make.code("objective level", o.level), endpoints=own,
            )
        )  # fmt: skip
    return found, made


def _endpoint(t: Trial, e: Endpoint, make: Maker) -> Instance:
    return make.named(
        "Endpoint", e.name, e.label, text=xhtml(f"{e.label}: {defined(t, e)}"),
        purpose="Safety" if isinstance(e, Toxicity) else "Efficacy", level=make.code("endpoint level", e.role),
    )  # fmt: skip


def _estimands(
    t: Trial, make: Maker, endpoints: dict[str, Instance], interventions: Interventions, population: str
) -> tuple[list[Instance], list[Instance]]:
    sets: dict[str, Instance] = {}
    found = []
    for endpoint, estimand in stated(t):
        name = endpoint.population
        if name not in sets:
            label = t.population_by_name[name].label
            sets[name] = make.named("AnalysisPopulation", name, label, text=label, subsetOfIds=[population])
        found.append(
            make.named(
                "Estimand",
                f"Estimand of {endpoint.name}",
                f"Estimand of {endpoint.label}",
                populationSummary=estimand.summary or "Share of patients",
                analysisPopulationId=sets[name]["id"],
                interventionIds=[i["id"] for i in interventions.made],
                variableOfInterestId=endpoints[endpoint.name]["id"],
                intercurrentEvents=_intercurrent(make, endpoint.name, estimand),
            )
        )
    return list(sets.values()), [e for e in found if e.get("interventionIds")]


def _intercurrent(make: Maker, endpoint: str, estimand: Estimand) -> list[Instance]:
    return [
        make.named(
            "IntercurrentEvent",
            f"{endpoint}: {s.event}",
            text=_EVENTS[s.event],
            strategy=_STRATEGIES[s.strategy],
        )
        for s in estimand.intercurrent
    ]
