"""Entry: one form of one patient as one person fills it in: what stands in it, what is wrong, what is unlikely, and the order that it gives.

Here meet the pure rooms: the form from the definition, what was typed, the log's judge, the cautions, the criterion's verdict. No page holds
a rule, and none of them is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from equipoise.analyse.sheet import Verdict, criterion_of, rows_of, verdict
from equipoise.conduct.cautions import Caution, cautions, confirmed
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.doses_due import as_planned
from equipoise.conduct.filled import FieldProblem, Filled, at_fields, changes, fill, typed_of
from equipoise.conduct.forms import form_for, form_of
from equipoise.site import live, sheet_form
from equipoise.site.patient_calendar import trial_of
from equipoise.site.sheet_form import SheetRow
from equipoise.site.shown import Shown
from equipoise.trial.event import Event
from equipoise.trial.form import FieldSpec, FormSpec
from equipoise.trial.lesion import lesion_problems
from equipoise.trial.patient import Patient, gather
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import glossary_of
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Entry:
    """``old``: the event that is corrected, as it was read; None for a new one."""

    shown: Shown
    patient: Patient
    spec: FormSpec
    today: date
    old: Event | None = None

    @cached_property
    def trial(self) -> Trial:
        """The trial as it is in force at the patient's site today, which knows how it was amended."""
        return trial_of(self.shown)

    @cached_property
    def before(self) -> Patient:
        """The patient's record without what is corrected."""
        if self.old is None:
            return self.patient
        events = [e for e in self.shown.today.events if e.patient == self.patient.name and e.number != self.old.number]
        found = gather(events, glossary_of(self.trial.assessments)).get(self.patient.name)
        return found if found is not None else Patient(self.patient.name, self.patient.site)

    @property
    def has_sheet(self) -> bool:
        """True of a form with a lesion sheet, in a trial whose criterion reads lesions."""
        return any(f.kind == "lesions" for f in self.spec) and criterion_of(self.trial) is not None

    def typed_first(self) -> dict[str, Any]:
        """What stands in the form before anybody types: of a correction what was recorded."""
        if self.old is None:
            return {}
        found: dict[str, Any] = typed_of(self.spec, self.old)
        if found.pop("lesions", None):
            found |= sheet_form.typed_of(self.old.data["lesions"], self._asked(bool(self.old.data.get("baseline"))))
        return found

    def _asked(self, baseline: bool) -> list[Any]:
        return [] if baseline else rows_of(self.before, replaces=self.old.number if self.old is not None else None)

    def _bounds(self) -> dict[str, date]:
        """Days of the patient by which a date that is known in part becomes a day."""
        p = self.before
        said = {"screening": p.screened, "randomisation": p.randomised, "the last record of the patient": p.last}
        return {words: e.happened for words, e in said.items() if e is not None}

    def looked_at(self, typed: Mapping[str, Any], by: str, more: int = 0) -> Looked:
        """What is typed, judged: nothing is recorded."""
        baseline = typed.get("baseline") == "yes"
        rows = sheet_form.rows_for(self._asked(baseline), typed, baseline=baseline, more=more) if self.has_sheet else []
        lesions, said = sheet_form.lesions_of(rows)
        found = fill(self.spec, {**typed, "lesions": sheet_form.as_text(lesions)}, self._bounds())
        looked = Looked(self, typed, found, rows)
        wrong = list(lesion_problems(lesions))
        looked.of_the_sheet = sheet_form.at_rows(said, wrong)
        whole = [lesion for lesion in lesions if lesion["state"]]
        if whole and not any(lesion_problems(whole)):
            on = found.happened or self.today
            number = self.old.number if self.old is not None else None
            looked.verdict = verdict(self.trial, self.before, on, whole, baseline=baseline, replaces=number)
        looked.judge(by)
        return looked


