"""A simulated trial is a conducted trial with virtual patients."""
