"""The documentation as a site: `python docs_site/build.py OUT`. Pages are made from docs/, the shelf, the face and the changelog; nothing from elsewhere.

mkdocs-material with its fonts off: no page asks another server for anything.
"""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TUTORIALS = {
    "first-trial": "Your first trial in fifteen minutes",
    "committee": "A committee's meeting",
    "table": "From your own table to a report",
    "phase-1-2": "Phase I to II",
    "north": "What NORTH could have known",
}
CONFIG = """site_name: Equipoise
docs_dir: pages
site_dir: site
use_directory_urls: false
theme:
  name: material
  font: false
  features: [navigation.sections, toc.integrate]
plugins: [search]
markdown_extensions: [tables, fenced_code, toc, md_in_html]
validation: {{links: {{not_found: info, anchors: info, unrecognized_links: info}}}}
nav:
{nav}
"""


def explorer() -> str:
    """The one page, with its table and its script in it."""
    # A "<" of the table's would end the script where it stands before "/script".
    table = (HERE / "explorer_table.json").read_text(encoding="utf-8").strip().replace("<", "\\u003c")
    page = (HERE / "explorer.html").read_text(encoding="utf-8").replace("/*TABLE*/null", table)
    return page.replace("/*SCRIPT*/", (HERE / "explorer.js").read_text(encoding="utf-8"))


def shelf_pages() -> dict[str, str]:
    """A page a kind of design: what it asks, its rule in the example, its behaviour, the command, the paper, the grade."""
    import equipoise as eq
    from equipoise.design import shelf
    from equipoise.files.grades import grades
    from equipoise.report.figures.draw import svg_file

    of = defaultdict(list)
    for m in grades():
        of[m.where.split(":")[0]].append(m)
    found = {}
    for kind in shelf.described():
        design = getattr(eq.design, kind.name.replace("-", "_"))
        options = dict(kind.example)
        answer = design(**options)
        lines = [
            f"# {kind.title}",
            "",
            f'*{kind.family}* · `kind = "{kind.name}"`',
            "",
            "## The rule, in an example",
            "",
            answer.protocol,
            "",
        ]
        lines += [
            "## The example",
            "",
            "```toml",
            "[design]",
            f'kind = "{kind.name}"',
            *(f"{k} = {_toml(v)}" for k, v in options.items()),
            "```",
            "",
        ]
        lines += [answer._repr_html_(), ""]
        figures = answer.figures()
        if figures:
            name, figure = next(iter(figures.items()))
            lines += ["## How it behaves", "", f'<div class="figure">{svg_file(figure, name)}</div>', ""]
        lines += ["## Reference", "", kind.reference, "", "## How it is held against others", ""]
        held = of.get(kind.module, []) + [m for w, ms in of.items() if w.startswith(kind.module + ".") for m in ms]
        lines += [f"- **{m.grade}**: {m.method}: {m.oracle}" for m in held] or ["- see [validation](../validation.md)"]
        found[kind.name] = "\n".join(lines) + "\n"
    return found


def _toml(value: object) -> str:
    from equipoise.files.template import written

    return written(value)


def api_page() -> str:
    """The face, from its own docstrings."""
    import equipoise as eq
    from equipoise import face

    lines = ["# API", "", "What stands here stays as it is documented; see [From Python](python.md).", ""]
    for name in eq.__all__:
        if name == "__version__":
            continue
        thing = getattr(face, name, None) or getattr(eq, name)
        signature = f"{inspect.signature(thing)}" if callable(thing) and not inspect.ismodule(thing) else ""
        signature = re.sub(r"equipoise\.[a-z_.]+\.", "", signature)
        lines += [
            f"## eq.{name}",
            "",
            f"```python\neq.{name}{signature}\n```",
            "",
            inspect.cleandoc(thing.__doc__ or ""),
            "",
        ]
    return "\n".join(lines)


def problem_codes() -> str:
    """Every code of a problem with where it is raised and what is allowed, from the source."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "src" / "equipoise").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
            if named and node.args and isinstance(node.args[0], ast.Constant):
                found[str(node.args[0].value)].add(path.relative_to(ROOT / "src" / "equipoise").parts[0])
    rows = [f"| `{code}` | {', '.join(sorted(rooms))} |" for code, rooms in sorted(found.items())]
    intro = "Each refusal has a code, which stays; where it arose, what was given, what is allowed and what to do next stand beside it (`--json`)."
    return "\n".join(["# Problem codes", "", intro, "", "| code | raised in |", "|---|---|", *rows]) + "\n"


def pages(into: Path) -> str:
    """Write every page; answers the navigation."""
    shutil.copytree(ROOT / "docs", into, ignore=shutil.ignore_patterns("decisions", "*.json"))
    (into / "tutorials").mkdir()
    (into / "shelf").mkdir()
    for name in TUTORIALS:
        shutil.copy(HERE / "tutorials" / f"{name}.md", into / "tutorials" / f"{name}.md")
    shelf = shelf_pages()
    for name, text in shelf.items():
        (into / "shelf" / f"{name}.md").write_text(text, encoding="utf-8")
    readme = re.sub(r"\]\((?!https?:)docs/", "](", (ROOT / "README.md").read_text(encoding="utf-8"))
    (into / "index.md").write_text(readme, encoding="utf-8")
    shutil.copy(ROOT / "CHANGELOG.md", into / "changelog.md")
    (into / "api.md").write_text(api_page(), encoding="utf-8")
    (into / "problems.md").write_text(problem_codes(), encoding="utf-8")
    (into / "explorer.html").write_text(explorer(), encoding="utf-8")
    listed = sorted(p.stem for p in (ROOT / "docs").glob("*.md"))
    nav = ["  - Home: index.md", "  - Explorer: explorer.html", "  - Tutorials:"]
    nav += [f'    - "{title}": tutorials/{name}.md' for name, title in TUTORIALS.items()]
    nav += ["  - Guide:", *(f"    - {name}: {name}.md" for name in listed)]
    nav += ["  - Shelf:", *(f"    - {name}: shelf/{name}.md" for name in shelf)]
    nav += ["  - API: api.md", "  - Problem codes: problems.md", "  - Changelog: changelog.md"]
    return "\n".join(nav)


def build(out: Path) -> Path:
    """The site in ``out``/site; answers that folder."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    nav = pages(out / "pages")
    (out / "mkdocs.yml").write_text(CONFIG.format(nav=nav), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(out / "mkdocs.yml")], check=True
    )
    return out / "site"


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve()))
