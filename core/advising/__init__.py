"""Advice: which recipes are worth training, whether more photos help, which runs to combine, what to label next.

The first two rest on probes, linear heads on features of samples of the photos; the third on what the finished runs
predict for the validation photos; the last on a finished model or a linear head. None reads a test photo, and each says
how far it carries.
"""
