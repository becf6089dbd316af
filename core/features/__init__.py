"""Features: the outputs of a frozen prefix, computed once and shared by all runs.

``store`` keeps them (keys, locks, eviction) and ``partial`` lets them grow, ``sizes`` knows their shape beforehand,
``views`` renders the input, ``engines`` chooses between ``litert`` and ``tensorflow``, ``export`` makes the engine's
file, ``compute`` puts them together, ``report`` tells people and other programs what is there.
Only ``export``, ``tensorflow``, ``networks`` and the networks it knows (``lite``, ``applications``, ``saved``) import
TensorFlow, and the others import them inside functions, when they are needed.
"""
