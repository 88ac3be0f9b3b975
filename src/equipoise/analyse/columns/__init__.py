"""A hundred thousand patients at once: responses and times in columns."""
