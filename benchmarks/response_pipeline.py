"""RECIST 1.1, best response, endpoints, landmarks and populations of a pooled database: ours, plain pandas, the reference loop.

Data: simulated, four lesions a patient, a baseline and ten visits each (pooled_database.py); rules: NORTH's trial
file. All three answer from what they take: columns, data frames, Patient objects; making those is not timed. The
pandas rendering does without what the data do not hold (fragments, merged lesions, several baselines, readers).
Answers are compared first: a fast wrong number is no result.

    python benchmarks/response_pipeline.py [PATIENTS]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from pooled_database import pooled

from equipoise.analyse.columns.codes import EPOCH, KINDS, NEVER, RESPONSES, STATES
from equipoise.analyse.columns.database import Database
from equipoise.analyse.columns.landmark import STATUSES
from equipoise.analyse.columns.run import Concluded, outcome
from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import scans_of
from equipoise.analyse.endpoints import observe
from equipoise.analyse.landmark import landmark_status
from equipoise.analyse.populations import membership
from equipoise.analyse.response import best_response
from equipoise.analyse.stated import derived
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from equipoise.trial.trial import Trial

VISITS, SEED = 10, 2012
#: Patients that the slower roads are given; their times are scaled up from there, and the table says so.
PANDAS, LOOP = 10_000, 200


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    trial = read_trial(find_trial("north"))
    start = memory()
    pool = pooled(n, VISITS, SEED)
    held = memory()
    one, found = timed(lambda: outcome(pool, trial, derive=True, cores=1))
    two, again = timed(lambda: outcome(pool, trial, derive=True, cores=2))
    peak = memory()
    assert all(np.array_equal(found.times[e].on, again.times[e].on) for e in found.times)

    people = people_of(pool.part(0, min(LOOP, n)))
    cutoff = date.fromordinal(pool.cutoff + EPOCH)
    loop, expected = timed(lambda: reference(people, trial, cutoff))
    held_to_reference(expected, found, pool)
    sample = pool.part(0, min(PANDAS, n))
    frames = frames_of(sample)
    theirs, answer = timed(lambda: in_pandas(frames, pool.cutoff, trial))
    held_to_pandas(answer, outcome(sample, trial, derive=True), sample)

    print(f"{n:,} patients, {len(pool.assessments):,} assessments, {len(pool.readings):,} readings of lesions")
    print(f"{'road':16}{'patients':>10}{'seconds':>10}{'patients/s':>12}{f'seconds for {n:,}':>22}{'times ours':>12}")
    for road, given, seconds in (
        ("ours, 1 core", n, one), ("ours, 2 cores", n, two),
        ("plain pandas", len(sample.patients), theirs), ("reference loop", len(people), loop),
    ):  # fmt: skip
        whole = seconds * n / given
        how = "" if given == n else ", extrapolated"
        print(f"{road:16}{given:>10,}{seconds:>10.2f}{given / seconds:>12,.0f}{whole:>22,.1f}{whole / one:>12.1f}{how}")
    print("All answers are the same.")
    print(f"Peak memory [MB]: {start:.0f} at the start, {held:.0f} with the pool made, {peak:.0f} after ours.")


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock time [s] of one run, and its answer."""
    start = time.perf_counter()
    answer = call()
    return time.perf_counter() - start, answer


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def people_of(pool: Database) -> list[Patient]:
    """The same patients as the log would hold them."""
    events: list[Event] = []
    p, read = pool.patients, pool.readings
    moment = datetime(2100, 1, 1, tzinfo=UTC)

    def add(day: int, kind: str, i: int, data: dict[str, Any]) -> None:
        if day != NEVER:
            on = date.fromordinal(int(day) + EPOCH)
            events.append(Event(len(events) + 1, kind, on, moment, "b", patient=p.name[i], data=data))

    for i in range(len(p)):
        add(p.randomised[i], "randomised", i, {"arm": p.arms[p.arm[i]], "stratum": "all"})
        add(p.first_dose[i], "treated", i, {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 1.0, "unit": "mg"})
        add(p.progressed[i], "progressed", i, {"basis": "clinical"})
        add(p.next_therapy[i], "next therapy", i, {})
        add(p.withdrawn[i], "withdrawn", i, {})
        add(p.lost[i], "lost", i, {})
        add(p.died[i], "died", i, {})
        add(p.last_contact[i], "contact", i, {})
        if not p.no_major_deviation[i]:
            add(p.randomised[i], "deviation", i, {"what": "simulated", "major": True})
    lesions: dict[int, list[dict[str, Any]]] = {}
    for k in range(len(read)):
        reading = {
            "lesion": f"L{read.lesion[k]}", "kind": KINDS[read.kind[k]], "state": STATES[read.state[k]],
            "node": bool(pool.lesions.node[read.lesion[k]]),
        }  # fmt: skip
        if not np.isnan(read.size[k]):
            reading["size"] = float(read.size[k])
        lesions.setdefault(int(read.assessment[k]), []).append(reading)
    seen = pool.assessments
    for a in range(len(seen)):
        data = {"response": "SD", "baseline": bool(seen.baseline[a]), "lesions": lesions[a]}
        add(seen.day[a], "assessed", int(seen.course[a]), data)
    return list(gather(events).values())


