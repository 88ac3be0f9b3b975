"""The trial simulator, compiled: the reference loop's decisions from the same streams, ten thousand times as fast."""
