"""Deaths of a table that are known to the month or year: not before the last that the tables tell of the patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from equipoise.files.table_rows import Record
from equipoise.trial.partial_date import DateRule, PartialDate, impute
from equipoise.trial.table import Rows


def after_what_is_known(records: Sequence[Record], mappings: Mapping[str, Rows]) -> Iterator[Record]:
    """The records, each death that a rule dated moved behind the patient's last record where what was recorded leaves room.

    A patient who was seen on 20 May and died in May did not die on the first. ``mappings``: by the file of a record.
    """
    last: dict[str, date] = {}
    for r in records:
        if r.kind != "died":
            last[r.patient] = max(r.on, last.get(r.patient, r.on))
    for r in records:
        take, seen = mappings[r.file].partial_dates, last.get(r.patient)
        if r.kind != "died" or "dated" not in r.data or take is None or seen is None or seen <= r.on:
            yield r
            continue
        rule = DateRule(take, not_before="the last record of the patient")
        dated = impute(PartialDate.parse(r.data["dated"]), rule, seen)
        yield r if dated.on < seen else replace(r, on=dated.on, data={**r.data, **dated.flags()})
