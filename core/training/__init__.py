"""The trainer: one process that trains runs, ``python -m core.training RUN --attempt N``.

``__main__`` starts and ends it, ``attempt`` is what it does from step to step. What a run reads: ``sources``, as
``feeds``. How a head comes about: ``learners``; by gradient descent: ``epochs`` of stages, each fitted by ``fitting``
with ``optimizing``, on ``devices``, changing a ``trainee`` made of ``heads`` and networks, whose ``states`` survive a
kill in ``checkpoints``; ``curves`` are TensorBoard's files. What a run leaves: ``assembling`` puts the model together,
``saving`` writes it, ``measuring`` asks it, ``finishing`` says it all to the registry; ``ledger`` is the cost over all
attempts, ``kept`` what one run leaves to the next of the same process.
"""
