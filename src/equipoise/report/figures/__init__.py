"""Figures: one kind of exhibit a file, each drawn to SVG."""
