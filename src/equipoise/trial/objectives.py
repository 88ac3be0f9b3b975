"""The objectives of a trial: as its file states them, and for endpoints that none of them names one a role."""

from __future__ import annotations

from equipoise.trial.endpoint import Role
from equipoise.trial.protocol import Objective
from equipoise.trial.trial import Trial

_ROLES: tuple[Role, ...] = ("primary", "secondary", "exploratory")


def objectives_of(t: Trial) -> list[Objective]:
    """The objectives that the file states, and for endpoints that none of them names one a role: to assess them."""
    said = list(t.protocol.objectives) if t.protocol is not None else []
    named = {e for o in said for e in o.endpoints}
    for role in _ROLES:
        left = [e for e in t.endpoints if e.role == role and e.name not in named]
        if left:
            what = ", ".join(e.label[0].lower() + e.label[1:] for e in left)
            said.append(
                Objective(
                    level=role,
                    text=f"To assess {what} in {t.population[0].lower()}{t.population[1:]}",
                    endpoints=tuple(e.name for e in left),
                )
            )
    return sorted(said, key=lambda o: _ROLES.index(o.level))
