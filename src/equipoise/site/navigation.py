"""The links of each role: what it may do, and what it may read."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.site import pages_due
from equipoise.site.shown import Shown


@dataclass(frozen=True)
class Link:
    """A page by the name of its address, and how it is called."""

    name: str
    label: str
    about: str = ""


_LOOKS = ("cut off", "look checked", "look unblinded")


def _oversight(shown: Shown) -> list[tuple[Link, bool]]:
    """The pages of those who look over the record, and of who answers them."""
    record = shown.reads("record")
    return [
        (Link("queries", "Queries", "What was asked about values, and how long it waits"), record),
        (Link("verify", "Source verification", "What to compare, what fell, what changed since your last visit"), shown.may("verified")),
        (Link("signatures", "Signatures", "Endorsement of each record at a cut-off, and what is missing"), record and "pharmacist" not in shown.roles),
        (Link("data", "Data management", "What is overdue by site, frozen records, codes"), shown.may("frozen")),
        (Link("safety", "Safety", "Serious adverse events with their clock, and your word on each"), shown.may("safety reviewed")),
        (Link("looks", "Looks and lock", "Cut-off, checks, closed entry, the committee's recommendation; the lock"), any(shown.may(k) for k in _LOOKS)),
        (Link("exports", "Exports", "Take away what you see: the log, CSV, ODM-XML; each is recorded"), record and shown.may("exported")),
        (Link("trail", "Audit trail", "Each change of each value; reviews of it are recorded"), record),
    ]  # fmt: skip


def links_of(shown: Shown) -> list[Link]:
    """The pages that a person has, by his roles; the home page is everybody's."""
    found = [Link("home", "Home")]
    if shown.reads("record"):
        found.append(Link("patients", "Patients", "All whom you may see, and where each stands"))
    if pages_due.has(shown):
        found.append(Link("due", "Due and overdue", "What the protocol asks of your patients now, the latest first"))
    if shown.may("screened"):
        found.append(Link("screen", "Screen a patient", "Answer each criterion; the number is given by the system"))
    if shown.may("site activated"):
        found.append(
            Link("sites", "Sites and enrolment", "Activate, pause, resume; record a site's approval of an amendment")
        )
    found += [link for link, there in _oversight(shown) if there]
    if shown.reads("counts"):
        found.append(Link("known", "As known on a day", "Counts, and the record, as they were known then"))
    if shown.reads("people"):
        found.append(Link("people", "People", "Who holds which role, since when, by whose grant"))
    if shown.may("granted"):
        found.append(Link("accounts", "Accounts", "Make accounts, enable and disable them; links that work once"))
        found.append(Link("access", "Access log", "Log-ins, failures, log-outs, second factors"))
    return found
