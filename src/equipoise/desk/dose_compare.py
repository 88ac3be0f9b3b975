"""Put dose-finding designs side by side under the same truths: exact where that can be had, and the same patients where not."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.answered import months_to_the_last_answer
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.dose_design import DoseDesign
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.levels import named
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.desk.design_text import read_words, value_of
from equipoise.desk.dose import HowAsked, built, or_problems, rates_of, shape
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem

#: What is compared when nothing is asked for, with a target of 0.3.
USUAL = ("a-plus-b", "boin target=0.3", "keyboard target=0.3", "i3plus3 target=0.3")


@dataclass(frozen=True)
class DosesCompared:
    """Designs, by their texts, and how each behaves under each truth. ``left_out``: the texts that Ctrl-C came before."""

    texts: Sequence[str]
    designs: Sequence[DoseDesign[Any]]
    behaviour: Sequence[Sequence[DoseCharacteristics]]
    left_out: Sequence[str] = ()

    def tables(self) -> list[Table]:
        """A table a truth: a row a design."""
        found = []
        for k, first in enumerate(self.behaviour[0]):
            doses = [str(named(self.designs[0], d)) for d in range(1, self.designs[0].doses + 1)]
            rows: list[list[Cell]] = []
            for text, each in zip(self.texts, self.behaviour, strict=True):
                c = each[k]
                error = "" if c.months_error is None else f" ± {c.months_error:.2f}"
                months: Cell = "" if c.months is None else f"{c.months:.1f}{error}"
                chances = [f"{p:.3f}" for p in (*c.select, c.select_none)]
                rows.append([text, c.method, *chances, f"{c.total:.1f}", f"{sum(c.dlts):.1f}", months])
            names = ["Design", "How", *(f"Dose {d}" for d in doses), "None", "Patients", "DLTs", "Months"]
            truth = ", ".join(f"{p:g}" for p in first.truth.dlt)
            found.append(
                Table(f"Chance that each dose is selected, true DLT rates {truth}", names, rows, self._notes(k))
            )
        return found

    def _notes(self, k: int) -> list[str]:
        errors = [max(c[k].mc_error or (0.0,)) for c in self.behaviour]
        errors_of_months = [c[k].months_error for c in self.behaviour if c[k].months is not None]
        months = [e for e in errors_of_months if e is not None]
        found = []
        if max(errors) > 0:
            found.append(
                f"Monte-Carlo standard error of a simulated chance at most {max(errors):.4f}; every design meets the same patients."
            )
        if errors_of_months:
            how = f"simulated where the standard error is said, at most {max(months):.2f}" if months else "exact"
            found.append(f"Months to the last answer, {how}; who comes while a design waits is turned away.")
        if self.left_out:
            found.append(f"Interrupted: left out {', '.join(self.left_out)}.")
        return found

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        each = zip(self.texts, self.designs, self.behaviour, strict=True)
        return {
            "designs": [
                {"design": t, "cautions": list(d.cautions), "characteristics": [shape(c, c.months) for c in b]}
                for t, d, b in each
            ],
            **({"left_out": list(self.left_out)} if self.left_out else {}),
        }


def _modifiers(text: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """A design's text without its words such as 'expansion.n=12', and these."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text, {}
    found: dict[str, dict[str, Any]] = {}
    left = []
    for word in words:
        name, mark, value = word.partition("=")
        of, dot, entry = name.partition(".")
        if mark and dot and of in dose_shelf.MODIFIERS:
            found.setdefault(of, {})[entry.replace("-", "_")] = value_of(value)
        else:
            left.append(word)
    return shlex.join(left), found


