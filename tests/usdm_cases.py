"""Public USDM documents, and their schema."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "fixtures/usdm"


def document(name: str) -> Any:
    """A document anew, for tests that change it."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


@cache
def _validator() -> Draft202012Validator:
    components = document("USDM_API")["components"]
    return Draft202012Validator({"$ref": "#/components/schemas/Wrapper-Input", "components": components})


def schema_errors(found: Any) -> list[str]:
    """What CDISC's schema has against a document."""
    return [f"{e.json_path}: {e.message[:200]}" for e in _validator().iter_errors(found)]
