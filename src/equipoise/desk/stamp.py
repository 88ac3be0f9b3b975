"""Have an outside authority say when a checkpoint was there: the request, and the token that came back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from equipoise.files.stamp import STAMP, need_openssl, stamped_at, write_request
from equipoise.files.witness_folder import read_file
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class Stamped:
    """The request for a time stamp (``at`` is None), or the stamp that was kept and the time it tells."""

    file: str
    at: datetime | None


def stamp(file: Path, token: Path | None, authority: Path | None) -> Stamped:
    """Write the request for a checkpoint's time stamp; or check an authority's answer, and keep it beside the checkpoint.

    Raises BadInput for what is no checkpoint, and for a token that is not of it or not the authority's.
    """
    need_openssl()
    try:
        read_file(file)
        if token is None or authority is None:
            return Stamped(str(write_request(file)), None)
    except ValueError as error:
        raise BadInput(file.name, [Problem("no-checkpoint", "CHECKPOINT", str(error), "a signed checkpoint")]) from None
    try:
        at = stamped_at(file, token, authority)
    except ValueError as error:
        allowed = "a time stamp of this checkpoint by the authority"
        raise BadInput(file.name, [Problem("false-stamp", "--token", str(error), allowed)]) from None
    kept = file.with_name(file.name + STAMP)
    if token.resolve() != kept.resolve():
        shutil.copyfile(token, kept)
    return Stamped(str(kept), at)
