"""Heads: what is put on a network's features, as plain arrays in ``head.npz`` and evaluated with NumPy alone.

``dense`` (layers of weights: Keras heads, linear solvers, the mapping of ImageNet's classes), ``neighbours`` and
``trees`` compute; ``files`` writes and reads their arrays, ``load`` opens any head. ``solvers`` fits the scikit-learn
classifiers (``fit_*``, the only modules that import it, from ``candidates`` compared on validation photos). ``mapping``
finds dataset classes among ImageNet's by their names, in all the ``readings`` these have.
"""
