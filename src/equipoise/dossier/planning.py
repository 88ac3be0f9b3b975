"""What planners needed to see: who is randomised when a look reads out, and how the simulated trials end."""

from __future__ import annotations

import math

from equipoise.dossier.findings import Findings
from equipoise.simulate.summary import safety_table, summary_table
from equipoise.simulate.summary import shown as shown_as
from equipoise.trial.endpoint import Landmark
from equipoise.trial.exhibits import Exhibit, Paragraph
from equipoise.trial.trial import Trial


def planning(f: Findings) -> list[Exhibit]:
    """Nothing without simulations."""
    if not f.summaries:
        return []
    shown: list[Exhibit] = []
    for s in f.summaries:
        if s.waiting == "continue":
            other = next((o for o in f.summaries if o.scenario == s.scenario and o.waiting == "pause"), None)
            if other is not None:
                longer = other.duration_months.value - s.duration_months.value
                error = math.hypot(other.duration_months.mc_error or 0.0, s.duration_months.mc_error or 0.0)
                shown.append(
                    Paragraph(
                        f"{s.label}: with enrolment continued, {shown_as(s.at_readout, 1)} of {f.trial.target_enrolment} patients "
                        f"are already {f.trial.entered} when the interim look reads out (10 to 90 %: {s.at_readout_range[0]:.0f} to "
                        f"{s.at_readout_range[1]:.0f}). Paused, {shown_as(other.at_readout, 1)}, and the trial ends {longer:+.1f} ± "
                        f"{error:.1f} months later on average. ± is the Monte-Carlo standard error."
                    )
                )
    shown.append(summary_table(f.summaries, f.exact))
    safety = safety_table({(s.scenario, s.waiting): s for s in f.summaries}, ["Waiting"])
    shown += [safety] if safety is not None else []
    shown.append(
        Paragraph(
            _why_off(f.trial),
            "note",
        )
    )
    return shown


def _why_off(trial: Trial) -> str:
    """Why simulated probabilities may lie off the exact ones."""
    allocation = "randomisation, " if trial.randomisation is not None else ""
    said = [
        f"Virtual patients go through the same {allocation}log, endpoints and decision as real ones. Progression is seen at the next scan."
    ]
    if isinstance(trial.monitored.endpoint, Landmark):
        said.append(
            "Who withdraws or is lost before the landmark cannot be evaluated, so fewer than planned are evaluated at the end. They were without "
            "an event when last seen, so leaving them out takes away more successes than failures."
        )
    elif not trial.monitored.by_cohort:
        said.append(
            "A look is taken once so many are known, on the day of the record; the design's own numbers take times as continuous and are an "
            "approximation in small trials."
        )
    else:
        said.append("Who dies or leaves before the outcome is known has none, by the protocol's policy.")
    if trial.randomisation is not None:
        how = "Minimisation" if trial.randomisation.minimises else "Stratified blocks"
        said.append(
            f"{how} also leave{'s' if trial.randomisation.minimises else ''} the arms a little off their planned sizes."
        )
    said.append("That is why simulated probabilities may lie off the exact ones.")
    return " ".join(said)
