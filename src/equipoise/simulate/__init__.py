"""A simulated trial is a conducted trial with virtual patients."""

from equipoise._door import door

door(__name__)
