"""Read a library of historical controls: TOML to HistoryLibrary, with every problem reported at once."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from equipoise.files.bundled import find_trial, trials_folder
from equipoise.files.toml_file import read_toml
from equipoise.history.library import HistoryLibrary
from equipoise.history.library_check import library_problems
from equipoise.trial.check import near
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts


def bundled_libraries() -> list[str]:
    """Names of the libraries that come with the software."""
    return sorted(p.stem for p in (trials_folder() / "history").glob("*.toml"))


def find_library(name: str, beside: Path | None = None) -> Path:
    """The library meant by ``name``: a file (also beside a trial file), or a bundled one. Raises BadInput for none."""
    here = [Path(name)] if beside is None else [Path(name), beside / name, beside / f"{name}.toml"]
    for path in here:
        if path.suffix == ".toml" and path.is_file():
            return path
    names = bundled_libraries()
    if name in names:
        return trials_folder() / "history" / f"{name}.toml"
    allowed = f"a library in TOML, or a bundled one: {', '.join(names)}"
    raise BadInput(name, [Problem("no-library", "LIBRARY", repr(name), allowed, near(name, names))])


def library_of(trial: Trial, name: str) -> HistoryLibrary | None:
    """The library that the trial called ``name`` takes its historical rate from; None where it names none."""
    if trial.history is None or trial.history.library is None:
        return None
    return read_library(find_library(trial.history.library.library, find_trial(name).parent))


def read_library(path: Path, *, consistent: bool = True) -> HistoryLibrary:
    """The library in ``path``. Raises BadInput with all its problems, those between numbers too if ``consistent``."""
    raw = read_toml(path, "a library of historical controls in TOML")
    _, problems = validate_parts(HistoryLibrary, raw)
    if problems:
        # what can be read of the arms is held against itself all the same
        arms = tuple(a for a in raw.get("arms", ()) if _readable(a))
        if arms:
            rest = {"format": 1, "id": "x", "title": "x", "compiled": "2000-01-01", "arms": arms}
            problems += library_problems(HistoryLibrary.model_validate(rest, strict=False))
        raise BadInput(str(path), problems)
    library = HistoryLibrary.model_validate(raw)
    found = library_problems(library) if consistent else []
    if found:
        raise BadInput(str(path), found)
    return library


def _readable(arm: object) -> bool:
    from equipoise.history.library import HistoricalArm

    try:
        HistoricalArm.model_validate(arm)
    except ValidationError:
        return False
    return True
