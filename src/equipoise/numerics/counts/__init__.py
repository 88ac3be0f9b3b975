"""Binomial and beta-binomial counts, and intervals and tests of proportions."""
