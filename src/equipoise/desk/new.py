"""Begin a trial: a folder of one's own from a bundled example, its hypotheses set, with the scenarios that they make."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from equipoise.files.bundled import example_trials, trials_folder
from equipoise.files.column_guess import draft, guessed, read_columns
from equipoise.files.folder_swap import all_or_none
from equipoise.files.scenario_file import read_scenario
from equipoise.files.scenario_out import scenario_text
from equipoise.files.template import headed, replaced, written
from equipoise.files.toml_file import read_toml
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.scenario import Scenario
from equipoise.trial.basket import BasketPlan
from equipoise.trial.check import near
from equipoise.trial.phase1 import Phase1
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: Kinds of a beginning that are no kind of design → their folder and what they are.
TEMPLATES = {
    "single-arm-response": ("kinds/simon", "one arm, a response, Simon's two stages"),
    "single-arm-landmark": ("templates/single-arm-landmark", "one arm, a rate without progression at a day, Simon's two stages"),
    "randomised-2to1": ("templates/randomised-2to1", "two arms 2:1, the tested one against history, the controls a check"),
    "basket": ("templates/basket", "one drug in several diseases, declared together in the end ([basket])"),
    "merkel": ("templates/merkel", "Merkel-cell carcinoma: one arm, a response, many sites, a historical library"),
    "myeloma": ("templates/myeloma", "myeloma: one arm, response by IMWG from M-protein, light chains and marrow"),
    "phase-1-2": ("templates/phase-1-2", "the dose first, then one arm at it, in one log"),
    "phase-1": ("templates/phase-1", "the dose of one drug"),
    "phase-1-backfill": ("templates/phase-1-backfill", "the same with backfill"),
    "phase-1-expansion": ("templates/phase-1-expansion", "the same with an expansion of the dose that is found"),
    "phase-1-backfill-expansion": ("templates/phase-1-backfill-expansion", "the same with both"),
    "phase-1-comparison": ("templates/phase-1-comparison", "the dose, and then the one below it beside it at random"),
    "drug-combination": ("templates/drug-combination", "the dose of two drugs together"),
    "dose-comparison": ("templates/dose-comparison", "two doses compared at random, the picked one tested"),
    "table-of-patients": ("templates/table-of-patients", "a trial that is over, in a table with a row a patient"),
}  # fmt: skip
#: Tables whose entries are options of `equipoise new`.
_OPTION = re.compile(r"^(design|basket)\.")
_BECAUSE = (
    "The design's hypotheses, as the scans show them, and nothing else: nobody is lost, no scan is missed, records are made on the day. "
    "What is likely to happen is to be put in: see screening_failure and its sisters below."
)
#: Of a scenario whose hazards come in more pieces than this nobody would read the file.
_MOST_PIECES = 12


@dataclass(frozen=True)
class Begun:
    """A new trial's folder: what was written, and what to do next."""

    folder: Path
    trial: Trial
    kind: str
    files: Sequence[str]
    notes: Sequence[str]

    @property
    def next_steps(self) -> list[str]:
        """The next commands."""
        name = str(self.folder)
        if self.kind == "table-of-patients":
            return [f"equipoise check {name}", f"equipoise analyse {name}", f"equipoise report {name}"]
        if self.trial.phase1 is not None and self.trial.design_table is not None:
            opened = f"equipoise conduct open {name} --log {name}.jsonl --by YOU --part 1"
            both = f"equipoise simulate {name} --part both --scenario expected --replicates 200"
            return [f"equipoise check {name}", f"equipoise simulate {name}", both, opened]
        if self.trial.phase1 is not None:
            opened = f"equipoise conduct open {name} --log {name}.jsonl --by YOU"
            tried = f"equipoise simulate {name}"
            return [f"equipoise check {name}", tried, opened, f"equipoise doses {name} --log {name}.jsonl"]
        opened = f"equipoise conduct open {name} --log {name}.jsonl --by YOU"
        errors = [f"equipoise basket {name}"] if self.trial.basket is not None else []
        return [f"equipoise check {name}", *errors, f"equipoise simulate {name}", opened]

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "folder": str(self.folder), "kind": self.kind, "files": list(self.files), "notes": list(self.notes),
            "next": self.next_steps, "fingerprint": self.trial.fingerprint,
        }  # fmt: skip


def kinds() -> dict[str, str]:
    """Every kind of a beginning, and what it is: templates first, then an example of each kind of design."""
    from equipoise.design import shelf

    titles = {k.name: k.title for k in shelf.described()}
    examples = [name.removeprefix("kinds/") for name in example_trials()]
    return {name: words for name, (_, words) in TEMPLATES.items()} | {k: titles.get(k, "") for k in examples}


