"""A leaf: arrays in, numbers out. Imports nothing of ours."""
