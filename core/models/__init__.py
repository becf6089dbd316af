"""The model of a finished run: its inference graph, heads, card, calibration, lineage and embedding."""
