"""Advice: which recipes are worth training, whether more photos would help, and which finished runs to combine.

The first two rest on probes, linear heads on features of samples of the photos; the last on what the finished runs
predict for the validation photos. None reads a test photo, and each says how far it carries.
"""
