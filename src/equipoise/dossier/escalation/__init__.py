"""The report of dose finding: lanes and decisions, toxicities, what each dose stands at, the way from here, and what would have differed."""
