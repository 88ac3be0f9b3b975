"""Roles: what each may order, and what each may see. One table, asked by whoever judges an order and whoever shows a page.

After ICH E6(R3) 2.3, 3.16.1 and 4.1: the sponsor has no order that writes or corrects an investigator's value, and nobody who is
blinded sees an arm, or anything that depends on arms. Committee and committee's statistician are one role: both are in the closed
room, and the log tells them apart by name. The holder of the allocation's secret has none of these roles, and no order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

#: What a page shows. 'record': a patient's events. 'explained': what follows from them for the patient,
#: and datasets of patients: for who knows the arms of all whom he sees, since doses of one arm's own drug are in them.
#: 'counts': how many, all arms together. 'forecast': when a look is ripe, from the ratio of the arms. 'by arm': anything that
#: stands by arm, or speaks of a look. 'people': who may do what. 'keeping': the log as a whole carried to another place or restored,
#: of which nothing is shown but how long it is.
View = Literal["record", "explained", "counts", "forecast", "by arm", "people", "keeping"]
VIEWS: tuple[View, ...] = get_args(View)

#: What a site records of its patients.
_OF_PATIENTS = frozenset(
    {
        "screened", "enrolled", "treated", "treatment ended", "study ended", "assessed", "progressed", "outcome", "adverse event",
        "next therapy", "deviation", "contact", "withdrawn", "lost", "died", "form",
        "consented", "dose omitted", "sampled",
    }
)  # fmt: skip
_ENROLMENT = frozenset({"enrolment paused", "enrolment resumed", "enrolment closed"})
#: What is asked about a value, by who may not write it.
_QUERIES = frozenset({"query opened", "query closed", "query reopened"})
_REVIEWS = frozenset({"reviewed", "exported"})
#: Who is told what a committee recommends, beside the committee.
RECOMMENDED_TO = frozenset({"sponsor"})
#: What is seen of a patient by who gives out his medicine.
DOSES = frozenset(
    {"screened", "enrolled", "randomised", "unblinded", "assigned", "treated", "dose omitted", "treatment ended"}
)


@dataclass(frozen=True)
class Role:
    """A role. ``orders`` are kinds of event; whoever may record a kind may also correct it and take it back.

    ``patients``: whose are seen: those of the sites that the role is granted for, all, of those sites the doses only, or none.
    ``arms``: 'own': of the patients seen, in an open-label trial; 'granted': none, unless the grant says so.
    """

    name: str
    orders: frozenset[str]
    patients: Literal["own", "doses", "all", "none"]
    arms: Literal["own", "all", "none", "granted"]
    views: frozenset[View]
    #: Orders that a trial file may ask an investigator to delegate first.
    delegated: bool = False

    @property
    def of_sites(self) -> bool:
        """True of a role that is granted for sites."""
        return self.patients in ("own", "doses")


def _views(*names: View) -> frozenset[View]:
    return frozenset(names)


_AT_SITE = _views("record", "explained", "counts", "people")
_MASKED = _views("record", "counts", "people")
ROLES: tuple[Role, ...] = (
    Role("coordinator", _OF_PATIENTS | {"query answered", "exported"}, "own", "own", _AT_SITE, delegated=True),
    Role(
        "investigator", _OF_PATIENTS | {"randomised", "assigned", "unblinded", "eligibility reviewed", "delegated", "redacted", "query answered", "signed", "exported"}, "own", "own", _AT_SITE,
    ),
    Role("pharmacist", frozenset({"treated", "dose omitted", "query answered"}), "doses", "own", _views("record", "people"), delegated=True),
    Role("monitor", _QUERIES | _REVIEWS | {"verified"}, "own", "own", _AT_SITE),
    Role(
        "data manager", _QUERIES | _REVIEWS | {"frozen", "unfrozen", "coded", "look checked", "entry closed"}, "all", "none", _MASKED | {"forecast"},
    ),
    Role("medical monitor", _QUERIES | _REVIEWS | {"safety reviewed"}, "all", "none", _MASKED),
    # Whether it is the committee's or the sponsor's to set the dose of phase II the trial file says.
    Role(
        "sponsor", _ENROLMENT | {
            "site activated", "dose set", "amended", "approved", "cut off", "cut withdrawn", "recommendation taken", "locked", "unlocked", "impact assessed", "exported",
        }, "all", "none", _views("counts", "forecast", "people"),
    ),
    Role(
        "committee", frozenset({
            "decided", "dose set", "safety look", "dlt adjudicated", "enrolment paused", "enrolment closed", "look unblinded", "recommended", "seen", "exported",
        }), "all", "all", frozenset(VIEWS) - {"keeping"},
    ),
    Role(
        "administrator", frozenset({"granted", "revoked", "trained", "redacted", "sealed", "clock corrected", "reconciled"}), "none", "none",
        _views("people", "keeping"),
    ),
    Role("inspector", frozenset({"seen", "exported"}), "all", "granted", _MASKED),
)  # fmt: skip
BY_NAME: Mapping[str, Role] = {role.name: role for role in ROLES}
#: Roles that one person may hold together: those of a site's staff. Any other is held alone, for a wall ends where one head is on both sides.
TOGETHER = frozenset({"coordinator", "investigator", "pharmacist"})
#: Kinds that are nobody's order: the opening begins a log, and a voiding is the order of who may record what it takes back.
NOBODYS = frozenset({"opened", "voided"})


def may(kind: str) -> list[str]:
    """The names of the roles that may order events of a kind."""
    return [role.name for role in ROLES if kind in role.orders]
