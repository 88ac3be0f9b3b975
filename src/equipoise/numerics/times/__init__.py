"""Times to an event: estimators, tests, curves."""
