"""Words that a choice knew once and now refuses, because they meant something else than they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class Retired:
    """What stands beside a Literal, in Annotated: each retired word and what to do instead.

    A retired word is never taken for another: what it stood for would change under whoever wrote it.
    """

    words: Mapping[str, str]

    def instead(self, word: object) -> str | None:
        """What to do instead of ``word``; None if it is not retired."""
        return self.words.get(word) if isinstance(word, str) else None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The Literal's own schema, asked after the retired words."""
        choices = ", ".join(repr(c) for c in get_args(source))

        def refuse(value: Any) -> Any:
            instead = self.instead(value)
            if instead is not None:
                context = {"choices": choices, "instead": instead}
                raise PydanticCustomError("retired", "one of {choices}; {instead}", context)
            return value

        return core_schema.no_info_before_validator_function(refuse, handler(source))
