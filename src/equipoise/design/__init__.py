"""Designs: when to look, what the verdict is, how the design behaves. One kind a file."""

from equipoise._door import window

window(__name__)
