"""Dose finding: designs of phase I, each a value with four functions over a state; see ``dose_design``."""
