"""What an amendment may change: anything while nobody is randomised, and afterwards nothing that would break the allocation or a look.

Such a change is refused unless it is named, and the name is recorded: who amends says that it is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from equipoise.conduct.definitions import Definitions
from equipoise.conduct.form_rules import contradicted
from equipoise.trial.changes import Change, changes, told
from equipoise.trial.event import Event
from equipoise.trial.own_form import OwnForm
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: What must be named, and why it is not done unseen: name → (the entries, what it would touch).
GUARDED: Mapping[str, tuple[str, str]] = {
    "arms": (
        r"arms\.[^.]+( \(their order\))?$|arms\.[^.]+\.(tested|name)$|arms \(their order\)$",
        "an arm on which patients may be",
    ),
    "shares": (r"arms\.[^.]+\.share$", "the allocation that is under way"),
    "factors": (r"randomisation\.factors", "the strata of those who are randomised"),
    "blocks": (r"randomisation\.block_sizes", "blocks that are begun"),
    "method": (r"randomisation(\.(method|probability|imbalance|blinding))?$", "how those before were randomised"),
    "looks": (r"(cohorts\.[^.]+\.)?(design|monitoring)(\.|$)", "the rule of a look that is taken"),
    "safety": (r"safety\.", "a safety rule that was looked at"),
    "sites": (r"sites\.[^.]+$", "a site that is open or has patients"),
    "cohorts": (r"cohorts\.[^.]+(\.(of|counts|arms))?(\.|$)", "a cohort that has patients"),
}
#: Of these an amendment is in force everywhere at once: one list of allocations cannot follow two definitions.
_OF_ALLOCATION = ("arms", "shares", "factors", "blocks", "method")


@dataclass(frozen=True)
class Begun:
    """What is under way, which an amendment may touch: a patient on an arm, sites and cohorts with events, looks taken and safety rules looked at."""

    randomised: bool
    sites: Container[str]
    cohorts: Container[str]
    looks: int
    safety: frozenset[str]
    #: (form, field) of the trial file's own → the texts that were recorded there
    forms: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, before: Iterable[Event]) -> Begun:
        """By the events in force that were recorded before an amendment."""
        events = list(before)
        return cls(
            any(on_an_arm(e) for e in events),
            frozenset(e.site for e in events if e.site),
            frozenset(str(e.data["cohort"]) for e in events if e.patient and "cohort" in e.data),
            sum(e.kind == "decided" and "look" in e.data for e in events),
            frozenset(str(e.data["rule"]) for e in events if e.kind == "safety look"),
            _used(events),
        )


def _used(events: Iterable[Event]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for e in events:
        if e.kind == "form":
            for name, value in e.data["values"].items():
                found.setdefault((e.data["form"], name), set()).update([value] if isinstance(value, str) else [])
    return found


def on_an_arm(event: Event) -> bool:
    """True of the event that puts a patient on an arm."""
    return event.kind == "randomised" or (event.kind == "enrolled" and "arm" in event.data)


def guarded(found: Iterable[Change], begun: Begun, monitored: Iterable[str] = ()) -> dict[str, list[Change]]:
    """The changes that must be named, by their names. ``monitored``: endpoints on which looks decide."""
    touched: dict[str, list[Change]] = {}
    for change in found:
        for name, (entries, _) in GUARDED.items():
            of = change.path.split(".")[1] if "." in change.path else ""
            if not re.match(entries, change.path) or not _under_way(name, of, change, begun):
                continue
            touched.setdefault(name, []).append(change)
        if begun.looks and any(change.path.startswith(f"endpoints.{e}.") for e in monitored):
            touched.setdefault("looks", []).append(change)
    return touched


def _under_way(name: str, of: str, change: Change, begun: Begun) -> bool:
    match name:
        case "looks":
            return begun.looks > 0
        case "safety":
            return of in begun.safety
        case "sites":
            return change.new is None and of in begun.sites
        case "cohorts":
            return change.old is not None and of in begun.cohorts
        case _:
            return begun.randomised


def amendment_problems(event: Event, definitions: Definitions, begun: Begun) -> Iterator[Problem]:
    """Why a log cannot be amended with the definition that the event carries."""
    last, new = definitions.last, str(event.data.get("definition", ""))
    allowed = [str(name) for name in event.data.get("allowed", ())]
    for name in allowed:
        if name not in GUARDED:
            yield Problem("unknown-allowance", "allow", repr(name), f"one of {', '.join(GUARDED)}")
    if last is None:
        return
    if event.data["fingerprint"] == last.fingerprint:
        step = "change the trial file first, or put its next amendment into the folder amendments beside it"
        yield Problem("nothing-amended", "trial file", "the definition that is in force", "another definition", step)
        return
    if event.happened < last.on:
        yield Problem(
            "before-last", "on", str(event.happened), f"not before {last.on}, the day of the definition before it"
        )
    if not new or not last.text:
        return  # a log of before definitions were carried: the fingerprints say that it changed, and not what
    found = changes(last.text, new)
    if any(c.path == "id" for c in found):
        yield Problem("another-trial", "id", *_both(found, "id"))
        return
    if begun.forms:
        yield from contradicted(_forms(last.text), _forms(new), begun.forms)
    touched = guarded(found, begun, _monitored(definitions))
    for name, of in touched.items():
        if name not in allowed:
            yield Problem(
                f"guarded-{name}", "; ".join(told(of, 5)), "a change that is not named", f"it touches {GUARDED[name][1]}",
                f"if it is meant: --allow {','.join(touched)}",
            )  # fmt: skip
    now = _read(definitions, event)
    spread = [name for name in _OF_ALLOCATION if name in touched]
    if spread and now is not None and now.amendments is not None and now.amendments.per_site:
        step = "make it an amendment of its own, without per_site"
        allowed_ = (
            "a change that is in force everywhere on one day: one list of allocations cannot follow two definitions"
        )
        yield Problem(
            "allocation-per-site", "amendments.per_site", f"true, with a change of {', '.join(spread)}", allowed_, step
        )


def approval_problems(event: Event, definitions: Definitions) -> Iterator[Problem]:
    """Why a site cannot have approved the amendment that the event names."""
    edition = definitions.edition(str(event.data["fingerprint"]))
    if edition is None or edition is definitions.editions[0]:
        given = f"definition {str(event.data['fingerprint'])[:12]}"
        yield Problem("no-amendment", "amendment", given, "an amendment that the log holds", "conduct amend")
        return
    if not definitions.per_site(edition):
        allowed = f"nothing: the amendment of {edition.on} is in force everywhere since that day"
        step = "an amendment takes effect by site where its definition says [amendments] per_site = true"
        yield Problem("not-per-site", "amendment", f"event {edition.number}", allowed, step)
    known = definitions.trial_of(edition).site_by_name
    if event.site not in known:
        yield Problem("unknown-site", "site", repr(event.site), f"a site of the amended trial: {', '.join(known)}")
    if event.happened < edition.on:
        yield Problem("before-amendment", "on", str(event.happened), f"not before the amendment, {edition.on}")
    if event.site in edition.approved:
        step = "correct that event"
        yield Problem(
            "approved-twice", "site", repr(event.site), f"approved already, on {edition.approved[event.site]}", step
        )


def _forms(text: str) -> tuple[OwnForm, ...]:
    """The forms of a definition's text; none of one that is none, which is said elsewhere."""
    try:
        said = json.loads(text).get("forms", [])
        return tuple(OwnForm.model_validate_json(json.dumps(f)) for f in said)
    except (ValueError, AttributeError):
        return ()


def _monitored(definitions: Definitions) -> set[str]:
    """Endpoints on which looks decide, those of toxicity and of the landmark's times too."""
    assert definitions.last is not None, "who amends has a definition"
    trial = definitions.trial_of(definitions.last)
    views: list[Trial] = [*trial.views.values()] or [trial]
    names = {n for v in views if v.monitoring is not None for n in (v.monitoring.endpoint, v.monitoring.toxicity) if n}
    return names | {of for n in names if (of := getattr(trial.endpoint_by_name.get(n), "of", None)) is not None}


def _read(definitions: Definitions, event: Event) -> Trial | None:
    """The trial as the event defines it, where it can be read; ``Definitions.problems`` tells where it cannot."""
    ahead = definitions.fork()
    ahead.take(event)
    assert ahead.last is not None, "taken just now"
    return ahead.trial_of(ahead.last)


def _both(found: Iterable[Change], path: str) -> tuple[str, str]:
    change = next(c for c in found if c.path == path)
    return repr(change.new), f"{change.old!r}: a log is one trial's"
