"""Which of the graded methods a report called: those that its trial's entries and its data ask for."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.dossier.findings import Findings
from equipoise.dossier.look import taken
from equipoise.trial.endpoint import Landmark, Response, TimeToEvent, Toxicity


def methods_used(f: Findings, *, history: bool = True) -> frozenset[str]:
    """The places of code (``Grade.where``), or of rooms that hold them, that this report's numbers come from.

    ``history``: False of a report that shows nothing of historical controls, sensitivity and estimates that respect the looks.
    """
    return frozenset(_used(f, history))


def _used(f: Findings, history: bool) -> Iterator[str]:
    t = f.trial
    yield from (
        "equipoise.analyse.data.cut",
        "equipoise.trial.log.in_force",
        "equipoise.analyse.populations.membership",
    )
    if t.design is not None:
        yield type(t.design).__module__
        if type(t.design).__name__ == "Curtailed":
            yield "equipoise.design.study.curtailed.Curtailed"
        if history and any(d.action.name != "continue" for d in taken(f)):
            yield "equipoise.numerics.sequential.staged_inference.infer"
    for rule in t.safety:
        yield type(rule.design).__module__
    if t.phase1 is not None:
        yield type(t.phase1.finder).__module__
        if f.escalation is not None:
            yield "equipoise.desk.revisit.revisit"
    yield from _endpoints(f, history)
    if t.randomisation is not None:
        yield (
            "equipoise.conduct.minimisation.Margins.chances"
            if t.randomisation.minimises
            else "equipoise.conduct.randomisation"
        )
    people = f.snap.randomised
    if any(p.doses for p in people):
        yield "equipoise.analyse.exposure.exposures"
    if any(p.adverse_events for p in people):
        yield "equipoise.numerics.times.competing.cumulative_incidence"
        if t.control_arms:
            yield "equipoise.numerics.counts.proportions.risk_difference"
    if history and t.history is not None:
        yield from ("equipoise.numerics.times.one_sample.one_sample_logrank", "equipoise.numerics.counts.consistency")
        if f.library is not None:
            yield from ("equipoise.history", "equipoise.numerics.borrowing")
    if f.summaries or f.virtual:
        yield "equipoise.simulate"


def _endpoints(f: Findings, history: bool) -> Iterator[str]:
    t = f.trial
    if any(isinstance(e, TimeToEvent) for e in t.endpoints):
        yield from (
            "equipoise.numerics.times.survival.kaplan_meier",
            "equipoise.analyse.endpoints.observe",
            "equipoise.numerics.times.restricted_mean",
        )
        if len(t.arms) > 1:
            yield from (
                "equipoise.numerics.times.survival.logrank",
                "equipoise.numerics.times.survival.cox",
                "equipoise.analyse.between_arms.logrank_between",
            )
        if any(isinstance(e, TimeToEvent) and e.competing for e in t.endpoints):
            yield "equipoise.numerics.times.competing"
        if t.factors and len(t.arms) > 1:
            yield "equipoise.numerics.times.interaction.interaction"
        if (
            history
            and t.assessments is not None
            and any(isinstance(e, TimeToEvent) and e.progression_or_death for e in t.endpoints)
        ):
            yield "equipoise.analyse.sensitivity.sensitivity"
    if any(isinstance(e, Landmark | Response | Toxicity) or not isinstance(e, TimeToEvent) for e in t.endpoints):
        yield from ("equipoise.numerics.counts.proportions", "equipoise.analyse.rates")
    if any(isinstance(e, Response) for e in t.endpoints):
        yield "equipoise.analyse.best_overall.best_overall"
    if t.assessments is not None and t.assessments.responses == "from lesions":
        yield from ("equipoise.analyse.criteria.recist11", "equipoise.analyse.criteria.recist11_target")
