"""From a photo to probabilities without TensorFlow: the inference graph on a model's card, and what runs it.

``nodes`` is the graph as data, ``graph`` runs it, ``model_files`` reads, verifies and links its files, ``stored`` keeps
the predictions of a finished run as features for other runs.
"""
