"""Conducting a trial: the orders a person gives, what is refused and why, the randomisation list."""
