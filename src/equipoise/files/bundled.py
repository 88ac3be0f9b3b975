"""The trials that come with the software, and how a trial is named on the command line: a path or a bundled name."""

from __future__ import annotations

from pathlib import Path

from equipoise.trial.check import near
from equipoise.trial.problem import BadInput, Problem


def trials_folder() -> Path:
    """Where the bundled trials are: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "trials"
    return installed if installed.is_dir() else package.parent.parent / "trials"


def bundled_trials() -> list[str]:
    """Names of the bundled trials."""
    return sorted(p.parent.name for p in trials_folder().glob("*/trial.toml"))


def example_trials() -> list[str]:
    """Names of the examples: one small trial for each kind of design, 'kinds/jung'."""
    return sorted(f"kinds/{p.parent.name}" for p in (trials_folder() / "kinds").glob("*/trial.toml"))


def template_trials() -> list[str]:
    """Names of what `equipoise new` begins from beside these: 'templates/basket'."""
    return sorted(f"templates/{p.parent.name}" for p in (trials_folder() / "templates").glob("*/trial.toml"))


def find_trial(name: str) -> Path:
    """The trial file meant by ``name``: a file, a folder with a trial.toml, or a bundled trial."""
    path = Path(name)
    if path.is_file():
        return path
    if (path / "trial.toml").is_file():
        return path / "trial.toml"
    names = bundled_trials()
    if name in names or name in example_trials() or name in template_trials():
        return trials_folder() / name / "trial.toml"
    raise BadInput(
        name,
        [
            Problem(
                "no-trial",
                "TRIAL",
                repr(name),
                f"a trial file, or a bundled trial: {', '.join(names)}; kinds/KIND is an example of each kind of design, templates/NAME one of what `equipoise new` begins from",
                near(name, [*names, *example_trials(), *template_trials()]),
            )
        ],
    )


def find_scenario(trial_file: Path, name: str, folder_name: str = "scenarios") -> Path:
    """The scenario meant by ``name``: a file, or one in the trial's folder ``scenarios``, or another."""
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    folder = trial_file.parent / folder_name
    inside = folder / f"{name}.toml"
    if inside.is_file():
        return inside
    names = scenario_names(trial_file, folder_name)
    raise BadInput(
        name,
        [
            Problem(
                "no-scenario",
                "scenario",
                repr(name),
                f"a file, or one of {', '.join(names) or 'none'}",
                near(name, names),
            )
        ],
    )


def scenario_names(trial_file: Path, folder_name: str = "scenarios") -> list[str]:
    """Scenarios in the trial's folder."""
    return sorted(p.stem for p in (trial_file.parent / folder_name).glob("*.toml"))
