"""Equipoise: the whole life of a randomised phase I/II oncology trial."""

__version__ = "0.1.0"