def _designs(
    texts: Sequence[str], truths: Sequence[Sequence[float]], problems: list[Problem]
) -> dict[str, DoseDesign[Any]]:
    """The designs that texts state; what is wrong with any is added to the problems."""
    designs: dict[str, DoseDesign[Any]] = {}
    for text in texts:
        own, more = _modifiers(text)
        kind, table, wrong = read_words(own, dose_shelf.spec_model)
        table |= more
        if dose_shelf.module_of(kind) is not None:  # what can be read of it is judged beside what cannot
            try:
                designs[text] = built(kind, table, truths[0] if truths else None)
            except BadInput as bad:
                wrong += [replace(p, where=f"{text}: {p.where}") for p in bad.problems]
        problems += [p for p in wrong if p not in problems]
    return designs


def _of_rates(
    designs: Mapping[str, DoseDesign[Any]], truths: Sequence[Sequence[float]], responses: Sequence[Sequence[float]]
) -> list[Problem]:
    """What is wrong with true rates, for each design; where none could be built, what is no probability."""
    if not designs:
        return rates_of(None, truths, responses)
    return [replace(p, where=f"{t}: {p.where}") for t, d in designs.items() for p in rates_of(d, truths, responses)]


def wrong_with(
    asked: Sequence[str], truths: Sequence[Sequence[float]], responses: Sequence[Sequence[float]]
) -> list[Problem]:
    """What is wrong with the designs and the rates that could be read. Without rates nothing says how many doses there are."""
    problems: list[Problem] = []
    designs = _designs(asked, truths, problems)
    unsaid = [p for p in problems if not truths and p.where.endswith(": doses")]
    return [p for p in (*problems, *_of_rates(designs, truths, responses)) if p not in unsaid]


def run(
    asked: Sequence[str],
    truths: Sequence[Sequence[float]],
    responses: Sequence[Sequence[float]],
    how: HowAsked,
    begins: Callable[[int, int, str], object] = lambda done, of, text: None,
) -> DosesCompared:
    """Compare designs, 'KIND name=value …' each. Raises BadInput with all that is wrong with all of them.

    ``begins``: told before each design how many are done, of how many, and its text. KeyboardInterrupt once one is done ends it, and says what is left out.
    """
    problems: list[Problem] = []
    calendar = or_problems(problems, how.calendar)
    if not truths:
        problems.append(Problem("missing-option", "--truth", "nothing", "true DLT rates, one a dose"))
    texts = tuple(dict.fromkeys(asked or USUAL))
    found_designs = _designs(texts, truths, problems)
    problems += _of_rates(found_designs, truths, responses)
    if problems:
        raise BadInput("design compare", problems)
    designs = list(found_designs.values())
    found: list[list[DoseCharacteristics]] = []
    workers = how.workers()
    try:
        for k, (text, design) in enumerate(zip(texts, designs, strict=True)):
            begins(k, len(texts), text)
            each = []
            for i, dlt in enumerate(truths):
                truth = DoseTruth(tuple(dlt), tuple(responses[min(i, len(responses) - 1)]) if responses else ())
                try:
                    each.append(
                        _timed(
                            design,
                            behaviour(design, truth, how.how, how.trials, how.seed, calendar, workers),
                            how,
                            calendar,
                        )
                    )
                except BadInput as bad:
                    problems += [replace(p, where=f"{text}: {p.where}") for p in bad.problems]
            found.append(each)
    except KeyboardInterrupt:
        if not found or problems:
            raise
    if problems:
        raise BadInput("design compare", problems)
    return DosesCompared(texts[: len(found)], designs[: len(found)], found, texts[len(found) :])


def _timed(
    design: DoseDesign[Any], c: DoseCharacteristics, how: HowAsked, calendar: Calendar | None
) -> DoseCharacteristics:
    """The same with months and who is turned away: exact where everybody is waited for, else from simulated patients."""
    if calendar is None or c.months is not None:
        return c
    exact = months_to_the_last_answer(design, c, calendar) if c.method == "exact" else None
    if exact is not None:
        return replace(c, months=exact[0], turned_away=exact[1])
    timed = simulate(design, c.truth, how.trials, how.seed, calendar)
    return replace(c, months=timed.months, months_error=timed.months_error, turned_away=timed.turned_away)
