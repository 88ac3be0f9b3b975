"""The documentation that comes with the software: a page a topic, in the installed package or at the top of a checkout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Topic:
    """A page of the documentation. ``title``: its first heading; ``sections``: those of the second level, in their order."""

    name: str
    title: str
    sections: tuple[str, ...]
    text: str

    def section(self, words: str) -> str | None:
        """The first section whose heading has these words; None if there is none."""
        for part in re.split(r"(?m)^(?=## )", self.text):
            heading = part.split("\n", 1)[0]
            if heading.startswith("## ") and words.lower() in heading.lower():
                return part.rstrip() + "\n"
        return None


def docs_folder() -> Path:
    """Where the pages are."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "docs"
    return installed if installed.is_dir() else package.parent.parent / "docs"


def topics() -> dict[str, Topic]:
    """Every page by its name, the guide first."""
    names = sorted((p.stem for p in docs_folder().glob("*.md")), key=lambda name: (name != "guide", name))
    return {name: _read(name) for name in names}


def _read(name: str) -> Topic:
    text = (docs_folder() / f"{name}.md").read_text(encoding="utf-8")
    title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), name)
    return Topic(name, title, tuple(re.findall(r"(?m)^## (.+)$", text)), text)
