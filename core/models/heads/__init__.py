"""Heads: classifiers on features, stored as plain arrays in ``head.npz`` and evaluated with NumPy alone.

``dense`` (Keras heads, linear solvers, the mapping of ImageNet's classes), ``neighbours`` and ``trees`` compute;
``head_file`` writes and reads their arrays, ``load`` opens any head. ``solvers`` fits the scikit-learn classifiers with
``fit_*`` (the only modules that import it), choosing among ``candidates`` on the validation photos. ``mapping`` finds
the classes of a dataset among ImageNet's, from the meanings ``class_words`` gives for their names.
"""
