"""Panels of the page Datasets."""
