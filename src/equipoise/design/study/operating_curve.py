"""Operating characteristics of any design as a figure: along the way from its null to its target, and half as far beyond."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.trial.design import Design
from equipoise.trial.exhibits import Curve, LineFigure, Mark
from equipoise.trial.problem import BadInput


def operating_curve(design: Design[Any]) -> LineFigure:
    """The design's own curve, or P(declare) and P(stop early) against the quantity in which null and target differ most.

    Where they differ in several (response and toxicity), all move together and the first is on the axis. Points at which
    the design refuses the truth (a rate above 1) are left out.
    """
    own = getattr(design, "curve", None)
    if own is not None:
        figure: LineFigure = own()
        return figure
    truths = list(design.truths().values())
    null, target = truths[0], truths[-1]
    moving = [k for k in target if target[k] != null.get(k)]
    axis = max(moving, key=lambda k: abs(target[k] - null[k]))
    x, declare, early = [], [], []
    for step in np.linspace(-0.5, 1.5, 81):
        truth = {k: null[k] + step * (target[k] - null[k]) if k in moving else v for k, v in target.items()}
        try:
            c = design.characteristics(truth)
        except BadInput:
            continue
        x.append(float(truth[axis]))
        declare.append(c.declare.value)
        early.append(c.stop_early.value)
    curves = [Curve("Declares", x, declare)]
    if len(design.looks) > 1:
        curves.append(Curve("Stops early", x, early, dashed=True))
    others = [k.replace("_", " ") for k in moving if k != axis]
    along = f" {', '.join(others).capitalize()} moves along, from its null to its target value." if others else ""
    method = design.characteristics(target).method
    return LineFigure(
        "Operating characteristics", axis.replace("_", " ").capitalize(), "Probability", curves,
        [Mark(f"null {null[axis]:g}", x=float(null[axis])), Mark(f"target {target[axis]:g}", x=float(target[axis]))],
        caption=f"Method: {method}.{along}", y_range=(0.0, 1.0),
    )  # fmt: skip
