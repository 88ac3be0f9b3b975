"""The allocation of a trial in conduct: by the secret whose commitment its log holds, and by no other.

Whoever gives the order names a file; the log says which secret counts. Without that, another file at each order would give whatever arm is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from equipoise.conduct.allocation import RandomAllocation, allocation_of
from equipoise.conduct.draws import Draws, draws_of
from equipoise.conduct.masking import Key
from equipoise.conduct.place import Allocation
from equipoise.conduct.secret import Secret
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


class Sealed:
    """The secrets that a file holds. Mostly it is one; more, where a trial went on from another."""

    def __init__(self, trial: Trial, secrets: Sequence[Secret]) -> None:
        self._trial, self.secrets = trial.whole, tuple(secrets)
        self._made: dict[tuple[str, str], Key | RandomAllocation] = {}

    def under(self, commitment: str) -> Key | RandomAllocation:
        """The allocation by the secret with this commitment, as the log holds it. Raises BadInput where it holds none, or another's."""
        found = self.known(commitment) if commitment else None
        if found is not None:
            return found
        raise BadInput("secret" if commitment else "randomise", [not_committed(self, commitment)])

    def known(self, commitment: str, defined: Trial | None = None) -> Key | RandomAllocation | None:
        """The allocation by the secret with this commitment; None where it is not at hand. '': the only one, of a log that never had one.

        ``defined``: the trial as it was defined then, where it is another than today's. Raises BadInput where the secret's blocks cannot be its.
        """
        of = (defined or self._trial).whole
        if not commitment:
            if len(self.secrets) != 1:
                return None
            commitment = self.secrets[0].commitment
        at = (commitment, of.fingerprint)
        if at not in self._made:
            secret = next((s for s in self.secrets if s.commitment == commitment), None)
            if secret is None:
                return None
            problems = list(blocks_problems(of, secret.blocks, "--secret"))
            if problems:
                raise BadInput("secret", problems)
            self._made[at] = Key(of, secret) if of.masked else allocation_of(of, secret)
        return self._made[at]

    def levels(self, commitment: str) -> Draws | None:
        """The numbers by which dose levels are given, of the secret with this commitment; None where it is not at hand."""
        found = next((s for s in self.secrets if s.commitment == commitment), None)
        return None if found is None else draws_of(found)

    def committed(self, commitments: Iterable[str]) -> None:
        """Raise BadInput where these are a log's commitments and none is of a secret at hand."""
        held = list(commitments)
        if held and not {s.commitment for s in self.secrets} & set(held):
            raise BadInput("secret", [another_secret(self.secrets, held[-1])])

    def key(self, commitment: str, defined: Trial | None = None) -> Key | None:
        """As ``known``, to read codes."""
        found = self.known(commitment, defined)
        return found if isinstance(found, Key) else None


#: Who gives the arms of a trial in conduct: its secret; in a simulation whatever gives them; nobody.
ByWhom = Allocation | Sealed | None


def not_committed(sealed: Sealed, commitment: str) -> Problem:
    """Why none of these secrets is the one that a log holds."""
    if commitment:
        return another_secret(sealed.secrets, commitment)
    allowed = "a log that holds the commitment of the trial's secret, before anybody is randomised"
    step = "equipoise conduct commit TRIAL --log LOG --secret FILE"
    return Problem("not-committed", "log", "no commitment", allowed, step)


def another_secret(secrets: Sequence[Secret], commitment: str) -> Problem:
    """That a log's commitment is none of these secrets'."""
    held = ", ".join(s.commitment[:12] for s in secrets)
    step = "take the file that the trial was sealed with; where it is lost: docs/allocation.md"
    return Problem(
        "another-secret", "--secret", f"commitment {held}", f"the secret that the log holds, {commitment[:12]}", step
    )


def trial_problems(trial: Trial, secret: Secret, where: str) -> Iterator[Problem]:
    """That a secret is another trial's."""
    of = trial.whole
    if secret.trial != of.id:
        step = f"equipoise conduct seal {of.id} --out FILE"
        yield Problem("another-trial", where, f"the secret of {secret.trial!r}", f"the secret of {of.id!r}", step)


def blocks_problems(trial: Trial, sizes: Sequence[int], where: str) -> Iterator[Problem]:
    """Whether sizes of blocks belong into the trial's secret, and can be blocks of its arms."""
    r = trial.randomisation
    if r is None and trial.draws_levels:
        if sizes:
            shown = " ".join(map(str, sizes))
            yield Problem("two-block-sizes", where, shown, "none: dose levels are given by lot without blocks")
        return
    if r is None or r.method == "as recorded":
        given = "nobody is randomised" if r is None else "'as recorded'"
        yield Problem("not-randomised", "randomisation", given, "a trial that randomises, and so has a secret")
        return
    shown = " ".join(map(str, sizes)) or "none"
    if r.sealed and not sizes:
        allowed = 'sizes of blocks: the trial file says block_sizes = "sealed"'
        yield Problem("no-blocks", where, "none", allowed, f"equipoise conduct seal {trial.id} --blocks 6,9 --out FILE")
    elif sizes and not r.sealed:
        allowed = "none: the trial file states how arms are given, sizes of blocks with it"
        yield Problem("two-block-sizes", where, shown, allowed, 'block_sizes = "sealed" in the trial file seals them')
    total = sum(a.share for a in trial.arms)
    wrong = [size for size in sizes if size < 2 or size % total]
    if wrong:
        given = " ".join(map(str, wrong))
        yield Problem("block-size", where, given, f"multiples of the sum of the shares, {total}")
    if len(set(sizes)) < len(sizes):
        yield Problem("duplicate-size", where, shown, "each size once")
