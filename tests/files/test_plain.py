"""Values as plain JSON."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from equipoise.files.plain import plain


class Seen(NamedTuple):
    on: date
    days: tuple[int, ...]


def test_a_named_tuple_is_an_object_and_another_an_array() -> None:
    assert plain({"one": Seen(date(2012, 3, 30), (1, 2))}) == {"one": {"on": "2012-03-30", "days": [1, 2]}}
