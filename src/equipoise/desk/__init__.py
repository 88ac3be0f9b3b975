"""Acts: open a trial, give an order, cut the data, take a look, report, run a plan, run a grid. One act a file.

Values in, values out: nothing here prints or asks. An edge (the command line, a site) turns options into an act and its
answer into words or JSON. An act is loaded when it is first asked for, so that an edge may name all of them and its
help still answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equipoise.desk import amend as amend
    from equipoise.desk import analyse as analyse
    from equipoise.desk import answers as answers
    from equipoise.desk import audit as audit
    from equipoise.desk import basket as basket
    from equipoise.desk import changes as changes
    from equipoise.desk import check as check
    from equipoise.desk import checkpoint as checkpoint
    from equipoise.desk import cohorts as cohorts
    from equipoise.desk import compare as compare
    from equipoise.desk import control_check as control_check
    from equipoise.desk import curves as curves
    from equipoise.desk import data as data
    from equipoise.desk import datasets as datasets
    from equipoise.desk import design as design
    from equipoise.desk import design_text as design_text
    from equipoise.desk import dose as dose
    from equipoise.desk import dose_compare as dose_compare
    from equipoise.desk import dose_exposure as dose_exposure
    from equipoise.desk import dose_grid as dose_grid
    from equipoise.desk import doses as doses
    from equipoise.desk import drug as drug
    from equipoise.desk import evidence as evidence
    from equipoise.desk import export as export
    from equipoise.desk import exposure as exposure
    from equipoise.desk import feasibility as feasibility
    from equipoise.desk import grid as grid
    from equipoise.desk import guide as guide
    from equipoise.desk import history as history
    from equipoise.desk import hurdle as hurdle
    from equipoise.desk import import_sdtm as import_sdtm
    from equipoise.desk import known as known
    from equipoise.desk import library as library
    from equipoise.desk import look as look
    from equipoise.desk import measured as measured
    from equipoise.desk import move as move
    from equipoise.desk import new as new
    from equipoise.desk import notices as notices
    from equipoise.desk import opening as opening
    from equipoise.desk import order as order
    from equipoise.desk import outside as outside
    from equipoise.desk import oversight as oversight
    from equipoise.desk import overview as overview
    from equipoise.desk import own_forms as own_forms
    from equipoise.desk import pages as pages
    from equipoise.desk import patient as patient
    from equipoise.desk import people as people
    from equipoise.desk import plans as plans
    from equipoise.desk import pool as pool
    from equipoise.desk import protocol as protocol
    from equipoise.desk import qualify as qualify
    from equipoise.desk import randomisation as randomisation
    from equipoise.desk import reading as reading
    from equipoise.desk import report as report
    from equipoise.desk import restore as restore
    from equipoise.desk import revisit as revisit
    from equipoise.desk import ripe as ripe
    from equipoise.desk import room as room
    from equipoise.desk import safety as safety
    from equipoise.desk import sealing as sealing
    from equipoise.desk import sensitivity as sensitivity
    from equipoise.desk import shelf as shelf
    from equipoise.desk import simulate as simulate
    from equipoise.desk import simulate_phase1 as simulate_phase1
    from equipoise.desk import simulate_whole as simulate_whole
    from equipoise.desk import spoken as spoken
    from equipoise.desk import stamp as stamp
    from equipoise.desk import taken_away as taken_away
    from equipoise.desk import times_csv as times_csv
    from equipoise.desk import told as told
    from equipoise.desk import usdm as usdm
    from equipoise.desk import virtual as virtual
    from equipoise.desk import witness as witness

# One a line, so that two changes beside each other do not meet.
__all__ = [
    "amend",
    "analyse",
    "answers",
    "audit",
    "basket",
    "changes",
    "check",
    "checkpoint",
    "cohorts",
    "compare",
    "control_check",
    "curves",
    "data",
    "datasets",
    "design",
    "design_text",
    "dose",
    "dose_compare",
    "dose_exposure",
    "dose_grid",
    "doses",
    "drug",
    "evidence",
    "export",
    "exposure",
    "feasibility",
    "grid",
    "guide",
    "history",
    "hurdle",
    "import_sdtm",
    "known",
    "library",
    "look",
    "measured",
    "move",
    "new",
    "notices",
    "opening",
    "order",
    "outside",
    "oversight",
    "overview",
    "own_forms",
    "pages",
    "patient",
    "people",
    "plans",
    "pool",
    "protocol",
    "qualify",
    "randomisation",
    "reading",
    "report",
    "restore",
    "revisit",
    "ripe",
    "room",
    "safety",
    "sealing",
    "sensitivity",
    "shelf",
    "simulate",
    "simulate_phase1",
    "simulate_whole",
    "spoken",
    "stamp",
    "taken_away",
    "times_csv",
    "told",
    "usdm",
    "virtual",
    "witness",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
