"""Published controls: arms chosen from a library, made into rates, pooled, and turned into a hurdle."""
