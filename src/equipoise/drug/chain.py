"""A chain of drug-to-antibody ratios: each species loses one payload at a time, by matrix exponential.

Pouzin 2022, doi:10.1007/s10928-021-09799-0: every ratio has the two compartments of the antibody and loses a payload in the central one;
ratio 0 is naked and cleared by its own clearance. The payload enters the plasma as it is lost. Two ratios that lose alike (7 and 8 as 6) have equal
rates, so that the matrix has no full set of eigenvectors: the exponential is taken, never an eigen-decomposition.

States in amounts [nmol], then payload and metabolite, then the area of the conjugated amount in the central compartment, for each patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm

from equipoise.drug.patients import Patients
from equipoise.trial.drug import Chain

F = NDArray[np.float64]
#: Of a day: times closer than this are the same.
_SAME = 1e-9


@dataclass(frozen=True)
class ChainCourse:
    """What is measured at the times, each of shape (patients, times)."""

    times: F
    conjugated: F
    naked: F
    ratio: F
    payload: F
    metabolite: F
    area: F
    states: F

    @property
    def total(self) -> F:
        """All antibody, conjugated or not [nmol in the body]."""
        found: F = self.states[:, :, : self.states.shape[2] - 3].sum(axis=2)
        return found


def shares(chain: Chain) -> F:
    """Shares of the batch by ratio 0, 1, 2 …, scaled to sum to 1."""
    found = np.asarray(chain.batch, float)
    scaled: F = found / found.sum()
    return scaled


def matrix(patients: Patients, chain: Chain) -> F:
    """The rate matrix of each patient [1/day], shape (patients, states, states); see the module for the order of states."""
    p, n, ratios = patients.parameters, patients.n, len(chain.batch)
    _, volumes, flows = patients.disposition()
    k, last = volumes.shape[0], ratios * volumes.shape[0]
    found = np.zeros((n, last + 3, last + 3))
    out = chain.payload
    for i in range(ratios):
        at = i * k
        lost = p[f"kdec{i}"] if i else np.zeros(n)
        found[:, at, at] -= p["CL" if i else "CL_naked"] / volumes[0] + lost
        for j in range(1, k):
            found[:, at, at] -= flows[j - 1] / volumes[0]
            found[:, at + j, at] += flows[j - 1] / volumes[0]
            found[:, at, at + j] += flows[j - 1] / volumes[j]
            found[:, at + j, at + j] -= flows[j - 1] / volumes[j]
        if i:
            found[:, at - k, at] += lost
            found[:, last + 2, at] = 1.0
            if out is not None:
                found[:, last, at] = lost
    if out is not None:
        found[:, last, last] = -out.elimination
        if out.metabolite:
            found[:, last + 1, last] = out.elimination * out.metabolite_fraction
            found[:, last + 1, last + 1] = -out.metabolite_elimination
    return found


def course(
    patients: Patients, chain: Chain, start: ArrayLike, amount: ArrayLike, length: float, times: ArrayLike
) -> ChainCourse:
    """All species at ``times`` [days] after infusions from ``start`` (doses,), of ``amount`` [mg] (doses,) or (patients, doses), each ``length`` days."""
    t, begun = np.asarray(times, float), np.asarray(start, float)
    mass = np.broadcast_to(np.asarray(amount, float), (patients.n, begun.size))
    rates = matrix(patients, chain)
    k = patients.drug.compartments
    size, ratios = rates.shape[1], len(chain.batch)
    into = np.zeros(size)
    into[: ratios * k : k] = shares(chain)
    stops = _distinct(np.concatenate([[0.0], begun, begun + length, t]))
    # one more state that stays 1 carries the infusion: the exponential of both at once is exact
    both = np.zeros((patients.n, size + 1, size + 1))
    both[:, :size, :size] = rates
    state = np.zeros((patients.n, size + 1))
    state[:, size] = 1.0
    known: dict[tuple[float, bytes], F] = {}
    where = np.searchsorted(stops, t - _SAME)
    kept = np.empty((patients.n, stops.size, size))
    kept[:, 0] = state[:, :size]
    for s in range(1, stops.size):
        step = stops[s] - stops[s - 1]
        middle = stops[s - 1] + step / 2
        on = (begun < middle) & (middle < begun + length)
        put = (mass[:, on] / length).sum(axis=1) / chain.conjugated_mass * 1e3
        key = (round(step, 9), put.tobytes())
        if key not in known:
            both[:, :size, size] = put[:, None] * into
            known[key] = expm(both * step)
        state = np.einsum("nij,nj->ni", known[key], state)
        kept[:, s] = state[:, :size]
    return _measured(patients, chain, t, kept[:, where])


def _distinct(times: F) -> F:
    found = np.sort(times)
    apart: F = found[np.concatenate([[True], np.diff(found) > _SAME])]
    return apart


def _measured(patients: Patients, chain: Chain, times: F, states: F) -> ChainCourse:
    k, ratios = patients.drug.compartments, len(chain.batch)
    _, volumes, _ = patients.disposition()
    central = states[:, :, : ratios * k : k]
    v, to_mass = volumes[0][:, None], chain.conjugated_mass * 1e-3
    antibody = central.sum(axis=2)
    ratio = np.divide(central @ np.arange(ratios), antibody, out=np.zeros_like(antibody), where=antibody > 0)
    return ChainCourse(
        times,
        central[:, :, 1:].sum(axis=2) / v * to_mass,
        central[:, :, 0] / v * chain.naked_mass * 1e-3,
        ratio,
        states[:, :, ratios * k],
        states[:, :, ratios * k + 1],
        states[:, :, ratios * k + 2] / v * to_mass,
        states,
    )


def area_for_ever(patients: Patients, chain: Chain, amount: ArrayLike) -> F:
    """Area of the conjugated antibody from 0 to infinity [ug·day/mL] after so much in all [mg], by the inverse of the rates."""
    rates = matrix(patients, chain)
    k, ratios = patients.drug.compartments, len(chain.batch)
    size = ratios * k
    into = np.zeros((patients.n, size, 1))
    into[:, :size:k, 0] = shares(chain) * (np.asarray(amount, float) / chain.conjugated_mass * 1e3)[..., None]
    stayed = -np.linalg.solve(rates[:, :size, :size], into)[:, :, 0]
    _, volumes, _ = patients.disposition()
    found: F = stayed[:, k::k].sum(axis=1) / volumes[0] * chain.conjugated_mass * 1e-3
    return found
