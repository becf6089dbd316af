"""Panels of the page Overview."""
