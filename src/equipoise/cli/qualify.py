"""`equipoise qualify`: is this installation the one that was released, and does it reckon what was reckoned then."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from equipoise import desk
from equipoise.cli.common import bullet, emit, json_option, progress, say
from equipoise.cli.usage import Command


@click.command(
    cls=Command, name="qualify", short_help="Is this installation the one that was released? A record for your files."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for qualification.json and qualification.html.",
)
@click.option(
    "--metadata",
    "stated",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your own: a TOML file of names and values (system, who, when).",
)
@json_option
def command(out: Path | None, stated: Path | None, as_json: bool) -> int:
    """Check this installation: its files against the wheel's record, its libraries against the lock, and what it answers to the cases
    that ship, each with its requirement, method and grade.

    It takes a minute or two. Exit 1 where a file was altered, a case gives another number, or nothing records the files (a checkout).
    """
    cases = desk.qualify.cases()
    with progress(quiet=as_json, transient=True) as bar:
        task = bar.add_task("Cases", total=len(cases))
        found = desk.qualify.qualify(_run, stated, told=lambda _: bar.advance(task))
    written = desk.qualify.write(found, out) if out is not None else []
    if as_json:
        emit({**found.as_json(), "written": [str(p) for p in written]})
        return 0 if found.passed else 1
    facts = {name: value for name, value, _ in desk.qualify.page(found).facts}
    say(f"{facts['Result']}: Equipoise {facts['Version']}. Files: {facts['Files']}.")
    passed = sum(r.passed for r in found.results)
    say(
        f"{passed} of {len(found.results)} cases give what was released ({sum(r.checked for r in found.results)} numbers)."
    )
    bullet([f"{r.case.id}: {w}" for r in found.results for w in r.wrong[:3]])
    other = [
        f"{x.name} {x.installed} (lock: {x.locked})"
        for x in found.libraries
        if x.installed and x.locked and x.installed != x.locked
    ]
    if other:
        say(f"Other versions than the lock has: {', '.join(other)}.")
    if written:
        say(f"Wrote {' and '.join(str(p) for p in written)}.")
    return 0 if found.passed else 1


def _run(command: Sequence[str]) -> tuple[int, str]:
    """A command of ours in this process, from an empty folder: a trial there with a bundled trial's name would stand before it."""
    from equipoise.cli.main import run

    out = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as nothing,
        contextlib.chdir(nothing),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        status = run([*command, "--json"])
    return status, out.getvalue()
