"""The trainer: one process that trains one run, ``python -m core.training RUN --attempt N``.

``__main__`` starts and ends it, ``attempt`` is what it does from stage to stage, ``inputs`` the features it learns
from, ``heads`` the network, ``fitting`` the epochs, ``checkpoints`` what survives a kill, ``curves`` TensorBoard's
files, ``saving`` the model it leaves, ``measuring`` the test photos, ``ledger`` the cost over all attempts.
"""
