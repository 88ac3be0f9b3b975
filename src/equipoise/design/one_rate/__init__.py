"""Designs for one arm and a rate: the kinds, what they share, and the searches beside them."""
