"""The physician's page: what was asked, what was found, what it means and how sure it is, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analyse.survival import SurvivalResult
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.dossier.escalation.findings import only_finds_dose
from equipoise.dossier.findings import Findings
from equipoise.dossier.look import taken
from equipoise.trial.decision import Decision
from equipoise.trial.endpoint import Endpoint, TimeToEvent
from equipoise.trial.exhibits import Exhibit, Facts
from equipoise.trial.said_numbers import interval, number, percent, share


def plain(f: Findings) -> list[Exhibit]:
    """The answers. Estimators, boundaries and methods stand in the sections after it."""
    rows = [
        ("What was asked", " ".join(_asked(f))),
        ("What was found", " ".join(_found(f))),
        ("Times", " ".join(_times(f, interim=_interim(f)))),
        ("Harm", " ".join(_harm(f))),
        ("What it means", " ".join(_means(f))),
        ("How sure it is", " ".join(_sure(f))),
    ]
    return [Facts([(name, text) for name, text in rows if text])]


def _asked(f: Findings) -> Iterator[str]:
    t = f.trial
    if f.escalation is not None:
        yield f"Which dose of {t.dose_levels[0].drug} can be given safely to {_people(t.population)}?"
    if only_finds_dose(t):
        return
    tested = " or ".join(a.label for a in t.tested_arms)
    against = f", beside {' and '.join(a.label for a in t.control_arms)}" if t.control_arms else ""
    decides = _decides(f)
    if decides is None:
        yield f"How do {_people(t.population)} fare with {tested}{against}?"
        return
    yield f"Does {tested}{against} do enough for {_people(t.population)}? What decides is: {decides.label}."
    if isinstance(t.design, RateDesign):
        yield f"A rate of {percent(t.design.p0, 0)} would not be worth more study; {percent(t.design.p1, 0)} is what one hoped for."


def _people(population: str) -> str:
    """'patients with …': the population in a sentence, with a small letter first unless it is an abbreviation."""
    text = population.strip().rstrip(".")
    return "patients with " + (text[:1].lower() + text[1:] if len(text) > 1 and text[1].islower() else text)


def _decides(f: Findings) -> Endpoint | None:
    m = f.trial.monitoring
    return f.trial.endpoint_by_name.get(m.endpoint) if m is not None and f.trial.design is not None else None


def _found(f: Findings) -> Iterator[str]:
    t = f.trial
    if f.escalation is not None:
        yield from (f"{said[:1].upper()}{said[1:].rstrip('.')}." for said in f.escalation.said if said)
    if only_finds_dose(t):
        return
    n = len(f.snap.randomised)
    yield f"By {f.snap.cutoff} {n} patients were {t.entered}."
    decided = taken(f)
    if decided:
        yield from _counted(f, decided[-1])
    elif f.looks:
        yield "It is too early for the first look: nothing is decided, and no rate is given that would mislead."


def _interim(f: Findings) -> bool:
    decided = taken(f)
    return bool(f.looks) and (not decided or decided[-1].look < decided[-1].of_looks)


def _counted(f: Findings, d: Decision) -> Iterator[str]:
    """Successes by arm at the look, and how many were needed of the arm that decides."""
    decides = _decides(f)
    words = decides.label if decides is not None else "success"
    for name, numbers in d.evidence.items():
        arm = f.trial.arm_by_name.get(name)
        if arm is None or "successes" not in numbers or not numbers["n"]:
            continue
        ci = numbers.get("rate_ci")
        range_ = f", 95% CI {100 * ci[0]:.0f} to {100 * ci[1]:.0f}" if ci is not None else ""
        needed = ""
        if arm.tested and isinstance(f.trial.design, RateDesign):
            # The distance is counted from the boundary that the look was held against; one more than it was needed.
            needed = f"; at least {int(numbers['successes'] - d.distance) + 1} were needed"
        yield f"{words}: {numbers['successes']} of {numbers['n']} ({percent(numbers['rate'], 0)}{range_}) with {arm.label}{needed}."
    if not any("successes" in numbers for numbers in d.evidence.values()):
        yield " ".join(d.because)


def _times(f: Findings, *, interim: bool) -> Iterator[str]:
    """Median times of the first endpoints of time, by arm; ratios only once all looks are taken."""
    if only_finds_dose(f.trial):
        return
    for e in [e for e in f.trial.endpoints if isinstance(e, TimeToEvent)][:2]:
        result = f.analysis.endpoints.get(e.name)
        if not isinstance(result, SurvivalResult) or not any(a.events for a in result.arms.values()):
            continue
        arms = [
            f"{number(a.median_months)} months {interval(*a.median_ci_months)} with {f.trial.arm_by_name[name].label}"
            for name, a in result.arms.items()
            if a.n
        ]
        said = f"{e.label}, median (95% CI): {', '.join(arms)}"
        ratios = [c for c in result.comparisons.values() if c.estimable]
        if len(ratios) == 1 and not interim:
            c = ratios[0]
            said += f"; hazard ratio {c.hr:.2f} {interval(*c.hr_ci, 2)}, below 1 in favour of {f.trial.arm_by_name[c.tested].label}"
        yield said + "."


def _harm(f: Findings) -> Iterator[str]:
    if only_finds_dose(f.trial):
        return
    told = [a for a in f.analysis.safety if a.treated]
    if any(a.any_event for a in told):
        severe = [f"{share(a.severe, a.treated)} with {f.trial.arm_by_name[a.arm].label}" for a in told]
        yield f"Adverse events of grade 3 or worse: {', '.join(severe)}."
    dead = sum(p.died is not None for p in f.snap.randomised)
    if dead:
        yield f"{dead} of {len(f.snap.randomised)} patients had died."


def _means(f: Findings) -> Iterator[str]:
    t, decided = f.trial, taken(f)
    if not decided:
        if f.looks:
            yield "The trial goes on as planned."
        return
    d = decided[-1]
    tested = " or ".join(a.label for a in t.tested_arms)
    why = getattr(d.action, "why", "")
    match d.action.name:
        case "declare":
            yield f"By the rule that was fixed before the trial, {tested} did well enough: {_what(f, d)}."
            if t.control_arms and isinstance(t.design, RateDesign):
                yield "The rule looks at that arm alone: it does not prove that it is better than the control."
        case "stop":
            yield f"By the rule that was fixed before the trial, it stops: {why}."
        case _:
            yield f"Look {d.look} of {d.of_looks}: the trial goes on, and nothing is decided yet."


def _what(f: Findings, d: Decision) -> str:
    """What was declared, a rate in percent."""
    design = f.trial.design
    return (
        f"a rate above {percent(design.p0, 0)}"
        if isinstance(design, RateDesign)
        else str(getattr(d.action, "what", ""))
    )


def _sure(f: Findings) -> Iterator[str]:
    t, decided = f.trial, taken(f)
    if isinstance(t.design, RateDesign):
        b0, b1 = t.design.behaviour(t.design.p0), t.design.behaviour(t.design.p1)
        yield (
            f"Were the true rate {percent(t.design.p0, 0)}, this rule would wrongly declare in {percent(b0.reject)} of such trials; were it "
            f"{percent(t.design.p1, 0)}, it would miss it in {percent(1 - b1.reject)}."
        )
    if decided and decided[-1].cautions:
        n = len(decided[-1].cautions)
        yield f"{n} {'caution stands' if n == 1 else 'cautions stand'} beside the decision: read {'it' if n == 1 else 'them'}."
    decides = _decides(f)
    if decides is not None and decides.role != "primary":
        primary = [e.label for e in t.endpoints if e.role == "primary"]
        named = f"; the primary one is {' and '.join(primary)}" if primary else ""
        yield f"What decides is called a {decides.role} endpoint in the trial file{named}."
    if t.assumptions:
        yield f"{len(t.assumptions)} entries of the trial file are assumptions, marked † where they stand."
    if f.virtual:
        yield "Every patient here is simulated: nothing of it is about people."
