"""Entries of the trial file that came after the first logs were kept: a definition that does not say them keeps its fingerprint."""

LATER = frozenset(
    {
        "eligibility_review", "markers", "cohorts", "safety", "adverse_events", "amendments", "patients", "people", "dose_levels",
        "phase1", "drugs", "funnel", "orphan", "baseline", "protocol", "visits", "activities", "forms", "basket", "dose_modifications",
        "samples",
    }
)  # fmt: skip
