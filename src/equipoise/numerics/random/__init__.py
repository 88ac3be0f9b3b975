"""Random numbers by name."""
