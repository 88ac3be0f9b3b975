"""What the trial's rule says of the evidence that simulated looks bring, asked once for each kind of evidence and kept.

The kernel knows no rule. It makes a number of what a look's answer may depend on beside the tested arm's successes (see
``asked``) and looks up the column that answers it. A question that nobody has asked yet ends the trial there; it is asked here,
of the rule itself, and the trial is begun again. The last look's answers are found here, when the trials are over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.ruling import CONTINUE, Outcomes
from equipoise.decide.trial_rule import rule_of
from equipoise.simulate.kernel import places as at
from equipoise.simulate.kernel.answers_of_times import of_times
from equipoise.simulate.plan import Plan
from equipoise.trial.decision import Continue
from equipoise.trial.evidence import Evidence, TwoArmEvidence

Wholes = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """The questions asked so far, in their order, where the column of each begins in ``columns``, and the columns: by successes the
    action and, eight times, how many the next stage is to have (0: as planned)."""

    questions: Wholes
    begins: Wholes
    columns: Wholes

    #: Where a real number that a look reads changes the action: two to a question; empty where looks count successes.
    switches: Reals = field(default_factory=lambda: np.zeros(0))

    def for_kernel(self) -> tuple[Wholes, Reals]:
        """Whole numbers, as ``asked.column_of`` reads them, and real ones."""
        head = 1 + 2 * len(self.questions)
        whole = np.concatenate([[len(self.questions)], self.questions, self.begins + head, self.columns])
        return whole.astype(np.int64), np.append(self.switches, 0.0)

    def missing(self, questions: Wholes) -> Wholes:
        """Of these questions those not asked yet, each once."""
        return np.setdiff1d(questions, self.questions)

    def actions(self, questions: Wholes, seen: Any) -> Wholes:
        """The action on each with so many successes or, of looks on times, such a statistic; all must have been asked."""
        begins = self.begins[np.searchsorted(self.questions, questions)]
        if len(self.switches):
            place = self.columns[begins + 3]
            seen = (seen >= self.switches[place]).astype(np.int64) + (seen >= self.switches[place + 1])
        found: Wholes = self.columns[begins + seen] & 7
        return found


class Answers:
    """The answers of one plan's rule. Threads may share it."""

    def __init__(self, plan: Plan, image: Wholes) -> None:
        self.plan = plan
        self.side, self.control_side, self.earlier = (int(image[k]) for k in (at.SIDE, at.CONTROL_SIDE, at.EARLIER))
        self.by_time = image[at.LOOKS_ON] != at.ON_PATIENTS
        self.known = Known(nothing := np.zeros(0, dtype=np.int64), nothing, nothing)
        self._one_at_a_time = Lock()

    def learn(self, questions: Wholes) -> Known:
        """All that is known once these have been asked."""
        with self._one_at_a_time:
            known = self.known
            new = known.missing(questions)
            if not len(new):
                return known
            switches = known.switches
            if self.by_time:
                asked = [of_times(self.plan, q) for q in new.tolist()]
                columns = [np.array([*codes, len(switches) + 2 * i]) for i, (codes, _) in enumerate(asked)]
                switches = np.concatenate([switches, *(np.array(places) for _, places in asked)])
            else:
                columns = [self._ask(q) for q in new.tolist()]
            begins = len(known.columns) + np.cumsum([0, *(len(c) for c in columns)])[:-1]
            order = np.argsort(all_questions := np.concatenate([known.questions, new]))
            self.known = Known(
                all_questions[order],
                np.concatenate([known.begins, begins])[order].astype(np.int64),
                np.concatenate([known.columns, *columns]),
                switches,
            )
            return self.known

    def _taken(self, look: int) -> tuple[tuple[int, int], ...]:
        """On how many of both arms the looks before were taken: of two rates as planned, for their places are filled."""
        m = self.plan.trial.monitored
        if m.design.takes is not TwoArmEvidence or m.control is None:
            return ()
        planned = [m.planned(k) for k in range(1, look)]
        return tuple((p[m.tested.name], p[m.control.name]) for p in planned)

    def _ask(self, question: int) -> Wholes:
        """The rule's answer for each number of successes: the way back of ``asked.question``."""
        rest, y = divmod(question, self.control_side + 1)
        rest, m = divmod(rest, self.control_side)
        rest, x_before = divmod(rest, self.side + 1)
        rest, before = divmod(rest, self.side)
        look, n = divmod(rest, self.side)
        trial, arm = self.plan.trial, self.plan.trial.monitored.tested.name
        # Said wherever the look before is found anew, and of no account where it is no part of the question.
        successes = x_before - 1 if x_before else 0 if self.earlier and look > 1 else None
        outcomes = Outcomes(look, arm, n, before, m, y > 0, successes, max(y - 1, 0), self._taken(look))
        found = rule_of(trial, look).table(outcomes)[:, 0].astype(np.int64)
        if trial.monitored.sized and not trial.monitored.is_final(look):
            for x in np.flatnonzero(found == CONTINUE).tolist():
                action = trial.monitored.design.verdict(Evidence(look, arm, n, x, before, successes)).action
                if isinstance(action, Continue) and action.enrol is not None:
                    found[x] += action.enrol << 3
        return found
