"""How fast a stage learns: Adam with its schedule, a rate for every block, and a limit on the gradient."""

from collections.abc import Sequence

import keras

from core.recipes.program import Stage
from core.recipes.recipe import Hyperparameters, Schedule


class BlockwiseAdam(keras.optimizers.Adam):
    """Adam whose learning rate differs by variable.

    The rate, not the gradient, is what has to differ: Adam divides a gradient's scale out again.

    Args:
        factors: of the learning rate, one for each trainable variable in the order of ``build``.
    """

    def __init__(self, learning_rate, factors: Sequence[float], **kwargs) -> None:
        super().__init__(learning_rate, **kwargs)
        self._factors = tuple(factors)

    def update_step(self, gradient, variable, learning_rate):
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)


def optimizer(stage: Stage, steps: int, factors: Sequence[float], numbers: Hyperparameters, replicas: int = 1):
    """The optimizer of a stage, not yet built.

    Args:
        steps: gradient steps of an epoch. factors: of the rate, one a trainable variable.
        replicas: devices that share a step. Each limits its share of the gradient, so that their sum keeps the limit.
    """
    rate = learning_rate(stage, steps)
    limit = {"global_clipnorm": numbers.clip_norm / replicas} if numbers.clip_norm else {}
    if all(factor == 1 for factor in factors):
        return keras.optimizers.Adam(rate, **limit)
    return BlockwiseAdam(rate, factors, **limit)


def learning_rate(stage: Stage, steps: int):
    """A number, or a schedule over all steps of the stage: up in a line while it warms up, then down by a cosine
    (Loshchilov and Hutter 2017, without restarts)."""
    if stage.schedule is not Schedule.COSINE:
        return stage.learning_rate
    total = steps * (stage.last_epoch - stage.first_epoch + 1)
    warmup = round(stage.warmup * total)
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(stage.learning_rate, total)
    return keras.optimizers.schedules.CosineDecay(
        stage.learning_rate / warmup,  # the first step is no step at a rate of 0
        max(total - warmup, 1),
        warmup_target=stage.learning_rate,
        warmup_steps=warmup,
    )


def rate_factor(stage: Stage, block: str) -> float:
    """Of the learning rate of a trained block: the topmost one learns as fast as the head."""
    return stage.rate_decay ** stage.trained.index(block)
