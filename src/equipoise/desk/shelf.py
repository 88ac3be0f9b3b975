"""The shelf: every kind of design, what it is held against, and whether a trial file may name it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.design import shelf
from equipoise.design.dose import dose_shelf
from equipoise.files.grades import Grade, grade_of
from equipoise.files.trial_file import on_the_road
from equipoise.trial.exhibits import Table


@dataclass(frozen=True)
class Kind:
    """A kind of design with its grade."""

    about: shelf.Kind | dose_shelf.DoseKind
    grade: Grade

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        k = self.about
        return {
            "kind": k.name, "title": k.title, "family": k.family, "reference": k.reference, "example": dict(k.example),
            "in_trial_files": isinstance(k, shelf.Kind) and on_the_road(k), "grade": self.grade.grade, "second_hand": self.grade.second_hand,
            "oracle": self.grade.oracle,
        }  # fmt: skip


@dataclass(frozen=True)
class BasketModel:
    """A model by which cohorts are declared together, with its grade."""

    name: str
    title: str
    reference: str
    grade: Grade

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "kind": "basket", "model": self.name, "title": self.title, "family": "basket", "reference": self.reference,
            "example": {"cohorts": 3, "n": 20, "n1": 10, "r1": 1, "p0": 0.1, "p1": 0.3, "alpha": 0.05}, "in_trial_files": True,
            "grade": self.grade.grade, "second_hand": self.grade.second_hand, "oracle": self.grade.oracle,
        }  # fmt: skip


_MODELS = {
    "independent": ("each by its own Beta posterior", "", "similarity"),
    "pruned-and-pooled": ("what passes its first stage is tested as one", "Chen et al. 2016, doi:10.1080/19466315.2016.1193044", "pruned_pooled"),
    "similarity": ("Beta posteriors that take each other in", "Fujikawa et al. 2020, doi:10.1002/bimj.201800404", "similarity"),
    "exnex": ("log odds exchangeable or not", "Neuenschwander et al. 2016, doi:10.1002/pst.1730", "exchangeable"),
}  # fmt: skip


def baskets() -> list[BasketModel]:
    """The models that [basket] may name."""
    return [
        BasketModel(name, title, reference, grade_of(f"equipoise.design.basket.{module}"))
        for name, (title, reference, module) in _MODELS.items()
    ]


def every_kind() -> list[Kind]:
    """All kinds, in the order of the shelf; those that find a dose last."""
    every: list[shelf.Kind | dose_shelf.DoseKind] = [*shelf.described(), *dose_shelf.described()]
    return [Kind(k, grade_of(k.module)) for k in every]


def tables(found: Sequence[Kind]) -> Iterator[Table]:
    """The kinds of each family that has any."""
    for family in (*shelf.FAMILIES, *dose_shelf.FAMILIES):
        rows = [[k.about.name, k.about.title, k.grade.said] for k in found if k.about.family == family]
        if rows:
            of_doses = "Dose finding, " if family in dose_shelf.FAMILIES else ""
            yield Table(
                of_doses + family if of_doses else family[0].upper() + family[1:], ["Kind", "What it is", "Grade"], rows
            )
    yield Table(
        "Baskets: cohorts declared together (equipoise basket, [basket])",
        ["Model", "What it is", "Grade"],
        [[m.name, m.title, m.grade.said] for m in baskets()],
    )
