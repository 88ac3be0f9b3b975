"""Who may import whom, and who may touch the world: held from the first day."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from equipoise import desk
from helpers import ROOT

SOURCE = ROOT / "src" / "equipoise"

#: room → the rooms it may import. `files` is the doorway, `desk` holds the acts, `cli` is the edge.
MAY_IMPORT = {
    "trial": set(),
    "numerics": set(),
    "design": {"trial", "numerics"},
    "conduct": {"trial", "numerics"},
    "analyse": {"trial", "numerics"},
    "history": {"trial", "numerics", "analyse"},
    "drug": {"trial", "numerics"},
    "decide": {"trial", "numerics", "analyse", "history"},
    "simulate": {"trial", "numerics", "design", "conduct", "analyse", "history", "decide", "drug"},
    "report": {"trial"},
    "standards": {"trial", "numerics", "analyse"},
    "files": {
        "trial",
        "numerics",
        "design",
        "conduct",
        "analyse",
        "history",
        "decide",
        "simulate",
        "standards",
        "drug",
    },
    "dossier": {"trial", "analyse", "history", "conduct", "design", "decide", "files", "report", "simulate", "drug"},
}
MAY_IMPORT["desk"] = set(MAY_IMPORT)
MAY_IMPORT["site"] = set(MAY_IMPORT)
MAY_IMPORT["cli"] = set(MAY_IMPORT)
MAY_IMPORT["face"] = set(MAY_IMPORT)
EDGE = {"cli", "desk", "files", "dossier", "site", "face"}
#: The one place below the edge that may know of processes: replicates run on several cores.
EXCUSED = {("simulate/replicates.py", "os"), ("simulate/processes.py", "signal")}
WORLD = {
    "os",
    "io",
    "pathlib",
    "shutil",
    "tempfile",
    "time",
    "random",
    "socket",
    "subprocess",
    "urllib",
    "sys",
    "signal",
    "logging",
}


#: Files, the terminal, clocks, and randomness that no name pins down.
FORBIDDEN_CALLS = {
    "open", "print", "input", "datetime.now", "datetime.utcnow", "date.today", "np.random.seed", "np.random.default_rng",
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        relative = path.relative_to(SOURCE)
        room = relative.parts[0].removesuffix(".py")
        if not room.startswith("_"):
            yield room, path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that stands in a file; read once, since each rule asks for it."""
    return tuple(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def test_every_room_is_known() -> None:
    assert {room for room, _ in modules()} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for own, path in modules():
        if own != room:
            continue
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "equipoise" and len(parts) > 1 and parts[1] in MAY_IMPORT and parts[1] != room:
                assert parts[1] in MAY_IMPORT[room], f"{path.relative_to(SOURCE)} imports {name}"


def test_only_the_edge_touches_the_world() -> None:
    for room, path in modules():
        if room in EDGE:
            continue
        where = path.relative_to(SOURCE).as_posix()
        for name in imports(path):
            top = name.split(".")[0]
            # figures and documents are drawn into memory: io.BytesIO touches no file
            if top in WORLD and (where, top) not in EXCUSED and not (top == "io" and where.startswith("report/")):
                pytest.fail(f"{where} imports {name}")
        for node in nodes(path):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in FORBIDDEN_CALLS, f"{where}: {called}"


#: What the site app is made with, and nothing else is.
OF_THE_SITE = {"django", "allauth", "csp", "django_htmx", "whitenoise", "waitress", "gunicorn", "fido2"}


def test_only_serve_knows_of_the_site_app() -> None:
    """Nothing but `equipoise serve` imports it, and that when it is asked for; Django is imported there only."""
    for room, path in modules():
        if room == "site":
            continue
        where, found = path.relative_to(SOURCE).as_posix(), set(imports(path))
        assert not {n.split(".")[0] for n in found} & OF_THE_SITE, where
        if where in ("cli/serve.py", "cli/site.py"):
            tree = ast.parse(path.read_text())
            assert not any(
                n.startswith("equipoise.site")
                for s in tree.body
                if isinstance(s, ast.Import | ast.ImportFrom)
                for n in named(s)
            )
            continue
        assert not any(n.startswith("equipoise.site") for n in found), where


def named(statement: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that an import names."""
    return [a.name for a in statement.names] if isinstance(statement, ast.Import) else [statement.module or ""]


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (n for n in nodes(path) if isinstance(n, ast.Call))


def test_an_act_knows_no_terminal() -> None:
    """What the desk does a site does too: no act prints or asks."""
    for room, path in modules():
        if room == "cli":
            continue
        assert not {"click", "rich"} & {n.split(".")[0] for n in imports(path)}, path


def test_the_desk_names_all_its_acts() -> None:
    acts = {p.stem for p in (SOURCE / "desk").glob("*.py")} - {"__init__", "store", "interrupt", "run_plans"}
    assert set(desk.__all__) == acts


def test_there_is_one_way_to_cut_the_data() -> None:
    """What the data say must not depend on who cuts them: responses are as the trial file states, or they are nobody's."""
    for _, path in modules():
        where = path.relative_to(SOURCE).as_posix()
        if where in ("analyse/data.py", "trial/snapshot.py"):
            continue
        assert "equipoise.trial.snapshot.snapshot" not in set(imports(path)), f"{where}: cut with analyse.data.cut"
        for call in calls(path):
            assert ast.unparse(call.func).split(".")[-1] != "snapshot", f"{where}: cut with analyse.data.cut"
        if where != "desk/pool.py":  # it may be asked to derive where the file says not to
            assert not any(n.startswith("equipoise.analyse.stated") for n in imports(path)), where


def test_only_the_edge_says_what_was_left_out_of_the_data() -> None:
    for _, path in modules():
        where = path.relative_to(SOURCE).as_posix()
        said = [n for n in nodes(path) if isinstance(n, ast.Constant)]
        noted = [n.value for n in said if isinstance(n.value, str) and n.value.startswith("Note: ")]
        assert not noted or where == "cli/data.py", f"{where}: {noted}"


@pytest.mark.process
def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from equipoise.cli.main import run; status = run(['--help']); "
        "heavy = {'numpy', 'scipy', 'pydantic', 'matplotlib', 'survival', 'rich', 'jinja2', 'pandas', 'cryptography'} & set(sys.modules); "
        "assert status == 0 and not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_file_is_a_warehouse() -> None:
    """One concept a file: a file of more than 450 lines holds several."""
    for _, path in modules():
        assert len(path.read_text().splitlines()) <= 450, path.name


def test_no_paths_of_one_machine_and_no_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.split()
    for name in listed:
        if name.endswith((".py", ".toml", ".md", ".lock", "Makefile", ".html.j2", ".css", "run")):
            text = (ROOT / name).read_text()
            for forbidden in ("/wo" + "rk/", "/ro" + "ot/", "py" + "pi.org", "files.python" + "hosted"):
                assert forbidden not in text, f"{name}: {forbidden}"


def test_nobody_reads_the_entries_of_a_design_s_table() -> None:
    """A trial carries its design: the stated table serves fingerprint and schema only (an alpha by default is not in it)."""
    for room, path in modules():
        if room == "design":
            continue
        text = path.read_text()
        for forbidden in (
            "design_table[",
            "design_table.get(",
            "design_table or {}",
            '.get("alpha"',
            '.get("p0"',
            '.get("p1"',
        ):
            assert forbidden not in text, f"{path.relative_to(SOURCE)}: {forbidden}"
