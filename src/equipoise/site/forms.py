"""Forms of the spine: what is asked, made from the trial's definition. What is allowed the log's judge says."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms

from equipoise.site.shown import Shown
from equipoise.trial.patients import DETAILS
from equipoise.trial.protocol_parts import Criterion, Factor

_ASKED = {"birth_year": "Year of birth", "sex": "Sex", "initials": "Initials"}


class Day(forms.DateField):
    """A day, as a browser's own control gives it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": "A day is written YYYY-MM-DD, such as 2013-02-12."},
            **more,
        )


class Ordering(forms.Form):
    """A form that gives an order. ``key`` is of this order's own: sent twice, it answers what was recorded the first time."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["key"].initial = secrets.token_urlsafe(16)
        self.label_suffix = ""


def today() -> str:
    """Today, UTC."""
    return datetime.now(UTC).date().isoformat()


class Screening(Ordering):
    """A screening: each criterion is answered."""

    def __init__(self, shown: Shown, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        trial, sites = shown.trial, shown.sites_for("screened")
        if len(sites) > 1:
            self.fields["site"] = forms.ChoiceField(
                label="Site", choices=[("", "")] + [(s.name, f"{s.name} {s.label}".strip()) for s in sites]
            )
        self.only = sites[0].name if len(sites) == 1 else ""
        self.fields["on"] = Day(label="Day of screening", initial=today)
        self.fields["patient"] = forms.CharField(
            label="Patient's number",
            required=False,
            max_length=64,
            help_text="Leave it empty: the next number is given. Type one only where it was given elsewhere.",
        )
        if trial.cohorts:
            self.fields["cohort"] = forms.ChoiceField(
                label="Cohort", required=False, choices=[("", "not yet known")] + [(c, c) for c in trial.cohort_names]
            )
        asks = trial.patients.asks if trial.patients is not None else ()
        for detail in DETAILS:
            if detail in asks:
                self.fields[detail] = forms.IntegerField(label=_ASKED[detail]) if detail == "birth_year" else forms.CharField(label=_ASKED[detail], max_length=20)  # fmt: skip
        if asks:
            self.fields["new_person"] = forms.BooleanField(
                label="Confirmed: this is a person who was not screened before", required=False
            )
        self.fields["consent"] = forms.CharField(
            label="Version of the consent form", required=False, max_length=100, help_text="As it stands on the form that the patient signed."
        )  # fmt: skip
        self.fields["consent_on"] = Day(
            label="Signed on", required=False, help_text="Left empty: on the day of screening."
        )
        self.criteria = list(trial.eligibility)
        for c in self.criteria:
            self.fields[f"c{c.number}"] = _criterion(c)

    @property
    def failed(self) -> list[int]:
        """The numbers of the criteria that were not met: an inclusion that does not hold, an exclusion that does."""
        said = self.cleaned_data
        return [c.number for c in self.criteria if (said[f"c{c.number}"] == "yes") != (c.kind == "inclusion")]

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        said = {
            name: self.cleaned_data[name] for name in (*DETAILS, "cohort", "new_person") if self.cleaned_data.get(name)
        }
        return {"failed": self.failed, **said}

    @property
    def site(self) -> str:
        """Where: the one site of the person's grants, or the one that was chosen."""
        return self.only or str(self.cleaned_data["site"])

    def asked(self) -> Sequence[tuple[Criterion, forms.BoundField]]:
        """The criteria with their fields, in the protocol's order."""
        return [(c, self[f"c{c.number}"]) for c in self.criteria]

    def others(self) -> list[forms.BoundField]:
        """The fields that are no criteria."""
        return [f for f in self.visible_fields() if f.name not in {f"c{c.number}" for c in self.criteria}]


def _criterion(c: Criterion) -> forms.ChoiceField:
    words = ("Met", "Not met") if c.kind == "inclusion" else ("Present: excludes the patient", "Absent")
    return forms.ChoiceField(
        label=f"{c.number}. {c.text}",
        choices=[("yes", words[0]), ("no", words[1])],
        widget=forms.RadioSelect,
        error_messages={"required": "Each criterion is answered."},
    )


class Enrolment(Ordering):
    """An enrolment: the levels of the stratification factors."""

    def __init__(self, shown: Shown, cohort: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        trial = shown.trial
        self.fields["on"] = Day(label="Day of enrolment", initial=today)
        of = trial.cohort(cohort) if cohort in trial.cohort_names else trial
        if trial.cohorts:
            self.fields["cohort"] = forms.ChoiceField(
                label="Cohort", required=False, initial=cohort, choices=[("", "by the levels below")] + [(c, c) for c in trial.cohort_names]
            )  # fmt: skip
        self.factors: list[Factor] = list(of.recorded_factors)
        markers = {f.name for f in of.markers}
        for f in self.factors:
            self.fields[f"f_{f.name}"] = forms.ChoiceField(
                label=f.label or f.name,
                choices=[(level, level) for level in f.levels],
                widget=forms.RadioSelect,
                required=f.name not in markers,
                error_messages={"required": "It decides in which stratum the patient is randomised."},
            )
        self.baseline = [b for b in of.baseline if b.asked]
        for b in self.baseline:
            self.fields[f"b_{b.name}"] = (
                forms.FloatField(label=b.title, required=False)
                if b.kind == "number"
                else forms.ChoiceField(
                    label=b.title, choices=[("", "not known"), *((x, x) for x in b.levels)], required=False
                )
            )

    @property
    def details(self) -> dict[str, Any]:
        """The details of the event."""
        said = self.cleaned_data
        factors = {f.name: said[f"f_{f.name}"] for f in self.factors if said.get(f"f_{f.name}")}
        known = {b.name: v for b in self.baseline if (v := said.get(f"b_{b.name}")) not in (None, "")}
        more = {"baseline": known} if known else {}
        return {"factors": factors, **more, **({"cohort": said["cohort"]} if said.get("cohort") else {})}


class Confirmation(Ordering):
    """What is asked before an act that nobody takes back: the pass phrase again."""

    on = forms.DateField(widget=forms.HiddenInput)
    passphrase = forms.CharField(
        label="Your pass phrase, once more",
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, shown_already: bool = False, **more: Any) -> None:
        """``shown_already``: a passkey was, in its place."""
        super().__init__(*args, **more)
        if shown_already:
            self.fields["passphrase"].required = False
            self.fields["passphrase"].widget = forms.HiddenInput()
