"""OwnForm: a form of the trial file's own, for what no analysis reads: vital signs, history, medication, laboratory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from equipoise.trial.part import MOST_NAME, MOST_TIMES, Part
from equipoise.trial.problem import Problem

#: Tests that CTCAE grades by numbers and the limits of normal alone: the editions differ in some, see ``conduct.laboratory``.
Test = Literal["alt", "ast", "bilirubin", "creatinine", "haemoglobin", "neutrophils", "platelets"]
#: How two values are compared.
Comparison = Literal["<", "<=", "=", "!=", ">=", ">"]


#: A number of a form: of laboratory values, none comes near.
Number = Annotated[float, Field(ge=-1e12, le=1e12)]


class _Said(Part):
    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that what is added later changes no fingerprint."""
        return {
            k: v for k, v in handler(self).items() if v is not None and v is not False and v not in ("", (), [])
        }  # a limit of 0 is said


class NormalRange(_Said):
    """The limits of normal of a laboratory, in the field's unit: of one site's, or of all that have none of their own."""

    site: str = Field(default="", description="The site whose laboratory it is; left out: everywhere else.")
    low: Number | None = Field(default=None, description="Lower limit of normal.")
    high: Number | None = Field(default=None, description="Upper limit of normal.")


class OwnField(_Said):
    """One field. A number out of ``at_least`` and ``at_most`` is refused; out of ``expected`` it is asked about, and becomes a query."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", max_length=MOST_NAME, description="Short name, as used in commands and CSV."
    )
    label: str = Field(default="", description="What a reader sees.")
    kind: Literal["number", "whole", "text", "choice", "yes-no", "day"]
    unit: str = Field(default="", description="Of a number: '10^9/L', 'mmHg'.")
    levels: tuple[str, ...] = Field(default=(), description="Of a choice.")
    required: bool = False
    at_least: Number | None = None
    at_most: Number | None = None
    expected: tuple[Number, Number] | None = Field(default=None, description="Of a number: from and to what is usual.")
    normal: tuple[NormalRange, ...] = Field(default=(), description="Limits of normal, by laboratory.")
    ctcae: Test | None = Field(default=None, description="The test by which CTCAE grades the value.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        number = self.kind in ("number", "whole")
        wrong = []
        if (self.kind == "choice") != bool(self.levels) or len(set(self.levels)) < len(self.levels):
            wrong.append("`levels`, each once: of a 'choice' and of no other kind")
        if not number and (
            self.unit
            or self.at_least is not None
            or self.at_most is not None
            or self.expected
            or self.normal
            or self.ctcae
        ):
            wrong.append("a unit, limits, ranges and `ctcae` are a number's")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            wrong.append("`at_least` not above `at_most`")
        if self.expected is not None and self.expected[0] > self.expected[1]:
            wrong.append("`expected`: from, then to")
        if len({r.site for r in self.normal}) < len(self.normal) or any(
            r.low is not None and r.high is not None and r.low >= r.high for r in self.normal
        ):
            wrong.append("`normal`: one range a site, low below high")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def title(self) -> str:
        """As a reader sees it."""
        return self.label or self.name.replace("_", " ")

    def range_at(self, site: str) -> NormalRange | None:
        """The limits of normal of a site's laboratory."""
        return next((r for r in self.normal if r.site == site), None) or next(
            (r for r in self.normal if not r.site), None
        )


class OwnCheck(_Said):
    """What must hold, or usually does. ``than``: a number; a field of this form; 'previous.FIELD', of the record of this form before; 'FORM.FIELD', of the last record of another."""

    field: str
    comparison: Comparison
    than: Number | str
    hard: bool = Field(
        default=False, description="true: what does not hold is refused. Else it is asked about, and becomes a query."
    )
    says: str = Field(min_length=1, description="What is said where it does not hold.")


class OwnForm(_Said):
    """A form: at named visits, or whenever; once at each, or again and again."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=MOST_NAME)
    title: str = Field(min_length=1)
    visits: tuple[str, ...] = Field(
        default=(), max_length=MOST_TIMES, description="Visits at which it is filled in: 'baseline', 'cycle 1'."
    )
    repeating: bool = Field(
        default=False, description="true: as often as there is something to record: medication, history."
    )
    fields: tuple[OwnField, ...] = Field(min_length=1)
    checks: tuple[OwnCheck, ...] = ()

    def field(self, name: str) -> OwnField | None:
        """The field of a name."""
        return next((f for f in self.fields if f.name == name), None)


def forms_problems(forms: tuple[OwnForm, ...], sites: set[str]) -> Iterator[Problem]:
    """What is wrong between the parts of [[forms]]: names twice, checks on what there is not, ranges of sites that there are not."""
    by_name = {f.name: f for f in forms}
    for i, form in enumerate(forms):
        where = f"forms[{i}]"
        if list(by_name).count(form.name) != 1 or sum(f.name == form.name for f in forms) > 1:
            yield Problem("duplicate-name", f"{where}.name", repr(form.name), "each must be given once")
        names = [f.name for f in form.fields]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield Problem("duplicate-name", f"{where}.fields", repr(name), "each must be given once")
        if len(set(form.visits)) < len(form.visits):
            yield Problem("duplicate-name", f"{where}.visits", ", ".join(form.visits), "each must be given once")
        for j, field in enumerate(form.fields):
            for r in field.normal:
                if r.site and r.site not in sites:
                    yield Problem("unknown-site", f"{where}.fields[{j}].normal", repr(r.site), "a site of the trial")
        for j, check in enumerate(form.checks):
            yield from _check(form, check, f"{where}.checks[{j}]", by_name)


def _check(form: OwnForm, check: OwnCheck, where: str, by_name: dict[str, OwnForm]) -> Iterator[Problem]:
    left = form.field(check.field)
    if left is None:
        yield Problem("unknown-field", f"{where}.field", repr(check.field), f"a field of {form.name}")
        return
    right = _of(form, check.than, by_name) if isinstance(check.than, str) else None
    if isinstance(check.than, str) and right is None:
        yield Problem(
            "unknown-field", f"{where}.than", repr(check.than), "a number, FIELD, 'previous.FIELD' or 'FORM.FIELD'"
        )
        return
    kinds = {left.kind, right.kind if right is not None else "number"}
    if not (kinds <= {"number", "whole"} or kinds == {"day"} or (len(kinds) == 1 and check.comparison in ("=", "!="))):
        yield Problem(
            "not-comparable",
            where,
            f"{left.kind} {check.comparison} {right.kind if right else 'number'}",
            "two numbers, two days, or two alike by = and !=",
        )
    if right is not None and left.unit != right.unit:
        yield Problem(
            "not-comparable", where, f"{left.unit or 'no unit'} and {right.unit or 'no unit'}", "values in one unit"
        )


def _of(form: OwnForm, than: str, by_name: dict[str, OwnForm]) -> OwnField | None:
    of, dot, name = than.partition(".")
    if not dot:
        return form.field(than)
    other = form if of == "previous" else by_name.get(of)
    return other.field(name) if other is not None else None
