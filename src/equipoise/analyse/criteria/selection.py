"""Which lesions may be targets: RECIST 1.1, sections 3.1 and 3.2 (doi:10.1016/j.ejca.2008.10.026)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from equipoise.trial.lesion import Reading

#: At most so many target lesions, and so many in an organ; all nodes are one organ.
TARGETS, IN_AN_ORGAN = 5, 2
#: The least longest diameter by CT with slices of 5 mm or less, and the least short axis of a node [mm].
MEASURABLE, MEASURABLE_NODE, SLICE = 10.0, 15.0, 5.0


def measurable(reading: Reading) -> bool:
    """True if a lesion may be a target: 10 mm, or twice the slice where that is thicker than 5 mm; a node 15 mm."""
    if reading.state != "measured" or reading.size is None:
        return False
    least = max(MEASURABLE, 2 * reading.slice_mm if reading.slice_mm and reading.slice_mm > SLICE else MEASURABLE)
    return reading.size >= max(least, MEASURABLE_NODE if reading.node else 0.0)


def selection_findings(baseline: Sequence[Reading]) -> Iterator[tuple[str, Sequence[Reading]]]:
    """What is wrong with the choice of target lesions at baseline: why, and which lesions."""
    targets = [r for r in baseline if r.kind == "target" and not r.part_of]
    if len(targets) > TARGETS:
        yield f"{len(targets)} target lesions; at most {TARGETS}.", targets
    by_organ: dict[str, list[Reading]] = defaultdict(list)
    for r in targets:
        by_organ["lymph node" if r.node else r.organ].append(r)
    for organ, some in by_organ.items():
        if organ and len(some) > IN_AN_ORGAN:
            yield f"{len(some)} target lesions in {organ.lower()}; at most {IN_AN_ORGAN} in an organ.", some
    for r in targets:
        if not measurable(r):
            least = f"{MEASURABLE_NODE:.0f} mm short axis" if r.node else f"{MEASURABLE:.0f} mm"
            if not r.node and r.slice_mm and r.slice_mm > SLICE:
                least = f"{2 * r.slice_mm:g} mm, twice the slice"
            size = f"{r.size:.4g} mm" if r.size is not None else r.state
            yield f"{r.lesion} is {size}, below {least}: not measurable, so not a target.", [r]
