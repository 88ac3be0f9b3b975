"""The doorway: TOML, CSV, JSON Lines to and from values. The only place below the edge that touches files."""
