"""An example for the help of a command that has none of its own: its required options, each with a value that it takes."""

from __future__ import annotations

import shlex

import click

#: Parameter → a value of an example. What is of a kind is found by the parameter's type.
_VALUES = {
    "trial": "north", "log_path": "north.jsonl", "by": "ada", "patient": "S01-001", "on": "2013-05-02", "day": "2013-05-02", "cutoff": "2013-07-05",
    "site": "S01", "why": "'typed in wrongly'", "reason": "progression", "event": "12", "number": "12", "term": "Nausea", "grade": "2", "person": "zoe",
    "role": "monitor", "tasks": "screened", "what": "GCP", "look": "1", "drug": "IMGN901", "cycle": "1", "out": "out", "library": "ed-sclc", "data": "sdtm",
    "target": "0.25", "levels": "4", "p0": "0.2", "p1": "0.4", "alpha": "0.05", "power": "0.8", "n": "30", "n1": "15", "r1": "3", "r": "9",
    "secret_file": "secret", "key": "signing.key", "text": "'which day was it?'", "query": "12", "version": "2", "meaning": "'I have read it'",
    "outcome": "pCR", "result": "yes", "basis": "clinical", "level": "DL1", "dlt": "false", "eligible": "true", "major": "false", "form": "assessment",
    "recommendation": "continue", "finding": "none", "scope": "S01", "table": "patients.csv", "folder": "adam", "source": "dm.xpt", "file": "usdm.json",
    "standard": "sdtm", "curve": "curve.csv", "curves": "curves.csv", "grid": "grid.toml", "database": "postgresql://host/trial", "backup": "backup.jsonl",
    "dose": "75", "schedules": "weekly.toml", "successes": "9", "attained_n1": "16", "attained_n": "31", "response0": "0.2", "response1": "0.4",
    "toxicity0": "0.3", "toxicity1": "0.1", "hazard_ratio": "0.6", "s0": "0.44", "landmark": "6", "rate": "5", "follow_up": "12", "delta": "0.15",
    "theta0": "0.05", "theta1": "0.15", "control_n": "30", "n_tested": "40", "n_control": "20", "nmax": "40", "margin": "1.3", "benefit": "0.8",
    "deaths": "60", "looks": "10,20,30", "phi_t": "0.3", "phi_e": "0.25", "sizes": "20,40", "related": "true", "expected": "true", "page": "report",
    "events": "12,13", "analyte": "conjugate", "hours": "24", "field": "term", "code": "10028813", "dictionary": "MedDRA", "rows": "3,3", "reference": "60", "first": "3", "second": "4",
}  # fmt: skip


def example(command: click.Command, ctx: click.Context, width: int, indent: int) -> str:
    """A line that the command takes: its path, its arguments, its required options; broken as a shell reads it."""
    lines = [""]
    for word in _words(command, ctx):
        if lines[-1] and indent + len(lines[-1]) + len(word) + 3 > width:
            lines.append("  ")
        lines[-1] += word if not lines[-1].strip() else f" {word}"
    return " \\\n".join(" " * indent + line for line in lines) + "\n"


def _words(command: click.Command, ctx: click.Context) -> list[str]:
    """The path, then each argument, and each option with its value."""
    words = [ctx.command_path]
    stated = _of_shelf(ctx)
    for p in command.params:
        if (p.name or "") in stated and not isinstance(p, click.Argument):
            long = next((o for o in p.opts if o.startswith("--")), p.opts[0])
            words.append(f"{long} {shlex.quote(stated[p.name or ''])}")
            continue
        if not p.required and not (isinstance(p, click.Argument) and p.name == "trial"):
            continue
        value = _value(p)
        if isinstance(p, click.Argument):
            words.append(value)
        else:
            long = next((o for o in p.opts if o.startswith("--")), p.opts[0])
            words.append(f"{long} {value}")
    return words


def _of_shelf(ctx: click.Context) -> dict[str, str]:
    """What the example of a kind of design states, as typed; nothing for any other command."""
    from equipoise.design import shelf
    from equipoise.design.dose import dose_shelf

    if ctx.command_path.split()[1:2] != ["design"]:
        return {}
    kind = ctx.command_path.split()[-1]
    examples = {k.name: k.example for k in shelf.described()} | {k.name: k.example for k in dose_shelf.described()}
    found = examples.get(kind, {})
    typed = {k: ",".join(map(str, v)) if isinstance(v, list | tuple) else str(v) for k, v in found.items()}
    return {k: v for k, v in typed.items() if "{" not in v and "(" not in v and "[" not in v}


def _value(p: click.Parameter) -> str:
    if isinstance(p.type, click.Choice):
        return str(p.type.choices[0])
    known = _VALUES.get(p.name or "")
    if p.name == "out" and isinstance(p.type, click.Path) and not p.type.dir_okay:
        return "out.json"
    if known is not None and not (isinstance(p.type, click.types.IntParamType) and not known.isdecimal()):
        return known
    if isinstance(p.type, click.types.IntParamType | click.IntRange):
        return "10"
    return "0.3" if isinstance(p.type, click.types.FloatParamType) else (p.name or "x").replace("_", "-")


def has_one(command: click.Command, ctx: click.Context) -> bool:
    """True where the command's own help shows a line of its own."""
    return f"{ctx.command_path.split()[0]} {' '.join(ctx.command_path.split()[1:])} " in (command.help or "")
