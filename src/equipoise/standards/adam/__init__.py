"""ADaM out of the log: one file a dataset, one file the rules, as data."""
