"""Borrowing from history: priors of a control rate, of a log hazard, of a hazard; closed forms and quadrature, no sampling.

A prior is a mixture of betas, of normals or of gammas where such a form exists, and otherwise a density on the logit scale.
All answer the same questions: mean, sd, quantiles, what data make of them, what they are worth in patients.
"""
