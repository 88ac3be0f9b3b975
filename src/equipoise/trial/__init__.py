"""The nouns: trial, arm, endpoint, log, snapshot, evidence, design, decision, exhibit. Imports nothing of ours."""
