"""Recipes: how a backbone is used."""
