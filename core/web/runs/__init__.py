"""Panels of the page Runs."""
