"""Every question that a trial's history lets us answer three times: its monitored rate, and its times; borrowed as prespecified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from equipoise.history.answers import Answers, Count, past_arms, trial_answers
from equipoise.history.answers_of_times import hazard_answers
from equipoise.history.hazards import PastTimes, past_times
from equipoise.history.library import HistoryLibrary
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.borrowing.spread_prior import SpreadPrior
from equipoise.trial.problem import BadInput
from equipoise.trial.protocol_parts import FromLibrary
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def prespecified(trial: Trial) -> Borrowing | None:
    """The way of borrowing that [history.borrowing] states; None where it states none."""
    stated = trial.history.borrowing if trial.history is not None else None
    if stated is None:
        return None
    plain = Borrowing()
    return Borrowing(
        stated.method, SpreadPrior(stated.tau or plain.tau.family, stated.tau_scale or plain.tau.scale),
        stated.weight or plain.weight, stated.a0 or plain.a0,
    )  # fmt: skip


def prespecified_text(trial: Trial, library: HistoryLibrary | None) -> str:
    """The prespecified borrowing in words, with what its prior of the monitored rate is worth; '' where none is stated."""
    own = prespecified(trial)
    if own is None:
        return ""
    past, _ = past_arms(trial, (), library)
    worth = own.rate_prior([h.x for h in past], [h.n for h in past]).effective_size().in_full() if past else ""
    return f"Borrowing, prespecified: {own}{f'; of the rate {worth}' if past else ''}."


def borrowing_of(trial: Trial, asked: Mapping[str, Any] | None = None) -> tuple[Borrowing, str]:
    """The way of borrowing and its standing. ``asked``: method, tau_scale, weight or a0 given at the analysis; None: not given.

    What is not given is as prespecified, or else as this software's defaults have it.
    """
    own, given = prespecified(trial), {k: v for k, v in (asked or {}).items() if v is not None}
    base = own or Borrowing()
    if "tau_scale" in given:
        given["tau"] = SpreadPrior(base.tau.family, given.pop("tau_scale"))
    found = replace(base, **given)
    if own is None:
        return found, "not prespecified: [history.borrowing] is not in the trial file"
    # the same in words is the same: what a method does not use does not count
    if str(found) == str(own):
        return own, "as prespecified in the trial file"
    return found, f"not as prespecified ({own}): a sensitivity analysis"


def with_library(trial: Trial, library: str, changes: Mapping[str, Any]) -> Trial:
    """The trial with this library in [history] from. Its own choice of arms holds for its own library, less what ``changes`` say."""
    assert trial.history is not None
    own = trial.history.library
    base = own if own is not None and own.library == library else FromLibrary(library=library)
    changes = {k: v for k, v in changes.items() if v not in (None, ())}
    if "arms" in changes:
        # arms by name are all that is wanted
        changes = {"without": (), "treatments": (), "until": None, **changes}
    history = trial.history.model_copy(update={"library": base.model_copy(update=changes)})
    return trial.model_copy(update={"history": history})


def all_answers(
    trial: Trial, snap: Snapshot, history: Sequence[Count] = (), events: Sequence[int] = (),
    asked: Mapping[str, Any] | None = None, level: float = 0.05, library: HistoryLibrary | None = None,
) -> list[Answers]:  # fmt: skip
    """The monitored rate, then each endpoint with a curve in [history]: each question with its three answers.

    ``history``: arms to borrow from for the rate, and ``events`` behind the curves of the monitored times, in place of the
    library's arms. Before anybody has been followed for long enough, there are times only. Raises BadInput as ``trial_answers`` does,
    but without patients who count only where there is no answer at all.
    """
    borrowing, standing = borrowing_of(trial, asked)
    found: list[Answers] = []
    nobody: BadInput | None = None
    try:
        found.append(trial_answers(trial, snap, history, borrowing, level, library))
    except BadInput as bad:
        if {problem.code for problem in bad.problems} != {"no-patients"}:
            raise
        nobody = bad
    assert trial.history is not None
    of_times = {c.endpoint for c in trial.history.curves}
    landmark = trial.looked_at_landmark
    for name in [e.name for e in trial.endpoints if e.name in of_times]:
        own = events if landmark is not None and name == landmark.of else ()
        past: PastTimes | None = None
        if library is not None and not own:
            past = past_times(trial, library, name)
        more = hazard_answers(trial, snap, name, own, borrowing, level, past)
        found += [more] if more is not None else []
    if nobody is not None and not found:
        raise nobody
    return [replace(a, standing=standing) for a in found]
