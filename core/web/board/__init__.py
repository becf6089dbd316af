"""TensorBoard in the page Board."""
