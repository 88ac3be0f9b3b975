"""Where a derived record comes from: the record of a dataset, or the event of the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from equipoise.trial.event import Event

#: 'RS.RSSTRESC[RSSEQ=9]', as events that came from SDTM name their record.
_RECORD = re.compile(r"(?P<domain>[A-Z0-9]{2,8})\.(?P<variable>[A-Z0-9_]{1,8})\[(?:[A-Z]{2}SEQ=(?P<sequence>\d+)|.*)\]")


@dataclass(frozen=True, slots=True)
class Source:
    """SRCDOM, SRCVAR and SRCSEQ. An event that was entered here is its number in the dataset LOG."""

    domain: str
    variable: str
    sequence: int | None

    @property
    def columns(self) -> dict[str, Any]:
        """As variables of a record."""
        return {"SRCDOM": self.domain, "SRCVAR": self.variable, "SRCSEQ": self.sequence}


#: A record that says that something did not happen comes from the list of subjects.
NOTHING = Source("ADSL", "USUBJID", None)


def source_of(event: Event | None) -> Source:
    """The record that an event came from; NOTHING without an event."""
    return source(event.number, event.source) if event is not None else NOTHING


def source(number: int, record: str) -> Source:
    """From the number of an event, and from what the event says of where it came from."""
    found = _RECORD.fullmatch(record)
    if found is None:
        return Source("LOG", "NUMBER", number)
    sequence = found["sequence"]
    return Source(found["domain"], found["variable"], int(sequence) if sequence else None)


#: The most bytes of a text in a SAS transport file.
MOST_BYTES = 200


def in_short(text: str) -> str:
    """A derivation that a transport file can hold: what is too long ends with '…'."""
    if len(text.encode()) <= MOST_BYTES:
        return text
    return text.encode()[: MOST_BYTES - 3].decode(errors="ignore").rstrip() + "…"
