"""What every answer of the face can do: say itself, show itself in a notebook, become a data frame, draw itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from typing import Any

from equipoise.cli.text_table import table_text
from equipoise.trial.exhibits import Figure, Table
from equipoise.trial.problem import Missing

#: Columns of an answer in a console.
_WIDTH = 100


class Result:
    """An answer. It is frozen: nothing that is done with it changes it."""

    @property
    def title(self) -> str:
        """What it is, in a line."""
        raise NotImplementedError

    def tables(self) -> Sequence[Table]:
        """As people read it."""
        raise NotImplementedError

    def rows(self) -> list[dict[str, Any]]:
        """As machines read it: one flat record a row, unrounded."""
        raise NotImplementedError

    def figures(self) -> Mapping[str, Figure]:
        """By name, what can be drawn of it."""
        return {}

    def __repr__(self) -> str:
        return "\n".join([self.title, *(table_text(t, _WIDTH).rstrip() for t in self.tables())])

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self.title)}</strong></p>" + "".join(map(_html, self.tables()))

    def to_frame(self, backend: str | None = None) -> Any:
        """``rows`` as a data frame of pandas or polars, whichever is there (``backend`` says which, if both are)."""
        import_name: Any = backend or next((b for b in ("pandas", "polars") if find_spec(b) is not None), None)
        if import_name is None or find_spec("narwhals") is None:
            raise Missing("A data frame needs narwhals, and pandas or polars: pip install narwhals pandas")
        import narwhals

        rows = self.rows()
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {name: [row.get(name) for row in rows] for name in names}
        return narwhals.from_dict(columns, backend=import_name).to_native()

    def plot(self, name: str | None = None) -> Drawn:
        """A figure of it, the first unless one is named. It shows itself in a notebook; ``save`` writes it."""
        figures = self.figures()
        if not figures:
            raise ValueError(f"{self.title}: there is no figure of it")
        if name is not None and name not in figures:
            raise ValueError(f"no figure {name!r}: there are {', '.join(figures)}")
        chosen = name or next(iter(figures))
        return Drawn(chosen, figures[chosen])


class Drawn:
    """A figure as SVG."""

    def __init__(self, name: str, figure: Figure) -> None:
        self.name, self.figure = name, figure

    @property
    def svg(self) -> str:
        """The drawing. Raises Missing without matplotlib."""
        from equipoise.report.figures.draw import svg_file

        return svg_file(self.figure, self.name)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<figure {self.name!r}: {self.figure.title}>"

    def save(self, path: str) -> None:
        """Write it as a file."""
        from pathlib import Path

        from equipoise.files.write import write_text

        write_text(Path(path), self.svg)


def _html(table: Table) -> str:
    head = "".join(f"<th scope='col'>{escape(str(c))}</th>" for c in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if c is None else escape(str(c))}</td>" for c in row) + "</tr>" for row in table.rows
    )
    notes = "".join(f"<p><small>{escape(n)}</small></p>" for n in table.notes)
    return f"<table><caption>{escape(table.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
