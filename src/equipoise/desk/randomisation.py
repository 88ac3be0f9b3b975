"""How a trial's allocation will balance and how well it can be guessed, beside other methods, before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.conduct.foreseen_allocation import ForeseenAllocation, Simulated, foreseen_allocation
from equipoise.conduct.foretold import Foretold, foretold
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import scenarios_of
from equipoise.simulate.cohorts import scenario_of
from equipoise.trial.block_sizes import assumed_blocks
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.protocol_parts import MINIMISED
from equipoise.trial.trial import Trial

#: Replicates that may be asked for.
LEAST, MOST = 20, 100_000

#: Told of each method: how many replicates of it are done.
Watch = Callable[[str], Callable[[int], object]]


@dataclass(frozen=True)
class Compared:
    """The trial's own method first, then the others."""

    trial: str
    scenario: str
    seed: int
    methods: Sequence[ForeseenAllocation]
    #: What the trial's own blocks tell, by enumeration; None by other methods and where there is too much to go through.
    foretold: Foretold | None = None
    #: What is assumed of sealed sizes; ''.
    assumed: str = ""

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "trial": self.trial,
            "scenario": self.scenario or None,
            "seed": self.seed,
            "methods": list(self.methods),
            "foretold": self.foretold,
            "assumed": self.assumed or None,
        }

    def table(self) -> Table:
        """The methods beside each other."""
        rows: list[list[Cell]] = [
            [
                f"{m.method}{'' if i else ' (this trial)'}", _pm(m.tested), _pm(m.off), f"{m.most:.1f}",
                f"{_pm(m.off_in_a_level)} ({m.level})" if m.level else "–", _share(m.guessed), _share(m.certain),
            ]
            for i, m in enumerate(self.methods)
        ]  # fmt: skip
        first = self.methods[0]
        who = (
            f"with the levels of scenario {self.scenario}"
            if self.scenario
            else "each level of a factor as likely as the others"
        )
        return Table(
            f"Allocation of {first.patients} patients, foreseen",
            [
                "Method", "Tested", "Off the ratio (SD)", "At most", "In the worst level (SD)", "Guessed, %", "Certain, %",
            ],
            rows,
            notes=(
                f"{first.replicates} simulated trials, seed {self.seed}, {who}; ± is one Monte-Carlo error.",
                "Tested: patients in the tested arms. Off the ratio: their number about its planned share, in all and in the level of a "
                "factor where it is off most.",
                "Guessed: arms that are foretold by one who knows the method, its settings and every patient before, and names the likeliest "
                "arm. Certain: patients whose arm such a person knows beforehand. Sites that do not see each other's patients know less.",
                *self._exactly(),
                *filter(None, [self.assumed]),
            ),
        )  # fmt: skip

    def _exactly(self) -> list[str]:
        f = self.foretold
        if f is None:
            return []
        return [
            f"This trial's blocks of {', '.join(map(str, f.sizes))}, by enumeration: {100 * f.certain:.2f}% certain, {100 * f.guessed:.2f}% "
            f"guessed ({100 * f.floor:.2f}% by naming the commonest arm each time)."
        ]


def compared(
    name: str, trial: Trial, scenario: str, replicates: int, seed: int, watch: Watch = lambda _: lambda _: None
) -> Compared:
    """The trial's method beside the others that it could have. Raises BadInput where nobody is randomised by a method of ours."""
    problems = []
    r = trial.randomisation
    if r is None or r.method == "as recorded":
        given = "nobody is randomised" if r is None else "'as recorded'"
        allowed = "a trial that randomises by permuted blocks or minimisation"
        problems.append(Problem("not-randomised", "randomisation.method", given, allowed))
    if not LEAST <= replicates <= MOST:
        problems.append(Problem("out-of-range", "--replicates", str(replicates), f"{LEAST} to {MOST}"))
    if problems:
        raise BadInput(trial.id, problems)
    levels: Mapping[str, Sequence[float]] = {}
    if scenario:
        [(_, read)] = scenarios_of(trial, find_trial(name), (scenario,))
        levels = scenario_of(read(), trial).factors
    found = []
    for method, of in _methods(trial).items():
        found.append(foreseen_allocation(of, replicates, seed, levels, watch(method)))
    return Compared(trial.id, scenario, seed, found, foretold(trial, levels), assumed_blocks(trial))


def _methods(trial: Trial) -> dict[str, Trial]:
    """The trial as it is, and with the other methods."""
    r = trial.randomisation
    assert r is not None, "who compares methods has checked that the trial has one"
    whole = sum(a.share for a in trial.arms)
    plain = tuple(f.model_copy(update={"weight": None}) for f in r.factors)
    blocks = {
        "method": "permuted blocks",
        "block_sizes": (whole, 2 * whole),
        "probability": None,
        "imbalance": None,
        "factors": plain,
    }
    others: dict[str, dict[str, Any]] = {}
    if r.minimises:
        others["permuted blocks"] = blocks
    elif r.factors:
        others["minimisation"] = {"method": "minimisation", "block_sizes": (), "probability": MINIMISED}
    others["simple"] = {"method": "as recorded", "block_sizes": ()}
    made = {name: r.model_copy(update=changes) for name, changes in others.items()}
    return {r.method: trial, **{name: trial.model_copy(update={"randomisation": new}) for name, new in made.items()}}


def _pm(x: Simulated) -> str:
    return f"{x.value:.2f} ± {x.mc_error:.2f}"


def _share(x: Simulated) -> str:
    return f"{100 * x.value:.1f} ± {100 * x.mc_error:.1f}"
