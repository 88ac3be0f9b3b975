"""Baskets: one drug in several diseases, decided together: what the cohorts lend each other, and what that costs."""
