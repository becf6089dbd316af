"""How values, names and notes read."""
