"""A model as files for elsewhere, and bundles for another Graft. Keras is imported in a process of its own only."""
