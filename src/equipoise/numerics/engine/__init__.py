"""How a kernel is compiled and kept."""
