"""Where a trial's historical rate comes from: the arms of a library that its file names, pooled as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.history.library import HistoryLibrary
from equipoise.history.pooling import Prediction, pool_library
from equipoise.history.rates import Choice, Shape
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Provenance:
    """The stated rate beside what the library's arms say of it."""

    library: str
    what: str
    arms: Sequence[str]
    rate: float
    pooled: float
    pooled_interval: tuple[float, float]
    prediction: Prediction
    text: str
    cautions: Sequence[str]


def choice_of(trial: Trial) -> Choice:
    """What the trial's [history] asks of its library: the monitored landmark of the arms named."""
    assert trial.history is not None
    assert trial.history.library is not None
    of, landmark = trial.history.library, trial.looked_at_landmark
    assert landmark is not None, "the doorway asks for a landmark where there is a library"
    return Choice(
        of.endpoints or (landmark.of,), landmark.landmark, of.arms, of.without, of.treatments, of.until, of.unverified,
        None if of.published_only else Shape(of.shape),
    )  # fmt: skip


def provenance(trial: Trial, library: HistoryLibrary) -> Provenance:
    """The stated rate against the pooled arms. Raises BadInput where they cannot be pooled."""
    assert trial.history is not None
    found = pool_library(library, choice_of(trial))
    p, rate = found.predictions[0], trial.history.rate
    text = (
        f"Historical rate {rate:g}: {found.of_arms} ({', '.join(a.arm for a in found.arms)}) {found.have} "
        f"{found.rate:.3f} ({found.lower:.3f} to {found.upper:.3f}) for {found.what}; the next control arm's is predicted at {p.median:.3f} "
        f"({p.lower:.3f} to {p.upper:.3f})."
    )
    cautions = [f"History: {c}" for c in found.cautions]
    if not p.lower <= rate <= p.upper:
        cautions.append(
            f"The stated historical rate {rate:g} lies outside what its library predicts, {p.lower:.3f} to {p.upper:.3f}."
        )
    return Provenance(
        library.id,
        found.what,
        [a.arm for a in found.arms],
        rate,
        found.rate,
        (found.lower, found.upper),
        p,
        text,
        cautions,
    )
