"""Rules that watch toxicity."""
