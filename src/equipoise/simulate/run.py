"""One simulated trial: virtual patients through the loop of ``loop``, from the trial's start to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.analyse.data import cut
from equipoise.conduct.allocation import allocation_of
from equipoise.conduct.conduct import Conduct
from equipoise.decide.decide import decide
from equipoise.simulate import accrual
from equipoise.simulate.amended import Amendments
from equipoise.simulate.from_scenario import FromScenario
from equipoise.simulate.happening import Happening
from equipoise.simulate.loop import LookTaken, Loop, moment
from equipoise.simulate.plan import Plan
from equipoise.simulate.progress import Progress
from equipoise.simulate.safety_looks import SafetyLook
from equipoise.trial.amendment import Amendment
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class SimulatedTrial:
    """One replicate: its looks and how it ended.

    ``safety``: its looks at safety rules. ``courses``: of each randomised patient the arm, the day of randomisation and the days on study, from the trial's
    start; on study ends with progression seen, death or leaving.
    """

    replicate: int
    looks: Sequence[LookTaken]
    randomised: int
    tested: int
    ended: date
    log: Log
    courses: Sequence[tuple[str, int, int]]
    safety: Sequence[SafetyLook] = ()
    #: whether a safety rule stopped it
    stopped: bool = False


def run(plan: Plan, replicate: int, *, detail: bool = False, amendments: Sequence[Amendment] = ()) -> SimulatedTrial:
    """Conduct one trial with virtual patients, day by day, to its last decision.

    ``detail`` adds doses, adverse events and contacts to the log; the decisions are the same without, unless the
    monitored endpoint asks for them, and then they are always there. ``amendments`` are recorded on their days; they change the doses.
    """
    trial, start = plan.trial, plan.trial.start
    allocation = allocation_of(trial, plan.seed, replicate) if trial.randomisation is not None else None
    conduct, amending = Conduct.open(trial, moment(start), "simulation", allocation, virtual=True), None
    if amendments:
        amending = Amendments(amendments)
        conduct = Conduct(trial, conduct.log, allocation, read=amending.read, virtual=True)
    return onward(plan, conduct, replicate, start, detail=detail, amending=amending)


def onward(
    plan: Plan,
    conduct: Conduct,
    replicate: int,
    start: date,
    *,
    detail: bool = False,
    amending: Amendments | None = None,
    futures: Mapping[date, Sequence[tuple[str, date, Happening]]] | None = None,
) -> SimulatedTrial:
    """Conduct the trial onto a log that is open, from the morning of ``start``, which is the first day of ``plan``'s trial.

    ``futures``: what is still to be recorded of those who are in the log.
    """
    trial = plan.trial
    source = FromScenario(plan, replicate, detail, amending)
    loop = Loop(
        conduct,
        source,
        by_the_rule,
        Progress.of(conduct, start, by_the_rule),
        plan.waiting,
        plan.cap,
        futures,
        safety=True,
        amending=amending,
    )
    ended = loop.from_day(start, start + timedelta(days=accrual.horizon(trial)))
    if ended is None:
        problem = Problem(
            "endless",
            "accrual",
            f"replicate {replicate}, waiting '{plan.waiting}', has {loop.randomised} of "
            f"{trial.target_enrolment} randomised and goes on ten years after its last site opened",
            "trials that end by then, every one of them",
            "raise accrual.pace, add sites or rates, or let the sites vary less",
        )
        raise BadInput(f"scenario {plan.scenario.id}", [problem])
    return SimulatedTrial(
        replicate,
        tuple(loop.looks),
        loop.randomised,
        len(loop.order[loop.tested]),
        ended,
        conduct.log,
        tuple(loop.courses),
        tuple(loop.safety.taken),
        loop.stopped,
    )


def by_the_rule(trial: Trial, log: Log, today: date, look: int) -> Decision | NotRipe:
    """What the trial's own rule says; a last look that it refuses ends the trial with nothing shown."""
    return decide(trial, cut(trial, log, today, fingerprint=False), look, ends_anyway=True)
