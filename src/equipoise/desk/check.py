"""Check a trial: what its file defines, and what a reader should be careful about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from equipoise.analyse.estimands import stated, strategies
from equipoise.conduct.balance import balance_in_words
from equipoise.conduct.foretold import in_words
from equipoise.design.basket.behaviour import Basket
from equipoise.design.basket.behaviour import as_json as basket_as_json
from equipoise.design.basket.behaviour import in_words as basket_in_words
from equipoise.design.basket.stated import basket_in
from equipoise.design.study.family import Family
from equipoise.desk import cohorts
from equipoise.files.bundled import find_trial
from equipoise.files.history_file import library_of
from equipoise.files.trial_folder import TrialFolder, read_folder
from equipoise.history.provenance import Provenance, provenance
from equipoise.history.three_answers import prespecified_text
from equipoise.trial.amendment import Amendment
from equipoise.trial.changes import Change, changes
from equipoise.trial.foresight import foresight
from equipoise.trial.phase1 import Phase1
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Checked:
    """A trial whose file has no problems. ``origin``: of its historical rate; ``borrowing``: as prespecified, or ''; ``balance``: of the arms."""

    folder: TrialFolder
    cautions: Sequence[str]
    origin: Provenance | None
    borrowing: str
    balance: str

    @property
    def trial(self) -> Trial:
        """The trial that was read."""
        return self.folder.trial

    @cached_property
    def family(self) -> Family | None:
        """What the cohorts' designs do together; None without cohorts."""
        return cohorts.family(self.trial)

    @cached_property
    def basket(self) -> Basket | None:
        """How the cohorts are declared together; None where each is decided on its own."""
        return basket_in(self.trial)

    @property
    def together(self) -> str:
        """What the cohorts come to, in words; '' without cohorts."""
        if self.basket is not None:
            return basket_in_words(self.basket)
        return self.family.in_words() if self.family is not None else ""

    def cohorts(self) -> list[str]:
        """Each cohort in words, who is in it and who counts; then each design once, with the cohorts that it is of."""
        views = self.trial.views
        designs: dict[str, list[str]] = {}
        for name, view in views.items():
            designs.setdefault(view.design.describe(), []).append(name)
        return [*map(_cohort, views.values()), *(f"{', '.join(names)}: {words}" for words, names in designs.items())]

    def cohorts_as_json(self) -> dict[str, Any]:
        """Each cohort by its name."""
        return {
            name: {"label": v.own_cohort.title, "target_enrolment": v.target_enrolment, "design": v.design.numbers()}
            for name, v in self.trial.views.items()
            if v.own_cohort is not None
        }

    def amendments(self) -> list[tuple[Amendment, list[Change]]]:
        """Each amendment beside the file, with what it changes in the definition before it."""
        texts = [self.trial.definition, *(a.trial.definition for a in self.folder.amendments)]
        return [(a, changes(*pair)) for a, pair in zip(self.folder.amendments, pairwise(texts), strict=True)]

    def estimands(self) -> list[str]:
        """Each endpoint's estimand by its strategies, in words."""
        return [f"{e.name}, on {e.population}: {strategies(m)}" for e, m in stated(self.trial)]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        t = self.trial
        return {
            "trial": t.id,
            "ok": True,
            "fingerprint": t.fingerprint,
            "arms": [a.name for a in t.arms],
            "endpoints": [e.name for e in t.endpoints],
            "estimands": {e.name: {s.event: s.strategy for s in m.intercurrent} for e, m in stated(t)},
            "design": t.design.numbers() if t.design else None,
            **({} if t.phase1 is None else {"phase1": _phase1(t, t.phase1)}),
            **({} if self.family is None else {"cohorts": self.cohorts_as_json(), "family": self.family.as_json()}),
            **({} if self.basket is None else {"basket": basket_as_json(self.basket)}),
            "cautions": self.cautions,
            "balance": self.balance or None,
            "scenarios": list(self.folder.scenarios),
            "grids": list(self.folder.grids),
            "amendments": [
                {"on": a.on, "why": a.why, "fingerprint": a.trial.fingerprint, "changes": found}
                for a, found in self.amendments()
            ],
            "history": self.origin,
            "borrowing": self.borrowing or None,
            "assumptions": [{"of": list(a.of), "because": a.because} for a in t.assumptions],
        }


def _phase1(trial: Trial, phase1: Phase1) -> dict[str, Any]:
    return {
        "levels": [x.label for x in trial.dose_levels],
        "kind": phase1.design["kind"],
        "design": phase1.finder.numbers(),
        "window_days": phase1.window.days,
        "dlt": list(phase1.dlt.in_words()),
        **({} if phase1.response is None else {"response": phase1.response}),
    }


def check(name: str) -> Checked:
    """Sum up the trial called ``name``. Raises BadInput with all that is wrong with its file and what lies beside it."""
    folder = read_folder(find_trial(name))
    trial = folder.trial
    balance, unbalanced = balance_in_words(trial)
    library = library_of(trial, name)
    origin = provenance(trial, library) if library is not None else None
    of_history = origin.cautions if origin is not None else ()
    told = in_words(trial) if not trial.divided else ""
    cautions = [*_cautions(trial), *unbalanced, *filter(None, [told]), *of_history]
    return Checked(folder, cautions, origin, prespecified_text(trial, library), balance)


def _cautions(trial: Trial) -> list[str]:
    """What to be careful about in the design and its looks; in a trial with cohorts each caution with those that it is of."""
    of: dict[str, list[str]] = {}
    for view in trial.views.values() or (trial,):
        for caution in (*getattr(view.design, "cautions", ()), *foresight(view), *_of_phase1(view)):
            of.setdefault(caution, []).append(view.cohort_name)
    everywhere = len(trial.views) or 1
    return [c if len(names) == everywhere else f"{', '.join(names)}: {c}" for c, names in of.items()]


def _of_phase1(trial: Trial) -> tuple[str, ...]:
    found: tuple[str, ...] = trial.phase1.finder.cautions if trial.phase1 is not None else ()
    return found


def _cohort(view: Trial) -> str:
    c = view.own_cohort
    assert c is not None
    told = ", ".join(f"{name} = {level}" for name, level in c.of.items())
    counted = ", ".join(f"{name} = {level}" for name, level in c.counts.items())
    who = f"{c.target_enrolment} patients" + (f" with {counted}; others are described beside them" if counted else "")
    own = view.assessments
    by = f"; assessed by {own.criterion}" if own is not None and own != view.whole.assessments else ""
    return f"{c.name}, {c.title}{f' ({told})' if told else ''}: {who}{by}"
