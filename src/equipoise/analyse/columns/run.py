"""The whole road for a pool: responses, best responses, times and landmarks, in chunks of patients on several cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.best_overall import rule_of
from equipoise.analyse.columns.best import best_overall
from equipoise.analyse.columns.codes import NE, NEVER, NOTHING, Codes
from equipoise.analyse.columns.counted import as_derived, counted
from equipoise.analyse.columns.database import Database, NotInColumns
from equipoise.analyse.columns.landmark import landmark_status
from equipoise.analyse.columns.populations import members
from equipoise.analyse.columns.recist import TimePoints, time_points
from equipoise.analyse.columns.times import Times, observe
from equipoise.trial.endpoint import Landmark, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.trial import Trial

#: Patients at a time: their columns fit a cache, and one is soon done when Ctrl-C comes.
CHUNK = 4096
_RESPONSE_FIELDS = {
    "name", "label", "role", "kind", "success", "confirmed", "confirmation_after", "stable_from", "missing_between",
    "stable_between", "assessor", "not_evaluable", "population", "estimand",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Concluded:
    """What is found of a pool, by endpoint; ``points`` is None unless responses were asked to be derived."""

    points: TimePoints | None
    times: Mapping[str, Times]
    best: Mapping[str, Codes]
    status: Mapping[str, Codes]
    #: The arm under which each patient counts, a place in ``arms``; -1 for who is out.
    populations: Mapping[str, NDArray[np.int16]]
    #: Endpoints and populations that only the reference can derive, and why.
    refused: Mapping[str, str]
    refused_populations: Mapping[str, str]


def outcome(
    pool: Database, trial: Trial, *, derive: bool = False, cores: int = 1, on_chunk: Callable[[int], None] | None = None
) -> Concluded:
    """Every endpoint of the trial file, for every patient, and who is in which population.

    With ``derive`` responses follow from lesions by RECIST 1.1 wherever lesions were read; else those recorded count.
    ``on_chunk`` hears how many patients are done. What has a rule that only the reference knows is ``refused``.
    """
    n = len(pool.patients)
    spans = [(i, min(i + CHUNK, n)) for i in range(0, n, CHUNK)] or [(0, 0)]

    def one(span: tuple[int, int]) -> Concluded:
        return _chunk(pool.part(*span), trial, derive)

    if cores == 1:
        parts = []
        for span in spans:
            parts.append(one(span))
            if on_chunk is not None:
                on_chunk(span[1])
        return _joined(parts)
    with ThreadPoolExecutor(cores) as threads:
        futures = [threads.submit(one, span) for span in spans]
        try:
            parts = []
            for future, span in zip(futures, spans, strict=True):
                parts.append(future.result())
                if on_chunk is not None:
                    on_chunk(span[1])
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return _joined(parts)


def _chunk(pool: Database, trial: Trial, derive: bool) -> Concluded:
    points = time_points(pool) if derive else None
    if points is not None:
        pool = as_derived(pool, points)
    times: dict[str, Times] = {}
    best: dict[str, Codes] = {}
    status: dict[str, Codes] = {}
    populations: dict[str, NDArray[np.int16]] = {}
    refused: dict[str, str] = {}
    refused_populations: dict[str, str] = {}
    for e in trial.endpoints:
        try:
            if isinstance(e, TimeToEvent):
                times[e.name] = observe(pool, e, trial.assessments)
            elif isinstance(e, Response):
                best[e.name] = best_response(pool, e)
            elif isinstance(e, Outcome):
                raise NotInColumns("outcomes recorded by their own name")
            elif isinstance(e, Toxicity):
                raise NotInColumns("adverse events")
        except NotInColumns as why:
            refused[e.name] = str(why)
    for e in trial.endpoints:
        if isinstance(e, Landmark) and trial.eligibility_review is not None:
            refused[e.name] = "eligibility reviewed after entry"
        elif isinstance(e, Landmark) and e.of in times:
            status[e.name] = landmark_status(times[e.of], e, pool.cutoff)
        elif isinstance(e, Landmark):
            refused[e.name] = f"read on {e.of}"
    for name, population in trial.population_by_name.items():
        try:
            populations[name] = members(pool, population, trial, status)
        except NotInColumns as why:
            refused_populations[name] = str(why)
    return Concluded(points, times, best, status, populations, refused, refused_populations)


def best_response(pool: Database, endpoint: Response) -> Codes:
    """By patient the best overall response, as ``analyse.response.best_response``: NE for who has no assessment."""
    unknown = [
        f for f, of in type(endpoint).model_fields.items() if f not in _RESPONSE_FIELDS and getattr(endpoint, f) != of.default
    ]  # fmt: skip
    if unknown:
        raise NotInColumns(f"fields: {', '.join(unknown)}")
    policy = endpoint.estimand is not None and endpoint.estimand.strategy("next therapy") == "treatment policy"
    course = counted(pool, endpoint.assessor, after_next_therapy=policy)
    randomised = pool.patients.randomised
    origin = np.where(randomised == NEVER, pool.cutoff, randomised).astype(np.int32)
    found, _ = best_overall(course, origin, rule_of(endpoint))
    found[found == NOTHING] = NE
    return found


def _joined(parts: list[Concluded]) -> Concluded:
    def stacked(tables: list[object]) -> object:
        first = tables[0]
        if isinstance(first, np.ndarray):
            return np.concatenate(tables)  # type: ignore[arg-type]
        if isinstance(first, dict):
            return {name: stacked([t[name] for t in tables]) for name in first}  # type: ignore[index]
        if first is None or isinstance(first, str):
            return first
        names = type(first).__dataclass_fields__  # type: ignore[attr-defined]
        return type(first)(*(stacked([getattr(t, name) for t in tables]) for name in names))

    whole = stacked(list(parts))
    assert isinstance(whole, Concluded)
    return whole
