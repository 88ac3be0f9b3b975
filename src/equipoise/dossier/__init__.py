"""The report of a trial: one room a section. At the edge: it knows every kind of result."""
