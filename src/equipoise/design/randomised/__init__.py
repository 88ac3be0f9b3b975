"""Designs that compare arms of a randomised trial."""