def reference(people: list[Patient], trial: Trial, cutoff: date) -> list[dict[str, Any]]:
    """Lesions to responses, which then stand as the recorded ones; then every endpoint and population."""
    recist, rows = CRITERIA["RECIST 1.1"], []
    for bare in people:
        points = recist.read(scans_of(bare.assessments))
        patient = derived(bare, "RECIST 1.1")
        row: dict[str, Any] = {"patient": patient.name, "overall": [q.overall for q in points]}
        for endpoint in trial.endpoints:
            match endpoint.kind:
                case "time to event":
                    row[endpoint.name] = observe(patient, endpoint, cutoff, trial.assessments)
                case "landmark":
                    row[endpoint.name] = landmark_status(patient, endpoint, trial, cutoff)
                case _:
                    row[endpoint.name] = best_response(patient, endpoint, cutoff)
        for name, population in trial.population_by_name.items():
            row[f"in {name}"] = membership(patient, population, trial, cutoff)
        rows.append(row)
    return rows


def held_to_reference(rows: list[dict[str, Any]], found: Concluded, pool: Database) -> None:
    assert found.points is not None
    place = {name: i for i, name in enumerate(pool.patients.name[: len(rows)])}
    for row in rows:
        i = place[row["patient"]]
        mine = (pool.assessments.course == i) & found.points.point
        assert [RESPONSES[c] for c in found.points.overall[mine]] == row["overall"]
        for name, times in found.times.items():
            told = row[name]
            assert (times.days[i], times.event[i], times.reason(i)) == (told.days, told.event, told.reason)
        for name, status in found.status.items():
            assert STATUSES[status[i]] == row[name].status
        for name, best in found.best.items():
            assert RESPONSES[best[i]] == row[name].response
        for name, arm in found.populations.items():
            told = row[f"in {name}"]
            assert told.member == (arm[i] >= 0), (name, told)


def frames_of(pool: Database) -> dict[str, pd.DataFrame]:
    read, seen, p = pool.readings, pool.assessments, pool.patients
    days = ("randomised", "progressed", "next_therapy", "withdrawn", "lost", "died", "last_contact", "first_dose")
    return {
        "lesions": pd.DataFrame(
            {
                "visit": read.assessment, "lesion": read.lesion, "kind": pd.Categorical.from_codes(read.kind, list(KINDS)),
                "state": pd.Categorical.from_codes(read.state, list(STATES)), "size": read.size,
                "node": pool.lesions.node[read.lesion],
            }
        ),
        "visits": pd.DataFrame({"patient": seen.course, "day": seen.day, "baseline": seen.baseline}),
        "patients": pd.DataFrame({d: getattr(p, d) for d in days}, dtype="float64").replace(float(NEVER), np.nan),
    }  # fmt: skip


