"""Designs for one arm's times to an event: the kinds and the theory beside them."""
