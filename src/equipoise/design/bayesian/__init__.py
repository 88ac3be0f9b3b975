"""Bayesian designs, and those that borrow from history."""
