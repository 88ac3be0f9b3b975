"""Where rule meets data: is a look ripe, and what does the design say of it."""
