"""Read a drug: TOML to Drug, with every problem reported at once."""

from __future__ import annotations

from pathlib import Path

from equipoise.drug.check import drug_problems, raw_problems
from equipoise.files.bundled import trials_folder
from equipoise.files.toml_file import read_toml
from equipoise.trial.check import near
from equipoise.trial.drug import Drug, DrugFile
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import validate_parts


def bundled_drugs() -> list[str]:
    """Names of the drugs that come with the software."""
    return sorted(p.stem for p in (trials_folder() / "drugs").glob("*.toml"))


def find_drug(name: str) -> Path:
    """The drug meant by ``name``: a file in TOML, or a bundled one. Raises BadInput for none."""
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    names = bundled_drugs()
    same = [n for n in names if n.casefold() == name.casefold()]
    if same:
        return trials_folder() / "drugs" / f"{same[0]}.toml"
    folded = {n.casefold(): n for n in names}
    step = near(name.casefold(), list(folded))
    for small, own in folded.items():
        step = step.replace(repr(small), repr(own))
    raise BadInput(
        name, [Problem("no-drug", "DRUG", repr(name), f"a drug in TOML, or a bundled one: {', '.join(names)}", step)]
    )


def read_drug(path: Path) -> Drug:
    """The drug in ``path``. Raises BadInput with all its problems."""
    raw = read_toml(path, "a drug in TOML")
    _, problems = validate_parts(DrugFile, raw)
    if problems:
        raise BadInput(str(path), [*problems, *raw_problems(raw)])
    drug = DrugFile.model_validate(raw)
    found = drug_problems(drug)
    if found:
        raise BadInput(str(path), found)
    return drug
