"""Documents from exhibits. Never learns what kind of result it prints."""
