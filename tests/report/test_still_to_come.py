"""What is still to come, in the closed report of trials of other designs than one rate."""

from __future__ import annotations

KINDS = ["group-sequential", "jung", "exact-two-arm", "km-landmark", "one-sample-logrank"]
