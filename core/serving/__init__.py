"""The loaded models of a process: memory limit, queue, batches.

``engine`` predicts; ``memory`` keeps the models; ``photos`` decodes.
"""
