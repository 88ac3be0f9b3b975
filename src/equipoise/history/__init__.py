"""Historical controls: libraries of past arms, pooling, the hurdle, and a trial held against them."""
