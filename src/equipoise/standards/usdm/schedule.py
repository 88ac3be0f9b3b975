"""The schedule of activities as encounters, activities and one timeline, from the trial's own schedule."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from equipoise.standards.usdm.instance import Instance, Maker, chained
from equipoise.standards.usdm.interventions import Interventions
from equipoise.trial.epochs import Epoch
from equipoise.trial.protocol import Visit
from equipoise.trial.schedule import GIVEN, schedule_of
from equipoise.trial.trial import Trial


class Timeline:
    """Encounters, activities, and the timeline that puts one at the other. Day 1 is the anchor."""

    def __init__(self, t: Trial, make: Maker, epochs: Mapping[Epoch, Instance], interventions: Interventions) -> None:
        s = schedule_of(t)
        self.encounters = chained([self._encounter(make, v) for v in s.visits])
        self.activities: list[Instance] = []
        for a in s.activities:
            given = interventions.of.get(a.name.removesuffix(GIVEN)) if a.name.endswith(GIVEN) else None
            code = make.other_code(f"ACTIVITY{len(self.activities) + 1}", "Trial file", "1", a.name)
            procedure = make.named(
                "Procedure", a.name, procedureType="Administration" if given else "Assessment", code=code, studyInterventionId=given
            )  # fmt: skip
            self.activities.append(make.named("Activity", a.name, definedProcedures=[procedure]))
        chained(self.activities)
        end = make("ScheduleTimelineExit")
        instances = [
            make.named(
                "ScheduledActivityInstance", v.name, v.label, epochId=epochs[v.epoch]["id"], encounterId=e["id"],
                activityIds=[x["id"] for x, a in zip(self.activities, s.activities, strict=True) if v.name in a.at],
            )
            for v, e in zip(s.visits, self.encounters, strict=True)
        ]  # fmt: skip
        for before, after in itertools.pairwise(instances):
            before["defaultConditionId"] = after["id"]
        instances[-1]["timelineExitId"] = end["id"]
        anchor = next((i for i, v in enumerate(s.visits) if v.day >= 1), 0)
        timings = [
            self._timing(make, v, s.visits[anchor], x["id"], instances[anchor]["id"])
            for v, x in zip(s.visits, instances, strict=True)
        ]
        for encounter, timing in zip(self.encounters, timings, strict=True):
            encounter["scheduledAtId"] = timing["id"]
        planned = t.protocol.planned_duration if t.protocol is not None else None
        duration = make(
            "Duration",
            text=f"{planned}"
            if planned is not None
            else f"{s.visits[-1].day} days as planned here, and until death or the end of the trial",
            durationWillVary=True,
            reasonDurationWillVary="Treatment and follow-up last until progression, death, withdrawal or the end of the trial",
        )
        self.timeline = make.named(
            "ScheduleTimeline",
            "Main timeline",
            description=" ".join(s.notes) or None,
            mainTimeline=True,
            entryCondition="Informed consent is given",
            entryId=instances[0]["id"],
            exits=[end],
            timings=timings,
            instances=instances,
            plannedDuration=duration,
        )

    @staticmethod
    def _encounter(make: Maker, v: Visit) -> Instance:
        return make.named(
            "Encounter", v.name, v.label, type=make.code("encounter", "visit"),
            environmentalSettings=[make.code("setting", "clinic")], contactModes=[make.code("contact", "in person")],
        )  # fmt: skip

    @staticmethod
    def _timing(make: Maker, v: Visit, anchor: Visit, own: str, to: str) -> Instance:
        """How many days before or after the anchor; there is no day 0."""
        days = _since_first(v.day) - _since_first(anchor.day)
        fixed = own == to
        kind = "fixed" if fixed else "before" if days < 0 else "after"
        early, late = (x.days if x is not None else None for x in (v.early, v.late))
        window = early is not None or late is not None
        return make.named(
            "Timing",
            f"Timing of {v.name}",
            type=make.code("timing", kind),
            value=f"P{abs(days)}D",
            valueLabel=f"Day {v.day}",
            relativeToFrom=make.code("relative", "start to start"),
            relativeFromScheduledInstanceId=own,
            relativeToScheduledInstanceId=to,
            windowLower=f"P{early or 0}D" if window and not fixed else None,
            windowUpper=f"P{late or 0}D" if window and not fixed else None,
            windowLabel=f"-{early or 0}/+{late or 0} days" if window and not fixed else None,
        )


def _since_first(day: int) -> int:
    """Days since day 1: day -1 is the day before it."""
    return day - 1 if day > 0 else day
