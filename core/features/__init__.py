"""Features: the outputs of a frozen prefix, computed once and shared by all runs.

``store`` keeps them on disk (keys, locks, eviction), ``partial`` is an array being computed, ``sizes`` their shapes,
``reusing`` finds rows of the same photos in other arrays, ``photo_pass`` computes the others, ``views`` renders the
input, ``engines`` chooses between ``litert`` and ``tensorflow``, ``export`` writes the file of an engine,
``engine_store`` evicts such files, ``compute`` combines these, ``parquet`` exports, ``inner`` reads the features of a
finished model.

Only ``export``, ``tensorflow``, ``networks`` and what it imports (``lite``, ``applications``, ``saved``, ``cuts``)
import TensorFlow. The others import these inside functions.
"""
