"""Look before you train."""
