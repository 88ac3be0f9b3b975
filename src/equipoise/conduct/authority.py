"""Who may give an order: by role, site, training and delegation, as they stood when it was recorded.

The log itself says who may: grants and revocations are events. So whoever judges a log again also judges who was allowed. What is
refused here says nothing that the person may not know: another site's patient reads like one that there is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from equipoise.conduct.people import People, folded
from equipoise.trial.check import near
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.kinds import PEOPLE_KINDS
from equipoise.trial.problem import Problem
from equipoise.trial.role import BY_NAME, NOBODYS, TOGETHER, Role, may
from equipoise.trial.trial import Trial

#: Problems that are told whoever gives the order: they speak of him, and of what he may see.
CODES = frozenset(
    {
        "no-people", "no-role", "not-trained", "not-your-order", "not-your-site", "not-your-patient", "not-your-event", "not-delegated",
        "person", "two-spellings", "own-grant", "unknown-role", "sites-of-role", "unknown-site-granted", "arms-of-role", "roles-apart",
        "knew-arms", "granted-already", "not-granted", "last-administrator", "no-text", "not-his-site", "unknown-task", "access-stands",
    }
)  # fmt: skip


def refusals(order: Event, person: str, people: People, trial: Trial) -> list[Problem]:
    """Why ``person`` may not give this order, by what the log says of people before it; [] where he may.

    ``trial``: as the log defined it before the order, which says what is asked of people.
    """
    if not people.kept:
        if order.kind in PEOPLE_KINDS:
            allowed = "nothing: this log was opened without people, and one operator gives all orders"
            return [_said("no-people", "order", repr(order.kind), allowed, "conduct open --administrator NAME")]
        return []
    found = stopped(order, person, people, trial)
    if not found:
        found = list({"granted": _granted, "revoked": _revoked, "trained": _trained, "delegated": _delegated}.get(
            order.kind, _nothing)(order, person, people, trial))  # fmt: skip
    return found


def stranger(person: str, people: People) -> list[Problem]:
    """That somebody holds no role in a log with people; [] where he does, or the log has none."""
    if not people.kept or people.held(person):
        return []
    known = sorted({g.person for g in people.grants if g.until is None})
    allowed = "a person who holds a role: an administrator grants it"
    return [_said("no-role", "--by", repr(person), allowed, near(person, known) or "conduct grant")]


def stopped(order: Event, person: str, people: People, trial: Trial) -> list[Problem]:
    """Why ``person`` may give no order of this kind, or not there; [] where he may, whatever else is wrong with this one."""
    if not people.kept or order.kind == "opened":
        return []
    if order.kind == "sealed" and people.opening_by(person):
        return []  # the secret's commitment is recorded with the opening, by who opens, before anybody holds a role but the one he names
    if unknown := stranger(person, people):
        return unknown
    asked = trial.whole.people
    untrained = people.untrained(person, asked.training) if asked is not None else []
    # An administrator must be able to record the first training.
    if untrained and order.kind not in ("trained", "granted", "revoked"):
        allowed = f"somebody trained in {_list(asked.training if asked else ())}"
        return [_said("not-trained", "--by", f"{person}, not trained in {_list(untrained)}", allowed, "conduct train")]
    return list(_by_role(order, person, people, trial))


def _removes(order: Event, person: str, people: People) -> Iterator[Problem]:
    """Who may have content removed: of a patient's event an investigator of his site, of one of the trial's own an administrator."""
    number = order.data["event"]
    patient = people.patient_of.get(number, "")
    if people.kind_of.get(number, "") in PEOPLE_KINDS:
        yield _said("access-stands", f"event {number}", "a grant or the like", "these events stand", "conduct revoke")
        return
    held = people.held(person)
    if people.kind_of.get(number, REMOVED) == REMOVED:  # judged again: whose it was is gone with it
        allowed_to = any("redacted" in g.role.orders for g in held)
    elif patient:
        allowed_to = any(g.role.name == "investigator" and people.site_of.get(patient) in g.sites for g in held)
    else:
        allowed_to = any(g.role.name == "administrator" for g in held)
    if not allowed_to:
        allowed = "an event of a patient of his site, by an investigator; one of the trial's own, by an administrator"
        yield _said("not-your-event", f"event {number}", f"a removal by {person}", allowed)


def _by_role(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    """By the roles that the person holds, and where."""
    kind = order.kind
    if kind == "redacted":
        yield from _removes(order, person, people)
        return
    if order.corrects is not None:
        kind = people.kind_of.get(order.corrects, "" if kind in NOBODYS else kind)
        if kind in PEOPLE_KINDS:
            allowed = "grants, revocations, training and delegation stand: what is wrong is revoked, or recorded anew"
            yield _said("access-stands", f"event {order.corrects}", repr(kind), allowed, "conduct revoke")
            return
    where = f"event {order.corrects}" if order.corrects is not None else order.patient or order.site or "order"
    held = [g for g in people.held(person) if kind in g.role.orders and _says(trial, kind, g.role.name)]
    roles = _list(sorted({g.role.name for g in people.held(person)}))
    if not held:
        if order.corrects is not None and not _sees(order, person, people):
            yield _said("not-your-event", where, "a correction", f"an event that {person} may correct")
            return
        whose = [name for name in may(kind) if _says(trial, kind, name)]
        allowed = f"an order of the role {' or '.join(whose)}" if whose else "nobody's order"
        yield _said("not-your-order", where, f"{kind!r} by {person}, {roles}", allowed)
        return
    if not any(g.role.of_sites for g in held):
        return
    if not order.patient:
        return  # a delegation: its sites are those of both
    sites = {g.role.name: g.sites for g in held}
    known = people.site_of.get(order.patient)
    # A screening names its site; that a patient of this number is another site's is for the record to say.
    site = order.site if kind == "screened" and order.corrects is None else known
    own = [g for g in held if site in g.sites]
    if not own:
        all_sites = _list(sorted(set().union(*sites.values())))
        if order.corrects is not None:
            yield _said("not-your-event", where, "a correction", f"an event that {person} may correct")
        elif kind == "screened":
            yield _said("not-your-site", where, repr(order.site), f"a site that {person} is granted: {all_sites}")
        else:
            yield _said("not-your-patient", where, repr(kind), f"a patient screened at {all_sites}", "conduct screen")
        return
    asked = trial.whole.people
    to_delegate = asked is not None and asked.delegation and all(g.role.delegated for g in own)
    if to_delegate and kind not in people.tasks.get((person, str(site)), frozenset()):
        allowed = f"an order that an investigator of {site} delegated to {person}"
        yield _said("not-delegated", where, repr(kind), allowed, "conduct delegate")


def _says(trial: Trial, kind: str, role: str) -> bool:
    """False where the trial file gives this order to another of the roles that may have it: the dose of phase II is the committee's or the sponsor's to
    set."""
    phase1 = trial.whole.phase1
    return kind != "dose set" or role == (phase1.dose_set_by if phase1 is not None else "committee")


def _sees(order: Event, person: str, people: People) -> bool:
    """True where the person may know of what kind the corrected event is."""
    patient = people.patient_of.get(order.corrects or 0, "")
    return not patient or any(
        g.role.arms == "all" or (g.role.patients == "own" and people.site_of.get(patient) in g.sites)
        for g in people.held(person)
    )


def _granted(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    to, name = order.data["person"], order.data["role"]
    yield from named(to, people)
    if to == person:
        yield _said("own-grant", "person", repr(to), "somebody else: nobody grants himself a role")
        return
    role = BY_NAME.get(name)
    if role is None:
        yield _said("unknown-role", "role", repr(name), f"one of {_list(BY_NAME)}", near(name, list(BY_NAME)))
        return
    sites = order.data.get("sites", [])
    if role.of_sites != bool(sites):
        allowed = (
            "the sites for which it is granted" if role.of_sites else f"none: a {role.name} has no site of his own"
        )
        yield _said("sites-of-role", "sites", _list(sites) or "none", allowed)
    known = list(trial.whole.site_by_name)
    for site in sites:
        if site not in known:
            yield _said("unknown-site-granted", "sites", repr(site), f"a site of the trial: {_list(known)}")
    if order.data.get("arms") and role.arms != "granted":
        yield _said("arms-of-role", "arms", "true", f"with a role that sees arms by grant only, not with {role.name}")
    yield from _apart(to, role, people)
    held = [g for g in people.held(to) if g.role is role]
    new = set(map(str, sites)) - people.sites(to, role.name)
    if held and not new and bool(order.data.get("arms")) <= any(g.arms for g in held):
        yield _said("granted-already", "role", repr(name), f"{to} holds it since event {held[0].number}")


def _apart(to: str, role: Role, people: People) -> Iterator[Problem]:
    """Roles that do not go together, now or after one another."""
    other = {g.role.name for g in people.held(to)} - {role.name}
    if other and not (other | {role.name}) <= TOGETHER:
        allowed = f"beside {_list(sorted(other))}: {_list(sorted(TOGETHER - other)) if other <= TOGETHER else 'no other role'}"
        yield _said("roles-apart", "role", repr(role.name), allowed, "conduct revoke, or another person")
        return
    knew = [g for g in people.ever(to) if g.role is not role and (g.arms or g.role.arms in ("own", "all"))]
    blind = role.patients == "all" and role.arms in ("none", "granted")
    for g in knew[:1]:
        if blind or g.role.arms == "all":
            allowed = f"somebody who has seen no arm; {to} was {g.role.name} (event {g.number})"
            yield _said("knew-arms", "role", repr(role.name), allowed, "another person")


def _revoked(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    of, name = order.data["person"], order.data["role"]
    if not any(g.role.name == name for g in people.held(of)):
        holds = sorted({g.role.name for g in people.held(of)})
        yield _said("not-granted", "role", repr(name), f"what {of} holds: {_list(holds) or 'nothing'}")
    elif name == "administrator" and not any(
        g.role.name == name and g.until is None and g.person != of for g in people.grants
    ):
        yield _said("last-administrator", "person", repr(of), "another administrator must stand first", "conduct grant")


def _trained(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    yield from named(order.data["person"], people)
    what = order.data["what"]
    if not what.strip():
        yield _said("no-text", "what", repr(what), "what the person was trained in")
        return
    asked = trial.whole.people.training if trial.whole.people is not None else ()
    if asked and what not in asked and folded(what) in {folded(a) for a in asked}:
        yield _said(
            "no-text", "what", repr(what), f"as the trial file writes it: {_list(asked)}", near(what, list(asked))
        )


def _delegated(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    to, tasks = order.data["person"], order.data["tasks"]
    own = people.sites(person, "investigator")
    staff = [g for g in people.held(to) if g.role.delegated and g.sites & own]
    if not staff:
        allowed = f"a {' or '.join(r.name for r in BY_NAME.values() if r.delegated)} of {_list(sorted(own))}"
        yield _said("not-his-site", "person", repr(to), allowed, "conduct grant")
        return
    possible = sorted(set().union(*(g.role.orders for g in staff)))
    for task in tasks:
        if task not in possible:
            yield _said(
                "unknown-task", "tasks", repr(task), f"orders of {to}'s: {_list(possible)}", near(str(task), possible)
            )


def _nothing(order: Event, person: str, people: People, trial: Trial) -> Iterator[Problem]:
    yield from ()


def named(person: str, people: People) -> Iterator[Problem]:
    """A name that is none, or another spelling of a person who is known."""
    if not person or person != " ".join(person.split()) or not person.isprintable():
        yield _said("person", "person", repr(person), "a name, with single blanks only")
        return
    known = {*people.trained, *(g.person for g in people.grants)}
    for other in sorted(known):
        if other != person and folded(other) == folded(person):
            yield _said("two-spellings", "person", repr(person), f"one spelling a person: {other!r} is known")


def _said(code: str, where: str, given: str, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, where, given, allowed, next_step)


def _list(values: Iterable[object]) -> str:
    return ", ".join(str(v) for v in values)
