"""Dose finding simulated by compiled code: the decisions of a design's own verdict, trial by trial, from the same streams."""
