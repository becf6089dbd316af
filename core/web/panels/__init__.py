"""Pieces of pages that are too long to be read in the page itself; one file per noun."""
