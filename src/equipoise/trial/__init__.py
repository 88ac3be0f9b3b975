"""The nouns: trial, arm, endpoint, log, snapshot, evidence, design, decision, exhibit. Imports nothing of ours."""

from equipoise._door import door

door(__name__)