def begin(name: str, kind: str, stated: Mapping[str, str], problems: Sequence[Problem] = ()) -> Begun:
    """Write the folder ``name`` with trial.toml and scenarios/, from the kind's example with these entries of its design.

    ``stated``: entries as typed, {'p0': '0.2'}; ``problems``: what is wrong already. Raises BadInput with all that is wrong; then nothing
    is written.
    """
    folder = Path(name)
    problems = [*_place(folder), *_kind(kind), *problems]
    values = {k.replace("-", "_"): _value(v) for k, v in stated.items()}
    if problems:
        raise BadInput("new", problems)
    source = trials_folder() / (TEMPLATES[kind][0] if kind in TEMPLATES else f"kinds/{kind}")
    with all_or_none(folder, "new") as beside:
        trial = _trial(source, beside, folder.name, kind, values)
        files, notes = ["trial.toml"], list[str]()
        for other in sorted(source.glob("*.csv")):
            shutil.copy(other, beside / other.name)
            files.append(other.name)
        for scenario in sorted(source.glob("scenarios/**/*.toml")):
            place = scenario.relative_to(source)
            (beside / place).parent.mkdir(parents=True, exist_ok=True)
            lines = scenario.read_text(encoding="utf-8").splitlines(keepends=True)
            # The line that names the schema goes: a folder of one's own has none.
            text = "".join(line for line in lines if not line.startswith("#:schema"))
            (beside / place).write_text(text, encoding="utf-8")
            files.append(place.as_posix())
        if trial.table is None and (trial.phase1 is None or trial.design_table is not None):
            more, notes = _scenarios(trial, beside)
            files += more
    return Begun(folder, trial, kind, files, notes)


def begin_from_csv(name: str, table: Path, problems: Sequence[Problem] = ()) -> Begun:
    """Write the folder ``name`` with a copy of a table of patients and a trial file whose mapping is guessed, each guess marked.

    Raises BadInput with all that is wrong, and for a table of which nothing can be guessed; then nothing is written.
    """
    folder = Path(name)
    wrong = [*_place(folder), *problems]
    try:
        columns = read_columns(table)
        found = guessed(columns)
    except BadInput as bad:
        raise BadInput("new", [*wrong, *bad.problems]) from None
    if wrong:
        raise BadInput("new", wrong)
    text = draft(columns, found, folder.name, f"equipoise new {name} --from-csv {table.name}")
    with all_or_none(folder, "new") as beside:
        (beside / "trial.toml").write_text(text, encoding="utf-8")
        shutil.copy(table, beside / table.name)
        trial = _read(beside / "trial.toml", name)
    notes = [f"Guessed: {column}, {why}." for column, why in found.why.items()]
    notes += [f"Not placed: {', '.join(found.left)}."] if found.left else []
    notes += (
        ["No column says when a patient was randomised: a nominal day stands for all."] if not found.randomised else []
    )
    nothing = found.died is None and found.progressed is None
    notes += ["No pair of a time and of what happened was found: write [[table.rules]]."] if nothing else []
    return Begun(folder, trial, "table-of-patients", ["trial.toml", table.name], notes)


