"""Panels of the page Models."""
