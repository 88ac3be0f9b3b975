"""A trial is read back from its definition: the text in the log is enough to judge by."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from equipoise.files.bundled import bundled_trials, example_trials, find_trial
from equipoise.files.definition import DAYS, trial_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial, fingerprint_of


@pytest.mark.parametrize("name", [*bundled_trials(), *example_trials()])
def test_every_bundled_trial_is_read_back_from_its_definition(name: str) -> None:
    trial = read_trial(find_trial(name))
    again = trial_of(trial.definition)
    assert again == trial
    assert again.definition == trial.definition
    assert again.fingerprint == fingerprint_of(trial.definition) == trial.fingerprint
    assert again.cohort_names == trial.cohort_names
    for view, before in zip(again.views.values(), trial.views.values(), strict=True):
        assert (view.design, view.monitored) == (before.design, before.monitored)
        assert view.fingerprint == trial.fingerprint
    assert again.design == trial.design
    assert [r.design for r in again.safety] == [r.design for r in trial.safety]
    assert again.history == trial.history


@pytest.mark.parametrize("rules", NAMED_RULES)
def test_rules_by_name_are_read_back_with_what_they_filled_in(rules: str) -> None:
    raw = tomllib.loads(find_trial("north").read_text())
    for name in ("events", "censoring", "estimand"):
        del raw["endpoints"][0][name]
    raw["endpoints"][0]["rules"], raw["assumptions"] = rules, []
    trial = trial_from(raw, "north")
    assert trial_of(trial.definition) == trial


def test_what_the_file_may_say_of_amendments_is_read_back() -> None:
    raw = tomllib.loads(find_trial("north").read_text()) | {"amendments": {"per_site": True}}
    trial = trial_from(raw, "north")
    assert trial.amendments is not None
    assert trial_of(trial.definition).amendments == trial.amendments


def test_all_entries_that_are_days_are_read_as_days() -> None:
    """Where the file gains a day, it is to stand in DAYS."""

    def days(schema: Mapping[str, Any]) -> set[str]:
        own = schema.get("properties", {})
        return {
            k for k, v in own.items() if "date" in (v.get("format"), *(o.get("format") for o in v.get("anyOf", ())))
        }

    schema = Trial.model_json_schema()
    assert days(schema).union(*map(days, schema["$defs"].values())) == DAYS


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "[" * 100_000, '{"sites":[{"activation":"soon"}]}', '{"sites":3}', '{"history":4}']
)
def test_a_text_that_defines_nothing_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput, match="definition"):
        trial_of(text)


def test_a_definition_is_the_text_that_it_writes() -> None:
    text = read_trial(find_trial("north")).definition
    for other in (text.replace('"format":1', '"format": 1'), json.dumps(json.loads(text) | {"rationale": None})):
        with pytest.raises(BadInput, match="written again"):
            trial_of(other)
