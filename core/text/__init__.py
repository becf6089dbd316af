"""Values, names, notes and tables as text."""
