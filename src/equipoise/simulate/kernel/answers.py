"""What the trial's rule says of the evidence that simulated looks bring, asked once for each kind of evidence and kept.

The kernel knows no rule. It makes a number of what a look's answer may depend on beside the tested arm's successes (see
``asked``) and looks up the column that answers it. A question that nobody has asked yet ends the trial there; it is asked here,
of the rule itself, and the trial is begun again. The last look's answers are found here, when the trials are over.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.ruling import CONTINUE, Outcomes
from equipoise.decide.trial_rule import rule_of
from equipoise.simulate.kernel import places as at
from equipoise.simulate.plan import Plan
from equipoise.trial.decision import Continue
from equipoise.trial.evidence import Evidence

Wholes = NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """The questions asked so far, in their order, where the column of each begins in ``columns``, and the columns: by successes the
    action and, eight times, how many the next stage is to have (0: as planned)."""

    questions: Wholes
    begins: Wholes
    columns: Wholes

    def for_kernel(self) -> Wholes:
        """One array, as ``asked.column_of`` reads it."""
        head = 1 + 2 * len(self.questions)
        return np.concatenate([[len(self.questions)], self.questions, self.begins + head, self.columns]).astype(
            np.int64
        )

    def missing(self, questions: Wholes) -> Wholes:
        """Of these questions those not asked yet, each once."""
        return np.setdiff1d(questions, self.questions)

    def actions(self, questions: Wholes, successes: Wholes) -> Wholes:
        """The action on each; all must have been asked."""
        found: Wholes = self.columns[self.begins[np.searchsorted(self.questions, questions)] + successes] & 7
        return found


class Answers:
    """The answers of one plan's rule. Threads may share it."""

    def __init__(self, plan: Plan, image: Wholes) -> None:
        self.plan = plan
        self.side, self.control_side, self.earlier = (int(image[k]) for k in (at.SIDE, at.CONTROL_SIDE, at.EARLIER))
        self.known = Known(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
        self._one_at_a_time = Lock()

    def learn(self, questions: Wholes) -> Known:
        """All that is known once these have been asked."""
        with self._one_at_a_time:
            known = self.known
            new = known.missing(questions)
            if not len(new):
                return known
            columns = [self._ask(q) for q in new.tolist()]
            begins = len(known.columns) + np.cumsum([0, *(len(c) for c in columns)])[:-1]
            order = np.argsort(all_questions := np.concatenate([known.questions, new]))
            self.known = Known(
                all_questions[order],
                np.concatenate([known.begins, begins])[order].astype(np.int64),
                np.concatenate([known.columns, *columns]),
            )
            return self.known

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
        outcomes = Outcomes(look, arm, n, before, m, y > 0, successes, max(y - 1, 0))
        found = rule_of(trial, look).table(outcomes)[:, 0].astype(np.int64)
        if trial.monitored.sized and not trial.monitored.is_final(look):
            for x in np.flatnonzero(found == CONTINUE).tolist():
                action = trial.monitored.design.verdict(Evidence(look, arm, n, x, before, successes)).action
                if isinstance(action, Continue) and action.enrol is not None:
                    found[x] += action.enrol << 3
        return found
