"""Heads: what is put on a network's features, as plain arrays in ``head.npz`` and evaluated with NumPy alone.

``dense`` (layers of weights: Keras heads, linear solvers, the mapping of ImageNet's classes), ``neighbours`` and
``trees`` compute; ``files`` writes and reads their arrays, ``load`` opens any head. ``solvers`` fits the scikit-learn
classifiers (the only module that imports scikit-learn), ``mapping`` finds dataset classes among ImageNet's by name.
"""
