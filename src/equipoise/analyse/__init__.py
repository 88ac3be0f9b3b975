"""From a snapshot to evidence: endpoints, survival, response, safety, comparison with history."""
