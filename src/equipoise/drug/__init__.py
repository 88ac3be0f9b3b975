"""A drug as a simulator's assumption with a source: its model, its dosing, and the concentrations they give. No estimator."""
