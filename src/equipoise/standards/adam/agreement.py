"""Agreement with admiral: what its templates derived, held against ours cell by cell, each difference with its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.standards.adam.build import AdmiralPatient
from equipoise.standards.adam.response import ResponseRecord
from equipoise.standards.adam.subjects import Subject
from equipoise.standards.adam.times import TimeRecord
from equipoise.trial.exhibits import Cell, Table

#: What is compared: the variables that are derived.
OF_ADRS = ("PARAM", "ADT", "AVISIT", "AVAL", "AVALC", "ANL01FL", "DTHFL", "TRTSDT", "RANDDT", "LSTALVDT")
OF_ADTTE = (
    "ASEQ", "PARAM", "STARTDT", "ADT", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "SRCSEQ",
)  # fmt: skip

#: Differences that we know and keep: (parameter, variable) → reason. '' for a parameter is any.
KNOWN: Mapping[tuple[str, str], str] = {
    (
        "MDIS",
        "RANDDT",
    ): "The template builds this record from the subject's key alone, so that RANDDT is lost; ours keeps it.",
}
#: How their files write a value that is missing: CSV, R and SAS.
MISSING = frozenset({"", "NA", "."})
#: A fault of the template: it looks for confirmed best responses before they are derived, and finds none.
CBCP = (
    "The template looks for CBOR in the records as they were before CBOR was derived, so that CBCP is N for every subject. "
    "Ours is Y where the confirmed best response is CR or PR."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that differs; ``reason`` is '' where we have none: that is a fault of somebody."""

    patient: str
    parameter: str
    variable: str
    theirs: str
    ours: str
    reason: str


@dataclass(frozen=True)
class Agreement:
    """Cells compared by parameter, and those that differ."""

    patients: int
    records: Mapping[str, int]
    cells: Mapping[str, int]
    differences: Sequence[Difference]

    @property
    def unexplained(self) -> list[Difference]:
        """Differences without a reason."""
        return [d for d in self.differences if not d.reason]

    def table(self) -> Table:
        """Parameter by parameter."""
        differ = Counter(d.parameter for d in self.differences)
        without = Counter(d.parameter for d in self.unexplained)
        rows: list[list[Cell]] = [
            [p, self.records[p], self.cells[p], self.cells[p] - differ[p], differ[p], without[p]] for p in self.records
        ]
        return Table(
            "Agreement with admiral, parameter by parameter",
            ["Parameter", "Records", "Cells", "Equal", "Differ", "Without a reason"],
            rows,
            notes=tuple(dict.fromkeys(d.reason for d in self.differences if d.reason)),
        )


def compare(
    ours: Iterable[AdmiralPatient], adrs: Iterable[Mapping[str, str]], adtte: Iterable[Mapping[str, str]]
) -> Agreement:
    """Hold our records against theirs, as texts: days as YYYY-MM-DD, '' (or R's NA) where missing.

    Records are matched by subject, parameter and their order within it. A record that one side lacks differs in every cell.
    """
    responses, times = _grouped(adrs), _grouped(adtte)
    records: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    differences: list[Difference] = []
    found = list(ours)

    def hold(
        patient: str, mine: Mapping[str, list[dict[str, str]]], theirs: Mapping[str, Sequence[Mapping[str, str]]],
        variables: Sequence[str],
    ) -> None:  # fmt: skip
        for parameter in sorted({*mine, *theirs}):
            a, b = mine.get(parameter, []), theirs.get(parameter, [])
            for i in range(max(len(a), len(b))):
                records[parameter] += 1
                for variable in variables:
                    cells[parameter] += 1
                    x = a[i].get(variable, "") if i < len(a) else "(no record)"
                    y = _theirs(b[i].get(variable, ""), x) if i < len(b) else "(no record)"
                    if x != y:
                        reason = _reason(parameter, variable, y, a[i] if i < len(a) else {})
                        differences.append(Difference(patient, parameter, variable, y, x, reason))

    for p in found:
        name = p.subject.patient.name
        hold(name, _responses(p.subject, p.responses), responses.pop(name, {}), OF_ADRS)
        hold(name, _times(p.times), times.pop(name, {}), OF_ADTTE)
    for name, left in responses.items():
        hold(name, {}, left, OF_ADRS)
    for name, left in times.items():
        hold(name, {}, left, OF_ADTTE)
    return Agreement(len(found), dict(sorted(records.items())), cells, differences)


def _grouped(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[str, list[Mapping[str, str]]]]:
    by: dict[str, dict[str, list[Mapping[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by[row["USUBJID"]][row["PARAMCD"]].append(row)
    return dict(by)


def _responses(s: Subject, records: Sequence[tuple[int, ResponseRecord]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for _, r in records:
        found[r.parameter.code].append(
            {
                "PARAM": r.parameter.label.format(assessor="Investigator"), "ADT": _text(r.on), "AVISIT": r.visit,
                "AVAL": _text(r.value), "AVALC": r.text, "ANL01FL": "Y" if r.analysed else "",
                "DTHFL": "Y" if s.died else "", "TRTSDT": _text(s.first_dose), "RANDDT": _text(s.randomised),
                "LSTALVDT": _text(s.last_alive),
            }
        )  # fmt: skip
    return found


def _times(records: Sequence[tuple[int, TimeRecord]]) -> dict[str, list[dict[str, str]]]:
    return {
        t.code: [
            {
                "ASEQ": str(i), "PARAM": t.label, "STARTDT": _text(t.start), "ADT": _text(t.on), "AVAL": str(t.days),
                "CNSR": "0" if t.event else "1", "EVNTDESC": t.description, "CNSDTDSC": t.censored, "SRCDOM": t.domain,
                "SRCVAR": t.variable, "SRCSEQ": _text(t.sequence),
            }
        ]
        for i, t in records
    }  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return _number(str(value))


def _theirs(text: str, mine: str) -> str:
    """Their value in our words; what R writes for a missing one is a text only where ours is that text."""
    return "" if text in MISSING and text != mine else _number(text)


def _number(text: str) -> str:
    """A whole number without its decimals; everything else as it is."""
    return text[:-2] if text.endswith(".0") else text


def _reason(parameter: str, variable: str, theirs: str, mine: Mapping[str, str]) -> str:
    if parameter == "CBCP" and mine.get("AVALC") == "Y" and variable in ("AVAL", "AVALC", "ADT", "AVISIT"):
        return CBCP if theirs in ("0", "N", "") else ""
    if (parameter, variable) in KNOWN and theirs == "":
        return KNOWN[parameter, variable]
    return ""
