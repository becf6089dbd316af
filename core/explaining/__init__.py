"""Which part of a photo decided, as a heat map. Keras is imported in a process of its own only."""
