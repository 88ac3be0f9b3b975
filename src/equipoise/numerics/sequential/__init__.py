"""Several looks: staged counts, boundaries, spending, inference after stages."""
