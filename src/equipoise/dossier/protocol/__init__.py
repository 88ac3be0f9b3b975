"""The protocol by ICH M11 and the statistical analysis plan, written from the trial file."""
