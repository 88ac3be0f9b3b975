"""By which editions of CTCAE the adverse events that are counted together were graded: never more than one unsaid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from equipoise.analyse.toxicity_status import toxicity_status
from equipoise.trial.endpoint import Toxicity
from equipoise.trial.event import Event
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: An event of which nobody says an edition.
UNSAID = "not said"


def edition_of(trial: Trial, event: Event) -> str:
    """The edition that an adverse event says, else the trial's: '5'; 'not said' where neither does."""
    stated = trial.adverse_events.version if trial.adverse_events is not None else None
    found = event.data.get("ctcae", stated)
    return UNSAID if found is None else str(found)


def editions(trial: Trial, events: Iterable[Event | None]) -> dict[str, int]:
    """Edition → how many of these adverse events were graded by it, 'not said' last. A record of a death alone has no grade."""
    found = Counter(edition_of(trial, e) for e in events if e is not None and e.kind == "adverse event")
    return dict(sorted(found.items()))


def pooled(found: Mapping[str, int], what: str = "adverse events") -> tuple[str, ...]:
    """A caution where events of more than one edition are counted together; nothing where they are not."""
    if len(found) < 2:
        return ()
    said = ", ".join(
        f"{n} {'of an edition that is not said' if e == UNSAID else f'by CTCAE {e}'}" for e, n in found.items()
    )
    return (f"Graded by more than one edition of CTCAE and counted together, {what}: {said}.",)


def pooled_in(trial: Trial, snap: Snapshot, endpoint: Toxicity) -> tuple[str, ...]:
    """The caution of a toxicity endpoint: of the events that make its patients count."""
    statuses = (toxicity_status(p, endpoint, snap.cutoff) for p in snap.randomised)
    numbers = {s.source for s in statuses if s is not None and s.status == "success"}
    counted = (e for p in snap.randomised for e in p.adverse_events if e.number in numbers)
    return pooled(editions(trial, counted), f"patients with {endpoint.name}")
