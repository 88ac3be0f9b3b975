"""A grid's results on disk: each piece of work a Parquet file of its own, written whole or not at all.

A piece is done when its file is there. So a grid that was killed goes on where it was: nothing is lost but the pieces
that were being worked on, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.files.write import clear, whole
from equipoise.simulate.grid import Cell, Piece
from equipoise.simulate.lines import NONE, Lines
from equipoise.trial.problem import Missing


def arrow() -> Any:
    """pyarrow and its Parquet, or an error that says what to install."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Missing("A grid is kept as Parquet by pyarrow: pip install 'equipoise[grid]'") from None
    return pyarrow


class Parts:
    """The pieces of a grid in a folder."""

    def __init__(self, folder: Path, cells: Sequence[Cell]) -> None:
        self.arrow = arrow()
        self.folder = folder / "parts"
        self.folder.mkdir(parents=True, exist_ok=True)
        clear(self.folder, r"\..*\.parquet\.\d+\.part")
        self.cells = cells
        self.keys = [c.key for c in cells]

    def path(self, piece: Piece) -> Path:
        """Where a piece is kept: named by what its cell is, so that a larger grid takes over what a smaller one did."""
        return self.folder / f"{self.keys[piece.cell][:16]}-{piece.first:010d}-{piece.n}.parquet"

    def done(self, piece: Piece) -> bool:
        """True if the piece is there."""
        return self.path(piece).is_file()

    def keep(self, piece: Piece, lines: Lines) -> None:
        """Write a piece, with all that is needed to make it again."""
        pa, cell = self.arrow, self.cells[piece.cell]
        columns = {"replicate": np.arange(piece.first, piece.first + piece.n)} | {k: lines[k] for k in sorted(lines)}
        arrays = {k: pa.array(v, mask=v == NONE).cast(pa.int32()) for k, v in columns.items()}
        about = {
            "cell": cell.key, "trial": cell.plan.trial.id, "trial_fingerprint": cell.plan.trial.fingerprint,
            "scenario": cell.plan.scenario.model_dump_json(), "settings": repr(dict(cell.settings)),
            "seed": str(cell.plan.seed), "waiting": cell.plan.waiting, "cap": str(cell.plan.cap),
        }  # fmt: skip
        table = pa.table(arrays).replace_schema_metadata(about)
        path = self.path(piece)
        with whole(path, durable=True) as file:
            pa.parquet.write_table(table, file, compression="zstd", use_dictionary=False)

    def read(self, piece: Piece) -> Lines:
        """A piece that is there, as it was."""
        table = self.arrow.parquet.read_table(self.path(piece))
        found = {}
        for name in table.column_names:
            if name != "replicate":
                column = table.column(name).cast(self.arrow.int64())
                found[name] = column.fill_null(NONE).to_numpy()
        return found


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as one Parquet file, written whole or not at all."""
    pa = arrow()
    with whole(path) as file:
        pa.parquet.write_table(pa.Table.from_pylist([dict(r) for r in rows]), file, compression="zstd")
