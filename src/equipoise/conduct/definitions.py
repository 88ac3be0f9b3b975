"""Which definition of the trial is in force: at a site, on a day. An amendment takes effect where and when it is approved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from equipoise.trial.changes import changes, told
from equipoise.trial.event import Event
from equipoise.trial.log import in_force
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial, fingerprint_of

#: Reads a trial back from the canonical JSON of its definition. Raises BadInput for a text that is none.
Read = Callable[[str], Trial]
#: The events that say which definition is in force.
DEFINING = frozenset({"opened", "amended", "approved"})
#: The event that says at which dose of phase I a definition is carried out.
DOSE_SET = "dose set"


@dataclass
class Edition:
    """A definition that the log was opened or amended with.

    ``on``: the day of the amendment; ``approved``: the day of each site's approval. ``text`` is '' in a log whose events do not carry it.
    """

    number: int
    on: date
    fingerprint: str
    text: str = field(repr=False)
    by: str
    why: str
    allowed: tuple[str, ...] = ()
    approved: dict[str, date] = field(default_factory=dict)


class Definitions:
    """The definitions of a log, from the one that it was opened with to the one that it was last amended with.

    ``trial`` is the one at hand; it stands for a definition of its own fingerprint, and for one whose text the log does not carry. ``read``
    makes the others from their texts, when they are first asked for; without it ``trial`` stands for all of them.
    """

    def __init__(self, trial: Trial, read: Read | None = None) -> None:
        self.trial, self.read = trial, read
        self.editions: list[Edition] = []
        #: True of a log that begins with part 1, though the file says what it declared.
        self.from_first = False
        #: The level of each dose that was set, with its event's number and day.
        self.levels: list[tuple[int, date, str]] = []
        #: ``trial``, while it is the only definition; None where the log was amended, or opened with another.
        self.only: Trial | None = trial

    @classmethod
    def of(cls, trial: Trial, events: Iterable[Event], read: Read | None = None) -> Definitions:
        """Those that stand in a log, or in what was known of it on a day."""
        found = cls(trial, read)
        for event in in_force(events):
            found.take(event)
        return found

    def take(self, event: Event) -> None:
        """Take in an event that is in force: the opening, an amendment, or a site's approval of one; others change nothing."""
        if event.kind in ("opened", "amended"):
            said = event.data
            self.editions.append(
                Edition(
                    event.number, event.happened, str(said["fingerprint"]), str(said.get("definition", "")), event.by, event.why,
                    tuple(said.get("allowed", ())),
                )
            )  # fmt: skip
            self.from_first = self.from_first or said.get("part") == 1
            alone = len(self.editions) == 1 and self._at_hand(self.editions[0])
            self.only = self._at_its_dose(self.trial, event.happened) if alone else None
        elif event.kind == DOSE_SET:
            self.levels.append((event.number, event.happened, str(event.data["level"])))
            self.only = None
        elif event.kind == "approved":
            edition = self.edition(str(event.data["fingerprint"]))
            if edition is not None:
                edition.approved[event.site] = event.happened

    def fork(self) -> Definitions:
        """The same, to be taken onward apart from this."""
        other = Definitions(self.trial, self.read)
        other.editions = [Edition(**{**vars(e), "approved": dict(e.approved)}) for e in self.editions]
        other.only, other.from_first, other.levels = self.only, self.from_first, list(self.levels)
        return other

    @property
    def last(self) -> Edition | None:
        """The one that the log was last opened or amended with; None in an empty log."""
        return self.editions[-1] if self.editions else None

    @property
    def amended(self) -> bool:
        """True where the log was amended."""
        return len(self.editions) > 1

    @property
    def trials(self) -> list[Trial]:
        """The trial at hand, and as each of the log's definitions has it."""
        return [self.trial, *(t for e in self.editions if (t := self.trial_of(e)) is not self.trial)]

    def edition(self, fingerprint: str) -> Edition | None:
        """The last with this fingerprint."""
        return next((e for e in reversed(self.editions) if e.fingerprint == fingerprint), None)

    def trial_of(self, edition: Edition) -> Trial:
        """The trial as an edition defines it, seen as ``trial`` is: whole, or as one of its cohorts sees it."""
        if self._at_hand(edition) or self.read is None:
            return self.trial
        try:
            found = self.read(edition.text)
        except BadInput:  # told by ``problems``
            return self.trial
        name = self.trial.cohort_name
        return found.cohort(name) if name and name in found.cohort_names else found

    def _at_hand(self, edition: Edition) -> bool:
        return not edition.text or edition.fingerprint == self.trial.fingerprint

    def edition_at(self, site: str, day: date) -> Edition | None:
        """The last that is in force at a site on a day: '' is the trial as a whole, which an amendment changes on its own day.

        The first is in force everywhere and always, until an amendment is. One that is to be approved by site is in force at a site from
        the day of its approval there.
        """
        for edition in reversed(self.editions[1:]):
            if site and self.per_site(edition):
                approved = edition.approved.get(site)
                if approved is not None and approved <= day:
                    return edition
            elif edition.on <= day:
                return edition
        return self.editions[0] if self.editions else None

    def at(self, site: str, day: date) -> Trial:
        """The trial as it is defined at a site on a day, or ('') as a whole."""
        if self.only is not None:
            return self.only
        edition = self.edition_at(site, day)  # none where the event that opened the log is itself out of shape
        return self._at_its_dose(self.trial if edition is None else self.trial_of(edition), day)

    def _at_its_dose(self, trial: Trial, day: date) -> Trial:
        """The trial with the dose of phase II that was set by a day, wherever it leaves it to phase I."""
        if not trial.in_parts or not (self.from_first or trial.finds_dose):
            return trial
        level = next((name for _, on, name in reversed(self.levels) if on <= day), None)
        return trial.handed_over(level, from_first=True)

    def recorded_before(self, event: Event) -> Trial:
        """The trial as the log defined it when an event was recorded, whatever its day: by this one a list gave an arm."""
        edition = next((e for e in reversed(self.editions) if e.number < event.number), None)
        return self.trial_of(edition) if edition is not None else self.trial

    def knows(self, site: str) -> bool:
        """True if the last definition has the site."""
        return self.last is not None and site in self.trial_of(self.last).site_by_name

    def per_site(self, edition: Edition) -> bool:
        """True of an amendment that takes effect at each site on the day of its approval there, as it says itself."""
        found = self.trial_of(edition).amendments
        return found is not None and found.per_site

    def problems(self) -> Iterator[tuple[int, Problem]]:
        """Definitions that are not what their fingerprint says, or cannot be read; each with the number of its event."""
        for edition in self.editions:
            if not edition.text:
                continue
            found = fingerprint_of(edition.text)
            if found != edition.fingerprint:
                given, allowed = (
                    f"a text with SHA-256 {found[:12]}…",
                    f"the text of fingerprint {edition.fingerprint[:12]}…",
                )
                yield edition.number, Problem("not-its-fingerprint", "definition", given, allowed)
            elif self.read is not None and edition.fingerprint != self.trial.fingerprint:
                try:
                    self.read(edition.text)
                except BadInput as bad:
                    for p in bad.problems:
                        yield edition.number, Problem(p.code, f"definition.{p.where}", p.given, p.allowed, p.next_step)

    def another(self) -> Problem | None:
        """That the trial at hand is not the one which the log was last opened or amended with, and what changed; None where it is."""
        last = self.last
        if last is None or last.fingerprint == self.trial.fingerprint:
            return None
        of = f"the one of {last.on}, fingerprint {last.fingerprint[:12]}, with which the log was last opened or amended"
        step = "put the file back as it was, or record what changed: conduct amend"
        given = f"another definition, fingerprint {self.trial.fingerprint[:12]}"
        if last.text:
            given += f": {'; '.join(told(changes(last.text, self.trial.definition)))}"
        return Problem("definition-changed", "trial file", given, of, step)
