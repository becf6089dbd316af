"""Features: the outputs of a frozen prefix, computed once and shared by all runs.

``store`` keeps them (keys, locks, eviction) and ``partial`` lets them grow, ``views`` renders the input, ``engines``
chooses between ``litert`` and ``tensorflow``, ``export`` makes the engine's file, ``compute`` puts them together.
Only ``export``, ``tensorflow``, ``networks`` and the networks it knows import TensorFlow, and the others import them
inside functions, when they are needed.
"""