def _place(folder: Path) -> list[Problem]:
    found = []
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,59}", folder.name):
        found.append(
            Problem("name", "NAME", repr(folder.name), "a short name: small letters, digits and dashes, a letter first")
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        given = "a file of that name" if folder.is_file() else "a folder with something in it"
        found.append(Problem("exists", "NAME", f"{folder}: {given}", "a folder that is not there, or empty", "take another name"))  # fmt: skip
    return found


def _kind(kind: str) -> list[Problem]:
    known = list(kinds())
    if kind in known:
        return []
    first = ", ".join(TEMPLATES)
    return [
        Problem(
            "kind", "--kind", repr(kind), f"{first}, or a kind of design: `equipoise design list`", near(kind, known)
        )
    ]


def _with_phase1(text: str, stated: Mapping[str, Any]) -> str:
    """The text with entries of [phase1] and, where the design has a table of its own, of that."""
    own = "[phase1.design]" in text.splitlines()
    of_design = {k: v for k, v in stated.items() if own and (k == "design" or k not in Phase1.model_fields)}
    rest = {k: v for k, v in stated.items() if k not in of_design}
    if own:
        text = replaced(text, "[phase1.design]", {"kind" if k == "design" else k: v for k, v in of_design.items()})
    return replaced(
        text, "[phase1]", {k: {"kind": v} if k == "design" and isinstance(v, str) else v for k, v in rest.items()}
    )


def _with_basket(text: str, stated: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text with the entries that only [basket] has, and what is left for the design. ``alpha`` is the design's."""
    own = {k: v for k, v in stated.items() if k in BasketPlan.model_fields and k != "alpha"}
    left = {k: v for k, v in stated.items() if k not in own}
    return (replaced(text, "[basket]", own) if own else text), left


def _value(text: str) -> Any:
    """A value as typed: a number, true or false, an array; else the words themselves."""
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def _trial(source: Path, beside: Path, name: str, kind: str, stated: Mapping[str, Any]) -> Trial:
    """The trial of the file that is written to ``beside``."""
    example = read_toml(source / "trial.toml", "a trial in TOML")
    asked = " ".join(
        [f"equipoise new {name} --kind {kind}", *(f"--{k.replace('_', '-')} {written(v)}" for k, v in stated.items())]
    )
    text = headed(
        (source / "trial.toml").read_text(encoding="utf-8"),
        [
            f"Begun with: {asked}",
            "Everything here is a proposal. Make it yours, then take what is yours out of [[assumptions]] at the end.",
            "`equipoise check` says what is wrong, and reads the scenarios beside this file.",
        ],
    )
    text = replaced(text, "", {"id": name, "title": f"{name}: {_title(kind)}"})
    if "phase1" in example and "design" not in example:
        text = _with_phase1(text, stated)
    elif stated and "design" not in example:
        allowed = f"none: a beginning of the kind {kind} has no design"
        raise BadInput("new", [Problem("no-design", f"--{k}", str(v), allowed) for k, v in stated.items()])
    else:
        text, stated = _with_basket(text, stated) if "basket" in example else (text, stated)
        text = replaced(text, "[design]", stated) if stated else text
    path = beside / "trial.toml"
    path.write_text(text, encoding="utf-8")
    trial = _read(path, name)
    if trial.design_table is not None and stated:
        path.write_text(
            _sized(text, read_trial(source / "trial.toml"), trial, {**stated}.pop("p0", None)), encoding="utf-8"
        )
        trial = _read(path, name)
    return trial


def _title(kind: str) -> str:
    return TEMPLATES[kind][1] if kind in TEMPLATES else f"a trial of the kind {kind}"


def _read(path: Path, name: str) -> Trial:
    """The trial in a file that is not yet where it will be. What is wrong is told of the options that were given."""
    try:
        return read_trial(path)
    except BadInput as bad:
        told = [
            Problem(p.code, _OPTION.sub("--", p.where).replace("_", "-"), p.given, p.allowed, p.next_step)
            if _OPTION.match(p.where)
            else p
            for p in bad.problems
        ]
        raise BadInput(f"new {name}", told) from None


def _sized(text: str, example: Trial, trial: Trial, rate: Any) -> str:
    """The file with as many patients as the design of this trial needs, in the proportion of the example's; ``rate``: history's, if given."""
    if trial.divided:
        n = max(v.monitored.looks[-1].n for v in trial.views.values())
        text = replaced(text, "[[cohorts]]", {"target_enrolment": n}, every=True)
        return replaced(text, "", {"target_enrolment": n * len(trial.views)})
    before, now = example.monitored.looks, trial.monitored.looks
    target = ceil(Fraction(example.target_enrolment) * now[-1].n / before[-1].n)
    text = replaced(text, "", {"target_enrolment": target})
    if trial.history is not None and trial.history.rate is not None and rate is not None:
        text = replaced(text, "[history]", {"rate": rate})
    m = trial.monitoring
    if m is not None and m.control_cohort:
        beside = [
            ceil(Fraction(c) * a.n / b.n) for c, a, b in zip(example.monitoring.control_cohort, now, before, strict=True)
        ] if example.monitoring is not None else []  # fmt: skip
        text = replaced(text, "[monitoring]", {"control_cohort": beside})
    return text


def _scenarios(trial: Trial, beside: Path) -> tuple[list[str], list[str]]:
    """The design's own truths as files, and what to know where there are none."""
    one = next(iter(trial.views.values())) if trial.divided else trial
    try:
        own = own_scenarios(one)
    except BadInput as bad:
        return [], [f"No scenario was written: {p.allowed}." for p in bad.problems]
    if any(_pieces(s) > _MOST_PIECES for s in own):
        return [], [
            "No scenario was written: its curve has too many pieces to read. `simulate` makes it of the design's own hypotheses."
        ]
    (beside / "scenarios").mkdir(exist_ok=True)
    files = []
    for scenario in own:
        own_words = scenario.label.removesuffix(" †")
        mine = scenario.model_copy(update={"because": _BECAUSE, "label": own_words})
        path = beside / "scenarios" / f"{scenario.id}.toml"
        path.write_text(scenario_text(mine) + _MORE, encoding="utf-8")
        read_scenario(path)
        files.append(f"scenarios/{path.name}")
    return files, []


_MORE = """
# More that a scenario may say, at the top of the file (probabilities and times are yours):
#   screening_failure = 0.15    withdrawal_per_year = 0.05    loss_per_year = 0.02    reporting_delay = "7 days"
# and of an arm: adverse_events, stops_for_toxicity, doses_reduced, cycles_delayed. `equipoise schema --of scenario` has them all.
"""


def _pieces(scenario: Scenario) -> int:
    return max((len(t.hazards.death_before) for t in scenario.arms.values() if t.hazards is not None), default=0)
