"""Networks of feature maps in stages (ResNet, ConvNeXt, Swin ...) that Graft builds itself: their numbers.

One module a family reads the numbers from ``config.json``; ``config`` finds the family. ``core.features.staged`` builds
the networks.
"""
