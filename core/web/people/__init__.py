"""Panels of the pages People and Audit log."""
