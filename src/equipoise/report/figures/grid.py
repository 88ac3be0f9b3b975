"""A decision table as a grid, with the cells marked in which the doses stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.report.figures.style import BLUE, GREY, INK, empty, to_svg
from equipoise.trial.dose_exhibits import DecisionGrid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Tints that ink reads well on; the letter says the same.
_TINTS = {"E": "#d5ebe2", "S": "#eef1f4", "D": "#f7ddc8", "X": "#e9b9b4"}


def draw_grid(figure: DecisionGrid, name: str) -> str:
    """A cell for each number of DLTs among each number of patients."""
    columns = list(figure.columns)
    most = max(columns, default=1)
    top = max((y for _, y in figure.cells), default=1)

    def draw(canvas: Figure) -> None:
        from matplotlib.patches import Rectangle

        axes = canvas.add_subplot()
        if not figure.cells:
            empty(axes)
            return
        place = {n: i for i, n in enumerate(columns)}
        stands: dict[tuple[int, int], list[tuple[str, bool]]] = {}
        for n, y, label, now in figure.marks:
            if n in place:
                stands.setdefault((n, y), []).append((label, now))
        for (n, y), letter in figure.cells.items():
            x, here = place[n], stands.get((n, y))
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=_TINTS[letter], edgecolor="white", linewidth=1.2))  # fmt: skip
            axes.text(x, y + (0.2 if here else 0), letter, ha="center", va="center", fontsize=8.5, color=INK, fontweight="bold" if here else "normal")  # fmt: skip
            if here:
                now = any(n for _, n in here)
                axes.add_patch(Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, facecolor="none", edgecolor=BLUE if now else GREY, linewidth=2.2 if now else 1.3, zorder=3))  # fmt: skip
                axes.text(x, y - 0.22, " ".join(label for label, _ in here), ha="center", va="center", fontsize=6.6, color=INK, zorder=4)  # fmt: skip
        axes.set_xlim(-0.55, len(columns) - 0.45)
        axes.set_ylim(-0.55, top + 0.55)
        axes.set_xticks(range(len(columns)), [str(n) for n in columns], fontsize=8)
        axes.set_yticks(
            range(top + 1), [f"≥ {y}" if y == top and figure.more else str(y) for y in range(top + 1)], fontsize=8
        )
        axes.tick_params(length=0)
        axes.set_xlabel("Patients evaluable at the dose")
        axes.set_ylabel("DLTs among them")
        axes.spines[:].set_visible(False)
        used = [k for k in figure.words if k in figure.cells.values()]
        handles = [Rectangle((0, 0), 1, 1, facecolor=_TINTS[k], edgecolor=GREY, linewidth=0.5, label=f"{k}: {figure.words[k]}") for k in used]  # fmt: skip
        canvas.legend(handles=handles, loc="outside lower center", ncols=4)

    wide = min(7.2, max(4.8, 1.6 + 0.52 * len(columns)))
    return to_svg(name, figure.title, _spoken(figure), wide, 1.2 + 0.36 * (min(top, most) + 1), draw)


def _spoken(figure: DecisionGrid) -> str:
    """Where each dose stands, for those who do not see it."""
    said = []
    for n, y, label, now in figure.marks:
        letter = figure.cells.get((n, y))
        leads = f": {figure.words[letter]}" if letter is not None else ""
        said.append(f"{label}{', given last' if now else ''}: {y} of {n}{leads}")
    return "; ".join(said)