@dataclass
class Looked:
    """A form that was looked at. ``problems``: at the fields; ``said``: cautions, by the name of the field."""

    entry: Entry
    typed: Mapping[str, Any]
    filled: Filled
    rows: Sequence[SheetRow] = ()
    verdict: Verdict | None = None
    problems: list[FieldProblem] = field(default_factory=list)
    of_the_sheet: list[str] = field(default_factory=list)
    cautions: list[Caution] = field(default_factory=list)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The details of the event, with what follows from others: the unit as planned, what the lesions say where nothing else was said."""
        entry, data = self.entry, dict(self.filled.data)
        if entry.spec.kind == "treated" and self.filled.happened is not None:
            data = as_planned(entry.trial, entry.before, data, self.filled.happened)
        if entry.spec.kind == "assessed" and self.verdict is not None:
            v = self.verdict
            if not data.get("response"):
                data["response"] = v.response
            if v.sum is not None and v.whole:
                data.setdefault("sum_mm", v.sum)
            if v.new:
                data.setdefault("new_lesion", v.new == "unequivocal")
        return data

    @property
    def fine(self) -> bool:
        """True where nothing is impossible."""
        return not self.problems and not self.of_the_sheet and not any(r.problems for r in self.rows)

    @property
    def why(self) -> str:
        """The reason, with what the person confirms by giving the order."""
        return confirmed(self.filled.why, self.cautions)

    @property
    def sum_words(self) -> str:
        """The sum of the target lesions."""
        v = self.verdict
        return "–" if v is None or v.sum is None else f"{v.sum:.4g} mm" + ("" if v.whole else ", not all")

    @property
    def from_baseline_words(self) -> str:
        """The sum's change from baseline."""
        return _change(self.verdict.from_baseline) if self.verdict is not None else ""

    @property
    def from_nadir_words(self) -> str:
        """The sum's change from the nadir."""
        return _change(self.verdict.from_nadir) if self.verdict is not None else ""

    def judge(self, by: str) -> None:
        """Ask the log's judge and the cautions, as far as it can be read."""
        entry = self.entry
        self.problems = list(self.filled.problems)
        if entry.old is not None and not self.filled.why:
            self.problems.append(FieldProblem("why", "no-reason", "nothing", "a correction states its reason"))
        if self.filled.happened is None or self.problems or self.of_the_sheet or any(r.problems for r in self.rows):
            return
        known = live.would(by, lambda conduct, now: self.order(conduct, now, by, "", self.filled.why))
        self.problems += at_fields(entry.spec, known)
        if not known:
            self.cautions = self._unlikely()

    def order(self, conduct: Conduct, now: datetime, by: str, key: str, why: str) -> Event:
        """The order that the form gives."""
        entry, on = self.entry, self.filled.happened
        assert on is not None, "the day was asked for"
        if entry.old is None:
            return conduct.order(
                entry.spec.kind, on, now, by, why, entry.patient.name, self.filled.site, self.data, key=key
            )
        day = on if on != entry.old.happened else None
        return conduct.correct(entry.old.number, now, by, why, day, self.changed, key=key)

    @cached_property
    def changed(self) -> dict[str, Any]:
        """Of a correction: the details that are otherwise now."""
        assert self.entry.old is not None, "asked of a correction"
        as_filled = Filled(self.filled.happened, self.filled.why, self.filled.site, self.data, ())
        return changes(self.entry.spec, as_filled, self.entry.old)

    @property
    def changes_nothing(self) -> bool:
        """True of a correction that says what was recorded."""
        old = self.entry.old
        return old is not None and not self.changed and self.filled.happened == old.happened

    def at(self, spec: FieldSpec) -> list[Caution]:
        """The cautions of a field."""
        return [c for c in self.cautions if c.detail == spec.detail]

    def _unlikely(self) -> list[Caution]:
        entry = self.entry
        assert self.filled.happened is not None, "judged already"
        event = Event(
            0,
            entry.spec.kind,
            self.filled.happened,
            datetime.min.replace(tzinfo=UTC),
            "",
            self.filled.why,
            entry.patient.name,
            data=self.data,
        )
        found = cautions(entry.trial, entry.before, event, entry.today)
        v = self.verdict
        if v is not None and v.response and self.data.get("response") not in ("", v.response):
            text = f"{self.data['response']} is said, and by the criterion the lesions say {v.response}."
            found.append(Caution("not-the-criterions", "data.response", text))
        if v is not None:
            found += [Caution("selection", "data.lesions", why) for why in v.findings]
        return found


def _change(share: float | None) -> str:
    return "" if share is None else f"{100 * share:+.1f} %".replace("-", "−")


def entry_of(shown: Shown, patient: Patient, name: str, today: date) -> Entry | None:
    """A new record of a patient by the form of this name; None where there is none such, or the person may not give its order."""
    trial = shown.definitions.at(patient.site, today)
    spec = form_of(name, trial, patient)
    return (
        Entry(shown, patient, spec, today)
        if spec is not None and shown.may(spec.kind) and spec.kind != "randomised"
        else None
    )


def correction_of(shown: Shown, patient: Patient, number: int, today: date) -> Entry | None:
    """A correction of an event of a patient, in force or not; None where there is none that the person may correct."""
    old = next((e for e in shown.events_of(patient.name) if e.number == number), None)
    if old is None or old.kind == "voided" or not shown.may(old.kind):
        return None
    spec = form_for(old.kind, shown.definitions.at(patient.site, old.happened), patient, str(old.data.get("form", "")))
    return Entry(shown, patient, spec, today, old) if spec is not None else None


def not_given(problems: Sequence[Problem], spec: FormSpec) -> list[FieldProblem]:
    """The problems with which an order was refused, at the fields."""
    return list(at_fields(spec, problems))
