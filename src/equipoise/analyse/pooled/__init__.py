"""Pooled data: the rules of ``analyse`` for a hundred thousand patients at a time, as columns; the same answers, no sentences."""
