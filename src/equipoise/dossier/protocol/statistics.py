"""What protocol (M11, section 10) and plan say alike of the statistics: sets, methods, missing data, looks, sample size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from equipoise.dossier.protocol.computed import Computed, decided, looks_table
from equipoise.trial.endpoint import Endpoint, Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.endpoint_words import defined
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.trial import Trial
from equipoise.trial.written import Grid, Piece, Said

_AT = {
    "last assessment": "on the day of the last assessment that could be read",
    "last contact": "on the day on which the patient was last known to be alive",
    "that day": "on that day",
    "origin": "on the day from which time is counted",
}
_WHEN = {
    "next therapy": "another anticancer therapy begins first",
    "withdrawal": "consent is withdrawn first",
    "loss": "the patient is lost to follow-up first",
    "death": "the patient dies first",
    "progression": "there is progression first",
    "clinical progression": "there is clinical progression first",
    "treatment ended early": "study treatment ends early first",
    "no baseline": "there is no assessment at baseline",
    "no event": "there is no event by the data cut-off",
}
_STRATEGIES = {
    "treatment policy": "what comes after it counts as if it had not happened",
    "hypothetical": "the time that would have been seen without it is of interest, so that it censors",
    "composite": "it is an event itself",
    "while on treatment": "only what comes before it is of interest, so that it censors",
    "principal stratum": "only patients in whom it would not occur",
}
_NOT_EVALUABLE = {
    "failure": "counts as a failure",
    "replace": "is not counted, and the next patient takes the place in a look's cohort",
    "exclude": "is left out of numerator and denominator",
}


def general(t: Trial, filed: Trial) -> Iterator[Piece]:
    """What holds of all analyses."""
    yield Said(
        f"All analyses are made with Equipoise from one definition of the trial (fingerprint {filed.fingerprint[:16]}): what this document says "
        "and what is reckoned are the same entries.",
        "the trial file",
    )
    yield Said(
        "Times are counted in days; a month is 30.4375 days. Percentages are of the patients of the named analysis set. Confidence intervals "
        "are of 95 %, two-sided, unless another level is named.",
        "the program",
    )
    assumed = [a for a in t.assumptions if not a.missing]
    if assumed:
        yield Said(
            f"{len(assumed)} entr{'y' if len(assumed) == 1 else 'ies'} of the trial file are assumptions that no source states; they are listed with their reasons in its [[assumptions]].",
            "assumptions",
            "note",
        )


def sets(t: Trial) -> Iterator[Piece]:
    """The analysis sets, and which endpoints each is of."""
    rows = []
    for name, p in t.population_by_name.items():
        used = [e.name for e in t.endpoints if e.population == name]
        rows.append([name, p.label, p.by, ", ".join(used) or "–"])
    yield Grid(Table("Analysis sets", ["Set", "Who is in it", "Under which arm", "Endpoints"], rows), "populations")


def definition(t: Trial, e: Endpoint) -> Piece:
    """An endpoint in one sentence."""
    return Said(f"{e.label}: {defined(t, e)}.", f"endpoints.{e.name}")


def method(t: Trial, e: Endpoint) -> Iterator[Piece]:
    """How an endpoint is analysed: what the program does with one of its kind."""
    of, named = f"endpoints.{e.name}", t.population_by_name[e.population]
    yield Said(f"Analysed on {named.label[0].lower()}{named.label[1:]}.", f"{of}.population")
    compared = bool(t.control_arms) and t.randomisation is not None
    if isinstance(e, TimeToEvent):
        yield Said(
            "Described by the Kaplan–Meier estimate, the median with its interval (log-log)"
            + (f", and the estimate at {e.report_at}" if e.report_at else "")
            + ".",
            of,
        )
        if compared:
            strata = f", stratified by {', '.join(e.stratified_by)}" if e.stratified_by else ", unstratified"
            yield Said(
                f"Arms are compared by the log-rank test and by the hazard ratio of a Cox model (ties by Efron){strata}.",
                f"{of}.stratified_by" if e.stratified_by else of,
            )
        if e.competing:
            yield Said(
                f"{', '.join(e.competing).capitalize()} preclude{'s' if len(e.competing) == 1 else ''} the event: the cumulative incidence (Aalen–Johansen) is shown beside.",
                f"{of}.censoring",
            )
        return
    yield Said("Described by the share of patients with its exact interval (Clopper and Pearson).", of)
    if compared:
        yield Said("Arms are compared by the difference of shares with its interval (Miettinen and Nurminen).", of)


def handling(t: Trial, e: Endpoint) -> Iterator[Piece]:
    """Intercurrent events by their strategies, and the censoring rules in the order in which they apply."""
    of = f"endpoints.{e.name}"
    estimand = getattr(e, "estimand", None)
    if isinstance(e, Landmark):
        estimand = t.time_to_event(e.of).estimand
        yield Said(f"Events and censoring are those of {e.of}.", f"{of}.of")
    for s in estimand.intercurrent if estimand is not None else ():
        yield Said(
            f"{s.event.capitalize()}: {s.strategy} strategy: {_STRATEGIES[s.strategy]}.",
            f"{of}.estimand.intercurrent",
            "bullet",
        )
    if isinstance(e, TimeToEvent):
        yield Grid(censoring_table(e), f"{of}.censoring")


def censoring_table(e: TimeToEvent) -> Table:
    """The censoring rules in order."""
    rows: list[list[Cell]] = []
    for i, c in enumerate(e.censoring, 1):
        when = _WHEN.get(c.when, c.when)
        if c.when == "missed assessments":
            when = f"{c.missed} or more planned assessments in a row were missed just before {c.before}"
        rows.append([i, when, f"censored {_AT[c.at]}"])
    return Table(f"Censoring of {e.label}, in the order in which it applies", ["Rule", "Where", "Then"], rows)


def missing(t: Trial, e: Endpoint) -> Iterator[Piece]:
    """What becomes of who cannot be evaluated."""
    of = f"endpoints.{e.name}"
    if isinstance(e, TimeToEvent):
        yield Said(
            "Nothing is imputed: a patient without an event is censored by the rules above. A partial date becomes a day by the rules of the log, which are listed with the data.",
            f"{of}.censoring",
        )
        return
    if isinstance(e, Landmark | Outcome | Toxicity):
        yield Said(
            f"A patient whose status may still come to be known ({e.window} after it is due) is pending. After that, or once the patient is known to have left, the patient is not evaluable.",
            f"{of}.window",
        )
    yield Said(f"A patient who is not evaluable {_NOT_EVALUABLE[e.not_evaluable]}.", f"{of}.not_evaluable")
    if isinstance(e, Response):
        yield Said(
            "Confirmed responses only count." if e.confirmed else "A response counts without confirmation.",
            f"{of}.confirmed",
        )


def interim(t: Trial) -> Iterator[Piece]:
    """The looks, their boundaries and what happens while one is awaited."""
    for name, view in decided(t).items():
        if view.design is None:
            continue
        at = f"cohorts.{name}.design" if name else "design"
        head = f"Cohort {name}. " if name else ""
        yield Said(head + view.design.describe(), at)
        table = looks_table(view, view.design)
        if table is not None:
            yield Grid(table, at)
        m = view.monitoring
        if m is not None:
            going = {
                "continue": "goes on",
                "pause": "pauses",
                "cap": f"goes on for {m.cap} more patients, then pauses",
            }[m.while_waiting]
            yield Said(
                f"{head}The decision is taken on {m.endpoint}. Enrolment {going} while a look's outcomes are awaited. A decision is known to sites {m.readout_delay} after the look's cut-off.",
                "monitoring",
            )
        for caution in view.design.cautions:
            yield Said(f"Caution. {caution}", at, "note")
    for rule in t.safety:
        yield Said(
            f"Safety rule {rule.name}: {rule.said({a.name: a.label for a in t.arms})} {rule.design.describe()}",
            f"safety.{rule.name}",
        )


def sample_size(t: Trial, found: Computed) -> Iterator[Piece]:
    """Sizes, the hypotheses they were made for, and how the design behaves: computed, not copied."""
    yield Said(f"{t.target_enrolment} patients are planned to be {t.entered}.", "target_enrolment")
    for name, view in decided(t).items():
        if view.design is None:
            continue
        at = f"cohorts.{name}.design" if name else "design"
        rows = [[k, f"{v:.4f}" if isinstance(v, float) else str(v)] for k, v in view.design.numbers().items()]
        yield Grid(Table(f"The design in numbers{f', cohort {name}' if name else ''}", ["Quantity", "Value"], rows), at)
        if name in found.behaviour:
            yield Grid(found.behaviour[name], f"computed: {at}")
    if found.family is not None:
        yield Grid(found.family, "computed: cohorts")
        yield Said(found.family_words, "computed: cohorts")
    for a in (a for a in t.assumptions if any(of.startswith("design") for of in a.of) and not a.missing):
        yield Said(f"Assumed ({', '.join(a.of)}): {a.because}", "assumptions", "note")


def multiplicity(t: Trial) -> Iterator[Piece]:
    """How many decisions there are, and what is not adjusted."""
    primary = [e.label for e in t.endpoints if e.role == "primary"]
    if t.divided and t.basket is not None:
        yield Said(
            f"Each cohort has its own stages, and the cohorts are declared together by the model '{t.basket.model}', with an error of at most "
            f"{t.basket.alpha:g} where all meet their null; the rule and its exact errors are shown with the sample size.",
            "basket",
        )
        return
    if t.divided:
        yield Said(
            "Each cohort is decided on its own by its own design; the error of the family is computed and shown with the sample size. No adjustment is made between cohorts.",
            "cohorts",
        )
        return
    decides = (
        f"One decision is taken, on {t.monitoring.endpoint}. "
        if t.monitoring is not None and t.design is not None
        else ""
    )
    yield Said(
        f"{decides}Primary: {', '.join(primary)}. Other endpoints are described; their intervals and p-values are not adjusted for multiplicity.",
        "endpoints",
    )


def sensitivity(t: Trial, e: Endpoint) -> Iterator[Piece]:
    """What `equipoise sensitivity` shows beside an endpoint."""
    if isinstance(e, TimeToEvent) and e.progression_or_death:
        yield Said(
            f"{e.label} is also derived by published sets of events and censoring rules (among them FDA's and EMA's), side by side, to see whether the conclusion depends on the rules.",
            f"endpoints.{e.name}",
        )


def safety(t: Trial) -> Iterator[Piece]:
    """What is described of safety."""
    graded = f" They are graded by CTCAE {t.adverse_events.version}." if t.adverse_events is not None else ""
    yield Said(
        f"Adverse events are described by arm, term, organ class and worst grade on the safety set: all, related, serious, of grade 3 or more, fatal, leading to the end of treatment.{graded}",
        "adverse_events" if t.adverse_events else "the program",
    )
    for e in (e for e in t.endpoints if isinstance(e, Toxicity)):
        yield definition(t, e)


def roles(t: Trial, role: str) -> Sequence[Endpoint]:
    """The endpoints of a role."""
    return [e for e in t.endpoints if e.role == role]
