"""Runs: their values, metrics, predictions, costs and progress."""
