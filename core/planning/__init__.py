"""Plans before training: whether an earlier run is reused, the estimated cost, and what to confirm first."""
