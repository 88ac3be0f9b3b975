"""Tables for people: no word is broken where room can be found for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from equipoise.cli.text_table import table_widths
from equipoise.trial.exhibits import Table

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=0, max_size=4).map(" ".join)


def test_the_wide_give_way_first_and_an_error_stays_with_its_number() -> None:
    table = Table("T", ["Arm", "From"], [["platinum-etoposide in all", "0.34 ± 0.01 or less"]])
    assert table_widths(table, 60) == [None, None]  # all of it fits
    assert table_widths(table, 35) == [18, 17]
    assert table_widths(table, 29) == [18, 11]  # "0.34 ± 0.01" is not parted
    assert table_widths(table, 28) == [None, None]  # no room: folded as it comes


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(10, 80))
def test_widths_fit_the_room_and_every_word(rows: list[tuple[str, str, str]], room: int) -> None:
    widths = table_widths(Table("T", ["A", "B", "C"], [list(r) for r in rows]), room)
    if widths[0] is None:
        return
    assert sum(w or 0 for w in widths) <= room
    for i, w in enumerate(widths):
        assert w is not None
        assert all(len(word) <= w for r in rows for word in r[i].split())
