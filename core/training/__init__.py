"""The trainer: one process that trains runs, ``python -m core.training RUN --attempt N``.

- ``__main__``: starts the process and returns its exit code; ``stopping`` handles signals, ``cache`` keeps what
  the next run in the same process can use.
- ``attempt``: the steps of one attempt; ``context``: what they share.
- Inputs: ``sources`` (features, photos), read as ``feeds``; ``early``: features while TensorFlow is imported.
- Training: ``learners`` (one class a kind of head), ``epochs`` (stages and checkpoints), ``fitting`` and ``passes``
  (one epoch; ``array_passes`` and ``array_head``: of a small head, in NumPy), ``optimizing``, ``devices``,
  ``trainable`` (the Keras model), ``heads``, ``states``, ``checkpoints``, ``curves`` (TensorBoard).
- Results: ``assembling`` (the model), ``saving`` (its files), ``measuring`` (milliseconds a photo), ``finishing``
  (card and registry), ``ledger`` (cost over all attempts).
"""
