"""docs/people.md shows the table of roles that the program asks. To write it anew: python -m pytest tests/docs/test_people_page.py, and copy what is printed."""

from __future__ import annotations

from equipoise.trial.role import ROLES, VIEWS
from helpers import ROOT

_PATIENTS = {"own": "own", "doses": "doses", "all": "all sites", "none": "none"}
_ARMS = {"own": "of whom he sees", "all": "all", "none": "masked", "granted": "masked, unless granted"}


def table() -> str:
    """The roles as a table of Markdown."""
    # Said once: what every role of a site's staff may record.
    staff = ROLES[0].orders
    lines = ["| role | may order | patients | arms | pages |", "|---|---|---|---|---|"]
    for role in ROLES:
        own = sorted(role.orders - staff) if staff < role.orders else sorted(role.orders)
        orders = ("as the coordinator, and " if staff < role.orders else "") + ", ".join(own)
        arms = _ARMS[role.arms] if role.patients != "none" else "–"
        pages = ", ".join(v for v in VIEWS if v in role.views)
        lines.append(f"| {role.name} | {orders or '–'} | {_PATIENTS[role.patients]} | {arms} | {pages} |")
    return "\n".join(lines)


def test_the_page_shows_the_program_s_own_table() -> None:
    page = (ROOT / "docs" / "people.md").read_text()
    shown = page.split("<!-- roles -->\n")[1].split("\n<!-- end of roles -->")[0]
    print(table())
    assert shown == table()


def test_every_view_has_its_line() -> None:
    page = (ROOT / "docs" / "people.md").read_text()
    assert [view for view in VIEWS if f"| {view} | `" not in page] == []