def in_pandas(frames: dict[str, pd.DataFrame], cutoff: int, trial: Trial) -> dict[str, Any]:
    """The same rules, as one writes them in pandas."""
    visits, people = frames["visits"].copy(), frames["patients"].copy()
    lesions = frames["lesions"].merge(visits, left_on="visit", right_index=True)
    eps = 1e-9
    target = lesions[lesions["kind"] == "target"].copy()
    target["value"] = target["size"].where(target["state"] == "measured")
    target.loc[target["state"] == "absent", "value"] = 0.0
    target.loc[target["state"] == "too small", "value"] = target["size"].fillna(5.0)
    target["gone"] = (target["value"] < 10).where(target["node"], target["value"] == 0)
    target["unseen"] = target["value"].isna()
    by = target.groupby("visit")
    visits["sum"] = by["value"].sum(min_count=1)
    visits["complete"] = ~by["unseen"].any()
    visits["gone"] = by["gone"].all()
    visits["base"] = visits["patient"].map(visits[visits["baseline"]].set_index("patient")["sum"])
    whole = visits["sum"].where(visits["complete"])
    visits["nadir"] = whole.groupby(visits["patient"]).cummin().groupby(visits["patient"]).ffill()
    visits["nadir"] = visits.groupby("patient")["nadir"].shift()
    after = ~visits["baseline"]
    visits["cr"] = after & visits["complete"] & visits["gone"]
    earlier = visits["cr"].groupby(visits["patient"]).cumsum() - visits["cr"] > 0
    target["least"] = target.groupby("lesion")["value"].cummin()
    target["least"] = target.groupby("lesion")["least"].ffill()
    target["least"] = target.groupby("lesion")["least"].shift()
    back = target["value"].notna() & ~target["gone"]
    back &= ~target["node"] | (target["value"] - target["least"] >= 5 - eps)
    visits["back"] = back.groupby(target["visit"]).any() & earlier
    grown = visits["sum"] - visits["nadir"]
    pd_ = (grown >= 0.2 * visits["nadir"] - eps) & (grown >= 5 - eps)
    visits["target"] = np.select(
        [visits["cr"], pd_, visits["back"], ~visits["complete"], visits["sum"] <= 0.7 * visits["base"] + eps],
        ["CR", "PD", "PD", "NE", "PR"], "SD",
    )  # fmt: skip
    others = lesions[lesions["kind"] == "non-target"]
    worse = (others["state"] == "unequivocal progression").groupby(others["visit"]).any()
    absent = (others["state"] == "absent").groupby(others["visit"]).all()
    visits["other"] = np.select(
        [worse.reindex(visits.index), absent.reindex(visits.index)], ["PD", "CR"], "NON-CR/NON-PD"
    )
    new = lesions[lesions["kind"] == "new"].copy()
    new["first"] = new.groupby("lesion")["day"].transform("min")
    sure = new[new["state"] == "unequivocal"].groupby("visit")["first"].min()
    visits["since"] = sure
    progressed = (visits["target"] == "PD") | (visits["other"] == "PD") | visits["since"].notna()
    visits["overall"] = np.select(
        [progressed, (visits["target"] == "CR") & (visits["other"] != "CR")], ["PD", "PR"], visits["target"]
    )
    read = visits[after]

    # A progression by a new lesion alone counts from the day on which the lesion was first, equivocally, seen.
    alone = (read["overall"] == "PD") & (read["target"] != "PD") & (read["other"] != "PD")
    read = read.assign(counts=read["day"].where(~alone, read["since"]))
    first_pd = read[read["overall"] == "PD"].groupby("patient")["counts"].min().reindex(people.index)
    shown = pd.concat([first_pd, people["progressed"]], axis=1).min(axis=1)
    readable = read[~read["overall"].isin(["PD", "NE"])]
    lost = people["lost"].mask(people["last_contact"] > people["lost"])
    answer: dict[str, Any] = {"overall": read["overall"], "times": {}, "status": {}, "best": {}}
    for name, event in (
        ("PFS", pd.concat([shown, people["died"]], axis=1).min(axis=1)), ("TTP", shown), ("OS", people["died"])
    ):  # fmt: skip
        endpoint = trial.time_to_event(name)
        triggers = {
            "next therapy": people["next_therapy"],
            "withdrawal": people["withdrawn"],
            "loss": lost,
            "death": people["died"],
        }
        stop = pd.Series(np.nan, index=people.index)
        at = pd.Series("", index=people.index)
        for rule in endpoint.censoring:
            day = event.isna() * float(cutoff) if rule.when == "no event" else triggers[rule.when]
            holds = event.isna() if rule.when == "no event" else day.notna() & ~(event <= day)
            now = stop.isna() & holds
            stop = stop.where(~now, day)
            at = at.where(~now, rule.at)
        last = readable.merge(stop.rename("stop"), left_on="patient", right_index=True)
        last = last[last["day"] <= last["stop"]].groupby("patient")["day"].max().reindex(people.index)
        contact = pd.concat([people["last_contact"], stop], axis=1).min(axis=1)
        censored = last.where(at == "last assessment", contact.where(at == "last contact", stop))
        censored = pd.concat([censored.fillna(people["randomised"]), people["randomised"]], axis=1).max(axis=1)
        is_event = stop.isna()
        answer["times"][name] = ((event.where(is_event, censored) - people["randomised"]).astype(int), is_event)
    first = pd.concat([shown, people["next_therapy"]], axis=1).min(axis=1).fillna(cutoff)
    usable = read[read["counts"] <= read["patient"].map(first)].copy()
    usable["rank"] = usable["overall"].map({"CR": 0, "PR": 1, "SD": 3, "PD": 5, "NE": 6})
    ranks = usable.groupby("patient")["rank"].min().reindex(people.index).fillna(6)
    answer["best"]["ORR"] = ranks.map({0: "CR", 1: "PR", 3: "SD", 5: "PD", 6: "NE"})
    return answer


def held_to_pandas(answer: dict[str, Any], found: Concluded, pool: Database) -> None:
    assert found.points is not None
    names = np.array(RESPONSES)
    np.testing.assert_array_equal(
        names[found.points.overall[found.points.point]], answer["overall"].to_numpy(dtype=str)
    )
    for name, (days, event) in answer["times"].items():
        np.testing.assert_array_equal(found.times[name].days, days)
        np.testing.assert_array_equal(found.times[name].event, event)
    for name, best in answer["best"].items():
        np.testing.assert_array_equal(names[found.best[name]], best.to_numpy(dtype=str))


if __name__ == "__main__":
    main()
