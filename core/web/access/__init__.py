"""Panels of the page API: access tokens, examples, routes."""
