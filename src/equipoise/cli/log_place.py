"""--log: the path of a file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from equipoise.cli.extras import need
from equipoise.files.log_address import Address, Database, address_of
from equipoise.trial.problem import BadInput


class LogPlace(click.ParamType[Address]):
    """Where a log is kept. A URL stays whole; what its database needs is asked for before the work begins."""

    name = "path or url"
    _file = click.Path(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read an address; one that is none is a usage error."""
        if isinstance(value, Database):
            return value
        try:
            found = address_of(str(value))
        except BadInput as bad:
            problem = bad.problems[0]
            step = f" ({problem.next_step})" if problem.next_step else ""
            self.fail(f"got {problem.given}; {problem.allowed}{step}", param, ctx)
        if isinstance(found, Path):
            return self._file.convert(value, param, ctx)
        if found.scheme == "postgresql":
            need("--log postgresql://…", "postgres")
        return found


LOG = LogPlace()
