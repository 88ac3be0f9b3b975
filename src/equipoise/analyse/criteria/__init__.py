"""Response criteria, one to a file: what a reader measured becomes a response, with the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.analyse.criteria.criterion import Criterion
from equipoise.analyse.criteria.imwg import Imwg
from equipoise.analyse.criteria.irecist import Irecist
from equipoise.analyse.criteria.recist11 import Recist11

#: Name in the trial file → the criteria.
CRITERIA: Mapping[str, Criterion] = {c.name: c for c in (Recist11(), Irecist(), Imwg())}
