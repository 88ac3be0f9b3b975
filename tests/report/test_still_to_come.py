"""What is still to come, in the closed report of trials of other designs than one rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from equipoise.analyse.data import cut
from equipoise.desk import report
from equipoise.desk.data import Data
from equipoise.dossier.findings import Findings
from equipoise.dossier.look import look_exhibits
from equipoise.dossier.still_to_come import power_exhibits
from equipoise.files.bundled import FOLDER
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_truths
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.decision import Decision
from equipoise.trial.exhibits import Paragraph, Table
from helpers import tried

KINDS = ["group-sequential", "jung", "exact-two-arm", "km-landmark", "one-sample-logrank"]
