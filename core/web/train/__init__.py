"""The sections of the page Train, in their order: patterns, backbones, hyperparameters, cascade, plan."""
