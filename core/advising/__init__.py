"""Advice before anything is trained: which recipes are worth training, and whether more photos would help.

Both rest on probes, linear heads on features of samples of the photos, and say how far that carries.
"""
