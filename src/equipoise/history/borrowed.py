"""The historical arms that a trial file names, as counts to borrow from, and what is assumed in taking them so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.history.library import HistoryLibrary
from equipoise.history.provenance import choice_of
from equipoise.history.rates import ArmRate, Choice, choose
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class PastArm:
    """Successes among patients; fractions where they stand for a published rate with its interval, or for a median."""

    x: float
    n: float


@dataclass(frozen=True)
class Borrowed:
    """Historical arms, and what a reader must believe to borrow from them."""

    arms: Sequence[PastArm]
    leans_on: Sequence[str]


def borrowed(trial: Trial, library: HistoryLibrary) -> Borrowed:
    """The arms behind the trial's hurdle, as for ``bayes-binomial``: each counts as many patients as its precision is worth.

    Raises BadInput for arms that the library does not have, or that count patients twice.
    """
    choice = choice_of(trial)
    arms, _ = choose(library, choice)
    return Borrowed([PastArm(a.successes, a.of) for a in arms], leaning(library, choice, arms))


def leaning(library: HistoryLibrary, choice: Choice, arms: Sequence[ArmRate]) -> list[str]:
    """What a reader must believe to borrow from these arms as counts; nothing where there are none."""
    if not arms:
        return []
    patients = sum(a.n for a in arms)
    worth = sum(a.of for a in arms)
    text = (
        f"{len(arms)} arm{'s' if len(arms) > 1 else ''} of {library.id} with {patients} patients, {choice}, "
        f"enter{'' if len(arms) > 1 else 's'} as binomial counts of {worth:.0f}: as many as the published precision is worth"
    )
    changed = sum(a.converted for a in arms)
    found = [text]
    if changed:
        of = "all" if changed == len(arms) else f"{changed} of the"
        found.append(f"{of} {len(arms)} rates are medians converted ({choice.shape})")
    whole = [f"{a.arm} ({a.successes:g} of {a.of:g})" for a in arms if a.halved]
    if whole:
        found.append(f"none or all succeeded in {', '.join(whole)}: counts take them as they are")
    if len(choice.endpoints) > 1:
        found.append(f"{' and '.join(choice.endpoints)} are taken as one")
    return found
