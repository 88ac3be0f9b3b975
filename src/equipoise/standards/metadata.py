"""What the standards say of a variable: label, kind, core, codelist, key. A dataset arranged by them; nothing is guessed from data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np

from equipoise.standards import adam_variables, sdtm_variables
from equipoise.standards.dataset import Dataset, Variable, sas_date


@dataclass(frozen=True)
class Domain:
    """A dataset of a standard: its label, what one record is, its class, and its variables in their order."""

    name: str
    label: str
    structure: str
    kind: str
    standard: str
    version: str
    variables: tuple[Variable, ...]


@cache
def domain(name: str) -> Domain | None:
    """The dataset of this name (DM, ADTTE, SUPPDM, and RS_RECIST as RS), or None where we know none."""
    upper = name.upper()
    own = upper if upper in adam_variables.DATASETS or upper in sdtm_variables.DOMAINS else ""
    if upper.startswith("SUPP") and len(upper) > 4:
        own = "SUPP"
    head = upper.split("_")[0]
    if not own and (head in sdtm_variables.DOMAINS or head in adam_variables.DATASETS):
        own = head
    if not own:
        return None
    adam = own in adam_variables.DATASETS
    label, structure, kind, lines = (adam_variables.DATASETS if adam else sdtm_variables.DOMAINS)[own]
    if own == "SUPP" and upper.startswith("SUPP"):
        label = f"Supplemental Qualifiers for {upper[4:]}" if upper[4:] else label
    standard, version = ("ADaMIG", adam_variables.VERSION) if adam else ("SDTMIG", sdtm_variables.VERSION)
    return Domain(
        upper,
        label,
        structure,
        kind,
        standard,
        version,
        tuple(_line(x) for x in lines.strip().splitlines() if x.strip()),
    )


def _line(line: str) -> Variable:
    name, label, kind, core, codelist, key = line.strip().split("|")
    return Variable(name, label, kind, None, codelist, core=core, key=int(key) if key else None)  # type: ignore[arg-type]


def variable(dataset: str, name: str) -> Variable:
    """What the standard says of a variable. Raises KeyError where it says nothing."""
    found = domain(dataset)
    for v in found.variables if found else ():
        if v.name == name.upper():
            return v
    raise KeyError(f"{dataset}.{name}")


def expected(dataset: str) -> list[str]:
    """Variables that the standard wants in a dataset even where nobody has a value of them: required and expected ones."""
    found = domain(dataset)
    return [v.name for v in found.variables if v.core in ("Req", "Exp")] if found else []


_ADAM_DAY = re.compile(r"[A-Z0-9]+DT")
_NUMBER = re.compile(r"(AVAL|BASE|CHG|PCHG|[A-Z0-9]+N|ASEQ|SRCSEQ|CNSR|AGE)")
_SDTM_INTEGER = re.compile(r"[A-Z]{2}(SEQ|DY|STDY|ENDY)|VISITDY")
_SDTM_NUMBER = re.compile(r"[A-Z]{2}(STRESN|DOSE)|VISITNUM|AGE")


def guess(dataset: str, name: str) -> Variable:
    """What a variable of a file without types is: the standard's word, else what CDISC's rules for names say, else a text.

    ADaM: names ending in DT are numeric days, in N numbers. SDTM: --SEQ, --DY, --STRESN, --DOSE, VISITNUM, AGE are numbers.
    """
    try:
        return replace(variable(dataset, name), name=name)
    except KeyError:
        pass
    if dataset.upper().startswith("AD"):
        if _ADAM_DAY.fullmatch(name):
            return Variable(name, kind="date")
        if _NUMBER.fullmatch(name):
            return Variable(name, kind="float")
    if _SDTM_INTEGER.fullmatch(name):
        return Variable(name, kind="integer")
    if _SDTM_NUMBER.fullmatch(name):
        return Variable(name, kind="float")
    return Variable(name)


def filled(v: Variable, values: Sequence[Any] | np.ndarray) -> tuple[Variable, list[str] | np.ndarray]:
    """A variable with its column; None is missing. A text without a length gets that of its longest value [bytes].

    Numbers become float64, days (``date``) count from 1960-01-01.
    """
    if v.kind == "text":
        texts = ["" if x is None else str(x) for x in values]
        longest = max((len(t.encode()) for t in set(texts)), default=0)
        return replace(v, length=v.length or max(longest, 1)), texts
    numbers = [np.nan if x is None else sas_date(x) if isinstance(x, date) else x for x in values]
    return v, np.array(numbers, dtype=np.float64)


def arrange(
    dataset: str, columns: Mapping[str, Sequence[Any] | np.ndarray], *, extra: Sequence[Variable] = ()
) -> Dataset:
    """A dataset of a standard from columns: variables in its order, with its labels; the ``extra`` ones come last.

    Columns that the standard does not know must be among ``extra``. Required ones that are not given are missing throughout.
    Texts get the length of the longest [bytes]; numbers become float64. Raises KeyError for a column nobody knows.
    """
    known = domain(dataset)
    if known is None:
        raise KeyError(dataset)
    own = {v.name: v for v in extra}
    order = [own.pop(v.name, v) for v in known.variables if v.name in columns or v.core == "Req"]
    order += [v for v in own.values() if v.name in columns]
    if unknown := set(columns) - {v.name for v in order}:
        raise KeyError(f"{dataset}: no standard knows {', '.join(sorted(unknown))}; name them in extra")
    n = len(next(iter(columns.values()))) if columns else 0
    taken: dict[str, Any] = {}
    variables: list[Variable] = []
    for v in order:
        given = columns.get(v.name)
        sized, taken[v.name] = filled(v, given if given is not None else [None] * n)
        variables.append(sized)
    return Dataset(dataset, known.label, tuple(variables), taken)


def described(dataset: Dataset) -> Dataset:
    """The dataset with what it does not say itself taken from the standards: labels, integers, codelists, core and key.

    A label, length or key that the dataset has stays. A float becomes an integer only where all its values are whole.
    """
    known = domain(dataset.name)
    if known is None:
        return dataset
    standard = {v.name: v for v in known.variables}
    variables = []
    for v in dataset.variables:
        s = standard.get(v.name)
        if s is not None and (s.kind == "text") == (v.kind == "text"):
            whole = v.kind == "float" and s.kind in ("integer", "date")
            if whole:
                values = np.asarray(dataset.columns[v.name], dtype=np.float64)
                whole = bool((np.isnan(values) | (values == np.floor(values))).all())
            variables.append(
                replace(
                    v, label=v.label or s.label, kind=s.kind if whole else v.kind, codelist=v.codelist or s.codelist,
                    core=v.core or s.core, key=v.key if v.key is not None else s.key,
                )
            )  # fmt: skip
        else:
            variables.append(v if s is None else replace(v, label=v.label or s.label, core=v.core or s.core))
    return replace(dataset, label=dataset.label or known.label, variables=tuple(variables))


def with_labels(dataset: Dataset) -> Dataset:
    """The dataset with the standard's labels where it has none; nothing else of it changes, so it suits a piece of a stream."""
    known = domain(dataset.name)
    if known is None:
        return dataset
    labels = {v.name: v.label for v in known.variables}
    variables = tuple(replace(v, label=v.label or labels.get(v.name, "")) for v in dataset.variables)
    return replace(dataset, label=dataset.label or known.label, variables=variables)
